//! When a provider is asked, with the keys of Backstage's `schedule`.

use std::time::Duration;

use crate::config::ConfigProblem;
use crate::fields::Fields;

/// How often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// So long after the last time.
    Every(Duration),
    /// `cron`: minute, hour, day, month, weekday; in UTC.
    Cron(String),
    /// Only when somebody asks, or the host tells.
    Manual,
}

/// When, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How often.
    pub rhythm: Rhythm,
    /// After this long an attempt is given up.
    pub timeout: Duration,
    /// Before the first.
    pub initial_delay: Duration,
}

impl Schedule {
    /// Backstage's default for discovery: every three hours.
    #[must_use]
    pub fn every(frequency: Duration) -> Self {
        let hour = Duration::from_secs(3600);
        Self { rhythm: Rhythm::Every(frequency), timeout: hour, initial_delay: Duration::ZERO }
    }

    /// Reads `schedule` of a provider; without one, every three hours.
    pub(crate) fn read(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Self {
        let mut schedule = Self::every(Duration::from_secs(3 * 3600));
        if !fields.is_there() {
            return schedule;
        }
        let frequency = fields.get("frequency");
        if let Some(cron) = frequency.get("cron").text(problems) {
            schedule.rhythm = Rhythm::Cron(cron);
        } else if frequency.get("trigger").is_there() {
            schedule.rhythm = Rhythm::Manual;
        } else if let Some(every) = duration(&frequency, problems) {
            schedule.rhythm = Rhythm::Every(every.max(Duration::from_secs(1)));
        }
        schedule.timeout = duration(&fields.get("timeout"), problems).unwrap_or(schedule.timeout);
        schedule.initial_delay = duration(&fields.get("initialDelay"), problems).unwrap_or_default();
        schedule
    }
}

/// A duration as the configuration writes it: `{minutes: 30}`, `PT30M` or `30m`; none where it is no such thing.
#[must_use]
pub fn duration_of(value: &serde_json::Value) -> Option<Duration> {
    let mut problems = Vec::new();
    duration(&Fields::at(Some(value), &[]), &mut problems).filter(|_| problems.is_empty())
}

/// A duration: `{minutes: 30}`, `PT30M` or `30m`.
pub(crate) fn duration(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Duration> {
    if let Some(object) = fields.object() {
        let mut seconds = 0.0;
        for (unit, value) in object {
            let each = match unit.as_str() {
                "milliseconds" => 0.001,
                "seconds" => 1.0,
                "minutes" => 60.0,
                "hours" => 3600.0,
                "days" => 86_400.0,
                "weeks" => 604_800.0,
                "months" => 2_629_800.0,
                "years" => 31_557_600.0,
                _ => {
                    fields.get(unit).wrong(problems, "a unit is expected: minutes, hours, days ...");
                    continue;
                }
            };
            match value.as_f64().or_else(|| value.as_str()?.parse().ok()) {
                Some(number) if number >= 0.0 => seconds += number * each,
                _ => fields.get(unit).wrong(problems, "a number is expected"),
            }
        }
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let text = fields.text(problems)?;
    // Jiff reads both forms; of calendar units a day has 24 hours and a month 30.4375 of them.
    let span: Result<jiff::Span, _> = text.parse();
    let day = jiff::SpanRelativeTo::days_are_24_hours();
    match span.ok().and_then(|span| span.to_duration(day).ok()).and_then(|d| Duration::try_from(d).ok()) {
        Some(duration) => Some(duration),
        None => {
            fields.wrong(problems, "a duration is expected: {minutes: 30}, PT30M or 30m");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::{Rhythm, Schedule};
    use crate::fields::Fields;

    #[test]
    fn reads_every_form() {
        let of = |value| {
            let mut problems = Vec::new();
            let schedule = Schedule::read(&Fields::at(Some(&value), &["s"]), &mut problems);
            (schedule, problems)
        };
        for frequency in
            [json!({ "minutes": 30 }), json!("PT30M"), json!("30m"), json!({ "seconds": "1800" })]
        {
            let (schedule, problems) = of(json!({ "frequency": frequency, "timeout": { "minutes": 3 } }));
            assert_eq!((schedule.rhythm, problems), (Rhythm::Every(Duration::from_secs(1800)), vec![]));
            assert_eq!(schedule.timeout, Duration::from_secs(180));
        }
        assert_eq!(of(json!({ "frequency": { "trigger": "manual" } })).0.rhythm, Rhythm::Manual);
        assert_eq!(
            of(json!({ "frequency": { "cron": "0 * * * *" } })).0.rhythm,
            Rhythm::Cron("0 * * * *".into())
        );
        let (_, problems) = of(json!({ "frequency": "often", "timeout": { "moons": 1 } }));
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert_eq!(problems[1].path, ["s", "timeout", "moons"]);
    }
}
