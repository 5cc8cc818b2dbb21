//! Gitea, and Forgejo, which speaks the same: its API, version 1 (docs.gitea.com/api): raw files, branches, tags, trees.

use async_trait::async_trait;
use serde_json::Value;
use stagedoor_outbound::{Call, Reply};
use url::Url;

use super::credential::{Credential, call_for, file, json};
use super::refs::{Refs, inside};
use super::{CodeHost, Entry, File, Listing, address};
use crate::client::{Client, host_of, shown};
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::grant::Grant;
use crate::pages;

/// One entry of `integrations.gitea`.
pub(crate) struct Gitea {
    host: String,
    base: Url,
    credential: Credential,
    refs: Refs,
}

/// What a URL names.
struct Place {
    owner: String,
    name: String,
    kind: Kind,
    /// A branch, tag or commit, and a path.
    rest: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Branch,
    Tag,
    Commit,
}

/// Reads `integrations.gitea`.
pub(crate) fn make(entries: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Vec<Box<dyn CodeHost>> {
    let made = entries.list();
    let made = made.iter().filter_map(|entry| Gitea::configured(entry, problems));
    made.map(|host| Box::new(host) as Box<dyn CodeHost>).collect()
}

impl Gitea {
    fn configured(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = address::host(&entry.get("host"), None, problems)?;
        let base = address::base(&entry.get("baseUrl"), &format!("https://{host}"), problems)?;
        let username = entry.get("username").text(problems);
        let credential = match (username, entry.get("password").text(problems)) {
            (Some(username), Some(password)) => Credential::basic(&username, &password),
            (None, Some(token)) => Credential::Header(format!("token {token}")),
            (_, None) => Credential::None,
        };
        Some(Self { host, base, credential, refs: Refs::default() })
    }

    /// The address of something on its pages.
    pub(crate) fn page<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        address::below(&self.base, parts)
    }

    /// An address of the API.
    pub(crate) fn address<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        address::below(&self.base, ["api", "v1"].into_iter().chain(parts))
    }

    /// Sends a call with the credential.
    pub(crate) async fn send(&self, client: &Client, url: &Url, call: Call) -> Result<Reply, HostError> {
        self.credential.send(client, url, call).await
    }

    fn place(&self, url: &Url) -> Result<Place, HostError> {
        let segments = address::segments(url)?;
        address::files(url, &segments)?;
        let base = address::segments(&self.base)?;
        let place = segments.strip_prefix(base.as_slice()).and_then(place_of);
        place.ok_or_else(|| {
            let example = self.page(["owner", "repository", "src", "branch", "main", "catalog-info.yaml"]);
            let shown = shown(url);
            HostError::NotFound(format!(
                "{shown} names no file of Gitea: an address such as {example} is expected"
            ))
        })
    }

    async fn raw(
        &self,
        client: &Client,
        place: &Place,
        (reference, path): (String, String),
        etag: Option<&str>,
    ) -> Result<File, HostError> {
        let parts = ["repos", &place.owner, &place.name, "raw"];
        let url = self.address(parts.into_iter().chain(path.split('/')));
        let url = address::asking(url, [("ref", reference.as_str())]);
        Ok(file(self.send(client, &url, call_for("*/*", etag)).await?, etag))
    }

    /// The commit that a branch or tag stands at; one that the URL names is taken at its word.
    async fn commit(&self, client: &Client, place: &Place, reference: &str) -> Result<String, HostError> {
        let (list, field) = match place.kind {
            Kind::Branch => ("branches", "id"),
            Kind::Tag => ("tags", "sha"),
            Kind::Commit => return Ok(reference.to_owned()),
        };
        let parts = ["repos", &place.owner, &place.name, list];
        let url = self.address(parts.into_iter().chain(reference.split('/')));
        let answer = json(&url, &self.send(client, &url, Call::default()).await?)?;
        let id = answer["commit"][field].as_str().map(str::to_owned);
        id.ok_or_else(|| HostError::Unreachable(format!("{} answered without a commit", shown(&url))))
    }

    /// The whole tree of a commit. A page says `truncated` when it is not the last; as many as are announced have to
    /// come.
    async fn tree(&self, client: &Client, place: &Place, commit: &str) -> Result<Vec<Value>, HostError> {
        let url = self.address(["repos", &place.owner, &place.name, "git", "trees", commit]);
        let whole = |what: &str| HostError::Unreachable(format!("{} is not whole: {what}", shown(&url)));
        let mut all = Vec::new();
        for page in 1..=pages::MOST {
            let page = page.to_string();
            let query = [("recursive", "true"), ("page", page.as_str()), ("per_page", "1000")];
            let asked = address::asking(url.clone(), query);
            let mut answer = json(&asked, &self.send(client, &asked, Call::default()).await?)?;
            let items = match answer.get_mut("tree").map(Value::take) {
                Some(Value::Array(items)) => items,
                Some(Value::Null) => Vec::new(),
                _ => return Err(whole("there is no tree in it")),
            };
            let (came, truncated) = (items.len(), answer["truncated"] == true);
            all.extend(items);
            if truncated && came == 0 {
                return Err(whole("it is cut and has no further page"));
            }
            if !truncated {
                let announced = answer["total_count"].as_u64().and_then(|n| usize::try_from(n).ok());
                return match announced.filter(|announced| *announced > all.len()) {
                    Some(more) => Err(whole(&format!("{} of {more} files came", all.len()))),
                    None => Ok(all),
                };
            }
        }
        Err(whole("it does not end"))
    }
}

