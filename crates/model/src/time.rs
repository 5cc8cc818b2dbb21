//! Points in time: milliseconds since 1970-01-01T00:00:00Z, written as RFC 3339.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads RFC 3339 with any offset, or a bare date (`2026-11-01`, midnight UTC).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(t) = text.parse::<jiff::Timestamp>() {
            return Some(Self(t.as_millisecond()));
        }
        if text.len() != 10 {
            return None;
        }
        let date: jiff::civil::Date = text.parse().ok()?;
        Some(Self(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    /// `2026-11-01T09:30:00.000Z`, always with milliseconds, as both dialects write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => write!(f, "{t:.3}"),
            Err(_) => f.write_str("1970-01-01T00:00:00.000Z"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn writes_milliseconds_and_reads_what_it_wrote() {
        let t = Timestamp(1_717_926_000_931);
        assert_eq!(t.to_string(), "2024-06-09T09:40:00.931Z");
        assert_eq!(Timestamp::parse("2024-06-09T11:40:00.931+02:00"), Some(t));
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::parse("2024-06-09").map(|t| t.0 % 86_400_000), Some(0));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
