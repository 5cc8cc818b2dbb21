//! One catalog size from an empty folder to the last figure.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::sync::oneshot;

use crate::client::{once, request};
use crate::generate::{self, Names};
use crate::load::{self, Figures};
use crate::process::{Process, Stagedoor, free_port, memory_of, size_of, token};
use crate::report::{Row, facts, ms, number, operations};
use crate::requests::{Operation, operations as shared_operations, own_operations};
use crate::writes::{self, Sink};
use crate::{ingest, peer};

/// What to measure.
pub(crate) struct Plan {
    /// The portal's binary.
    pub(crate) binary: PathBuf,
    /// Where data may be put.
    pub(crate) folder: PathBuf,
    /// Seconds per figure.
    pub(crate) seconds: u64,
    /// The script that starts the peer, if it is wanted.
    pub(crate) peer: Option<PathBuf>,
    /// Catalogs up to this size are also read from YAML files and sent through Port's API.
    pub(crate) ways_up_to: usize,
}

type Facts = Vec<(String, String)>;

/// Measures a catalog of so many entities; the text of its tables.
pub(crate) async fn size(plan: &Plan, count: usize) -> anyhow::Result<String> {
    let folder = plan.folder.join(count.to_string());
    let every_way = count <= plan.ways_up_to;
    eprintln!("{count}: generating");
    let names = generate::write(count, &folder, every_way)?;
    let json = std::fs::metadata(folder.join("entities.jsonl"))?.len();
    let mut rows: Facts =
        vec![("JSON of an entity".into(), format!("{} bytes", number(json as f64 / count as f64)))];
    if every_way {
        files(plan, count, &folder, &mut rows).await?;
        through_port(plan, count, &folder, &mut rows).await?;
    }
    let table = questions(plan, count, &folder, &names, json, &mut rows).await?;
    Ok(format!("### {} entities\n\n{}\n{table}\n", number(count as f64), facts(&rows)))
}

fn fresh(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let data = folder.join(name);
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    Ok(data)
}

fn rate(count: usize, time: Duration) -> String {
    format!("{} entities/s", number(count as f64 / time.as_secs_f64()))
}

