//! What a message of a host is about: which of the addresses that sources read.

use stagedoor_hosts::{GitAddress, ProviderEvent};
use url::Url;

use super::reading::Lead;

/// Words between a repository and the branch in the address of a file.
const VIEWS: [&str; 7] = ["blob", "tree", "raw", "edit", "src", "browse", "plain"];

/// A push, as addresses are compared with it.
pub(super) struct Push<'a> {
    host: &'a str,
    repository: Vec<String>,
    branch: &'a str,
    paths: Option<&'a [String]>,
}

impl<'a> Push<'a> {
    /// None where the message is about something else.
    pub(super) fn of(event: &'a ProviderEvent) -> Option<Self> {
        let ProviderEvent::Push { host, repository, branch, paths } = event else { return None };
        let parts = repository.split('/').filter(|part| !part.is_empty());
        let repository: Vec<String> = parts.map(str::to_lowercase).collect();
        (!repository.is_empty()).then_some(Self { host, repository, branch, paths: paths.as_deref() })
    }

    /// Whether it may have changed what a target means.
    pub(super) fn concerns(&self, lead: &Lead) -> bool {
        let wild = lead.pending.target.contains('*');
        let files = lead.files.iter().chain((wild || lead.files.is_empty()).then_some(&lead.pending.target));
        files.into_iter().any(|url| self.concerns_url(url, wild))
    }

    /// Whether a target of a location that has never been read may be meant.
    pub(super) fn concerns_target(&self, target: &str) -> bool {
        self.concerns_url(target, target.contains('*'))
    }

    fn concerns_url(&self, url: &str, wild: bool) -> bool {
        if GitAddress::is_meant_by(url) {
            return GitAddress::parse(url).is_ok_and(|address| self.concerns_git(&address, wild));
        }
        let Ok(url) = Url::parse(url) else { return false };
        let parts: Vec<String> = url.path().split('/').filter(|p| !p.is_empty()).map(decoded).collect();
        let lower: Vec<String> = parts.iter().map(|part| part.to_lowercase()).collect();
        let same_host = host_of(&url).eq_ignore_ascii_case(self.host);
        let Some(rest) = same_host.then(|| after(&lower, &self.repository)).flatten() else { return false };
        let rest = &parts[rest..];
        let query = url.query().unwrap_or_default();
        self.is_on_branch(rest, query) && self.touches(rest, query, wild)
    }

    /// The same for an address that `git clone` takes.
    fn concerns_git(&self, address: &GitAddress, wild: bool) -> bool {
        let host = self.host.split(':').next().unwrap_or_default();
        let is_there = address.remote().host_str().is_some_and(|known| known.eq_ignore_ascii_case(host));
        let path = address.remote().path().to_lowercase();
        let parts = path.trim_end_matches(".git").split('/').filter(|part| !part.is_empty());
        let parts: Vec<String> = parts.map(decoded).collect();
        let is_branch = |name: &str| name.trim_start_matches("refs/heads/") == self.branch;
        let is_file = |path: &String| path.trim_start_matches('/') == address.path();
        is_there
            && after(&parts, &self.repository) == Some(parts.len())
            && address.reference().is_none_or(is_branch)
            && (wild || self.paths.is_none_or(|paths| paths.iter().any(is_file)))
    }

    /// An address that names another branch is not meant; one that names none may be.
    fn is_on_branch(&self, rest: &[String], query: &str) -> bool {
        let Some(view) = rest.iter().position(|part| VIEWS.contains(&part.as_str())) else {
            return query.is_empty() || !query.contains("version=") || query.contains(self.branch);
        };
        let behind = rest[view + 1..].join("/");
        let behind = behind.strip_prefix("branch/").unwrap_or(&behind);
        let named = query.contains("at=") && query.contains(self.branch);
        named
            || behind == "HEAD"
            || behind.starts_with("HEAD/")
            || starts_with_parts(behind, self.branch)
            || (rest[view] == "browse" && !query.contains("at="))
    }

    /// Whether one of the touched files may be this one.
    fn touches(&self, rest: &[String], query: &str, wild: bool) -> bool {
        let Some(paths) = self.paths.filter(|_| !wild) else { return true };
        let file = rest.join("/");
        paths.iter().any(|path| {
            let path = path.trim_start_matches('/');
            ends_with_parts(&file, path) || decoded(query).contains(path)
        })
    }
}

