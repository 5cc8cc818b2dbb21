//! What an answer, or the lack of one, means for a step.

use std::time::Duration;

use serde_json::Value;
use stagedoor_outbound::{Delivered, OutboundError, Undelivered};

use crate::performer::{Failure, Report};

/// How long a back end that names no time is left alone.
pub(crate) const PAUSE: Duration = Duration::from_secs(5);
/// The longest time that a back end may ask for.
const LONGEST: Duration = Duration::from_secs(3600);
/// Bytes of an answer that a run keeps.
pub(crate) const KEPT: usize = 64 * 1024;
/// Characters of an answer that an error repeats.
const SHOWN: usize = 300;

/// No status came back. Where nothing was sent it is tried again, unless the rules of this installation forbid it.
pub(crate) fn undelivered(error: &Undelivered, repeatable: bool) -> Failure {
    match (&error.error, error.sent) {
        (OutboundError::Refused(_), _) => Failure::new(error.to_string()),
        (_, false) => Failure::again(error.to_string(), PAUSE),
        (_, true) if repeatable => Failure::again(error.to_string(), PAUSE),
        (_, true) => Failure::unclear(format!("{error}; it was sent, and may have been carried out")),
    }
}

/// How long the other side wants to be left alone: `Retry-After` in seconds (RFC 9110), or what GitHub and GitLab say
/// of their limits.
pub(crate) fn pause(answer: &Delivered, now: i64) -> Duration {
    let number = |name: &str| answer.header(name).and_then(|value| value.trim().parse::<i64>().ok());
    let none_left =
        ["x-ratelimit-remaining", "ratelimit-remaining"].iter().any(|name| number(name) == Some(0));
    let reset = || number("x-ratelimit-reset").or_else(|| number("ratelimit-reset")).map(|at| at - now);
    let seconds = number("retry-after").or_else(|| if none_left { reset() } else { None });
    let asked = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    asked.unwrap_or(PAUSE).min(LONGEST)
}

/// The body for people and later steps: JSON where it is JSON, else text, both up to [`KEPT`].
pub(crate) fn body(answer: &Delivered) -> Value {
    if answer.body.len() <= KEPT
        && let Ok(value) = serde_json::from_slice(&answer.body)
    {
        return value;
    }
    let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(KEPT)]).into_owned();
    let cut = answer.body.len() > KEPT || !answer.complete;
    Value::from(if cut { format!("{text}... (cut)") } else { text })
}

/// An error that a status stands for, with what the answer says, and the answer in the report.
pub(crate) fn refused(what: &str, answer: &Delivered) -> Failure {
    let said = said(answer);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let hint = match answer.status {
        401 => " (the credential is missing, wrong or has expired)",
        403 => " (the credential may not do this)",
        404 => " (it is not there, or may not be seen with this credential)",
        300..=399 => " (a redirect, which is not followed)",
        _ => "",
    };
    let report = Report { response: Some(body(answer)), ..Report::default() };
    Failure { report, ..Failure::new(format!("{what} answered with status {}{hint}{said}", answer.status)) }
}

/// What an answer says is the matter, in one short line.
pub(crate) fn said(answer: &Delivered) -> String {
    let value: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let text = value.as_ref().and_then(|value| {
        let found = ["message", "error", "error_description", "title", "detail"];
        found.iter().filter_map(|key| value.get(key)).chain(value.pointer("/errors/0/detail")).next()
    });
    let text = match text {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::from_utf8_lossy(&answer.body[..answer.body.len().min(4 * SHOWN)]).into_owned(),
    };
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect()
}

/// The body as JSON; half of one is none.
pub(crate) fn json(what: &str, answer: &Delivered) -> Result<Value, Failure> {
    if !answer.complete {
        return Err(Failure::new(format!("{what} broke off its answer, or answered more than is read")));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|error| Failure::new(format!("{what} answered with no JSON: {error}")))
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
