//! Kafka's encoding: requests, a batch of records (version 2), and reading answers without trusting their lengths.

/// What is published.
pub(super) struct Record<'a> {
    /// Decides the partition, so that what concerns one run stays in order.
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    /// The step, as a header: a consumer can tell a repetition by it.
    pub(super) mark: &'a str,
    /// Milliseconds since 1970.
    pub(super) at: i64,
}

/// Appends in the protocol's encoding.
#[derive(Default)]
pub(super) struct Out(pub(super) Vec<u8>);

impl Out {
    pub(super) fn i8(&mut self, value: i8) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn i16(&mut self, value: i16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn i32(&mut self, value: i32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn i64(&mut self, value: i64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// STRING.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.i16(i16::try_from(text.len()).unwrap_or(i16::MAX)).raw(text.as_bytes())
    }

    /// BYTES.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.i32(length(bytes)).raw(bytes)
    }

    /// VARINT and VARLONG: zigzag, seven bits at a time.
    fn varint(&mut self, value: i64) -> &mut Self {
        let mut rest = (value << 1) ^ (value >> 63);
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap_or_default();
            rest = (rest >> 7) & 0x01ff_ffff_ffff_ffff;
            if rest == 0 {
                return self.raw(&[low]);
            }
            self.raw(&[low | 0x80]);
        }
    }

    fn counted(&mut self, bytes: &[u8]) -> &mut Self {
        self.varint(i64::from(length(bytes))).raw(bytes)
    }
}

fn length(bytes: &[u8]) -> i32 {
    i32::try_from(bytes.len()).unwrap_or(i32::MAX)
}

/// A batch of one record.
pub(super) fn batch(record: &Record<'_>) -> Vec<u8> {
    let mut one = Out::default();
    one.i8(0).varint(0).varint(0).counted(record.key.as_bytes()).counted(record.value.as_bytes());
    one.varint(1).counted(b"stagedoor-run-key").counted(record.mark.as_bytes());
    let mut summed = Out::default();
    summed.i16(0).i32(0).i64(record.at).i64(record.at);
    // No producer's id: the sequence of an idempotent producer ends with its process.
    summed.i64(-1).i16(-1).i32(-1).i32(1).counted(&one.0);
    let mut rest = Out::default();
    rest.i32(-1).i8(2).raw(&crc32c(&summed.0).to_be_bytes()).raw(&summed.0);
    let mut batch = Out::default();
    batch.i64(0).bytes(&rest.0);
    batch.0
}

/// CRC-32C (Castagnoli), reflected.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8)
            .fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0x82f6_3b78 & (0_u32.wrapping_sub(sum & 1))))
    })
}

/// Reads an answer.
pub(super) struct In<'a>(pub(super) &'a [u8]);

impl In<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn i8(&mut self) -> Option<i8> {
        Some(i8::from_be_bytes(self.take(1)?.try_into().ok()?))
    }

    pub(super) fn i16(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        Some(i64::from_be_bytes(self.take(8)?.try_into().ok()?))
    }

    /// STRING and NULLABLE_STRING, null as nothing.
    pub(super) fn text(&mut self) -> Option<String> {
        match usize::try_from(self.i16()?) {
            Ok(length) => Some(String::from_utf8_lossy(self.take(length)?).into_owned()),
            Err(_) => Some(String::new()),
        }
    }

    /// An array; its length is not believed, each item has to be there.
    pub(super) fn array<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        for _ in 0..self.i32()?.max(0) {
            all.push(item(self)?);
        }
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::{In, Out, crc32c};

    #[test]
    fn sums_and_numbers_are_as_the_standards_say() {
        // RFC 3720, appendix B.4, and the usual check value.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        let varint = |value| {
            let mut out = Out::default();
            out.varint(value);
            out.0
        };
        // Protocol Buffers, "ZigZag".
        assert_eq!([varint(0), varint(-1), varint(1), varint(-2)], [[0], [1], [2], [3]].map(Vec::from));
        assert_eq!(varint(150), [0xac, 0x02]);
        assert_eq!(varint(i64::MAX).len(), 10);
    }

    #[test]
    fn an_answer_that_lies_about_its_length_is_none() {
        assert_eq!(In(&[0x7f, 0xff, 0xff, 0xff, 1]).array(In::i16), None);
        assert_eq!(In(&[0, 9, b'a']).text(), None);
        assert_eq!(In(&[0xff, 0xff]).text().as_deref(), Some(""));
    }
}
