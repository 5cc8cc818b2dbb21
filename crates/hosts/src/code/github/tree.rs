//! Listing a folder by the trees API: whole where GitHub gives it whole, folder by folder where it is too large.

use serde_json::Value;
use url::Url;

use super::place::{Address, Place};
use super::{GitHub, api};
use crate::client::Client;
use crate::code::address::below;
use crate::code::{Entry, Listing};
use crate::error::HostError;

/// GitHub cuts a tree at 7 MB.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// A tree as it came.
struct Tree {
    items: Vec<Item>,
    truncated: bool,
    etag: Option<String>,
}

struct Item {
    path: String,
    sha: String,
    sort: Sort,
    executable: bool,
}

#[derive(PartialEq, Eq)]
enum Sort {
    File,
    /// Its content is that of another file, so that its hash says nothing.
    Link,
    Folder,
    /// A repository within.
    Other,
}

enum Answer {
    Unchanged,
    Empty,
    Tree(Tree),
}

impl GitHub {
    /// Lists the files below a folder of a branch.
    pub(super) async fn list_at(
        &self,
        client: &Client,
        address: &Address,
        place: &Place,
        etag: Option<&str>,
    ) -> Result<Listing, HostError> {
        let tree = match self.tree(client, address, &place.branch, true, etag).await? {
            Answer::Unchanged => return Ok(Listing { entries: None, etag: etag.map(str::to_owned) }),
            Answer::Empty => return Ok(Listing { entries: Some(Vec::new()), etag: None }),
            Answer::Tree(tree) => tree,
        };
        if tree.truncated {
            let entries = self.walk(client, address, place).await?;
            return Ok(Listing { entries: Some(entries), etag: tree.etag });
        }
        let prefix: String = place.path.iter().map(|part| format!("{part}/")).collect();
        let inside = tree.items.into_iter().filter_map(|item| {
            let path = item.path.strip_prefix(&prefix)?.to_owned();
            entry(&item, path)
        });
        Ok(Listing { entries: Some(inside.collect()), etag: tree.etag })
    }

    /// Goes down to the folder, then through all that is in it. Every request is for one folder, or for one with
    /// everything in it where that is not too large.
    async fn walk(&self, client: &Client, address: &Address, place: &Place) -> Result<Vec<Entry>, HostError> {
        let mut at = place.branch.clone();
        for part in &place.path {
            let items = self.folder(client, address, &at).await?;
            match items.into_iter().find(|item| item.sort == Sort::Folder && item.path == *part) {
                Some(item) => at = item.sha,
                None => return Ok(Vec::new()),
            }
        }
        let mut found = Vec::new();
        // The whole repository is known to be too large.
        let mut rest = vec![(at, String::new(), !place.path.is_empty())];
        while let Some((at, prefix, may_be_whole)) = rest.pop() {
            if may_be_whole
                && let Answer::Tree(tree) = self.tree(client, address, &at, true, None).await?
                && !tree.truncated
            {
                found.extend(
                    tree.items.iter().filter_map(|item| entry(item, format!("{prefix}{}", item.path))),
                );
                continue;
            }
            for item in self.folder(client, address, &at).await? {
                let path = format!("{prefix}{}", item.path);
                match item.sort {
                    Sort::Folder => rest.push((item.sha, format!("{path}/"), true)),
                    _ => found.extend(entry(&item, path)),
                }
            }
        }
        Ok(found)
    }

    /// What is directly in a folder.
    async fn folder(&self, client: &Client, address: &Address, at: &str) -> Result<Vec<Item>, HostError> {
        match self.tree(client, address, at, false, None).await? {
            Answer::Tree(tree) if !tree.truncated => Ok(tree.items),
            Answer::Empty => Ok(Vec::new()),
            _ => {
                let what = format!("{}/{}", address.owner, address.repo);
                Err(HostError::Unreachable(format!(
                    "a folder of {what} on {} is too large for GitHub to list",
                    self.host
                )))
            }
        }
    }

    async fn tree(
        &self,
        client: &Client,
        address: &Address,
        at: &str,
        recursive: bool,
        etag: Option<&str>,
    ) -> Result<Answer, HostError> {
        let [owner, repo] = [address.owner.as_str(), address.repo.as_str()];
        let mut url = below(&self.api.base, ["repos", owner, repo, "git", "trees", at]);
        if recursive {
            url.set_query(Some("recursive=1"));
        }
        let mut call = api::get(api::JSON, etag);
        call.max_bytes = MAX_BYTES;
        let access = self.api.access(client, owner).await?;
        let (reply, access) = self.api.exchange(client, &access, &url, call, "").await?;
        // "Git Repository is empty."
        if reply.status == 409 {
            return Ok(Answer::Empty);
        }
        let reply = self.api.meaning(client, &access, "", &url, reply)?;
        if reply.status == 304 {
            return Ok(Answer::Unchanged);
        }
        let etag = reply.header("etag").map(str::to_owned);
        read(&url, &api::json(&url, &reply)?, etag).map(Answer::Tree)
    }
}

fn read(url: &Url, answer: &Value, etag: Option<String>) -> Result<Tree, HostError> {
    let items = answer.get("tree").and_then(Value::as_array);
    let items: Option<Vec<Item>> = items.and_then(|items| items.iter().map(item).collect());
    let truncated = answer.get("truncated").and_then(Value::as_bool).unwrap_or(false);
    match items {
        Some(items) => Ok(Tree { items, truncated, etag }),
        None => Err(HostError::Unreachable(format!("{} answered with no tree", crate::client::shown(url)))),
    }
}

fn item(value: &Value) -> Option<Item> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let sort = match (text("type")?, text("mode")) {
        ("blob", Some("120000")) => Sort::Link,
        ("blob", _) => Sort::File,
        ("tree", _) => Sort::Folder,
        _ => Sort::Other,
    };
    Some(Item {
        path: text("path")?.to_owned(),
        sha: text("sha")?.to_owned(),
        sort,
        executable: text("mode") == Some("100755"),
    })
}

fn entry(item: &Item, path: String) -> Option<Entry> {
    match item.sort {
        Sort::File => Some(Entry { path, version: Some(item.sha.clone()), executable: item.executable }),
        Sort::Link => Some(Entry { path, version: None, executable: item.executable }),
        Sort::Folder | Sort::Other => None,
    }
}
