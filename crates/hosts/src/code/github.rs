//! GitHub and GitHub Enterprise: `integrations.github`.
//!
//! Files are read by the contents API, or from the raw host where nobody has given a credential; folders are listed
//! by the trees API. Providers ask by GraphQL. Sources: docs.github.com/rest (contents, git/trees, git/refs, apps)
//! and docs.github.com/graphql.

mod api;
mod app;
mod graphql;
mod place;
mod refs;
mod tree;

use async_trait::async_trait;
use stagedoor_outbound::{Call, Delivered, Reply};
use url::Url;

use super::address::{base, below, host};
use super::{CodeHost, File, Listing};
use crate::act::{Act, Undone};
use crate::client::{Client, host_of, shown};
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::grant::Grant;

use api::Api;
use app::App;
use place::{Address, Place};
use refs::Refs;

pub(crate) use graphql::Page;

const PUBLIC: &str = "github.com";

/// One GitHub, with all that `integrations.github` says of its host.
pub(crate) struct GitHub {
    host: String,
    api: Api,
    /// Where files are read without a credential.
    raw: Option<Url>,
    refs: Refs,
}

/// Reads `integrations.github`. Entries of one host are one GitHub: the apps of all, and the first token.
pub(super) fn make(entries: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Vec<Box<dyn CodeHost>> {
    let mut hosts: Vec<GitHub> = Vec::new();
    for entry in entries.list() {
        let Some(read) = GitHub::entry(&entry, problems) else { continue };
        match hosts.iter_mut().find(|known| known.host == read.host) {
            Some(known) => known.join(read),
            None => hosts.push(read),
        }
    }
    if !hosts.iter().any(|known| known.host == PUBLIC) {
        hosts.extend(GitHub::entry(&Fields::at(Some(&serde_json::json!({})), &[]), &mut Vec::new()));
    }
    hosts.into_iter().map(|host| Box::new(host) as Box<dyn CodeHost>).collect()
}

impl GitHub {
    fn entry(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        if entry.object().is_none() {
            entry.wrong(problems, "an object with host, token or apps is expected");
            return None;
        }
        let host = host(&entry.get("host"), Some(PUBLIC), problems)?;
        let public = host == PUBLIC;
        // A tenant of GitHub's own cloud has a host for its API, a server has a path.
        let cloud = public || host.ends_with(".ghe.com");
        let api = if cloud { format!("https://api.{host}") } else { format!("https://{host}/api/v3") };
        let api = base(&entry.get("apiBaseUrl"), &api, problems)?;
        let raw = entry.get("rawBaseUrl");
        let raw = match raw.is_there() || public {
            true => Some(base(&raw, "https://raw.githubusercontent.com", problems)?),
            false => None,
        };
        let token = entry.get("token").text(problems);
        let apps = entry.get("apps").list();
        let apps = apps.iter().filter_map(|fields| App::read(fields, problems)).collect();
        Some(Self {
            api: Api { host: host.clone(), base: api, token, apps },
            host,
            raw,
            refs: Refs::default(),
        })
    }

    fn join(&mut self, other: Self) {
        self.api.apps.extend(other.api.apps);
        self.api.token = self.api.token.take().or(other.api.token);
        self.raw = self.raw.take().or(other.raw);
    }

    /// What its API is asked with.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    async fn read_at(
        &self,
        client: &Client,
        address: &Address,
        place: &Place,
        etag: Option<&str>,
    ) -> Result<File, HostError> {
        if place.path.is_empty() {
            let what = format!("{}/{} at {}", address.owner, address.repo, place.branch);
            return Err(HostError::NotFound(format!("{what} is a repository: a file in it is expected")));
        }
        let access = self.api.access(client, &address.owner).await?;
        if let Some(raw) = self.raw.as_ref().filter(|_| access.is_anonymous()) {
            return self.read_raw(client, raw, address, etag).await;
        }
        let repository = ["repos", &address.owner, &address.repo, "contents"].map(str::to_owned);
        let mut url = below(&self.api.base, repository.iter().chain(&place.path));
        url.query_pairs_mut().append_pair("ref", &place.branch);
        let reply = self.api.get(client, &access, &url, "application/vnd.github.v3.raw", etag).await?;
        // A folder or submodule is described in JSON; a file, whatever is in it, has the type that was asked for.
        if reply.status != 304
            && reply.header("content-type").is_some_and(|t| t.starts_with("application/json"))
        {
            return Err(HostError::NotFound(format!("{} is no file", shown(&url))));
        }
        Ok(file(reply, etag))
    }

    /// The raw host finds out by itself where the name of the branch ends.
    async fn read_raw(
        &self,
        client: &Client,
        raw: &Url,
        address: &Address,
        etag: Option<&str>,
    ) -> Result<File, HostError> {
        let url = below(raw, [&address.owner, &address.repo].into_iter().chain(&address.rest));
        let headers = etag.map(|tag| ("if-none-match", tag.to_owned())).into_iter().collect();
        let reply = client.send(&url, Call { headers, ..Call::default() }).await;
        let reply = reply.map_err(|error| match error {
            HostError::NotFound(text) => HostError::NotFound(format!(
                "{text}; a private repository needs a credential of {} in integrations.github",
                self.host
            )),
            other => other,
        })?;
        Ok(file(reply, etag))
    }

    /// Another reading of an address of which nothing was found: the name of a branch may have slashes.
    async fn other_place(
        &self,
        client: &Client,
        address: &Address,
        tried: &Place,
        left: usize,
    ) -> Result<Option<Place>, HostError> {
        let Some(stem) = self.refs.unknown(address, left) else { return Ok(None) };
        let access = self.api.access(client, &address.owner).await?;
        let mut names = Vec::new();
        for sort in ["heads", "tags"] {
            let [owner, repo] = [address.owner.as_str(), address.repo.as_str()];
            let path = ["repos", owner, repo, "git", "matching-refs", sort];
            let url = below(&self.api.base, path.into_iter().chain(stem.split('/')));
            let reply = match self.api.get(client, &access, &url, api::JSON, None).await {
                Ok(reply) => reply,
                // There is no such repository for this credential.
                Err(HostError::NotFound(_)) => return Ok(None),
                Err(error) => return Err(error),
            };
            names.extend(refs::names(&api::json(&url, &reply)?, sort));
        }
        self.refs.learn(address, &stem, names);
        Ok(Some(self.refs.split(address, left)).filter(|place| place != tried))
    }
}

