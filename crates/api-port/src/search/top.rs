//! Searching one blueprint in any order, and counting by value.

use axum::extract::State;
use serde_json::{Map, Value, json};
use stagedoor_portal::{Portal, View};
use stagedoor_query::dialect::port::Column;
use stagedoor_query::top::{After, By, compare};
use stagedoor_query::{Scalar, Selection};

use super::schemas::{TopBody, TopReply};
use super::{Ask, computed, fields, json_of, searching};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfBlueprint, json_text};
use crate::flags::Parameters;
use crate::openapi::{ReadParameters, Refusal};
use crate::shape::Shape;
use crate::stream;

/// Properties to sort by, at most.
const MAX_SORTS: usize = 10;
const ORDERS: [(&str, bool); 2] = [("asc", false), ("desc", true)];

/// Searches one blueprint in any order, and counts by value.
#[utoipa::path(
    post,
    path = "/blueprints/{blueprint}/entities/top-search",
    tag = "Entities",
    operation_id = "top_search_entities",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint"), ReadParameters),
    request_body = TopBody,
    responses(
        (status = 200, description = "In the order asked for, then by identifier", body = TopReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 422, description = "The body is not legal, or the search takes too long", body = Refusal),
    )
)]
pub(crate) async fn top_search(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    parameters: Parameters,
    Body(body): Body,
) -> Answer {
    let view = portal.view(&viewer)?;
    let body = searching(move || {
        view.blueprints().get(&blueprint).ok_or_else(|| Failure::no_blueprint(&blueprint))?;
        if blueprint == computed::RESULTS
            && let Some(counted) = computed::counts(&portal, &view, fields::object(&body)?)?
        {
            let groups = listed(counted.values, counted.missing, group_order(fields::object(&body)?)?, false);
            return Ok(stream::values(
                std::iter::empty(),
                &[("count", counted.total.into()), ("groups", groups)],
            ));
        }
        let view = computed::of(&portal, view, &blueprint, body.get("query"))?;
        page(&view, &blueprint, &body, Shape::of_query(&parameters))
    });
    Ok(json_text(body.await?))
}

/// A property to sort by, and as the cursor names it.
struct Sort {
    column: Column,
    descending: bool,
    name: String,
}

fn page(view: &View, blueprint: &str, body: &Value, shape: Shape) -> Result<Vec<u8>, Failure> {
    let body = fields::object(body)?;
    let shape = shape.or_of_body(body)?;
    let ask = Ask::new(view);
    let limit = fields::limit(body)?;
    let sorts = sorts(&ask, body, blueprint)?;
    let after = after(body, &sorts)?;
    let mut hits = ask.select(body.get("query"), Some(blueprint))?;
    if let Some(identifiers) = fields::texts(body, "identifiers")? {
        hits = hits.only(identifiers.iter().filter_map(|i| view.by_key(blueprint, i)));
    }
    let groups = groups(&ask, body, blueprint, &hits)?;
    if fields::flag(body, "countOnly")? {
        let more = [("count", hits.len().into()), ("groups", groups)];
        return Ok(stream::values(std::iter::empty(), &more));
    }
    let by: Vec<By<'_>> = sorts.iter().map(Sort::by).collect();
    let (nodes, next) = hits.top(&by, after.as_ref(), limit);
    let next = next.map(|after| cursor(&sorts, &after)).unwrap_or_default();
    Ok(stream::entities(view, nodes.into_iter(), &shape, &[("next", next), ("groups", groups)]))
}

impl Sort {
    fn by(&self) -> By<'_> {
        By {
            subject: self.column.subject(),
            through: self.column.through(),
            descending: self.descending,
            time: self.column.is_time(),
        }
    }
}

