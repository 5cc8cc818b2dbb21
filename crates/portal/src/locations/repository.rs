//! What an address says of the repository that it is in.

use stagedoor_hosts::GitAddress;
use url::Url;

/// A repository, by the address of any of its files or pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    /// Its page, without a slash at the end.
    pub(crate) root: String,
    /// Whose it is: `owner`, `group/subgroup`, `PROJECT`, `organization/project`.
    pub(crate) owner: String,
    pub(crate) name: String,
    /// The branch, where the address has one of a single word.
    branch: Option<String>,
    /// The file or folder of the address, from the root of the repository; empty for its page.
    path: String,
    kind: String,
}

impl Repository {
    /// The repository of an address on a host of this kind (a key of `integrations`). None where the address is not
    /// one of a repository there, or the kind of host has none.
    pub(crate) fn of(url: &Url, kind: &str) -> Option<Self> {
        if kind == "git" {
            return Self::of_git(url);
        }
        let all: Vec<&str> = url.path_segments()?.filter(|part| !part.is_empty()).collect();
        let at = |word: &str| all.iter().position(|part| *part == word);
        // How many segments the page has, and where the branch stands.
        let (page, branch) = match kind {
            "github" | "gitea" | "bitbucketCloud" => {
                let branch = if kind == "gitea" { 4 } else { 3 };
                (2, all.get(2).filter(|v| matches!(**v, "blob" | "tree" | "edit" | "src")).map(|_| branch))
            }
            "gitlab" => match at("-").or_else(|| at("blob").filter(|at| *at > 1)) {
                Some(dash) if dash > 1 => {
                    (dash, Some(dash + if all.get(dash) == Some(&"-") { 2 } else { 1 }))
                }
                _ => (all.len(), None),
            },
            "bitbucketServer" => (at("repos").filter(|at| *at == 2)? + 2, None),
            "azure" => (at("_git")? + 2, None),
            _ => return None,
        };
        let parts = all.get(..page).filter(|parts| parts.len() > 1)?;
        let path = all.get(branch.unwrap_or(page) + 1..).unwrap_or_default().join("/");
        let (name, owner) = parts.split_last()?;
        let owner: Vec<&str> =
            owner.iter().copied().filter(|part| !matches!(*part, "_git" | "projects" | "repos")).collect();
        if owner.is_empty() {
            return None;
        }
        let mut root = url.clone();
        root.set_query(None);
        root.set_fragment(None);
        root.set_path(&parts.join("/"));
        Some(Self {
            root: root.as_str().trim_end_matches('/').trim_end_matches(".git").to_owned(),
            owner: owner.join("/"),
            name: name.trim_end_matches(".git").to_owned(),
            branch: branch.and_then(|at| all.get(at)).map(|branch| (*branch).to_owned()),
            path,
            kind: kind.to_owned(),
        })
    }

    /// That of an address of a git server without pages.
    fn of_git(url: &Url) -> Option<Self> {
        let address = GitAddress::parse(url.as_str()).ok()?;
        let parts: Vec<&str> = address.remote().path_segments()?.filter(|part| !part.is_empty()).collect();
        let (name, owner) = parts.split_last()?;
        Some(Self {
            root: format!("git::{}", address.remote()),
            owner: owner.join("/"),
            name: name.trim_end_matches(".git").to_owned(),
            branch: address.reference().map(str::to_owned),
            path: address.path().to_owned(),
            kind: "git".to_owned(),
        })
    }

    /// The target that means every file of a name in it; none where this kind of host has no addresses for folders.
    pub(crate) fn files(&self, name: &str) -> Option<String> {
        if self.kind == "git" {
            let query = self.branch.as_ref().map(|branch| format!("?ref={branch}")).unwrap_or_default();
            return Some(format!("{}//**/{name}{query}", self.root));
        }
        let branch = self.branch.as_deref().unwrap_or("HEAD");
        let folder = match self.kind.as_str() {
            "github" => format!("tree/{branch}"),
            "gitlab" => format!("-/tree/{branch}"),
            "bitbucketCloud" => format!("src/{branch}"),
            "gitea" => format!("src/branch/{}", self.branch.as_deref()?),
            "bitbucketServer" => "browse".to_owned(),
            _ => return None,
        };
        Some(format!("{}/{folder}/**/{name}", self.root))
    }

