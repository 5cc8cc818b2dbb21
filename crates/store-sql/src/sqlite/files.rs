//! Folder, file and lock of a database.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use stagedoor_store::StoreError;

/// Makes the folder of a database, private, and syncs each new folder into its parent.
pub(super) fn make_folder(database: &Path) -> Result<PathBuf, StoreError> {
    let folder = match database.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let missing: Vec<_> =
        folder.ancestors().take_while(|f| !f.as_os_str().is_empty() && !f.exists()).collect();
    if !missing.is_empty() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(|e| unusable(&folder, &e))?;
        for made in missing {
            match made.parent() {
                Some(parent) if parent != Path::new("") => sync_folder(parent)?,
                _ => sync_folder(Path::new("."))?,
            }
        }
    }
    Ok(folder)
}

/// Makes an empty database file, private, where there is none. Returns its path without symbolic links,
/// so that everybody who means this file means the same lock.
pub(super) fn make_database(path: &Path) -> Result<PathBuf, StoreError> {
    if path.is_dir() {
        return Err(unusable(path, &io::Error::from(io::ErrorKind::IsADirectory)));
    }
    private().open(path).and_then(|_| path.canonicalize()).map_err(|e| unusable(path, &e))
}

/// Makes the names of new files in a folder survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    if cfg!(unix) {
        File::open(folder).and_then(|f| f.sync_all()).map_err(|e| unusable(folder, &e))?;
    }
    Ok(())
}

/// The right to work with a database, held by one process. The system takes it back when the process
/// ends; the file stays, for a lock on a file that somebody removes protects nothing.
pub(super) struct Lock {
    file: File,
}

impl Lock {
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let mut file = private().open(&path).map_err(|e| unusable(&path, &e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the message: whatever can't be read is left out.
                let _ = file.read_to_string(&mut holder);
                return Err(StoreError::InUse {
                    path: database.to_owned(),
                    process: holder.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(e)) => return Err(unusable(&path, &e)),
        }
        let id = format!("{}\n", std::process::id());
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(id.as_bytes()))
            .map_err(|e| unusable(&path, &e))?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    /// Closing alone would not do: a child process that is just being started has a copy of the file
    /// for a moment, and the lock with it.
    fn drop(&mut self) {
        // Where it fails, closing is what remains.
        let _ = self.file.unlock();
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn unusable(path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull => StoreError::Full { path: path.to_owned() },
        io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { path: path.to_owned() },
        _ => StoreError::Unusable { path: path.to_owned(), reason: error.to_string() },
    }
}
