//! What is said to a git server, and what it answers: version 2 of the protocol (git-scm.com/docs/protocol-v2), and
//! version 0 (git-scm.com/docs/pack-protocol) where the server speaks no other or SSH does not pass the wish on.

use std::collections::HashMap;

use bytes::Bytes;

use super::pack::Oid;
use super::packet::{Packet, delimiter, flush, line, next, text};

pub(super) const AGENT: &str = concat!("agent=stagedoor/", env!("CARGO_PKG_VERSION"));

/// What a server says of itself before it is asked anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    /// Version 2: what it can do.
    Able(Able),
    /// Version 0: what there is, and what it can do.
    Listing(HashMap<String, Oid>, Able),
}

/// What a server can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Able {
    /// Leave out the contents of files.
    pub(super) filter: bool,
    /// Leave out the history.
    pub(super) shallow: bool,
    /// It wants to hear which hash is meant.
    names_hash: bool,
    /// Of version 0: an answer in bands.
    bands: bool,
}

/// Why an answer is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server says so, in its words.
    Said(String),
    /// It makes no sense.
    Malformed(String),
}

impl From<&str> for Trouble {
    fn from(text: &str) -> Self {
        Self::Malformed(text.to_owned())
    }
}

/// Reads a greeting.
pub(super) fn greeting(mut input: &[u8]) -> Result<Greeting, Trouble> {
    let mut lines = Vec::new();
    while let Some(packet) = next(&mut input)? {
        match packet {
            Packet::Data(data) => {
                refusal(data)?;
                lines.push(data);
            }
            // Over HTTP a packet with the name of the service stands before it, and a flush.
            Packet::Flush if lines.len() == 1 && lines[0].starts_with(b"# service=") => lines.clear(),
            Packet::Flush => break,
            _ => return Err(super::packet::MALFORMED.into()),
        }
    }
    match lines.first() {
        Some(first) if first.strip_suffix(b"\n").unwrap_or(first) == b"version 2" => able(&lines[1..]),
        Some(first) if first.starts_with(b"version 1") => listing(&lines[1..]),
        _ => listing(&lines),
    }
}

fn able(lines: &[&[u8]]) -> Result<Greeting, Trouble> {
    let mut able = Able::default();
    let mut fetches = false;
    for capability in lines {
        let (key, value) = text(capability)?.split_once('=').unwrap_or((text(capability)?, ""));
        match key {
            "fetch" => {
                let words: Vec<&str> = value.split(' ').collect();
                (fetches, able.filter, able.shallow) =
                    (true, words.contains(&"filter"), words.contains(&"shallow"));
            }
            "object-format" if value != "sha1" => return Err(other_hash(value)),
            "object-format" => able.names_hash = true,
            _ => {}
        }
    }
    if fetches { Ok(Greeting::Able(able)) } else { Err("it lets nothing be fetched".into()) }
}

fn listing(lines: &[&[u8]]) -> Result<Greeting, Trouble> {
    let mut able = Able::default();
    let mut refs = HashMap::new();
    for (n, data) in lines.iter().enumerate() {
        let mut parts = data.splitn(2, |byte| *byte == 0);
        let (named, capabilities) = (parts.next().unwrap_or_default(), parts.next());
        if n == 0 {
            let words: Vec<&str> = text(capabilities.unwrap_or_default())?.split(' ').collect();
            (able.shallow, able.bands) = (words.contains(&"shallow"), words.contains(&"side-band-64k"));
            if let Some(other) =
                words.iter().find_map(|w| w.strip_prefix("object-format=")).filter(|f| *f != "sha1")
            {
                return Err(other_hash(other));
            }
        }
        let (oid, name) = text(named)?.split_once(' ').ok_or(super::packet::MALFORMED)?;
        let oid = Oid::parse(oid).ok_or("it names a commit that is none")?;
        // A tag that stands for itself is followed by what it stands for.
        if !matches!(name, "capabilities^{}") {
            refs.insert(name.strip_suffix("^{}").unwrap_or(name).to_owned(), oid);
        }
    }
    Ok(Greeting::Listing(refs, able))
}

fn other_hash(name: &str) -> Trouble {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    Trouble::Said(format!("its repositories are hashed with {name}, only SHA-1 is read"))
}

/// Full names that a reference may mean, the best first.
pub(super) fn meanings(reference: Option<&str>) -> Vec<String> {
    match reference {
        None | Some("HEAD") => vec!["HEAD".to_owned()],
        Some(name) if name.starts_with("refs/") => vec![name.to_owned()],
        Some(name) => vec![format!("refs/heads/{name}"), format!("refs/tags/{name}")],
    }
}

