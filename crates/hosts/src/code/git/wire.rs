//! The way to a git server: "smart" HTTP (git-scm.com/docs/http-protocol), or SSH. Either carries a greeting of the
//! server, and requests of which each is complete in itself.

use std::time::Duration;

use bytes::Bytes;
use stagedoor_outbound::{Call, SshCall, SshCommand, SshEnd};
use tokio::time::timeout;
use url::Url;

use super::packet::{MALFORMED, announced};
use super::protocol::plain;
use crate::client::{Client, shown};
use crate::error::HostError;

/// The largest list of references.
const LARGEST_LIST: usize = 16 << 20;
/// The largest pack.
pub(super) const LARGEST_PACK: usize = 128 << 20;
/// For a greeting, and for what is asked of the server besides packs.
const PATIENCE: Duration = Duration::from_secs(30);
/// For a pack.
const PATIENCE_FOR_PACKS: Duration = Duration::from_secs(300);

/// The wish for version 2.
const VERSION: &str = "version=2";

/// Where a server is, and what it is shown.
pub(super) enum Wire {
    /// The address that its requests go to, and an `Authorization` header.
    Http(Url, Option<String>),
    /// The command that serves the repository.
    Ssh(Box<SshCall>),
}

/// Which of git's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Fetch,
    Push,
}

impl Service {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fetch => "upload-pack",
            Self::Push => "receive-pack",
        }
    }

    /// The header with the wish for version 2, which only reading has.
    fn version(self) -> Option<(&'static str, String)> {
        (self == Self::Fetch).then(|| ("git-protocol", VERSION.to_owned()))
    }
}

/// What is asked for, which says how much may come and how long it may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    List,
    Pack,
    /// That something is taken.
    Taking,
}

impl Asked {
    fn service(self) -> Service {
        if self == Self::Taking { Service::Push } else { Service::Fetch }
    }

    fn limits(self) -> (usize, Duration) {
        match self {
            Self::List => (LARGEST_LIST, PATIENCE),
            Self::Taking => (LARGEST_LIST, PATIENCE_FOR_PACKS),
            // Bands have a few bytes of their own.
            Self::Pack => (LARGEST_PACK + (LARGEST_PACK >> 8), PATIENCE_FOR_PACKS),
        }
    }
}

impl Wire {
    /// What the server says before it is asked anything, and the way that further requests take.
    pub(super) async fn greeting(
        &self,
        client: &Client,
        host: &str,
        service: Service,
    ) -> Result<(Bytes, Self), HostError> {
        match self {
            Self::Http(base, header) => http_greeting(client, base, header.as_ref(), service).await,
            Self::Ssh(call) => {
                let mut command = client.ssh(host, call).await?;
                let read = timeout(PATIENCE, up_to_flush(&mut command)).await;
                let greeting = read.unwrap_or_else(|_| Err("no answer in time".to_owned()));
                match greeting {
                    Ok(greeting) => Ok((greeting.into(), Self::Ssh(call.clone()))),
                    Err(what) => Err(meaning(host, &what, command).await),
                }
            }
        }
    }

    /// The answer to one request.
    pub(super) async fn ask(
        &self,
        client: &Client,
        host: &str,
        body: Bytes,
        asked: Asked,
    ) -> Result<Bytes, HostError> {
        let (limit, patience) = asked.limits();
        match self {
            Self::Http(base, header) => {
                let service = asked.service();
                let name = service.name();
                let url = below(base, &format!("git-{name}"));
                let mut headers = vec![
                    ("content-type", format!("application/x-git-{name}-request")),
                    ("accept", format!("application/x-git-{name}-result")),
                ];
                headers.extend(service.version());
                headers.extend(header.iter().map(|header| ("authorization", header.clone())));
                let call =
                    Call { method: "POST", headers, body: Some(body), max_bytes: limit, timeout: patience };
                let reply = client.send(&url, call).await?;
                is_of_git(&url, reply.header("content-type"), service, "result")?;
                Ok(reply.body)
            }
            Self::Ssh(call) => {
                let mut command = client.ssh(host, call).await?;
                let exchange = async {
                    up_to_flush(&mut command).await?;
                    command.write_last(&body).await.map_err(|error| error.to_string())?;
                    command.read_to_end(limit).await.map_err(|error| error.to_string())
                };
                let answer = timeout(patience, exchange).await;
                match answer.unwrap_or_else(|_| Err("no complete answer in time".to_owned())) {
                    Ok(answer) if !answer.is_empty() => Ok(answer.into()),
                    Ok(_) => Err(meaning(host, "the answer is empty", command).await),
                    Err(what) => Err(meaning(host, &what, command).await),
                }
            }
        }
    }
}

