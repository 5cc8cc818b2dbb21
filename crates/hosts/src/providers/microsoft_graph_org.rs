//! `microsoftGraphOrg`: the people and groups of a Microsoft Entra tenant.

mod api;
mod documents;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use stagedoor_outbound::Egress;

use self::api::{Api, Token};
use self::documents::{GROUP_ID, Organization, TENANT_ID, USER_ID};
use self::settings::{Part, Settings};
use super::people::{encoded, place};
use super::{Discovered, Discovery, Provider, ProviderEvent};
use crate::budget::Priority;
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::schedule::Schedule;

/// Requests at a time.
const AT_ONCE: usize = 10;
const OF_USER: [&str; 3] = ["id", "displayName", "mail"];
const OF_GROUP: [&str; 6] = ["id", "displayName", "description", "mail", "mailNickname", "securityEnabled"];

/// One tenant.
struct MicrosoftGraphOrg {
    /// Its key in the configuration.
    name: String,
    id: String,
    schedule: Schedule,
    settings: Settings,
    egress: Arc<Egress>,
    token: Token,
}

/// `catalog.providers.microsoftGraphOrg`: one tenant, or tenants by their names.
pub(crate) fn make(
    fields: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    let Some(object) = fields.object() else {
        fields.wrong(problems, "an object is expected");
        return Vec::new();
    };
    let single = ["tenantId", "clientId"].iter().any(|key| object.get(*key).is_some_and(|v| !v.is_object()));
    if single {
        return one("default", fields, hosts, problems).into_iter().collect();
    }
    let entries = fields.entries();
    entries.iter().filter_map(|(name, entry)| one(name, entry, hosts, problems)).collect()
}

fn one(
    name: &str,
    fields: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Option<Arc<dyn Provider>> {
    let schedule = Schedule::read(&fields.get("schedule"), problems);
    let settings = Settings::read(fields, problems)?;
    let egress = hosts.egress_to(&settings.reaches());
    let id = format!("MicrosoftGraphOrgEntityProvider:{name}");
    Some(Arc::new(MicrosoftGraphOrg {
        name: name.to_owned(),
        id,
        schedule,
        settings,
        egress,
        token: Token::default(),
    }))
}

#[async_trait]
impl Provider for MicrosoftGraphOrg {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "microsoftGraphOrg"
    }

    fn target(&self) -> String {
        format!("people and groups of tenant {}", self.settings.tenant)
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let client = hosts.client_over(Arc::clone(&self.egress), priority);
        let api = Api { client, settings: &self.settings, token: &self.token };
        let reading = Reading { api, settings: &self.settings };
        let documents = reading.organization().await?.documents();
        let found = documents.into_iter().map(|document| Discovered { document: self.place(document) });
        Ok(Discovery { found: found.collect(), missed: None })
    }

    fn concerns(&self, _: &ProviderEvent) -> bool {
        false
    }
}

impl MicrosoftGraphOrg {
    /// Where a document comes from: `msgraph:<name>/<id>`.
    fn place(&self, mut document: Value) -> Value {
        let annotations = &document["metadata"]["annotations"];
        let id = [USER_ID, GROUP_ID, TENANT_ID].iter().find_map(|key| annotations[*key].as_str());
        let id = id.unwrap_or_default().to_owned();
        place(&mut document, "msgraph:", &self.name, &id);
        document
    }
}

/// One reading of a tenant.
struct Reading<'a> {
    api: Api<'a>,
    settings: &'a Settings,
}

