//! What differs between code hosts in the address of a file: how it becomes the address of its editor, of its
//! folder, or of a file beside it. What each makes of it is Backstage's doing (`@backstage/integration`).

use std::collections::HashMap;
use std::sync::LazyLock;

use url::Url;

/// The code hosts that addresses may belong to, by name.
#[derive(Clone, Debug)]
pub struct CodeHosts {
    by_host: HashMap<String, Scm>,
}

/// The hosts that need no configuration.
const PUBLIC: &[(&str, Scm)] = &[
    ("github.com", Scm::GitHub),
    ("gitlab.com", Scm::GitLab),
    ("bitbucket.org", Scm::BitbucketCloud),
    ("dev.azure.com", Scm::Azure),
];

impl CodeHosts {
    /// The public hosts, and each `(host, kind)`: its name, with the port where that is not the scheme's own, and
    /// the key of `integrations` that it stands under. A host of a kind without files of its own sort is not kept.
    pub fn new<H: AsRef<str>, K: AsRef<str>>(hosts: impl IntoIterator<Item = (H, K)>) -> Self {
        let mut known = Self::public().clone();
        for (host, kind) in hosts {
            let host = host.as_ref().to_ascii_lowercase();
            if let Some(scm) = Scm::named(kind.as_ref()) {
                known.by_host.insert(host, scm);
            }
        }
        known
    }

    /// Those that need no configuration: github.com, gitlab.com, bitbucket.org, dev.azure.com.
    #[must_use]
    pub fn public() -> &'static Self {
        static HOSTS: LazyLock<CodeHosts> = LazyLock::new(|| CodeHosts {
            by_host: PUBLIC.iter().map(|(host, scm)| ((*host).to_owned(), *scm)).collect(),
        });
        &HOSTS
    }

    /// The kind of host that an address belongs to.
    pub(crate) fn of(&self, url: &Url) -> Option<Scm> {
        if url.as_str().starts_with(GIT) {
            return Some(Scm::Git);
        }
        let host = url.host_str()?;
        match url.port() {
            Some(port) => self.by_host.get(&format!("{host}:{port}")).copied(),
            None => self.by_host.get(host).copied(),
        }
    }
}

impl Default for CodeHosts {
    fn default() -> Self {
        Self::public().clone()
    }
}

/// A sort of code host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scm {
    GitHub,
    GitLab,
    BitbucketCloud,
    BitbucketServer,
    Azure,
    Gerrit,
    Gitea,
    /// An object store: an address is only a path.
    Store,
    /// A git server without pages: `git::https://host/repository//path?ref=main`.
    Git,
}

/// What an address of a git server begins with; a URL without a host, as far as the standard is concerned.
const GIT: &str = "git::";

impl Scm {
    /// By its key in `integrations`.
    fn named(kind: &str) -> Option<Self> {
        Some(match kind {
            "github" => Self::GitHub,
            "gitlab" => Self::GitLab,
            "bitbucketCloud" => Self::BitbucketCloud,
            "bitbucketServer" => Self::BitbucketServer,
            "azure" => Self::Azure,
            "gerrit" => Self::Gerrit,
            "gitea" => Self::Gitea,
            "awsS3" | "azureBlobStorage" => Self::Store,
            _ => return None,
        })
    }

    /// Whether its addresses lead a browser to a page.
    pub(crate) fn has_pages(self) -> bool {
        self != Self::Git
    }

    /// Where a person can edit a file.
    pub(crate) fn edit_url(self, url: &str) -> String {
        match self {
            Self::GitHub | Self::GitLab => self.with_view(url, "edit"),
            Self::BitbucketCloud => bitbucket_editor(url).unwrap_or_else(|| url.to_owned()),
            // It has no address for its editor. Backstage cuts the query, and with it the branch.
            Self::BitbucketServer => url.split('?').next().unwrap_or(url).to_owned(),
            Self::Gitea => gitea_editor(url).unwrap_or_else(|| url.to_owned()),
            Self::Azure | Self::Gerrit | Self::Store | Self::Git => url.to_owned(),
        }
    }