#[async_trait]
impl CodeHost for GitHub {
    fn kind(&self) -> &'static str {
        "github"
    }

    fn host(&self) -> &str {
        &self.host
    }

    async fn grant(&self, client: &Client, owner: Option<&str>) -> Result<Option<Grant>, HostError> {
        let header = match owner {
            Some(owner) => self.api.access(client, owner).await?.authorization().map(str::to_owned),
            None => None,
        };
        Ok(Some(Grant::new(self.api.base.clone(), header)))
    }

    fn reaches(&self) -> Vec<String> {
        let bases = [Some(&self.api.base), self.raw.as_ref()];
        bases.into_iter().flatten().map(host_of).chain([self.host.clone()]).collect()
    }

    fn may_act(&self) -> bool {
        self.api.token.is_some() || self.api.has_app(None)
    }

    async fn act(&self, client: &Client, owner: &str, act: &Act) -> Result<Delivered, Undone> {
        self.api.act(client, owner, act).await
    }

    async fn read(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<File, HostError> {
        let address = Address::of(url)?;
        let place = self.refs.split(&address, 1);
        let found = self.read_at(client, &address, &place, etag).await;
        if !matches!(found, Err(HostError::NotFound(_))) {
            return found;
        }
        match self.other_place(client, &address, &place, 1).await? {
            Some(place) => self.read_at(client, &address, &place, etag).await,
            None => found,
        }
    }

    async fn list(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<Listing, HostError> {
        let address = Address::of(url)?;
        let place = self.refs.split(&address, 0);
        let found = self.list_at(client, &address, &place, etag).await;
        if !matches!(found, Err(HostError::NotFound(_))) {
            return found;
        }
        match self.other_place(client, &address, &place, 0).await? {
            Some(place) => self.list_at(client, &address, &place, etag).await,
            None => found,
        }
    }
}

fn file(reply: Reply, etag: Option<&str>) -> File {
    let etag = reply.header("etag").or(etag).map(str::to_owned);
    File { body: (reply.status != 304).then_some(reply.body), etag }
}
