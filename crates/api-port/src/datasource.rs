//! The entities that one data source wrote: what integrations compare with what they have just seen, to remove the rest.

use axum::extract::State;
use serde_json::{Map, Value};
use stagedoor_model::Timestamp;
use stagedoor_portal::{DatasourceQuery, Portal, View};
use stagedoor_query::NodeId;
use uuid::Uuid;

use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, json_text};
use crate::flags::Parameters;
use crate::openapi::{DatasourceBody, PageReply, ReadParameters, Refusal};
use crate::shape::Shape;
use crate::stream::{self, aside};

/// Entities of a page, where the body does not say and at most.
const LIMIT: usize = 5_000;
/// What is answered where nothing is included by name. All of it is at hand without reading any document.
const USUAL: [&str; 4] = ["identifier", "blueprint", "title", "relations"];

/// Lists the entities whose `$datasource` begins and ends with these texts, in an order that never changes.
#[utoipa::path(
    post,
    path = "/blueprints/entities/datasource-entities",
    tag = "Entities",
    operation_id = "list_datasource_entities",
    params(ReadParameters),
    request_body = DatasourceBody,
    responses(
        (status = 200, description = "Identifier, blueprint, title and relations of each, unless `include` names others; `next` goes into `from` of the request for the next page", body = PageReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A text, time, limit or cursor is not legal", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
    Body(body): Body,
) -> Answer {
    let query = query(&body)?;
    let view = portal.view(&viewer)?;
    let body = aside(move || Ok(page(&view, &query, &parameters)));
    Ok(json_text(body.await?))
}

fn page(view: &View, query: &DatasourceQuery, parameters: &Parameters) -> Vec<u8> {
    let (nodes, next) = view.of_datasource(query);
    let next = [("next", next.map(|uid| uid.simple().to_string()).into())];
    let asked = parameters.list("include");
    let short = asked.iter().all(|name| USUAL.contains(&name.strip_prefix('$').unwrap_or(name)))
        && parameters.list("exclude").is_empty()
        && !parameters.flag("attach_title_to_relation");
    if !short {
        return stream::entities(view, nodes.into_iter(), &Shape::of_query(parameters), &next);
    }
    let wanted =
        |key: &str| asked.is_empty() || asked.iter().any(|n| n.strip_prefix('$').unwrap_or(n) == key);
    let keys: Vec<&str> = USUAL.into_iter().filter(|key| wanted(key)).collect();
    stream::values(nodes.into_iter().map(|node| brief(view, node, &keys)), &next)
}

fn brief(view: &View, node: NodeId, keys: &[&str]) -> Value {
    let mut out = Map::new();
    for key in keys {
        let value = match *key {
            "identifier" => view.identifier(node).into(),
            "blueprint" => view.entity(node).map(|e| e.record.blueprint.clone()).into(),
            "title" => view.title(node).into(),
            _ => view.port_relations(node).into(),
        };
        out.insert((*key).to_owned(), value);
    }
    out.into()
}

fn query(body: &Value) -> Result<DatasourceQuery, Failure> {
    let map = body.as_object().ok_or_else(|| Failure::invalid("body must be object"))?;
    let prefix = text(map, "datasource_prefix")?;
    let suffix = text(map, "datasource_suffix")?;
    let before = match text(map, "before")? {
        "" => None,
        time => {
            let wrong = || Failure::invalid("\"before\" must match format \"date-time\"");
            Some(Timestamp::parse(time).ok_or_else(wrong)?)
        }
    };
    let after = match text(map, "from")? {
        "" => None,
        cursor => {
            let wrong = || Failure::invalid("\"from\" must be the \"next\" of an earlier reply");
            Some(Uuid::parse_str(cursor).map_err(|_| wrong())?)
        }
    };
    let limit = limit(map)?;
    Ok(DatasourceQuery { prefix: prefix.to_owned(), suffix: suffix.to_owned(), before, after, limit })
}

/// A text; absent, null and empty are the same.
fn text<'b>(map: &'b Map<String, Value>, key: &str) -> Result<&'b str, Failure> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Failure::invalid(format!("\"{key}\" must be string"))),
    }
}

fn limit(map: &Map<String, Value>) -> Result<usize, Failure> {
    match map.get("limit") {
        None | Some(Value::Null) => Ok(LIMIT),
        Some(value) => match value.as_u64().and_then(|n| usize::try_from(n).ok()) {
            Some(n) if (1..=LIMIT).contains(&n) => Ok(n),
            _ => Err(Failure::invalid(format!("\"limit\" must be an integer from 1 to {LIMIT}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::query;

    #[test]
    fn a_body_is_checked() {
        let read = query(&json!({
            "datasource_prefix": "port-ocean/x/", "datasource_suffix": "/me/exporter", "limit": 5000,
            "before": "2026-11-22T13:39:16.129768+00:00"
        }));
        let read = read.unwrap();
        assert_eq!((read.limit, read.before.map(|t| t.0 % 1000)), (5000, Some(129)));
        assert_eq!(query(&json!({})).unwrap().limit, 5000);
        for (body, message) in [
            (json!([]), "body must be object"),
            (json!({ "datasource_prefix": 1 }), "\"datasource_prefix\" must be string"),
            (json!({ "limit": 0 }), "\"limit\" must be an integer from 1 to 5000"),
            (json!({ "limit": 5001 }), "\"limit\" must be an integer from 1 to 5000"),
            (json!({ "limit": "x" }), "\"limit\" must be an integer from 1 to 5000"),
            (json!({ "before": "soon" }), "\"before\" must match format \"date-time\""),
            (json!({ "from": "../x" }), "\"from\" must be the \"next\" of an earlier reply"),
        ] {
            assert_eq!(query(&body).unwrap_err().message, message, "{body}");
        }
    }
}
