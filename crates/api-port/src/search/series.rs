//! The time of a series: a range, cut into intervals of the calendar.

use serde_json::{Map, Value, json};
use stagedoor_model::{Interval, Timestamp, Zone};

use super::{Ask, fields};
use crate::error::Failure;

/// Intervals of a series, at most: more than an hour each for a year.
const MAX_INTERVALS: usize = 10_000;

const INTERVALS: [(&str, Interval); 5] = [
    ("hour", Interval::Hour),
    ("day", Interval::Day),
    ("isoWeek", Interval::IsoWeek),
    ("month", Interval::Month),
    ("quarter", Interval::Quarter),
];

/// A range of time in intervals. The first begins before the range where the range begins within it.
pub(super) struct Series {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// When the intervals begin.
    pub(super) starts: Vec<Timestamp>,
}

impl Series {
    /// Reads `timeRange` and `timeInterval`; `default` is the range and interval where they may be absent.
    pub(super) fn read(
        ask: &Ask<'_>,
        body: &Map<String, Value>,
        default: Option<(&str, Interval)>,
    ) -> Result<Self, Failure> {
        let interval = match (fields::text(body, "timeInterval", "")?, default) {
            (Some(name), _) => fields::word(name, &INTERVALS, "timeInterval")?,
            (None, Some((_, interval))) => interval,
            (None, None) => return Err(fields::missing("timeInterval", "")),
        };
        let (range, zone) = match (fields::member(body, "timeRange"), default) {
            (Some(range), _) => read_range(ask, range)?,
            (None, Some((preset, _))) => (ask.preset(preset, &Zone::utc()).unwrap_or_default(), Zone::utc()),
            (None, None) => return Err(fields::missing("timeRange", "")),
        };
        let (from, to) = range;
        let mut starts = vec![zone.start(interval, from)];
        while let Some(next) = starts.last().map(|s| zone.next(interval, *s)).filter(|next| *next <= to) {
            if starts.len() == MAX_INTERVALS {
                let text = format!("\"timeInterval\" is too short: the range has more than {MAX_INTERVALS}");
                return Err(Failure::invalid(text));
            }
            starts.push(next);
        }
        Ok(Self { from, to, starts })
    }

    /// The number of the interval in which a time lies; none outside of the range.
    pub(super) fn place(&self, at: Timestamp) -> Option<usize> {
        let within = self.from <= at && at <= self.to;
        within.then(|| self.starts.partition_point(|start| *start <= at).checked_sub(1)).flatten()
    }

    /// When an interval ends, at the latest when the range does.
    pub(super) fn end(&self, place: usize) -> Timestamp {
        self.starts.get(place + 1).map_or(self.to, |next| Timestamp(next.0 - 1).min(self.to))
    }

    /// The reply: `values` of each interval.
    pub(super) fn reply(&self, mut values: impl FnMut(usize) -> Map<String, Value>) -> Value {
        let point =
            |(i, start): (usize, &Timestamp)| json!({ "date": start.to_string(), "values": values(i) });
        let data: Vec<Value> = self.starts.iter().enumerate().map(point).collect();
        let (from, to) = (self.from.to_string(), self.to.to_string());
        json!({ "ok": true, "result": { "minDate": from, "maxDate": to, "data": data } })
    }
}

/// `{"preset", "timeZone"?}`.
fn read_range(ask: &Ask<'_>, range: &Value) -> Result<((Timestamp, Timestamp), Zone), Failure> {
    let range = range.as_object().ok_or_else(|| Failure::invalid("\"timeRange\" must be object"))?;
    let zone = match fields::text(range, "timeZone", "timeRange/")? {
        None => Zone::utc(),
        Some(name) => Zone::parse(name).ok_or_else(|| {
            Failure::invalid(format!("\"timeRange/timeZone\" must be a time zone, and \"{name}\" is none"))
        })?,
    };
    let preset = fields::required(range, "preset", "timeRange/")?;
    let bounds = ask.preset(preset, &zone).ok_or_else(|| {
        let names: Vec<&str> = stagedoor_query::dialect::port::PRESETS.iter().map(|p| p.name).collect();
        let text =
            format!("\"timeRange/preset\" must be equal to one of the allowed values: {}", names.join(", "));
        Failure::invalid(text)
    })?;
    Ok((bounds, zone))
}
