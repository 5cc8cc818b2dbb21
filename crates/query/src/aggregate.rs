//! One number of many: what aggregates and series are made of.

use stagedoor_model::Timestamp;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// How numbers become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Func {
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The middle one; the mean of the two in the middle where their number is even.
    Median,
    /// The last one.
    Last,
}

impl Func {
    /// Applies it. Nothing comes of no numbers.
    #[must_use]
    pub fn of(self, numbers: &[f64]) -> Option<f64> {
        let sum = || numbers.iter().sum::<f64>();
        match self {
            _ if numbers.is_empty() => None,
            Self::Sum => Some(sum()),
            Self::Average => Some(sum() / numbers.len() as f64),
            Self::Min => numbers.iter().copied().reduce(f64::min),
            Self::Max => numbers.iter().copied().reduce(f64::max),
            Self::Median => Some(median(numbers)),
            Self::Last => numbers.last().copied(),
        }
    }
}

fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |i: usize| sorted.get(i).copied().unwrap_or_default();
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle - 1), at(middle)) }
}

/// What an average over time is per.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
}

impl Per {
    /// Intervals from a time until now, at least one; one that has only begun counts.
    #[must_use]
    pub fn intervals(self, since: Timestamp, now: Timestamp) -> f64 {
        let length = match self {
            Self::Hour => HOUR,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 30 * DAY,
        };
        let elapsed = now.0.saturating_sub(since.0).max(1);
        (elapsed.saturating_add(length - 1) / length) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::{Func, HOUR, Per};
    use stagedoor_model::Timestamp;

    #[test]
    fn numbers_become_one() {
        for (func, expected) in [
            (Func::Sum, 10.0),
            (Func::Average, 2.5),
            (Func::Min, 1.0),
            (Func::Max, 4.0),
            (Func::Median, 2.5),
            (Func::Last, 3.0),
        ] {
            assert_eq!(func.of(&[4.0, 1.0, 2.0, 3.0]), Some(expected), "{func:?}");
            assert_eq!(func.of(&[]), None, "{func:?}");
        }
        assert_eq!(Func::Median.of(&[9.0, 1.0, 5.0]), Some(5.0));
    }

    #[test]
    fn a_begun_interval_is_one() {
        let intervals = |per: Per, elapsed: i64| per.intervals(Timestamp(7), Timestamp(7 + elapsed));
        assert_eq!(intervals(Per::Hour, 0), 1.0);
        assert_eq!(intervals(Per::Hour, HOUR), 1.0);
        assert_eq!(intervals(Per::Hour, HOUR + 1), 2.0);
        assert_eq!(intervals(Per::Day, 25 * HOUR), 2.0);
        assert_eq!(intervals(Per::Week, 24 * 7 * HOUR), 1.0);
        assert_eq!(intervals(Per::Month, 24 * 31 * HOUR), 2.0);
        assert_eq!(intervals(Per::Month, -5), 1.0);
    }
}
