//! Prints how fast entities are stored and loaded: `cargo run --release -p stagedoor-store-sql --example throughput
//! [entities [postgres://...]]`. A PostgreSQL database has to be empty.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use stagedoor_model::{Change, ChangeSet, EntityRecord, JsonText};
use stagedoor_store::Store;
use stagedoor_store::conformance::samples::{entity, set};
use stagedoor_store_sql::Database;

const BATCH: usize = 1000;

/// About 2 KB of JSON, as a real component.
fn put(n: usize, generation: u32) -> Change {
    let name = format!("service-{n}");
    let links: Vec<_> = (0..6).map(|i| json!({"url": format!("https://wiki.example.com/{name}/{i}"), "title": "Page", "icon": "docs"})).collect();
    let document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": {
            "name": name, "namespace": "default", "description": "Takes orders and \"passes\" them on. ".repeat(29),
            "annotations": {"github.com/project-slug": format!("example/{name}"), "backstage.io/techdocs-ref": "dir:."},
            "tags": ["java", "orders", "critical"], "links": links, "generation": generation,
        },
        "spec": {"type": "service", "lifecycle": "production", "owner": "orders-team", "system": "commerce",
            "dependsOn": ["resource:orders-database", "component:mail"], "providesApis": ["orders-api"]},
    });
    // Time-ordered in front, random behind, like the identifiers that the server gives.
    let random = (n as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) >> 66;
    let uid = uuid::Uuid::from_u128(
        (0x0190_0000_0000_u128 + (n / BATCH) as u128) << 80 | 0x7000_u128 << 64 | 1 << 63 | random,
    );
    Change::PutEntity(Arc::new(EntityRecord {
        uid,
        document: Some(JsonText::of(&document)),
        ..entity(n as u128)
    }))
}

fn store_all(store: &dyn Store, what: &str, batches: &[Vec<ChangeSet>]) {
    let mut times: Vec<Duration> = Vec::new();
    let mut head = store.head().unwrap();
    for batch in batches {
        let start = Instant::now();
        head = store.commit(head, batch).unwrap();
        times.push(start.elapsed());
    }
    let changes: usize = batches.iter().flatten().map(|set| set.changes.len()).sum();
    let total: Duration = times.iter().sum();
    times.sort();
    println!(
        "{what}: {:.0} entities/s durable; {:.0} commits/s; per commit p50 {:.2?}, p99 {:.2?}, max {:.2?}",
        changes as f64 / total.as_secs_f64(),
        batches.len() as f64 / total.as_secs_f64(),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
    );
}

fn main() {
    let count: usize = std::env::args().nth(1).map_or(10_000, |n| n.parse().unwrap());
    // Here rather than in /tmp, which is memory on many systems.
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("stagedoor.db");
    let database = std::env::args().nth(2).map_or(Database::Sqlite(path.clone()), Database::Postgres);
    let store = database.open().unwrap();
    let changes = |generation| (0..count).map(|n| put(n, generation)).collect::<Vec<_>>();
    let first = changes(1);
    let json: usize = first
        .iter()
        .filter_map(|change| match change {
            Change::PutEntity(e) => {
                Some(e.document.as_ref()?.as_str().len() + e.fields.as_ref()?.as_str().len())
            }
            _ => None,
        })
        .sum();
    println!("{count} entities of {} bytes of JSON", json / count);
    let one_set: Vec<_> = first.chunks(BATCH).map(|chunk| vec![set(chunk.to_vec())]).collect();
    store_all(store.as_ref(), "new, one set of 1000", &one_set);
    let many: Vec<_> =
        changes(2).chunks(BATCH).map(|chunk| chunk.iter().map(|c| set(vec![c.clone()])).collect()).collect();
    store_all(store.as_ref(), "replaced, 1000 sets of 1", &many);
    let single: Vec<_> =
        changes(3).into_iter().step_by(count.div_ceil(2000)).map(|c| vec![set(vec![c])]).collect();
    store_all(store.as_ref(), "replaced one by one", &single);
    drop(store);
    for _ in 0..3 {
        let start = Instant::now();
        let store = database.open().unwrap();
        let opened = start.elapsed();
        let mut loaded = Vec::with_capacity(count);
        store.load(&mut |change| loaded.push(change)).unwrap();
        println!("open {opened:.2?}, load {:.2?} for {}", start.elapsed() - opened, loaded.len());
        let start = Instant::now();
        let mut owners = std::collections::HashMap::new();
        store
            .load(&mut |change| {
                if let Change::PutEntity(e) = change {
                    owners.insert(e.uid, e.document.as_ref().map(JsonText::value));
                }
            })
            .unwrap();
        println!("load and parse {:.2?}", start.elapsed());
    }
    if let Database::Sqlite(path) = database {
        let size = std::fs::metadata(&path).unwrap().len();
        println!("file {:.1} MB, JSON {:.1} MB", size as f64 / 1e6, json as f64 / 1e6);
    }
}
