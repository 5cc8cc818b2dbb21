//! What is remembered of files across restarts, so that one which has not changed is read, but not parsed.
//!
//! Of every file two digests are kept: of all that its reading depends on, and of what it claimed. Nothing is
//! believed because it is remembered: a file is taken as known only when the claims that the catalog has of it now
//! make the second digest. So the file with the digests may be lost, old, damaged or another database's: then files
//! are parsed, as they are without it.

use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use stagedoor_ingest::Rules;

use super::KnownKinds;
use super::source::Source;

/// Name of the file in its folder.
const NAME: &str = "readings";
/// How the file starts; the pairs follow, 64 bytes each.
const MAGIC: &[u8; 21] = b"stagedoor readings 1\n";
/// A file that is larger was not written here.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// SHA-256: who writes a file may not make it look like another one.
pub(super) type Digest = [u8; 32];
/// All that the reading of a file depends on, and what it claimed.
pub(super) type Pair = (Digest, Digest);

/// What the readings of all files of one source depend on besides the files.
#[derive(Clone)]
pub(super) struct Basis(Sha256);

impl Basis {
    pub(super) fn of(source: &Source, rules: &Rules, kinds: &KnownKinds) -> Self {
        let mut hash = Sha256::new();
        let version = stagedoor_ingest::READING_VERSION.to_string();
        let own = format!("{:?}", source.rules());
        for part in [env!("CARGO_PKG_VERSION"), &version, &source.id, &rules.words(), &own] {
            add(&mut hash, part);
        }
        let mut custom: Vec<&String> = kinds.custom.iter().collect();
        custom.sort_unstable();
        custom.iter().for_each(|kind| add(&mut hash, kind));
        Self(hash)
    }

    /// Of one file, `place` being its `<type>:<path>` and `origin` that of what led to it.
    pub(super) fn file(&self, origin: &str, place: &str, text: &str) -> Digest {
        let mut hash = self.0.clone();
        // Kinds may be any number: their end has to be told.
        hash.update([0xff; 8]);
        add(&mut hash, origin);
        add(&mut hash, place);
        add(&mut hash, text);
        hash.finalize().into()
    }
}

/// Of a text alone.
pub(super) fn digest_of(text: &[u8]) -> Digest {
    Sha256::digest(text).into()
}

/// What a file claims, claim by claim.
#[derive(Default)]
pub(super) struct Claimed(Sha256);

impl Claimed {
    pub(super) fn add(&mut self, index: usize, line: u32, reference: &str, document: &str) {
        self.0.update((index as u64).to_le_bytes());
        self.0.update(line.to_le_bytes());
        add(&mut self.0, reference);
        add(&mut self.0, document);
    }

    pub(super) fn digest(self) -> Digest {
        self.0.finalize().into()
    }
}

/// Adds a text with its length, so that no two lists of texts are alike.
fn add(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

/// The digests of the last readings of all sources.
pub(super) struct Remembered {
    file: PathBuf,
    pairs: HashMap<Digest, Digest>,
    /// The files of each source that has been read.
    files: HashMap<String, Vec<Digest>>,
    changed: bool,
    /// What no source has read since the start is forgotten.
    tidied: bool,
}

impl Remembered {
    /// Those that a folder has; none where they cannot be read.
    pub(super) fn in_folder(folder: &Path) -> Self {
        let file = folder.join(NAME);
        let pairs = load(&file).unwrap_or_default();
        Self { file, pairs, files: HashMap::new(), changed: false, tidied: false }
    }

    /// What a file claimed when all that its reading depends on was as it is now.
    pub(super) fn claimed(&self, file: &Digest) -> Option<&Digest> {
        self.pairs.get(file)
    }

    /// Remembers what a reading of a source has found. Where it was only a `part`, the rest is as it was.
    pub(super) fn keep(&mut self, source: &str, pairs: &[Pair], part: bool) {
        for (file, claimed) in pairs {
            self.changed |= self.pairs.insert(*file, *claimed) != Some(*claimed);
        }
        let now = pairs.iter().map(|(file, _)| *file);
        if part {
            self.files.entry(source.to_owned()).or_default().extend(now);
            return;
        }
        let before = self.files.insert(source.to_owned(), now.collect()).unwrap_or_default();
        let still: HashSet<&Digest> = pairs.iter().map(|(file, _)| file).collect();
        for gone in before.iter().filter(|file| !still.contains(file)) {
            self.changed |= self.pairs.remove(gone).is_some();
        }
    }

    /// Writes what the readings have found, if that is news. `complete` when every source has been read.
    pub(super) fn save(&mut self, complete: bool) {
        if complete && !self.tidied {
            self.tidied = true;
            let still: HashSet<&Digest> = self.files.values().flatten().collect();
            let before = self.pairs.len();
            self.pairs.retain(|file, _| still.contains(file));
            self.changed |= self.pairs.len() != before;
        }
        if !std::mem::take(&mut self.changed) {
            return;
        }
        if let Err(error) = write(&self.file, &self.pairs) {
            let file = self.file.display();
            tracing::warn!(%error, %file, "what is remembered of files cannot be kept; the next start parses them");
        }
    }
}

fn load(file: &Path) -> Option<HashMap<Digest, Digest>> {
    let meta = fs::metadata(file).ok()?;
    if !meta.is_file() || meta.len() > MAX_BYTES {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    // Half a pair at the end, or nonsense, matches nothing.
    let (digests, _) = bytes.strip_prefix(MAGIC)?.as_chunks::<32>();
    let (pairs, _) = digests.as_chunks::<2>();
    Some(pairs.iter().map(|[file, claimed]| (*file, *claimed)).collect())
}

/// Replaces the file at once. It need not survive a power cut.
fn write(file: &Path, pairs: &HashMap<Digest, Digest>) -> io::Result<()> {
    let new = file.with_extension("new");
    if let Err(error) = fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut bytes = Vec::with_capacity(MAGIC.len() + pairs.len() * 64);
    bytes.extend_from_slice(MAGIC);
    pairs.iter().for_each(|(file, claimed)| {
        bytes.extend_from_slice(file);
        bytes.extend_from_slice(claimed);
    });
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?.write_all(&bytes)?;
    fs::rename(&new, file)
}
