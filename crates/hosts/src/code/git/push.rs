//! Putting a first commit on a branch that is not there yet (git-scm.com/docs/pack-protocol, "Pushing data to a server").
//!
//! The commit is made here, in memory: no program runs, so no name or text of somebody else can become an option, a hook
//! or a setting. The same files, words and time are the same commit, so whoever repeats a push finds its own.

use bytes::Bytes;

use super::packet::{Packet, flush, line, next, text};
use super::place::{GitAddress, is_reference};
use super::protocol::{self, Greeting, plain};
use super::wire::{Asked, Service, Wire};
use super::write::{Made, made, pack};
use super::{Git, Oid};
use crate::client::Client;
use crate::error::HostError;

/// What there is of a branch that does not exist.
const NOTHING: &str = "0000000000000000000000000000000000000000";

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFile {
    /// From the root, with `/`.
    pub path: String,
    /// What is in it; where it leads, of a link.
    pub content: Bytes,
    /// Its owner may run it.
    pub executable: bool,
    /// It is a symbolic link.
    pub link: bool,
}

/// A commit: the first one of a branch, or one that is put on top of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommit {
    /// Everything in it.
    pub files: Vec<CommitFile>,
    /// What it says.
    pub message: String,
    /// Whose it is: a name.
    pub author: String,
    /// And an e-mail address.
    pub email: String,
    /// When, in seconds since 1970.
    pub seconds: i64,
}

/// What may stand in a repository that something is put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Nothing else: no other branch and no tag.
    Empty,
    /// Anything but the branch.
    Shared,
}

/// A user name and a password or token, in place of those of the configuration.
#[derive(Clone)]
pub struct Login {
    /// `x-access-token`, `oauth2`...
    pub user: String,
    /// Never printed.
    pub password: String,
    /// It may go over http: the host's own API is configured so.
    pub over_http: bool,
}

/// How a push ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The branch is new and stands at this commit.
    Made(String),
    /// It stood at this commit already.
    Already(String),
    /// There is such a branch at another commit, or any other where none may be; nothing was changed. The full name of
    /// what is there.
    Taken(String),
}

impl NewCommit {
    /// Its hash.
    ///
    /// # Errors
    /// When a file has a name that no file of git may have.
    pub fn id(&self) -> Result<String, HostError> {
        Ok(made(self, None)?.commit.to_string())
    }
}

impl Git {
    /// Where a branch stands, as whoever may push to it is told.
    pub(crate) async fn branch(
        &self,
        client: &Client,
        address: &GitAddress,
        branch: &str,
        login: Option<&Login>,
    ) -> Result<Option<String>, HostError> {
        let (_, refs) = self.greeted(client, address, login).await?;
        Ok(refs.get(&full(branch)?).map(Oid::to_string))
    }

    /// Puts a commit on a branch that is not there yet.
    pub(crate) async fn push(
        &self,
        client: &Client,
        address: &GitAddress,
        branch: &str,
        commit: &NewCommit,
        room: Room,
        login: Option<&Login>,
    ) -> Result<Pushed, HostError> {
        let name = full(branch)?;
        let Made { commit, objects, .. } = made(commit, None)?;
        let (wire, refs) = self.greeted(client, address, login).await?;
        match refs.get(&name) {
            Some(there) if *there == commit => return Ok(Pushed::Already(commit.to_string())),
            Some(_) => return Ok(Pushed::Taken(name)),
            None => {}
        }
        let is_content = |name: &&String| name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
        if let Some(other) = refs.keys().filter(is_content).min().filter(|_| room == Room::Empty) {
            return Ok(Pushed::Taken(other.clone()));
        }
        let made = Made { commit, objects, is_same: false };
        sent(client, &wire, address, &name, made).await?.map_err(|said| not_taken(address, branch, &said))?;
        Ok(Pushed::Made(commit.to_string()))
    }

    pub(super) async fn greeted(
        &self,
        client: &Client,
        address: &GitAddress,
        login: Option<&Login>,
    ) -> Result<(Wire, std::collections::HashMap<String, Oid>), HostError> {
        let host = address.host();
        let wire = match login {
            Some(login) => login.wire(address)?,
            None => self.credentials.wire(address, Service::Push).await?,
        };
        let (greeting, wire) = wire.greeting(client, &host, Service::Push).await?;
        let failed = |what: String| HostError::Unreachable(format!("{}: {what}", address.remote()));
        match protocol::greeting(&greeting) {
            Ok(Greeting::Listing(refs, _)) => Ok((wire, refs)),
            Ok(Greeting::Able(_)) => Err(failed("it answers a push in a version that has none".to_owned())),
            Err(protocol::Trouble::Said(what) | protocol::Trouble::Malformed(what)) => Err(failed(what)),
        }
    }
}

