//! Users and groups as documents.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};

use super::people::{Group, User, groups, users};
use super::{Settings, members};
use crate::budget::Priority;
use crate::client::Client;
use crate::code::GitLab;
use crate::error::HostError;
use crate::hosts::Hosts;
use crate::providers::scope::{AT_ONCE, Answered, reach};
use crate::providers::{Discovered, Discovery, Provider, ProviderEvent};
use crate::schedule::Schedule;

/// `GitlabOrgDiscoveryEntityProvider`.
pub(super) struct Org {
    id: String,
    settings: Arc<Settings>,
    answered: Answered,
}

/// A group and what it is called here.
type Named = (String, Group);

impl Org {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        let id = format!("GitlabOrgDiscoveryEntityProvider:{}", settings.id);
        Self { id, settings, answered: Answered::default() }
    }

    async fn look(&self, gitlab: &GitLab, client: &Client) -> Result<Discovery, HostError> {
        let listed = groups(gitlab, client, &self.settings).await?;
        let users = users(gitlab, client, &self.settings, &listed, &self.answered).await?;
        let wanted: Vec<Group> =
            listed.into_iter().filter(|group| self.settings.wants_group(&group.path)).collect();
        let groups = self.settings.named(wanted);
        let member_of = self.memberships(gitlab, client, &groups).await?;
        let place = |path: &str| format!("url:{}", gitlab.page(path));
        let host = &self.settings.host;
        let mut met: BTreeMap<u64, &Named> = BTreeMap::new();
        let mut found: Vec<Discovered> = Vec::new();
        for user in &users {
            let ids = member_of.get(&user.id).into_iter().flatten();
            let own: BTreeMap<u64, &Named> = ids.filter_map(|id| Some((*id, groups.get(id)?))).collect();
            let mut names: Vec<&str> = own.values().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            met.extend(own);
            found.push(Discovered { document: user.document(host, &names, &place(&user.username)) });
        }
        // As in Backstage: groups without a person are left out.
        for (name, group) in met.values() {
            let parent = group.parent.and_then(|id| met.get(&id)).map(|(name, _)| name.as_str());
            found.push(Discovered { document: group.document(host, name, parent, &place(&group.path)) });
        }
        Ok(Discovery { found, missed: None })
    }

    /// The groups of each user, both by their ids.
    async fn memberships(
        &self,
        gitlab: &GitLab,
        client: &Client,
        groups: &BTreeMap<u64, Named>,
    ) -> Result<HashMap<u64, Vec<u64>>, HostError> {
        let asked: Vec<_> = groups.values().map(|(_, group)| self.members(gitlab, client, group)).collect();
        let mut asked = stream::iter(asked).buffer_unordered(AT_ONCE);
        let mut member_of: HashMap<u64, Vec<u64>> = HashMap::new();
        while let Some((group, ids)) = asked.next().await {
            for id in ids?.as_array().into_iter().flatten().filter_map(Value::as_u64) {
                member_of.entry(id).or_default().push(group);
            }
        }
        Ok(member_of)
    }

    async fn members(
        &self,
        gitlab: &GitLab,
        client: &Client,
        group: &Group,
    ) -> (u64, Result<Value, HostError>) {
        let ask = members::members(gitlab, client, &group.path, &self.settings.relations);
        (group.id, self.answered.or_ask(group.path.clone(), ask).await)
    }
}

impl Settings {
    /// The groups with their names, by id. Two paths may give one name (`a/b-c` and `a-b/c`): the older group keeps
    /// it and the other is left out, or whoever makes the second would put its members into the first.
    fn named(&self, mut groups: Vec<Group>) -> BTreeMap<u64, Named> {
        groups.sort_by_key(|group| group.id);
        let mut taken: HashMap<String, String> = HashMap::new();
        let mut named = BTreeMap::new();
        for group in groups {
            let name = self.name_of(&group.path);
            match taken.get(&name.to_lowercase()) {
                Some(path) if *path != group.path => {
                    tracing::warn!(
                        group = group.path,
                        like = path,
                        name,
                        "left out: another group has the name"
                    );
                }
                _ => {
                    taken.insert(name.to_lowercase(), group.path.clone());
                    named.insert(group.id, (name, group));
                }
            }
        }
        named
    }

    /// The path below the group of the settings, with `-` for `/`.
    fn name_of(&self, path: &str) -> String {
        let prefix = self.group.as_deref().filter(|group| path.len() > group.len() + 1);
        let below = prefix.filter(|group| crate::providers::scope::is_in(path, group));
        let rest = below.and_then(|group| path.get(group.len() + 1..));
        rest.unwrap_or(path).replace('/', "-")
    }
}

impl User {
    fn document(&self, host: &str, groups: &[&str], place: &str) -> Value {
        let mut annotations = located(place);
        annotations.insert(format!("{host}/user-id"), json!(self.id.to_string()));
        let optional = [("user-login", &self.page), ("saml-external-uid", &self.saml)];
        for (key, value) in optional {
            annotations.extend(value.iter().map(|value| (format!("{host}/{key}"), json!(value))));
        }
        let mut profile = Map::new();
        let known = [("displayName", &self.name), ("picture", &self.picture), ("email", &self.email)];
        for (key, value) in known {
            profile.extend(value.iter().map(|value| (key.to_owned(), json!(value))));
        }
        json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "User",
            "metadata": { "name": self.username, "annotations": annotations },
            "spec": { "profile": profile, "memberOf": groups },
        })
    }
}

impl Group {
    fn document(&self, host: &str, name: &str, parent: Option<&str>, place: &str) -> Value {
        let mut annotations = located(place);
        annotations.insert(format!("{host}/group-id"), json!(self.id.to_string()));
        annotations.insert(format!("{host}/team-path"), json!(self.path));
        annotations.extend(self.visibility.iter().map(|v| (format!("{host}/visibility"), json!(v))));
        let mut document = json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Group",
            "metadata": { "name": name, "annotations": annotations },
            "spec": { "type": "team", "children": [], "profile": { "displayName": self.name } },
        });
        if let Some(description) = &self.description {
            document["metadata"]["description"] = json!(description);
        }
        if let Some(parent) = parent {
            document["spec"]["parent"] = json!(parent);
        }
        document
    }
}

fn located(place: &str) -> Map<String, Value> {
    let keys = ["backstage.io/managed-by-location", "backstage.io/managed-by-origin-location"];
    keys.into_iter().map(|key| (key.to_owned(), json!(place))).collect()
}

#[async_trait]
impl Provider for Org {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "gitlab"
    }

    fn target(&self) -> String {
        self.settings.target("users and groups")
    }

    fn schedule(&self) -> &Schedule {
        &self.settings.schedule
    }

    async fn discover(&self, hosts: &Hosts, priority: Priority) -> Result<Discovery, HostError> {
        let (gitlab, client) = reach::<GitLab>(hosts, "gitlab", &self.settings.host, priority)?;
        self.answered.done(self.look(gitlab, &client).await)
    }

    fn concerns(&self, event: &ProviderEvent) -> bool {
        match event {
            ProviderEvent::People { host, owner } => self.settings.touches(host, owner),
            ProviderEvent::Push { .. } | ProviderEvent::Repositories { .. } => false,
        }
    }
}
