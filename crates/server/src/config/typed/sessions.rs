//! Reading how long sessions of browsers live.

use serde_json::Value;
use stagedoor_auth::SessionLimits;

use super::super::known;
use super::super::value::Data;
use super::{At, Reader};

/// A year.
const MOST_HOURS: f64 = 8_760.0;
/// A minute.
const LEAST_HOURS: f64 = 1.0 / 60.0;

impl Reader<'_> {
    pub(super) fn sessions(&mut self, at: &At<'_>) -> SessionLimits {
        self.object(at, known::SESSIONS);
        let mut limits = SessionLimits::default();
        if let Some(idle) = self.hours(&at.key("idleHours")) {
            limits.idle = idle;
        }
        if let Some(absolute) = self.hours(&at.key("absoluteHours")) {
            limits.absolute = absolute;
        }
        limits.idle = limits.idle.min(limits.absolute);
        limits
    }

    /// Milliseconds.
    fn hours(&mut self, at: &At<'_>) -> Option<i64> {
        let hours = match &at.value?.data {
            Data::Scalar(Value::Number(number)) => number.as_f64(),
            Data::Scalar(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        match hours.filter(|hours| (LEAST_HOURS..=MOST_HOURS).contains(hours)) {
            #[expect(clippy::cast_possible_truncation, reason = "at most a year")]
            Some(hours) => Some((hours * 3_600_000.0) as i64),
            None => {
                self.wrong(at, "expected a number of hours, from a minute (0.02) to a year (8760)");
                None
            }
        }
    }
}
