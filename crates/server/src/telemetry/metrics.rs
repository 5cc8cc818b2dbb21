//! `/metrics` in the text format of Prometheus (version 0.0.4).

use std::fmt::{Display, Write as _};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_portal::{TIMING_BOUNDS, Timings};
use tokio::net::TcpListener;

use super::{Telemetry, process};

const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The route on the portal's own address: for administrators, as it tells how many entities of what there are.
pub(crate) async fn metrics(State(telemetry): State<Arc<Telemetry>>, request: Request) -> Response {
    let Some(viewer) = request.extensions().get::<Viewer>() else {
        return (StatusCode::UNAUTHORIZED, "metrics need an administrator's token\n").into_response();
    };
    match telemetry.portal.may(viewer, Action::ReadMetrics, Resource::Any) {
        Ok(()) => answer(&telemetry),
        Err(error) => (StatusCode::FORBIDDEN, format!("{error}\n")).into_response(),
    }
}

/// The address of its own that an operator has chosen: nothing but metrics, for everyone who can reach it.
pub(crate) async fn serve_metrics(telemetry: Arc<Telemetry>, listener: TcpListener) {
    let open = async |State(telemetry): State<Arc<Telemetry>>| answer(&telemetry);
    let app = Router::new().route("/metrics", get(open)).with_state(telemetry);
    if let Err(error) = axum::serve(listener, app).await {
        tracing::error!(%error, "metrics can no longer be read");
    }
}

fn answer(telemetry: &Telemetry) -> Response {
    let headers = [(header::CONTENT_TYPE, FORMAT), (header::CACHE_CONTROL, "no-store")];
    (headers, telemetry.text()).into_response()
}

impl Telemetry {
    /// Everything that is counted.
    fn text(&self) -> String {
        let mut text = Text(String::with_capacity(16 * 1024));
        text.head("stagedoor_build_info", "gauge", "Always 1.");
        text.value("stagedoor_build_info", concat!("version=\"", env!("CARGO_PKG_VERSION"), "\""), 1);
        self.requests.write(&mut text);
        self.catalog(&mut text);
        self.runs(&mut text);
        if let Some(traces) = &self.traces {
            text.one("stagedoor_traces_sent_total", "counter", "Spans delivered.", traces.sent());
            text.one("stagedoor_traces_dropped_total", "counter", "Spans given up.", traces.dropped());
        }
        self.process(&mut text);
        text.0
    }

    fn catalog(&self, text: &mut Text) {
        let stats = self.portal.stats();
        text.one("stagedoor_revision", "gauge", "The newest commit.", stats.revision);
        text.one("stagedoor_commits_total", "counter", "Commits of this process.", stats.commits);
        text.one("stagedoor_changes_total", "counter", "Changes in those commits.", stats.changes);
        let name = "stagedoor_transaction_duration_seconds";
        text.head(name, "histogram", "Time to store a batch of commits.");
        histogram(text, name, "", &[stats.transactions]);
        let help = "Transactions that the store refused or failed.";
        text.one("stagedoor_store_errors_total", "counter", help, stats.store_errors);
        text.one("stagedoor_writer_queue", "gauge", "Operations that wait for the writer.", stats.queued);
        text.one("stagedoor_streams_open", "gauge", "Change feeds that are being read.", stats.feeds);
        let help = "Attempts that were refused for want of a right.";
        text.one("stagedoor_denials_total", "counter", help, stats.denials);
        text.one("stagedoor_blueprints", "gauge", "Blueprints.", stats.entities.len());
        text.head("stagedoor_entities", "gauge", "Entities by blueprint.");
        for (blueprint, count) in &stats.entities {
            text.value("stagedoor_entities", &format!("blueprint=\"{}\"", escaped(blueprint)), count);
        }
        text.head("stagedoor_sources", "gauge", "Sources by state.");
        for (state, count) in &stats.sources {
            text.value("stagedoor_sources", &format!("state=\"{}\"", escaped(state)), count);
        }
    }

    fn runs(&self, text: &mut Text) {
        let stats = self.portal.run_stats();
        let help = "Runs that were set going in this process.";
        text.one("stagedoor_runs_started_total", "counter", help, stats.started);
        text.one("stagedoor_runs_ended_total", "counter", "Runs that ended in this process.", stats.ended);
        text.one("stagedoor_runs_failed_total", "counter", "Of these, those that failed.", stats.failed);
        text.one("stagedoor_run_steps_total", "counter", "Attempts at steps of runs.", stats.steps);
        let help = "Runs of processes that were gone, which this one went on with.";
        text.one("stagedoor_runs_taken_over_total", "counter", help, stats.taken_over);
        text.one("stagedoor_runs", "gauge", "Runs that are kept.", stats.kept);
        text.one("stagedoor_runs_active", "gauge", "Runs that have not ended.", stats.active);
    }

    fn process(&self, text: &mut Text) {
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let help = "Start, in seconds since 1970.";
        text.one("process_start_time_seconds", "gauge", help, format!("{started:.3}"));
        if let Some(bytes) = process::resident_bytes() {
            text.one("process_resident_memory_bytes", "gauge", "Memory in use.", bytes);
        }
        if let Some(seconds) = process::cpu_seconds() {
            text.one("process_cpu_seconds_total", "counter", "Processor time.", seconds);
        }
        if let Some(files) = process::open_files() {
            text.one("process_open_fds", "gauge", "Open files and sockets.", files);
        }
        if let Some(files) = process::most_files() {
            text.one("process_max_fds", "gauge", "The most there may be.", files);
        }
    }
}

/// The answer as it grows. Writing to memory cannot fail.
pub(super) struct Text(String);

impl Text {
    pub(super) fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(super) fn value(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = if labels.is_empty() {
            writeln!(self.0, "{name} {value}")
        } else {
            writeln!(self.0, "{name}{{{labels}}} {value}")
        };
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.value(name, "", value);
    }
}

/// Buckets, sum and count of one histogram that was counted in parts.
pub(super) fn histogram(text: &mut Text, name: &str, labels: &str, parts: &[&Timings]) {
    let comma = if labels.is_empty() { "" } else { "," };
    let counts: Vec<_> = parts.iter().map(|t| t.buckets()).collect();
    let bounds = TIMING_BOUNDS.iter().map(|micros| format!("{}", *micros as f64 / 1e6));
    let mut total = 0;
    for (at, bound) in bounds.chain(["+Inf".to_owned()]).enumerate() {
        total += counts.iter().filter_map(|c| c.get(at)).sum::<u64>();
        text.value(&format!("{name}_bucket"), &format!("{labels}{comma}le=\"{bound}\""), total);
    }
    let sum: std::time::Duration = parts.iter().map(|t| t.total()).sum();
    text.value(&format!("{name}_sum"), labels, sum.as_secs_f64());
    text.value(&format!("{name}_count"), labels, total);
}

/// A label's value.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
