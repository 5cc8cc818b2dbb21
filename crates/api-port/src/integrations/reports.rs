//! What integrations report of themselves, and what a person reads of it.
//!
//! The addresses for reports are told in the integration's `logAttributes` and `metricAttributes`. Their last part
//! cannot be guessed, and the caller must be signed in all the same: Ocean and the exporter send their token.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};
use stagedoor_model::Timestamp;
use stagedoor_portal::{LogQuery, Portal};

use super::openapi::{DataReply, HeartbeatBody, KindMetricsBody, LogsBody, LogsReply, MetricsBody};
use super::place::{OfIngest, OfIntegration};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller};
use crate::flags::Parameters;
use crate::openapi::{Done, Refusal};

/// The most log lines of one answer, and how many come unasked.
const MOST_LINES: usize = 1000;
const LINES: usize = 100;

fn done() -> Answer {
    Ok(Json(json!({ "ok": true })).into_response())
}

/// Takes log lines. The newest 5000 are kept.
#[utoipa::path(
    post,
    path = "/ingest/logs/{ingest_id}",
    tag = "Integrations",
    operation_id = "ingest_logs",
    params(("ingest_id" = String, Path, description = "From `logAttributes`")),
    request_body = LogsBody,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "`logs` is no list of objects", body = Refusal),
    )
)]
pub(crate) async fn take_logs(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    place: OfIngest,
    Body(body): Body,
) -> Answer {
    portal.report_logs(&viewer, &place.name, &body["logs"]).await?;
    done()
}

/// Takes metrics of several kinds of a resync.
#[utoipa::path(
    post,
    path = "/ingest/metrics/{ingest_id}/syncMetrics",
    tag = "Integrations",
    operation_id = "ingest_sync_metrics",
    params(("ingest_id" = String, Path, description = "From `metricAttributes`")),
    request_body = MetricsBody,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "`syncKindsMetrics` is no list of objects", body = Refusal),
    )
)]
pub(crate) async fn take_metrics(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    place: OfIngest,
    Body(body): Body,
) -> Answer {
    let items = body["syncKindsMetrics"].as_array().cloned();
    let items = items.ok_or_else(|| Failure::invalid("\"syncKindsMetrics\" must be array"))?;
    portal.report_sync(&viewer, &place.name, items).await?;
    done()
}

/// Takes the metrics of one kind of a resync. Resync and kind of the path win over those in the body.
#[utoipa::path(
    put,
    path = "/ingest/metrics/{ingest_id}/syncMetrics/resync/{event}/kind/{kind}",
    tag = "Integrations",
    operation_id = "ingest_kind_metrics",
    params(
        ("ingest_id" = String, Path, description = "From `metricAttributes`"),
        ("event" = String, Path, description = "The resync"),
        ("kind" = String, Path, description = "Kind and place in the mapping, as `service-0`"),
    ),
    request_body = KindMetricsBody,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "`syncKindMetrics` is no object", body = Refusal),
    )
)]
pub(crate) async fn take_kind_metrics(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    place: OfIngest,
    Body(body): Body,
) -> Answer {
    let metrics = body["syncKindMetrics"].as_object().cloned();
    let mut metrics = metrics.ok_or_else(|| Failure::invalid("\"syncKindMetrics\" must be object"))?;
    metrics.insert("eventId".into(), place.event.into());
    metrics.insert("kindIdentifier".into(), place.kind.into());
    portal.report_sync(&viewer, &place.name, vec![Value::Object(metrics)]).await?;
    done()
}

/// Takes a sign of life within a resync.
#[utoipa::path(
    post,
    path = "/ingest/metrics/{ingest_id}/heartbeat",
    tag = "Integrations",
    operation_id = "ingest_heartbeat",
    params(("ingest_id" = String, Path, description = "From `metricAttributes`")),
    request_body = HeartbeatBody,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 422, description = "`eventId` is no text", body = Refusal),
    )
)]
pub(crate) async fn take_heartbeat(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    place: OfIngest,
    Body(body): Body,
) -> Answer {
    portal.report_heartbeat(&viewer, &place.name, &body["eventId"]).await?;
    done()
}

