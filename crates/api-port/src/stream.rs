//! Replies with many entities, written one by one: no tree of all of them is ever built, and a large one
//! does not hold up other requests.

use serde_json::Value;
use stagedoor_portal::{PortalError, View};
use stagedoor_query::NodeId;

use crate::error::Failure;
use crate::shape::Shape;

/// Entities whose derived properties are computed together.
const TOGETHER: usize = 256;

/// Runs work that may take long where it holds up nobody.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(PortalError::Internal(error.to_string()).into()),
    }
}

/// `{"ok":true,<more>,"entities":[...]}`. Members whose value is null are left out.
pub(crate) fn entities(
    view: &View,
    nodes: impl Iterator<Item = NodeId>,
    shape: &Shape,
    more: &[(&str, Value)],
) -> Vec<u8> {
    let mut nodes = nodes;
    let next = move || {
        let some: Vec<NodeId> = nodes.by_ref().take(TOGETHER).collect();
        shape.prepare(view, &some);
        (!some.is_empty()).then_some(some)
    };
    values(std::iter::from_fn(next).flatten().map(|node| shape.entity(view, node)), more)
}

/// As [`entities`], of values that are at hand.
pub(crate) fn values(entities: impl Iterator<Item = Value>, more: &[(&str, Value)]) -> Vec<u8> {
    let mut out = b"{\"ok\":true".to_vec();
    for (key, value) in more.iter().filter(|(_, v)| !v.is_null()) {
        out.extend_from_slice(format!(",\"{key}\":{value}").as_bytes());
    }
    out.extend_from_slice(b",\"entities\":[");
    for (i, entity) in entities.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut out, &entity);
    }
    out.extend_from_slice(b"]}");
    out
}
