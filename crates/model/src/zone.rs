//! Time zones, and the calendar intervals that depend on them.
//!
//! The zones are compiled in: an answer is the same on every machine.

use jiff::civil::Weekday;
use jiff::tz::{Offset, TimeZone};
use jiff::{ToSpan as _, Zoned};

use crate::Timestamp;

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A stretch of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// From minute 0 on.
    Hour,
    /// From midnight on.
    Day,
    /// From Monday on, as ISO 8601 has it.
    IsoWeek,
    /// From its first day on.
    Month,
    /// From January, April, July or October on.
    Quarter,
}

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// A name of the IANA database (`Europe/Berlin`, `UTC`), or an offset (`+05:30`).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if name.starts_with(['+', '-']) {
            return offset(name).map(|o| Self(TimeZone::fixed(o)));
        }
        TimeZone::get(name).ok().map(Self)
    }

    /// When the interval began in which a time lies.
    #[must_use]
    pub fn start(&self, interval: Interval, at: Timestamp) -> Timestamp {
        self.zoned(at).and_then(|z| floor(&z, interval)).map_or(at, |z| stamp(&z))
    }

    /// When the next interval begins after the one in which a time lies. Always later.
    #[must_use]
    pub fn next(&self, interval: Interval, at: Timestamp) -> Timestamp {
        let start = self.zoned(at).and_then(|z| floor(&z, interval));
        let next = start.and_then(|start| {
            let span = match interval {
                Interval::Hour => 1.hour(),
                Interval::Day => 1.day(),
                Interval::IsoWeek => 1.week(),
                Interval::Month => 1.month(),
                Interval::Quarter => 3.months(),
            };
            start.checked_add(span).ok()
        });
        // A clock put back must not lead back to the interval that has just ended.
        next.map(|z| stamp(&z)).filter(|n| *n > at).unwrap_or(Timestamp(at.0.saturating_add(3_600_000)))
    }

    fn zoned(&self, at: Timestamp) -> Option<Zoned> {
        Some(jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(self.0.clone()))
    }
}

fn stamp(zoned: &Zoned) -> Timestamp {
    Timestamp(zoned.timestamp().as_millisecond())
}

fn floor(at: &Zoned, interval: Interval) -> Option<Zoned> {
    if interval == Interval::Hour {
        return at.with().minute(0).second(0).subsec_nanosecond(0).build().ok();
    }
    let date = at.date();
    let date = match interval {
        Interval::Hour | Interval::Day => date,
        Interval::IsoWeek => {
            date.checked_sub(i64::from(date.weekday().since(Weekday::Monday)).days()).ok()?
        }
        Interval::Month => date.first_of_month(),
        Interval::Quarter => {
            date.first_of_month().checked_sub(i64::from((date.month() - 1) % 3).months()).ok()?
        }
    };
    date.to_zoned(at.time_zone().clone()).ok()?.start_of_day().ok()
}

/// `+05:30`, `-0800`, `+02`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = text.split_at(1);
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let (hours, minutes) = (digits.get(..2)?.parse::<i32>().ok()?, digits.get(2..)?.parse().unwrap_or(0));
    let seconds = (hours * 60 + minutes) * 60;
    let sign = if sign == "-" { -1 } else { 1 };
    (hours < 24 && minutes < 60).then(|| Offset::from_seconds(sign * seconds).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Interval, Zone};
    use crate::Timestamp;

    #[test]
    fn intervals_begin_where_the_zone_says() {
        let time = |text: &str| Timestamp::parse(text).unwrap();
        for (zone, interval, at, start, next) in [
            ("UTC", Interval::Hour, "2026-06-10T12:34:56Z", "2026-06-10T12:00:00Z", "2026-06-10T13:00:00Z"),
            (
                "+05:30",
                Interval::Hour,
                "2026-06-10T12:34:56Z",
                "2026-06-10T12:30:00Z",
                "2026-06-10T13:30:00Z",
            ),
            ("-0800", Interval::Day, "2026-06-10T07:00:00Z", "2026-06-09T08:00:00Z", "2026-06-10T08:00:00Z"),
            (
                "UTC",
                Interval::IsoWeek,
                "2026-06-14T23:59:59Z",
                "2026-06-08T00:00:00Z",
                "2026-06-15T00:00:00Z",
            ),
            ("UTC", Interval::Month, "2026-12-31T00:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            (
                "UTC",
                Interval::Quarter,
                "2026-06-10T00:00:00Z",
                "2026-04-01T00:00:00Z",
                "2026-07-01T00:00:00Z",
            ),
            // The clock goes forward on 29 March: that day has 23 hours.
            (
                "Europe/Berlin",
                Interval::Day,
                "2026-03-29T12:00:00Z",
                "2026-03-28T23:00:00Z",
                "2026-03-29T22:00:00Z",
            ),
            (
                "Europe/Berlin",
                Interval::Month,
                "2026-03-31T23:00:00Z",
                "2026-03-31T22:00:00Z",
                "2026-04-30T22:00:00Z",
            ),
            // And back on 25 October: the hour from two to three comes twice.
            (
                "Europe/Berlin",
                Interval::Hour,
                "2026-10-25T01:30:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T02:00:00Z",
            ),
        ] {
            let of = Zone::parse(zone).unwrap();
            assert_eq!(of.start(interval, time(at)), time(start), "{zone} {interval:?} {at}");
            assert_eq!(of.next(interval, time(at)), time(next), "{zone} {interval:?} {at}");
        }
        for unknown in ["", "Mars/Olympus", "+25:00", "+1", "+aa:bb", "-05:99"] {
            assert_eq!(Zone::parse(unknown), None, "{unknown}");
        }
    }
}
