//! From users and groups to documents, with the names and annotations of Backstage's module.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

pub(super) const USER_ID: &str = "graph.microsoft.com/user-id";
pub(super) const GROUP_ID: &str = "graph.microsoft.com/group-id";
pub(super) const TENANT_ID: &str = "graph.microsoft.com/tenant-id";
const EMAIL: &str = "microsoft.com/email";

/// The document of a user; none for one without a name or an e-mail, which is no person.
pub(super) fn user(user: &Value) -> Option<Value> {
    let (id, display, mail) = (text(user, "id")?, text(user, "displayName")?, text(user, "mail")?);
    Some(json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "User",
        "metadata": {"name": name(mail), "annotations": {EMAIL: mail, USER_ID: id}},
        "spec": {"profile": {"displayName": display, "email": mail}, "memberOf": []},
    }))
}

/// The document of a group. Security groups have nicknames that nobody knows.
pub(super) fn group(group: &Value) -> Option<Value> {
    let (id, display) = (text(group, "id")?, text(group, "displayName")?);
    let secure = group["securityEnabled"].as_bool().unwrap_or(false);
    let named = text(group, "mailNickname").filter(|_| !secure).unwrap_or(display);
    let mut document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Group",
        "metadata": {"name": name(named), "annotations": {GROUP_ID: id}},
        "spec": {"type": "team", "profile": {"displayName": display}, "children": []},
    });
    if let Some(description) = text(group, "description") {
        document["metadata"]["description"] = json!(description);
    }
    if let Some(mail) = text(group, "mail") {
        document["spec"]["profile"]["email"] = json!(mail);
    }
    Some(document)
}

/// The document of the tenant itself: the group above all that have none above them.
pub(super) fn organization(organization: &Value) -> Option<Value> {
    let (id, display) = (text(organization, "id")?, text(organization, "displayName")?);
    Some(json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Group",
        "metadata": {"name": name(display), "description": display, "annotations": {TENANT_ID: id}},
        "spec": {"type": "root", "profile": {"displayName": display}, "children": []},
    }))
}

fn text<'a>(thing: &'a Value, key: &str) -> Option<&'a str> {
    thing[key].as_str().filter(|text| !text.is_empty())
}

/// As Backstage's module makes names: `Platform Crew (EU)` becomes `platform_crew_eu`.
pub(super) fn name(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().to_lowercase().chars() {
        let c = if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
        if c != '_' || !out.ends_with('_') {
            out.push(c);
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

/// Who is in what: ids of members by the id of their group.
pub(super) type Members = BTreeMap<String, BTreeSet<String>>;

/// Groups and users by their ids, and how they belong together.
#[derive(Default)]
pub(super) struct Organization {
    pub(super) root: Option<(String, Value)>,
    pub(super) groups: BTreeMap<String, Value>,
    pub(super) users: BTreeMap<String, Value>,
    pub(super) groups_in: Members,
    pub(super) users_in: Members,
}

impl Organization {
    /// All documents, with parents, children and memberships.
    pub(super) fn documents(mut self) -> Vec<Value> {
        self.hang_below_root();
        let parents = self.parents();
        let mut groups = std::mem::take(&mut self.groups);
        let refs: BTreeMap<String, String> =
            groups.iter().map(|(id, group)| (id.clone(), reference(group))).collect();
        for (id, group) in &mut groups {
            let children: BTreeSet<&String> =
                self.groups_in.get(id).into_iter().flatten().filter_map(|child| refs.get(child)).collect();
            group["spec"]["children"] = json!(children);
            // The model knows one parent: the first by name.
            let above: BTreeSet<&String> =
                parents.get(id).into_iter().flatten().filter_map(|parent| refs.get(parent)).collect();
            if let Some(parent) = above.first() {
                group["spec"]["parent"] = json!(parent);
            }
        }
        let mut of_user: Members = Members::new();
        for (group, users) in &self.users_in {
            for user in users {
                of_user.entry(user.clone()).or_default().insert(group.clone());
            }
        }
        for (id, user) in &mut self.users {
            let direct = of_user.remove(id).unwrap_or_default();
            let all = upward(direct, &parents);
            let named: BTreeSet<&String> = all.iter().filter_map(|group| refs.get(group)).collect();
            user["spec"]["memberOf"] = json!(named);
        }
        self.users.into_values().chain(groups.into_values()).collect()
    }

    /// A group in no other is in the tenant.
    fn hang_below_root(&mut self) {
        let Some((root, document)) = self.root.take() else { return };
        let inside: BTreeSet<&String> = self.groups_in.values().flatten().collect();
        let top: BTreeSet<String> = self.groups.keys().filter(|id| !inside.contains(id)).cloned().collect();
        self.groups_in.insert(root.clone(), top);
        self.groups.insert(root, document);
    }

    fn parents(&self) -> Members {
        let mut parents = Members::new();
        for (group, members) in &self.groups_in {
            for member in members.iter().filter(|member| *member != group) {
                parents.entry(member.clone()).or_default().insert(group.clone());
            }
        }
        parents
    }
}

/// The groups and all that they are in.
fn upward(direct: BTreeSet<String>, parents: &Members) -> BTreeSet<String> {
    let mut waiting: Vec<String> = direct.into_iter().collect();
    let mut all = BTreeSet::new();
    while let Some(group) = waiting.pop() {
        if all.insert(group.clone()) {
            waiting.extend(parents.get(&group).into_iter().flatten().cloned());
        }
    }
    all
}

fn reference(group: &Value) -> String {
    format!("group:default/{}", group["metadata"]["name"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_are_made_as_backstage_makes_them() {
        for (text, expected) in [
            ("ann@larkfell.example", "ann_larkfell.example"),
            (" Platform Crew (EU) ", "platform_crew_eu"),
            ("a  b--c__d", "a_b--c_d"),
            ("Größe", "gr_e"),
            ("___", ""),
        ] {
            assert_eq!(name(text), expected);
        }
    }
}
