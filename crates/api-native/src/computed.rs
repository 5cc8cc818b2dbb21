//! Views with entities in them that are computed from scorecards: `_scorecard`, `_rule` and `_rule_result`.

use stagedoor_portal::{Portal, PortalError, View, is_computed};
use stagedoor_query::Expr;

/// What rules say of entities.
const RESULTS: &str = "_rule_result";

/// The view with the entities in it that a question about one blueprint concerns. Which results these are is compiled
/// against a view that has the blueprint as it then is: the first of some queries that does not find too many. May block.
pub(crate) fn view_for<E: From<PortalError>>(
    portal: &Portal,
    view: View,
    blueprint: Option<&str>,
    queries: impl FnOnce(&View) -> Result<Vec<Expr>, E>,
) -> Result<View, E> {
    let Some(blueprint) = blueprint.filter(|blueprint| is_computed(blueprint)) else { return Ok(view) };
    let computed = portal.computed(&view);
    let base = computed.view();
    if blueprint != RESULTS {
        return Ok(base);
    }
    let mut refused = None;
    for expr in queries(&base)? {
        match computed.with_results(&expr) {
            Ok(view) => return Ok(view),
            Err(error) => refused = Some(error),
        }
    }
    refused.map_or(Ok(base), |error| Err(error.into()))
}
