//! The files of a commit, from its trees (git-scm.com/book/en/v2/Git-Internals-Git-Objects).

use std::collections::BTreeMap;

use super::pack::{Kind, Oid, Pack};

/// Files of one commit, and folders within folders.
const MOST_FILES: usize = 500_000;
const DEEPEST: usize = 128;
const LONGEST_PATH: usize = 4096;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A file, by its content, and whether its owner may run it.
    File(Oid, bool),
    /// A symbolic link: not followed.
    Link,
    /// Another repository: not read.
    Module,
}

/// Everything in a commit, by path.
pub(super) type Files = BTreeMap<String, Node>;

/// The files of a commit that is in a pack with all of its trees.
pub(super) fn files(pack: &Pack, commit: &Oid) -> Result<Files, String> {
    let root = root_of(pack, commit)?;
    let mut files = Files::new();
    let mut folders = vec![(String::new(), root, 0)];
    // The same tree may stand in many places, and again in each of them: what is counted is places.
    let mut places = 0;
    while let Some((path, oid, depth)) = folders.pop() {
        let (Kind::Tree, content) = object(pack, &oid)? else { return Err(format!("{oid} is no tree")) };
        let mut rest = content.as_slice();
        while !rest.is_empty() {
            let (mode, name, oid) = entry(&mut rest).ok_or_else(|| format!("the tree {oid} is broken"))?;
            places += 1;
            if places > MOST_FILES {
                return Err(format!("it has more than {MOST_FILES} files"));
            }
            let Some(name) = str::from_utf8(name).ok().filter(|name| is_name(name)) else { continue };
            let at = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            if at.len() > LONGEST_PATH || depth > DEEPEST {
                return Err("its folders are too deep".to_owned());
            }
            match mode & 0o170_000 {
                0o040_000 => folders.push((at, oid, depth + 1)),
                0o120_000 => drop(files.insert(at, Node::Link)),
                0o160_000 => drop(files.insert(at, Node::Module)),
                _ => drop(files.insert(at, Node::File(oid, mode & 0o100 != 0))),
            }
        }
    }
    Ok(files)
}

/// The tree of a commit.
pub(super) fn root_of(pack: &Pack, commit: &Oid) -> Result<Oid, String> {
    match object(pack, commit)? {
        (Kind::Commit, content) => root(&content).ok_or_else(|| "a commit has no tree".to_owned()),
        _ => Err(format!("{commit} is no commit")),
    }
}

/// The entries of a tree, in its order: mode, name, object.
pub(super) fn entries(pack: &Pack, tree: &Oid) -> Result<Vec<(u32, Vec<u8>, Oid)>, String> {
    let (Kind::Tree, content) = object(pack, tree)? else { return Err(format!("{tree} is no tree")) };
    let (mut rest, mut all) = (content.as_slice(), Vec::new());
    while !rest.is_empty() {
        let (mode, name, oid) = entry(&mut rest).ok_or_else(|| format!("the tree {tree} is broken"))?;
        all.push((mode, name.to_vec(), oid));
    }
    Ok(all)
}

fn object(pack: &Pack, oid: &Oid) -> Result<(Kind, Vec<u8>), String> {
    let found = pack.object(oid).map_err(|broken| format!("{oid} cannot be read: {broken}"))?;
    found.ok_or_else(|| format!("{oid} is missing"))
}

/// The tree of a commit, which its first line names.
fn root(commit: &[u8]) -> Option<Oid> {
    let line = commit.strip_prefix(b"tree ")?.split(|byte| *byte == b'\n').next()?;
    Oid::parse(std::str::from_utf8(line).ok()?)
}

/// One entry of a tree: mode in octal digits, name, object.
fn entry<'a>(rest: &mut &'a [u8]) -> Option<(u32, &'a [u8], Oid)> {
    let space = rest.iter().take(8).position(|byte| *byte == b' ')?;
    let mode = u32::from_str_radix(std::str::from_utf8(&rest[..space]).ok()?, 8).ok()?;
    let named = &rest[space + 1..];
    let end = named.iter().position(|byte| *byte == 0)?;
    let oid = Oid(named.get(end + 1..end + 21)?.try_into().ok()?);
    *rest = &named[end + 21..];
    Some((mode, &named[..end], oid))
}

/// What git itself refuses to check out cannot be named in an address, either.
pub(super) fn is_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && !is_git_folder(name)
        && !name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\'))
}

/// Whether some file system takes a name for git's own folder: without regard to case, to what HFS+ ignores, or to what
/// NTFS does (dots and blanks at the end, streams, the short name). Git refuses the same (`is_hfs_dotgit` in its utf8.c,
/// `is_ntfs_dotgit` in its path.c).
fn is_git_folder(name: &str) -> bool {
    let ignored = |c: &char| matches!(*c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let seen: String = name.chars().filter(|c| !ignored(c)).collect();
    let base = seen.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    base.eq_ignore_ascii_case(".git") || base.eq_ignore_ascii_case("git~1")
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn what_any_file_system_takes_for_gits_folder_is_no_name() {
        let names =
            [".git", ".GiT", "git~1", "GIT~1", ".git ", ".git. .", ".git::$INDEX_ALLOCATION", ".g\u{200c}it"];
        assert!(names.into_iter().all(|name| !is_name(name)));
        assert!([".gitignore", ".gitmodules", "git", "git~10", ".github", "a:b"].into_iter().all(is_name));
    }
}
