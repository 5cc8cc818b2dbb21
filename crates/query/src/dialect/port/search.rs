//! `{"operator": "search", "value"}`: words that are found wherever they stand. Ours, not Port's.

use serde_json::{Map, Value};
use stagedoor_model::blueprint::Invalid;

use super::{Scope, join, required, wrong};
use crate::expr::{Expr, Meta, Subject, Test};

/// Paths of documents that are searched, besides identifiers.
const PATHS: [&str; 5] =
    ["metadata.title", "metadata.name", "metadata.description", "metadata.tags", "spec.profile.displayName"];

pub(super) fn read(rule: &Map<String, Value>, place: &str, _: &Scope<'_>) -> Result<Expr, Invalid> {
    let value = required(rule, "value", place)?.as_str();
    let text = value.ok_or_else(|| wrong(&join(place, "value"), "must be string"))?;
    Ok(containing(text))
}

/// What has a text in its title, name, identifier, description or one of its tags, in any case.
#[must_use]
pub fn containing(text: &str) -> Expr {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return Expr::All;
    }
    let field = |path: &&str| Expr::folded(Subject::Field((*path).to_owned()), Test::Contains(text.clone()));
    let identifier = Expr::folded(Subject::Meta(Meta::Identifier), Test::Contains(text.clone()));
    Expr::Or(PATHS.iter().map(field).chain([identifier]).collect())
}