/// Log lines of an integration, newest first.
#[utoipa::path(
    get,
    path = "/integration/{integration}/logs",
    tag = "Integrations",
    operation_id = "list_integration_logs",
    params(
        ("integration" = String, Path, description = "Its `installationId`"),
        ("limit" = Option<usize>, Query, description = "At most this many; 100 where absent, 1000 at most"),
        ("log_id" = Option<i64>, Query, description = "`_id` of the line to go on from"),
        ("timestamp" = Option<String>, Query, description = "Time of receipt to go on from"),
        ("direction" = Option<String>, Query, description = "`down` to older lines (where absent), `up` to newer ones"),
        ("level" = Option<Vec<String>>, Query, description = "Only these levels"),
        ("eventId" = Option<String>, Query, description = "Only of this resync"),
    ),
    responses(
        (status = 200, description = "The lines", body = LogsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 422, description = "A parameter is not legal", body = Refusal),
    )
)]
pub(crate) async fn logs(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
    parameters: Parameters,
) -> Answer {
    let data = portal.integration_logs(&viewer, &name, log_query(&parameters)?).await?;
    Ok(Json(json!({ "ok": true, "data": data })).into_response())
}

fn log_query(parameters: &Parameters) -> Result<LogQuery, Failure> {
    let one = |name| parameters.one(name).filter(|text| !text.is_empty());
    let limit = match one("limit").map(str::parse::<usize>) {
        None => LINES,
        Some(Ok(limit)) if limit > 0 => limit.min(MOST_LINES),
        Some(_) => return Err(Failure::invalid("\"limit\" must be a positive integer")),
    };
    let line = one("log_id").map(str::parse::<i64>).transpose();
    let line = line.map_err(|_| Failure::invalid("\"log_id\" must be the _id of a log line"))?;
    let at = one("timestamp").map(|text| Timestamp::parse(text).ok_or(text)).transpose();
    let at = at.map_err(|_| Failure::invalid("\"timestamp\" must be a time as 2026-11-01T09:30:00Z"))?;
    let up = match one("direction") {
        None | Some("down") => false,
        Some("up") => true,
        Some(_) => return Err(Failure::invalid("\"direction\" must be \"up\" or \"down\"")),
    };
    let event = one("eventId").map(str::to_owned);
    Ok(LogQuery { limit, up, line, at, levels: parameters.list("level"), event })
}

/// The last metrics of each kind of each resync, newest first.
#[utoipa::path(
    get,
    path = "/integration/{integration}/syncMetrics",
    tag = "Integrations",
    operation_id = "list_sync_metrics",
    params(
        ("integration" = String, Path, description = "Its `_id` or `installationId`"),
        ("resyncId" = Option<String>, Query, description = "Only of this resync"),
    ),
    responses(
        (status = 200, description = "The metrics", body = DataReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
    )
)]
pub(crate) async fn sync_metrics(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
    parameters: Parameters,
) -> Answer {
    let resync = parameters.one("resyncId").filter(|text| !text.is_empty()).map(str::to_owned);
    let data = portal.sync_metrics(&viewer, &name, resync).await?;
    Ok(Json(json!({ "ok": true, "count": data.len(), "data": data })).into_response())
}

/// The resyncs that metrics were reported of, newest first.
#[utoipa::path(
    get,
    path = "/integration/{integration}/syncsMetadata",
    tag = "Integrations",
    operation_id = "list_syncs",
    params(("integration" = String, Path, description = "Its `_id` or `installationId`")),
    responses(
        (status = 200, description = "The resyncs", body = DataReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
    )
)]
pub(crate) async fn syncs_metadata(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
) -> Answer {
    let data = portal.syncs_metadata(&viewer, &name).await?;
    Ok(Json(json!({ "ok": true, "count": data.len(), "data": data })).into_response())
}
