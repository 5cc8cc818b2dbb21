//! The folder of a run's files. Templates, archives and inputs name paths in it, and none of them may lead out.
//!
//! Every operation goes through an open folder (`cap_std`): the kernel, not a comparison of texts, sees to it that what is
//! opened lies beneath it, whatever links stand on the way and whoever moves them meanwhile. Links may lie in the folder;
//! one that leads out cannot be followed. What may be written is limited in number, size and depth.

mod limits;
mod walk;

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt as _, OpenOptions, OpenOptionsExt as _};

pub use limits::Limits;
use limits::{Used, checked};
pub use walk::{Item, Kind};

use crate::performer::Failure;

/// A folder that cannot be left. Cheap to clone; clones and the folders in it share their limits.
#[derive(Clone)]
pub struct Workspace {
    dir: Arc<Dir>,
    used: Arc<Used>,
}

/// What cannot be done with a path. The texts name it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkspaceError {
    /// There is nothing.
    #[error("{0} does not exist")]
    NotFound(String),
    /// It leads out of the folder.
    #[error("{0}: Relative path is not allowed to refer to a directory outside its parent")]
    Outside(String),
    /// There is something already, and it is not to be replaced.
    #[error("{0} exists already")]
    Taken(String),
    /// More than a run may have.
    #[error("{0}")]
    TooMuch(String),
    /// No name for a file.
    #[error("{0}")]
    Name(String),
    /// Anything else.
    #[error("{0}: {1}")]
    Io(String, String),
}

impl From<WorkspaceError> for Failure {
    fn from(error: WorkspaceError) -> Self {
        Self::new(error.to_string())
    }
}

