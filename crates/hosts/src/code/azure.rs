//! Azure DevOps Services and Server, by their REST API (learn.microsoft.com/rest/api/azure/devops/git).

mod credentials;
mod place;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use stagedoor_outbound::{Call, Delivered, Reply};
use url::Url;

use self::credentials::Credentials;
use self::place::Place;
use super::address::{asking, base, below, host, strange};
use super::credential::{call_for, file, first_of, json};
use super::{CodeHost, Entry, File, Listing};
use crate::act::{Act, Undone};
use crate::client::{Client, host_of, shown};
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::grant::Grant;

pub(crate) use place::git_url;

/// Its key in `integrations`.
pub(crate) const KEY: &str = "azure";
const HOST: &str = "dev.azure.com";

/// A listing of a large repository is one answer.
const MAX_LISTING: usize = 64 * 1024 * 1024;

/// dev.azure.com or one installation of Azure DevOps Server, with the credentials of its organizations.
pub(crate) struct Azure {
    host: String,
    api: Url,
    search: Url,
    version: String,
    credentials: Credentials,
}

/// Reads `integrations.azure`; dev.azure.com is there without an entry.
pub(crate) fn make(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Vec<Box<dyn CodeHost>> {
    let read = |entry: &Fields<'_>| Azure::new(entry, problems);
    let mut made: Vec<Azure> = fields.list().iter().filter_map(read).collect();
    if !made.iter().any(|known| known.host == HOST) {
        made.extend(Azure::new(&Fields::at(None, &[]), &mut Vec::new()));
    }
    made.into_iter().map(|known| Box::new(known) as Box<dyn CodeHost>).collect()
}

impl Azure {
    /// Backstage's keys, and `apiBaseUrl` where the API is reached in another way than the pages.
    fn new(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = host(&entry.get("host"), Some(HOST), problems)?;
        let api = base(&entry.get("apiBaseUrl"), &format!("https://{host}"), problems)?;
        let search = if host_of(&api) == HOST {
            Url::parse("https://almsearch.dev.azure.com").ok()?
        } else {
            api.clone()
        };
        let version = entry.get("apiVersion").text(problems).unwrap_or_else(|| "6.0".to_owned());
        let credentials = Credentials::read(entry, problems)?;
        Some(Self { host, api, search, version, credentials })
    }

    /// Sends a call with the credential of an organization. Without a valid one Azure answers with a page to sign in,
    /// in one of several ways that all look like success.
    async fn send(
        &self,
        client: &Client,
        owner: &str,
        url: &Url,
        mut call: Call,
    ) -> Result<Reply, HostError> {
        call.headers.push(("x-tfs-fedauthredirect", "Suppress".to_owned()));
        let reply = self.credentials.of(owner).send(client, url, call).await?;
        let elsewhere = reply.final_url.origin() != url.origin();
        if reply.status == 203 || elsewhere || reply.final_url.path().contains("/_signin") {
            let (shown, host) = (shown(url), &self.host);
            return Err(HostError::Denied(format!(
                "{shown} answers with a page to sign in: look at the credential of {host} in integrations"
            )));
        }
        Ok(reply)
    }

    /// Asks for JSON in the name of an organization.
    pub(crate) async fn ask(&self, client: &Client, owner: &str, url: &Url) -> Result<Value, HostError> {
        let call = Call { max_bytes: MAX_LISTING, ..call_for("application/json", None) };
        json(url, &self.send(client, owner, url, call).await?)
    }

    /// Sends JSON in the name of an organization, to the service that searches code.
    pub(crate) async fn search(
        &self,
        client: &Client,
        owner: &str,
        body: &Value,
    ) -> Result<Value, HostError> {
        let parts = owner.split('/').chain(["_apis", "search", "codesearchresults"]);
        let url = asking(below(&self.search, parts), [("api-version", "6.0-preview.1")]);
        let mut call = call_for("application/json", None);
        call.headers.push(("content-type", "application/json".to_owned()));
        let call = Call { method: "POST", body: Some(Bytes::from(body.to_string())), ..call };
        json(&url, &self.send(client, owner, &url, call).await?)
    }

    /// An address of the API.
    pub(crate) fn api<'a>(&'a self, parts: impl IntoIterator<Item = &'a str>) -> Url {
        asking(below(&self.api, parts), [("api-version", self.version.as_str())])
    }

    fn of<'a>(&'a self, place: &'a Place, last: &'a str) -> Url {
        let owner = place.owner.split('/');
        let parts = [place.project.as_str(), "_apis", "git", "repositories", &place.repository, last];
        self.api(owner.chain(parts))
    }

    /// Names a version in the words of the items API.
    fn at(url: Url, prefix: &str, (kind, name): (&str, &str)) -> Url {
        let (version, versions) = (format!("{prefix}.version"), format!("{prefix}.versionType"));
        asking(url, [(version.as_str(), name), (versions.as_str(), kind)])
    }

    /// The commit that is listed.
    async fn head(&self, client: &Client, place: &Place) -> Result<String, HostError> {
        let mut url = asking(self.of(place, "commits"), [("searchCriteria.$top", "1")]);
        if let Some(version) = place.version() {
            url = Self::at(url, "searchCriteria.itemVersion", version);
        }
        let commits = self.ask(client, &place.owner, &url).await?;
        let id = first_of(&url, &commits["value"])?.and_then(|commit| commit["commitId"].as_str());
        id.map(str::to_owned).ok_or_else(|| HostError::NotFound(format!("{} has no commit", shown(&url))))
    }
}

