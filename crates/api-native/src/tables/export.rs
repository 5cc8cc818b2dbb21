//! All rows of a query as a file, written piece by piece.

use std::io::Write as _;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, header};
use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor_portal::View;
use stagedoor_query::NodeId;
use utoipa::ToSchema;

use super::cells::Row;
use super::field::TableField;
use super::{Question, SortRequest, TableRequest, by, with_computed};
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::queries::{Asking, QueryInput, aside};

/// Rows whose derived values are computed, and that are sent, together.
const TOGETHER: usize = 512;
/// Pieces that wait for the reader.
const AHEAD: usize = 4;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportRequest {
    /// Identifier of the blueprint; all blueprints when absent.
    blueprint: Option<String>,
    /// Which entities: text, or Port's search rules. All when absent.
    #[serde(default)]
    query: QueryInput,
    /// By title when empty.
    #[serde(default)]
    sort: Vec<SortRequest>,
    /// Fields, in the order of the file; the blueprint and the identifier come first.
    #[serde(default)]
    columns: Vec<String>,
    format: ExportFormat,
}

/// What is written.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ExportFormat {
    /// RFC 4180 with a byte order mark; a text that a spreadsheet would run as a formula has a `'` in front.
    Csv,
    /// An array of objects by column.
    Json,
}

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/tables/export", post(export))
}