    /// What the address names, whichever view and branch of it.
    pub(crate) fn file(&self) -> (String, String) {
        (self.root.to_lowercase(), self.path.clone())
    }

    /// The annotation that names it, as Backstage's import writes it.
    pub(crate) fn slug(&self) -> Option<(&'static str, String)> {
        let key = match self.kind.as_str() {
            "github" => "github.com/project-slug",
            "gitlab" => "gitlab.com/project-slug",
            "bitbucketCloud" => "bitbucket.org/project-slug",
            "azure" => "dev.azure.com/project-slug",
            _ => return None,
        };
        Some((key, format!("{}/{}", self.owner, self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::Repository;

    fn of(kind: &str, url: &str) -> Option<(String, String, String)> {
        let found = Repository::of(&url.parse().unwrap(), kind)?;
        Some((found.root, found.owner, found.name))
    }

    #[test]
    fn every_address_of_a_repository_tells_it() {
        let some = |root: &str, owner: &str, name: &str| Some((root.into(), owner.into(), name.into()));
        let github = some("https://github.com/o/r", "o", "r");
        for url in ["o/r", "o/r/", "o/r.git", "o/r/blob/main/a/b.yaml", "o/r/tree/x?y=1#z"] {
            assert_eq!(of("github", &format!("https://github.com/{url}")), github, "{url}");
        }
        let gitlab = some("https://gitlab.com/g/s/r", "g/s", "r");
        for url in ["g/s/r", "g/s/r/-/blob/main/a.yaml", "g/s/r/-/tree/main"] {
            assert_eq!(of("gitlab", &format!("https://gitlab.com/{url}")), gitlab, "{url}");
        }
        let azure = some("https://dev.azure.com/o/p/_git/r", "o/p", "r");
        assert_eq!(of("azure", "https://dev.azure.com/o/p/_git/r?path=/a.yaml"), azure);
        let server = some("https://bb.example/projects/P/repos/r", "P", "r");
        assert_eq!(of("bitbucketServer", "https://bb.example/projects/P/repos/r/browse/a.yaml"), server);
        assert_eq!(of("github", "https://github.com/o"), None);
        assert_eq!(of("url", "https://example.com/o/r"), None);
    }

    #[test]
    fn a_file_is_the_same_in_every_view() {
        let file = |kind: &str, url: &str| Repository::of(&url.parse().unwrap(), kind).unwrap().file();
        let github = |path: &str| file("github", &format!("https://github.com/o/r/{path}"));
        assert_eq!(github("blob/main/a/b.yaml"), github("tree/HEAD/a/b.yaml"));
        assert_ne!(github("blob/main/a/b.yaml"), github("blob/main/b.yaml"));
        assert_eq!(github("blob/main/a/b.yaml").1, "a/b.yaml");
        let gitlab = |path: &str| file("gitlab", &format!("https://gitlab.com/g/s/r/{path}"));
        assert_eq!(gitlab("-/blob/main/a.yaml"), gitlab("-/tree/HEAD/a.yaml"));
        assert_eq!(gitlab("-/blob/main/a.yaml").1, "a.yaml");
        let server = "https://bb.example/projects/P/repos/r/browse/a/b.yaml";
        assert_eq!(file("bitbucketServer", server).1, "a/b.yaml");
    }

    #[test]
    fn files_are_looked_for_on_the_branch_of_the_address() {
        let files = |kind: &str, url: &str| Repository::of(&url.parse().unwrap(), kind)?.files("c.yaml");
        assert_eq!(
            files("github", "https://github.com/o/r").as_deref(),
            Some("https://github.com/o/r/tree/HEAD/**/c.yaml")
        );
        assert_eq!(
            files("github", "https://github.com/o/r/blob/dev/x.yaml").as_deref(),
            Some("https://github.com/o/r/tree/dev/**/c.yaml")
        );
        assert_eq!(
            files("gitlab", "https://gitlab.com/g/r/-/blob/dev/x.yaml").as_deref(),
            Some("https://gitlab.com/g/r/-/tree/dev/**/c.yaml")
        );
        assert_eq!(
            files("git", "git::ssh://git@h/team/r.git//a/x.yaml?ref=dev").as_deref(),
            Some("git::ssh://git@h/team/r.git//**/c.yaml?ref=dev")
        );
        assert_eq!(files("azure", "https://dev.azure.com/o/p/_git/r"), None);
    }
}
