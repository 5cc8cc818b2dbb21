//! The few things that differ between code hosts: how a file's address becomes the address of its editor,
//! of its folder, or of a file beside it.

use url::Url;

/// A code host that is known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scm {
    GitHub,
    GitLab,
    /// Bitbucket and Azure: addresses are left as they are.
    Other,
}

impl Scm {
    /// The host of an address, if it is one that needs no configuration.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        match url.host_str()? {
            "github.com" => Some(Self::GitHub),
            "gitlab.com" => Some(Self::GitLab),
            "bitbucket.org" | "dev.azure.com" => Some(Self::Other),
            _ => None,
        }
    }

    /// Where a person can edit a file.
    pub(crate) fn edit_url(self, url: &str) -> String {
        self.with_view(url, "edit")
    }

    /// A target as read from the file at `base`. A leading `/` is the root of the repository.
    pub(crate) fn resolve(self, target: &str, base: &Url) -> Result<String, url::ParseError> {
        let resolved = match (Url::parse(target), target.strip_prefix('/')) {
            (Ok(absolute), _) => absolute,
            (Err(_), Some(rest)) => {
                let mut root = base.clone();
                root.set_path(&format!("{}{rest}", self.root_path(base)));
                root
            }
            (Err(_), None) => {
                let mut resolved = base.join(target)?;
                resolved.set_query(base.query());
                resolved
            }
        };
        // A GitLab folder keeps the view of its file.
        Ok(if self == Self::GitHub { self.with_view(resolved.as_str(), "tree") } else { resolved.into() })
    }

    /// The path of a repository's root at its branch, ending in `/`.
    fn root_path(self, base: &Url) -> String {
        let parts: Vec<&str> = base.path().split('/').collect();
        let view = parts.iter().skip(3).position(|p| matches!(*p, "blob" | "tree" | "edit" | "src"));
        // /<owner>/<repository>/<view>/<branch>/<file>
        let keep = view.map_or(1, |view| view + 5).min(parts.len());
        format!("{}/", parts[..keep].join("/"))
    }

    fn with_view(self, url: &str, view: &str) -> String {
        let Some((scheme, rest)) = url.split_once("//") else { return url.to_owned() };
        let mut parts: Vec<&str> = rest.split('/').collect();
        let at = match self {
            // <host>/<owner>/<repository>/<view>/...
            Self::GitHub if parts.len() > 4 => Some(3),
            Self::GitLab => {
                parts.iter().position(|p| *p == "-").map(|dash| dash + 1).filter(|at| *at + 1 < parts.len())
            }
            _ => None,
        };
        if let Some(at) = at
            && matches!(parts[at], "blob" | "tree" | "edit")
        {
            parts[at] = view;
        }
        format!("{scheme}//{}", parts.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewrites_addresses_of_known_hosts() {
        let base = Url::parse("https://github.com/o/r/blob/main/a/b.yaml").unwrap();
        let github = Scm::of(&base).unwrap();
        assert_eq!(github.edit_url(base.as_str()), "https://github.com/o/r/edit/main/a/b.yaml");
        let resolve = |target| github.resolve(target, &base).unwrap();
        assert_eq!(resolve("./"), "https://github.com/o/r/tree/main/a/");
        assert_eq!(resolve("../c.yaml"), "https://github.com/o/r/tree/main/c.yaml");
        assert_eq!(resolve("/c d.yaml"), "https://github.com/o/r/tree/main/c%20d.yaml");
        assert_eq!(resolve("https://github.com/x/y/blob/z/f"), "https://github.com/x/y/tree/z/f");
        assert_eq!(resolve("https://example.com/f"), "https://example.com/f");
        let base = Url::parse("https://gitlab.com/g/s/r/-/blob/main/a/b.yaml").unwrap();
        let gitlab = Scm::of(&base).unwrap();
        assert_eq!(gitlab.edit_url(base.as_str()), "https://gitlab.com/g/s/r/-/edit/main/a/b.yaml");
        assert_eq!(
            gitlab.resolve("./c.yaml", &base).unwrap(),
            "https://gitlab.com/g/s/r/-/blob/main/a/c.yaml"
        );
        assert_eq!(Scm::of(&Url::parse("https://example.com/").unwrap()), None);
    }
}
