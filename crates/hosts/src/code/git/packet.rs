//! Packets of git's protocols (git-scm.com/docs/protocol-common): four hexadecimal digits of length, then the content.

/// What a packet is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: the end of a part of one.
    Delimiter,
    /// `0002`: the end of an answer.
    End,
    /// Content.
    Data(&'a [u8]),
}

/// Not a packet.
pub(super) const MALFORMED: &str = "it does not speak git's protocol: what it sends is cut into no packets";

/// The length that four digits announce, themselves included.
pub(super) fn announced(digits: &[u8]) -> Result<usize, &'static str> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| usize::try_from(digit).ok());
    let sum = digits.iter().try_fold(0, |sum, byte| Some(sum * 16 + digit(byte)?));
    sum.filter(|length| digits.len() == 4 && *length != 3).ok_or(MALFORMED)
}

/// The next packet; none at the end.
pub(super) fn next<'a>(input: &mut &'a [u8]) -> Result<Option<Packet<'a>>, &'static str> {
    if input.is_empty() {
        return Ok(None);
    }
    let length = announced(input.get(..4).ok_or(MALFORMED)?)?;
    let (packet, taken) = match length {
        0 => (Packet::Flush, 4),
        1 => (Packet::Delimiter, 4),
        2 => (Packet::End, 4),
        length => (Packet::Data(input.get(4..length).ok_or(MALFORMED)?), length),
    };
    *input = &input[taken..];
    Ok(Some(packet))
}

/// A line of text without its end.
pub(super) fn text(data: &[u8]) -> Result<&str, &'static str> {
    let data = data.strip_suffix(b"\n").unwrap_or(data);
    std::str::from_utf8(data).map_err(|_| "it sends names that are not UTF-8")
}

/// Appends a line as a packet.
pub(super) fn line(out: &mut Vec<u8>, text: &str) {
    out.extend(format!("{:04x}{text}\n", text.len() + 5).into_bytes());
}

/// Appends `0000`.
pub(super) fn flush(out: &mut Vec<u8>) {
    out.extend(b"0000");
}

/// Appends `0001`.
pub(super) fn delimiter(out: &mut Vec<u8>) {
    out.extend(b"0001");
}

#[cfg(test)]
mod tests {
    use super::{Packet, line, next, text};

    #[test]
    fn packets_are_read_one_by_one() {
        let mut written = Vec::new();
        line(&mut written, "want x");
        assert_eq!(written, b"000bwant x\n");
        written.extend(b"000000010002");
        let mut rest = written.as_slice();
        let Ok(Some(Packet::Data(data))) = next(&mut rest) else { panic!("no packet") };
        assert_eq!(text(data), Ok("want x"));
        assert_eq!(next(&mut rest), Ok(Some(Packet::Flush)));
        assert_eq!(next(&mut rest), Ok(Some(Packet::Delimiter)));
        assert_eq!(next(&mut rest), Ok(Some(Packet::End)));
        assert_eq!(next(&mut rest), Ok(None));
        for bad in ["0", "000", "0003", "0005", "00zz", "+005a", "ffffa", "<html>"] {
            assert!(next(&mut bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
