//! How numbers of entities and of their properties have developed.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde_json::{Map, Value};
use stagedoor_model::Timestamp;
use stagedoor_portal::{Portal, View};
use stagedoor_query::aggregate::Func;
use stagedoor_query::dialect::port::Column;
use stagedoor_query::{NodeId, Selection};

use super::aggregate::{measured, number, times};
use super::schemas::{OverTimeBody, SeriesReply};
use super::series::Series;
use super::{Ask, computed, fields, searching};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller};
use crate::openapi::Refusal;

/// Properties of one series, at most.
const MAX_PROPERTIES: usize = 20;
/// Values that counts are broken down into; those that most entities have.
const MAX_VALUES: usize = 100;

const FUNCS: [(&str, Func); 6] = [
    ("average", Func::Average),
    ("sum", Func::Sum),
    ("min", Func::Min),
    ("max", Func::Max),
    ("median", Func::Median),
    ("last", Func::Last),
];

/// Computes numbers for each interval of a range of time, over the entities of a blueprint.
#[utoipa::path(
    post,
    path = "/entities/aggregate-over-time",
    tag = "Entities",
    operation_id = "aggregate_entities_over_time",
    request_body = OverTimeBody,
    responses(
        (status = 200, description = "A point for each interval", body = SeriesReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 422, description = "The body is not legal, or the query takes too long", body = Refusal),
    )
)]
pub(crate) async fn aggregate_over_time(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Body(body): Body,
) -> Answer {
    let view = portal.view(&viewer)?;
    let reply = searching(move || {
        let body = fields::object(&body)?;
        let view = match body.get("blueprint").and_then(Value::as_str) {
            Some(blueprint) => computed::of(&portal, view, blueprint, body.get("query"))?,
            None => view,
        };
        compute(&view, body)
    });
    Ok(Json(reply.await?).into_response())
}

fn compute(view: &View, body: &Map<String, Value>) -> Result<Value, Failure> {
    let ask = Ask::new(view);
    let blueprint = fields::required(body, "blueprint", "")?;
    view.blueprints().get(blueprint).ok_or_else(|| Failure::no_blueprint(blueprint))?;
    let series = Series::read(&ask, body, None)?;
    let measured = measured(&ask, body, Some(blueprint))?;
    let hits = ask.select(body.get("query"), Some(blueprint))?;
    let mut placed: Vec<(Timestamp, usize, NodeId)> =
        times(&measured, &hits).into_iter().filter_map(|(at, n)| Some((at, series.place(at)?, n))).collect();
    // The last value of an interval is that of its last entity.
    placed.sort_unstable();
    let types = [("countEntities", true), ("aggregatePropertiesValues", false)];
    match fields::word(fields::required(body, "aggregationType", "")?, &types, "aggregationType")? {
        true => counts(&ask, body, blueprint, &hits, &series, &placed),
        false => properties(&ask, body, blueprint, &hits, &series, &placed),
    }
}

type Placed = [(Timestamp, usize, NodeId)];

/// Entities in each interval; with `average`, their mean over the intervals until then.
fn counts(
    ask: &Ask<'_>,
    body: &Map<String, Value>,
    blueprint: &str,
    hits: &Selection<'_>,
    series: &Series,
    placed: &Placed,
) -> Result<Value, Failure> {
    let func = fields::text(body, "func", "")?.unwrap_or("count");
    let mean = fields::word(func, &[("count", false), ("average", true)], "func")?;
    let lines = match fields::text(body, "breakdownProperty", "")? {
        None => vec![("count".to_owned(), count(series, placed.iter().map(|(_, place, _)| *place)))],
        Some(name) => {
            let columns = fields::property(ask, name, "breakdownProperty", Some(blueprint))?;
            broken_down(&columns, hits, series, placed)
        }
    };
    let mut sums = vec![0; lines.len()];
    Ok(series.reply(|place| {
        let value = |((name, counts), sum): (&(String, Vec<u64>), &mut u64)| {
            *sum += counts[place];
            let value = if mean { number(*sum as f64 / (place + 1) as f64) } else { counts[place].into() };
            (name.clone(), value)
        };
        lines.iter().zip(&mut sums).map(value).collect()
    }))
}

fn count(series: &Series, places: impl Iterator<Item = usize>) -> Vec<u64> {
    let mut counts = vec![0; series.starts.len()];
    places.for_each(|place| counts[place] += 1);
    counts
}

/// A line of counts for each value, the most frequent first.
fn broken_down(
    columns: &[Column],
    hits: &Selection<'_>,
    series: &Series,
    placed: &Placed,
) -> Vec<(String, Vec<u64>)> {
    let mut places: HashMap<NodeId, Vec<usize>> = HashMap::new();
    placed.iter().for_each(|(_, place, node)| places.entry(*node).or_default().push(*place));
    let mut of: HashMap<String, Vec<usize>> = HashMap::new();
    for column in columns {
        let values = column.values(hits);
        for (node, value) in values.iter() {
            if let Some(places) = places.get(&node) {
                of.entry(value.text.clone()).or_default().extend(places);
            }
        }
    }
    let mut lines: Vec<_> = of.into_iter().collect();
    lines.sort_by(|(a, x), (b, y)| y.len().cmp(&x.len()).then_with(|| a.cmp(b)));
    lines.truncate(MAX_VALUES);
    lines.into_iter().map(|(value, places)| (value, count(series, places.into_iter()))).collect()
}

/// What the values of each property come to in each interval; null where there are none.
fn properties(
    ask: &Ask<'_>,
    body: &Map<String, Value>,
    blueprint: &str,
    hits: &Selection<'_>,
    series: &Series,
    placed: &Placed,
) -> Result<Value, Failure> {
    let func = fields::word(fields::required(body, "func", "")?, &FUNCS, "func")?;
    let names = fields::texts(body, "properties")?.ok_or_else(|| fields::missing("properties", ""))?;
    if names.is_empty() || names.len() > MAX_PROPERTIES {
        return Err(Failure::invalid(format!("\"properties\" must have 1 to {MAX_PROPERTIES} items")));
    }
    let mut lines = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        let columns = fields::property(ask, name, &format!("properties/{i}"), Some(blueprint))?;
        let mut numbers: HashMap<NodeId, Vec<f64>> = HashMap::new();
        for column in columns {
            let values = column.values(hits);
            let pairs = values.iter().filter_map(|(node, value)| Some((node, value.number?)));
            pairs.for_each(|(node, number)| numbers.entry(node).or_default().push(number));
        }
        let mut line = vec![Vec::new(); series.starts.len()];
        for (_, place, node) in placed {
            line[*place].extend(numbers.get(node).into_iter().flatten());
        }
        lines.push((name, line));
    }
    let value = |numbers: &Vec<f64>| func.of(numbers).map_or(Value::Null, number);
    Ok(series
        .reply(|place| lines.iter().map(|(name, line)| ((*name).clone(), value(&line[place]))).collect()))
}
