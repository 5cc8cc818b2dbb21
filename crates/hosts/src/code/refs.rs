//! URLs in which a branch and a path follow each other without a mark between them: `main/a.yaml`, and as well
//! `feature/x/a.yaml` of the branch `feature/x`. Only the host knows which it is.

use std::collections::HashMap;
use std::future::Future;

use parking_lot::Mutex;

use super::File;
use crate::error::HostError;

/// The longest name of a branch that is looked for, in segments: each costs a request.
const LONGEST: usize = 6;

/// How many segments the branches have that were met, where it is more than one.
#[derive(Default)]
pub(crate) struct Refs {
    met: Mutex<HashMap<String, usize>>,
}

impl Refs {
    /// Reads a file of `repository` at `rest`, which is a branch and a path. `read` is asked with both, first for a
    /// branch of one segment; `commit_of` says whether there is a branch.
    pub(crate) async fn read<R, RF, C, CF>(
        &self,
        repository: &str,
        rest: &[String],
        read: R,
        commit_of: C,
    ) -> Result<File, HostError>
    where
        R: Fn(String, String) -> RF + Send + Sync,
        RF: Future<Output = Result<File, HostError>> + Send,
        C: Fn(String) -> CF + Send + Sync,
        CF: Future<Output = Result<String, HostError>> + Send,
    {
        let key = key(repository, rest);
        let guess = self.met.lock().get(&key).copied().unwrap_or(1).min(rest.len().saturating_sub(1));
        let first = read(rest[..guess].join("/"), rest[guess..].join("/")).await;
        if rest.len() <= 2 || !matches!(first, Err(HostError::NotFound(_))) {
            return first;
        }
        match self.split(repository, rest, rest.len() - 1, commit_of).await? {
            Some((at, _)) if at != guess => read(rest[..at].join("/"), rest[at..].join("/")).await,
            _ => first,
        }
    }

    /// Where the branch ends in `rest`, at most after `longest` segments, and what it stands at; none where there is
    /// no such branch.
    pub(crate) async fn split<C, CF>(
        &self,
        repository: &str,
        rest: &[String],
        longest: usize,
        commit_of: C,
    ) -> Result<Option<(usize, String)>, HostError>
    where
        C: Fn(String) -> CF + Send + Sync,
        CF: Future<Output = Result<String, HostError>> + Send,
    {
        for at in 1..=longest.min(LONGEST) {
            match commit_of(rest[..at].join("/")).await {
                Ok(commit) => {
                    self.met.lock().insert(key(repository, rest), at);
                    return Ok(Some((at, commit)));
                }
                Err(HostError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// What of a path lies below a folder, which is empty for the root.
pub(crate) fn inside<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

fn key(repository: &str, rest: &[String]) -> String {
    format!("{repository} {}", rest.first().map_or("", String::as_str))
}
