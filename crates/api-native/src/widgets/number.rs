//! A number: a count, an average per interval, one made of a property, or one property of one entity.

use serde_json::{Map, Value};
use stagedoor_model::Timestamp;
use stagedoor_query::aggregate::{Func, Per};
use stagedoor_query::dialect::port::Column;
use stagedoor_query::{NodeId, Selection};

use super::ask::{Ask, Found, key_of, needed, number_json, text_of};
use super::{Drill, Number, WidgetData};

pub(super) const FUNCS: [(&str, Func); 6] = [
    ("sum", Func::Sum),
    ("average", Func::Average),
    ("min", Func::Min),
    ("max", Func::Max),
    ("median", Func::Median),
    ("last", Func::Last),
];

pub(super) fn answer(ask: &Ask<'_>, widget: &Map<String, Value>) -> Result<WidgetData, String> {
    if text_of(widget, "chartType") == Some("displaySingleProperty") {
        return single(ask, widget);
    }
    let found = ask.dataset(widget)?;
    let by_property = text_of(widget, "calculationBy") == Some("property")
        || text_of(widget, "chartType") == Some("aggregateByProperty");
    let value = match by_property {
        true => of_property(ask, widget, &found)?,
        false => of_entities(ask, widget, &found)?,
    };
    let value = value.map_or(Value::Null, number_json);
    Ok(WidgetData::Number(Number { value, text: None, total: found.hits.len(), drill: found.drill() }))
}

fn of_entities(ask: &Ask<'_>, widget: &Map<String, Value>, found: &Found<'_>) -> Result<Option<f64>, String> {
    let count = found.hits.len() as f64;
    match text_of(widget, "func") {
        Some("average") => Ok(Some(count / intervals(ask, widget, found)?)),
        _ => Ok(Some(count)),
    }
}

fn of_property(ask: &Ask<'_>, widget: &Map<String, Value>, found: &Found<'_>) -> Result<Option<f64>, String> {
    let name = needed(widget, "func")?;
    let func = FUNCS.iter().find(|(known, _)| *known == name).map(|(_, func)| *func);
    let func = func.ok_or_else(|| format!("\"func\" cannot be \"{name}\""))?;
    let columns = ask.columns(needed(widget, "property")?, found.blueprint.as_deref())?;
    let numbers = numbers(&columns, &found.hits);
    let per = text_of(widget, "averageOf").is_some_and(|per| per != "total");
    Ok(match func {
        Func::Average if per => {
            let intervals = intervals(ask, widget, found)?;
            Func::Sum.of(&numbers).map(|sum| sum / intervals)
        }
        // Nothing adds up to zero; the least of nothing is nothing.
        Func::Sum => Some(Func::Sum.of(&numbers).unwrap_or_default()),
        func => func.of(&numbers),
    })
}

/// Intervals of `averageOf` since the oldest entity; 1 for the whole.
fn intervals(ask: &Ask<'_>, widget: &Map<String, Value>, found: &Found<'_>) -> Result<f64, String> {
    let per = match text_of(widget, "averageOf") {
        None | Some("total") => return Ok(1.0),
        Some("hour") => Per::Hour,
        Some("day") => Per::Day,
        Some("week") => Per::Week,
        Some("month") => Per::Month,
        Some(other) => return Err(format!("\"averageOf\" cannot be \"{other}\"")),
    };
    let columns = measured(ask, widget, found)?;
    let oldest = times(&columns, &found.hits).into_iter().map(|(at, _)| at).min();
    Ok(oldest.map_or(1.0, |since| per.intervals(since, ask.now)))
}

/// The columns of `measureTimeBy`: when an entity was made, where it says nothing.
pub(super) fn measured(
    ask: &Ask<'_>,
    widget: &Map<String, Value>,
    found: &Found<'_>,
) -> Result<Vec<Column>, String> {
    let name = text_of(widget, "measureTimeBy").unwrap_or("$createdAt");
    let columns = ask.columns(name, found.blueprint.as_deref())?;
    if columns.iter().all(Column::is_time) {
        return Ok(columns);
    }
    Err(format!("\"measureTimeBy\" must be a date, and \"{name}\" is none"))
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

fn numbers(columns: &[Column], hits: &Selection<'_>) -> Vec<f64> {
    let values = columns.iter().map(|column| column.values(hits));
    values.flat_map(|v| v.iter().filter_map(|(_, scalar)| scalar.number).collect::<Vec<_>>()).collect()
}

/// One property of one entity.
fn single(ask: &Ask<'_>, widget: &Map<String, Value>) -> Result<WidgetData, String> {
    let blueprint = text_of(widget, "blueprint").unwrap_or("{{blueprint}}");
    let entity = text_of(widget, "entity").unwrap_or("{{url.identifier}}");
    let node = ask.entity(blueprint, entity)?;
    let key = key_of(needed(widget, "property")?)?;
    let value = ask.view.port_properties(node).get(&*key).cloned().unwrap_or_default();
    let text = match &value {
        Value::Number(_) | Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let value = if value.is_number() { value } else { Value::Null };
    Ok(WidgetData::Number(Number { value, text, total: 1, drill: Drill::default() }))
}
