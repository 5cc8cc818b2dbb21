//! What placeholders of a document at an address name, read through the host of that address.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use stagedoor_hosts::{HostError, Hosts, Priority};
use stagedoor_ingest::{CodeHosts, LocationRef, PlaceholderError, PlaceholderReader};
use tokio::runtime::Handle;
use url::Url;

use super::repository::Repository;

/// Files that one document may pull in.
const MOST: usize = 100;

/// Reads files beside a document. To be used where blocking holds up nobody.
pub(crate) struct Beside {
    hosts: Option<Arc<Hosts>>,
    code: Arc<CodeHosts>,
    runtime: Handle,
    read: AtomicUsize,
}

impl Beside {
    pub(crate) fn new(hosts: Option<Arc<Hosts>>, code: Arc<CodeHosts>, runtime: Handle) -> Self {
        Self { hosts, code, runtime, read: AtomicUsize::new(0) }
    }
}

impl PlaceholderReader for Beside {
    fn read(&self, value: &str, place: &LocationRef) -> Result<(String, String), PlaceholderError> {
        let unresolved = |text: &str| PlaceholderError::Unresolved(text.to_owned());
        if self.read.fetch_add(1, Relaxed) >= MOST {
            return Err(unresolved("the document pulls in too many files"));
        }
        let hosts = self.hosts.as_deref().ok_or_else(|| unresolved("outbound calls are switched off"))?;
        let url = self.code.resolve_target(&place.kind, &place.target, None, value);
        let url = url.map_err(PlaceholderError::Unresolved)?;
        let url: Url = url.parse().map_err(|error| unresolved(&format!("{error}")))?;
        check(&url, place, hosts).map_err(PlaceholderError::Unresolved)?;
        let read = self.runtime.block_on(hosts.read_once(&url, Priority::Person));
        let body = read.map_err(|error| match error {
            HostError::NotFound(text) => PlaceholderError::Unreadable("NotFoundError", text),
            other => PlaceholderError::Unreadable("Error", other.to_string()),
        })?;
        match String::from_utf8(body.to_vec()) {
            Ok(text) => Ok((text, url.into())),
            Err(_) => Err(PlaceholderError::Unreadable("Error", format!("{url} is not UTF-8 text"))),
        }
    }
}

/// Whether a document at `place` may pull in what is at `url`. The credential of a code host is used for the
/// repository of the document only: whoever writes a document must not read other repositories by it.
fn check(url: &Url, place: &LocationRef, hosts: &Hosts) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{url} is no web address"));
    }
    let path = url.path().to_ascii_lowercase();
    if ["%2f", "%5c", "%2e"].iter().any(|hidden| path.contains(hidden)) {
        return Err(format!("{url} hides a part of its path"));
    }
    let host = hosts.of(url);
    if host.kind() == "url" {
        return Ok(());
    }
    let home = Url::parse(&place.target).map_err(|error| error.to_string())?;
    let same = match (Repository::of(url, host.kind()), Repository::of(&home, hosts.of(&home).kind())) {
        (Some(theirs), Some(ours)) => theirs.root.eq_ignore_ascii_case(&ours.root),
        // A store has no repositories: below the folder of the document.
        _ => home.join("./").is_ok_and(|folder| url.as_str().starts_with(folder.as_str())),
    };
    match same {
        true => Ok(()),
        false => Err("Placeholder may only reference files from the same repository as the entity".into()),
    }
}
