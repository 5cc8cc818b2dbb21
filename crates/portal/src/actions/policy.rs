//! Policies: searches, and JQ over what they find, which decide who executes an action and who approves its runs.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use stagedoor_actions::port::templating::Templating;
use stagedoor_auth::{Rights, Viewer};
use stagedoor_jq::{Jq, JqError};
use stagedoor_query::budget::limited;
use stagedoor_query::dialect::port::{self, Scope};

use crate::{Portal, View, clock};

/// Entities that a query may find.
const MOST: usize = 1_000;
/// Queries of a policy.
const MOST_QUERIES: usize = 20;
/// How long a query may take.
const MOST_TIME: Duration = Duration::from_millis(500);
/// Conditions that took too long, after which no more are tried.
const PATIENCE: u8 = 2;

/// What a policy is asked about: `.inputs`, `.user`, `.entity`, `.trigger`, `.blueprint`, `.action`.
#[derive(Clone, Debug, Default)]
pub(crate) struct About(pub(crate) Map<String, Value>);

/// The outputs of a policy's conditions; one that fails has none.
pub(super) fn outputs(portal: &Portal, policy: &Value, about: &About, rights: &Rights) -> Vec<Value> {
    let jq = &portal.shared.jq;
    let mut context = about.0.clone();
    let results = results(portal, policy, &Value::Object(context.clone()), rights);
    context.insert("results".into(), results);
    let context = [Value::Object(context)];
    let conditions = policy.get("conditions").and_then(Value::as_array).into_iter().flatten();
    let mut outputs = Vec::new();
    let mut slow = 0;
    for condition in conditions.filter_map(Value::as_str) {
        if slow >= PATIENCE {
            break;
        }
        match jq.first(condition, &context).pop() {
            Some(Ok(output)) => outputs.extend(output),
            Some(Err(JqError::Time | JqError::Memory | JqError::Unavailable(_))) => slow += 1,
            _ => {}
        }
    }
    outputs
}

/// What the queries find, each under its name. They see the whole catalog: who wrote them may.
pub(crate) fn results(portal: &Portal, policy: &Value, context: &Value, rights: &Rights) -> Value {
    let whole = View::new(
        portal.shared.catalog.load_full(),
        portal.shared.problems.load_full(),
        Viewer::system("policies"),
        Rights::all(),
    );
    let queries = policy.get("queries").and_then(Value::as_object);
    let found = queries.into_iter().flatten().take(MOST_QUERIES).map(|(name, query)| {
        let entities = search(&portal.shared.jq, &whole, query, context, rights).unwrap_or_default();
        (name.clone(), json!({ "entities": entities }))
    });
    Value::Object(found.collect())
}

/// `None` for a query that is not legal, or takes too long: it finds nothing.
fn search(jq: &Jq, whole: &View, query: &Value, context: &Value, rights: &Rights) -> Option<Vec<Value>> {
    let rules = json!({
        "combinator": query.get("combinator").cloned().unwrap_or_else(|| json!("and")),
        "rules": query.get("rules").cloned().unwrap_or_default(),
    });
    let rules = Templating::new(jq, context).render(&rules).ok()?;
    let caller = port::Caller::new(&whole.catalog, rights.email())
        .in_teams(|| rights.teams().map(str::to_owned).collect());
    let scope =
        Scope { blueprints: whole.blueprints(), only: None, now: clock::now(), caller: Some(&caller) };
    let expr = port::compile(&rules, "query", &scope).ok()?;
    let begun = Instant::now();
    let nodes = limited(
        move || begun.elapsed() > MOST_TIME,
        || whole.select(&expr, crate::Scope::Everything).nodes().iter().take(MOST).collect::<Vec<_>>(),
    );
    Some(nodes.ok()?.into_iter().map(|node| whole.port_entity(node)).collect())
}
