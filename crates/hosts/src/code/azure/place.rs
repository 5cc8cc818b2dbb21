//! What a URL of Azure's pages means: `/organization/project/_git/repository?path=/a.yaml&version=GBmain`.

use url::Url;

use crate::client::host_of;
use crate::code::address::{encoded, files, names, query, segments, strange};
use crate::error::HostError;

pub(super) struct Place {
    /// The organization; of a server the collection, with the folder before it where there is one.
    pub(super) owner: String,
    pub(super) project: String,
    pub(super) repository: String,
    /// The names in `path`.
    pub(super) path: Vec<String>,
    /// As its pages write it: `GBmain`, `GTv1`, `GC1f3a`.
    version: Option<(&'static str, String)>,
}

impl Place {
    pub(super) fn parse(url: &Url) -> Result<Self, HostError> {
        let parts = segments(url)?;
        files(url, &parts)?;
        let git = parts.iter().position(|part| part == "_git").ok_or_else(|| strange(url))?;
        let (before, [_, repository, ..]) = parts.split_at(git) else { return Err(strange(url)) };
        let old = host_of(url).strip_suffix(".visualstudio.com").map(str::to_owned);
        // Older addresses have the organization in the host, and may name its only collection.
        let mut before: Vec<&str> = before.iter().map(String::as_str).collect();
        if old.is_some() && before.first() == Some(&"DefaultCollection") {
            before.remove(0);
        }
        before.splice(0..0, old.as_deref());
        // A project's repository of the same name may stand without its project.
        let (owner, project) = match before.as_slice() {
            [owner] => ((*owner).to_owned(), repository.clone()),
            ["tfs", collection] => (format!("tfs/{collection}"), repository.clone()),
            [owner @ .., project] if !owner.is_empty() => (owner.join("/"), (*project).to_owned()),
            _ => return Err(strange(url)),
        };
        let version = match query(url, "version") {
            None => None,
            Some(text) => {
                let kind = text.get(..2).and_then(kind_of).ok_or_else(|| wrong_version(url))?;
                Some((kind, text[2..].to_owned()))
            }
        };
        let path = names(url, &query(url, "path").unwrap_or_default())?;
        Ok(Self { owner, project, repository: repository.clone(), path, version })
    }

    /// Branch, tag or commit; none for the default branch.
    pub(super) fn version(&self) -> Option<(&str, &str)> {
        self.version.as_ref().map(|(kind, name)| (*kind, name.as_str()))
    }
}

fn kind_of(prefix: &str) -> Option<&'static str> {
    Some(match prefix {
        "GB" => "branch",
        "GT" => "tag",
        "GC" => "commit",
        _ => return None,
    })
}

fn wrong_version(url: &Url) -> HostError {
    let shown = crate::client::shown(url);
    HostError::NotFound(format!("{shown}: the version is expected to begin with GB, GT or GC"))
}

/// The page of a file, written as Backstage does.
pub(crate) fn git_url(
    host: &str,
    owner: &str,
    project: &str,
    repository: &str,
    path: &str,
    branch: Option<&str>,
) -> String {
    let part = |text: &str| encoded(text, "/!*'()@$&+,;=:");
    let version = branch.map(|branch| format!("&version=GB{}", encoded(branch, "/"))).unwrap_or_default();
    let (owner, project, repository) = (part(owner), part(project), part(repository));
    format!(
        "https://{host}/{owner}/{project}/_git/{repository}?path={}{version}",
        encoded(path, "/*!'()@,;:$")
    )
}

/// The page of a file in a folder.
pub(super) fn in_folder(folder: &Url, path: &str) -> Option<Url> {
    let base = query(folder, "path").unwrap_or_default();
    let whole = encoded(&format!("{}/{path}", base.trim_end_matches('/')), "/");
    let others = folder.query_pairs().filter(|(key, _)| key != "path");
    let others: String =
        others.map(|(key, value)| format!("&{}={}", encoded(&key, ""), encoded(&value, "/"))).collect();
    let mut url = folder.clone();
    url.set_query(Some(&format!("path={whole}{others}")));
    Some(url)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{Place, git_url, in_folder};

    /// Owner, project, repository and path; and the version.
    type Parts = ([String; 4], Option<(&'static str, String)>);

    fn place(url: &str) -> Option<Parts> {
        let place = Place::parse(&Url::parse(url).unwrap()).ok()?;
        Some(([place.owner, place.project, place.repository, place.path.join("/")], place.version))
    }

    #[test]
    fn every_address_of_a_repository() {
        let want = |owner: &str, project: &str, version| {
            Some(([owner, project, "r", "a/b.yaml"].map(str::to_owned), version))
        };
        let end = "r?path=/a/b.yaml";
        for (url, expected) in [
            ("https://dev.azure.com/o/p%20q/_git", want("o", "p q", None)),
            ("https://dev.azure.com/o/_git", want("o", "r", None)),
            ("https://o.visualstudio.com/p/_git", want("o", "p", None)),
            ("https://o.visualstudio.com/DefaultCollection/p/_git", want("o", "p", None)),
            ("https://o.visualstudio.com/_git", want("o", "r", None)),
            ("https://ado.example.com/c/p/_git", want("c", "p", None)),
            ("https://ado.example.com/tfs/c/p/_git", want("tfs/c", "p", None)),
            ("https://ado.example.com/tfs/c/_git", want("tfs/c", "r", None)),
        ] {
            assert_eq!(place(&format!("{url}/{end}")), expected, "{url}");
        }
        for (version, kind, name) in
            [("GBfeature%2Fx", "branch", "feature/x"), ("GTv1", "tag", "v1"), ("GCab", "commit", "ab")]
        {
            let found = place(&format!("https://dev.azure.com/o/p/_git/{end}&version={version}"));
            assert_eq!(found, want("o", "p", Some((kind, name.to_owned()))));
        }
    }

    #[test]
    fn what_leads_elsewhere_is_none() {
        for url in [
            "https://dev.azure.com/o/p/_git",
            "https://dev.azure.com/_git/r?path=/a",
            "https://dev.azure.com/o/p/r?path=/a",
            "https://dev.azure.com/o/p/_git/..%2f..%2fx?path=/a",
            "https://dev.azure.com/o/p/_git/r?path=/../a",
            "https://dev.azure.com/o/p/_git/r?path=%2F..%5Ca",
            "https://dev.azure.com/o/p/_git/r?path=/a&version=main",
            "https://dev.azure.com/o/p/_git/r?path=/a&version=%C3%A9",
        ] {
            assert_eq!(place(url), None, "{url}");
        }
    }

    #[test]
    fn urls_are_those_of_the_pages() {
        let url = git_url("dev.azure.com", "o", "p q", "r", "/a b/c.yaml", Some("rel/1"));
        assert_eq!(url, "https://dev.azure.com/o/p%20q/_git/r?path=/a%20b/c.yaml&version=GBrel/1");
        let folder = Url::parse("https://dev.azure.com/o/p/_git/r?path=/a/&version=GBmain").unwrap();
        let found = in_folder(&folder, "b/c&d.yaml").unwrap();
        assert_eq!(found.as_str(), "https://dev.azure.com/o/p/_git/r?path=/a/b/c%26d.yaml&version=GBmain");
    }
}
