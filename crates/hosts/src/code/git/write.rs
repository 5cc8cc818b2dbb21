//! Objects of a new commit, and the pack that carries them.

use std::collections::BTreeMap;
use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha1::{Digest as _, Sha1};

use super::pack::{Kind, Oid, Pack};
use super::push::{CommitFile, NewCommit};
use super::tree::{self, is_name};
use crate::error::HostError;

/// Folders in folders.
const DEEPEST: usize = 128;
/// The mode of a folder.
const FOLDER: u32 = 0o040_000;

/// A commit with all of its objects.
pub(super) struct Made {
    pub(super) commit: Oid,
    /// Its files are those of the one below it.
    pub(super) is_same: bool,
    pub(super) objects: BTreeMap<Oid, (Kind, Bytes)>,
}

/// A folder that is being put together.
#[derive(Default)]
struct Folder<'a> {
    files: BTreeMap<&'a str, &'a CommitFile>,
    folders: BTreeMap<&'a str, Folder<'a>>,
}

/// A commit that is there, in a pack with its trees, or one of those trees.
#[derive(Clone, Copy)]
pub(super) struct Below<'a> {
    pub(super) pack: &'a Pack,
    pub(super) oid: Oid,
}

/// A tree that is being put together, in git's order: folders are sorted as if they ended in a slash.
type Entries = BTreeMap<Vec<u8>, (u32, Vec<u8>, Oid)>;

/// The objects of a commit: the first one of a branch, or one that puts its files over those of another.
pub(super) fn made(new: &NewCommit, below: Option<Below<'_>>) -> Result<Made, HostError> {
    let mut root = Folder::default();
    for file in &new.files {
        let wrong = || HostError::NotFound(format!("{:?} is no name that git has for a file", file.path));
        let mut parts: Vec<&str> = file.path.split('/').collect();
        if parts.len() > DEEPEST || !parts.iter().all(|part| is_name(part)) {
            return Err(wrong());
        }
        let name = parts.pop().ok_or_else(wrong)?;
        let folder =
            parts.into_iter().fold(&mut root, |folder, part| folder.folders.entry(part).or_default());
        folder.files.insert(name, file);
    }
    let mut objects = BTreeMap::new();
    let there = below.map(|below| tree::root_of(below.pack, &below.oid).map_err(unreadable)).transpose()?;
    let over = below.zip(there).map(|(below, oid)| Below { oid, ..below });
    let tree = written(&root, over, &mut objects)?;
    // A line's end or an angle bracket would end the field.
    let field =
        |text: &str| text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect::<String>();
    let who = format!("{} <{}> {} +0000", field(&new.author).trim(), field(&new.email).trim(), new.seconds);
    let message = new.message.replace('\0', "");
    let parent = below.map(|below| format!("parent {}\n", below.oid)).unwrap_or_default();
    let text = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\n{}\n", message.trim_end());
    let commit = put(&mut objects, Kind::Commit, text.into());
    Ok(Made { commit, is_same: there == Some(tree), objects })
}

fn unreadable(what: String) -> HostError {
    HostError::Unreachable(format!("the commit below cannot be read: {what}"))
}

fn put(objects: &mut BTreeMap<Oid, (Kind, Bytes)>, kind: Kind, content: Bytes) -> Oid {
    let oid = Oid::of(kind, &content);
    objects.insert(oid, (kind, content));
    oid
}