impl Reading<'_> {
    async fn organization(&self) -> Result<Organization, HostError> {
        let tenant = &self.settings.tenant;
        let own = self.api.one(&format!("organization/{tenant}"), "id,displayName").await?;
        let id = own["id"].as_str().map(str::to_owned);
        let root = id.zip(documents::organization(&own));
        let mut found = Organization { root, ..Organization::default() };
        self.groups(&mut found).await?;
        for (id, user) in self.users().await? {
            if let Some(document) = documents::user(&user) {
                found.users.insert(id, document);
            }
        }
        self.photos(&mut found).await?;
        Ok(found)
    }

    /// The groups that are asked for and, where wished, those in them, with their members.
    async fn groups(&self, found: &mut Organization) -> Result<(), HostError> {
        let part = with(&self.settings.group, &OF_GROUP);
        let mut waiting = by_id(self.api.all(&part.path, &part, self.eventual(&part)).await?);
        let mut looked_at = BTreeSet::new();
        while !waiting.is_empty() {
            let groups: Vec<(String, Value)> = std::mem::take(&mut waiting)
                .into_iter()
                .filter(|(id, _)| looked_at.insert(id.clone()))
                .filter_map(|(id, group)| Some((id, documents::group(&group)?)))
                .collect();
            let ids: Vec<String> = groups.iter().map(|(id, _)| id.clone()).collect();
            found.groups.extend(groups);
            let members: Vec<(String, Vec<Value>)> = stream::iter(ids)
                .map(|id| async move { self.members(&id).await.map(|members| (id, members)) })
                .buffer_unordered(AT_ONCE)
                .try_collect()
                .await?;
            for (group, members) in members {
                for member in members {
                    let Some(id) = member["id"].as_str().map(str::to_owned) else { continue };
                    match member["@odata.type"].as_str() {
                        Some("#microsoft.graph.user") => {
                            found.users_in.entry(group.clone()).or_default().insert(id);
                        }
                        Some("#microsoft.graph.group") => {
                            found.groups_in.entry(group.clone()).or_default().insert(id.clone());
                            if self.settings.sub_groups {
                                waiting.insert(id, member);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    async fn members(&self, group: &str) -> Result<Vec<Value>, HostError> {
        // Without sub-groups their ids are enough; with them, what a group is made of is needed too.
        let select = if self.settings.sub_groups { Vec::new() } else { vec!["id".to_owned()] };
        let part = Part { select, ..Part::default() };
        match self.api.all(&format!("groups/{}/members", encoded(group)), &part, false).await {
            // It went away between the list and now.
            Err(HostError::NotFound(_)) => Ok(Vec::new()),
            members => members,
        }
    }

    /// The users by their ids: all, or those of some groups.
    async fn users(&self) -> Result<BTreeMap<String, Value>, HostError> {
        let part = with(&self.settings.user, &OF_USER);
        let Some(members_of) = &self.settings.members_of else {
            return Ok(by_id(self.api.all(&part.path, &part, self.eventual(&part)).await?));
        };
        let groups = with(members_of, &["id"]);
        let groups = by_id(self.api.all(&groups.path, &groups, self.eventual(&groups)).await?);
        let part = &part;
        let found: Vec<Vec<Value>> = stream::iter(groups.into_keys())
            .map(|id| async move {
                let path = format!("groups/{}/members/microsoft.graph.user", encoded(&id));
                // A cast is one of the advanced queries, but `$expand` is not among them.
                self.api.all(&path, part, part.expand.is_none()).await
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(by_id(found.into_iter().flatten().collect()))
    }

    async fn photos(&self, found: &mut Organization) -> Result<(), HostError> {
        if !self.settings.photos {
            return Ok(());
        }
        let ids: Vec<String> = found.users.keys().cloned().collect();
        let photos: Result<Vec<(String, Option<String>)>, HostError> = stream::iter(ids)
            .map(|id| async move { self.api.photo(&id).await.map(|photo| (id, photo)) })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await;
        match photos {
            Ok(photos) => {
                for (id, photo) in photos {
                    if let (Some(user), Some(photo)) = (found.users.get_mut(&id), photo) {
                        user["spec"]["profile"]["picture"] = photo.into();
                    }
                }
                Ok(())
            }
            // People are worth having without their pictures.
            Err(HostError::Denied(_)) => {
                tracing::warn!(
                    tenant = self.settings.tenant,
                    "photos may not be read: set user.loadPhotos to false"
                );
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn eventual(&self, part: &Part) -> bool {
        self.settings.advanced || part.search.is_some()
    }
}

/// The same part, with what the documents need among what is selected.
fn with(part: &Part, needed: &[&str]) -> Part {
    let mut part = part.clone();
    for name in needed {
        if !part.select.iter().any(|selected| selected == name) {
            part.select.push((*name).to_owned());
        }
    }
    part
}

fn by_id(things: Vec<Value>) -> BTreeMap<String, Value> {
    things.into_iter().filter_map(|thing| Some((thing["id"].as_str()?.to_owned(), thing))).collect()
}
