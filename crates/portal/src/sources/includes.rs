//! What placeholders (`$text`, `$json`, `$yaml`) of documents at addresses name: read before the document is taken,
//! and only from the repository that the document itself stands in.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use stagedoor_hosts::{GitAddress, HostError};
use stagedoor_ingest::{CodeHosts, LocationRef, PlaceholderError, PlaceholderReader};
use url::Url;

/// The most that the documents of one reading may include.
const MOST: usize = 2_000;

/// What has been read for placeholders, and what still has to be.
pub(crate) struct Includes {
    hosts: Arc<CodeHosts>,
    known: HashMap<String, Result<String, HostError>>,
    wanted: Mutex<BTreeSet<String>>,
}

impl Includes {
    /// Nothing has been read yet.
    pub(crate) fn over(hosts: Arc<CodeHosts>) -> Self {
        Self { hosts, known: HashMap::new(), wanted: Mutex::default() }
    }

    /// Whether something has to be read first.
    pub(super) fn wants_more(&self) -> bool {
        !self.wanted.lock().is_empty()
    }

    /// The addresses that have to be read first.
    pub(crate) fn take_wanted(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.wanted.lock())
    }

    /// One of them has been read.
    pub(crate) fn put(&mut self, url: String, text: Result<String, HostError>) {
        self.known.insert(url, text);
    }

    /// All that was read, the addresses alone.
    pub(super) fn urls(&self) -> impl Iterator<Item = &String> {
        self.known.keys()
    }
}

impl PlaceholderReader for Includes {
    fn read(&self, value: &str, place: &LocationRef) -> Result<(String, String), PlaceholderError> {
        let url = self.hosts.resolve_target("url", &place.target, None, value);
        let url = url.map_err(PlaceholderError::Unresolved)?;
        if !of_one_repository(&place.target, &url) {
            let message = "Placeholder may only reference files from the same repository as the entity";
            return Err(PlaceholderError::Unresolved(message.to_owned()));
        }
        match self.known.get(&url) {
            Some(Ok(text)) => Ok((text.clone(), url)),
            Some(Err(HostError::NotFound(message))) => {
                Err(PlaceholderError::Unreadable("NotFoundError", message.clone()))
            }
            Some(Err(error)) => Err(PlaceholderError::Unreadable("Error", error.to_string())),
            None if self.known.len() >= MOST => {
                Err(PlaceholderError::Unreadable("Error", format!("more than {MOST} files are included")))
            }
            None => {
                self.wanted.lock().insert(url);
                Err(PlaceholderError::Unreadable("Error", "it is being read".to_owned()))
            }
        }
    }
}

/// Whether two addresses are of one repository; where there are none, of one server.
fn of_one_repository(one: &str, other: &str) -> bool {
    if GitAddress::is_meant_by(one) || GitAddress::is_meant_by(other) {
        return GitAddress::parse(one)
            .is_ok_and(|one| GitAddress::parse(other).is_ok_and(|o| one.is_beside(&o)));
    }
    let (Ok(one), Ok(other)) = (Url::parse(one), Url::parse(other)) else { return false };
    one.origin() == other.origin() && repository(&one) == repository(&other)
}

/// What stands before the view in an address of a file: `/owner/repository` before `/blob/`, `/-/blob/`, `/src/`.
/// The first part of the path where the address has no such form.
fn repository(url: &Url) -> Vec<String> {
    let parts: Vec<&str> = url.path().split('/').filter(|p| !p.is_empty()).collect();
    let at = |wanted: &[&str]| parts.iter().position(|p| wanted.contains(p));
    let end = match (at(&["-"]), at(&["_git"]), at(&["repos"])) {
        (Some(dash), ..) => dash,
        // Azure: the name follows.
        (None, Some(git), _) => git + 2,
        // Bitbucket Server: /projects/<key>/repos/<name>.
        (None, None, Some(repos)) => repos + 2,
        // Of an object store the first part may be the bucket.
        _ => at(&["blob", "tree", "raw", "edit", "src", "plugins"]).unwrap_or(usize::from(parts.len() > 1)),
    };
    parts.iter().take(end).map(|p| p.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::of_one_repository;

    #[test]
    fn knows_repositories() {
        let file = "https://github.com/acme/shop/blob/main/a/catalog-info.yaml";
        for (other, same) in [
            ("https://github.com/acme/shop/tree/main/b.json", true),
            ("https://github.com/Acme/shop/raw/main/b.json", true),
            ("https://github.com/acme/secret/blob/main/b.json", false),
            ("https://github.com/other/shop/blob/main/b.json", false),
            ("https://github.com/b.json", false),
            ("http://github.com/acme/shop/blob/main/b.json", false),
            ("https://169.254.169.254/acme/shop/blob/main/b.json", false),
            ("file:///etc/passwd", false),
            ("nonsense", false),
        ] {
            assert_eq!(of_one_repository(file, other), same, "{other}");
        }
        let group = "https://gitlab.com/g/sub/p/-/blob/main/c.yaml";
        assert!(of_one_repository(group, "https://gitlab.com/g/sub/p/-/raw/main/d"));
        assert!(!of_one_repository(group, "https://gitlab.com/g/sub/q/-/raw/main/d"));
        let azure = "https://dev.azure.com/o/p/_git/r?path=/c.yaml";
        assert!(!of_one_repository(azure, "https://dev.azure.com/o/p/_git/s?path=/c.yaml"));
        let git = "git::https://h/team/r.git//a/c.yaml?ref=main";
        assert!(of_one_repository(git, "git::https://h/team/r.git//d.json?ref=main"));
        for other in [
            "git::https://h/team/r.git//d.json",
            "git::https://h/team/s.git//d?ref=main",
            "https://h/team/r.git//d",
        ] {
            assert!(!of_one_repository(git, other) && !of_one_repository(other, git), "{other}");
        }
        let plain = "https://example.com/a/b.yaml";
        assert!(of_one_repository(plain, "https://example.com/a/c/d.json"));
        assert!(!of_one_repository(plain, "https://example.com/d/c.yaml"));
    }
}
