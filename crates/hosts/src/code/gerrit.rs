//! Gerrit Code Review with Gitiles, which shows its files. Files come from Gerrit's REST API (rest-api-projects in its
//! documentation), listings from Gitiles' trees in JSON; URLs are those of Gitiles.

use std::collections::VecDeque;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use stagedoor_outbound::{Call, Reply};
use url::Url;

use super::credential::Credential;
use super::refs::Refs;
use super::{CodeHost, Entry, File, Listing, address};
use crate::client::{Client, host_of, shown};
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::grant::Grant;

/// Every answer in JSON begins with it, so that a page of another site can't read it as a script.
const PREFIX: &[u8] = b")]}'";

/// The `mode` of a link, in decimal.
const LINK: u64 = 0o120_000;

/// One entry of `integrations.gerrit`.
pub(crate) struct Gerrit {
    host: String,
    base: Url,
    gitiles: Url,
    clone: Url,
    credential: Credential,
    refs: Refs,
}

/// What a URL names.
struct Place {
    project: String,
    reference: Reference,
    /// A branch or tag and a path; of the other references only a path.
    rest: Vec<String>,
}

#[derive(Clone, PartialEq)]
enum Reference {
    Head,
    Commit(String),
    Branch,
    Tag,
}

/// Reads `integrations.gerrit`.
pub(crate) fn make(entries: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Vec<Box<dyn CodeHost>> {
    let made = entries.list();
    let made = made.iter().filter_map(|entry| Gerrit::configured(entry, problems));
    made.map(|host| Box::new(host) as Box<dyn CodeHost>).collect()
}

impl Gerrit {
    fn configured(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = address::host(&entry.get("host"), None, problems)?;
        let default = format!("https://{host}");
        let base = address::base(&entry.get("baseUrl"), &default, problems)?;
        entry.get("gitilesBaseUrl").required(problems)?;
        let gitiles = address::base(&entry.get("gitilesBaseUrl"), &default, problems)?;
        let clone = address::base(&entry.get("cloneUrl"), base.as_str(), problems)?;
        let username = entry.get("username").text(problems).unwrap_or_default();
        let password = entry.get("password").text(problems);
        let credential = password.map_or(Credential::None, |p| Credential::basic(&username, &p));
        Some(Self { host, base, gitiles, clone, credential, refs: Refs::default() })
    }

    /// A file's address for people; the reference is a whole one, such as `refs/heads/main`.
    pub(crate) fn page(&self, project: &str, reference: &str, path: &str) -> Url {
        let parts = project.split('/').chain(["+"]).chain(reference.split('/')).chain(path.split('/'));
        address::below(&self.gitiles, parts.filter(|part| !part.is_empty()))
    }

    /// Where a project is found.
    pub(crate) fn project(&self, project: &str, branch: &str) -> GerritProject {
        let names = |first: Option<&'static str>| first.into_iter().chain(project.split('/'));
        GerritProject {
            clone: address::below(&self.clone, names(self.door())).into(),
            files: self.page(project, &format!("refs/heads/{branch}"), "").into(),
            changes: format!("{}/#/q/", self.base.as_str().trim_end_matches('/')),
        }
    }

    /// An address of the API; with a credential below `/a/`.
    pub(crate) fn address<'a>(&self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        address::below(&self.base, self.door().into_iter().chain(parts))
    }

    /// Asks the API for JSON.
    pub(crate) async fn get(&self, client: &Client, url: &Url) -> Result<Value, HostError> {
        json(url, &self.credential.send(client, url, Call::default()).await?)
    }

    /// What authenticated requests have before their path.
    fn door(&self) -> Option<&'static str> {
        (!matches!(self.credential, Credential::None)).then_some("a")
    }

    /// The tree of a commit. Gitiles gets the credential only where it is part of Gerrit.
    async fn tree(
        &self,
        client: &Client,
        project: &str,
        commit: &str,
        folder: &str,
    ) -> Result<Value, HostError> {
        let parts =
            project.split('/').chain(["+", commit]).chain(folder.split('/')).filter(|p| !p.is_empty());
        // Without the slash at its end the root is shown as a commit.
        let parts: Vec<&str> = parts.chain([""]).collect();
        let query = [("format", "JSON"), ("recursive", "1")];
        if !address::is_below(&self.base, &self.gitiles) {
            let url = address::asking(address::below(&self.gitiles, parts), query);
            return json(&url, &client.send(&url, Call::default()).await?);
        }
        let own = address::segments(&self.base)?.len();
        let within = address::segments(&self.gitiles)?.split_off(own);
        let url = self.address(within.iter().map(String::as_str).chain(parts));
        self.get(client, &address::asking(url, query)).await
    }

    fn place(&self, url: &Url) -> Result<Place, HostError> {
        let segments = address::segments(url)?;
        address::files(url, &segments)?;
        self.within(&segments).and_then(place_of).ok_or_else(|| {
            let example = self.page("project", "refs/heads/main", "catalog-info.yaml");
            HostError::NotFound(format!(
                "{} names no file of Gitiles: an address such as {example} is expected",
                shown(url)
            ))
        })
    }

    /// What follows the address of Gitiles, as everybody sees it or below `/a/`.
    fn within<'a>(&self, segments: &'a [String]) -> Option<&'a [String]> {
        let base = address::segments(&self.gitiles).ok()?;
        let open = segments.strip_prefix(base.as_slice());
        open.or_else(|| segments.strip_prefix(&["a".to_owned()])?.strip_prefix(base.as_slice()))
    }

    async fn branch(&self, client: &Client, project: &str, branch: &str) -> Result<String, HostError> {
        let url = self.address(["projects", project, "branches", branch]);
        text(&url, &self.get(client, &url).await?["revision"])
    }

    /// The commit of a tag; an annotated one has a revision of its own.
    async fn tag(&self, client: &Client, project: &str, tag: &str) -> Result<String, HostError> {
        let url = self.address(["projects", project, "tags", tag]);
        let answer = self.get(client, &url).await?;
        text(&url, answer.get("object").unwrap_or(&answer["revision"]))
    }

    /// The branch that HEAD of a project stands for, as `refs/heads/main`.
    pub(crate) async fn head(&self, client: &Client, project: &str) -> Result<String, HostError> {
        let url = self.address(["projects", project, "HEAD"]);
        text(&url, &self.get(client, &url).await?)
    }

    /// The commit of a place and the path in it.
    async fn commit(&self, client: &Client, place: &Place) -> Result<Option<(String, String)>, HostError> {
        let project = place.project.as_str();
        let split = match &place.reference {
            Reference::Commit(commit) => Some((0, commit.clone())),
            Reference::Head => {
                let head = self.head(client, project).await?;
                let branch = head.strip_prefix("refs/heads/").unwrap_or(&head);
                Some((0, self.branch(client, project, branch).await?))
            }
            Reference::Branch => {
                let find = |name: String| async move { self.branch(client, project, &name).await };
                self.refs.split(project, &place.rest, place.rest.len(), find).await?
            }
            Reference::Tag => {
                let find = |name: String| async move { self.tag(client, project, &name).await };
                self.refs.split(project, &place.rest, place.rest.len(), find).await?
            }
        };
        Ok(split.map(|(at, commit)| (commit, place.rest[at..].join("/"))))
    }

    /// A file's content, which comes as base64.
    async fn content(
        &self,
        client: &Client,
        project: &str,
        (list, reference): (&str, &str),
        path: &str,
    ) -> Result<File, HostError> {
        if path.is_empty() {
            return Err(HostError::NotFound(format!("no file of {project} is named")));
        }
        let url = self.address(["projects", project, list, reference, "files", path, "content"]);
        let reply = self.credential.send(client, &url, Call::default()).await?;
        let body = STANDARD.decode(reply.body.trim_ascii()).map_err(|_| {
            HostError::Unreachable(format!(
                "{} answered with something else than base64, or cut",
                shown(&url)
            ))
        })?;
        Ok(File { body: Some(Bytes::from(body)), etag: None })
    }
}

