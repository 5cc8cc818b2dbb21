//! `minute hour day month weekday`, in UTC, with a field for seconds before them where there are six.

/// One minute of milliseconds.
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// No date that exists is further away than this: 29 February can be eight years off.
const HORIZON: i64 = 366 * 9;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// When, as sets of numbers. Seconds are not kept: nothing is read more often than once a minute this way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Both day and weekday are limited: then either will do.
    either: bool,
}

impl Cron {
    /// Reads an expression; none where it is no such thing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let five = match fields.as_slice() {
            [_seconds, five @ ..] if five.len() == 5 => five,
            five => five,
        };
        let [minute, hour, day, month, weekday] = five else { return None };
        let weekdays = field(weekday, 0, 7, &WEEKDAYS)?;
        Some(Self {
            minutes: field(minute, 0, 59, &[])?,
            hours: field(hour, 0, 23, &[])?,
            days: field(day, 1, 31, &[])?,
            months: field(month, 1, 12, &MONTHS)?,
            // Sunday is 0 and 7.
            weekdays: (weekdays | (weekdays >> 7)) & 0x7f,
            either: !open(day) && !open(weekday),
        })
    }

    /// The first such minute after a moment, both in milliseconds since 1970.
    pub(crate) fn next(&self, after: i64) -> Option<i64> {
        let first = (after.div_euclid(MINUTE) + 1) * MINUTE;
        let today = first.div_euclid(DAY);
        (today..today + HORIZON).filter(|day| self.has_day(*day)).find_map(|day| {
            let minutes = (0..24 * 60).filter(|m| has(self.hours, m / 60) && has(self.minutes, m % 60));
            minutes.map(|m| day * DAY + m * MINUTE).find(|at| *at >= first)
        })
    }

    /// Whether a day, counted from 1 January 1970, is one of them.
    fn has_day(&self, day: i64) -> bool {
        let (month, of_month) = date(day);
        let weekday = (day + 4).rem_euclid(7);
        let (by_month, by_week) = (has(self.days, of_month), has(self.weekdays, weekday));
        let fits = if self.either { by_month || by_week } else { by_month && by_week };
        has(self.months, month) && fits
    }
}

fn has(set: u64, number: i64) -> bool {
    u32::try_from(number).ok().and_then(|n| set.checked_shr(n)).is_some_and(|rest| rest & 1 == 1)
}

fn open(field: &str) -> bool {
    matches!(field, "*" | "?")
}

/// `*`, `5`, `1-5`, `*/10`, `mon-fri`, and lists of them.
fn field(text: &str, least: u32, most: u32, names: &[&str]) -> Option<u64> {
    let number = |text: &str| {
        let named = names.iter().position(|name| text.eq_ignore_ascii_case(name));
        let number = match named {
            Some(at) => u32::try_from(at).ok()? + u32::from(names.len() == MONTHS.len()),
            None => text.parse().ok()?,
        };
        (least..=most).contains(&number).then_some(number)
    };
    text.split(',').try_fold(0, |set: u64, part| {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let by: u32 = step.map_or(Some(1), |step| step.parse().ok().filter(|n| *n > 0))?;
        let (from, to) = match range.split_once('-') {
            _ if open(range) => (least, most),
            Some((from, to)) => (number(from)?, number(to)?),
            None => (number(range)?, if step.is_some() { most } else { number(range)? }),
        };
        (from <= to).then(|| (from..=to).step_by(by as usize).fold(set, |set, n| set | (1 << n)))
    })
}

/// Month and day of the month of a day since 1970 (the proleptic Gregorian calendar, in eras of 400 years that begin
/// with March).
fn date(day: i64) -> (i64, i64) {
    let shifted = day + 719_468;
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * from_march + 2) / 5 + 1;
    (if from_march < 10 { from_march + 3 } else { from_march - 9 }, of_month)
}

#[cfg(test)]
mod tests {
    use super::Cron;

    /// 2026-11-23 01:00:00 UTC, a Monday.
    const MONDAY: i64 = 1_795_395_600_000;
    const HOUR: i64 = 3_600_000;

    #[test]
    fn finds_the_next_moment() {
        let next = |text: &str| Cron::parse(text).unwrap().next(MONDAY).unwrap() - MONDAY;
        assert_eq!(next("* * * * *"), 60_000);
        assert_eq!(next("0 * * * *"), HOUR);
        assert_eq!(next("*/15 1 * * *"), HOUR / 4);
        assert_eq!(next("30 0 * * *"), 23 * HOUR + HOUR / 2);
        assert_eq!(next("0 1 * * 2"), 24 * HOUR);
        assert_eq!(next("0 1 * * sun"), 6 * 24 * HOUR);
        assert_eq!(next("0 1 * * 7"), 6 * 24 * HOUR);
        assert_eq!(next("0 0 1 DEC *"), 7 * 24 * HOUR + 23 * HOUR);
        // With seconds, and of day and weekday either.
        assert_eq!(next("0 0 2 * * *"), HOUR);
        assert_eq!(next("0 2 1 * tue-fri"), 25 * HOUR);
        assert_eq!(next("0 0 29 2 *"), 11_111 * HOUR);
    }

    #[test]
    fn refuses_what_is_none() {
        for text in
            ["", "often", "60 * * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "* * * *", "* * * foo *"]
        {
            assert_eq!(Cron::parse(text), None, "{text}");
        }
        assert_eq!(Cron::parse("0 0 31 2 *").unwrap().next(MONDAY), None);
    }
}
