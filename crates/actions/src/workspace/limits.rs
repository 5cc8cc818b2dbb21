//! How much a run may put into its folder, and what a file in it may be called.

use std::sync::atomic::{AtomicU64, Ordering};

use super::WorkspaceError;

/// The most that a workspace may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files, folders and links.
    pub files: u64,
    /// Of all files together.
    pub bytes: u64,
    /// Of one file.
    pub file_bytes: u64,
    /// Folders in folders.
    pub depth: usize,
    /// Of one path.
    pub path_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { files: 20_000, bytes: 256 << 20, file_bytes: 32 << 20, depth: 64, path_bytes: 1024 }
    }
}

/// What is used of them.
pub(super) struct Used {
    pub(super) limits: Limits,
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Used {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, files: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    /// Counts one more file before it is written.
    pub(super) fn take(&self, path: &str, bytes: u64) -> Result<(), WorkspaceError> {
        let Limits { files, bytes: most, file_bytes, .. } = self.limits;
        let wrong = |what: String| Err(WorkspaceError::TooMuch(what));
        if bytes > file_bytes {
            return wrong(format!("{path} is larger than the {file_bytes} bytes of a file"));
        }
        let count = self.files.fetch_add(1, Ordering::Relaxed);
        let held = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if count >= files {
            self.give_back(bytes);
            return wrong(format!("the workspace has more than {files} files"));
        }
        if held + bytes > most {
            self.give_back(bytes);
            return wrong(format!("the workspace has more than {most} bytes"));
        }
        Ok(())
    }

    /// A file is gone, or was not written.
    pub(super) fn give_back(&self, bytes: u64) {
        let less = |old: u64, by: u64| Some(old.saturating_sub(by));
        let _ = self.files.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| less(old, 1));
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| less(old, bytes));
    }
}

/// Refuses what has no good form; where it leads is the kernel's to say. An empty path is the folder itself.
pub(super) fn checked<'a>(limits: &Limits, path: &'a str) -> Result<&'a str, WorkspaceError> {
    let wrong = |what: String| Err(WorkspaceError::Name(what));
    if path.chars().any(char::is_control) {
        return wrong(format!("{path:?} has a control character, which no name may have"));
    }
    if path.len() > limits.path_bytes {
        let start: String = path.chars().take(40).collect();
        return wrong(format!("{start}... is longer than the {} bytes of a path", limits.path_bytes));
    }
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    if parts.count() > limits.depth {
        return wrong(format!("{path} is deeper than the {} folders of a path", limits.depth));
    }
    let inner = path.trim_start_matches("./");
    Ok(if inner.is_empty() && !path.starts_with('/') { "." } else { inner })
}
