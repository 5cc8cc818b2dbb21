//! Entities that are computed from scorecards: `_scorecard`, `_rule` and `_rule_result`.
//!
//! Scorecards and rules are few, and are put into the view. Of results only those are made that an answer needs: a page,
//! or what a query finds, up to [`MOST`].

use http::StatusCode;
use serde_json::Value;
use stagedoor_portal::{Computed, Portal, View, is_computed};
use stagedoor_query::Expr;

use super::{Ask, fields};
use crate::error::Failure;
use crate::shape::Shape;
use crate::stream;

/// What rules say of entities.
pub(crate) const RESULTS: &str = "_rule_result";
const COMPUTED: [&str; 3] = ["_scorecard", "_rule", RESULTS];
/// Results in an answer that has no pages, at most.
const MOST: usize = 50_000;
/// Results that are made into entities together.
const TOGETHER: usize = 1_000;

/// The view with the entities in it that a search of one blueprint is about. May block.
pub(crate) fn of(
    portal: &Portal,
    view: View,
    blueprint: &str,
    query: Option<&Value>,
) -> Result<View, Failure> {
    if !is_computed(blueprint) {
        return Ok(view);
    }
    let computed = portal.computed(&view);
    let base = computed.view();
    if blueprint != RESULTS {
        return Ok(base);
    }
    let expr = Ask::new(&base).expr(query, Some(RESULTS))?;
    computed.with_results(&expr, MOST).ok_or_else(too_many)
}

/// The same for a search of all blueprints: what is computed is in it where a rule asks for such a `$blueprint` by name.
pub(super) fn named(portal: &Portal, view: View, query: &Value, place: &str) -> Result<View, Failure> {
    let named: Vec<&str> = COMPUTED.into_iter().filter(|blueprint| names(query, blueprint)).collect();
    if named.is_empty() {
        return Ok(view);
    }
    let computed = portal.computed(&view);
    let base = computed.view();
    if !named.contains(&RESULTS) {
        return Ok(base);
    }
    let expr = Ask::new(&base).compile(query, place, Some(RESULTS))?;
    computed.with_results(&expr, MOST).ok_or_else(too_many)
}

/// Whether a rule of a query is `$blueprint` `=` this one, or `in` a list that has it.
fn names(query: &Value, blueprint: &str) -> bool {
    if let Some(rules) = query.get("rules").and_then(Value::as_array) {
        return rules.iter().any(|rule| names(rule, blueprint));
    }
    let about = query.get("property").is_some_and(|property| property == "$blueprint");
    let value = query.get("value");
    about
        && match query.get("operator").and_then(Value::as_str) {
            Some("=") => value.is_some_and(|value| value == blueprint),
            Some("in") => value.and_then(Value::as_array).is_some_and(|l| l.iter().any(|v| v == blueprint)),
            _ => false,
        }
}

/// How many results a query finds.
pub(super) fn count(computed: &Computed, query: Option<&Value>) -> Result<u64, Failure> {
    let base = computed.view();
    let expr = Ask::new(&base).expr(query, Some(RESULTS))?;
    Ok(computed.count(&expr))
}

/// How many entities a computed blueprint has. May block.
pub(crate) fn count_all(portal: &Portal, view: &View, blueprint: &str) -> u64 {
    let computed = portal.computed(view);
    match blueprint == RESULTS {
        true => computed.count(&Expr::All),
        false => computed.view().count(blueprint),
    }
}

/// The reply with a page of results.
pub(super) fn page(computed: &Computed, body: &Value, shape: Shape) -> Result<Vec<u8>, Failure> {
    let body = fields::object(body)?;
    let shape = shape.or_of_body(body)?;
    let limit = fields::limit(body)?;
    let after = fields::cursor(body)?;
    let after = after.map(String::from_utf8).transpose().map_err(|_| fields::no_cursor())?;
    let base = computed.view();
    let expr = Ask::new(&base).expr(body.get("query"), Some(RESULTS))?;
    let page = computed.page(&expr, after.as_deref(), limit).ok_or_else(fields::no_cursor)?;
    let next = page.next.map(fields::next).unwrap_or_default();
    Ok(stream::entities(&page.view, page.nodes.into_iter(), &shape, &[("next", next)]))
}

/// The reply with all results.
pub(crate) fn all(computed: &Computed, shape: &Shape) -> Result<Vec<u8>, Failure> {
    if computed.count(&Expr::All) > MOST as u64 {
        return Err(too_many());
    }
    let mut after = Some(None::<String>);
    let next = || {
        let page = computed.page(&Expr::All, after.take()?.as_deref(), TOGETHER)?;
        after = page.next.map(Some);
        let entity = |node| shape.entity(&page.view, node);
        Some(page.nodes.into_iter().map(entity).collect::<Vec<_>>())
    };
    Ok(stream::values(std::iter::from_fn(next).flatten(), &[]))
}

fn too_many() -> Failure {
    let text = format!(
        "more than {MOST} results: ask for some of them, by rule, scorecard, blueprint, entity, level or result, or page by page with POST /v1/blueprints/{RESULTS}/entities/search"
    );
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_results", text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{RESULTS, names};

    #[test]
    fn queries_name_what_is_computed() {
        let rule =
            |operator: &str, value| json!({"property": "$blueprint", "operator": operator, "value": value});
        let group = |rule| json!({"combinator": "and", "rules": [{"combinator": "or", "rules": [rule]}]});
        assert!(names(&group(rule("=", json!(RESULTS))), RESULTS));
        assert!(names(&group(rule("in", json!(["service", RESULTS]))), RESULTS));
        assert!(!names(&group(rule("!=", json!(RESULTS))), RESULTS));
        assert!(!names(&group(rule("=", json!("_rule"))), RESULTS));
        assert!(!names(&json!({"combinator": "and", "rules": []}), RESULTS));
        assert!(!names(&json!(7), RESULTS));
    }
}