/// The items of an answer that says how many they are.
pub(crate) fn counted(url: &Url, mut answer: Value) -> Result<Vec<Value>, HostError> {
    let count = answer["count"].as_u64();
    match answer.get_mut("value").map(Value::take) {
        Some(Value::Array(items)) if count.is_none_or(|count| count == items.len() as u64) => Ok(items),
        _ => Err(HostError::Unreachable(format!("{} answered with half a list", shown(url)))),
    }
}

#[async_trait]
impl CodeHost for Azure {
    fn kind(&self) -> &'static str {
        KEY
    }

    fn host(&self) -> &str {
        &self.host
    }
    async fn grant(&self, client: &Client, owner: Option<&str>) -> Result<Option<Grant>, HostError> {
        let header = match owner {
            Some(owner) => self.credentials.of(owner).header(client).await?,
            None => None,
        };
        Ok(Some(Grant::new(self.api.clone(), header)))
    }

    fn reaches(&self) -> Vec<String> {
        let mut hosts = vec![self.host.clone(), host_of(&self.api), host_of(&self.search)];
        hosts.extend(self.credentials.reaches());
        hosts
    }

    /// Organizations of dev.azure.com are also found at their older address.
    fn owns(&self, url: &Url) -> bool {
        let host = host_of(url);
        host == self.host || (self.host == HOST && host.ends_with(".visualstudio.com"))
    }

    fn may_act(&self) -> bool {
        self.credentials.are_there()
    }

    async fn act(&self, client: &Client, owner: &str, act: &Act) -> Result<Delivered, Undone> {
        self.credentials.of(owner).act(client, &self.api, act).await
    }

    async fn read(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<File, HostError> {
        let place = Place::parse(url)?;
        if place.path.is_empty() {
            return Err(strange(url));
        }
        let mut url =
            asking(self.of(&place, "items"), [("path", format!("/{}", place.path.join("/")).as_str())]);
        if let Some(version) = place.version() {
            url = Self::at(url, "versionDescriptor", version);
        }
        let call = call_for("application/octet-stream", etag);
        Ok(file(self.send(client, &place.owner, &url, call).await?, etag))
    }

    /// The tag is the commit that was listed; the version of a file is the hash of its content.
    async fn list(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<Listing, HostError> {
        let place = Place::parse(url)?;
        let commit = self.head(client, &place).await?;
        if etag == Some(commit.as_str()) {
            return Ok(Listing { entries: None, etag: Some(commit) });
        }
        let folder = format!("/{}", place.path.join("/"));
        let items =
            asking(self.of(&place, "items"), [("scopePath", folder.as_str()), ("recursionLevel", "full")]);
        let items = Self::at(items, "versionDescriptor", ("commit", commit.as_str()));
        let found = counted(&items, self.ask(client, &place.owner, &items).await?)?;
        let root = format!("{}/", folder.trim_end_matches('/'));
        let entry = |item: &Value| {
            let path = item["path"].as_str()?.strip_prefix(&root)?.to_owned();
            let is_file = item["gitObjectType"] == "blob"
                || (item["gitObjectType"].is_null() && item["isFolder"] != true);
            let version = item["objectId"].as_str().map(str::to_owned);
            is_file.then_some(Entry { path, version, executable: false })
        };
        Ok(Listing { entries: Some(found.iter().filter_map(entry).collect()), etag: Some(commit) })
    }

    fn file_url(&self, folder: &Url, path: &str) -> Option<Url> {
        place::in_folder(folder, path)
    }
}
