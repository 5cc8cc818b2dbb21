//! Closed-loop load: so many connections, each sending its next request when it has the answer to the last one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::client::Client;

/// What a measurement gave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// Requests answered per second.
    pub(crate) per_second: f64,
    /// Half of the answers took at most this long.
    pub p50: Duration,
    /// 99 of 100 did.
    pub p99: Duration,
    /// Mean length of a body, in bytes.
    pub(crate) bytes: usize,
}

/// Sends `requests` in turn over `clients` connections for a while. Any answer but 200 is an error.
pub(crate) async fn run(
    address: &str,
    requests: Arc<Vec<Vec<u8>>>,
    clients: usize,
    duration: Duration,
) -> anyhow::Result<Figures> {
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let (address, requests, next) = (address.to_owned(), Arc::clone(&requests), Arc::clone(&next));
        tasks.spawn(async move { one(&address, &requests, &next, started + duration).await });
    }
    let (mut times, mut bytes) = (Vec::new(), 0_usize);
    while let Some(done) = tasks.join_next().await {
        let (more, length) = done??;
        times.extend(more);
        bytes += length;
    }
    let elapsed = started.elapsed();
    if times.is_empty() {
        bail!("no request was answered in time");
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    Ok(Figures {
        per_second: times.len() as f64 / elapsed.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        bytes: bytes / times.len(),
    })
}

async fn one(
    address: &str,
    requests: &[Vec<u8>],
    next: &AtomicUsize,
    end: Instant,
) -> anyhow::Result<(Vec<Duration>, usize)> {
    let mut client = Client::connect(address).await?;
    let (mut times, mut bytes) = (Vec::with_capacity(1 << 16), 0);
    let mut now = Instant::now();
    while now < end {
        let request = &requests[next.fetch_add(1, Ordering::Relaxed) % requests.len()];
        let answer = client.send(request).await?;
        if answer.status != 200 {
            let (line, body) = (String::from_utf8_lossy(request), String::from_utf8_lossy(answer.body));
            bail!("{} gave {}: {}", line.lines().next().unwrap_or_default(), answer.status, body);
        }
        bytes += answer.body.len();
        let done = Instant::now();
        times.push(done - now);
        now = done;
    }
    Ok((times, bytes))
}
