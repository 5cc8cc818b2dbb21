//! Exact counts by value: facets above a table, and the groups of one.

use serde::Serialize;
use serde_json::{Map, Value, json};
use stagedoor_portal::{ScoreStatus, View};
use stagedoor_query::{Expr, Meta, Scalar, Selection, Subject};
use utoipa::ToSchema;

use super::field::TableField;
use super::subject_of;
use crate::queries::{Asking, json_of};

/// Distinct values that a facet lists; the rest is counted in `more`.
const FACET_VALUES: usize = 100;

#[derive(Serialize, ToSchema)]
pub(super) struct Facet {
    /// Those that most entities have.
    values: Vec<FacetValue>,
    /// Entities without a value.
    missing: u64,
    /// Further distinct values that are not listed.
    more: usize,
}

#[derive(Serialize, ToSchema)]
struct FacetValue {
    value: Value,
    title: String,
    count: u64,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Group {
    /// Null for the entities that have none.
    value: Value,
    title: String,
    /// Entities in the group, each once.
    count: u64,
}

/// The values of a field over a selection.
pub(super) fn facet(asking: &Asking<'_>, selection: &Selection<'_>, field: &TableField) -> Facet {
    let (mut counts, missing) = counts(asking, selection, field);
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.text.cmp(&b.0.text)));
    let more = counts.len().saturating_sub(FACET_VALUES);
    let values = counts.into_iter().take(FACET_VALUES).map(|(value, count)| FacetValue {
        title: title(asking.view, field, &value.text),
        value: json_of(&value),
        count,
    });
    Facet { values: values.collect(), missing, more }
}

/// The groups of a selection, what has no value last.
pub(super) fn groups(
    asking: &Asking<'_>,
    selection: &Selection<'_>,
    field: &TableField,
    by_count: bool,
) -> Vec<Group> {
    let (counts, missing) = counts(asking, selection, field);
    let mut titled: Vec<(String, Scalar, u64)> =
        counts.into_iter().map(|(v, count)| (title(asking.view, field, &v.text), v, count)).collect();
    titled.sort_by(|a, b| {
        let by_value = || {
            let numbers = a.1.number.zip(b.1.number).map(|(x, y)| x.total_cmp(&y));
            numbers
                .unwrap_or_else(|| a.0.to_lowercase().cmp(&b.0.to_lowercase()))
                .then_with(|| a.1.text.cmp(&b.1.text))
        };
        if by_count { b.2.cmp(&a.2).then_with(by_value) } else { by_value() }
    });
    let group = |(title, value, count): (String, Scalar, u64)| Group { value: json_of(&value), title, count };
    let mut groups: Vec<Group> = titled.into_iter().map(group).collect();
    if missing > 0 {
        groups.push(Group { value: Value::Null, title: String::new(), count: missing });
    }
    groups
}

fn counts(asking: &Asking<'_>, selection: &Selection<'_>, field: &TableField) -> (Vec<(Scalar, u64)>, u64) {
    match field.columns.as_slice() {
        [] => (Vec::new(), selection.len()),
        [one] if one.through().is_none() => match one.subject() {
            Subject::Meta(Meta::Blueprint) => (of_blueprints(asking, selection), 0),
            // These are counted off the index; what they lack is exact only where one blueprint has them all.
            subject @ (Subject::Field(_) | Subject::Relation { .. }) if one.is_everywhere() => {
                let buckets = selection.facet(subject).into_iter().map(|b| (b.value, b.count));
                (buckets.collect(), selection.missing(subject))
            }
            _ => gathered(selection, field),
        },
        _ => gathered(selection, field),
    }
}

/// How many of a selection have no value, where the index tells.
pub(super) fn missing(selection: &Selection<'_>, field: &TableField) -> Option<u64> {
    let [column] = field.columns.as_slice() else { return None };
    let known = matches!(column.subject(), Subject::Field(_) | Subject::Relation { .. });
    (known && column.through().is_none()).then(|| selection.missing(column.subject()))
}

/// Counts over values that are read of each entity.
fn gathered(selection: &Selection<'_>, field: &TableField) -> (Vec<(Scalar, u64)>, u64) {
    let mut counts: Vec<(Scalar, u64)> = Vec::new();
    let mut with = stagedoor_query::NodeSet::new();
    for column in &field.columns {
        let values = column.values(selection);
        let mut here = vec![0_u64; values.distinct.len()];
        for (node, at) in &values.pairs {
            with.insert(*node);
            if let Some(count) = here.get_mut(*at as usize) {
                *count += 1;
            }
        }
        for (value, count) in values.distinct.into_iter().zip(here) {
            match counts.iter_mut().find(|(v, _)| *v == value).filter(|_| field.columns.len() > 1) {
                Some((_, known)) => *known += count,
                None => counts.push((value, count)),
            }
        }
    }
    (counts, selection.len() - with.len())
}

fn of_blueprints(asking: &Asking<'_>, selection: &Selection<'_>) -> Vec<(Scalar, u64)> {
    let identifiers = asking.view.blueprints().iter().map(|e| e.blueprint.identifier.as_str());
    let count = |identifier: &str| {
        let of = asking.select(&Expr::of_blueprint(identifier));
        (Scalar::text(identifier), of.nodes().intersection_len(selection.nodes()))
    };
    identifiers.map(count).filter(|(_, count)| *count > 0).collect()
}

/// How a value reads: what a relation leads to, a team and a blueprint by their titles.
fn title(view: &View, field: &TableField, value: &str) -> String {
    let at = |blueprint: &str| view.by_key(blueprint, value).and_then(|n| view.title(n));
    if field.is_rule() {
        return ScoreStatus::of_name(value)
            .map_or_else(|| value.to_owned(), |known| known.words().to_owned());
    }
    let found = match field.key.as_str() {
        "$blueprint" => view.blueprints().get(value).and_then(|e| e.blueprint.title.clone()),
        "$team" => at("_team"),
        _ => field.leads_to.iter().find_map(|blueprint| at(blueprint)),
    };
    found.unwrap_or_else(|| value.to_owned())
}

/// The rules without the top-level conditions that name the values of a field, where there are such.
pub(super) fn without(rules: &Value, subject: &Map<String, Value>) -> Option<Value> {
    let list = rules.get("rules").and_then(Value::as_array).filter(|_| rules["combinator"] == "and")?;
    let is_of = |rule: &Value| {
        let operator = rule.get("operator").and_then(Value::as_str).unwrap_or_default();
        let chooses = matches!(operator, "=" | "in" | "isEmpty" | "containsAny" | "contains");
        chooses && rule.as_object().is_some_and(|map| subject_of(map) == *subject)
    };
    // Several values, one of which is none: `(tier = gold or tier is empty)`.
    let is_choice = |rule: &Value| {
        let parts = rule.get("rules").and_then(Value::as_array);
        parts.is_some_and(|parts| rule["combinator"] == "or" && !parts.is_empty() && parts.iter().all(is_of))
    };
    let rest: Vec<&Value> = list.iter().filter(|rule| !is_of(rule) && !is_choice(rule)).collect();
    (rest.len() < list.len()).then(|| json!({"combinator": "and", "rules": rest}))
}