/// Sends what makes a reference that is not there yet: why the server did not take it, in its words.
pub(super) async fn sent(
    client: &Client,
    wire: &Wire,
    address: &GitAddress,
    name: &str,
    made: Made,
) -> Result<Result<(), String>, HostError> {
    let mut body = Vec::new();
    line(&mut body, &format!("{NOTHING} {} {name}\0 report-status {}", made.commit, protocol::AGENT));
    flush(&mut body);
    let written = tokio::task::spawn_blocking(move || pack(&made.objects)).await;
    body.extend(written.map_err(|_| HostError::Unreachable("a pack could not be written".to_owned()))?);
    let answer = wire.ask(client, &address.host(), body.into(), Asked::Taking).await?;
    Ok(reported(&answer, name))
}

pub(super) fn not_taken(address: &GitAddress, branch: &str, said: &str) -> HostError {
    HostError::Denied(format!("{} did not take the branch {branch}: {said}", address.remote()))
}

impl Login {
    pub(super) fn wire(&self, address: &GitAddress) -> Result<Wire, HostError> {
        let remote = address.remote();
        match remote.scheme() {
            "https" => {}
            "http" if self.over_http => {}
            _ => {
                let what = format!("a token is shown to {} over https only", address.host());
                return Err(HostError::Denied(what));
            }
        }
        Ok(Wire::Http(remote.clone(), Some(super::credential::basic(&self.user, &self.password))))
    }
}

/// The full name of a branch.
pub(super) fn full(branch: &str) -> Result<String, HostError> {
    let name = branch.strip_prefix("refs/heads/").unwrap_or(branch);
    let is_one = !name.is_empty()
        && !name.starts_with("refs/")
        && name != "HEAD"
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"));
    if is_one && is_reference(name) {
        return Ok(format!("refs/heads/{name}"));
    }
    Err(HostError::NotFound(format!("{branch:?} is no name of a branch")))
}

/// What a server says of what it was sent: `unpack ok`, then a line for each reference.
fn reported(mut answer: &[u8], name: &str) -> Result<(), String> {
    let mut taken = false;
    loop {
        match next(&mut answer) {
            Ok(Some(Packet::Data(data))) => {
                let said = text(data).map_err(str::to_owned)?;
                if let Some(what) = said.strip_prefix("unpack ").filter(|what| *what != "ok") {
                    return Err(plain(what.as_bytes()));
                }
                if let Some(what) = said.strip_prefix("ng ") {
                    let why = what.strip_prefix(name).unwrap_or(what);
                    return Err(plain(why.as_bytes()));
                }
                taken |= said.strip_prefix("ok ") == Some(name);
            }
            Ok(Some(_)) => {}
            Ok(None) if taken => return Ok(()),
            Ok(None) => return Err("it does not say that it has it".to_owned()),
            Err(what) => return Err(what.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{full, reported};

    /// Attack case 6.
    #[test]
    fn a_branch_is_a_name_and_nothing_else() {
        assert_eq!(full("feature/x").unwrap(), "refs/heads/feature/x");
        for bad in [
            "",
            "--upload-pack=x",
            "a b",
            "a..b",
            "a\nb",
            "a:b",
            "/a",
            "a/",
            "a.lock",
            "refs/tags/x",
            "HEAD",
            "a//b",
            "@{u}",
            "a\0b",
        ] {
            assert!(full(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_a_report_of_this_branch_counts() {
        let name = "refs/heads/main";
        assert_eq!(reported(b"000eunpack ok\n0017ok refs/heads/main\n0000", name), Ok(()));
        assert!(reported(b"000eunpack ok\n0000", name).is_err());
        assert!(reported(b"", name).is_err());
        assert_eq!(
            reported(b"000eunpack ok\n0021ng refs/heads/main hook said\n0000", name),
            Err("hook said".to_owned())
        );
        assert!(reported(b"0012unpack failed\n", name).is_err());
    }
}