#[async_trait]
impl CodeHost for Gitea {
    fn kind(&self) -> &'static str {
        "gitea"
    }

    fn host(&self) -> &str {
        &self.host
    }
    async fn grant(&self, client: &Client, owner: Option<&str>) -> Result<Option<Grant>, HostError> {
        let header = if owner.is_some() { self.credential.header(client).await? } else { None };
        Ok(Some(Grant::new(self.address([]), header)))
    }

    fn reaches(&self) -> Vec<String> {
        vec![self.host.clone(), host_of(&self.base)]
    }

    /// Below its path, where it has one.
    fn owns(&self, url: &Url) -> bool {
        let prefix = self.base.path().trim_end_matches('/');
        let below = url.path().strip_prefix(prefix);
        host_of(url) == self.host && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    async fn read(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<File, HostError> {
        let place = &self.place(url)?;
        if place.rest.len() < 2 {
            return Err(HostError::NotFound(format!("{} names no file", shown(url))));
        }
        if place.kind == Kind::Commit {
            let named = (place.rest[0].clone(), place.rest[1..].join("/"));
            return self.raw(client, place, named, etag).await;
        }
        let read = |reference, path| self.raw(client, place, (reference, path), etag);
        let commit = |reference: String| async move { self.commit(client, place, &reference).await };
        self.refs.read(&place.repository(), &place.rest, read, commit).await
    }

    async fn list(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<Listing, HostError> {
        let place = &self.place(url)?;
        let longest = if place.kind == Kind::Commit { 1 } else { place.rest.len() };
        let commit = |reference: String| async move { self.commit(client, place, &reference).await };
        let split = self.refs.split(&place.repository(), &place.rest, longest, commit).await?;
        let Some((at, commit)) = split else {
            return Err(HostError::NotFound(format!("{} names no branch that there is", shown(url))));
        };
        if etag == Some(commit.as_str()) {
            return Ok(Listing { entries: None, etag: Some(commit) });
        }
        let folder = place.rest[at..].join("/");
        let items = self.tree(client, place, &commit).await?;
        let is_folder = |item: &Value| item["path"] == folder.as_str() && item["type"] == "tree";
        if !folder.is_empty() && !items.iter().any(is_folder) {
            return Err(HostError::NotFound(format!("{} names no folder that there is", shown(url))));
        }
        let entries = items.iter().filter_map(|item| entry(item, &folder)).collect();
        Ok(Listing { entries: Some(entries), etag: Some(commit) })
    }
}

impl Place {
    fn repository(&self) -> String {
        let kind = if self.kind == Kind::Tag { "tag" } else { "branch" };
        format!("{}/{} {kind}", self.owner, self.name)
    }
}

/// `owner/name/src/branch/<branch>/<path>`, also with `tag` or `commit`, and as `raw`; the editor's address, and that
/// of old versions, which name no kind.
fn place_of(segments: &[String]) -> Option<Place> {
    let [owner, name, view, rest @ ..] = segments else { return None };
    let named = |kind: &str| match kind {
        "branch" => Some(Kind::Branch),
        "tag" => Some(Kind::Tag),
        "commit" => Some(Kind::Commit),
        _ => None,
    };
    let kind = match (view.as_str(), rest) {
        ("src" | "raw" | "media", [kind, _, ..]) => named(kind),
        ("src" | "raw" | "media", [_]) | ("_edit", [_, ..]) => None,
        _ => return None,
    };
    let rest = if kind.is_some() { &rest[1..] } else { rest };
    let is_commit = rest[0].len() == 40 && rest[0].bytes().all(|byte| byte.is_ascii_hexdigit());
    let unnamed = if is_commit && view != "_edit" { Kind::Commit } else { Kind::Branch };
    Some(Place {
        owner: owner.clone(),
        name: name.clone(),
        kind: kind.unwrap_or(unnamed),
        rest: rest.to_vec(),
    })
}

/// A file of a tree. Links and submodules are none.
fn entry(item: &Value, folder: &str) -> Option<Entry> {
    if item["type"] != "blob" || item["mode"] == "120000" {
        return None;
    }
    let path = inside(item["path"].as_str()?, folder)?;
    let version = item["sha"].as_str().map(str::to_owned);
    Some(Entry { path: path.to_owned(), version, executable: item["mode"] == "100755" })
}
