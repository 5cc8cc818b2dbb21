//! Rules to text, so that the parser makes the same rules of it.
//!
//! What says the same in two ways comes back in one: a group of one rule as the rule, a `targetProperty` of
//! `$identifier` as none, keys that no rule has not at all.

use serde_json::{Map, Value};

use super::lexer::is_one_word;
use super::parse::value::is_text;
use super::words::{self, CONTEXTS, LEADS_TO, REACHED_FROM, RELATED, reserved};
use crate::dialect::port::MAX_DEPTH;

/// Rules that have no text, because they are no legal rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these rules have no text form: \"{place}\" {what}")]
pub struct NoText {
    /// Where, as in `rules/0/value`.
    pub place: String,
    what: &'static str,
}

type Print<T> = Result<T, NoText>;

fn wrong<T>(place: &str, what: &'static str) -> Print<T> {
    Err(NoText { place: place.to_owned(), what })
}

/// The text of Port's search rules.
///
/// # Errors
/// For what the search rules do not have.
pub fn print(rules: &Value) -> Result<String, NoText> {
    let mut text = group(rules, "", 0)?;
    if text == "*" {
        text.clear();
    }
    Ok(text)
}

fn join(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}/{key}") }
}

/// A group without parentheses.
fn group(rules: &Value, place: &str, depth: usize) -> Print<String> {
    if depth > MAX_DEPTH {
        return wrong(place, "is nested too deep");
    }
    let parts = rules.get("rules").and_then(Value::as_array);
    let Some(parts) = parts else { return wrong(place, "is no group") };
    let part = |i: usize, part: &Value| term(part, &join(place, &format!("rules/{i}")), depth);
    let sign = match rules.get("combinator").and_then(Value::as_str) {
        Some("and") => " and ",
        Some("or") => " or ",
        Some("not") => return negation(parts, place, depth),
        _ => return wrong(&join(place, "combinator"), "is neither and, or nor not"),
    };
    let is_search = |part: Option<&Value>| part.is_some_and(|p| p.get("operator") == Some(&"search".into()));
    let mut text = String::new();
    for (i, one) in parts.iter().enumerate() {
        let beside = sign == " and " && is_search(parts.get(i.wrapping_sub(1))) && is_search(Some(one));
        if i > 0 {
            text.push_str(if beside { " " } else { sign });
        }
        text.push_str(&part(i, one)?);
    }
    Ok(if parts.is_empty() { "*".to_owned() } else { text })
}

fn negation(parts: &[Value], place: &str, depth: usize) -> Print<String> {
    match parts {
        [part] => Ok(format!("not {}", term(part, &join(place, "rules/0"), depth)?)),
        _ => wrong(&join(place, "rules"), "must have one rule"),
    }
}

/// A rule, or a group in parentheses.
fn term(part: &Value, place: &str, depth: usize) -> Print<String> {
    let Some(map) = part.as_object() else { return wrong(place, "is no rule") };
    let Some(rules) = map.get("rules") else { return rule(map, place) };
    let several = map.get("combinator") != Some(&"not".into());
    let text = group(part, place, depth + 1)?;
    let parts = rules.as_array().map_or(0, Vec::len);
    Ok(if several && parts > 1 { format!("({text})") } else { text })
}

fn rule(rule: &Map<String, Value>, place: &str) -> Print<String> {
    let at = |key| join(place, key);
    let Some(operator) = rule.get("operator").and_then(Value::as_str) else {
        return wrong(&at("operator"), "is missing");
    };
    match operator {
        "search" => return searched(rule.get("value"), &at("value")),
        "relatedTo" => return related(rule, place),
        "matchAny" => return led(rule, place),
        _ => {}
    }
    let subject = subject(rule, place)?;
    let value = |value: Option<&Value>| operand(value, &at("value"));
    Ok(match operator {
        "isEmpty" => format!("{subject} is empty"),
        "isNotEmpty" => format!("{subject} is not empty"),
        "isExpired" => format!("{subject} is expired"),
        "isNotExpired" => format!("{subject} is not expired"),
        "=" | "!=" | ">" | ">=" | "<" | "<=" => format!("{subject} {operator} {}", value(rule.get("value"))?),
        "contains" | "beginsWith" | "endsWith" | "doesNotContains" | "doesNotBeginsWith"
        | "doesNotEndsWith" => {
            format!("{subject} {} {}", spelled(operator), value(rule.get("value"))?)
        }
        "in" | "notIn" | "containsAny" => {
            format!("{subject} {} {}", spelled(operator), members(rule.get("value"), &at("value"))?)
        }
        "between" | "notBetween" => {
            let word = if operator == "between" { "" } else { "not " };
            match rule.get("value").filter(|v| v.get("preset").is_some()) {
                Some(preset) => format!("{subject} {word}in {}", operand(Some(preset), &at("value"))?),
                None => format!("{subject} {word}between {}", range(rule.get("value"), &at("value"))?),
            }
        }
        _ => return wrong(&at("operator"), "is no operator"),
    })
}

