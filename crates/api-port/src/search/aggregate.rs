//! One number, or counts by value, of the entities that a query finds.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde_json::{Map, Number, Value, json};
use stagedoor_model::Timestamp;
use stagedoor_portal::{Portal, View};
use stagedoor_query::aggregate::{Func, Per};
use stagedoor_query::dialect::port::Column;
use stagedoor_query::top::compare;
use stagedoor_query::{NodeId, Scalar, Selection};

use super::schemas::{AggregateBody, AggregateReply};
use super::{Ask, computed, fields, searching};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller};
use crate::openapi::Refusal;

/// What `func` may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Count,
    CountValues,
    Number(Func),
}

const FUNCS: [(&str, Kind); 7] = [
    ("count", Kind::Count),
    ("countValues", Kind::CountValues),
    ("sum", Kind::Number(Func::Sum)),
    ("average", Kind::Number(Func::Average)),
    ("min", Kind::Number(Func::Min)),
    ("max", Kind::Number(Func::Max)),
    ("median", Kind::Number(Func::Median)),
];

const PERS: [(&str, Option<Per>); 5] = [
    ("total", None),
    ("hour", Some(Per::Hour)),
    ("day", Some(Per::Day)),
    ("week", Some(Per::Week)),
    ("month", Some(Per::Month)),
];

/// Computes one number, or counts by value, over the entities of all blueprints that a query finds.
#[utoipa::path(
    post,
    path = "/entities/aggregate",
    tag = "Entities",
    operation_id = "aggregate_entities",
    request_body = AggregateBody,
    responses(
        (status = 200, description = "`result` is a number, null where there is none, or an object of counts", body = AggregateReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 422, description = "The body is not legal, or the query takes too long", body = Refusal),
    )
)]
pub(crate) async fn aggregate(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Body(body): Body,
) -> Answer {
    let view = portal.view(&viewer)?;
    let result = searching(move || {
        let body = fields::object(&body)?;
        if let Some(result) = of_results(&portal, &view, body)? {
            return Ok(result);
        }
        let view = match body.get("query") {
            Some(query) => computed::named(&portal, view, query, "query")?,
            None => view,
        };
        compute(&view, body)
    });
    Ok(Json(json!({ "ok": true, "result": result.await? })).into_response())
}

/// Counts of results of rules, which are made without the results where that is possible.
fn of_results(portal: &Portal, view: &View, body: &Map<String, Value>) -> Result<Option<Value>, Failure> {
    let Some(query) = body.get("query").filter(|query| computed::only_results(query)) else {
        return Ok(None);
    };
    let kind = fields::word(fields::required(body, "func", "")?, &FUNCS, "func")?;
    let computed = portal.computed(view);
    let base = computed.view();
    let ask = Ask::new(&base);
    let expr = ask.expr(Some(query), Some(computed::RESULTS))?;
    Ok(match kind {
        Kind::Count => Some(computed.count(&expr).into()),
        Kind::CountValues => {
            let column = fields::columns(&ask, body, "", Some(computed::RESULTS))?.swap_remove(0);
            let plain = column.through().is_none();
            let groups = plain.then(|| computed.groups(&expr, column.subject())).flatten();
            groups.map(|(counts, _)| by_value(counts))
        }
        Kind::Number(_) => None,
    })
}

fn compute(view: &View, body: &Map<String, Value>) -> Result<Value, Failure> {
    let ask = Ask::new(view);
    let kind = fields::word(fields::required(body, "func", "")?, &FUNCS, "func")?;
    let per = match fields::text(body, "averageOf", "")? {
        None => None,
        Some(name) => fields::word(name, &PERS, "averageOf")?,
    };
    let measured = measured(&ask, body, None)?;
    let hits = ask.select(body.get("query"), None)?;
    let intervals = |per: Per| oldest(&measured, &hits).map_or(1.0, |since| per.intervals(since, ask.now));
    match kind {
        Kind::Count => Ok(hits.len().into()),
        Kind::CountValues => count_values(&fields::columns(&ask, body, "", None)?, &hits),
        Kind::Number(func) if by_property(body, func)? => {
            let numbers = numbers(&fields::columns(&ask, body, "", None)?, &hits);
            let result = match (func, per) {
                (Func::Average, Some(per)) => Func::Sum.of(&numbers).map(|sum| sum / intervals(per)),
                // Nothing adds up to zero; the least of nothing is nothing.
                (Func::Sum, _) => Some(Func::Sum.of(&numbers).unwrap_or_default()),
                _ => func.of(&numbers),
            };
            Ok(result.map_or(Value::Null, number))
        }
        Kind::Number(Func::Average) => Ok(number(hits.len() as f64 / per.map_or(1.0, intervals))),
        Kind::Number(_) => {
            let text = "\"func\" must be equal to one of the allowed values: count, average";
            Err(Failure::invalid(text))
        }
    }
}

