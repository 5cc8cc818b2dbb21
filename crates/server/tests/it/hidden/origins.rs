//! Routes about where entities come from, with requests that would find what is hidden.

use serde_json::{Value, json};

use super::routes::Reads;

const REFS: [&str; 5] = [
    "component:default/shop",
    "component:default/ghost",
    "component:default/never",
    "service:default/ghost",
    "plan:default/secret",
];

fn gets(paths: impl IntoIterator<Item = String>) -> Reads {
    Reads::Entities(paths.into_iter().map(|path| (path, None)).collect())
}

fn posts(path: &str, bodies: impl IntoIterator<Item = Value>) -> Reads {
    Reads::Entities(bodies.into_iter().map(|body| (path.to_owned(), Some(body))).collect())
}

fn named(before: &str, after: &str, references: &[&str]) -> Reads {
    let one = |reference: &&str| format!("{before}/{}{after}", reference.replacen(':', "/", 1));
    gets(references.iter().map(one).collect::<Vec<_>>())
}

fn condition(rule: &str, params: &Value) -> Value {
    json!({ "rule": rule, "resourceType": "catalog-entity", "params": params })
}

/// Conditions that what is hidden would satisfy, and that it would not.
fn conditions() -> Vec<Value> {
    let component = condition("IS_ENTITY_KIND", &json!({ "kinds": ["component"] }));
    let all = [
        component.clone(),
        json!({ "not": component }),
        condition("HAS_LABEL", &json!({ "label": "unseen" })),
        condition("HAS_SPEC", &json!({ "key": "lifecycle", "value": "hidden" })),
        condition("IS_ENTITY_OWNER", &json!({ "claims": ["group:default/haunted"] })),
    ];
    let ask = |conditions: &Value| {
        let item = json!({ "id": "1", "resourceRef": REFS, "resourceType": "catalog-entity", "conditions": conditions });
        json!({ "items": [item] })
    };
    all.iter().map(ask).collect()
}

/// What to ask a route of Backstage's dialect; `None` for one that is not about this.
pub(super) fn of(method: &str, path: &str) -> Option<Reads> {
    const BY_NAME: &str = "/api/catalog/entities/by-name";
    Some(match (method, path) {
        ("get", "/api/catalog/entities/by-name/{kind}/{namespace}/{name}/ancestry") => {
            named(BY_NAME, "/ancestry", &REFS)
        }
        ("get", "/api/catalog/locations/by-entity/{kind}/{namespace}/{name}") => {
            named("/api/catalog/locations/by-entity", "", &REFS[..3])
        }
        ("get", "/api/catalog/locations") => gets([path.to_owned()]),
        ("get", "/api/catalog/locations/{id}") => {
            gets([format!("/api/catalog/locations/{}", uuid::Uuid::from_u128(110))])
        }
        ("get", "/api/catalog/entities/unprocessed/failed" | "/api/catalog/entities/unprocessed/pending") => {
            gets([path.to_owned(), format!("{path}?owner=haunted")])
        }
        ("post", "/api/catalog/locations/by-query") => {
            posts(path, [json!({}), json!({ "query": { "type": "url" }, "limit": 1 })])
        }
        ("post", "/api/catalog/.well-known/backstage/permissions/apply-conditions") => {
            posts(path, conditions())
        }
        ("post", "/api/catalog/refresh") => posts(path, REFS.map(|r| json!({ "entityRef": r }))),
        ("post", "/api/catalog/analyze-location") => {
            let location = json!({ "type": "url", "target": "https://larkfell.example/ghost" });
            posts(path, [json!({ "location": location })])
        }
        ("post", "/api/catalog/validate-entity") => {
            let entity = json!({
                "apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": { "name": "ghost" },
                "spec": { "type": "service", "lifecycle": "hidden", "owner": "haunted", "dependsOn": ["component:ghost"] }
            });
            posts(path, [json!({ "location": "url:https://larkfell.example/a.yaml", "entity": entity })])
        }
        _ => return None,
    })
}
