//! Bitbucket Cloud, by its REST API 2.0 (developer.atlassian.com/cloud/bitbucket/rest).

use std::collections::HashSet;

use async_trait::async_trait;
use serde_json::Value;
use url::Url;

use super::address::{asking, base, below, files, host, is_below, segments, strange};
use super::credential::{Credential, Granted, call_for, file, first_of, json};
use super::{CodeHost, Entry, File, Listing};
use crate::client::{Client, host_of, shown};
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::grant::Grant;

/// Its key in `integrations`.
pub(crate) const KEY: &str = "bitbucketCloud";
const HOST: &str = "bitbucket.org";

/// Levels of folders in one answer. What lies deeper is asked for folder by folder.
const DEPTH: &str = "10";
/// A listing of more pages than this has no end that is worth waiting for.
const MAX_PAGES: usize = 5_000;

/// bitbucket.org with a credential.
pub(crate) struct BitbucketCloud {
    host: String,
    api: Url,
    credential: Credential,
}

/// What a URL of its pages means.
struct Place {
    workspace: String,
    repository: String,
    /// A branch, a tag, a commit, or `HEAD` for the branch that its page shows first.
    reference: String,
    path: Vec<String>,
}

/// Reads `integrations.bitbucketCloud`; bitbucket.org is there without an entry.
pub(crate) fn make(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Vec<Box<dyn CodeHost>> {
    let read = |entry: &Fields<'_>| BitbucketCloud::new(entry, problems);
    let mut made: Vec<BitbucketCloud> = fields.list().iter().filter_map(read).collect();
    if !made.iter().any(|known| known.host == HOST) {
        let nothing = Fields::at(None, &[]);
        let api = base(&nothing, "https://api.bitbucket.org/2.0", &mut Vec::new());
        made.extend(api.map(|api| BitbucketCloud {
            host: HOST.to_owned(),
            api,
            credential: Credential::None,
        }));
    }
    made.into_iter().map(|known| Box::new(known) as Box<dyn CodeHost>).collect()
}

impl BitbucketCloud {
    /// Backstage's keys, and `host` and `apiBaseUrl` where a gateway stands before it.
    fn new(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let host = host(&entry.get("host"), Some(HOST), problems)?;
        let api = if host == HOST {
            "https://api.bitbucket.org/2.0".to_owned()
        } else {
            format!("https://{host}/2.0")
        };
        let api = base(&entry.get("apiBaseUrl"), &api, problems)?;
        let mut text = |key: &str| entry.get(key).text(problems);
        let (user, token, password) = (text("username"), text("token"), text("appPassword"));
        let (id, secret) = (text("clientId"), text("clientSecret"));
        let credential = match (id, secret, user, token.or(password.clone())) {
            (Some(id), Some(secret), ..) => {
                // The API of a gateway says which scheme it speaks.
                let granter =
                    Url::parse(&format!("{}://{host}/site/oauth2/access_token", api.scheme())).ok()?;
                Credential::Granted(Granted::by_header(granter, &id, &secret))
            }
            (_, _, Some(user), Some(secret)) => Credential::basic(&user, &secret),
            (_, _, None, Some(token)) if password.is_none() => Credential::bearer(&token),
            _ => {
                let expected = "a credential is expected: token, with or without username; username and appPassword; or clientId and clientSecret";
                entry.wrong(problems, expected);
                return None;
            }
        };
        Some(Self { host, api, credential })
    }

    /// `/workspace/repository/src/reference/path`; a slash in a branch is encoded, as its pages do.
    fn place(url: &Url) -> Result<Place, HostError> {
        let mut parts = segments(url)?.into_iter();
        let start = (parts.next(), parts.next(), parts.next(), parts.next());
        let (Some(workspace), Some(repository), Some(view), Some(reference)) = start else {
            return Err(strange(url));
        };
        if !["src", "raw"].contains(&view.as_str()) {
            return Err(strange(url));
        }
        let path: Vec<String> = parts.collect();
        files(url, &path)?;
        files(url, &[workspace.clone(), repository.clone()])?;
        Ok(Place { workspace, repository, reference, path })
    }

    /// Asks the API for JSON.
    pub(crate) async fn ask(&self, client: &Client, url: &Url) -> Result<Value, HostError> {
        let reply = self.credential.send(client, url, call_for("application/json", None)).await?;
        json(url, &reply)
    }

    /// All values of a list that comes in pages, by the first page's address.
    pub(crate) async fn pages(&self, client: &Client, first: Url) -> Result<Vec<Value>, HostError> {
        let mut values = Vec::new();
        let mut next = Some(first);
        let mut asked = 0;
        while let Some(url) = next {
            asked += 1;
            if asked > MAX_PAGES {
                return Err(HostError::Unreachable(format!(
                    "{} has more than {MAX_PAGES} pages",
                    shown(&url)
                )));
            }
            let mut page = self.ask(client, &url).await?;
            let Some(found) = page.get_mut("values").and_then(Value::as_array_mut) else {
                return Err(HostError::Unreachable(format!("{} answered with half a page", shown(&url))));
            };
            values.append(found);
            next = match page["next"].as_str() {
                None => None,
                // The credential goes along, so only where it belongs.
                Some(text) => match Url::parse(text).ok().filter(|next| is_below(&self.api, next)) {
                    Some(next) => Some(next),
                    None => {
                        let message = format!("{} names a next page outside its API", shown(&url));
                        return Err(HostError::Unreachable(message));
                    }
                },
            };
        }
        Ok(values)
    }

    /// An address of the API.
    pub(crate) fn api(&self, parts: &[&str]) -> Url {
        below(&self.api, parts)
    }

    fn of(&self, place: &Place, more: &[&str]) -> Url {
        below(&self.api, ["repositories", &place.workspace, &place.repository].iter().chain(more))
    }

    /// The branch that a repository shows first.
    async fn main_branch(&self, client: &Client, place: &Place) -> Result<String, HostError> {
        let url = self.of(place, &[]);
        let repository = self.ask(client, &url).await?;
        let name = repository["mainbranch"]["name"].as_str().map(str::to_owned);
        name.ok_or_else(|| HostError::NotFound(format!("{} has no branch yet", shown(&url))))
    }

    /// The commit that a branch or tag stands for now.
    async fn head(&self, client: &Client, place: &Place) -> Result<String, HostError> {
        let reference = match place.reference.as_str() {
            "HEAD" => &self.main_branch(client, place).await?,
            named => named,
        };
        if reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(reference.to_owned());
        }
        // Names with a slash cannot stand in the path of `commits`.
        let (url, commit) = if reference.contains('/') {
            let name = reference.replace('\\', "\\\\").replace('"', "\\\"");
            (
                asking(self.of(place, &["refs"]), [("q", format!("name = \"{name}\"").as_str())]),
                "/target/hash",
            )
        } else {
            (asking(self.of(place, &["commits", reference]), [("pagelen", "1")]), "/hash")
        };
        let found = self.ask(client, &url).await?;
        let first =
            first_of(&url, &found["values"])?.and_then(|value| value.pointer(commit)).and_then(Value::as_str);
        first.map(str::to_owned).ok_or_else(|| {
            let shown = shown(&self.of(place, &[]));
            HostError::NotFound(format!("{shown} has no branch, tag or commit \"{reference}\""))
        })
    }

    /// Every file below a folder of a commit. Folders too deep for one answer are listed in turn: git keeps no empty
    /// ones, so one without anything in it has not been opened.
    async fn files(
        &self,
        client: &Client,
        place: &Place,
        commit: &str,
    ) -> Result<HashSet<String>, HostError> {
        let mut found = HashSet::new();
        let mut opened = HashSet::new();
        let mut waiting = vec![place.path.join("/")];
        while let Some(folder) = waiting.pop() {
            if !opened.insert(folder.clone()) {
                continue;
            }
            let parts =
                ["src", commit].into_iter().chain(folder.split('/').filter(|p| !p.is_empty())).chain([""]);
            let url = self.of(place, &parts.collect::<Vec<_>>());
            let below = |depth| {
                let fields = "next,values.type,values.path";
                self.pages(
                    client,
                    asking(url.clone(), [("max_depth", depth), ("pagelen", "100"), ("fields", fields)]),
                )
            };
            let values = match below(DEPTH).await {
                // The answer would have taken it too long.
                Err(HostError::Unreachable(text)) if text.ends_with("status 555") => below("1").await?,
                values => values?,
            };
            let mut folders = HashSet::new();
            let mut parents = HashSet::new();
            for value in values {
                let Some(path) = value["path"].as_str().map(|path| path.trim_matches('/')) else { continue };
                parents.extend(path.rfind('/').map(|slash| path[..slash].to_owned()));
                match value["type"].as_str() {
                    Some("commit_directory") => drop(folders.insert(path.to_owned())),
                    Some("commit_file") => drop(found.insert(path.to_owned())),
                    _ => {}
                }
            }
            waiting.extend(folders.into_iter().filter(|folder| !parents.contains(folder)));
        }
        Ok(found)
    }
}

