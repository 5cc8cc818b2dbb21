//! Programs in definitions are tried before anything is kept: what never ends on nothing, or takes all memory, is refused
//! with its place. That is done outside the writer, which waits for no program.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_jq::{Jq, JqError};
use stagedoor_model::blueprint::Invalid;

use super::write::{in_list, refusal};
use crate::Portal;
use crate::error::PortalError;

/// Programs of one definition that are tried.
const MOST: usize = 100;

/// What cannot be asked of anybody, with its place in the definition.
pub(super) fn endless(definition: &Value, jq: &Jq) -> Vec<Invalid> {
    let nobody = json!({ "identifier": "", "title": "", "team": [], "properties": {}, "relations": {} });
    let mut tried: Vec<(&str, Option<JqError>)> = Vec::new();
    let mut problems = Vec::new();
    for (place, program) in programs(definition).into_iter().take(MOST) {
        let known = tried.iter().position(|(known, _)| *known == program);
        let at = known.unwrap_or_else(|| {
            let outcome = jq.first(program, std::slice::from_ref(&nobody)).pop();
            tried.push((program, outcome.and_then(Result::err)));
            tried.len() - 1
        });
        if let Some((_, Some(error @ (JqError::Time | JqError::Memory)))) = tried.get(at) {
            problems.push(Invalid::new(format!("/{place}"), format!("\"{place}\" cannot be asked: {error}")));
        }
    }
    problems
}

/// Every program of a definition and where it stands, whatever else the definition is.
fn programs(definition: &Value) -> Vec<(String, &str)> {
    let filter = definition.get("filter").map(|filter| ("filter".to_owned(), filter));
    let rules = definition.get("rules").and_then(Value::as_array).into_iter().flatten().enumerate();
    let rules = rules.filter_map(|(i, rule)| Some((format!("rules/{i}/query"), rule.get("query")?)));
    let mut found = Vec::new();
    for (place, query) in filter.into_iter().chain(rules) {
        let conditions = query.get("conditions").and_then(Value::as_array).into_iter().flatten();
        for (i, condition) in conditions.enumerate() {
            if let Some(program) = condition.get("jq").and_then(Value::as_str) {
                found.push((format!("{place}/conditions/{i}/jq"), program));
            }
        }
    }
    found
}

impl Portal {
    /// Refuses a definition whose programs never end, or take all memory.
    pub(crate) async fn try_programs(&self, definition: &Value) -> Result<(), PortalError> {
        if programs(definition).is_empty() {
            return Ok(());
        }
        let (jq, definition) = (Arc::clone(&self.shared.jq), definition.clone());
        let tried = tokio::task::spawn_blocking(move || endless(&definition, &jq)).await;
        let problems = tried.map_err(|error| PortalError::Internal(error.to_string()))?;
        if problems.is_empty() { Ok(()) } else { Err(refusal(problems)) }
    }

    /// The same for a list of them, with the place there.
    pub(super) async fn try_all_programs(&self, definitions: &[Value]) -> Result<(), PortalError> {
        for (i, definition) in definitions.iter().enumerate() {
            self.try_programs(definition).await.map_err(|error| in_list(error, i))?;
        }
        Ok(())
    }
}
