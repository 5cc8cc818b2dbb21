//! What operators see of a running server: log lines, metrics, traces. Each request passes [`Observed`] once; what is
//! switched off there costs nothing but the question whether it is.

mod layer;
mod log;
mod metrics;
mod otlp;
mod process;
mod request_id;
mod requests;

pub(crate) use layer::Observe;
pub(crate) use log::hide_in_logs;
pub use log::start_logging;
pub(crate) use metrics::metrics;
pub use otlp::{TraceConfig, trace_config};
pub(crate) use process::most_files;

use std::sync::Arc;
use std::time::SystemTime;

use stagedoor_portal::Portal;
use tokio::net::TcpListener;

use crate::config::{Config, Environment};
use crate::serve;

/// What is counted and told; shared by all requests.
pub struct Telemetry {
    portal: Portal,
    requests: requests::Requests,
    traces: Option<otlp::Exporter>,
    started: SystemTime,
}

impl Telemetry {
    /// For one portal. Traces are sent when there is a place to send them to; needs a runtime then.
    #[must_use]
    pub fn new(portal: Portal, traces: Option<TraceConfig>) -> Arc<Self> {
        let traces = traces.map(otlp::Exporter::start);
        Arc::new(Self { portal, requests: requests::Requests::default(), traces, started: SystemTime::now() })
    }
}

/// How a server is watched, checked before it starts.
pub(crate) struct Watch {
    traces: Option<TraceConfig>,
    metrics: Option<TcpListener>,
}

impl Watch {
    /// Reads the variables, and takes the address of the metrics if they have one of their own.
    pub(crate) async fn prepare(
        environment: &Environment,
        config: &Config,
        dev: bool,
    ) -> anyhow::Result<Self> {
        let traces = trace_config(environment)?;
        let metrics = match metrics_address(environment, config) {
            Some(address) => Some(serve::listen(&address, dev).await?),
            None => None,
        };
        Ok(Self { traces, metrics })
    }

    pub(crate) fn start(self, portal: &Portal) -> Arc<Telemetry> {
        let telemetry = Telemetry::new(portal.clone(), self.traces);
        if let Some(listener) = self.metrics {
            tokio::spawn(metrics::serve_metrics(Arc::clone(&telemetry), listener));
        }
        telemetry
    }
}

/// `host:port`; only a port means this machine.
pub(crate) fn metrics_address(environment: &Environment, config: &Config) -> Option<String> {
    let variable = environment.get("STAGEDOOR_METRICS_LISTEN").map(str::trim).filter(|v| !v.is_empty());
    let text = variable.or(config.stagedoor.metrics_listen.as_deref())?;
    let port = text.strip_prefix(':').unwrap_or(text);
    let port_only = port.parse::<u16>().is_ok();
    Some(if port_only { format!("127.0.0.1:{port}") } else { text.to_owned() })
}