fn spelled(operator: &str) -> String {
    words::negated(operator).map_or_else(|| operator.to_owned(), |is| format!("not {is}"))
}

fn subject(rule: &Map<String, Value>, place: &str) -> Print<String> {
    let text = |key: &str| rule.get(key).and_then(Value::as_str).map(quoted);
    if let Some(schema) = rule.get("propertySchema") {
        return Ok(format!("any({})", self::schema(schema, &join(place, "propertySchema"))?));
    }
    if let Some(scorecard) = text("scorecard") {
        let rule = text("scorecardRule").map_or_else(String::new, |r| format!(".{r}"));
        return Ok(format!("scorecard({scorecard}{rule})"));
    }
    if let Some(relation) = text("relation") {
        let target = text("targetProperty").unwrap_or_else(|| "$identifier".to_owned());
        return Ok(format!("{relation}.{target}"));
    }
    match rule.get("property") {
        Some(Value::String(property)) => Ok(quoted(property)),
        Some(value) if value.get("context").is_some() => operand(Some(value), &join(place, "property")),
        _ => wrong(&join(place, "property"), "is no property"),
    }
}

/// The text of a rule's subject: what [`super::parse_subject`] reads.
///
/// # Errors
/// For what is no subject.
pub fn print_subject(rule: &Map<String, Value>) -> Result<String, NoText> {
    subject(rule, "")
}

fn schema(schema: &Value, place: &str) -> Print<String> {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
    let format = if text("format").is_empty() { String::new() } else { format!(":{}", text("format")) };
    let mut out = format!("{}{format}", text("type"));
    if out.is_empty() || !is_one_word(&out) || out.contains(['"', '\'']) {
        out = quoted_text(&out);
    }
    if let Some(items) = schema.get("items") {
        out = format!("{out} of {}", self::schema(items, &join(place, "items"))?);
    }
    Ok(out)
}

/// A key where a key is read: in quotes where it would be read as something else.
#[must_use]
pub fn quoted(key: &str) -> String {
    if is_plain(key) { key.to_owned() } else { quoted_text(key) }
}

/// Whether a key says itself without quotes.
#[must_use]
pub fn is_plain(key: &str) -> bool {
    is_one_word(key) && !key.contains('.') && reserved(key).is_none()
}

