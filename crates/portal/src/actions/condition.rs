//! For which entities an action is offered: a search that the entity has to satisfy.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stagedoor_actions::port::PortAction;
use stagedoor_model::Timestamp;
use stagedoor_query::budget::limited;
use stagedoor_query::dialect::port::{self, Scope};
use stagedoor_query::{Catalog, Expr, Meta, NodeId, Scalar, Subject, Test};

use crate::error::PortalError;
use crate::{View, clock};

/// How long a search for the sake of an action may take.
const MOST_TIME: Duration = Duration::from_millis(500);

/// The search of a condition or dataset, without what else stands beside it.
fn search_of(condition: &Value) -> Value {
    json!({
        "combinator": condition.get("combinator").cloned().unwrap_or_else(|| json!("and")),
        "rules": condition.get("rules").cloned().unwrap_or_else(|| json!([])),
    })
}

/// Whether the condition of an action is a legal search.
pub(super) fn check(
    action: &PortAction,
    blueprint: &str,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<(), PortalError> {
    let Some(condition) = action.condition() else { return Ok(()) };
    let scope = Scope { blueprints: catalog.blueprints(), only: Some(blueprint), now, caller: None };
    port::compile(&search_of(condition), "trigger/condition", &scope)?;
    Ok(())
}

/// Whether an entity satisfies an action's condition, as its viewer sees it. One that is not legal (any more) is not
/// satisfied.
pub(super) fn holds(action: &PortAction, view: &View, node: NodeId) -> bool {
    let Some(condition) = action.condition().filter(|_| action.needs_entity()) else { return true };
    let Some(entity) = view.entity(node) else { return false };
    satisfies(view, node, &entity.record.blueprint, condition, "trigger/condition").unwrap_or(false)
}

/// Whether an entity satisfies a search.
pub(super) fn satisfies(
    view: &View,
    node: NodeId,
    blueprint: &str,
    search: &Value,
    place: &str,
) -> Result<bool, PortalError> {
    let Some(entity) = view.entity(node) else { return Ok(false) };
    let caller = view.caller();
    let scope = Scope {
        blueprints: view.blueprints(),
        only: Some(blueprint),
        now: clock::now(),
        caller: Some(&caller),
    };
    let rules = port::compile(&search_of(search), place, &scope)?;
    let uid = entity.record.uid.to_string();
    let itself = Expr::exact(Subject::Meta(Meta::Uid), Test::In(vec![Scalar::text(uid)]));
    let begun = Instant::now();
    limited(
        move || begun.elapsed() > MOST_TIME,
        || !view.select(&Expr::And(vec![itself, rules]), crate::Scope::Everything).is_empty(),
    )
    .map_err(|error| PortalError::invalid(format!("\"{place}\": {error}")))
}