/// Asks where some references stand (version 2).
pub(super) fn where_stand(able: &Able, names: &[String]) -> Bytes {
    let mut out = command("ls-refs", able);
    line(&mut out, "peel");
    for name in names {
        line(&mut out, &format!("ref-prefix {name}"));
    }
    flush(&mut out);
    out.into()
}

/// The answer to it.
pub(super) fn they_stand(mut input: &[u8]) -> Result<HashMap<String, Oid>, Trouble> {
    let mut refs = HashMap::new();
    loop {
        match next(&mut input)? {
            Some(Packet::Data(data)) => {
                refusal(data)?;
                let mut words = text(data)?.split(' ');
                let (oid, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let peeled = words.find_map(|word| word.strip_prefix("peeled:"));
                // A branch without a commit yet.
                if oid == "unborn" {
                    continue;
                }
                let oid = Oid::parse(peeled.unwrap_or(oid)).ok_or("it names a commit that is none")?;
                refs.insert(name.to_owned(), oid);
            }
            Some(Packet::Flush) => return Ok(refs),
            _ => return Err("its list of references is cut".into()),
        }
    }
}

/// Asks for objects (version 2).
pub(super) fn fetch(able: &Able, wanted: &[Oid], history: bool, contents: bool) -> Bytes {
    let mut out = command("fetch", able);
    line(&mut out, "no-progress");
    line(&mut out, "ofs-delta");
    if !history {
        line(&mut out, "deepen 1");
    }
    if !contents {
        line(&mut out, "filter blob:none");
    }
    for oid in wanted {
        line(&mut out, &format!("want {oid}"));
    }
    line(&mut out, "done");
    flush(&mut out);
    out.into()
}

/// Asks for a commit (version 0).
pub(super) fn fetch_of_old(able: &Able, wanted: Oid) -> Bytes {
    let mut out = Vec::new();
    let bands = if able.bands { "side-band-64k no-progress " } else { "" };
    line(&mut out, &format!("want {wanted} {bands}ofs-delta {AGENT}"));
    if able.shallow {
        line(&mut out, "deepen 1");
    }
    flush(&mut out);
    line(&mut out, "done");
    out.into()
}

fn command(name: &str, able: &Able) -> Vec<u8> {
    let mut out = Vec::new();
    line(&mut out, &format!("command={name}"));
    line(&mut out, AGENT);
    if able.names_hash {
        line(&mut out, "object-format=sha1");
    }
    delimiter(&mut out);
    out
}

/// The pack of an answer of version 2.
pub(super) fn fetched(mut input: &[u8]) -> Result<Vec<u8>, Trouble> {
    loop {
        match next(&mut input)? {
            Some(Packet::Data(data)) => {
                refusal(data)?;
                // Before it stands where the history was cut.
                if text(data).is_ok_and(|section| section == "packfile") {
                    return banded(input);
                }
            }
            Some(Packet::Delimiter) => {}
            _ => return Err("its answer has no pack".into()),
        }
    }
}

/// The pack of an answer of version 0.
pub(super) fn fetched_of_old(able: &Able, mut input: &[u8]) -> Result<Vec<u8>, Trouble> {
    loop {
        match next(&mut input)? {
            Some(Packet::Data(data)) => {
                refusal(data)?;
                if data.starts_with(b"NAK") || data.starts_with(b"ACK ") {
                    return if able.bands { banded(input) } else { Ok(input.to_vec()) };
                }
            }
            Some(Packet::Flush) => {}
            _ => return Err("its answer has no pack".into()),
        }
    }
}

/// The first band, up to the flush that ends it.
fn banded(mut input: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut pack = Vec::new();
    loop {
        match next(&mut input)? {
            Some(Packet::Data([1, piece @ ..])) => pack.extend_from_slice(piece),
            Some(Packet::Data([2, ..])) => {}
            Some(Packet::Data([3, message @ ..])) => return Err(Trouble::Said(plain(message))),
            Some(Packet::Flush) => return Ok(pack),
            _ => return Err("its pack is cut".into()),
        }
    }
}

/// An error that stands in place of an answer.
fn refusal(data: &[u8]) -> Result<(), Trouble> {
    data.strip_prefix(b"ERR ").map_or(Ok(()), |message| Err(Trouble::Said(plain(message))))
}

/// Somebody else's words, fit for a line of ours.
pub(super) fn plain(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