/// Where a project of Gerrit is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GerritProject {
    /// What git is given.
    pub clone: String,
    /// The files of a branch, in Gitiles.
    pub files: String,
    /// The page of a change, once its id is put behind it.
    pub changes: String,
}

/// What Gerrit puts before JSON is taken off.
pub(crate) fn bare(body: Bytes) -> Bytes {
    if body.starts_with(PREFIX) { body.slice(PREFIX.len()..) } else { body }
}

#[async_trait]
impl CodeHost for Gerrit {
    fn kind(&self) -> &'static str {
        "gerrit"
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn reaches(&self) -> Vec<String> {
        vec![self.host.clone(), host_of(&self.base), host_of(&self.gitiles), host_of(&self.clone)]
    }

    async fn grant(&self, client: &Client, owner: Option<&str>) -> Result<Option<Grant>, HostError> {
        let header = if owner.is_some() { self.credential.header(client).await? } else { None };
        Ok(Some(Grant::new(self.address([]), header)))
    }

    /// Its URLs are those of Gitiles, which may have a host of its own.
    fn owns(&self, url: &Url) -> bool {
        let base = self.gitiles.path().trim_end_matches('/');
        let is_below =
            |path: &str| path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let path = url.path();
        host_of(url) == host_of(&self.gitiles)
            && (is_below(path) || path.strip_prefix("/a").is_some_and(is_below))
    }

