//! The encoding of LDAP: ITU-T X.690 as RFC 4511, section 5.1 narrows it: definite lengths, low tags.

/// What is not LDAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is no LDAP")]
pub(super) struct Broken;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Writes values one after the other.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// A value with this content.
    pub(super) fn put(&mut self, tag: u8, content: &[u8]) {
        self.0.push(tag);
        let length = content.len();
        if let Ok(short) = u8::try_from(length)
            && short < 0x80
        {
            self.0.push(short);
        } else {
            let bytes = length.to_be_bytes();
            let used = bytes.iter().position(|byte| *byte != 0).map_or(0, |first| bytes.len() - first);
            self.0.push(0x80 | u8::try_from(used).unwrap_or(8));
            self.0.extend_from_slice(&bytes[bytes.len() - used..]);
        }
        self.0.extend_from_slice(content);
    }

    /// A value made of others.
    pub(super) fn nest(&mut self, tag: u8, fill: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        fill(&mut inner);
        self.put(tag, &inner.0);
    }

    /// A number, in as few bytes as it needs.
    pub(super) fn number(&mut self, tag: u8, number: i32) {
        let bytes = number.to_be_bytes();
        let mut rest = &bytes[..];
        while let [first, second, ..] = rest
            && ((*first == 0 && *second < 0x80) || (*first == 0xff && *second >= 0x80))
        {
            rest = &rest[1..];
        }
        self.put(tag, rest);
    }

    /// True or false.
    pub(super) fn flag(&mut self, flag: bool) {
        self.put(BOOLEAN, &[if flag { 0xff } else { 0 }]);
    }

    /// Values that are encoded already.
    pub(super) fn raw(&mut self, encoded: &[u8]) {
        self.0.extend_from_slice(encoded);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads values one after the other.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag of what comes next.
    pub(super) fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next value: its tag and content.
    pub(super) fn next(&mut self) -> Result<(u8, &'a [u8]), Broken> {
        let (tag, start, end) = frame(self.0)?.ok_or(Broken)?;
        if end > self.0.len() {
            return Err(Broken);
        }
        let content = &self.0[start..end];
        self.0 = &self.0[end..];
        Ok((tag, content))
    }

    /// The next value, which has to have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Broken> {
        match self.next()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(Broken),
        }
    }

    /// The next value, made of others.
    pub(super) fn open(&mut self, tag: u8) -> Result<Self, Broken> {
        self.expect(tag).map(Reader)
    }

    /// A number of up to 32 bits.
    pub(super) fn number(&mut self, tag: u8) -> Result<i32, Broken> {
        let content = self.expect(tag)?;
        if content.is_empty() || content.len() > 4 {
            return Err(Broken);
        }
        let start = if content[0] >= 0x80 { -1 } else { 0 };
        Ok(content.iter().fold(start, |number: i32, byte| number << 8 | i32::from(*byte)))
    }

    /// A text.
    pub(super) fn text(&mut self) -> Result<String, Broken> {
        self.expect(OCTETS).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Tag, and where the content of the first value begins and ends; none while too little of it is there.
pub(super) fn frame(bytes: &[u8]) -> Result<Option<(u8, usize, usize)>, Broken> {
    let [tag, length, rest @ ..] = bytes else { return Ok(None) };
    if tag & 0x1f == 0x1f {
        return Err(Broken);
    }
    if *length < 0x80 {
        return Ok(Some((*tag, 2, 2 + usize::from(*length))));
    }
    let count = usize::from(length & 0x7f);
    if count == 0 || count > 4 {
        return Err(Broken);
    }
    let Some(digits) = rest.get(..count) else { return Ok(None) };
    let length = digits.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
    Ok(Some((*tag, 2 + count, 2 + count + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for number in [0, 1, 127, 128, 255, 256, 65_535, i32::MAX, -1, -128, -129, i32::MIN] {
            let mut writer = Writer::default();
            writer.number(INTEGER, number);
            assert_eq!(Reader(&writer.finish()).number(INTEGER), Ok(number));
        }
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let mut writer = Writer::default();
            writer.nest(SEQUENCE, |inner| inner.put(OCTETS, &vec![b'x'; length]));
            let bytes = writer.finish();
            let mut inner = Reader(&bytes).open(SEQUENCE).unwrap();
            assert_eq!(inner.expect(OCTETS).unwrap().len(), length);
            assert!(inner.is_empty());
        }
    }

    #[test]
    fn what_is_cut_or_foreign_is_refused() {
        let mut writer = Writer::default();
        writer.nest(SEQUENCE, |inner| inner.put(OCTETS, &[b'x'; 300]));
        let bytes = writer.finish();
        for cut in 0..bytes.len() {
            assert!(Reader(&bytes[..cut]).next().is_err());
        }
        assert_eq!(frame(&[0x30, 0x80, 0, 0]), Err(Broken), "no length");
        assert_eq!(frame(&[0x30, 0x85, 1, 1, 1, 1, 1]), Err(Broken), "a length of five bytes");
        assert_eq!(frame(&[0x3f, 0x81, 1]), Err(Broken), "a high tag");
        assert_eq!(frame(&[0x30, 0x82, 1]), Ok(None));
        assert_eq!(Reader(&[INTEGER, 0]).number(INTEGER), Err(Broken));
        assert_eq!(Reader(&[INTEGER, 5, 1, 1, 1, 1, 1]).number(INTEGER), Err(Broken));
    }
}
