//! What completion asks the catalog: values that there are, entities by a few letters.

use serde_json::{Value, json};
use stagedoor_portal::Scorecard;
use stagedoor_query::dialect::port::{Column, containing};
use stagedoor_query::text::{Known, KnownScorecard};
use stagedoor_query::{Expr, Meta, Scalar, Subject};

use super::Asking;

/// Suggestions of one kind, at most.
const MOST: usize = 20;

/// A view, and the blueprint whose entities are meant.
pub(super) struct OfView<'a, 'v>(pub(super) &'a Asking<'v>, pub(super) Option<&'a str>);

impl Known for OfView<'_, '_> {
    fn values(&self, columns: &[Column], part: &str) -> Vec<(Value, u64)> {
        let expr = self.1.map_or(Expr::All, Expr::of_blueprint);
        let selection = self.0.select(&expr);
        let mut found: Vec<(Scalar, u64)> = Vec::new();
        for column in columns {
            let unique =
                matches!(column.subject(), Subject::Meta(Meta::Identifier | Meta::Title | Meta::Uid));
            if unique && column.through().is_none() {
                continue;
            }
            let (values, _) = selection.groups(column.subject(), column.through());
            found.extend(values.into_iter().filter(|(v, _)| v.text.to_lowercase().contains(part)));
        }
        found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.text.cmp(&b.0.text)));
        found.truncate(MOST);
        found.into_iter().map(|(value, count)| (json_of(&value), count)).collect()
    }

    fn scorecards(&self) -> Vec<KnownScorecard> {
        scorecards(self.0, self.1)
    }

    fn entities(&self, blueprint: &str, part: &str) -> Vec<(String, String)> {
        let view = self.0.view;
        let of = if blueprint.is_empty() { Expr::All } else { Expr::of_blueprint(blueprint) };
        let selection = self.0.select(&Expr::And(vec![of, containing(part)]));
        let nodes = selection.by_ref(None, false).take(MOST);
        let named = |n| (view.identifier(n), view.title(n).unwrap_or_default());
        nodes.map(named).collect()
    }
}

/// The scorecards of a blueprint, or of all.
pub(super) fn scorecards(asking: &Asking<'_>, only: Option<&str>) -> Vec<KnownScorecard> {
    let known = |scorecard: Scorecard| KnownScorecard {
        identifier: scorecard.identifier,
        title: scorecard.title,
        levels: scorecard.levels.into_iter().map(|level| level.title).collect(),
        rules: scorecard.rules.into_iter().map(|rule| (rule.identifier, rule.title)).collect(),
    };
    asking.view.scorecards(only).into_iter().map(|stored| known(stored.definition)).collect()
}

/// A scalar as JSON.
pub(crate) fn json_of(scalar: &Scalar) -> Value {
    match (scalar.is_text, scalar.text.parse::<serde_json::Number>()) {
        (true, _) => scalar.text.clone().into(),
        (false, Ok(number)) => number.into(),
        (false, Err(_)) => json!(scalar.text == "true"),
    }
}
