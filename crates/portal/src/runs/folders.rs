//! A folder for each run's files: made when a step needs it, gone with the run. What was left by a crash goes at start:
//! the run makes it again.

use std::path::PathBuf;

use crate::Portal;

impl Portal {
    /// The folder of a run, and whether it is new.
    pub(super) async fn open_folder(&self, run: &str) -> Result<(PathBuf, bool), String> {
        let runs = &self.shared.runs;
        let Some(root) = &runs.config.workspaces else {
            return Err("this portal has no folder for files of runs".into());
        };
        // Ids are ours or a UUID; anything else is not a name of a folder.
        if run.is_empty()
            || !run.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        {
            return Err("a run of this name can have no files".into());
        }
        let folder = root.join(run);
        let new = runs.folders.lock().insert(run.to_owned());
        let path = folder.clone();
        let made = tokio::task::spawn_blocking(move || {
            if new {
                remove(&path);
            }
            std::fs::create_dir_all(&path)
        });
        match made.await {
            Ok(Ok(())) => Ok((folder, new)),
            Ok(Err(error)) => Err(format!("the folder for the run's files cannot be made: {error}")),
            Err(_) => Err("the portal is shutting down".into()),
        }
    }

    /// It has to be made again.
    pub(super) fn forget_folder(&self, run: &str) {
        self.shared.runs.folders.lock().remove(run);
    }

    /// Removes the folder of a run that has ended.
    pub(super) async fn remove_folder(&self, run: &str) {
        if !self.shared.runs.folders.lock().remove(run) {
            return;
        }
        if let Some(root) = &self.shared.runs.config.workspaces {
            let path = root.join(run);
            // Files that cannot be removed now are removed at the next start.
            let _ = tokio::task::spawn_blocking(move || remove(&path)).await;
        }
    }

    /// Removes what earlier processes have left.
    pub(super) async fn clear_folders(&self) {
        let Some(root) = self.shared.runs.config.workspaces.clone() else { return };
        let clear = move || {
            for entry in std::fs::read_dir(&root).into_iter().flatten().flatten() {
                remove(&entry.path());
            }
        };
        let _ = tokio::task::spawn_blocking(clear).await;
    }
}

fn remove(path: &std::path::Path) {
    match std::fs::remove_dir_all(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(%error, path = %path.display(), "files of a run could not be removed"),
    }
}
