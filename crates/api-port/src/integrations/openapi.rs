//! The description of these routes, and the types that only the description needs.
#![allow(dead_code)]

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use super::{cursors, kinds, reports};

/// A program that feeds the catalog. Further keys are stored and returned.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct IntegrationBody {
    /// Its identifier. Required where it is made; not `metadata`, `provision-enabled` or `register`.
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    installation_id: Option<String>,
    /// Its type, e.g. `gitlab`.
    installation_app_type: Option<String>,
    version: Option<String>,
    #[schema(inline)]
    #[serde(flatten)]
    fields: IntegrationFields,
}

/// What is shown as it was sent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct IntegrationFields {
    title: Option<String>,
    /// The mapping: what it reads, and which entities become of it. Null until somebody gives it one.
    config: Option<BTreeMap<String, Value>>,
    #[schema(nullable = false)]
    spec: Option<BTreeMap<String, Value>>,
    /// `{"type": "WEBHOOK", "url"}` is called when a resync is asked for; empty where it asks itself.
    changelog_destination: Option<BTreeMap<String, Value>>,
    #[schema(nullable = false)]
    actions_processing_enabled: Option<bool>,
    #[schema(nullable = false)]
    incremental_sync_enabled: Option<bool>,
    #[schema(nullable = false)]
    are_port_resources_initialized: Option<bool>,
    #[schema(nullable = false)]
    create_port_resources_origin: Option<String>,
    #[schema(nullable = false)]
    processing_mode: Option<String>,
}

/// An integration as stored, with who and when.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Integration {
    #[schema(inline)]
    #[serde(flatten)]
    fields: IntegrationFields,
    installation_id: String,
    installation_app_type: Option<String>,
    version: Option<String>,
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_orgId")]
    org_id: String,
    /// As `installationId`.
    identifier: String,
    /// As `installationAppType`.
    integration_type: Option<String>,
    resync_state: ResyncState,
    /// Where to report logs; absent in the list of metadata.
    #[schema(nullable = false)]
    log_attributes: Option<Ingest>,
    /// Where to report metrics; absent in the list of metadata.
    #[schema(nullable = false)]
    metric_attributes: Option<Ingest>,
    created_at: String,
    created_by: String,
    updated_at: String,
    updated_by: String,
}

/// Where to report.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Ingest {
    ingest_id: String,
    /// Absolute; takes the same tokens as everything else.
    ingest_url: String,
}

/// How a resync goes, in the words of the integration.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ResyncState {
    /// `running`, `completed`, `failed`, `aborted`
    #[schema(nullable = false)]
    status: Option<String>,
    last_resync_start: Option<String>,
    last_resync_end: Option<String>,
    next_resync: Option<String>,
    /// Spelt as clients spell it.
    interval_in_minuets: Option<f64>,
    /// When it was reported.
    #[schema(nullable = false)]
    updated_at: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct IntegrationReply {
    ok: bool,
    integration: Integration,
}

#[derive(ToSchema)]
pub(crate) struct IntegrationsReply {
    ok: bool,
    integrations: Vec<Integration>,
}

#[derive(ToSchema)]
pub(crate) struct ProvisionReply {
    ok: bool,
    integrations: Vec<String>,
}

#[derive(ToSchema)]
pub(crate) struct ConfigBody {
    config: BTreeMap<String, Value>,
}

/// A request to go through everything again.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ResyncRequest {
    id: String,
    /// Later than that of any request before.
    updated_at: String,
}

#[derive(ToSchema)]
pub(crate) struct ResyncRequestReply {
    ok: bool,
    request: Option<ResyncRequest>,
}

#[derive(ToSchema)]
pub(crate) struct CursorBody {
    /// A time.
    primary: String,
}

/// How far a kind has been read.
#[derive(ToSchema)]
pub(crate) struct Cursor {
    kind: String,
    index: String,
    primary: String,
}

#[derive(ToSchema)]
pub(crate) struct CursorReply {
    ok: bool,
    cursor: Option<Cursor>,
}

#[derive(ToSchema)]
pub(crate) struct ExamplesBody {
    examples: Vec<Value>,
}

/// A raw item.
#[derive(ToSchema)]
pub(crate) struct Example {
    #[serde(rename = "_id")]
    id: String,
    data: Value,
}

#[derive(ToSchema)]
pub(crate) struct ExamplesReply {
    ok: bool,
    examples: Vec<Example>,
}

#[derive(ToSchema)]
pub(crate) struct KindExamples {
    examples: Vec<Example>,
}

#[derive(ToSchema)]
pub(crate) struct KindsReply {
    ok: bool,
    data: BTreeMap<String, KindExamples>,
}

/// A log line. Further keys are kept where the line is not too long.
#[derive(ToSchema)]
pub(crate) struct LogLine {
    message: String,
    level: String,
    timestamp: String,
    #[schema(nullable = false)]
    extra: Option<BTreeMap<String, Value>>,
}

/// A log line that was taken, as it was sent: known clients send texts.
#[derive(ToSchema)]
pub(crate) struct KeptLogLine {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "receivedAt")]
    received_at: String,
    message: Option<Value>,
    level: Option<Value>,
    timestamp: Option<Value>,
    extra: Option<Value>,
}

#[derive(ToSchema)]
pub(crate) struct LogsBody {
    logs: Vec<LogLine>,
}

#[derive(ToSchema)]
pub(crate) struct LogsReply {
    ok: bool,
    data: Vec<KeptLogLine>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct MetricsBody {
    sync_kinds_metrics: Vec<BTreeMap<String, Value>>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct KindMetricsBody {
    sync_kind_metrics: BTreeMap<String, Value>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct HeartbeatBody {
    event_id: String,
}

#[derive(ToSchema)]
pub(crate) struct DataReply {
    ok: bool,
    count: u64,
    data: Vec<BTreeMap<String, Value>>,
}

#[derive(OpenApi)]
#[openapi(paths(
    super::list,
    super::create,
    super::metadata,
    super::provision_enabled,
    super::read,
    super::merge,
    super::delete,
    super::configure,
    super::resync_state,
    super::resync_request,
    cursors::read,
    cursors::shift,
    cursors::start,
    kinds::list,
    kinds::examples,
    kinds::add,
    reports::logs,
    reports::sync_metrics,
    reports::syncs_metadata,
    reports::take_logs,
    reports::take_metrics,
    reports::take_kind_metrics,
    reports::take_heartbeat,
))]
struct Document;

/// These routes.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
