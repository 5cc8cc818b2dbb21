//! Addresses as the pages of GitHub have them: `/<owner>/<repository>/<view>/<branch>/<path>`.

use url::Url;

use crate::client::shown;
use crate::code::address::segments;
use crate::error::HostError;

/// The parts of an address. Where the branch ends is not to be seen: its name may have slashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) owner: String,
    pub(super) repo: String,
    /// The branch and then the path; one at least.
    pub(super) rest: Vec<String>,
}

/// One reading of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// A branch, tag or commit.
    pub(super) branch: String,
    /// Below the root of the repository.
    pub(super) path: Vec<String>,
}

impl Address {
    /// Takes an address apart.
    ///
    /// # Errors
    /// `NotFound`: no file or folder of a repository can be there.
    pub(super) fn of(url: &Url) -> Result<Self, HostError> {
        let wrong = || {
            HostError::NotFound(format!(
                "{} names no file or folder of a repository: /<owner>/<repository>/blob/<branch>/<path> is expected",
                shown(url)
            ))
        };
        let parts = segments(url)?;
        match parts.as_slice() {
            [owner, repo, view, rest @ ..]
                if matches!(view.as_str(), "blob" | "tree" | "edit" | "raw" | "blame")
                    && !rest.is_empty()
                    && is_slug(owner)
                    && is_slug(repo) =>
            {
                let (owner, repo) = (owner.clone(), repo.trim_end_matches(".git").to_owned());
                // A slash in the name of a branch may be encoded.
                let rest = rest.iter().flat_map(|part| part.split('/')).filter(|part| !part.is_empty());
                Ok(Self { owner, repo, rest: rest.map(str::to_owned).collect() })
            }
            _ => Err(wrong()),
        }
    }

    /// The branch and path without `refs/heads/`, which newer links to raw files have.
    pub(super) fn short(&self) -> &[String] {
        match self.rest.as_slice() {
            [refs, sort, short @ ..]
                if refs == "refs" && matches!(sort.as_str(), "heads" | "tags") && !short.is_empty() =>
            {
                short
            }
            rest => rest,
        }
    }
}

/// What GitHub lets owners and repositories be called.
fn is_slug(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::Address;

    #[test]
    fn takes_addresses_apart() {
        let of = |path: &str| Address::of(&Url::parse(&format!("https://github.com/{path}")).unwrap());
        for view in ["blob", "tree", "edit", "raw"] {
            let address = of(&format!("o/r.x/{view}/main/a%20b/c.yaml?plain=1#L3")).unwrap();
            assert_eq!((address.owner.as_str(), address.repo.as_str()), ("o", "r.x"));
            assert_eq!(address.rest, ["main", "a b", "c.yaml"]);
        }
        assert_eq!(of("o/r/raw/refs/heads/main/c.yaml").unwrap().short(), ["main", "c.yaml"]);
        assert_eq!(of("o/r/blob/main/").unwrap().short(), ["main"]);
        assert_eq!(of("o/r/blob/a%2Fb/c").unwrap().rest, ["a", "b", "c"]);
        for path in [
            "",
            "o/r",
            "o/r/blob",
            "o/r/issues/1",
            "o%3F/r/blob/main/c",
            "o/r%20x/blob/main/c",
            // CVE-2026-29185: encoded slashes that lead elsewhere in the API.
            "o/r/blob/main/..%2f..%2f..%2fuser",
            "o/r/blob/main/%2e%2e%2fx",
        ] {
            assert!(of(path).is_err(), "{path}");
        }
    }
}