/// The tree of a folder, over one that is there, after those of the folders in it. What has the same name is replaced.
fn written(
    folder: &Folder<'_>,
    over: Option<Below<'_>>,
    objects: &mut BTreeMap<Oid, (Kind, Bytes)>,
) -> Result<Oid, HostError> {
    let as_folder = |name: &[u8]| [name, b"/"].concat();
    let mut entries = Entries::new();
    if let Some(over) = over {
        for (mode, name, oid) in tree::entries(over.pack, &over.oid).map_err(unreadable)? {
            let key = if mode == FOLDER { as_folder(&name) } else { name.clone() };
            entries.insert(key, (mode, name, oid));
        }
    }
    for (name, inner) in &folder.folders {
        if folder.files.contains_key(name) {
            return Err(HostError::NotFound(format!("{name} is a file and a folder")));
        }
        let key = as_folder(name.as_bytes());
        let there = entries.get(&key).map(|(.., oid)| *oid);
        let over = over.zip(there).map(|(over, oid)| Below { oid, ..over });
        entries.remove(name.as_bytes());
        entries.insert(key, (FOLDER, name.as_bytes().to_vec(), written(inner, over, objects)?));
    }
    for (name, file) in &folder.files {
        let mode = match file {
            CommitFile { link: true, .. } => 0o120_000,
            CommitFile { executable: true, .. } => 0o100_755,
            _ => 0o100_644,
        };
        let oid = put(objects, Kind::Blob, file.content.clone());
        entries.remove(&as_folder(name.as_bytes()));
        entries.insert(name.as_bytes().to_vec(), (mode, name.as_bytes().to_vec(), oid));
    }
    let mut content = Vec::new();
    for (mode, name, oid) in entries.values() {
        content.extend(format!("{mode:o} ").as_bytes());
        content.extend_from_slice(name);
        content.push(0);
        content.extend(oid.0);
    }
    Ok(put(objects, Kind::Tree, content.into()))
}

/// A pack of objects, each whole.
pub(super) fn pack(objects: &BTreeMap<Oid, (Kind, Bytes)>) -> Vec<u8> {
    let mut out = b"PACK\0\0\0\x02".to_vec();
    out.extend(u32::try_from(objects.len()).unwrap_or(u32::MAX).to_be_bytes());
    for (kind, content) in objects.values() {
        header(&mut out, *kind, content.len());
        let mut packed = ZlibEncoder::new(&mut out, Compression::default());
        // Into memory nothing goes wrong.
        let _ = packed.write_all(content);
        let _ = packed.finish();
    }
    let sum = Sha1::digest(&out);
    out.extend(sum);
    out
}

/// Kind and length: four bits of it, then seven in each further byte.
fn header(out: &mut Vec<u8>, kind: Kind, length: usize) {
    let kind: u8 = match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    };
    let low = |length: usize, bits: u8| u8::try_from(length & ((1 << bits) - 1)).unwrap_or_default();
    let mut byte = (kind << 4) | low(length, 4);
    let mut rest = length >> 4;
    while rest > 0 {
        out.push(byte | 0x80);
        byte = low(rest, 7);
        rest >>= 7;
    }
    out.push(byte);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{made, pack};
    use crate::code::git::pack::{Kind, Oid, Pack};
    use crate::code::git::push::{CommitFile, NewCommit};

    fn commit(paths: &[&str]) -> NewCommit {
        let file = |path: &&str| CommitFile {
            path: (*path).to_owned(),
            content: Bytes::from(format!("content of {path}\n").repeat(400)),
            executable: path.ends_with(".sh"),
            link: false,
        };
        NewCommit {
            files: paths.iter().map(file).collect(),
            message: "initial commit".into(),
            author: "Scaffolder\n<x>".into(),
            email: "scaffolder@example.com".into(),
            seconds: 1_700_000_000,
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let new = commit(&["a.txt", "a/b.txt", "a-b", "run.sh", "a/c/d"]);
        let made = made(&new, None).unwrap();
        let read = Pack::read(pack(&made.objects).into()).unwrap();
        let (kind, content) = read.object(&made.commit).unwrap().unwrap();
        assert_eq!((kind, Oid::of(kind, &content)), (Kind::Commit, made.commit));
        let text = String::from_utf8(content).unwrap();
        assert!(text.contains("author Scaffolderx <scaffolder@example.com> 1700000000 +0000\n"), "{text}");
        assert_eq!(new.id().unwrap(), made.commit.to_string());
    }

    /// Attack case 6: settings and hooks of a repository are no files of it.
    #[test]
    fn what_git_would_not_check_out_is_not_pushed() {
        for path in [".git/config", "a/.GIT/hooks/x", "../x", "a//b", "", "a/../b", "a\nb", "/a"] {
            assert!(made(&commit(&[path]), None).is_err(), "{path:?}");
        }
        assert!(made(&commit(&["a", "a/b"]), None).is_err());
        assert!(made(&commit(&[".gitignore", ".github/x"]), None).is_ok());
    }
}
