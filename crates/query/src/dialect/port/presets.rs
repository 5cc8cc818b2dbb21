//! Named ranges of dates, counted from now.

use stagedoor_model::{Interval, Timestamp, Zone};

const DAY: i64 = 86_400_000;

/// A preset: so many days from now on, or back where negative; or one calendar day, so many days away.
pub struct Preset {
    /// As rules name it.
    pub name: &'static str,
    days: i64,
    calendar: bool,
}

const fn rolling(name: &'static str, days: i64) -> Preset {
    Preset { name, days, calendar: false }
}

const fn calendar(name: &'static str, days: i64) -> Preset {
    Preset { name, days, calendar: true }
}

/// Every preset that `between`, `notBetween` and `=` take.
pub static PRESETS: [Preset; 19] = [
    calendar("today", 0),
    calendar("yesterday", -1),
    calendar("tomorrow", 1),
    rolling("lastDay", -1),
    rolling("lastWeek", -7),
    rolling("last2Weeks", -14),
    rolling("lastMonth", -30),
    rolling("last3Months", -90),
    rolling("last6Months", -180),
    rolling("last12Months", -365),
    rolling("last2Years", -730),
    rolling("last3Years", -1095),
    rolling("nextDay", 1),
    rolling("nextWeek", 7),
    rolling("next2Weeks", 14),
    rolling("nextMonth", 30),
    rolling("next3Months", 90),
    rolling("next6Months", 180),
    rolling("next12Months", 365),
];

/// The range of a preset, both ends included. Calendar days are those of `zone`.
#[must_use]
pub fn preset_range(name: &str, now: Timestamp, zone: &Zone) -> Option<(Timestamp, Timestamp)> {
    let preset = PRESETS.iter().find(|p| p.name == name)?;
    let other = Timestamp(now.0 + preset.days * DAY);
    if preset.calendar {
        // The same time of day, so many days away, lies in the day that is meant, however long the days are.
        let start = zone.start(Interval::Day, other);
        return Some((start, Timestamp(zone.next(Interval::Day, other).0 - 1)));
    }
    Some((now.min(other), now.max(other)))
}
