//! Finding and reading files: paths and globs, within limits and with clear errors.

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::location::tidy;

/// The largest file that is read.
pub const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// How many entries of folders one pattern may look at.
const MAX_ENTRIES: usize = 2_000_000;
/// Folders that a pattern enters only when it names them.
const PASSED_BY: [&str; 2] = ["node_modules", ".git"];

/// What a target means now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The files, sorted.
    pub files: Vec<PathBuf>,
    /// The folders in which a change could make it mean something else.
    pub directories: BTreeSet<PathBuf>,
}

/// Why a file could not be found or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FileError {
    /// The sort of trouble.
    pub kind: FileErrorKind,
    message: String,
    directories: Vec<PathBuf>,
}

/// Sorts of trouble with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileErrorKind {
    /// It does not exist.
    NotFound,
    /// It exists and can't be read now.
    Unreadable,
    /// It can be read, but is nothing that a catalog file may be.
    Unsuitable,
    /// The pattern is no glob.
    Pattern,
}

impl FileError {
    fn new(kind: FileErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), directories: Vec::new() }
    }

    fn of_io(path: &Path, error: &std::io::Error) -> Self {
        let missing = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
        if missing {
            return Self::new(FileErrorKind::NotFound, format!("{} does not exist", path.display()));
        }
        Self::new(FileErrorKind::Unreadable, format!("{} could not be read, {error}", path.display()))
    }

    /// Existing folders in which a change could mend it.
    #[must_use]
    pub fn directories(&self) -> &[PathBuf] {
        &self.directories
    }

    fn watching(mut self, path: &Path) -> Self {
        self.directories.extend(path.ancestors().find(|p| p.is_dir()).map(Path::to_owned));
        self
    }
}

/// A target as an absolute path, with `.` and `..` worked out.
#[must_use]
pub fn absolute(target: &str, base: &Path) -> PathBuf {
    tidy(&base.join(target))
}

/// Whether there is something at a target: the file, or the folder in which a pattern looks.
#[must_use]
pub fn exists(target: &str, base: &Path) -> bool {
    let path = absolute(target, base);
    path.exists() || (is_pattern(target) && fixed_folder(&path.display().to_string()).is_dir())
}

/// The files that a path or a glob means. A glob that matches nothing in an existing folder is no error.
///
/// # Errors
/// When the file or the folder does not exist, can't be read, or the pattern is wrong.
pub fn expand(target: &str, base: &Path) -> Result<Expansion, FileError> {
    let path = absolute(target, base);
    match fs::metadata(&path) {
        Ok(meta) if meta.is_dir() => {
            let path = path.display();
            let message = format!("{path} is a folder; name a file or a pattern such as {path}/**/*.yaml");
            return Err(FileError::new(FileErrorKind::Unsuitable, message));
        }
        Ok(_) => {
            let directories = path.parent().map(Path::to_owned).into_iter().collect();
            return Ok(Expansion { files: vec![path], directories });
        }
        Err(error) if !is_pattern(target) => return Err(FileError::of_io(&path, &error).watching(&path)),
        Err(_) => {}
    }
    Walk::new(&path)?.run()
}

/// The folder that a target certainly lies in: that of the file, or what stands before the first wildcard.
#[must_use]
pub(crate) fn fixed_folder(target: &str) -> PathBuf {
    let path = Path::new(target);
    if !is_pattern(target) || path.exists() {
        return path.parent().unwrap_or(Path::new("/")).to_owned();
    }
    let parts = path.iter().take_while(|part| !part.to_str().is_some_and(is_pattern));
    parts.collect()
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// Reads a text file.
///
/// # Errors
/// When it can't be read, is no regular file, is larger than [`MAX_BYTES`], or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    let unsuitable =
        |what: String| FileError::new(FileErrorKind::Unsuitable, format!("{} {what}", path.display()));
    let meta = fs::metadata(path).map_err(|error| FileError::of_io(path, &error))?;
    if !meta.is_file() {
        return Err(unsuitable("is not a regular file".to_owned()));
    }
    let file = fs::File::open(path).map_err(|error| FileError::of_io(path, &error))?;
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(MAX_BYTES)).unwrap_or(0));
    // The file may grow while it is read.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| FileError::of_io(path, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(unsuitable(format!("is larger than {} MiB", MAX_BYTES >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let bytes = error.as_bytes();
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return unsuitable("is UTF-16; save it as UTF-8".to_owned());
        }
        let line = bytes[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        unsuitable(format!("is not UTF-8 text (line {line})"))
    })
}

