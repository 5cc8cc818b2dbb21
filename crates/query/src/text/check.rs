//! Names in rules that nothing has: they match nothing, which is legal, and hardly ever meant.

use serde_json::{Map, Value};

use super::complete::KnownScorecard;
use super::fields::{Field, fields, nearest};
use crate::dialect::port::Scope;
use indexmap::IndexMap;

/// A name that nothing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Where in the rules, `rules/0/property`.
    pub place: String,
    /// What is unknown.
    pub message: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

/// The names in legal rules that no blueprint in scope has. `scorecards` are those of the blueprints in scope, asked for
/// when a rule looks at one.
#[must_use]
pub fn check(rules: &Value, scope: &Scope<'_>, scorecards: &dyn Fn() -> Vec<KnownScorecard>) -> Vec<Unknown> {
    let mut checker = Checker { scope, scorecards, fields: fields(scope), found: Vec::new() };
    checker.part(rules, "");
    checker.found
}

struct Checker<'s> {
    scope: &'s Scope<'s>,
    scorecards: &'s dyn Fn() -> Vec<KnownScorecard>,
    fields: IndexMap<String, Field>,
    found: Vec<Unknown>,
}

impl Checker<'_> {
    fn part(&mut self, part: &Value, place: &str) {
        let Some(map) = part.as_object() else { return };
        let at = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}/{key}") };
        match map.get("rules").and_then(Value::as_array) {
            Some(rules) => {
                rules.iter().enumerate().for_each(|(i, rule)| self.part(rule, &at(&format!("rules/{i}"))))
            }
            None => self.rule(map, &at),
        }
    }

    fn rule(&mut self, rule: &Map<String, Value>, at: &dyn Fn(&str) -> String) {
        let text = |key: &str| rule.get(key).and_then(Value::as_str);
        if let Some(scorecard) = text("scorecard") {
            return self.scorecard(scorecard, text("scorecardRule"), at);
        }
        match (text("relation"), text("property")) {
            (Some(relation), _) => self.relation(relation, text("targetProperty"), at),
            (None, Some(property)) if !property.starts_with('$') && !self.fields.contains_key(property) => {
                self.unknown(property, "property or relation", at("property"), |_| true);
            }
            _ => {}
        }
        if rule.get("operator") == Some(&"matchAny".into()) {
            self.path(rule.get("property"), at("property"));
        }
    }

    fn relation(&mut self, relation: &str, target: Option<&str>, at: &dyn Fn(&str) -> String) {
        let known = self.fields.get(relation).filter(|f| !f.targets.is_empty());
        let Some(targets) = known.map(|f| f.targets.clone()) else {
            return self.unknown(relation, "relation", at("relation"), |f| !f.targets.is_empty());
        };
        let Some(target) = target.filter(|t| !t.starts_with('$')) else { return };
        let there = |b: &String| fields(&Scope { only: Some(b), ..*self.scope });
        let there: IndexMap<String, Field> = targets.iter().flat_map(there).collect();
        if !there.contains_key(target) {
            let place = at("targetProperty");
            let hint = nearest(target, there.keys().map(String::as_str));
            let hint = hint.map(|h| format!("did you mean `{relation}.{h}`?"));
            let message = format!("what `{relation}` leads to has no property or relation `{target}`");
            self.found.push(Unknown { place, message, hint });
        }
    }

    fn scorecard(&mut self, scorecard: &str, rule: Option<&str>, at: &dyn Fn(&str) -> String) {
        let known = (self.scorecards)();
        let named: Vec<&KnownScorecard> = known.iter().filter(|s| s.identifier == scorecard).collect();
        if named.is_empty() {
            let hint = nearest(scorecard, known.iter().map(|s| s.identifier.as_str()));
            let hint = hint.map(|h| format!("did you mean `scorecard({h})`?"));
            let message = format!("there is no scorecard `{scorecard}`");
            return self.found.push(Unknown { place: at("scorecard"), message, hint });
        }
        let Some(rule) = rule else { return };
        let rules = || named.iter().flat_map(|s| &s.rules).map(|(rule, _)| rule.as_str());
        if rules().all(|known| known != rule) {
            let hint = nearest(rule, rules()).map(|h| format!("did you mean `scorecard({scorecard}.{h})`?"));
            let message = format!("scorecard `{scorecard}` has no rule `{rule}`");
            self.found.push(Unknown { place: at("scorecardRule"), message, hint });
        }
    }

    fn path(&mut self, property: Option<&Value>, place: String) {
        let everywhere = fields(&Scope { only: None, ..*self.scope });
        let parts = property.and_then(|p| p.get("path")).and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            let key = part.as_str().or_else(|| part.get("relation").and_then(Value::as_str));
            let Some(key) = key else { continue };
            if everywhere.get(key).is_none_or(|f| f.targets.is_empty()) {
                let relations =
                    everywhere.iter().filter(|(_, f)| !f.targets.is_empty()).map(|(k, _)| k.as_str());
                let hint = nearest(key, relations).map(|h| format!("did you mean `{h}`?"));
                let message = format!("no blueprint has a relation `{key}`");
                self.found.push(Unknown { place: place.clone(), message, hint });
            }
        }
    }

    fn unknown(&mut self, name: &str, what: &str, place: String, fits: impl Fn(&Field) -> bool) {
        let names = self.fields.iter().filter(|(_, f)| fits(f)).map(|(key, _)| key.as_str());
        let hint = nearest(name, names).map(|h| format!("did you mean `{h}`?"));
        let message = match self.scope.only {
            Some(blueprint) => format!("blueprint `{blueprint}` has no {what} `{name}`"),
            None => format!("no blueprint has a {what} `{name}`"),
        };
        self.found.push(Unknown { place, message, hint });
    }
}
