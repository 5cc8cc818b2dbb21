//! Traces: one span for each request, sent as OTLP over HTTP in JSON (OpenTelemetry protocol, version 1) to the
//! collector that the standard `OTEL_...` variables name. Spans wait in a bounded queue; what finds it full is dropped
//! and counted, so a collector that is slow or away costs nothing but its traces.

mod span;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use http::{HeaderMap, Method, StatusCode};
use stagedoor_outbound::{AllowList, Egress, PostOptions};
use tokio::sync::mpsc;
use url::Url;

use self::span::{Span, parent_of};
use super::request_id::{RequestId, random};
use crate::config::Environment;

const QUEUE: usize = 4096;
const BATCH: usize = 512;
const PAUSE: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(10);

/// Where traces go, and which.
#[derive(Clone, Debug)]
pub struct TraceConfig {
    endpoint: Url,
    headers: Headers,
    service: String,
    /// Of traces that begin here, this part is kept, 0 to 1.
    ratio: f64,
}

impl TraceConfig {
    /// Where spans are sent.
    pub(crate) fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// The operator has named this host: it may be one of the network that nothing else may reach.
    pub(crate) fn host(&self) -> &str {
        self.endpoint.host_str().unwrap_or_default()
    }

    /// Sent along.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        self.headers.0.clone()
    }
}

/// Often a credential of the collector.
#[derive(Clone)]
struct Headers(Vec<(String, String)>);

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What the environment says of traces; nothing when it names no collector.
///
/// # Errors
/// When a variable cannot be understood; it is named, its value is not shown.
pub fn trace_config(environment: &Environment) -> anyhow::Result<Option<TraceConfig>> {
    let get = |name: &str| environment.get(name).map(str::trim).filter(|v| !v.is_empty());
    if get("OTEL_SDK_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let (name, text) = match (get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), get("OTEL_EXPORTER_OTLP_ENDPOINT")) {
        (Some(full), _) => ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", full.to_owned()),
        (None, Some(base)) => {
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{}/v1/traces", base.trim_end_matches('/')))
        }
        (None, None) => return Ok(None),
    };
    let endpoint: Url = text.parse().with_context(|| format!("{name} is no URL"))?;
    if !matches!(endpoint.scheme(), "http" | "https") || endpoint.host_str().is_none() {
        bail!("{name} must begin with http:// or https://");
    }
    let protocol = get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL").or(get("OTEL_EXPORTER_OTLP_PROTOCOL"));
    if protocol.is_some_and(|p| p != "http/json") {
        tracing::warn!(
            "traces are sent as http/json: the collector's port for OTLP over HTTP is usually 4318"
        );
    }
    let headers = get("OTEL_EXPORTER_OTLP_TRACES_HEADERS").or(get("OTEL_EXPORTER_OTLP_HEADERS"));
    Ok(Some(TraceConfig {
        endpoint,
        headers: headers_of(headers.unwrap_or_default())?,
        service: get("OTEL_SERVICE_NAME").unwrap_or("stagedoor").to_owned(),
        ratio: ratio(get("OTEL_TRACES_SAMPLER"), get("OTEL_TRACES_SAMPLER_ARG"))?,
    }))
}

fn ratio(sampler: Option<&str>, argument: Option<&str>) -> anyhow::Result<f64> {
    match sampler.unwrap_or("parentbased_always_on") {
        "always_on" | "parentbased_always_on" => Ok(1.0),
        "always_off" | "parentbased_always_off" => Ok(0.0),
        "traceidratio" | "parentbased_traceidratio" => {
            let ratio = argument.unwrap_or("1").parse::<f64>().ok().filter(|r| (0.0..=1.0).contains(r));
            ratio.context("OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1")
        }
        _ => bail!(
            "OTEL_TRACES_SAMPLER: expected always_on, always_off or traceidratio, or parentbased_ before it"
        ),
    }
}

/// `name=value,name=value`, values percent-encoded.
fn headers_of(text: &str) -> anyhow::Result<Headers> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let one = |pair: &str| {
        let (name, value) =
            pair.split_once('=').context("OTEL_EXPORTER_OTLP_HEADERS: expected name=value")?;
        let value = url::form_urlencoded::parse(format!("v={}", value.replace('+', "%2B")).as_bytes())
            .next()
            .map(|(_, value)| value.into_owned());
        anyhow::Ok((name.trim().to_owned(), value.unwrap_or_default()))
    };
    Ok(Headers(pairs.map(one).collect::<anyhow::Result<_>>()?))
}

/// A request that is being traced.
pub(super) struct Begun {
    trace: u128,
    parent: Option<u64>,
    started: SystemTime,
    request_id: RequestId,
}

/// The queue's near end.
pub(super) struct Exporter {
    queue: mpsc::Sender<Span>,
    counts: Arc<Counts>,
    ratio: f64,
}

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    dropped: AtomicU64,
}

impl Exporter {
    /// Starts sending in the background.
    pub(super) fn start(config: TraceConfig) -> Self {
        let (queue, inbox) = mpsc::channel(QUEUE);
        let counts = Arc::new(Counts::default());
        let ratio = config.ratio;
        tokio::spawn(send(config, inbox, Arc::clone(&counts)));
        Self { queue, counts, ratio }
    }

    /// A request comes in. `None` when its trace is not kept: its caller says so, or else chance does.
    pub(super) fn begin(&self, id: &RequestId, headers: &HeaderMap) -> Option<Begun> {
        let parent = parent_of(headers);
        let trace = parent.as_ref().map(|p| p.trace).or_else(|| id.trace_id());
        let trace = trace.unwrap_or_else(|| (u128::from(random()) << 64) | u128::from(random()));
        let kept = match &parent {
            Some(parent) => parent.sampled,
            None => ((trace as u64) as f64) < self.ratio * (u64::MAX as f64),
        };
        let parent = parent.map(|p| p.span);
        kept.then(|| Begun { trace, parent, started: SystemTime::now(), request_id: *id })
    }

    /// Its answer goes out.
    pub(super) fn end(&self, begun: Begun, method: &Method, route: &str, status: StatusCode) {
        let span = Span {
            trace: begun.trace,
            id: random().max(1),
            parent: begun.parent,
            started: begun.started,
            ended: SystemTime::now(),
            method: method.clone(),
            route: route.to_owned(),
            status: status.as_u16(),
            request_id: begun.request_id,
        };
        if self.queue.try_send(span).is_err() {
            self.counts.dropped.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn sent(&self) -> u64 {
        self.counts.sent.load(Relaxed)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.counts.dropped.load(Relaxed)
    }
}

/// Sends what has come together since the last time, until the server is gone.
async fn send(config: TraceConfig, mut inbox: mpsc::Receiver<Span>, counts: Arc<Counts>) {
    let egress = Egress::new(AllowList::new([config.host()]).unwrap_or_default());
    let mut failing = false;
    let mut spans = Vec::with_capacity(BATCH);
    while inbox.recv_many(&mut spans, BATCH).await > 0 {
        let body = span::request(&config.service, &spans);
        let count = spans.len() as u64;
        spans.clear();
        let options = PostOptions { headers: config.headers(), ..PostOptions::json(body, TIMEOUT) };
        match egress.post(&config.endpoint, options).await {
            Ok(_) => {
                counts.sent.fetch_add(count, Relaxed);
                failing = false;
            }
            Err(error) => {
                counts.dropped.fetch_add(count, Relaxed);
                // Once, not every two seconds for a night.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "traces cannot be delivered and are dropped");
                }
            }
        }
        if inbox.len() < BATCH {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests;
