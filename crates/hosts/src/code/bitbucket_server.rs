//! Bitbucket Data Center and Server, by their REST API 1.0
//! (developer.atlassian.com/server/bitbucket/rest/v819).

use async_trait::async_trait;
use serde_json::Value;
use url::Url;

use super::address::{asking, base, below, files, host, query, segments, strange};
use super::credential::{Credential, call_for, file, first_of, json};
use super::{CodeHost, Entry, File, Listing};
use crate::client::{Client, host_of, shown};
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::grant::Grant;

/// Its key in `integrations`.
pub(crate) const KEY: &str = "bitbucketServer";

/// Values in one answer; the server may give fewer.
const LIMIT: &str = "1000";

/// One installation with a credential.
pub(crate) struct BitbucketServer {
    host: String,
    api: Url,
    credential: Credential,
}

/// What a URL of its pages means.
struct Place {
    /// The project's key; `~name` for a person's own.
    project: String,
    repository: String,
    /// A branch, a tag or a commit; none for the default branch.
    reference: Option<String>,
    path: Vec<String>,
}

/// Reads `integrations.bitbucketServer`.
pub(crate) fn make(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Vec<Box<dyn CodeHost>> {
    let read = |entry: &Fields<'_>| BitbucketServer::new(entry, problems);
    let made: Vec<BitbucketServer> = fields.list().iter().filter_map(read).collect();
    made.into_iter().map(|known| Box::new(known) as Box<dyn CodeHost>).collect()
}

impl BitbucketServer {
    fn new(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = host(&entry.get("host"), None, problems)?;
        let api = base(&entry.get("apiBaseUrl"), &format!("https://{host}/rest/api/1.0"), problems)?;
        let mut text = |key: &str| entry.get(key).text(problems);
        let credential = match (text("username"), text("password"), text("token")) {
            (Some(user), Some(password), _) => Credential::basic(&user, &password),
            (_, _, Some(token)) => Credential::bearer(&token),
            (None, None, None) => Credential::None,
            _ => {
                entry.wrong(problems, "a token is expected, or both username and password");
                return None;
            }
        };
        Some(Self { host, api, credential })
    }

    /// `/projects/KEY/repos/slug/browse/path?at=reference`, also below a context path, and `/users/name/repos/...`.
    fn place(url: &Url) -> Result<Place, HostError> {
        let parts = segments(url)?;
        files(url, &parts)?;
        let at = parts.iter().position(|part| part == "projects" || part == "users");
        let of_a_person = at.is_some_and(|at| parts[at] == "users");
        match &parts[at.ok_or_else(|| strange(url))?..] {
            [_, owner, repos, repository, rest @ ..] if repos == "repos" => {
                let project = if of_a_person { format!("~{owner}") } else { owner.clone() };
                let path = match rest {
                    [] => Vec::new(),
                    [view, path @ ..] if ["browse", "raw", "src"].contains(&view.as_str()) => path.to_vec(),
                    _ => return Err(strange(url)),
                };
                Ok(Place { project, repository: repository.clone(), reference: query(url, "at"), path })
            }
            _ => Err(strange(url)),
        }
    }

    /// Asks the API for JSON.
    pub(crate) async fn ask(&self, client: &Client, url: &Url) -> Result<Value, HostError> {
        let reply = self.credential.send(client, url, call_for("application/json", None)).await?;
        json(url, &reply)
    }

    /// An address of the API.
    pub(crate) fn api(&self, parts: &[&str]) -> Url {
        below(&self.api, parts)
    }

    /// All values of a list that comes in pages.
    pub(crate) async fn pages(&self, client: &Client, list: &Url) -> Result<Vec<Value>, HostError> {
        let mut values = Vec::new();
        let mut start = 0;
        loop {
            let url = asking(list.clone(), [("limit", LIMIT), ("start", start.to_string().as_str())]);
            let page = self.ask(client, &url).await?;
            let (Some(found), Some(is_last)) =
                (page["values"].as_array().cloned(), page["isLastPage"].as_bool())
            else {
                return Err(HostError::Unreachable(format!("{} answered with half a page", shown(list))));
            };
            values.extend(found);
            if is_last {
                return Ok(values);
            }
            start = match page["nextPageStart"].as_u64() {
                Some(next) if next > start => next,
                _ => {
                    let message = format!("{} does not say where its next page begins", shown(list));
                    return Err(HostError::Unreachable(message));
                }
            };
        }
    }

    fn of(&self, place: &Place, more: &[&str]) -> Url {
        below(&self.api, ["projects", &place.project, "repos", &place.repository].iter().chain(more))
    }

    /// The commit that is listed, so that every page shows the same one.
    async fn head(&self, client: &Client, place: &Place) -> Result<String, HostError> {
        let url = asking(self.of(place, &["commits"]), [("limit", "1")]);
        let url = asking(url, place.reference.iter().map(|reference| ("until", reference.as_str())));
        let commits = self.ask(client, &url).await?;
        let id = first_of(&url, &commits["values"])?.and_then(|commit| commit["id"].as_str());
        id.map(str::to_owned).ok_or_else(|| HostError::NotFound(format!("{} has no commit", shown(&url))))
    }
}

#[async_trait]
impl CodeHost for BitbucketServer {
    fn kind(&self) -> &'static str {
        KEY
    }

    fn host(&self) -> &str {
        &self.host
    }
    async fn grant(&self, client: &Client, owner: Option<&str>) -> Result<Option<Grant>, HostError> {
        let header = if owner.is_some() { self.credential.header(client).await? } else { None };
        Ok(Some(Grant::new(self.api.clone(), header)))
    }

    fn reaches(&self) -> Vec<String> {
        vec![self.host.clone(), host_of(&self.api)]
    }

    async fn read(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<File, HostError> {
        let place = Self::place(url)?;
        if place.path.is_empty() {
            return Err(strange(url));
        }
        let path = place.path.iter().map(String::as_str);
        let mut url = self.of(&place, &["raw"].into_iter().chain(path).collect::<Vec<_>>());
        if let Some(reference) = &place.reference {
            url = asking(url, [("at", reference.as_str())]);
        }
        let reply = self.credential.send(client, &url, call_for("*/*", etag)).await?;
        Ok(file(reply, etag))
    }

    /// The tag is the commit that was listed, and so is the version of every file.
    async fn list(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<Listing, HostError> {
        let place = Self::place(url)?;
        let commit = self.head(client, &place).await?;
        if etag == Some(commit.as_str()) {
            return Ok(Listing { entries: None, etag: Some(commit) });
        }
        let path = place.path.iter().map(String::as_str);
        let list = self.of(&place, &["files"].into_iter().chain(path).collect::<Vec<_>>());
        let list = asking(list, [("at", commit.as_str())]);
        let entry = |path: &Value| {
            let path = path.as_str()?.to_owned();
            Some(Entry { path, version: Some(commit.clone()), executable: false })
        };
        let entries = self.pages(client, &list).await?.iter().filter_map(entry).collect();
        Ok(Listing { entries: Some(entries), etag: Some(commit) })
    }
}