#[async_trait]
impl CodeHost for BitbucketCloud {
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
        let granter = match &self.credential {
            Credential::Granted(granted) => Some(host_of(granted.url())),
            _ => None,
        };
        [Some(self.host.clone()), Some(host_of(&self.api)), granter].into_iter().flatten().collect()
    }

    async fn read(&self, client: &Client, url: &Url, etag: Option<&str>) -> Result<File, HostError> {
        let place = Self::place(url)?;
        if place.path.is_empty() {
            return Err(strange(url));
        }
        // What stands in the path of `src` has no slash.
        let is_plain = place.reference != "HEAD" && !place.reference.contains('/');
        let reference = if is_plain { place.reference.clone() } else { self.head(client, &place).await? };
        let path = place.path.iter().map(String::as_str);
        let url = self.of(&place, &["src", &reference].into_iter().chain(path).collect::<Vec<_>>());
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
        let root = place.path.iter().map(|name| format!("{name}/")).collect::<String>();
        let entry = |path: String| {
            let path = path.strip_prefix(&root)?.to_owned();
            Some(Entry { path, version: Some(commit.clone()), executable: false })
        };
        let entries = self.files(client, &place, &commit).await?.into_iter().filter_map(entry).collect();
        Ok(Listing { entries: Some(entries), etag: Some(commit) })
    }
}