/// A walk through the folders that a pattern can reach.
struct Walk {
    root: PathBuf,
    real_root: PathBuf,
    matcher: GlobMatcher,
    /// Names that the pattern spells out, which may be hidden.
    named: Vec<String>,
    /// How many folders deep a match can lie.
    depth: usize,
    /// Whether the last part of the pattern starts with a dot.
    hidden_files: bool,
    seen: BTreeSet<PathBuf>,
    entries: usize,
    found: Expansion,
}

impl Walk {
    fn new(pattern: &Path) -> Result<Self, FileError> {
        let text = pattern.display().to_string();
        let root = fixed_folder(&text);
        let real_root =
            root.canonicalize().map_err(|error| FileError::of_io(&root, &error).watching(&root))?;
        let relative = pattern.strip_prefix(&root).unwrap_or(pattern).display().to_string();
        let glob = GlobBuilder::new(&relative).literal_separator(true).build().map_err(|error| {
            FileError::new(
                FileErrorKind::Pattern,
                format!("\"{text}\" is not a usable pattern: {}", error.kind()),
            )
        })?;
        let unlimited = relative.contains("**") || relative.contains('{');
        Ok(Self {
            root,
            real_root,
            matcher: glob.compile_matcher(),
            depth: if unlimited { 100 } else { relative.split('/').count() },
            hidden_files: relative.rsplit('/').next().is_some_and(|last| last.starts_with('.')),
            named: relative.split('/').map(str::to_owned).collect(),
            seen: BTreeSet::new(),
            entries: 0,
            found: Expansion::default(),
        })
    }

    fn run(mut self) -> Result<Expansion, FileError> {
        let mut folders = vec![(self.root.clone(), 1)];
        while let Some((folder, depth)) = folders.pop() {
            // A folder that two links lead to, or a link that leads upwards.
            let Ok(real) = folder.canonicalize() else { continue };
            if !self.seen.insert(real) {
                continue;
            }
            let listed = match fs::read_dir(&folder) {
                Ok(listed) => listed,
                // Removed while the walk was on its way.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                // Not to be mistaken for an empty folder, whose entities would be removed.
                Err(error) => return Err(FileError::of_io(&folder, &error).watching(&folder)),
            };
            self.found.directories.insert(folder.clone());
            for entry in listed {
                let entry = entry.map_err(|error| FileError::of_io(&folder, &error).watching(&folder))?;
                self.entries += 1;
                if self.entries > MAX_ENTRIES {
                    let message = format!("{} holds more than {MAX_ENTRIES} entries", self.root.display());
                    return Err(FileError::new(FileErrorKind::Unsuitable, message));
                }
                if let Some(folder) = self.entry(&entry.path(), depth) {
                    folders.push((folder, depth + 1));
                }
            }
        }
        self.found.files.sort();
        Ok(self.found)
    }

    /// Takes a file that matches; returns a folder that has to be entered.
    fn entry(&mut self, path: &Path, depth: usize) -> Option<PathBuf> {
        let name = path.file_name()?.to_str()?;
        let meta = fs::symlink_metadata(path).ok()?;
        let meta = if meta.is_symlink() { self.followed(path)? } else { meta };
        let named = || self.named.iter().any(|n| n == name);
        if meta.is_dir() {
            let passed_by = name.starts_with('.') || PASSED_BY.contains(&name);
            return (depth < self.depth && (!passed_by || named())).then(|| path.to_owned());
        }
        let relative = path.strip_prefix(&self.root).ok()?;
        let shown = !name.starts_with('.') || self.hidden_files || named();
        if meta.is_file() && shown && self.matcher.is_match(relative) {
            self.found.files.push(path.to_owned());
        }
        None
    }

    /// What a symbolic link leads to, unless that lies outside of the root.
    fn followed(&self, path: &Path) -> Option<fs::Metadata> {
        let real = path.canonicalize().ok()?;
        real.starts_with(&self.real_root).then(|| fs::metadata(&real).ok()).flatten()
    }
}
