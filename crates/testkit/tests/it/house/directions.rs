//! Which crate may depend on which: DESIGN section 4 as one table.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, PackageId};

use super::{METADATA, assert_none, tracked_files};
use crate::ROOT;

/// Every crate of ours, by folder, with the crates of ours that it may depend on. Arrows point down only, so a crate
/// may name only what stands above it here. A new crate needs a row, and a new arrow a reason.
const ALLOWED: &[(&str, &[&str])] = &[
    ("bench", &[]),
    ("model", &[]),
    ("query", &["model"]),
    ("scorecards", &["model", "query"]),
    ("auth", &["model"]),
    ("store", &["model"]),
    ("store-sql", &["model", "store"]),
    ("outbound", &[]),
    ("hosts", &["outbound"]),
    ("jq", &[]),
    ("expressions", &[]),
    ("ingest", &["model", "query", "outbound"]),
    ("actions", &["model", "auth", "outbound", "hosts", "jq", "expressions", "ingest"]),
    (
        "portal",
        &["model", "query", "scorecards", "auth", "store", "outbound", "jq", "ingest", "hosts", "actions"],
    ),
    ("api-port", &["model", "query", "auth", "portal"]),
    ("api-backstage", &["model", "query", "auth", "portal"]),
    ("api-native", &["model", "query", "auth", "portal"]),
    (
        "server",
        &[
            "model",
            "query",
            "auth",
            "store",
            "store-sql",
            "outbound",
            "jq",
            "ingest",
            "hosts",
            "actions",
            "portal",
            "api-port",
            "api-backstage",
            "api-native",
        ],
    ),
    ("cli", &["model", "jq", "server"]),
    (
        "testkit",
        &[
            "model",
            "query",
            "auth",
            "store",
            "store-sql",
            "outbound",
            "jq",
            "ingest",
            "hosts",
            "actions",
            "portal",
            "api-port",
            "api-backstage",
            "api-native",
            "server",
        ],
    ),
];

/// Crates of others that are fenced: only these crates of ours may name them outside tests.
const FENCES: &[(&[&str], &[&str])] = &[
    (&["rusqlite", "sqlx", "postgres", "tokio-postgres"], &["store-sql"]),
    (&["jaq-core", "jaq-std", "jaq-json"], &["jq"]),
    (&["reqwest", "hyper-util", "gix", "octocrab", "kube", "ldap3"], &["outbound"]),
    // `server` for those who come in, `store-sql` for the way to PostgreSQL.
    (&["tokio-rustls"], &["outbound", "store-sql", "server"]),
    (&["axum"], &["api-port", "api-backstage", "api-native", "api-mcp", "server", "testkit", "bench"]),
];

/// What opens a connection to somebody else. Only `outbound` may, for it checks where that leads; PostgreSQL's driver, in
/// `store-sql`, does so by itself.
const OPENING: &[&str] = &["TcpStream::connect", "UnixStream::connect", "UdpSocket::bind"];

/// Crates of ours without I/O, and what they may not reach by any path.
const PURE: &[&str] = &["model", "query", "auth", "expressions", "scorecards"];
const IMPURE: &[&str] = &["tokio", "reqwest", "rusqlite", "sqlx", "axum", "hyper", "mio"];

/// The dependencies of each crate of ours, by folder: (name, kind).
fn dependencies() -> BTreeMap<String, Vec<(String, DependencyKind)>> {
    let ours = METADATA.workspace_packages();
    let named = |package: &cargo_metadata::Package| {
        package.dependencies.iter().map(|dependency| (dependency.name.clone(), dependency.kind)).collect()
    };
    ours.into_iter().map(|package| (folder(&package.name), named(package))).collect()
}

/// `stagedoor-model` lives in crates/model; the binary `stagedoor` in crates/cli.
fn folder(package: &str) -> String {
    package.strip_prefix("stagedoor-").unwrap_or("cli").to_owned()
}

#[test]
fn crates_depend_downwards_only() {
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut breaches = Vec::new();
    for (index, (name, below)) in ALLOWED.iter().enumerate() {
        for target in *below {
            if !ALLOWED.iter().take(index).any(|(above, _)| above == target) {
                breaches.push(format!("the table itself: {name} -> {target} points up"));
            }
        }
    }
    let dependencies = dependencies();
    for (name, needs) in &dependencies {
        let Some(allowed) = allowed.get(name.as_str()) else {
            breaches.push(format!("crates/{name} has no row in the table of directions"));
            continue;
        };
        for (need, kind) in needs.iter().filter(|(need, _)| need.starts_with("stagedoor-")) {
            let target = folder(need);
            let in_tests = *kind == DependencyKind::Development && target == "testkit";
            if !in_tests && !allowed.contains(&target.as_str()) {
                breaches.push(format!("crates/{name} may not depend on crates/{target}"));
            }
        }
    }
    for (name, _) in ALLOWED {
        if !dependencies.contains_key(*name) {
            breaches.push(format!("the table of directions has {name}, which is no crate"));
        }
    }
    assert_none("crate directions", &breaches);
}

#[test]
fn heavy_dependencies_stay_behind_their_fence() {
    let mut breaches = Vec::new();
    for (name, needs) in dependencies() {
        for (need, kind) in needs {
            let fenced = FENCES.iter().find(|(fenced, _)| fenced.contains(&need.as_str()));
            let Some((_, inside)) = fenced else { continue };
            if kind != DependencyKind::Development && !inside.contains(&name.as_str()) {
                breaches.push(format!("crates/{name} names {need}; only {} may", inside.join(", ")));
            }
        }
    }
    assert_none("fenced dependencies", &breaches);
}

#[test]
fn only_outbound_opens_connections() {
    let mut breaches = Vec::new();
    for name in tracked_files().into_iter().filter(|name| name.ends_with(".rs") && name.contains("/src/")) {
        if !name.starts_with("crates/") || name.starts_with("crates/outbound/") {
            continue;
        }
        let text = std::fs::read_to_string(ROOT.join(&name)).expect("source files are text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        breaches.extend(
            OPENING.iter().filter(|call| code.contains(**call)).map(|call| format!("{name}: {call}")),
        );
    }
    assert_none("connections that outbound has not checked", &breaches);
}

#[test]
fn pure_crates_reach_no_io() {
    let resolve = METADATA.resolve.as_ref().expect("cargo resolved");
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut breaches = Vec::new();
    for package in METADATA.workspace_packages() {
        let name = folder(&package.name);
        if !PURE.contains(&name.as_str()) {
            continue;
        }
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![&package.id]);
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            let linked = nodes[id].deps.iter();
            let linked =
                linked.filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
            waiting.extend(linked.map(|dep| &dep.pkg));
        }
        for found in seen.iter().map(|id| METADATA[id].name.as_str()).filter(|found| IMPURE.contains(found)) {
            breaches.push(format!("crates/{name} reaches {found}"));
        }
    }
    assert_none("crates without I/O", &breaches);
}