impl Workspace {
    /// Opens a folder of ours; it is made where it is not there. What lies in it counts.
    ///
    /// # Errors
    /// When it cannot be opened, or holds too much.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, WorkspaceError> {
        let failed = |error: io::Error| WorkspaceError::Io("the workspace".to_owned(), error.to_string());
        Dir::create_ambient_dir_all(path, ambient_authority()).map_err(failed)?;
        let workspace = Self::open_existing(path, limits)?;
        workspace.count()?;
        Ok(workspace)
    }

    /// Opens a folder that others keep, to read it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open_existing(path: &Path, limits: Limits) -> Result<Self, WorkspaceError> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())
            .map_err(|error| WorkspaceError::Io("the folder".to_owned(), error.to_string()))?;
        Ok(Self { dir: Arc::new(dir), used: Arc::new(Used::new(limits)) })
    }

    fn count(&self) -> Result<(), WorkspaceError> {
        for item in self.walk()? {
            let bytes = if item.kind == Kind::File { item.bytes } else { 0 };
            self.used.take(&item.path, bytes)?;
        }
        Ok(())
    }

    /// A folder in it, which is made where it is not there. Nothing reached through the answer lies outside of it.
    ///
    /// # Errors
    /// When the path leads out, or a file stands there.
    pub fn folder(&self, path: &str) -> Result<Self, WorkspaceError> {
        let place = self.checked(path)?;
        if place != "." {
            self.make_folders(place, path)?;
        }
        self.existing_folder(path)
    }

    /// A folder that is there.
    ///
    /// # Errors
    /// When the path leads out or to none.
    pub fn existing_folder(&self, path: &str) -> Result<Self, WorkspaceError> {
        let place = self.checked(path)?;
        let dir = self.dir.open_dir(place).map_err(|error| meaning(path, &error))?;
        Ok(Self { dir: Arc::new(dir), used: Arc::clone(&self.used) })
    }

    fn make_folders(&self, place: &str, shown: &str) -> Result<(), WorkspaceError> {
        self.dir.create_dir_all(place).map_err(|error| meaning(shown, &error))
    }

    /// What stands at a path, a link as a link; `None` where nothing does.
    ///
    /// # Errors
    /// When the path leads out.
    pub fn item(&self, path: &str) -> Result<Option<Item>, WorkspaceError> {
        match self.dir.symlink_metadata(self.checked(path)?) {
            Ok(metadata) => Ok(Some(Item::of(path.to_owned(), &metadata))),
            // Nothing stands below a file.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
            Err(error) => match meaning(path, &error) {
                WorkspaceError::NotFound(_) => Ok(None),
                other => Err(other),
            },
        }
    }

    /// Whether something stands at a path.
    ///
    /// # Errors
    /// When the path leads out.
    pub fn has(&self, path: &str) -> Result<bool, WorkspaceError> {
        Ok(self.item(path)?.is_some())
    }

    /// The content of a file.
    ///
    /// # Errors
    /// When the path leads out, there is no file, or it is too large.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, WorkspaceError> {
        let place = self.checked(path)?;
        // A pipe would be waited for.
        let metadata = self.dir.metadata(place).map_err(|error| meaning(path, &error))?;
        if !metadata.is_file() {
            return Err(WorkspaceError::Io(path.to_owned(), "is no file".to_owned()));
        }
        let file = self.dir.open(place).map_err(|error| meaning(path, &error))?;
        let limit = self.used.limits.file_bytes;
        let mut content = Vec::new();
        file.take(limit + 1).read_to_end(&mut content).map_err(|error| meaning(path, &error))?;
        if content.len() as u64 > limit {
            return Err(WorkspaceError::TooMuch(format!(
                "{path} is larger than the {limit} bytes of a file"
            )));
        }
        Ok(content)
    }

    /// Puts a file, with the folders on the way. What stands there is replaced, a link not followed.
    ///
    /// # Errors
    /// When the path leads out, a folder stands there, or it is too much.
    pub fn write(&self, path: &str, content: &[u8], executable: bool) -> Result<(), WorkspaceError> {
        let place = self.checked(path)?;
        self.used.take(path, content.len() as u64)?;
        let result = self.put(place, path, content, executable);
        if result.is_err() {
            self.used.give_back(content.len() as u64);
        }
        result
    }

    fn put(&self, place: &str, path: &str, content: &[u8], executable: bool) -> Result<(), WorkspaceError> {
        self.make_parent(place, path)?;
        self.make_room(place, path)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(if executable { 0o755 } else { 0o644 });
        let mut file = self.dir.open_with(place, &options).map_err(|error| meaning(path, &error))?;
        file.write_all(content).map_err(|error| meaning(path, &error))
    }

    /// Puts a link. It may name anything; whoever follows it stays within.
    ///
    /// # Errors
    /// When the path leads out.
    pub fn link(&self, path: &str, target: &str) -> Result<(), WorkspaceError> {
        let place = self.checked(path)?;
        self.used.take(path, 0)?;
        self.make_parent(place, path)?;
        self.make_room(place, path)?;
        self.dir.symlink_contents(target, place).map_err(|error| meaning(path, &error))
    }

    /// What a link says.
    ///
    /// # Errors
    /// When the path leads out or is no link.
    pub fn link_target(&self, path: &str) -> Result<String, WorkspaceError> {
        let target =
            self.dir.read_link_contents(self.checked(path)?).map_err(|error| meaning(path, &error))?;
        let not_text = || WorkspaceError::Name(format!("{path} is a link to something that is not UTF-8"));
        target.into_os_string().into_string().map_err(|_| not_text())
    }

    fn make_parent(&self, place: &str, shown: &str) -> Result<(), WorkspaceError> {
        match place.trim_end_matches('/').rsplit_once('/') {
            Some((parent, _)) if !parent.is_empty() => self.make_folders(parent, shown),
            _ => Ok(()),
        }
    }

    /// Takes away the file or link that stands where another one will.
    fn make_room(&self, place: &str, path: &str) -> Result<(), WorkspaceError> {
        match self.dir.symlink_metadata(place) {
            Ok(old) if old.is_dir() => Err(WorkspaceError::Io(path.to_owned(), "is a folder".to_owned())),
            Ok(old) => {
                self.used.give_back(if old.is_file() { old.len() } else { 0 });
                self.dir.remove_file(place).map_err(|error| meaning(path, &error))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(meaning(path, &error)),
        }
    }

    /// Removes a file, a link (not what it leads to), or a folder with all in it. What is not there is gone already.
    ///
    /// # Errors
    /// When the path leads out.
    pub fn remove(&self, path: &str) -> Result<(), WorkspaceError> {
        let place = self.checked(path)?;
        if place == "." {
            return Err(WorkspaceError::Name("the workspace itself cannot be removed".to_owned()));
        }
        let Some(item) = self.item(path)? else { return Ok(()) };
        let removed = match item.kind {
            Kind::Folder => self.dir.remove_dir_all(place),
            _ => self.dir.remove_file(place),
        };
        if item.kind == Kind::File {
            self.used.give_back(item.bytes);
        }
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(meaning(path, &error)),
            _ => Ok(()),
        }
    }

    /// Gives something another name, with the folders on the way.
    ///
    /// # Errors
    /// When a path leads out, there is nothing at the first, or something at the second that may not be replaced.
    pub fn rename(&self, from: &str, to: &str, overwrite: bool) -> Result<(), WorkspaceError> {
        let (old, new) = (self.checked(from)?, self.checked(to)?);
        if old == "." || new == "." {
            return Err(WorkspaceError::Name("the workspace itself cannot be moved".to_owned()));
        }
        if !self.has(from)? {
            return Err(WorkspaceError::NotFound(from.to_owned()));
        }
        if self.has(to)? {
            if !overwrite {
                return Err(WorkspaceError::Taken(to.to_owned()));
            }
            self.remove(to)?;
        }
        self.make_parent(new, to)?;
        self.dir.rename(old, &self.dir, new).map_err(|error| meaning(from, &error))
    }

    /// A path as the kernel gets it, once nothing is wrong with its form.
    fn checked<'a>(&self, path: &'a str) -> Result<&'a str, WorkspaceError> {
        checked(&self.used.limits, path)
    }
}

/// What an error of the system means. One that `cap_std` raises itself has no number: the path led out.
fn meaning(path: &str, error: &io::Error) -> WorkspaceError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => WorkspaceError::NotFound(path),
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => WorkspaceError::Outside(path),
        io::ErrorKind::AlreadyExists => WorkspaceError::Taken(path),
        _ => WorkspaceError::Io(path, error.to_string()),
    }
}

/// Whether its owner may run it.
fn is_executable(metadata: &cap_std::fs::Metadata) -> bool {
    metadata.mode() & 0o100 != 0
}
