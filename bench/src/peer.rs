//! A real Backstage backend on PostgreSQL, from npm: the same data, the same questions.
//!
//! `bench/peer` holds its lock file and 60 lines that start it; `bench/peer/start` installs it and runs PostgreSQL.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;

use crate::client::{once, request};
use crate::ingest;
use crate::process::{Process, free_port};

/// A running peer with its catalog in.
pub(crate) struct Peer {
    /// The backend.
    pub(crate) process: Process,
    /// Id of its node process; PostgreSQL's are apart.
    pub(crate) node: u32,
    /// Its control port, which takes entities.
    pub(crate) control: String,
    /// Entities per second until every read shows them.
    pub(crate) entities_per_second: f64,
    /// The components, to change.
    pub(crate) components: Arc<Vec<serde_json::Value>>,
}

/// Starts it over an empty database and waits until the whole catalog is visible.
pub(crate) async fn start(script: &Path, folder: &Path) -> anyhow::Result<Peer> {
    let (port, control) = (free_port()?, free_port()?);
    let place = folder.parent().unwrap_or(folder).join("peer");
    let mut command = Command::new(script);
    command.env("PEER_PORT", port.to_string()).env("PEER_CONTROL", control.to_string());
    command.env("PEER_FOLDER", &place);
    let address = format!("127.0.0.1:{port}");
    let path = "/api/catalog/entities/by-query?limit=0";
    let process = Process::start(&mut command, &address, path, Duration::from_secs(900)).await?;
    let control = format!("127.0.0.1:{control}");
    let entities = ingest::read(folder)?;
    let started = Instant::now();
    let body = json!({"file": std::fs::canonicalize(folder.join("entities.jsonl"))?}).to_string();
    let (status, answer) = once(&control, &request("POST", "/full", None, Some(body.as_bytes()))).await?;
    ensure!(status == 200, "the peer did not take the entities: {answer}");
    // Visible in lists, and stitched: the last thing to appear are relations.
    let ask = request("GET", "/pending", None, None);
    loop {
        let (_, answer) = once(&control, &ask).await?;
        if answer["visible"].as_u64() >= Some(entities.len() as u64) && answer["pending"] == 0 {
            break;
        }
        ensure!(
            started.elapsed() < Duration::from_secs(3_600),
            "the peer is not done after an hour: {answer}"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let rate = entities.len() as f64 / started.elapsed().as_secs_f64();
    let components = entities.into_iter().filter(|e| e["kind"] == "Component").collect();
    let node = std::fs::read_to_string(place.join("node.pid"))?.trim().parse()?;
    Ok(Peer { process, node, control, entities_per_second: rate, components: Arc::new(components) })
}
