//! Lines over time: counts, numbers made of properties, or what the properties of one entity have been.

use std::collections::HashMap;

use serde_json::{Map, Value};
use stagedoor_auth::Viewer;
use stagedoor_model::{Interval, Timestamp, Zone};
use stagedoor_portal::{Page, ScoreStatus, Version, View, placed};
use stagedoor_query::aggregate::Func;
use stagedoor_query::dialect::port::preset_range;
use stagedoor_query::{NodeId, Subject};

use super::ask::{Ask, Found, key_of, needed, now, text_of};
use super::number::{FUNCS, measured, times};
use super::{Drill, Line, Lines, WidgetData, WidgetsRequest, kind_of};
use crate::Api;

/// Lines of a chart.
const LINES: usize = 10;
/// Points of a line.
const POINTS: usize = 1_000;
/// Entities whose history is read for one page.
const HISTORIES: usize = 10;

const INTERVALS: [(&str, Interval); 5] = [
    ("hour", Interval::Hour),
    ("day", Interval::Day),
    ("isoWeek", Interval::IsoWeek),
    ("month", Interval::Month),
    ("quarter", Interval::Quarter),
];

/// Versions of entities, by the key of the widget that asks for them.
pub(super) type Histories = HashMap<String, Result<Vec<Version>, String>>;

/// A range of time in intervals.
struct Time {
    from: Timestamp,
    to: Timestamp,
    starts: Vec<Timestamp>,
    interval: &'static str,
}

impl Time {
    fn of(widget: &Map<String, Value>, now: Timestamp) -> Result<Self, String> {
        let range = widget.get("timeRange").and_then(Value::as_object);
        let preset = range.and_then(|range| text_of(range, "preset")).unwrap_or("lastMonth");
        let zone = range.and_then(|range| text_of(range, "timeZone")).and_then(Zone::parse);
        let zone = zone.unwrap_or_else(Zone::utc);
        let bounds = preset_range(preset, now, &zone);
        let (from, to) = bounds.ok_or_else(|| format!("\"timeRange/preset\" cannot be \"{preset}\""))?;
        let name = text_of(widget, "timeInterval").unwrap_or("day");
        let (interval, each) = INTERVALS
            .into_iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| format!("\"timeInterval\" cannot be \"{name}\""))?;
        let mut starts = vec![zone.start(each, from)];
        while let Some(next) = starts.last().map(|s| zone.next(each, *s)).filter(|next| *next <= to) {
            if starts.len() == POINTS {
                return Err(format!("\"timeInterval\" is too short: the range has more than {POINTS}"));
            }
            starts.push(next);
        }
        Ok(Self { from, to, starts, interval })
    }

    /// The number of the interval in which a time lies.
    fn place(&self, at: Timestamp) -> Option<usize> {
        let within = self.from <= at && at <= self.to;
        within.then(|| self.starts.partition_point(|start| *start <= at).checked_sub(1)).flatten()
    }

    fn end(&self, place: usize) -> Timestamp {
        self.starts.get(place + 1).map_or(self.to, |next| Timestamp(next.0 - 1).min(self.to))
    }

    fn reply(self, lines: Vec<Line>, more: usize, drill: Drill) -> WidgetData {
        let dates = self.starts.iter().map(Timestamp::to_string).collect();
        WidgetData::Lines(Lines { dates, interval: self.interval.into(), lines, more, drill })
    }
}

/// Reads what line charts over the history of an entity need: it lies in the store, not in the snapshot.
pub(super) async fn histories(
    api: &Api,
    viewer: &Viewer,
    view: &View,
    request: &WidgetsRequest,
    page: Option<&Page>,
    widgets: &[Value],
) -> Histories {
    let mut wanted = Vec::new();
    {
        let values = super::fill::Values::of(view, request, super::blueprint_of(page));
        let charts = placed(widgets).into_iter().filter(|(_, w)| kind_of(w) == "line-chart");
        for (key, widget) in charts {
            let Some(map) = widget.as_object().filter(|m| is_history(m)) else { continue };
            let text = |key: &str| needed(map, key).and_then(|text| values.text(text));
            wanted.push((key, text("blueprint"), text("entity"), Time::of(map, now())));
        }
    }
    let mut all = Histories::new();
    for (at, (key, blueprint, entity, time)) in wanted.into_iter().enumerate() {
        let read = match (blueprint, entity, time) {
            _ if at >= HISTORIES => Err(format!("a page shows the history of {HISTORIES} entities at most")),
            (Ok(blueprint), Ok(entity), Ok(time)) => {
                let versions = api.portal.property_history(viewer, &blueprint, &entity, time.from).await;
                versions.map_err(|error| error.to_string())
            }
            (Err(message), ..) | (_, Err(message), _) | (.., Err(message)) => Err(message),
        };
        all.insert(key, read);
    }
    all
}

fn is_history(widget: &Map<String, Value>) -> bool {
    text_of(widget, "chartType") == Some("propertiesValueHistory")
}

pub(super) fn answer(
    ask: &Ask<'_>,
    widget: &Map<String, Value>,
    history: Option<&Result<Vec<Version>, String>>,
) -> Result<WidgetData, String> {
    let time = Time::of(widget, ask.now)?;
    if is_history(widget) {
        let versions = history.ok_or("the history was not read")?.as_ref().map_err(Clone::clone)?;
        return of_history(ask, widget, versions, time);
    }
    let found = ask.dataset(widget)?;
    let columns = measured(ask, widget, &found)?;
    let mut placed: Vec<(Timestamp, usize, NodeId)> = times(&columns, &found.hits)
        .into_iter()
        .filter_map(|(at, n)| Some((at, time.place(at)?, n)))
        .collect();
    // The last value of an interval is that of its last entity.
    placed.sort_unstable();
    match text_of(widget, "chartType") {
        Some("aggregatePropertiesValues") => of_properties(ask, widget, &found, &placed, time),
        _ => of_entities(ask, widget, &found, &placed, time),
    }
}

