//! Users and groups in Backstage's form, from what GraphQL says of members and teams.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

/// How people and teams are called.
pub(super) struct Naming {
    /// Teams are in the namespace of their organization, as two may have one of the same name.
    pub(super) namespaces: bool,
    /// Addresses that the organization has verified come before those that people show.
    pub(super) verified_emails: bool,
}

/// The people and teams of some organizations.
pub(super) struct People<'a> {
    host: &'a str,
    naming: &'a Naming,
    /// By login in lower case: somebody may be in several organizations.
    users: BTreeMap<String, User>,
    groups: Vec<Value>,
}

struct User {
    document: Value,
    member_of: Vec<String>,
}

impl<'a> People<'a> {
    pub(super) fn new(host: &'a str, naming: &'a Naming) -> Self {
        Self { host, naming, users: BTreeMap::new(), groups: Vec::new() }
    }

    /// Takes in an organization. Who is in a team and no member of the organization gets no document.
    pub(super) fn add<'v>(&mut self, org: &str, members: impl Iterator<Item = &'v Value>, teams: &[Value]) {
        for member in members {
            let Some(login) = text(member, "login") else { continue };
            let (host, naming) = (self.host, self.naming);
            let new = || User { document: user(host, naming, login, member), member_of: Vec::new() };
            self.users.entry(login.to_lowercase()).or_insert_with(new);
        }
        let mut children: HashMap<&str, Vec<&str>> = HashMap::new();
        for team in teams {
            if let (Some(slug), Some(parent)) = (text(team, "slug"), parent(team)) {
                children.entry(parent).or_default().push(slug);
            }
        }
        for team in teams {
            let Some(slug) = text(team, "slug") else { continue };
            let logins = logins(team);
            let reference = match self.namespace(org) {
                Some(namespace) => format!("{namespace}/{slug}"),
                None => slug.to_owned(),
            };
            for login in &logins {
                if let Some(user) = self.users.get_mut(&login.to_lowercase()) {
                    user.member_of.push(reference.clone());
                }
            }
            let children = children.get(slug).map(Vec::as_slice).unwrap_or_default();
            self.groups.push(self.group(org, slug, team, children, &logins));
        }
    }

    /// Groups and then users, each with where it comes from.
    pub(super) fn into_documents(self) -> Vec<Value> {
        let users = self.users.into_values().map(|user| {
            let mut document = user.document;
            document["spec"]["memberOf"] = json!(user.member_of);
            document
        });
        self.groups.into_iter().chain(users).collect()
    }

    fn namespace(&self, org: &str) -> Option<String> {
        self.naming.namespaces.then(|| org.to_lowercase())
    }

    fn group(&self, org: &str, slug: &str, team: &Value, children: &[&str], logins: &[&str]) -> Value {
        let mut annotations = place(&format!("https://{}/orgs/{org}/teams/{slug}", self.host));
        let whole = text(team, "combinedSlug").map_or_else(|| format!("{org}/{slug}"), str::to_owned);
        annotations.insert("github.com/team-slug".to_owned(), whole.into());
        set(&mut annotations, "backstage.io/edit-url", text(team, "editTeamUrl"));
        let mut metadata = Map::new();
        if let Some(namespace) = self.namespace(org) {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
        metadata.insert("name".to_owned(), slug.into());
        set(&mut metadata, "description", text(team, "description"));
        metadata.insert("annotations".to_owned(), Value::Object(annotations));
        let mut profile = Map::new();
        set(&mut profile, "displayName", text(team, "name"));
        set(&mut profile, "picture", text(team, "avatarUrl"));
        let mut spec = Map::new();
        spec.insert("type".to_owned(), "team".into());
        spec.insert("profile".to_owned(), Value::Object(profile));
        set(&mut spec, "parent", parent(team));
        spec.insert("children".to_owned(), json!(children));
        // People are in the default namespace, wherever their team is.
        let members: Vec<String> = logins.iter().map(|login| format!("default/{login}")).collect();
        spec.insert("members".to_owned(), json!(members));
        json!({ "apiVersion": "backstage.io/v1alpha1", "kind": "Group", "metadata": metadata, "spec": spec })
    }
}

fn user(host: &str, naming: &Naming, login: &str, member: &Value) -> Value {
    let verified = member.get("organizationVerifiedDomainEmails").and_then(|list| list.get(0)?.as_str());
    let verified = verified.filter(|_| naming.verified_emails);
    let mut annotations = place(&format!("https://{host}/{login}"));
    annotations.insert("github.com/user-login".to_owned(), login.into());
    set(&mut annotations, "github.com/user-id", text(member, "id"));
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), login.into());
    set(&mut metadata, "description", text(member, "bio"));
    metadata.insert("annotations".to_owned(), Value::Object(annotations));
    let mut profile = Map::new();
    set(&mut profile, "displayName", text(member, "name"));
    set(&mut profile, "email", verified.or_else(|| text(member, "email")));
    set(&mut profile, "picture", text(member, "avatarUrl"));
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "User",
        "metadata": metadata,
        "spec": { "profile": profile, "memberOf": [] },
    })
}

fn place(url: &str) -> Map<String, Value> {
    let place: Value = format!("url:{url}").into();
    Map::from_iter([
        ("backstage.io/managed-by-location".to_owned(), place.clone()),
        ("backstage.io/managed-by-origin-location".to_owned(), place),
    ])
}

/// A text that is there and not empty.
fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn set(map: &mut Map<String, Value>, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        map.insert(key.to_owned(), text.into());
    }
}

fn parent(team: &Value) -> Option<&str> {
    team.pointer("/parentTeam/slug").and_then(Value::as_str)
}

fn logins(team: &Value) -> Vec<&str> {
    let nodes = team.pointer("/members/nodes").and_then(Value::as_array);
    nodes.into_iter().flatten().filter_map(|member| text(member, "login")).collect()
}