/// Where the parts of an address go on behind those of a repository.
fn after(parts: &[String], repository: &[String]) -> Option<usize> {
    let at = parts.windows(repository.len()).position(|window| window == repository);
    // Bitbucket Server and Azure have a word between owner and repository.
    let spread = || {
        let [owner, name] = repository else { return None };
        let first = parts.iter().position(|part| part == owner)?;
        let second = parts[first + 1..].iter().position(|part| part == name)?;
        (second <= 2).then_some(first + second + 2)
    };
    at.map(|at| at + repository.len()).or_else(spread)
}

fn starts_with_parts(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn ends_with_parts(text: &str, suffix: &str) -> bool {
    text.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A part of an address without its escapes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let escaped = match more {
            [high, low, ..] if *first == b'%' => {
                let digits = [*high, *low];
                std::str::from_utf8(&digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok())
            }
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &more[2..] } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use stagedoor_hosts::ProviderEvent;

    use super::Push;

    fn touched(host: &str, repository: &str, paths: Option<&[&str]>, url: &str) -> bool {
        let event = ProviderEvent::Push {
            host: host.into(),
            repository: repository.into(),
            branch: "main".into(),
            paths: paths.map(|paths| paths.iter().map(|p| (*p).to_owned()).collect()),
        };
        Push::of(&event).unwrap().concerns_target(url)
    }

    #[test]
    fn a_push_concerns_the_files_of_its_branch() {
        let github = |url| touched("github.com", "Acme/shop", Some(&["a/catalog-info.yaml"]), url);
        assert!(github("https://github.com/acme/shop/blob/main/a/catalog-info.yaml"));
        assert!(github("https://github.com/acme/shop/tree/main/a/catalog-info.yaml"));
        assert!(
            github("https://github.com/acme/shop/tree/main/**/catalog-info.yaml"),
            "a pattern may match it"
        );
        assert!(!github("https://github.com/acme/shop/blob/main/catalog-info.yaml"), "another file");
        assert!(
            !github("https://github.com/acme/shop/blob/maintenance/a/catalog-info.yaml"),
            "another branch"
        );
        assert!(!github("https://github.com/acme/shop2/blob/main/a/catalog-info.yaml"));
        assert!(!github("https://ghe.example.com/acme/shop/blob/main/a/catalog-info.yaml"));
        assert!(!github("nonsense"));
    }

    #[test]
    fn every_host_has_its_own_addresses() {
        let paths: Option<&[&str]> = Some(&["c.yaml"]);
        for (host, repository, url) in [
            ("gitlab.com", "g/sub/p", "https://gitlab.com/g/sub/p/-/blob/main/c.yaml"),
            ("bitbucket.org", "w/r", "https://bitbucket.org/w/r/src/main/c.yaml"),
            ("bb.example.com", "K/r", "https://bb.example.com/projects/K/repos/r/browse/c.yaml?at=main"),
            ("bb.example.com", "K/r", "https://bb.example.com/projects/K/repos/r/browse/c.yaml"),
            ("dev.azure.com", "o/p/_git/r", "https://dev.azure.com/o/p/_git/r?path=%2Fc.yaml&version=GBmain"),
            ("gitea.example.com:3000", "o/r", "https://gitea.example.com:3000/o/r/src/branch/main/c.yaml"),
        ] {
            assert!(touched(host, repository, paths, url), "{url}");
            assert!(!touched(host, repository, Some(&["d.yaml"]), url), "{url}");
            assert!(touched(host, repository, None, url), "{url}");
        }
        for git in [
            "git::ssh://git@github.com/Acme/shop.git//c.yaml",
            "git::https://github.com/acme/shop//c.yaml?ref=main",
        ] {
            assert!(touched("github.com", "acme/shop", paths, git), "{git}");
            assert!(!touched("github.com", "acme/shop", Some(&["d.yaml"]), git), "{git}");
            assert!(!touched("github.com", "acme/shop2", paths, git), "{git}");
            assert!(!touched("gitlab.com", "acme/shop", paths, git), "{git}");
        }
        assert!(!touched(
            "github.com",
            "acme/shop",
            paths,
            "git::https://github.com/acme/shop//c.yaml?ref=dev"
        ));
        let azure = "https://dev.azure.com/o/p/_git/r?path=%2Fc.yaml&version=GBother";
        assert!(!touched("dev.azure.com", "o/p/_git/r", paths, azure));
    }
}
