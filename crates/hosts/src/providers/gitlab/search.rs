//! Finding catalog files by the search of a group (`useSearch`), which GitLab has where its advanced search is on: a
//! few requests, and files in any folder.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::projects::Projects;
use crate::client::Client;
use crate::code::GitLab;
use crate::documents;
use crate::error::HostError;
use crate::providers::memory::Repository;
use crate::providers::scope::AT_ONCE;
use crate::providers::{Discovered, Discovery};

impl Projects {
    /// The Locations of all files that the search finds in projects that are wanted.
    pub(super) async fn searched(&self, gitlab: &GitLab, client: &Client) -> Result<Discovery, HostError> {
        let settings = &self.settings;
        let group = settings.group.as_deref().unwrap_or_default();
        let name = settings.file.rsplit('/').next().unwrap_or_default();
        let words = format!("filename:{name}");
        let query = [("scope", "blobs"), ("search", words.as_str()), ("per_page", "100")];
        let hits = gitlab.pages(client, gitlab.address(["groups", group, "search"], query)).await?;
        let mut files: BTreeMap<u64, BTreeSet<(&str, &str)>> = BTreeMap::new();
        for hit in &hits {
            let place = (hit["project_id"].as_u64(), hit["path"].as_str(), hit["ref"].as_str());
            let (Some(project), Some(path), Some(reference)) = place else {
                return Err(HostError::Unreachable(
                    "GitLab finds a file without a project or a path".to_owned(),
                ));
            };
            if path == name || path.ends_with(&format!("/{name}")) {
                files.entry(project).or_default().insert((path, reference));
            }
        }
        let asked: Vec<_> = files.keys().map(|id| self.project(gitlab, client, *id)).collect();
        let mut asked = stream::iter(asked).buffer_unordered(AT_ONCE);
        let mut found = Vec::new();
        while let Some((id, project)) = asked.next().await {
            // One that went away meanwhile is null, which is not wanted.
            let Some(project) = self.chosen(&project?) else { continue };
            let places = files.get(&id).into_iter().flatten();
            let location = |(path, reference)| located(gitlab, &project, path, reference);
            found.extend(places.map(|(path, reference)| location((*path, *reference))));
        }
        Ok(Discovery { found, missed: None })
    }

    async fn project(&self, gitlab: &GitLab, client: &Client, id: u64) -> (u64, Result<Value, HostError>) {
        let name = id.to_string();
        let url = gitlab.address(["projects", name.as_str()], []);
        let ask = async {
            match gitlab.get(client, &url).await {
                Err(HostError::NotFound(_)) => Ok(Value::Null),
                other => other,
            }
        };
        (id, self.answered.or_ask(name.clone(), ask).await)
    }
}

/// At the branch that the search names. Some versions name a commit, which would make another Location of each one.
fn located(gitlab: &GitLab, project: &Repository, path: &str, reference: &str) -> Discovered {
    let is_commit = reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit());
    let branch = if is_commit { project.branch.as_str() } else { reference };
    let target = gitlab.page(&format!("{}/-/blob/{branch}/{path}", project.path));
    documents::location(target.as_str(), true)
}
