//! One request as a span, and what its caller says of the trace it belongs to.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::telemetry::request_id::RequestId;

/// A finished span.
pub(super) struct Span {
    pub(super) trace: u128,
    pub(super) id: u64,
    pub(super) parent: Option<u64>,
    pub(super) started: SystemTime,
    pub(super) ended: SystemTime,
    pub(super) method: Method,
    pub(super) route: String,
    pub(super) status: u16,
    pub(super) request_id: RequestId,
}

/// The caller's span.
#[derive(Debug, PartialEq)]
pub(super) struct Parent {
    pub(super) trace: u128,
    pub(super) span: u64,
    pub(super) sampled: bool,
}

/// Reads `traceparent` (W3C Trace Context, version 00): `00-<32 hex>-<16 hex>-<2 hex>`.
pub(super) fn parent_of(headers: &HeaderMap) -> Option<Parent> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let mut parts = text.split('-');
    let mut hex = |length: usize| {
        let part = parts.next().filter(|p| p.len() == length)?;
        let lower = part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        u128::from_str_radix(part, 16).ok().filter(|_| lower)
    };
    let (version, trace, span, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
    if version == 0xff || trace == 0 || span == 0 {
        return None;
    }
    Some(Parent { trace, span: u64::try_from(span).ok()?, sampled: flags & 1 == 1 })
}

/// The body of an export.
pub(super) fn request(service: &str, spans: &[Span]) -> String {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let one = |span: &Span| {
        let mut out = json!({
            "traceId": format!("{:032x}", span.trace),
            "spanId": format!("{:016x}", span.id),
            "name": format!("{} {}", span.method, span.route),
            "kind": 2,
            "startTimeUnixNano": nanos(span.started),
            "endTimeUnixNano": nanos(span.ended),
            "attributes": [
                text("http.request.method", span.method.as_str()),
                text("http.route", &span.route),
                { "key": "http.response.status_code", "value": { "intValue": span.status.to_string() } },
                text("stagedoor.request_id", span.request_id.as_str()),
            ],
            "status": if span.status >= 500 { json!({ "code": 2 }) } else { json!({}) },
        });
        if let Some(parent) = span.parent {
            out["parentSpanId"] = Value::String(format!("{parent:016x}"));
        }
        out
    };
    let body = json!({ "resourceSpans": [{
        "resource": { "attributes": [
            text("service.name", service),
            text("service.version", env!("CARGO_PKG_VERSION")),
        ] },
        "scopeSpans": [{
            "scope": { "name": "stagedoor" },
            "spans": spans.iter().map(one).collect::<Vec<_>>(),
        }],
    }] });
    body.to_string()
}

/// A 64-bit number is text in the JSON form of protobuf.
fn nanos(time: SystemTime) -> String {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string()
}
