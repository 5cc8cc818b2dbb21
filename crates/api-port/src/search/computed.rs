//! Entities that are computed from scorecards: `_scorecard`, `_rule` and `_rule_result`.
//!
//! Scorecards and rules are few, and are put into the view. Of results only those are made that an answer needs: a page,
//! or what a query finds, if these are not too many. Counts by value are made of none at all where that is possible.

use serde_json::{Map, Value};
use stagedoor_portal::{Computed, Portal, ResultPage, View, is_computed};
use stagedoor_query::{Expr, Scalar};

use super::{Ask, fields};
use crate::error::Failure;
use crate::shape::Shape;
use crate::stream;

/// What rules say of entities.
pub(crate) const RESULTS: &str = "_rule_result";
const COMPUTED: [&str; 3] = ["_scorecard", "_rule", RESULTS];

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
    Ok(computed.with_results(&expr)?)
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
    Ok(computed.with_results(&expr)?)
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

/// Whether a query is for results and nothing else.
pub(super) fn only_results(query: &Value) -> bool {
    let rules = query.get("rules").and_then(Value::as_array);
    let all = query.get("combinator").is_some_and(|combinator| combinator == "and");
    let is_rule = |rule: &Value| rule.get("operator").is_some_and(|operator| operator == "=");
    all && rules.is_some_and(|rules| rules.iter().any(|rule| is_rule(rule) && names(rule, RESULTS)))
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
    let of_page = |page: ResultPage| {
        let entity = |node| shape.entity(&page.view, node);
        page.nodes.into_iter().map(entity).collect::<Vec<_>>()
    };
    Ok(stream::values(computed.all()?.flat_map(of_page), &[]))
}

/// What a search of results by value counts, without the results; `None` where it asks for more.
pub(super) fn counts(
    portal: &Portal,
    view: &View,
    body: &Map<String, Value>,
) -> Result<Option<Groups>, Failure> {
    let wanted = fields::flag(body, "countOnly")? && fields::member(body, "identifiers").is_none();
    let by = fields::member(body, "groupBy").and_then(Value::as_object);
    let Some(by) = by.filter(|_| wanted) else { return Ok(None) };
    let computed = portal.computed(view);
    let base = computed.view();
    let ask = Ask::new(&base);
    let column = fields::columns(&ask, by, "groupBy/", Some(RESULTS))?.swap_remove(0);
    let expr = ask.expr(body.get("query"), Some(RESULTS))?;
    let groups = column.through().is_none().then(|| computed.groups(&expr, column.subject())).flatten();
    Ok(groups.map(|(values, missing)| Groups { values, missing, total: computed.count(&expr) }))
}

/// Results counted by value.
pub(super) struct Groups {
    pub(super) values: Vec<(Scalar, u64)>,
    pub(super) missing: u64,
    pub(super) total: u64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{RESULTS, names, only_results};

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
        let results = rule("=", json!(RESULTS));
        assert!(only_results(&json!({"combinator": "and", "rules": [{"property": "a"}, results]})));
        assert!(!only_results(&json!({"combinator": "or", "rules": [results]})));
        assert!(!only_results(&group(rule("in", json!([RESULTS])))));
    }
}