    async fn read(&self, client: &Client, url: &Url, _: Option<&str>) -> Result<File, HostError> {
        let place = &self.place(url)?;
        let project = place.project.as_str();
        if place.reference == Reference::Branch {
            if place.rest.len() < 2 {
                return Err(HostError::NotFound(format!("{} names no file", shown(url))));
            }
            let read = |branch: String, path: String| async move {
                self.content(client, project, ("branches", &branch), &path).await
            };
            let find = |name: String| async move { self.branch(client, project, &name).await };
            return self.refs.read(project, &place.rest, read, find).await;
        }
        match self.commit(client, place).await? {
            Some((commit, path)) => self.content(client, project, ("commits", &commit), &path).await,
            None => Err(HostError::NotFound(format!("{} names no tag that there is", shown(url)))),
        }
    }

    async fn list(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<Listing, HostError> {
        let place = &self.place(url)?;
        let Some((commit, folder)) = self.commit(client, place).await? else {
            return Err(HostError::NotFound(format!("{} names no branch that there is", shown(url))));
        };
        if etag == Some(commit.as_str()) {
            return Ok(Listing { entries: None, etag: Some(commit) });
        }
        let answer = self.tree(client, &place.project, &commit, &folder).await?;
        let Some(items) = answer["entries"].as_array() else {
            return Err(HostError::Unreachable(format!("{} answered without entries", shown(url))));
        };
        let entries = items.iter().filter_map(entry).collect();
        Ok(Listing { entries: Some(entries), etag: Some(commit) })
    }
}

/// `<project>/+/refs/heads/<branch>/<path>`, also with `refs/tags/<tag>`, `HEAD`, a commit or just a branch.
fn place_of(segments: &[String]) -> Option<Place> {
    let plus = segments.iter().position(|part| part == "+").filter(|at| *at > 0)?;
    let mut rest: VecDeque<String> = segments[plus + 1..].iter().cloned().collect();
    let first = rest.front()?.clone();
    let reference = if first == "refs" {
        rest.pop_front();
        match rest.pop_front()?.as_str() {
            "heads" => Reference::Branch,
            "tags" => Reference::Tag,
            _ => return None,
        }
    } else if first == "HEAD" {
        rest.pop_front();
        Reference::Head
    } else if first.len() == 40 && first.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        rest.pop_front();
        Reference::Commit(first)
    } else {
        Reference::Branch
    };
    let named = matches!(reference, Reference::Head | Reference::Commit(_)) || !rest.is_empty();
    let project = segments[..plus].join("/");
    named.then(|| Place { project, reference, rest: rest.into() })
}

/// A file of a tree, whose name is its path below the folder. Links and submodules are none.
fn entry(item: &Value) -> Option<Entry> {
    if item["type"] != "blob" || item["mode"] == LINK {
        return None;
    }
    let version = item["id"].as_str().map(str::to_owned);
    // 0o100755, as a number.
    Some(Entry { path: item["name"].as_str()?.to_owned(), version, executable: item["mode"] == 0o100_755 })
}

/// JSON after Gerrit's prefix; a page for signing in has none.
fn json(url: &Url, reply: &Reply) -> Result<Value, HostError> {
    let wrong = |what: &str| HostError::Unreachable(format!("{} answered with {what}", shown(url)));
    let body = reply.body.strip_prefix(PREFIX).ok_or_else(|| wrong("something else than Gerrit's JSON"))?;
    serde_json::from_slice(body).map_err(|error| wrong(&format!("no JSON: {error}")))
}

fn text(url: &Url, value: &Value) -> Result<String, HostError> {
    let wrong = || HostError::Unreachable(format!("{} answered with something else", shown(url)));
    value.as_str().map(str::to_owned).ok_or_else(wrong)
}
