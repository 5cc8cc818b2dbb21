//! The parts that bodies of searches have in common.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use stagedoor_query::dialect::port::{self, Column};

use super::Ask;
use crate::error::Failure;

const DEFAULT_LIMIT: usize = 200;
const LIMIT: usize = 1000;

/// A body is an object.
pub(super) fn object(body: &Value) -> Result<&Map<String, Value>, Failure> {
    body.as_object().ok_or_else(|| Failure::invalid("body must be object"))
}

/// A member, if it is there and not null.
pub(super) fn member<'b>(body: &'b Map<String, Value>, key: &str) -> Option<&'b Value> {
    body.get(key).filter(|value| !value.is_null())
}

/// A text that may be absent.
pub(super) fn text<'b>(
    body: &'b Map<String, Value>,
    key: &str,
    at: &str,
) -> Result<Option<&'b str>, Failure> {
    match member(body, key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::invalid(format!("\"{at}{key}\" must be string"))),
    }
}

/// A text that must be there.
pub(super) fn required<'b>(body: &'b Map<String, Value>, key: &str, at: &str) -> Result<&'b str, Failure> {
    text(body, key, at)?.ok_or_else(|| missing(key, at))
}

/// The refusal of a body that lacks a member. `at` is where the body stands: nothing, or a place and a slash.
pub(super) fn missing(key: &str, at: &str) -> Failure {
    match at.strip_suffix('/') {
        None => Failure::invalid(format!("body must have required property '{key}'")),
        Some(place) => Failure::invalid(format!("\"{place}\" must have required property '{key}'")),
    }
}

/// A flag; absent is false.
pub(super) fn flag(body: &Map<String, Value>, key: &str) -> Result<bool, Failure> {
    match member(body, key) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(Failure::invalid(format!("\"{key}\" must be boolean"))),
    }
}

/// One of a few words.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)], place: &str) -> Result<T, Failure> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let list: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let list = list.join(", ");
        Failure::invalid(format!("\"{place}\" must be equal to one of the allowed values: {list}"))
    })
}

/// An array of texts that may be absent.
pub(super) fn texts(body: &Map<String, Value>, key: &str) -> Result<Option<Vec<String>>, Failure> {
    let Some(value) = member(body, key) else { return Ok(None) };
    let list = value.as_array().ok_or_else(|| Failure::invalid(format!("\"{key}\" must be array")))?;
    let one = |(i, value): (usize, &Value)| match value {
        Value::String(text) => Ok(text.clone()),
        _ => Err(Failure::invalid(format!("\"{key}/{i}\" must be string"))),
    };
    list.iter().enumerate().map(one).collect::<Result<_, _>>().map(Some)
}

/// `limit`: 200 where absent, at most 1000.
pub(super) fn limit(body: &Map<String, Value>) -> Result<usize, Failure> {
    let Some(value) = member(body, "limit") else { return Ok(DEFAULT_LIMIT) };
    match value.as_f64() {
        Some(n) if n < 1.0 => Err(Failure::invalid("\"limit\" must be >= 1")),
        Some(n) if n > LIMIT as f64 => Err(Failure::invalid(format!("\"limit\" must be <= {LIMIT}"))),
        Some(n) if n.fract() == 0.0 => Ok(n as usize),
        _ => Err(Failure::invalid("\"limit\" must be integer")),
    }
}

/// `from`: where to go on. An empty cursor is the beginning.
pub(super) fn cursor(body: &Map<String, Value>) -> Result<Option<Vec<u8>>, Failure> {
    match text(body, "from", "")? {
        None | Some("") => Ok(None),
        Some(text) => URL_SAFE_NO_PAD.decode(text).map(Some).map_err(|_| no_cursor()),
    }
}

/// A cursor of these bytes.
pub(super) fn next(bytes: impl AsRef<[u8]>) -> Value {
    URL_SAFE_NO_PAD.encode(bytes).into()
}

/// The refusal of a cursor that is none of ours.
pub(super) fn no_cursor() -> Failure {
    Failure::invalid("\"from\" must be the \"next\" of an earlier reply to the same search")
}

/// The columns of `property`, or of `relation` and `targetProperty`, of a part of a body. In one blueprint a name
/// that means nothing is refused.
pub(super) fn columns(
    ask: &Ask<'_>,
    part: &Map<String, Value>,
    at: &str,
    only: Option<&str>,
) -> Result<Vec<Column>, Failure> {
    if let Some(name) = text(part, "scorecard", at)? {
        let rule = match text(part, "scorecardRule", at)? {
            Some(rule) => Some(("scorecardRule", rule)),
            None => text(part, "rule", at)?.map(|rule| ("rule", rule)),
        };
        if !ask.view.has_scorecard(only, name, None) {
            return Err(Failure::invalid(format!("\"{at}scorecard\" scorecard \"{name}\" was not found")));
        }
        if let Some((key, rule)) = rule.filter(|(_, rule)| !ask.view.has_scorecard(only, name, Some(rule))) {
            return Err(Failure::invalid(format!("\"{at}{key}\" rule \"{rule}\" was not found")));
        }
        return Ok(vec![port::of_scorecard(name.to_owned(), rule.map(|(_, rule)| rule.to_owned()))]);
    }
    let scope = ask.scope(only);
    if let Some(relation) = text(part, "relation", at)? {
        let target = text(part, "targetProperty", at)?.unwrap_or("$identifier");
        let columns = port::of_relation(relation, target, &format!("{at}targetProperty"), &scope)?;
        return known(columns, &format!("{at}relation"), "a relation", relation, only);
    }
    let name = required(part, "property", at)?;
    property(ask, name, &format!("{at}property"), only)
}

/// The columns of a property that stands at `place`.
pub(super) fn property(
    ask: &Ask<'_>,
    name: &str,
    place: &str,
    only: Option<&str>,
) -> Result<Vec<Column>, Failure> {
    let columns = port::named(name, place, &ask.scope(only))?;
    known(columns, place, "a property", name, only)
}

fn known(
    columns: Vec<Column>,
    place: &str,
    what: &str,
    name: &str,
    only: Option<&str>,
) -> Result<Vec<Column>, Failure> {
    match only {
        Some(blueprint) if columns.is_empty() => Err(Failure::invalid(format!(
            "\"{place}\" names {what} that blueprint \"{blueprint}\" does not have: \"{name}\""
        ))),
        _ => Ok(columns),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{cursor, limit};

    #[test]
    fn limits_and_cursors_are_checked() {
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        assert_eq!(limit(&map(json!({}))).unwrap(), 200);
        assert_eq!(limit(&map(json!({"limit": 1000}))).unwrap(), 1000);
        for (value, message) in [
            (json!(0), "\"limit\" must be >= 1"),
            (json!(1001), "\"limit\" must be <= 1000"),
            (json!(1.5), "\"limit\" must be integer"),
            (json!("5"), "\"limit\" must be integer"),
        ] {
            assert_eq!(limit(&map(json!({ "limit": value }))).unwrap_err().message, message);
        }
        assert_eq!(cursor(&map(json!({"from": "YS9i"}))).unwrap().as_deref(), Some(&b"a/b"[..]));
        assert_eq!(cursor(&map(json!({"from": ""}))).unwrap(), None);
        assert!(cursor(&map(json!({"from": "*"}))).is_err());
        assert!(cursor(&map(json!({"from": 7}))).is_err());
    }
}