/// All rows of a query as CSV or JSON, streamed.
#[utoipa::path(
    post, path = "/tables/export", request_body = ExportRequest,
    responses(
        (status = 200, content((String = "text/csv"), (Vec<Value> = "application/json"))), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn export(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<ExportRequest>, axum::extract::rejection::JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(request) = body?;
    let view = api.portal.view(&viewer)?;
    let format = request.format;
    let name = request.blueprint.clone().unwrap_or_else(|| "entities".to_owned());
    let table = TableRequest {
        blueprint: request.blueprint,
        query: Some(request.query),
        sort: Some(request.sort),
        columns: Some(request.columns),
        ..TableRequest::default()
    };
    // Which rows there are is decided, and refused, before anything is sent.
    let find = move || {
        let view = with_computed(&api.portal, view, &table)?;
        Ok((nodes(&view, &table)?, view, table))
    };
    let (nodes, view, table) = aside(find).await?;
    let (send, receive) = tokio::sync::mpsc::channel::<Result<Bytes, std::convert::Infallible>>(AHEAD);
    tokio::task::spawn_blocking(move || write(&view, &table, &nodes, format, &send));
    let pieces = stream::unfold(receive, |mut r| async move { r.recv().await.map(|piece| (piece, r)) });
    // Compression asks once more behind the end.
    let body = pieces.fuse();
    let (kind, extension) = match format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", "csv"),
        ExportFormat::Json => ("application/json", "json"),
    };
    let mut response = Body::from_stream(body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let plain: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
    let disposition = format!("attachment; filename=\"{plain}.{extension}\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

fn nodes(view: &View, request: &TableRequest) -> Result<Vec<NodeId>, ApiError> {
    let asking = Asking::new(view);
    let mut question = Question::new(&asking, request)?;
    question.fields(request.columns.as_deref().unwrap_or_default())?;
    let order = question.order(request.sort.as_deref().unwrap_or_default())?;
    Ok(asking.select(&question.expr()).positions(&by(&order), 0, usize::MAX))
}

type Sender = tokio::sync::mpsc::Sender<Result<Bytes, std::convert::Infallible>>;

/// Ends when the reader has gone.
fn write(view: &View, request: &TableRequest, nodes: &[NodeId], format: ExportFormat, send: &Sender) {
    let asking = Asking::new(view);
    let only = request.blueprint.as_deref();
    let read = |name: &String| TableField::read(&asking, only, name).ok();
    let columns: Vec<TableField> = request.columns.iter().flatten().filter_map(read).collect();
    let mut out = Vec::new();
    let header = ["$blueprint", "$identifier"].into_iter().chain(columns.iter().map(|c| c.name.as_str()));
    match format {
        ExportFormat::Csv => {
            out.extend_from_slice("\u{feff}".as_bytes());
            line(&mut out, header.map(|h| json!(h)));
        }
        ExportFormat::Json => out.push(b'['),
    }
    let mut first = true;
    for some in nodes.chunks(TOGETHER) {
        view.prepare_derived(some, &|key| columns.iter().any(|c| c.is_derived(key)));
        for row in some.iter().filter_map(|n| Row::of(view, *n, &columns)) {
            let (blueprint, identifier, values) = row.into_values(&columns);
            match format {
                ExportFormat::Csv => {
                    line(&mut out, [json!(blueprint), json!(identifier)].into_iter().chain(values))
                }
                ExportFormat::Json => {
                    out.extend_from_slice(if first { b"\n" } else { b",\n" });
                    let names = columns.iter().map(|c| c.name.clone()).zip(values);
                    let keys = [
                        ("$blueprint".to_owned(), json!(blueprint)),
                        ("$identifier".to_owned(), json!(identifier)),
                    ];
                    let object: serde_json::Map<String, Value> =
                        keys.into_iter().chain(names.map(|(k, v)| (k, plain(v)))).collect();
                    // Writing to memory cannot fail.
                    let _ = serde_json::to_writer(&mut out, &object);
                }
            }
            first = false;
        }
        if send.blocking_send(Ok(Bytes::from(std::mem::take(&mut out)))).is_err() {
            return;
        }
    }
    if format == ExportFormat::Json {
        out.extend_from_slice(b"\n]\n");
    }
    // A piece without bytes would stall whoever compresses the answer.
    if !out.is_empty() {
        let _ = send.blocking_send(Ok(Bytes::from(out)));
    }
}

/// Links as the identifiers that they lead to.
fn plain(value: Value) -> Value {
    match value {
        Value::Array(list) if list.iter().any(is_link) => {
            Value::Array(list.into_iter().map(|v| v.get("identifier").cloned().unwrap_or(v)).collect())
        }
        value => value,
    }
}

fn is_link(value: &Value) -> bool {
    value.get("identifier").is_some() && value.get("exists").is_some()
}

fn line(out: &mut Vec<u8>, values: impl Iterator<Item = Value>) {
    for (i, value) in values.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        cell(out, plain(value));
    }
    out.extend_from_slice(b"\r\n");
}

/// One cell: a list as its parts, an object as JSON.
fn cell(out: &mut Vec<u8>, value: Value) {
    let text = match value {
        Value::Null => return,
        Value::String(text) => text,
        Value::Number(_) | Value::Bool(_) => {
            let _ = write!(out, "{value}");
            return;
        }
        Value::Array(list) => {
            let part = |v: Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            list.into_iter().map(part).collect::<Vec<_>>().join("; ")
        }
        value => value.to_string(),
    };
    // Spreadsheets run these; a number of the data is none of them.
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = text.contains(['"', ',', '\r', '\n', ';']);
    let text = if runs { format!("'{text}") } else { text };
    match quoted {
        true => out.extend_from_slice(format!("\"{}\"", text.replace('"', "\"\"")).as_bytes()),
        false => out.extend_from_slice(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::line;

    #[test]
    fn no_cell_is_a_formula() {
        let mut out = Vec::new();
        let values = [
            json!("=1+1"),
            json!(-5),
            json!("-5"),
            json!("@x"),
            json!("a,\"b\"\n"),
            json!(["x", "y"]),
            json!(null),
            json!({"a": 1}),
        ];
        line(&mut out, values.into_iter());
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "'=1+1,-5,'-5,'@x,\"a,\"\"b\"\"\n\",\"x; y\",,\"{\"\"a\"\":1}\"\r\n");
    }
}
