//! All that lies in a workspace.

use std::sync::Arc;

use cap_std::fs::{Dir, Metadata};

use super::{Workspace, WorkspaceError, is_executable, meaning};

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Below the folder that was asked, with `/`.
    pub path: String,
    /// File, folder or link.
    pub kind: Kind,
    /// Its owner may run it.
    pub executable: bool,
    /// Of a file.
    pub bytes: u64,
}

/// Sorts of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, wherever it leads.
    Link,
}

impl Item {
    pub(super) fn of(path: String, metadata: &Metadata) -> Self {
        let kind = match () {
            () if metadata.is_symlink() => Kind::Link,
            () if metadata.is_dir() => Kind::Folder,
            () => Kind::File,
        };
        let executable = kind == Kind::File && is_executable(metadata);
        Self { path, kind, executable, bytes: metadata.len() }
    }

    /// The last part of its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl Workspace {
    /// Everything below, by path; links are not followed.
    ///
    /// # Errors
    /// When something cannot be read, or is too much.
    pub fn walk(&self) -> Result<Vec<Item>, WorkspaceError> {
        self.list(usize::MAX)
    }

    /// What lies directly in it, by name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn children(&self) -> Result<Vec<Item>, WorkspaceError> {
        self.list(0)
    }

    fn list(&self, deepest: usize) -> Result<Vec<Item>, WorkspaceError> {
        let limits = self.used.limits;
        let mut found = Vec::new();
        let mut folders: Vec<(Arc<Dir>, String, usize)> = vec![(Arc::clone(&self.dir), String::new(), 0)];
        while let Some((dir, prefix, depth)) = folders.pop() {
            let failed = |error: std::io::Error| meaning(prefix.trim_end_matches('/'), &error);
            for entry in dir.entries().map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let name = entry.file_name().into_string();
                let name =
                    name.map_err(|_| WorkspaceError::Name(format!("a name in {prefix:?} is not UTF-8")))?;
                let path = format!("{prefix}{name}");
                let item = Item::of(path, &entry.metadata().map_err(failed)?);
                if item.kind == Kind::Folder && depth < deepest {
                    if depth >= limits.depth {
                        return Err(WorkspaceError::TooMuch(format!("{} is too deep", item.path)));
                    }
                    let inner = dir.open_dir(&name).map_err(failed)?;
                    folders.push((Arc::new(inner), format!("{}/", item.path), depth + 1));
                }
                found.push(item);
                if found.len() as u64 > limits.files {
                    let message = format!("the workspace has more than {} files", limits.files);
                    return Err(WorkspaceError::TooMuch(message));
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }
}