type Placed = [(Timestamp, usize, NodeId)];

fn names(widget: &Map<String, Value>) -> Result<Vec<String>, String> {
    let list = widget.get("properties").and_then(Value::as_array).ok_or("\"properties\" is missing")?;
    list.iter().filter_map(Value::as_str).map(|name| Ok(key_of(name)?.into_owned())).collect()
}

fn of_entities(
    ask: &Ask<'_>,
    widget: &Map<String, Value>,
    found: &Found<'_>,
    placed: &Placed,
    time: Time,
) -> Result<WidgetData, String> {
    let mean = text_of(widget, "func") == Some("average");
    let points = time.starts.len();
    let mut lines = match text_of(widget, "breakdownProperty") {
        None => vec![("entities".to_owned(), count(points, placed.iter().map(|(_, place, _)| *place)))],
        Some(name) => broken_down(ask, name, found, placed, points)?,
    };
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    let line = |(title, counts): (String, Vec<u64>)| {
        let mut sum = 0;
        let value = |(place, count): (usize, &u64)| {
            sum += count;
            Some(if mean { sum as f64 / (place + 1) as f64 } else { *count as f64 })
        };
        Line { title, values: counts.iter().enumerate().map(value).collect() }
    };
    let lines = lines.into_iter().map(line).collect();
    Ok(time.reply(lines, more, found.drill()))
}

fn count(points: usize, places: impl Iterator<Item = usize>) -> Vec<u64> {
    let mut counts = vec![0; points];
    places.for_each(|place| counts[place] += 1);
    counts
}

/// A line of counts for each value, the most frequent first.
fn broken_down(
    ask: &Ask<'_>,
    name: &str,
    found: &Found<'_>,
    placed: &Placed,
    points: usize,
) -> Result<Vec<(String, Vec<u64>)>, String> {
    let mut places: HashMap<NodeId, Vec<usize>> = HashMap::new();
    placed.iter().for_each(|(_, place, node)| places.entry(*node).or_default().push(*place));
    let mut of: HashMap<String, Vec<usize>> = HashMap::new();
    for column in ask.columns(name, found.blueprint.as_deref())? {
        let column = column.exact();
        let scored = matches!(column.subject(), Subject::Standing { .. });
        let values = column.values(&found.hits);
        for (node, value) in values.iter() {
            if let Some(places) = places.get(&node) {
                let status = ScoreStatus::of_name(&value.text).filter(|_| scored);
                let title = status.map_or(value.text.as_str(), |status| status.words());
                of.entry(title.to_owned()).or_default().extend(places);
            }
        }
    }
    let mut lines: Vec<_> = of.into_iter().collect();
    lines.sort_by(|(a, x), (b, y)| y.len().cmp(&x.len()).then_with(|| a.cmp(b)));
    Ok(lines.into_iter().map(|(value, places)| (value, count(points, places.into_iter()))).collect())
}

fn of_properties(
    ask: &Ask<'_>,
    widget: &Map<String, Value>,
    found: &Found<'_>,
    placed: &Placed,
    time: Time,
) -> Result<WidgetData, String> {
    let name = needed(widget, "func")?;
    let func: Option<Func> = FUNCS.iter().find(|(known, _)| *known == name).map(|(_, func)| *func);
    let func = func.ok_or_else(|| format!("\"func\" cannot be \"{name}\""))?;
    let names = names(widget)?;
    let more = names.len().saturating_sub(LINES);
    let mut lines = Vec::new();
    for name in names.iter().map(String::as_str).take(LINES) {
        let mut numbers: HashMap<NodeId, Vec<f64>> = HashMap::new();
        for column in ask.columns(name, found.blueprint.as_deref())? {
            let values = column.values(&found.hits);
            let pairs = values.iter().filter_map(|(node, value)| Some((node, value.number?)));
            pairs.for_each(|(node, number)| numbers.entry(node).or_default().push(number));
        }
        let mut at = vec![Vec::new(); time.starts.len()];
        for (_, place, node) in placed {
            at[*place].extend(numbers.get(node).into_iter().flatten());
        }
        lines.push(Line { title: name.to_owned(), values: at.iter().map(|n| func.of(n)).collect() });
    }
    Ok(time.reply(lines, more, found.drill()))
}

fn of_history(
    ask: &Ask<'_>,
    widget: &Map<String, Value>,
    versions: &[Version],
    time: Time,
) -> Result<WidgetData, String> {
    let names = names(widget)?;
    let more = names.len().saturating_sub(LINES);
    let blueprint = ask.values.text(needed(widget, "blueprint")?)?;
    let entry = ask.blueprint(&blueprint)?;
    let at = |place: usize| {
        let last = versions.partition_point(|version| version.at <= time.end(place)).checked_sub(1)?;
        versions.get(last)?.properties.as_ref()
    };
    let mut lines = Vec::new();
    for name in names.iter().map(String::as_str).take(LINES) {
        let property = entry.blueprint.properties.get(name);
        let property = property.ok_or_else(|| {
            format!("blueprint \"{blueprint}\" has no property \"{name}\" of its own: what is derived has no history")
        })?;
        let title = property.definition.get("title").and_then(Value::as_str).unwrap_or(name).to_owned();
        let value = |place: usize| at(place)?.get(name)?.as_f64();
        lines.push(Line { title, values: (0..time.starts.len()).map(value).collect() });
    }
    Ok(time.reply(lines, more, Drill::default()))
}
