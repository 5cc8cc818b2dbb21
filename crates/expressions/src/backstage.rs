//! The filters that Backstage adds: `parseRepoUrl`, `parseEntityRef`, `pick`, `projectSlug`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::options::Registry;

/// The code hosts that are known: the type of the integration (`github`, `gitlab`, `bitbucketCloud`, `bitbucketServer`,
/// `azure`, `gitea`, `gerrit`, ...) by its host, with the port if it has one.
pub type Hosts = BTreeMap<String, String>;

/// Adds the four filters.
pub fn filters(registry: &mut Registry, hosts: Hosts) {
    let slugs = hosts.clone();
    registry.filter("parseRepoUrl", move |arguments| parse_repo_url(first(arguments), &hosts).map(Some));
    registry.filter("projectSlug", move |arguments| {
        let parsed = parse_repo_url(first(arguments), &slugs)?;
        let part = |name: &str| parsed.get(name).and_then(Json::as_str).unwrap_or("undefined").to_owned();
        Ok(Some(json!(format!("{}/{}", part("owner"), part("repo")))))
    });
    registry.filter("parseEntityRef", |arguments| {
        parse_entity_ref(first(arguments), arguments.get(1).and_then(Option::as_ref)).map(Some)
    });
    registry
        .filter("pick", |arguments| Ok(pick(first(arguments), arguments.get(1).and_then(Option::as_ref))));
}

fn first(arguments: &[Option<Json>]) -> Option<&Json> {
    arguments.first().and_then(Option::as_ref)
}

/// `github.com?owner=a&repo=b` as `{host, owner, repo, organization, workspace, project}`, those that are there.
fn parse_repo_url(value: Option<&Json>, hosts: &Hosts) -> Result<Json, String> {
    let given = match value {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "undefined".to_owned(),
    };
    let parsed = url::Url::parse(&format!("https://{given}"))
        .map_err(|error| format!("Invalid repo URL passed to publisher, got {given}, {error}"))?;
    let name = parsed.host_str().unwrap_or_default();
    let host = parsed.port().map_or(name.to_owned(), |port| format!("{name}:{port}"));
    let Some(kind) = hosts.get(&host) else {
        return Err(format!(
            "No matching integration configuration for host {host}, please check your integrations config"
        ));
    };
    let query =
        |name: &str| parsed.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let mut result = Map::new();
    result.insert("host".to_owned(), json!(host));
    for name in ["owner", "repo", "organization", "workspace", "project"] {
        if let Some(value) = query(name) {
            result.insert(name.to_owned(), json!(value.trim_matches('/')));
        }
    }
    let project = result.get("project").and_then(Json::as_str).is_some_and(|project| !project.is_empty());
    for name in required(kind, project) {
        if query(name).is_none_or(|value| value.is_empty()) {
            return Err(format!("Invalid repo URL passed to publisher: {parsed}, missing {name}"));
        }
    }
    Ok(Json::Object(result))
}

/// What the address of a repository has to have, by the type of its host.
fn required(kind: &str, project: bool) -> &'static [&'static str] {
    match kind {
        "bitbucketCloud" => &["workspace", "project", "repo"],
        "bitbucketServer" | "azure" => &["project", "repo"],
        "gitlab" if project => &[],
        "gitlab" => &["owner", "repo"],
        "gitea" | "gerrit" => &["repo"],
        _ => &["repo", "owner"],
    }
}

/// `[kind:][namespace/]name`, or an object of these, as `{kind, namespace, name}`.
fn parse_entity_ref(value: Option<&Json>, defaults: Option<&Json>) -> Result<Json, String> {
    let default = |name: &str| defaults.and_then(|defaults| defaults.get(name)).and_then(Json::as_str);
    let (kind, namespace, name) = match value {
        Some(Json::String(text)) if !text.is_empty() => parts(text)?,
        Some(value @ Json::Object(_)) => {
            let part = |name: &str| value.get(name).and_then(Json::as_str).map(str::to_owned);
            (part("kind"), part("namespace"), part("name"))
        }
        _ => return Err("Entity reference must not be empty".to_owned()),
    };
    let kind = kind.or_else(|| default("defaultKind").map(str::to_owned));
    let fallback = default("defaultNamespace").filter(|namespace| !namespace.is_empty()).unwrap_or("default");
    let namespace = namespace.unwrap_or_else(|| fallback.to_owned());
    let textual = value.map(Json::to_string).unwrap_or_default();
    let missing = |what: &str| format!("Entity reference {textual} had missing or empty {what}");
    let Some(kind) = kind.filter(|kind| !kind.is_empty()) else {
        return Err(missing("kind (e.g. did not start with \"component:\" or similar)"));
    };
    if namespace.is_empty() {
        return Err(missing("namespace"));
    }
    match name.filter(|name| !name.is_empty()) {
        Some(name) => Ok(json!({ "kind": kind, "namespace": namespace, "name": name })),
        None => Err(missing("name")),
    }
}

type Parts = (Option<String>, Option<String>, Option<String>);

fn parts(text: &str) -> Result<Parts, String> {
    let slash = text.find('/');
    let colon = text.find(':').filter(|colon| slash.is_none_or(|slash| slash > *colon));
    let after_colon = colon.map_or(0, |colon| colon + 1);
    let kind = colon.map(|colon| text[..colon].to_owned());
    let namespace = slash.map(|slash| text[after_colon..slash].to_owned());
    let name = text[slash.map_or(after_colon, |slash| slash + 1)..].to_owned();
    let is_empty = |part: &Option<String>| part.as_deref() == Some("");
    if is_empty(&kind) || is_empty(&namespace) || name.is_empty() {
        return Err(format!("Entity reference \"{text}\" was not on the form [<kind>:][<namespace>/]<name>"));
    }
    Ok((kind, namespace, Some(name)))
}

/// The member at a path (`a.b[0].c`), or nothing.
fn pick(value: Option<&Json>, path: Option<&Json>) -> Option<Json> {
    let keys: Vec<String> = match path? {
        Json::String(path) if value?.get(path.as_str()).is_some() => vec![path.clone()],
        Json::String(path) => keys(path),
        Json::Array(path) => path.iter().map(key).collect(),
        other => vec![key(other)],
    };
    let mut current = value?.clone();
    for key in keys {
        current = match &current {
            Json::Object(entries) => entries.get(&key)?.clone(),
            Json::Array(items) if key == "length" => json!(items.len()),
            Json::Array(items) => items.get(key.parse::<usize>().ok()?)?.clone(),
            Json::String(text) if key == "length" => json!(text.encode_utf16().count()),
            _ => return None,
        };
    }
    Some(current)
}

fn key(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The keys of a path with dots and brackets.
fn keys(path: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '.' => keys.push(String::new()),
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let inside = inside.trim_matches(['"', '\'']).to_owned();
                match keys.last_mut() {
                    Some(last) if last.is_empty() => *last = inside,
                    _ => keys.push(inside),
                }
            }
            c => {
                if let Some(last) = keys.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    keys
}
