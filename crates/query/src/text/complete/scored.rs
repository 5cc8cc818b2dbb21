//! Scorecards, their rules, levels and statuses, as far as the catalog knows them.

use serde_json::{Map, Value};

use super::{CompletionKind, Offer};
use crate::standing::OUTSIDE;
use crate::text::print::{print_value, quoted};

/// A scorecard as far as completion and checks need to know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownScorecard {
    /// Identifier.
    pub identifier: String,
    /// Title.
    pub title: String,
    /// Titles of its levels, the base first.
    pub levels: Vec<String>,
    /// Identifiers and titles of its rules.
    pub rules: Vec<(String, String)>,
}

/// What a rule says: Port's two results, then each status by itself.
const STATUSES: [(&str, &str); 7] = [
    ("Passed", "passed or exempt"),
    ("Not passed", "failed or not measured"),
    ("passed", "the rule holds"),
    ("failed", "it does not hold"),
    ("notMeasured", "a value is missing that would decide it"),
    ("exempt", "it does not hold, and is excused"),
    (OUTSIDE, "the scorecard is not about it"),
];

/// The scorecard that a rule looks at, and the rule of it.
fn subject(rule: &Map<String, Value>) -> Option<(&str, Option<&str>)> {
    let text = |key: &str| rule.get(key).and_then(Value::as_str);
    Some((text("scorecard")?, text("scorecardRule")))
}

/// The operators behind a level or a rule; `None` behind anything else.
pub(super) fn operators(rule: &Map<String, Value>) -> Option<&'static [&'static str]> {
    let operators: &[&str] = match subject(rule)? {
        (_, None) => &["=", "!=", "in", "not in", ">", ">=", "<", "<=", "is empty", "is not empty"],
        (_, Some(_)) => &["=", "!=", "in", "not in", "is empty", "is not empty"],
    };
    Some(operators)
}

impl Offer<'_> {
    /// `scorecard(production)`, where a term may begin.
    pub(super) fn scorecard_terms(&mut self) {
        for scorecard in self.known.scorecards() {
            let insert = format!("scorecard({})", quoted(&scorecard.identifier));
            self.push_once(insert, CompletionKind::Property, scorecard.title);
        }
    }

    /// `production)`, `production.has-owner)`, inside the parentheses.
    pub(super) fn scorecards(&mut self) {
        let end = if self.closed { "" } else { ")" };
        for scorecard in self.known.scorecards() {
            let name = quoted(&scorecard.identifier);
            self.push_once(format!("{name}{end}"), CompletionKind::Property, scorecard.title.clone());
            for (rule, title) in scorecard.rules {
                let insert = format!("{name}.{}{end}", quoted(&rule));
                self.push_once(insert, CompletionKind::Property, title);
            }
        }
    }

    fn push_once(&mut self, insert: String, kind: CompletionKind, detail: String) {
        if !self.items.iter().any(|item| item.insert == insert) {
            self.push(insert, kind, Some(detail));
        }
    }

    /// What a level or a rule may be compared with; false where the subject is neither.
    pub(super) fn standings(&mut self, rule: &Map<String, Value>) -> bool {
        let Some((scorecard, of)) = subject(rule) else { return false };
        if of.is_some() {
            for (status, meaning) in STATUSES {
                let insert = print_value(&Value::String(status.to_owned()));
                self.push_once(insert, CompletionKind::Value, meaning.to_owned());
            }
            return true;
        }
        let all = self.known.scorecards().into_iter().filter(|known| known.identifier == scorecard);
        for (scorecard, level) in all.flat_map(|s| s.levels.into_iter().map(move |l| (s.title.clone(), l))) {
            self.push_once(print_value(&Value::String(level)), CompletionKind::Value, scorecard);
        }
        true
    }
}