/// Whether numbers are made of a property, not of the entities themselves. An average may be of either.
fn by_property(body: &Map<String, Value>, func: Func) -> Result<bool, Failure> {
    match fields::text(body, "calculationBy", "")? {
        Some(by) => fields::word(by, &[("entities", false), ("property", true)], "calculationBy"),
        None => Ok(func != Func::Average || fields::member(body, "property").is_some()),
    }
}

/// The columns of `measureTimeBy`: when an entity was made, where it says nothing.
pub(super) fn measured(
    ask: &Ask<'_>,
    body: &Map<String, Value>,
    only: Option<&str>,
) -> Result<Vec<Column>, Failure> {
    let name = fields::text(body, "measureTimeBy", "")?.unwrap_or("$createdAt");
    let columns = fields::property(ask, name, "measureTimeBy", only)?;
    match columns.iter().all(Column::is_time) {
        true => Ok(columns),
        false => Err(Failure::invalid(format!(
            "\"measureTimeBy\" must be a date-time property, and \"{name}\" is none"
        ))),
    }
}

/// When each entity is, by its columns. One without a date is never.
pub(super) fn times(columns: &[Column], hits: &Selection<'_>) -> Vec<(Timestamp, NodeId)> {
    let mut times = Vec::new();
    for column in columns {
        let values = column.values(hits);
        let of: Vec<Option<Timestamp>> =
            values.distinct.iter().map(|v| Timestamp::parse(&v.text).filter(|_| v.is_text)).collect();
        let time = |(node, at): &(NodeId, u32)| Some((of.get(*at as usize).copied()??, *node));
        times.extend(values.pairs.iter().filter_map(time));
    }
    times
}

fn oldest(columns: &[Column], hits: &Selection<'_>) -> Option<Timestamp> {
    times(columns, hits).into_iter().map(|(at, _)| at).min()
}

fn numbers(columns: &[Column], hits: &Selection<'_>) -> Vec<f64> {
    let values = columns.iter().map(|column| column.values(hits));
    values.flat_map(|v| v.iter().filter_map(|(_, scalar)| scalar.number).collect::<Vec<_>>()).collect()
}

/// How many entities have each value, the most frequent first.
fn count_values(columns: &[Column], hits: &Selection<'_>) -> Result<Value, Failure> {
    let mut counts: Vec<(Scalar, u64)> = Vec::new();
    for column in columns {
        let values = column.values(hits);
        let mut here = vec![0; values.distinct.len()];
        for (_, at) in &values.pairs {
            here[*at as usize] += 1;
        }
        counts.extend(values.distinct.into_iter().zip(here));
    }
    Ok(by_value(counts))
}

/// Counts by value as an object, the most frequent first.
fn by_value(mut counts: Vec<(Scalar, u64)>) -> Value {
    // Values of several columns, and texts and numbers that are written alike, have one key.
    counts.sort_by(|(a, _), (b, _)| a.text.cmp(&b.text));
    counts.dedup_by(|(b, more), (a, count)| {
        let same = a.text == b.text;
        *count += if same { *more } else { 0 };
        same
    });
    counts.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| compare(a, b, false)));
    counts.into_iter().map(|(value, count)| (value.text, Value::from(count))).collect::<Map<_, _>>().into()
}

/// A number as JSON, without a fraction where it has none.
pub(super) fn number(number: f64) -> Value {
    // Up to 2^53 every integer is exact.
    if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
