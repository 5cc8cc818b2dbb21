//! Writes beside the reads: one every 50 ms, as a portal in use has them.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::oneshot;

use crate::client::{Client, request};
use crate::generate::Names;
use crate::random::Random;

/// Where writes go.
#[derive(Clone)]
pub(crate) enum Sink {
    /// Port's API of a Stagedoor: address and token.
    Stagedoor(String, String),
    /// The control port of the Backstage peer: address, and the entities to change.
    Backstage(String, std::sync::Arc<Vec<serde_json::Value>>),
}

/// The nth change, of a random component.
fn change(sink: &Sink, names: &Names, random: &mut Random, n: usize) -> (Vec<u8>, String) {
    match sink {
        Sink::Stagedoor(_, token) => {
            let name = random.pick(&names.components).clone();
            let body = json!({"properties": {"note": format!("note {n}")}}).to_string();
            let path = format!("/v1/blueprints/component/entities/component:default%2F{name}");
            (request("PATCH", &path, Some(token), Some(body.as_bytes())), name)
        }
        Sink::Backstage(_, entities) => {
            let mut entity = random.pick(entities).clone();
            entity["metadata"]["annotations"]["larkfell.example/note"] = format!("note {n}").into();
            let name = entity["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            (request("POST", "/delta", None, Some(json!([entity]).to_string().as_bytes())), name)
        }
    }
}

fn address(sink: &Sink) -> &str {
    match sink {
        Sink::Stagedoor(address, _) | Sink::Backstage(address, _) => address,
    }
}

/// Goes on until told to stop; answers how long each write took.
pub(crate) async fn beside(
    sink: Sink,
    names: Names,
    mut stop: oneshot::Receiver<()>,
) -> anyhow::Result<Vec<Duration>> {
    let mut client = Client::connect(address(&sink)).await?;
    let mut random = Random::new(23);
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut times = Vec::new();
    for n in 0.. {
        tokio::select! {
            _ = &mut stop => break,
            _ = tick.tick() => {}
        }
        let (call, _) = change(&sink, &names, &mut random, n);
        let started = Instant::now();
        let answer = client.send(&call).await?;
        anyhow::ensure!(answer.status < 300, "a write gave {}", String::from_utf8_lossy(answer.body));
        times.push(started.elapsed());
    }
    Ok(times)
}

/// From the sending of a write until a read by name shows it, for each of `count` writes.
pub(crate) async fn until_visible(
    sink: &Sink,
    reader: (&str, Option<&str>),
    names: &Names,
    count: usize,
) -> anyhow::Result<Vec<Duration>> {
    let (mut writer, mut client) = (Client::connect(address(sink)).await?, Client::connect(reader.0).await?);
    let mut random = Random::new(29);
    let mut times = Vec::new();
    for n in 0..count {
        let mark = 1_000_000 + n;
        let (call, name) = change(sink, names, &mut random, mark);
        let (path, mark) = match sink {
            Sink::Stagedoor(..) => {
                let path = format!("/v1/blueprints/component/entities/component:default%2F{name}");
                (path, format!("\"note {mark}\""))
            }
            Sink::Backstage(..) => (
                format!("/api/catalog/entities/by-name/component/default/{name}"),
                format!("\"note {mark}\""),
            ),
        };
        let read = request("GET", &path, reader.1, None);
        let started = Instant::now();
        writer.send(&call).await?;
        loop {
            let answer = client.send(&read).await?;
            if memchr::memmem::find(answer.body, mark.as_bytes()).is_some() {
                break;
            }
            anyhow::ensure!(started.elapsed() < Duration::from_secs(60), "a write never became visible");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        times.push(started.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    times.sort_unstable();
    Ok(times)
}