async fn http_greeting(
    client: &Client,
    base: &Url,
    header: Option<&String>,
    service: Service,
) -> Result<(Bytes, Wire), HostError> {
    let mut url = below(base, "info/refs");
    url.set_query(Some(&format!("service=git-{}", service.name())));
    let mut headers: Vec<_> = service.version().into_iter().collect();
    headers.extend(header.map(|header| ("authorization", header.clone())));
    let call = Call { headers, max_bytes: LARGEST_LIST, timeout: PATIENCE, ..Call::default() };
    let reply = client.send(&url, call).await?;
    is_of_git(&url, reply.header("content-type"), service, "advertisement")?;
    // A server that has moved says so here; to another one no credential goes.
    let path = reply.final_url.path().strip_suffix("/info/refs").map(str::to_owned);
    let mut moved = reply.final_url.clone();
    moved.set_path(&path.ok_or_else(|| no_git(&url))?);
    moved.set_query(None);
    let header = header.filter(|_| moved.origin() == base.origin()).cloned();
    Ok((reply.body, Wire::Http(moved, header)))
}

fn is_of_git(url: &Url, kind: Option<&str>, service: Service, part: &str) -> Result<(), HostError> {
    let expected = format!("application/x-git-{}-{part}", service.name());
    let is_it = kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(&expected));
    if is_it { Ok(()) } else { Err(no_git(url)) }
}

fn no_git(url: &Url) -> HostError {
    let shown = shown(url);
    HostError::Unreachable(format!(
        "{shown} answers, but not as a git server does (smart HTTP): is this the address that git clone takes?"
    ))
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// The packets of a greeting.
async fn up_to_flush(command: &mut SshCommand) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    loop {
        let at = all.len();
        all.resize(at + 4, 0);
        command.read_exact(&mut all[at..]).await.map_err(|error| error.to_string())?;
        let length = announced(&all[at..]).map_err(str::to_owned)?;
        if length == 0 {
            return Ok(all);
        }
        if all.len() + length > LARGEST_LIST {
            return Err(format!("it is larger than the {LARGEST_LIST} bytes that are read"));
        }
        all.resize(at + length.max(4), 0);
        command.read_exact(&mut all[at + 4..]).await.map_err(|error| error.to_string())?;
    }
}

/// What a command over SSH that did not answer means by it.
async fn meaning(host: &str, what: &str, command: SshCommand) -> HostError {
    // What came was no protocol: it has said nothing of why.
    let ended =
        if what == MALFORMED { None } else { timeout(Duration::from_secs(2), command.ended()).await.ok() };
    let SshEnd { status, complaint } = ended.unwrap_or(SshEnd { status: None, complaint: String::new() });
    let lower = complaint.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let complaint = plain(complaint.as_bytes());
    if status == Some(255) && says(&["host key verification failed", "host identification has changed"]) {
        return HostError::Denied(format!(
            "{host} does not prove with a key of knownHosts in integrations.git that it is {host}"
        ));
    }
    if says(&[
        "permission denied",
        "access denied",
        "denied by",
        "not authorized",
        "invalid format",
        "error in libcrypto",
    ]) {
        return HostError::Denied(format!(
            "{host} does not let us in: {complaint}; look at sshKey in integrations.git"
        ));
    }
    // 127 is a machine without git, and 255 an error of ssh: neither speaks of the repository.
    let of_git = status.is_some_and(|status| !matches!(status, 127 | 255));
    if of_git
        && says(&[
            "does not appear to be a git repository",
            "not found",
            "not be found",
            "does not exist",
            "no such",
        ])
    {
        return HostError::NotFound(format!("{host} has no such repository: {complaint}"));
    }
    let why = if complaint.is_empty() { what.to_owned() } else { complaint };
    HostError::Unreachable(format!("{host} does not answer over SSH: {why}"))
}