    /// A target as read from the file at `base`. A leading `/` is the root of the repository.
    pub(crate) fn resolve(self, target: &str, base: &Url) -> Result<String, url::ParseError> {
        let resolved = if Url::parse(target).is_ok() {
            target.to_owned()
        } else {
            match self {
                Self::Azure => azure_beside(target, base)?,
                Self::Git => git_beside(target, base.as_str())?,
                // Its addresses have no root that can be told from a folder.
                Self::Gerrit => base.join(target)?.into(),
                _ => self.beside(target, base)?,
            }
        };
        // A folder of any other host keeps the view of its file.
        Ok(if self == Self::GitHub { self.with_view(&resolved, "tree") } else { resolved })
    }

    /// For hosts whose addresses hold the file in their path.
    fn beside(self, target: &str, base: &Url) -> Result<String, url::ParseError> {
        let mut resolved = match target.strip_prefix('/') {
            Some(rest) => {
                let mut root = base.clone();
                root.set_path(&self.root_path(base));
                root.join(&format!("./{}", rest.trim_start_matches('/')))?
            }
            None => base.join(target)?,
        };
        resolved.set_query(base.query());
        resolved.set_fragment(None);
        Ok(resolved.into())
    }

    /// The path of a repository's root at its branch, ending in `/`.
    fn root_path(self, base: &Url) -> String {
        let parts: Vec<&str> = base.path().split('/').collect();
        let find = |names: &[&str]| parts.iter().skip(3).position(|p| names.contains(p)).map(|at| at + 3);
        let keep = match self {
            // .../browse/<file>, the branch is in the query
            Self::BitbucketServer => find(&["browse", "raw"]).map(|at| at + 1),
            // .../src/branch/<branch>/<file>
            Self::Gitea => find(&["src", "raw", "_edit"]).map(|at| at + 3),
            // .../-/<view>/<branch>/<file>, or without the dash
            Self::GitLab if find(&["-"]).is_some() => find(&["-"]).map(|dash| dash + 3),
            Self::Store => None,
            // .../<view>/<branch>/<file>
            _ => find(&["blob", "tree", "edit", "raw", "src"]).map(|view| view + 2),
        };
        format!("{}/", parts[..keep.unwrap_or(1).min(parts.len())].join("/"))
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

/// `/<workspace>/<repository>/src/<branch>/<file>?mode=edit&at=<branch>`
fn bitbucket_editor(url: &str) -> Option<String> {
    let mut url = Url::parse(url).ok()?;
    let branch = match url.path().split('/').collect::<Vec<_>>().as_slice() {
        ["", _, _, "src" | "raw", branch, ..] => (*branch).to_owned(),
        _ => return None,
    };
    set_query(&mut url, "mode", "edit");
    set_query(&mut url, "at", &branch);
    Some(url.into())
}

/// `.../src/branch/<branch>/<file>` becomes `.../_edit/<branch>/<file>`.
fn gitea_editor(url: &str) -> Option<String> {
    let parts: Vec<&str> = url.split('/').collect();
    // https://<host>/<owner>/<repository>/src/...
    let src = parts.iter().skip(5).position(|p| *p == "src")? + 5;
    let (before, after) = (parts.get(..src)?, parts.get(src + 2..)?);
    (!after.is_empty()).then(|| format!("{}/_edit/{}", before.join("/"), after.join("/")))
}

/// An address whose file is the parameter `path`: `/<organization>/<project>/_git/<repository>?path=/a.yaml`.
fn azure_beside(target: &str, base: &Url) -> Result<String, url::ParseError> {
    if !base.path().split('/').any(|part| part == "_git") {
        return base.join(target).map(Into::into);
    }
    let file = base.query_pairs().find(|(key, _)| key == "path").map(|(_, path)| path.into_owned());
    // Any host will do: only the path is looked at.
    let mut place = Url::parse("https://h/")?;
    place.set_path(file.as_deref().unwrap_or("/"));
    let resolved = place.join(target)?;
    let path = percent_decoded(resolved.path());
    let mut url = base.clone();
    set_query(&mut url, "path", &path);
    Ok(url.into())
}

/// An address whose path in the repository stands behind the second `//`, and its branch in the query.
fn git_beside(target: &str, base: &str) -> Result<String, url::ParseError> {
    let (place, query) = base.split_once('?').map_or((base, None), |(place, query)| (place, Some(query)));
    let scheme = place.find("://").map_or(0, |at| at + 3);
    let (root, path) = match place[scheme..].find("//") {
        Some(at) => place.split_at(scheme + at),
        None => (place, "//"),
    };
    // Any host will do: only the path is looked at, and it does not lead out of the repository.
    let file = Url::parse("https://h/")?.join(&format!("/{}", path.trim_start_matches('/')))?;
    let resolved = file.join(target.split('?').next().unwrap_or_default())?;
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{root}//{}{query}", resolved.path().trim_start_matches('/')))
}

/// Sets one parameter where it stands, or appends it.
fn set_query(url: &mut Url, key: &str, value: &str) {
    let mut pairs: Vec<(String, String)> =
        url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
    match pairs.iter_mut().find(|(k, _)| k == key) {
        Some(pair) => value.clone_into(&mut pair.1),
        None => pairs.push((key.to_owned(), value.to_owned())),
    }
    url.query_pairs_mut().clear().extend_pairs(pairs);
}

/// A path without percent signs, which a parameter would encode once more.
fn percent_decoded(path: &str) -> String {
    // As the value of a form, in which only `+` means something else.
    let form = format!("p={}", path.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, path)| path.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> CodeHosts {
        CodeHosts::new([
            ("ghe.example.com:8443", "github"),
            ("git.example.com", "gitlab"),
            ("tea.example.com", "gitea"),
            ("bb.example.com", "bitbucketServer"),
            ("review.example.com", "gerrit"),
            ("files.example.com", "awsS3"),
            ("other.example.com", "unheard-of"),
        ])
    }

    fn resolve(base: &str, target: &str) -> String {
        let base = Url::parse(base).unwrap();
        hosts().of(&base).unwrap().resolve(target, &base).unwrap()
    }

    fn edit(url: &str) -> String {
        hosts().of(&Url::parse(url).unwrap()).unwrap().edit_url(url)
    }

    #[test]
    fn knows_hosts_by_name_and_port() {
        let known = |url: &str| hosts().of(&Url::parse(url).unwrap());
        assert_eq!(known("https://GHE.example.com:8443/o/r"), Some(Scm::GitHub));
        assert_eq!(known("https://github.com/o/r"), Some(Scm::GitHub));
        for other in ["https://ghe.example.com/o/r", "https://other.example.com/", "https://example.com/"] {
            assert_eq!(known(other), None, "{other}");
        }
        assert_eq!(CodeHosts::default().of(&Url::parse("https://git.example.com/").unwrap()), None);
    }

    #[test]
    fn github() {
        let base = "https://github.com/o/r/blob/main/a/b.yaml";
        assert_eq!(edit(base), "https://github.com/o/r/edit/main/a/b.yaml");
        assert_eq!(resolve(base, "./"), "https://github.com/o/r/tree/main/a/");
        assert_eq!(resolve(base, "../c.yaml"), "https://github.com/o/r/tree/main/c.yaml");
        assert_eq!(resolve(base, "/c d.yaml"), "https://github.com/o/r/tree/main/c%20d.yaml");
        assert_eq!(resolve(base, "https://github.com/x/y/blob/z/f g"), "https://github.com/x/y/tree/z/f g");
        assert_eq!(resolve(base, "https://example.com/f"), "https://example.com/f");
        let base = "https://ghe.example.com:8443/o/r/tree/main/a/b.yaml";
        assert_eq!(resolve(base, "./c.yaml"), "https://ghe.example.com:8443/o/r/tree/main/a/c.yaml");
        assert_eq!(edit(base), "https://ghe.example.com:8443/o/r/edit/main/a/b.yaml");
    }

    #[test]
    fn gitlab() {
        for host in ["gitlab.com", "git.example.com"] {
            let base = format!("https://{host}/g/src/r/-/blob/main/a/b.yaml");
            assert_eq!(edit(&base), format!("https://{host}/g/src/r/-/edit/main/a/b.yaml"));
            assert_eq!(resolve(&base, "./c.yaml"), format!("https://{host}/g/src/r/-/blob/main/a/c.yaml"));
            assert_eq!(resolve(&base, "/c.yaml"), format!("https://{host}/g/src/r/-/blob/main/c.yaml"));
        }
        assert_eq!(
            resolve("https://gitlab.com/g/r/blob/main/a/b.yaml", "/c"),
            "https://gitlab.com/g/r/blob/main/c"
        );
    }

    #[test]
    fn bitbucket() {
        let base = "https://bitbucket.org/o/r/src/main/a/b.yaml";
        assert_eq!(edit(base), "https://bitbucket.org/o/r/src/main/a/b.yaml?mode=edit&at=main");
        assert_eq!(resolve(base, "/c.yaml"), "https://bitbucket.org/o/r/src/main/c.yaml");
        let base = "https://bb.example.com/projects/P/repos/r/browse/a/b.yaml?at=refs%2Fheads%2Fdev";
        assert_eq!(edit(base), "https://bb.example.com/projects/P/repos/r/browse/a/b.yaml");
        let beside = |file: &str| {
            format!("https://bb.example.com/projects/P/repos/r/browse/{file}?at=refs%2Fheads%2Fdev")
        };
        assert_eq!(resolve(base, "./"), beside("a/"));
        assert_eq!(resolve(base, "/c.yaml"), beside("c.yaml"));
    }

    #[test]
    fn gitea() {
        let base = "https://tea.example.com/o/r/src/branch/main/a/b.yaml";
        assert_eq!(edit(base), "https://tea.example.com/o/r/_edit/main/a/b.yaml");
        assert_eq!(resolve(base, "./"), "https://tea.example.com/o/r/src/branch/main/a/");
        assert_eq!(resolve(base, "/c.yaml"), "https://tea.example.com/o/r/src/branch/main/c.yaml");
        assert_eq!(edit("https://tea.example.com/o/r"), "https://tea.example.com/o/r");
    }

    #[test]
    fn azure() {
        let base = "https://dev.azure.com/o/p/_git/r?path=%2Fa%2Fb.yaml&version=GBdev";
        assert_eq!(edit(base), base);
        let beside = |file: &str| format!("https://dev.azure.com/o/p/_git/r?path={file}&version=GBdev");
        assert_eq!(resolve(base, "./"), beside("%2Fa%2F"));
        assert_eq!(resolve(base, "../c d+e.yaml"), beside("%2Fc+d%2Be.yaml"));
        assert_eq!(resolve(base, "/c.yaml"), beside("%2Fc.yaml"));
        assert_eq!(resolve("https://dev.azure.com/o/p", "q"), "https://dev.azure.com/o/q");
        assert_eq!(
            resolve("https://dev.azure.com/o/p/_git/r", "c.yaml"),
            "https://dev.azure.com/o/p/_git/r?path=%2Fc.yaml"
        );
    }

    #[test]
    fn gerrit_and_stores_are_paths() {
        let base = "https://review.example.com/p/+/refs/heads/main/a/b.yaml";
        assert_eq!(edit(base), base);
        assert_eq!(resolve(base, "c.yaml"), "https://review.example.com/p/+/refs/heads/main/a/c.yaml");
        assert_eq!(resolve(base, "/c.yaml"), "https://review.example.com/c.yaml");
        let base = "https://files.example.com/bucket/a/b.yaml?x=1";
        assert_eq!(resolve(base, "c.yaml"), "https://files.example.com/bucket/a/c.yaml?x=1");
        assert_eq!(edit(base), base);
    }

    #[test]
    fn a_target_does_not_leave_its_host() {
        let base = "https://github.com/o/r/blob/main/a/b.yaml";
        assert_eq!(
            resolve(base, "//evil.example.com/x"),
            "https://github.com/o/r/tree/main/evil.example.com/x"
        );
        assert_eq!(resolve(base, "/../../../x"), "https://github.com/o/x");
    }
}
