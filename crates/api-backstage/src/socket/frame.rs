//! Frames of a WebSocket (RFC 6455, 5): from bytes to messages and back.

/// Bytes of a message.
const LARGEST: usize = 4 * 1024;
/// Bytes of a ping, a pong or a goodbye.
const LARGEST_CONTROL: usize = 125;

/// "Protocol error".
const BROKEN: u16 = 1002;
/// "Invalid frame payload data": a text that is not UTF-8.
const NO_TEXT: u16 = 1007;
/// "Message too big".
const TOO_BIG: u16 = 1009;

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A text.
    Text(String),
    /// Bytes, of which nothing is expected.
    Binary,
    /// To be answered with the same bytes.
    Ping(Vec<u8>),
    /// The other end is there.
    Pong,
    /// The other end says goodbye.
    Close,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    fn of(bits: u8) -> Result<Self, Wrong> {
        Ok(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return Err(Wrong(BROKEN)),
        })
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The other end breaks the rules: the code to close with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong(pub(super) u16);

/// Bytes that have come, and the message that is under way.
#[derive(Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    message: Vec<u8>,
    /// What the message under way is.
    begun: Option<Opcode>,
}

/// One frame, unmasked.
struct Frame {
    last: bool,
    opcode: Opcode,
    payload: Vec<u8>,
}

impl Frames {
    /// Takes bytes as they came.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message that is complete, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Heard>, Wrong> {
        while let Some(frame) = self.frame()? {
            match frame.opcode {
                Opcode::Ping => return Ok(Some(Heard::Ping(frame.payload))),
                Opcode::Pong => return Ok(Some(Heard::Pong)),
                Opcode::Close => return Ok(Some(Heard::Close)),
                Opcode::Text | Opcode::Binary if self.begun.is_none() => self.begun = Some(frame.opcode),
                Opcode::Continuation if self.begun.is_some() => {}
                Opcode::Text | Opcode::Binary | Opcode::Continuation => return Err(Wrong(BROKEN)),
            }
            if self.message.len() + frame.payload.len() > LARGEST {
                return Err(Wrong(TOO_BIG));
            }
            self.message.extend_from_slice(&frame.payload);
            if frame.last {
                let message = std::mem::take(&mut self.message);
                return match self.begun.take() {
                    Some(Opcode::Text) => String::from_utf8(message)
                        .map(|text| Some(Heard::Text(text)))
                        .map_err(|_| Wrong(NO_TEXT)),
                    _ => Ok(Some(Heard::Binary)),
                };
            }
        }
        Ok(None)
    }

    /// The next frame, once all of it is here.
    fn frame(&mut self) -> Result<Option<Frame>, Wrong> {
        let &[first, second, ..] = self.bytes.as_slice() else { return Ok(None) };
        let opcode = Opcode::of(first & 0x0f)?;
        // No extension is agreed on, and what comes from a client is masked.
        if first & 0x70 != 0 || second & 0x80 == 0 {
            return Err(Wrong(BROKEN));
        }
        let last = first & 0x80 != 0;
        let (length, start) = match (second & 0x7f, &self.bytes[2..]) {
            (126, [a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 4),
            (126, _) => return Ok(None),
            (127, _) => return Err(Wrong(TOO_BIG)),
            (short, _) => (usize::from(short), 2),
        };
        if opcode.is_control() && (length > LARGEST_CONTROL || !last) {
            return Err(Wrong(BROKEN));
        }
        if length > LARGEST {
            return Err(Wrong(TOO_BIG));
        }
        let (payload, end) = (start + 4, start + 4 + length);
        if self.bytes.len() < end {
            return Ok(None);
        }
        let mask = &self.bytes[start..payload];
        let unmasked = self.bytes[payload..end].iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key);
        let payload = unmasked.collect();
        self.bytes.drain(..end);
        Ok(Some(Frame { last, opcode, payload }))
    }
}

/// A frame of ours: complete in itself, and not masked.
pub(super) fn encode(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode as u8];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short), _) if short < 126 => bytes.push(short),
        (_, Ok(length)) => {
            bytes.push(126);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(127);
            bytes.extend((payload.len() as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// A client's frame.
    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match payload.len() {
            short @ 0..126 => bytes.push(0x80 | short as u8),
            long => {
                bytes.push(0x80 | 126);
                bytes.extend((long as u16).to_be_bytes());
            }
        }
        bytes.extend(MASK);
        bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(b, m)| b ^ m));
        bytes
    }

    fn heard(bytes: &[u8]) -> Vec<Result<Heard, Wrong>> {
        let mut frames = Frames::default();
        frames.take(bytes);
        let mut all = Vec::new();
        loop {
            match frames.next() {
                Ok(None) => return all,
                Ok(Some(heard)) => all.push(Ok(heard)),
                Err(wrong) => {
                    all.push(Err(wrong));
                    return all;
                }
            }
        }
    }

    #[test]
    fn the_examples_of_the_standard() {
        // RFC 6455, 5.7.
        let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(heard(&hello), [Ok(Heard::Text("Hello".into()))]);
        assert_eq!(encode(Opcode::Text, b"Hello"), [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        let ping = [0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(heard(&ping), [Ok(Heard::Ping(b"Hello".to_vec()))]);
        assert_eq!(encode(Opcode::Ping, b"Hello")[..2], [0x89, 0x05]);
        assert_eq!(encode(Opcode::Text, &[0; 256])[..4], [0x81, 126, 1, 0]);
        assert_eq!(encode(Opcode::Text, &[0; 65_536])[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn messages_come_in_pieces_and_bytes() {
        let pieces = [masked(0x01, b"Hel"), masked(0x89, b"!"), masked(0x80, b"lo")].concat();
        let whole = [Ok(Heard::Ping(b"!".to_vec())), Ok(Heard::Text("Hello".into()))];
        assert_eq!(heard(&pieces), whole);
        let mut frames = Frames::default();
        let mut one_by_one = Vec::new();
        for byte in pieces {
            frames.take(&[byte]);
            one_by_one.extend(frames.next().unwrap().map(Ok));
        }
        assert_eq!(one_by_one, whole);
        let long = "x".repeat(4_096);
        assert_eq!(heard(&masked(0x81, long.as_bytes())), [Ok(Heard::Text(long))]);
        assert_eq!(heard(&masked(0x82, &[0xff])), [Ok(Heard::Binary)]);
        assert_eq!(heard(&masked(0x88, &[3, 232])), [Ok(Heard::Close)]);
        assert_eq!(heard(&masked(0x8a, b"")), [Ok(Heard::Pong)]);
    }

    #[test]
    fn what_breaks_the_rules_ends_it() {
        for (bytes, code) in [
            (vec![0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f], 1002),
            (masked(0xc1, b"x"), 1002),
            (masked(0x83, b"x"), 1002),
            (masked(0x80, b"x"), 1002),
            (masked(0x09, b"x"), 1002),
            (masked(0x89, &[0; 126]), 1002),
            ([masked(0x01, b"x"), masked(0x81, b"x")].concat(), 1002),
            (masked(0x81, &[0xff]), 1007),
            (masked(0x81, &[b'x'; 4_097]), 1009),
            ([masked(0x01, &[b'x'; 4_000]), masked(0x80, &[b'x'; 97])].concat(), 1009),
            // Refused by what it says, before any of it comes.
            (vec![0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1009),
            (vec![0x81, 0xfe, 0xff, 0xff], 1009),
        ] {
            assert_eq!(heard(&bytes), [Err(Wrong(code))], "{bytes:?}");
        }
    }
}