/// First start over YAML files, then a start at which nothing has changed.
async fn files(plan: &Plan, count: usize, folder: &Path, rows: &mut Facts) -> anyhow::Result<()> {
    eprintln!("{count}: reading YAML files");
    let config = folder.join("app-config.yaml");
    let yaml = std::fs::canonicalize(folder.join("yaml"))?;
    let rules = "  rules:\n    - allow: [Component, API, Resource, System, Domain, Group, User]\n";
    let text =
        format!("catalog:\n{rules}  locations:\n    - type: file\n      target: {}/*.yaml\n", yaml.display());
    std::fs::write(&config, text)?;
    let portal = Stagedoor { binary: &plan.binary, data: fresh(folder, "from-files")?, config: vec![config] };
    let process = portal.start().await?;
    rows.push((
        "first reading of YAML files, until every read shows them".into(),
        format!(
            "{} ({} ms), {:.0} MB at most",
            rate(count, process.started_in),
            ms(process.started_in),
            memory_of(process.id()).1
        ),
    ));
    process.stop().await?;
    let begun = Instant::now();
    let process = portal.start().await?;
    let token = token(&process.address).await?;
    let ask = request("GET", "/api/stagedoor/v1/sources", Some(&token), None);
    while once(&process.address, &ask)
        .await?
        .1
        .pointer("/sources/0/lastRun")
        .is_none_or(serde_json::Value::is_null)
    {
        ensure!(begun.elapsed() < Duration::from_secs(60), "the files were never read again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let read = begun.elapsed() - process.started_in;
    rows.push(("reading the unchanged files again after a restart".into(), format!("{} ms", ms(read))));
    process.stop().await
}

/// Everything through Port's bulk API, and the same again.
async fn through_port(plan: &Plan, count: usize, folder: &Path, rows: &mut Facts) -> anyhow::Result<()> {
    eprintln!("{count}: Port's bulk API");
    let portal = Stagedoor { binary: &plan.binary, data: fresh(folder, "from-port")?, config: Vec::new() };
    let process = portal.start().await?;
    let token = token(&process.address).await?;
    ingest::blueprints(&process.address, &token).await?;
    let phases = Arc::new(ingest::bulk_requests(&token, folder)?);
    let first = ingest::bulk(&process.address, &phases).await?;
    rows.push(("Port's bulk API, 16 callers of 20".into(), rate(count, first)));
    let again = ingest::bulk(&process.address, &phases).await?;
    rows.push((
        "the same again, nothing changed".into(),
        format!("{} ({} ms)", rate(count, again), ms(again)),
    ));
    process.stop().await
}

/// Documents in, restart, questions with a write every 50 ms beside them.
async fn questions(
    plan: &Plan,
    count: usize,
    folder: &Path,
    names: &Names,
    json: u64,
    rows: &mut Facts,
) -> anyhow::Result<String> {
    eprintln!("{count}: documents");
    let portal =
        Stagedoor { binary: &plan.binary, data: fresh(folder, "from-documents")?, config: Vec::new() };
    let process = portal.start().await?;
    let key = token(&process.address).await?;
    let took = ingest::documents(&process.address, &key, folder, 4).await?;
    rows.push(("documents handed over, durable: 4 callers of 1,000".into(), rate(count, took)));
    rows.push(("memory then, and at most".into(), memory(process.id())));
    process.stop().await?;
    let disk = size_of(&portal.data);
    rows.push((
        "database with its change log".into(),
        format!(
            "{} bytes per entity, {:.1} x its JSON",
            number(disk as f64 / count as f64),
            disk as f64 / json as f64
        ),
    ));
    let mut starts = Vec::new();
    for _ in 0..5 {
        let process = portal.start().await?;
        starts.push(process.started_in);
        process.stop().await?;
    }
    starts.sort_unstable();
    rows.push((
        "start, 5 times: median (least to most)".into(),
        format!("{} ms ({} to {})", ms(starts[2]), ms(starts[0]), ms(starts[4])),
    ));
    let process = portal.start().await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let early = memory_of(process.id()).0;
    let before = process.processor_seconds();
    tokio::time::sleep(Duration::from_secs(10)).await;
    rows.push((
        "processor at rest".into(),
        format!("{:.1} % of a core", (process.processor_seconds() - before) * 10.0),
    ));
    // The allocator gives back what the loading took over some seconds.
    let (now, most) = memory_of(process.id());
    rows.push((
        "memory at rest after a start; 3 seconds after it, at most".into(),
        format!("{now:.0} MB; {early:.0} MB, {most:.0} MB"),
    ));
    let key = token(&process.address).await?;
    let sink = Sink::Stagedoor(process.address.clone(), key.clone());
    let visible = writes::until_visible(&sink, (&process.address, Some(&key)), names, 200).await?;
    rows.push((
        "a write until a read shows it: p50, p99".into(),
        format!("{} ms, {} ms", ms(visible[100]), ms(visible[197])),
    ));
    let mut measured = Vec::new();
    for operation in all_operations(names, &key) {
        measured.push(operation_row(plan, &process, operation, &sink, names).await?);
    }
    rows.push(("memory after the questions".into(), memory(process.id())));
    process.stop().await?;
    let beside = match &plan.peer {
        Some(script) => peer_questions(plan, script, folder, names, rows).await?,
        None => Vec::new(),
    };
    Ok(operations(&measured, &beside))
}

/// What Stagedoor is asked: first the operations that the peer has too, in the same order.
fn all_operations(names: &Names, key: &str) -> Vec<Operation> {
    let mut all = shared_operations(names, Some(key));
    all.extend(own_operations(names, Some(key)));
    all
}

fn memory(process: u32) -> String {
    let (now, most) = memory_of(process);
    format!("{now:.0} MB, {most:.0} MB")
}

async fn operation_row(
    plan: &Plan,
    process: &Process,
    operation: Operation,
    sink: &Sink,
    names: &Names,
) -> anyhow::Result<Row> {
    eprintln!("  {}: {} different requests", operation.name, operation.requests.len());
    let requests = Arc::new(operation.requests);
    let one = with_writes(plan, &process.address, &requests, 1, sink, names).await?;
    let sixteen = with_writes(plan, &process.address, &requests, 16, sink, names).await?;
    let constant = constant(plan, &requests, sixteen.bytes).await?;
    Ok(Row { name: operation.name, one, sixteen, constant })
}

async fn with_writes(
    plan: &Plan,
    address: &str,
    requests: &Arc<Vec<Vec<u8>>>,
    clients: usize,
    sink: &Sink,
    names: &Names,
) -> anyhow::Result<Figures> {
    let (stop, stopped) = oneshot::channel();
    let writer = tokio::spawn(writes::beside(sink.clone(), names.clone(), stopped));
    let figures = load::run(address, Arc::clone(requests), clients, Duration::from_secs(plan.seconds)).await;
    let _ = stop.send(());
    let written = writer.await??;
    ensure!(!written.is_empty(), "nothing was written beside the reads");
    figures
}

/// Requests per second when the answer is constant and as long.
async fn constant(plan: &Plan, requests: &Arc<Vec<Vec<u8>>>, bytes: usize) -> anyhow::Result<f64> {
    let port = free_port()?;
    let address = format!("127.0.0.1:{port}");
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["constant", "--port", &port.to_string(), "--bytes", &bytes.to_string()]);
    let process = Process::start(&mut command, &address, "/", Duration::from_secs(10)).await?;
    let duration = Duration::from_secs(plan.seconds.min(5));
    Ok(load::run(&process.address, Arc::clone(requests), 16, duration).await?.per_second)
}

async fn peer_questions(
    plan: &Plan,
    script: &Path,
    folder: &Path,
    names: &Names,
    rows: &mut Facts,
) -> anyhow::Result<Vec<(Figures, Figures)>> {
    eprintln!("  Backstage: reading the same catalog");
    let peer = peer::start(script, folder).await?;
    rows.push((
        "Backstage: ingest until every read shows them".into(),
        format!("{} entities/s", number(peer.entities_per_second)),
    ));
    let sink = Sink::Backstage(peer.control.clone(), Arc::clone(&peer.components));
    let visible = writes::until_visible(&sink, (&peer.process.address, None), names, 30).await?;
    rows.push(("Backstage: a write until a read shows it, p50".into(), format!("{} ms", ms(visible[15]))));
    let mut measured = Vec::new();
    for operation in shared_operations(names, None) {
        eprintln!("  Backstage: {}", operation.name);
        let requests = Arc::new(operation.requests);
        let address = &peer.process.address;
        let one = with_writes(plan, address, &requests, 1, &sink, names).await?;
        let sixteen = with_writes(plan, address, &requests, 16, &sink, names).await?;
        measured.push((one, sixteen));
    }
    rows.push(("Backstage: memory of its node process now, and at most".into(), memory(peer.node)));
    peer.process.stop().await?;
    Ok(measured)
}

/// One kind of question to a portal that is running already.
pub(crate) async fn ask(
    address: &str,
    count: usize,
    only: &str,
    seconds: u64,
    clients: usize,
    key: Option<String>,
) -> anyhow::Result<Figures> {
    let names = Names::of(count, &mut crate::random::Random::new(count as u64));
    let key = match key {
        Some(key) => key,
        None => token(address).await?,
    };
    let operation = all_operations(&names, &key).into_iter().find(|o| o.name == only);
    let requests = operation.map(|o| o.requests).context("no such operation")?;
    load::run(address, Arc::new(requests), clients, Duration::from_secs(seconds)).await
}