fn quoted_text(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn searched(value: Option<&Value>, place: &str) -> Print<String> {
    let Some(text) = value.and_then(Value::as_str) else { return wrong(place, "is no text") };
    let bare = is_one_word(text) && reserved(text).is_none() && !text.starts_with('-');
    Ok(if bare { text.to_owned() } else { quoted_text(text) })
}

/// A value as the language writes it.
#[must_use]
pub fn print_value(value: &Value) -> String {
    operand(Some(value), "").unwrap_or_else(|_| quoted_text(&value.to_string()))
}

/// One value, or what stands for one.
fn operand(value: Option<&Value>, place: &str) -> Print<String> {
    match value {
        Some(Value::String(text)) if is_one_word(text) && is_text(text) => Ok(text.clone()),
        Some(Value::String(text)) => Ok(quoted_text(text)),
        Some(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => Ok(value.to_string()),
        Some(Value::Object(map)) => dynamic(map, place),
        _ => wrong(place, "is no value"),
    }
}

fn dynamic(map: &Map<String, Value>, place: &str) -> Print<String> {
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    if let Some(preset) = text("preset") {
        let known = crate::dialect::port::PRESETS.iter().any(|p| p.name == preset);
        return if known { Ok(format!("@{preset}")) } else { wrong(&join(place, "preset"), "is no preset") };
    }
    let context = CONTEXTS.iter().find(|(_, context)| Some(*context) == text("context"));
    match (context, text("property")) {
        (Some((name, _)), Some("$identifier")) => Ok(format!("@{name}")),
        (Some((name, _)), Some(property)) => Ok(format!("@{name}.{}", quoted(property))),
        _ => wrong(place, "is no value"),
    }
}

fn members(value: Option<&Value>, place: &str) -> Print<String> {
    match value {
        Some(Value::Array(list)) => {
            let one = |(i, v): (usize, &Value)| operand(Some(v), &join(place, &i.to_string()));
            let list: Vec<String> = list.iter().enumerate().map(one).collect::<Print<_>>()?;
            Ok(format!("({})", list.join(", ")))
        }
        Some(Value::Object(map)) => dynamic(map, place),
        _ => wrong(place, "is no list"),
    }
}

fn range(value: Option<&Value>, place: &str) -> Print<String> {
    let end = |key: &str| operand(value.and_then(|v| v.get(key)), &join(place, key));
    Ok(format!("{} and {}", end("from")?, end("to")?))
}

/// `service = cart`, `service in (cart, pay)`; the blueprint may be none.
fn named(blueprint: &str, value: Option<&Value>, place: &str) -> Print<String> {
    let text = |v: &Value| match v.as_str() {
        Some(text) if is_one_word(text) && reserved(text).is_none() => Ok(text.to_owned()),
        Some(text) => Ok(quoted_text(text)),
        None => wrong(place, "is no identifier"),
    };
    Ok(match value {
        Some(Value::Array(list)) => {
            format!("{blueprint} in ({})", list.iter().map(text).collect::<Print<Vec<_>>>()?.join(", "))
        }
        Some(Value::Object(map)) => format!("{blueprint} = {}", dynamic(map, place)?),
        Some(value) => format!("{blueprint} = {}", text(value)?),
        None => return wrong(place, "is missing"),
    })
}

fn related(rule: &Map<String, Value>, place: &str) -> Print<String> {
    let text = |key: &str| rule.get(key).and_then(Value::as_str);
    let known = RELATED.iter().find(|(_, direction)| *direction == text("direction"));
    let Some((name, _)) = known else { return wrong(&join(place, "direction"), "is no direction") };
    let Some(blueprint) = text("blueprint") else {
        return wrong(&join(place, "blueprint"), "is no blueprint");
    };
    let required = match rule.get("required") {
        Some(Value::Bool(true)) => ", required",
        Some(Value::Bool(false)) => ", optional",
        _ => "",
    };
    Ok(format!("{name}({}{required})", named(&word(blueprint), rule.get("value"), &join(place, "value"))?))
}

fn led(rule: &Map<String, Value>, place: &str) -> Print<String> {
    let at = join(place, "property");
    let Some(parts) = rule.get("property").and_then(|p| p.get("path")).and_then(Value::as_array) else {
        return wrong(&at, "is no path");
    };
    let path: Vec<String> = parts.iter().map(|part| hop(part, &join(&at, "path"))).collect::<Print<_>>()?;
    let path = path.join(".");
    if path.is_empty() {
        return wrong(&join(&at, "path"), "is empty");
    }
    let value = rule.get("value");
    match rule.get("property").and_then(|p| p.get("fromBlueprint")).and_then(Value::as_str) {
        Some(from) => {
            Ok(format!("{REACHED_FROM}({}, {path})", named(&word(from), value, &join(place, "value"))?))
        }
        None => Ok(format!("{LEADS_TO}({})", named(&path, value, &join(place, "value"))?)),
    }
}

/// A blueprint: a dot in it separates nothing.
fn word(text: &str) -> String {
    if is_one_word(text) && reserved(text).is_none() { text.to_owned() } else { quoted_text(text) }
}

fn hop(part: &Value, place: &str) -> Print<String> {
    let relation = match part {
        Value::String(key) => Some(key.as_str()),
        Value::Object(map) => map.get("relation").and_then(Value::as_str),
        _ => return wrong(place, "is no part of a path"),
    };
    let name = relation.map_or_else(|| "*".to_owned(), quoted);
    Ok(match part.get("maxHops").and_then(Value::as_u64) {
        None | Some(1) => name,
        Some(most) => format!("{name}{{1,{most}}}"),
    })
}
