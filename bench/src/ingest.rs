//! Ways of getting a catalog in: files, handed-over documents, Port's bulk API.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::client::{Client, once, request};

/// Every entity of `entities.jsonl`.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(folder.join("entities.jsonl"))?;
    text.lines().map(|line| serde_json::from_str(line).context("entities.jsonl")).collect()
}

/// Hands all documents over, 1,000 at a time, by so many callers. Returns how long it took.
pub(crate) async fn documents(
    address: &str,
    token: &str,
    folder: &Path,
    callers: usize,
) -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string(folder.join("entities.jsonl"))?;
    let lines: Vec<&str> = text.lines().collect();
    // JSON documents in one YAML stream.
    let bodies = lines.chunks(1_000).map(|chunk| chunk.join("\n---\n"));
    let path = "/api/stagedoor/v1/documents";
    let calls: Vec<Vec<u8>> =
        bodies.map(|b| request("POST", path, Some(token), Some(b.as_bytes()))).collect();
    let started = Instant::now();
    send_all(address, Arc::new(vec![calls]), 0, callers).await?;
    Ok(started.elapsed())
}

/// Sends the calls of one phase, each caller its next one when the last is answered.
async fn send_all(
    address: &str,
    phases: Arc<Vec<Vec<Vec<u8>>>>,
    phase: usize,
    callers: usize,
) -> anyhow::Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (address, phases, next) = (address.to_owned(), Arc::clone(&phases), Arc::clone(&next));
        tasks.spawn(async move {
            let mut client = Client::connect(&address).await?;
            while let Some(call) = phases[phase].get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = client.send(call).await?;
                if answer.status != 200 {
                    bail!("{} {}", answer.status, String::from_utf8_lossy(answer.body));
                }
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

/// Identifier of the blueprint that Port's form of a kind goes into.
fn blueprint(kind: &str) -> String {
    format!("bench_{}", kind.to_lowercase())
}

const RELATIONS: [(&str, &str, bool); 7] = [
    ("owner", "group", false),
    ("system", "system", false),
    ("domain", "domain", false),
    ("parent", "group", false),
    ("memberOf", "group", true),
    ("providesApis", "api", true),
    ("consumesApis", "api", true),
];
const KINDS: [&str; 7] = ["group", "user", "domain", "system", "resource", "api", "component"];

/// Makes the blueprints.
pub(crate) async fn blueprints(address: &str, token: &str) -> anyhow::Result<()> {
    let text = |extra: Value| {
        let mut property = json!({"type": "string"});
        if let (Some(property), Some(extra)) = (property.as_object_mut(), extra.as_object()) {
            property.extend(extra.clone());
        }
        property
    };
    for kind in KINDS {
        let relations = RELATIONS.iter().filter(|(_, target, _)| {
            KINDS.iter().position(|k| k == target) <= KINDS.iter().position(|k| *k == kind)
        });
        let relations: serde_json::Map<String, Value> = relations
            .map(|(key, target, many)| {
                ((*key).to_owned(), json!({"target": blueprint(target), "many": many}))
            })
            .collect();
        let body = json!({
            "identifier": blueprint(kind), "title": kind,
            "schema": {"properties": {
                "description": text(json!({})), "type": text(json!({})), "lifecycle": text(json!({})),
                "env": text(json!({"enum": ["prod", "staging", "dev"]})), "costCenter": text(json!({})),
                "slug": text(json!({})), "chat": text(json!({})), "definition": text(json!({"format": "yaml"})),
                "sourceLocation": text(json!({})), "key": text(json!({})),
                "tags": {"type": "array", "items": {"type": "string"}},
                "links": {"type": "array", "items": {"type": "object"}},
            }, "required": []},
            "relations": relations,
        });
        let call = request("POST", "/v1/blueprints", Some(token), Some(body.to_string().as_bytes()));
        let (status, answer) = once(address, &call).await?;
        if status != 201 {
            bail!("blueprint {kind}: {status} {answer}");
        }
    }
    Ok(())
}

/// A Backstage document as a client of Port's API would send it.
fn port_form(entity: &Value) -> (String, Value) {
    let kind = entity["kind"].as_str().unwrap_or_default().to_lowercase();
    let (metadata, spec) = (&entity["metadata"], &entity["spec"]);
    let note = &metadata["annotations"];
    let name = |v: &Value| Value::from(v.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default());
    let related = |key: &str| match &spec[key] {
        Value::Null => None,
        Value::Array(list) => Some(list.iter().map(name).collect()),
        one => Some(name(one)),
    };
    let relations: serde_json::Map<String, Value> =
        RELATIONS.iter().filter_map(|(key, _, _)| Some(((*key).to_owned(), related(key)?))).collect();
    let body = json!({
        "identifier": metadata["name"], "title": metadata["title"],
        "properties": {
            "description": metadata["description"], "type": spec["type"], "lifecycle": spec["lifecycle"],
            "env": metadata["labels"]["env"], "costCenter": metadata["labels"]["cost-center"],
            "slug": note["github.com/project-slug"], "chat": note["larkfell.example/chat"],
            "definition": spec["definition"], "sourceLocation": note["backstage.io/source-location"],
            "key": note["pagerduty.com/integration-key"], "tags": metadata["tags"], "links": metadata["links"],
        },
        "relations": relations,
    });
    (blueprint(&kind), body)
}

/// The calls that bring everything in through Port's bulk API, 20 entities each, by kind.
pub(crate) fn bulk_requests(token: &str, folder: &Path) -> anyhow::Result<Vec<Vec<Vec<u8>>>> {
    let mut by_kind: Vec<(String, Vec<Value>)> = KINDS.iter().map(|k| (blueprint(k), Vec::new())).collect();
    for entity in read(folder)? {
        let (blueprint, body) = port_form(&entity);
        if let Some((_, list)) = by_kind.iter_mut().find(|(b, _)| *b == blueprint) {
            list.push(body);
        }
    }
    let calls = |(blueprint, list): (String, Vec<Value>)| {
        let path = format!(
            "/v1/blueprints/{blueprint}/entities/bulk?upsert=true&merge=true&create_missing_related_entities=true"
        );
        let call = |chunk: &[Value]| {
            request("POST", &path, Some(token), Some(json!({ "entities": chunk }).to_string().as_bytes()))
        };
        list.chunks(20).map(call).collect()
    };
    Ok(by_kind.into_iter().map(calls).collect())
}

/// Sends them, 16 callers at a time, one kind after the other. Returns how long it took.
pub(crate) async fn bulk(address: &str, phases: &Arc<Vec<Vec<Vec<u8>>>>) -> anyhow::Result<Duration> {
    let started = Instant::now();
    for phase in 0..phases.len() {
        send_all(address, Arc::clone(phases), phase, 16).await?;
    }
    Ok(started.elapsed())
}
