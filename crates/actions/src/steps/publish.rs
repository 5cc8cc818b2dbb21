//! What all publishing steps share: the repository that is meant, the way to its host, and the commit that is put there.

mod commit;
mod remote;
mod repo_url;

pub(super) use commit::{Words, commit, files, may_be_ours, pushed, pushed_over};
pub(super) use remote::{Remote, meant};
pub(super) use repo_url::{RepoUrl, host_of};