fn sorts(ask: &Ask<'_>, body: &Map<String, Value>, blueprint: &str) -> Result<Vec<Sort>, Failure> {
    let Some(list) = fields::member(body, "sort") else { return Ok(Vec::new()) };
    let list = list.as_array().ok_or_else(|| Failure::invalid("\"sort\" must be array"))?;
    if list.len() > MAX_SORTS {
        return Err(Failure::invalid(format!("\"sort\" must NOT have more than {MAX_SORTS} items")));
    }
    let one = |(i, part): (usize, &Value)| {
        let at = format!("sort/{i}/");
        let part =
            part.as_object().ok_or_else(|| Failure::invalid(format!("\"sort/{i}\" must be object")))?;
        let order = fields::text(part, "order", &at)?.unwrap_or("asc");
        let descending = fields::word(order, &ORDERS, &format!("{at}order"))?;
        let column = fields::columns(ask, part, &at, Some(blueprint))?.swap_remove(0);
        let text = |key: &str| part.get(key).and_then(Value::as_str).unwrap_or_default();
        let mut name =
            format!("{} {}/{}/{}", order, text("property"), text("relation"), text("targetProperty"));
        if part.contains_key("scorecard") {
            name = format!("{name}/{}/{}", text("scorecard"), text("scorecardRule"));
        }
        Ok(Sort { column, descending, name })
    };
    list.iter().enumerate().map(one).collect()
}

/// The keys of the last entity of a page, and by what they are.
fn cursor(sorts: &[Sort], after: &After) -> Value {
    let values: Vec<Option<Value>> = after.values.iter().map(|v| v.as_ref().map(json_of)).collect();
    let names: Vec<&str> = sorts.iter().map(|s| s.name.as_str()).collect();
    fields::next(json!([names, values, after.identifier]).to_string())
}

fn after(body: &Map<String, Value>, sorts: &[Sort]) -> Result<Option<After>, Failure> {
    let Some(bytes) = fields::cursor(body)? else { return Ok(None) };
    let read: Option<(Vec<String>, Vec<Value>, String)> = serde_json::from_slice(&bytes).ok();
    let same = |names: &[String]| names.iter().eq(sorts.iter().map(|s| &s.name));
    let (_, values, identifier) = read
        .filter(|(names, values, _)| same(names) && values.len() == names.len())
        .ok_or_else(fields::no_cursor)?;
    Ok(Some(After { values: values.iter().map(Scalar::of).collect(), identifier }))
}

/// Counts by value, the most frequent first where nothing else is said; what has no value is under null.
fn groups(
    ask: &Ask<'_>,
    body: &Map<String, Value>,
    blueprint: &str,
    hits: &Selection<'_>,
) -> Result<Value, Failure> {
    let order = group_order(body)?;
    let Some(by) = fields::member(body, "groupBy") else { return Ok(Value::Null) };
    let by = by.as_object().ok_or_else(|| Failure::invalid("\"groupBy\" must be object"))?;
    let column = fields::columns(ask, by, "groupBy/", Some(blueprint))?.swap_remove(0);
    let (groups, missing) = hits.groups(column.subject(), column.through());
    Ok(listed(groups, missing, order, column.is_time()))
}

fn listed(
    mut groups: Vec<(Scalar, u64)>,
    missing: u64,
    (by_count, descending): (bool, bool),
    time: bool,
) -> Value {
    groups.sort_by(|(a, x), (b, y)| {
        let values = compare(a, b, time);
        let ranked = if by_count { x.cmp(y) } else { values };
        (if descending { ranked.reverse() } else { ranked }).then(values)
    });
    let mut list: Vec<Value> =
        groups.iter().map(|(value, count)| json!({ "value": json_of(value), "count": count })).collect();
    if missing > 0 {
        list.push(json!({ "value": null, "count": missing }));
    }
    list.into()
}

/// By count or by value, and whether from the greatest down.
fn group_order(body: &Map<String, Value>) -> Result<(bool, bool), Failure> {
    let Some(sort) = fields::member(body, "groupSort") else { return Ok((true, true)) };
    let sort = sort.as_object().ok_or_else(|| Failure::invalid("\"groupSort\" must be object"))?;
    let by = fields::text(sort, "by", "groupSort/")?.unwrap_or("count");
    let by_count = fields::word(by, &[("count", true), ("value", false)], "groupSort/by")?;
    let order = fields::text(sort, "order", "groupSort/")?.unwrap_or(if by_count { "desc" } else { "asc" });
    Ok((by_count, fields::word(order, &ORDERS, "groupSort/order")?))
}
