//! A folder for one dry run, gone with it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use stagedoor_actions::workspace::{Limits, Workspace, WorkspaceError};
use uuid::Uuid;

use crate::error::PortalError;

/// The most that a dry run may hold.
pub(super) const LIMITS: Limits =
    Limits { files: 2_000, bytes: 16 << 20, file_bytes: 4 << 20, depth: 32, path_bytes: 512 };

/// Two folders: what was handed over, and what the steps work in.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Makes them, below `root` or where the system keeps what is temporary. Nobody else may look into them.
    pub(super) fn make(root: Option<&Path>) -> Result<Self, PortalError> {
        let root = root.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let path = root.join(format!("stagedoor-dry-run-{}", Uuid::new_v4().simple()));
        let failed = |error: std::io::Error| PortalError::Internal(format!("{}: {error}", path.display()));
        let scratch = Self(path.clone());
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(failed)?;
        for folder in [scratch.content(), scratch.workspace()] {
            DirBuilder::new().mode(0o700).create(folder).map_err(failed)?;
        }
        Ok(scratch)
    }

    /// What was handed over.
    pub(super) fn content(&self) -> PathBuf {
        self.0.join("content")
    }

    /// What the steps work in.
    pub(super) fn workspace(&self) -> PathBuf {
        self.0.join("workspace")
    }

    /// A folder that cannot be left.
    pub(super) fn open(path: &Path) -> Result<Workspace, WorkspaceError> {
        Workspace::open(path, LIMITS)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "the folder of a dry run could not be removed");
        }
    }
}
