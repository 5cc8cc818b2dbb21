//! Packs (git-scm.com/docs/pack-format): objects one behind the other, compressed, some as deltas of others.
//!
//! A pack comes from a server that somebody else names, so nothing that it announces is believed before it is
//! counted: no memory is set aside for a length in a header, every object is unpacked under a limit, and each is known
//! only by the hash of what it really holds.

use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use sha1::{Digest as _, Sha1};

use super::{delta, resolve};

/// Objects of one pack.
const MOST_OBJECTS: usize = 500_000;
/// What all of them may unpack to, in bytes, and what their deltas may make.
pub(super) const MOST_UNPACKED: u64 = 2 << 30;
/// The largest object that is held in memory; a larger one may be there, but cannot be read.
pub(super) const LARGEST: usize = 16 << 20;
/// Deltas upon deltas; git makes 50, and allows 4095.
const DEEPEST: usize = 4096;

/// The name of an object: the SHA-1 of its kind, length and content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Oid(pub(super) [u8; 20]);

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

/// What is wrong with a pack, or with one of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Wrong(&'static str),
    TooLarge,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(what) => f.write_str(what),
            Self::TooLarge => write!(f, "it is larger than the {LARGEST} bytes that are read"),
        }
    }
}

impl Oid {
    /// Of forty hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut oid = [0; 20];
        for (byte, pair) in oid.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        (digits.len() == 40).then_some(Self(oid))
    }

    pub(super) fn of(kind: Kind, content: &[u8]) -> Self {
        let mut hasher = kind.hasher(content.len());
        hasher.update(content);
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Kind {
    fn hasher(self, length: usize) -> Sha1 {
        let name = match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        };
        Sha1::new_with_prefix(format!("{name} {length}\0"))
    }
}

/// A pack whose every object is known by its name.
pub(super) struct Pack {
    bytes: Bytes,
    entries: Vec<Entry>,
    by_oid: HashMap<Oid, u32>,
}

/// Where an object stands.
pub(super) struct Entry {
    /// Of its header.
    pub(super) offset: u32,
    /// Of its compressed content.
    data: u32,
    /// Of its content; of a delta that of the delta.
    pub(super) length: u64,
    pub(super) form: Form,
}

/// As what an object is stored.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Whole(Kind),
    /// A delta of the entry of this number.
    Of(u32),
    /// A delta of the object of this name.
    Named(Oid),
}

impl Pack {
    /// Reads a pack and names its objects. This takes time: not for a thread that others wait for.
    pub(super) fn read(bytes: Bytes) -> Result<Self, Broken> {
        let body = body(&bytes)?;
        let count = count(body)?;
        let mut pack = Self { bytes: bytes.clone(), entries: Vec::new(), by_oid: HashMap::new() };
        let (mut at, mut unpacked) = (12, 0_u64);
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        let mut buffer = vec![0; 64 << 10];
        for number in 0..count {
            let entry = header(body, at, &numbers)?;
            let hasher = match entry.form {
                Form::Whole(kind) => Some(kind.hasher(usize::try_from(entry.length).unwrap_or(usize::MAX))),
                _ => None,
            };
            let compressed = body.get(entry.data as usize..).unwrap_or_default();
            let (used, oid) = walked(compressed, entry.length, hasher, &mut buffer, &mut unpacked)?;
            at = entry.data as usize + used;
            numbers.insert(entry.offset, number);
            if let Some(oid) = oid {
                pack.by_oid.insert(oid, number);
            }
            pack.entries.push(entry);
        }
        if at != body.len() {
            return Err(Broken::Wrong("something stands behind its last object"));
        }
        resolve::all(&mut pack, unpacked)?;
        Ok(pack)
    }

    /// How much memory it takes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.entries.len() * 96
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn named(&self) -> &HashMap<Oid, u32> {
        &self.by_oid
    }

    pub(super) fn name(&mut self, oid: Oid, number: u32) {
        self.by_oid.entry(oid).or_insert(number);
    }

    /// Whether an object is in it.
    pub(super) fn has(&self, oid: &Oid) -> bool {
        self.by_oid.contains_key(oid)
    }

    /// An object; none where it is not in it.
    pub(super) fn object(&self, oid: &Oid) -> Result<Option<(Kind, Vec<u8>)>, Broken> {
        let Some(mut number) = self.by_oid.get(oid).copied() else { return Ok(None) };
        let mut deltas = Vec::new();
        let kind = loop {
            number = match self.entries[number as usize].form {
                Form::Whole(kind) => break kind,
                Form::Of(base) => {
                    deltas.push(number);
                    base
                }
                Form::Named(base) => {
                    deltas.push(number);
                    *self.by_oid.get(&base).ok_or(Broken::Wrong("a delta has no base"))?
                }
            };
            if deltas.len() > DEEPEST {
                return Err(Broken::Wrong("its deltas do not end"));
            }
        };
        let mut content = self.unpacked(number)?;
        for number in deltas.into_iter().rev() {
            content = delta::applied(&content, &self.unpacked(number)?, LARGEST)?;
        }
        Ok(Some((kind, content)))
    }

