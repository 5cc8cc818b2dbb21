//! The values of `format`.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::Timestamp;

/// What an object of the format `labeled-url` is.
pub(super) static LABELED_URL: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "type": "object",
        "required": ["url"],
        "properties": {
            "url": { "type": "string", "format": "url" },
            "displayText": { "type": ["string", "null"] },
        },
    })
});

/// Whether a text is of a format. Formats that only say how to show a value (`markdown`, `yaml`, `user`,
/// `team`, ...) and unknown ones take any text.
pub(super) fn accepts(format: &str, text: &str) -> bool {
    match format {
        "date-time" | "timer" => is_moment(text),
        "email" | "idn-email" => is_email(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "url" | "uri" => is_url(text),
        _ => true,
    }
}

/// RFC 3339 with date and time.
fn is_moment(text: &str) -> bool {
    text.len() > 10 && Timestamp::parse(text).is_some()
}

/// `local@domain` without blanks; what more a mail server would accept is its business.
fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        let blank = |c: char| c.is_whitespace() || c.is_control();
        !local.is_empty()
            && !domain.is_empty()
            && !text.contains(blank)
            && !local.contains('@')
            && domain.split('.').all(|label| !label.is_empty())
    })
}

/// A scheme, a colon, and something after it without blanks.
fn is_url(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
            && !rest.trim_start_matches('/').is_empty()
            && !rest.contains(char::is_whitespace)
    })
}
