//! GitLab: gitlab.com and self-managed, also below a path. Its REST API, version 4 (docs.gitlab.com/api): files of a
//! repository, its tree, a commit; the URLs are those of its pages.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use stagedoor_outbound::{Call, Delivered, Reply};
use url::Url;

use super::credential::{Credential, call_for, file, json};
use super::refs::{Refs, inside};
use super::{CodeHost, Entry, File, Listing, address};
use crate::act::{Act, Undone};
use crate::client::{Client, host_of, shown};
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::grant::Grant;
use crate::pages;

/// The host that needs no configuration.
const PUBLIC: &str = "gitlab.com";

/// What stands between a project and a branch in a URL.
const VIEWS: [&str; 5] = ["blob", "tree", "raw", "edit", "blame"];

/// One entry of `integrations.gitlab`.
pub(crate) struct GitLab {
    host: String,
    base: Url,
    api: Url,
    credential: Credential,
    refs: Refs,
}

/// What a URL names.
struct Place {
    project: String,
    /// A branch and a path.
    rest: Vec<String>,
}

/// Reads `integrations.gitlab`.
pub(crate) fn make(entries: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Vec<Box<dyn CodeHost>> {
    let mut made: Vec<GitLab> =
        entries.list().iter().filter_map(|entry| GitLab::configured(entry, problems)).collect();
    if !made.iter().any(|host| host.host == PUBLIC) {
        made.extend(GitLab::public());
    }
    made.into_iter().map(|host| Box::new(host) as Box<dyn CodeHost>).collect()
}

impl GitLab {
    fn configured(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = address::host(&entry.get("host"), None, problems)?;
        let base = address::base(&entry.get("baseUrl"), &format!("https://{host}"), problems)?;
        let default = address::below(&base, ["api", "v4"]);
        let api = address::base(&entry.get("apiBaseUrl"), default.as_str(), problems)?;
        let token = entry.get("token").text(problems);
        // Every kind of token may come as this header.
        let credential = token.map_or(Credential::None, |token| Credential::bearer(&token));
        Some(Self { host, base, api, credential, refs: Refs::default() })
    }

    fn public() -> Option<Self> {
        let base = Url::parse("https://gitlab.com").ok()?;
        let api = address::below(&base, ["api", "v4"]);
        Some(Self { host: PUBLIC.to_owned(), base, api, credential: Credential::None, refs: Refs::default() })
    }

    /// Whether it is gitlab.com, where some lists are kept otherwise.
    pub(crate) fn is_public(&self) -> bool {
        self.host == PUBLIC
    }

    /// The address of something on its pages, by its full path.
    pub(crate) fn page(&self, path: &str) -> Url {
        address::below(&self.base, path.split('/'))
    }

    /// An address of the API. Every part is one segment: slashes in it are encoded.
    pub(crate) fn address<'a>(
        &self,
        parts: impl IntoIterator<Item = &'a str>,
        query: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Url {
        let mut url = address::below(&self.api, parts);
        let mut query = query.into_iter().peekable();
        if query.peek().is_some() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Sends a call with the credential.
    pub(crate) async fn send(&self, client: &Client, url: &Url, call: Call) -> Result<Reply, HostError> {
        self.credential.send(client, url, call).await
    }

    /// Asks for one thing.
    pub(crate) async fn get(&self, client: &Client, url: &Url) -> Result<Value, HostError> {
        json(url, &self.send(client, url, Call::default()).await?)
    }

    /// All pages of a list, whether it counts its pages or says only what comes next.
    pub(crate) async fn pages(&self, client: &Client, first: Url) -> Result<Vec<Value>, HostError> {
        let mut all = Vec::new();
        let mut url = first;
        for _ in 0..pages::MOST {
            let reply = self.send(client, &url, Call::default()).await?;
            let Value::Array(items) = json(&url, &reply)? else {
                return Err(HostError::Unreachable(format!("{} answered with no list", shown(&url))));
            };
            all.extend(items);
            match pages::following(&url, next(&url, &reply))? {
                Some(next) => url = next,
                None => return Ok(all),
            }
        }
        Err(HostError::Unreachable(format!("{} has more pages than a list may have", shown(&url))))
    }

    /// Asks the GraphQL API, which stands beside the other.
    pub(crate) async fn graphql(&self, client: &Client, body: &Value) -> Result<Value, HostError> {
        let url = match self.api.path().trim_end_matches('/').strip_suffix("/api/v4") {
            Some(prefix) => {
                let mut url = self.api.clone();
                url.set_path(&format!("{prefix}/api/graphql"));
                url
            }
            None => address::below(&self.base, ["api", "graphql"]),
        };
        let headers = vec![("content-type", "application/json".to_owned())];
        let body = Some(Bytes::from(body.to_string()));
        let reply =
            self.send(client, &url, Call { method: "POST", headers, body, ..Call::default() }).await?;
        let mut answer = json(&url, &reply)?;
        if let Some(error) = answer["errors"].get(0) {
            let said = error["message"].as_str().unwrap_or("an error without a message");
            return Err(HostError::Unreachable(format!("{} answered: {said}", shown(&url))));
        }
        match answer.get_mut("data").map(Value::take) {
            Some(Value::Object(data)) => Ok(Value::Object(data)),
            _ => Err(HostError::Unreachable(format!("{} answered without data", shown(&url)))),
        }
    }

    fn place(&self, url: &Url) -> Result<Place, HostError> {
        let wrong = || {
            HostError::NotFound(format!(
                "{} names no file of GitLab: an address such as {} is expected",
                shown(url),
                self.page("group/project/-/blob/main/catalog-info.yaml")
            ))
        };
        let segments = address::segments(url)?;
        address::files(url, &segments)?;
        let within = segments.strip_prefix(address::segments(&self.base)?.as_slice()).ok_or_else(wrong)?;
        let is_view = |part: &String| VIEWS.contains(&part.as_str());
        let marked =
            within.windows(2).position(|two| two[0] == "-" && is_view(&two[1])).map(|at| (at, at + 2));
        // The older form has no mark; a project has an owner, so the first two are names.
        let older = || within.iter().skip(2).position(is_view).map(|at| (at + 2, at + 3));
        let (project, rest) = marked.or_else(older).ok_or_else(wrong)?;
        let place = Place { project: within[..project].join("/"), rest: within[rest..].to_vec() };
        if project < 2 || place.rest.is_empty() { Err(wrong()) } else { Ok(place) }
    }

    async fn raw(
        &self,
        client: &Client,
        project: &str,
        (reference, path): (String, String),
        etag: Option<&str>,
    ) -> Result<File, HostError> {
        let parts = ["projects", project, "repository", "files", &path, "raw"];
        let url = self.address(parts, [("ref", reference.as_str())]);
        Ok(file(self.send(client, &url, call_for("*/*", etag)).await?, etag))
    }

    /// The commit that a branch, tag or commit stands for.
    async fn commit(&self, client: &Client, project: &str, reference: &str) -> Result<String, HostError> {
        let url = self.address(["projects", project, "repository", "commits", reference], []);
        let answer = self.get(client, &url).await?;
        let id = answer["id"].as_str().map(str::to_owned);
        id.ok_or_else(|| HostError::Unreachable(format!("{} answered without a commit", shown(&url))))
    }
}

#[async_trait]
impl CodeHost for GitLab {
    fn kind(&self) -> &'static str {
        "gitlab"
    }

    fn host(&self) -> &str {
        &self.host
    }
    async fn grant(&self, client: &Client, owner: Option<&str>) -> Result<Option<Grant>, HostError> {
        let header = if owner.is_some() { self.credential.header(client).await? } else { None };
        Ok(Some(Grant::new(self.api.clone(), header)))
    }

    fn reaches(&self) -> Vec<String> {
        vec![self.host.clone(), host_of(&self.base), host_of(&self.api)]
    }

    /// Below its path, where it has one.
    fn owns(&self, url: &Url) -> bool {
        let prefix = self.base.path().trim_end_matches('/');
        let below = url.path().strip_prefix(prefix);
        host_of(url) == self.host && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn may_act(&self) -> bool {
        self.credential.is_there()
    }

    async fn act(&self, client: &Client, _owner: &str, act: &Act) -> Result<Delivered, Undone> {
        self.credential.act(client, &self.api, act).await
    }

    async fn read(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<File, HostError> {
        let Place { project, rest } = self.place(url)?;
        let project = project.as_str();
        let read = |reference, path| self.raw(client, project, (reference, path), etag);
        let commit = |reference: String| async move { self.commit(client, project, &reference).await };
        self.refs.read(project, &rest, read, commit).await
    }

    async fn list(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<Listing, HostError> {
        let Place { project, rest } = self.place(url)?;
        let project = project.as_str();
        let commit = |reference: String| async move { self.commit(client, project, &reference).await };
        let Some((at, commit)) = self.refs.split(project, &rest, rest.len(), commit).await? else {
            return Err(HostError::NotFound(format!("{} names no branch that there is", shown(url))));
        };
        if etag == Some(commit.as_str()) {
            return Ok(Listing { entries: None, etag: Some(commit) });
        }
        let folder = rest[at..].join("/");
        let query = [
            // Of the commit, so that all pages are of one state.
            ("ref", commit.as_str()),
            ("path", folder.as_str()),
            ("recursive", "true"),
            ("pagination", "keyset"),
            ("per_page", "100"),
        ];
        let items =
            self.pages(client, self.address(["projects", project, "repository", "tree"], query)).await?;
        let entries = items.iter().filter_map(|item| entry(item, &folder)).collect();
        Ok(Listing { entries: Some(entries), etag: Some(commit) })
    }
}

/// A file of a tree. Links and submodules are none.
fn entry(item: &Value, folder: &str) -> Option<Entry> {
    if item["type"] != "blob" || item["mode"] == "120000" {
        return None;
    }
    let path = inside(item["path"].as_str()?, folder)?;
    let version = item["id"].as_str().map(str::to_owned);
    Some(Entry { path: path.to_owned(), version, executable: item["mode"] == "100755" })
}

/// The query of the next page: as a link, or for lists that count their pages by a number.
fn next(current: &Url, reply: &Reply) -> Option<String> {
    pages::next_query(reply).or_else(|| {
        let number = reply.header("x-next-page").map(str::trim).filter(|number| !number.is_empty())?;
        let mut url = current.clone();
        let kept: Vec<(String, String)> =
            current.query_pairs().into_owned().filter(|(key, _)| key != "page").collect();
        url.query_pairs_mut().clear().extend_pairs(kept).append_pair("page", number);
        url.query().map(str::to_owned)
    })
}
