//! What goes between the process that serves and its workers: frames of bytes, and values in them. JSON would be
//! slower and would not bring every double through unchanged.

use std::io::{self, Read, Write};
use std::rc::Rc;
use std::sync::Arc;

use crate::JqError;
use crate::value::{DEPTH, Map, Number, Val};

/// A frame that says it is longer is refused before anything is allocated for it.
pub(crate) const LONGEST: usize = 256 * 1024 * 1024;

/// The limits of a worker; the first frame.
pub(crate) const LIMITS: u8 = b'L';
/// The program of the inputs that follow.
pub(crate) const PROGRAM: u8 = b'P';
/// One input.
pub(crate) const INPUT: u8 = b'I';
/// The answer to an input: its outputs.
const OUTPUTS: u8 = b'O';

/// Writes one frame: what it is, its length, its content.
pub(crate) fn send(to: &mut impl Write, kind: u8, content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len()).map_err(|_| io::Error::other("the frame is too long"))?;
    to.write_all(&[kind])?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(content)
}

/// Reads one frame of at most this length.
pub(crate) fn receive(from: &mut impl Read, longest: usize) -> io::Result<(u8, Vec<u8>)> {
    let (mut kind, mut length) = ([0], [0; 4]);
    from.read_exact(&mut kind)?;
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > longest {
        return Err(io::Error::other("the frame is too long"));
    }
    let mut content = vec![0; length];
    from.read_exact(&mut content)?;
    Ok((kind[0], content))
}

/// The answer to an input as a frame.
pub(crate) fn answer(to: &mut impl Write, outcome: &Result<Vec<Val>, JqError>) -> io::Result<()> {
    let (kind, content) = match outcome {
        Ok(outputs) => {
            let mut content = Vec::new();
            outputs.iter().for_each(|output| encode(output, &mut content));
            (OUTPUTS, content)
        }
        Err(JqError::Syntax(text)) => (b'S', text.clone().into_bytes()),
        Err(JqError::Failed(text)) => (b'F', text.clone().into_bytes()),
        Err(JqError::Unavailable(text)) => (b'U', text.clone().into_bytes()),
        Err(JqError::Memory) => (b'M', Vec::new()),
        Err(JqError::Time) => (b'T', Vec::new()),
    };
    send(to, kind, &content)
}

/// Reads an answer; `None` when it is none.
pub(crate) fn read_answer(kind: u8, content: &[u8]) -> Option<Result<Vec<Val>, JqError>> {
    let text = || String::from_utf8_lossy(content).into_owned();
    Some(match kind {
        OUTPUTS => {
            let (mut rest, mut outputs) = (content, Vec::new());
            while !rest.is_empty() {
                outputs.push(decode(&mut rest, DEPTH)?);
            }
            Ok(outputs)
        }
        b'S' => Err(JqError::Syntax(text())),
        b'F' => Err(JqError::Failed(text())),
        b'U' => Err(JqError::Unavailable(text())),
        b'M' => Err(JqError::Memory),
        b'T' => Err(JqError::Time),
        _ => return None,
    })
}

/// Appends a value. Its depth has been checked.
pub(crate) fn encode(value: &Val, out: &mut Vec<u8>) {
    match value {
        Val::Null => out.push(b'n'),
        Val::Bool(false) => out.push(b'f'),
        Val::Bool(true) => out.push(b't'),
        Val::Num(Number::Int(number)) => fixed(b'i', number.to_le_bytes(), out),
        Val::Num(Number::Large(number)) => fixed(b'u', number.to_le_bytes(), out),
        Val::Num(Number::Float(number)) => fixed(b'd', number.to_bits().to_le_bytes(), out),
        Val::Str(text) => {
            out.push(b's');
            put_text(text, out);
        }
        Val::Arr(items) => {
            fixed(b'a', (items.len() as u64).to_le_bytes(), out);
            items.iter().for_each(|item| encode(item, out));
        }
        Val::Obj(map) => {
            fixed(b'o', (map.len() as u64).to_le_bytes(), out);
            for (key, value) in map.iter() {
                put_text(key, out);
                encode(value, out);
            }
        }
    }
}

fn fixed(kind: u8, bytes: [u8; 8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend(bytes);
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// Takes a value from the beginning; `None` when there is none, or one nested too deep.
pub(crate) fn decode(from: &mut &[u8], depth: usize) -> Option<Val> {
    let (kind, rest) = from.split_first()?;
    *from = rest;
    Some(match kind {
        b'n' => Val::Null,
        b'f' => Val::Bool(false),
        b't' => Val::Bool(true),
        b'i' => Val::Num(Number::Int(i64::from_le_bytes(take(from)?))),
        b'u' => Val::Num(Number::Large(u64::from_le_bytes(take(from)?))),
        b'd' => Val::Num(Number::Float(f64::from_bits(u64::from_le_bytes(take(from)?)))),
        b's' => Val::Str(Rc::new(take_text(from)?.to_owned())),
        b'a' => {
            let (length, depth) = (take_length(from)?, depth.checked_sub(1)?);
            let items: Option<Vec<Val>> = (0..length).map(|_| decode(from, depth)).collect();
            Val::Arr(Rc::new(items?))
        }
        b'o' => {
            let (length, depth) = (take_length(from)?, depth.checked_sub(1)?);
            let mut map = Map::default();
            for _ in 0..length {
                let key = Arc::from(take_text(from)?);
                map.insert(key, decode(from, depth)?);
            }
            Val::obj(map)
        }
        _ => return None,
    })
}

fn take(from: &mut &[u8]) -> Option<[u8; 8]> {
    let (bytes, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*bytes)
}

/// A length cannot be greater than what is left.
fn take_length(from: &mut &[u8]) -> Option<usize> {
    let length = usize::try_from(u64::from_le_bytes(take(from)?)).ok()?;
    (length <= from.len()).then_some(length)
}

fn take_text<'a>(from: &mut &'a [u8]) -> Option<&'a str> {
    let length = take_length(from)?;
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{decode, encode};
    use crate::value::{DEPTH, from_json, to_json};

    #[test]
    fn values_come_back_as_they_were() {
        let value = json!({
            "b": [null, true, false, 1, -1, 0.1, 1e300, 18_446_744_073_709_551_615_u64, -9_223_372_036_854_775_808_i64],
            "a": {"": "ü\u{0}\n", "x": []},
        });
        let mut bytes = Vec::new();
        encode(&from_json(&value), &mut bytes);
        let back = decode(&mut bytes.as_slice(), DEPTH).expect("a value");
        assert_eq!(to_json(&back).to_string(), value.to_string());
    }

    #[test]
    fn torn_and_hostile_bytes_are_no_values() {
        let mut bytes = Vec::new();
        encode(&from_json(&json!({"key": ["text", 1, {"a": null}]})), &mut bytes);
        for end in 0..bytes.len() {
            assert!(decode(&mut &bytes[..end], DEPTH).is_none(), "cut at {end}");
        }
        let endless = [&b"a"[..], &u64::MAX.to_le_bytes()].concat();
        assert!(decode(&mut endless.as_slice(), DEPTH).is_none());
        let deep: Vec<u8> =
            (0..1000).flat_map(|_| [&b"a"[..], &1_u64.to_le_bytes()].concat()).chain(*b"n").collect();
        assert!(decode(&mut deep.as_slice(), DEPTH).is_none());
    }
}