    /// The content of an entry, of a delta the delta.
    pub(super) fn unpacked(&self, number: u32) -> Result<Vec<u8>, Broken> {
        let entry = &self.entries[number as usize];
        let length = usize::try_from(entry.length).ok().filter(|length| *length <= LARGEST);
        // A little more, so that the end of the stream is seen.
        let mut out = Vec::with_capacity(length.ok_or(Broken::TooLarge)? + 16);
        let compressed = self.bytes.get(entry.data as usize..).unwrap_or_default();
        // One pass has gone well already.
        let status = Decompress::new(true).decompress_vec(compressed, &mut out, FlushDecompress::Finish);
        match status {
            Ok(Status::StreamEnd) => Ok(out),
            _ => Err(Broken::Wrong("an object cannot be unpacked")),
        }
    }
}

/// The pack without the hash at its end, which is right.
fn body(bytes: &[u8]) -> Result<&[u8], Broken> {
    let end = bytes.len().checked_sub(20).filter(|end| *end >= 12);
    let (body, sum) = bytes.split_at(end.ok_or(Broken::Wrong("it is cut"))?);
    if u32::try_from(bytes.len()).is_err() {
        return Err(Broken::TooLarge);
    }
    if Sha1::digest(body).as_slice() == sum {
        Ok(body)
    } else {
        Err(Broken::Wrong("its checksum is wrong, or it is cut"))
    }
}

/// How many objects its header announces.
fn count(body: &[u8]) -> Result<u32, Broken> {
    let word =
        |at: usize| body.get(at..at + 4).and_then(|word| Some(u32::from_be_bytes(word.try_into().ok()?)));
    if !body.starts_with(b"PACK") || !matches!(word(4), Some(2 | 3)) {
        return Err(Broken::Wrong("it is no pack of version 2 or 3"));
    }
    let count = word(8).filter(|count| *count as usize <= MOST_OBJECTS);
    count.ok_or(Broken::Wrong("it has too many objects"))
}

/// The header of an entry: kind and length, then the base of a delta.
fn header(body: &[u8], offset: usize, numbers: &HashMap<u32, u32>) -> Result<Entry, Broken> {
    let cut = Broken::Wrong("an object is cut");
    let mut at = offset;
    let mut byte = || {
        let byte = body.get(at).copied();
        at += 1;
        byte.ok_or(cut)
    };
    let first = byte()?;
    let (mut length, mut shift, mut more) = (u64::from(first & 15), 4, first & 0x80 != 0);
    while more {
        let next = byte()?;
        if shift > 57 {
            return Err(Broken::Wrong("a length is no number"));
        }
        length |= u64::from(next & 0x7f) << shift;
        (shift, more) = (shift + 7, next & 0x80 != 0);
    }
    let form = match (first >> 4) & 7 {
        1 => Form::Whole(Kind::Commit),
        2 => Form::Whole(Kind::Tree),
        3 => Form::Whole(Kind::Blob),
        4 => Form::Whole(Kind::Tag),
        6 => {
            let mut next = byte()?;
            let mut back = u64::from(next & 0x7f);
            while next & 0x80 != 0 {
                next = byte()?;
                if back > u64::from(u32::MAX) {
                    return Err(Broken::Wrong("a delta has no base"));
                }
                back = ((back + 1) << 7) | u64::from(next & 0x7f);
            }
            let base = u64::try_from(offset).ok().and_then(|offset| offset.checked_sub(back));
            let base = base.and_then(|base| numbers.get(&u32::try_from(base).ok()?)).copied();
            Form::Of(base.ok_or(Broken::Wrong("a delta has no base"))?)
        }
        7 => {
            let name = body.get(at..at + 20).and_then(|name| name.try_into().ok()).ok_or(cut)?;
            at += 20;
            Form::Named(Oid(name))
        }
        _ => return Err(Broken::Wrong("an object is of no kind")),
    };
    let place = |at: usize| u32::try_from(at).map_err(|_| Broken::TooLarge);
    Ok(Entry { offset: place(offset)?, data: place(at)?, length, form })
}

/// Unpacks one entry piece by piece, keeping nothing: how many bytes it takes in the pack, and its name where it is
/// whole. `unpacked` counts on.
fn walked(
    compressed: &[u8],
    length: u64,
    mut hasher: Option<Sha1>,
    buffer: &mut [u8],
    unpacked: &mut u64,
) -> Result<(usize, Option<Oid>), Broken> {
    let mut stream = Decompress::new(true);
    loop {
        let (used, made) = (stream.total_in(), stream.total_out());
        let rest = usize::try_from(used).ok().and_then(|used| compressed.get(used..)).unwrap_or_default();
        let status = stream.decompress(rest, buffer, FlushDecompress::None);
        let status = status.map_err(|_| Broken::Wrong("an object cannot be unpacked"))?;
        let new = usize::try_from(stream.total_out() - made).unwrap_or_default();
        *unpacked += new as u64;
        if stream.total_out() > length || *unpacked > MOST_UNPACKED {
            return Err(Broken::Wrong("its objects unpack to more than they announce, or to too much"));
        }
        if let Some(hasher) = &mut hasher {
            hasher.update(&buffer[..new]);
        }
        match status {
            Status::StreamEnd if stream.total_out() == length => {
                let used = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
                return Ok((used, hasher.map(|hasher| Oid(hasher.finalize().into()))));
            }
            Status::StreamEnd => return Err(Broken::Wrong("an object unpacks to less than it announces")),
            _ if new == 0 && stream.total_in() == used => return Err(Broken::Wrong("an object is cut")),
            _ => {}
        }
    }
}
