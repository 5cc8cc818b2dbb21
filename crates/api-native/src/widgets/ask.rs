//! What widgets are evaluated against: a view, the time, what stands for dynamic values, the page's filters.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use stagedoor_model::Timestamp;
use stagedoor_portal::{Page, Scope as Entities, View};
use stagedoor_query::dialect::port::{self, Column};
use stagedoor_query::{BlueprintEntry, Expr, NodeId, Scalar, Selection, text};

use super::fill::Values;
use super::{Drill, WidgetsRequest, blueprint_of, chosen};

/// Everything that a widget may ask.
pub(super) struct Ask<'v> {
    pub(super) view: &'v View,
    pub(super) caller: port::Caller<'v>,
    pub(super) now: Timestamp,
    pub(super) values: Values,
    filters: Vec<Value>,
}

/// Entities that a widget is about.
pub(super) struct Found<'v> {
    pub(super) hits: Selection<'v>,
    /// The rules that found them, dynamic values filled in.
    pub(super) rules: Value,
    /// The blueprint that they are all of, where the rules or the widget say one.
    pub(super) blueprint: Option<String>,
}

/// A text of a widget that is not empty.
pub(super) fn text_of<'w>(widget: &'w Map<String, Value>, key: &str) -> Option<&'w str> {
    widget.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The rules of a widget's dataset.
fn said(widget: &Map<String, Value>) -> Value {
    match widget.get("dataset") {
        None | Some(Value::Null) => json!({ "combinator": "and", "rules": [] }),
        Some(Value::Array(rules)) => json!({ "combinator": "and", "rules": rules }),
        Some(rules) => rules.clone(),
    }
}

pub(super) fn needed<'w>(widget: &'w Map<String, Value>, key: &str) -> Result<&'w str, String> {
    text_of(widget, key).ok_or_else(|| format!("\"{key}\" is missing"))
}

/// Now.
pub(super) fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

impl<'v> Ask<'v> {
    pub(super) fn new(view: &'v View, request: &WidgetsRequest, page: Option<&Page>) -> Self {
        let values = Values::of(view, request, blueprint_of(page));
        let filters = request.filters.iter().chain(chosen(page, &request.chosen)).cloned().collect();
        Self { view, caller: view.caller(), now: now(), values, filters }
    }

    fn scope<'s>(&'s self, only: Option<&'s str>) -> port::Scope<'s> {
        port::Scope { blueprints: self.view.blueprints(), only, now: self.now, caller: Some(&self.caller) }
    }

    /// What the dataset of a widget finds.
    pub(super) fn dataset(&self, widget: &Map<String, Value>) -> Result<Found<'v>, String> {
        let said = said(widget);
        let blueprint = match text_of(widget, "blueprint") {
            Some(text) => Some(self.values.text(text)?),
            None => None,
        };
        self.find(&said, blueprint)
    }

    /// The blueprint that the dataset of a widget is about, if it is one.
    pub(super) fn blueprint_of(&self, widget: &Map<String, Value>) -> Option<String> {
        let stated = text_of(widget, "blueprint").and_then(|text| self.values.text(text).ok());
        let rules = || self.values.rules(&said(widget)).ok();
        stated.filter(|b| !b.is_empty()).or_else(|| only_blueprint(&rules()?))
    }

    /// What the dataset of a widget asks for.
    pub(super) fn expr(&self, widget: &Map<String, Value>) -> Result<Expr, String> {
        Ok(self.compiled(&said(widget), self.blueprint_of(widget))?.0)
    }

    /// What rules find, held to a blueprint and the filters of the page.
    pub(super) fn find(&self, rules: &Value, blueprint: Option<String>) -> Result<Found<'v>, String> {
        let (expr, rules, blueprint) = self.compiled(rules, blueprint)?;
        let hits = self.view.select(&expr, Entities::Everything);
        Ok(Found { hits, rules, blueprint })
    }

    /// Rules with their dynamic values filled in, compiled; and the blueprint that they are held to.
    fn compiled(
        &self,
        rules: &Value,
        blueprint: Option<String>,
    ) -> Result<(Expr, Value, Option<String>), String> {
        let mut rules = self.values.rules(rules)?;
        let said = only_blueprint(&rules);
        let blueprint = blueprint.filter(|b| !b.is_empty()).or(said.clone());
        if let Some(blueprint) = &blueprint {
            self.blueprint(blueprint)?;
        }
        for filter in &self.filters {
            rules = both(rules, self.values.rules(filter)?);
        }
        let expr = port::compile(&rules, "dataset", &self.scope(blueprint.as_deref()));
        Ok((expr.map_err(|invalid| invalid.message)?, rules, blueprint))
    }

    /// How many entities rules find beside what is found already.
    pub(super) fn count(&self, found: &Found<'_>, rule: &Value) -> Option<u64> {
        let rules = both(found.rules.clone(), json!({ "combinator": "and", "rules": [rule] }));
        let expr = port::compile(&rules, "", &self.scope(found.blueprint.as_deref())).ok()?;
        Some(self.view.select(&expr, Entities::Everything).len())
    }

    pub(super) fn blueprint(&self, identifier: &str) -> Result<&'v BlueprintEntry, String> {
        let entry = self.view.blueprints().get(identifier);
        entry.ok_or_else(|| format!("there is no blueprint \"{identifier}\""))
    }

    /// The columns of a property or relation; `property#status`, `relation#owner` or a bare key.
    pub(super) fn columns(&self, name: &str, blueprint: Option<&str>) -> Result<Vec<Column>, String> {
        let key = &*key_of(name)?;
        if let Some(standing) = key.strip_prefix("$scorecards.") {
            let (id, rule) = standing.rsplit_once('.').unwrap_or((standing, "level"));
            if !self.view.has_scorecard(blueprint, id, Some(rule).filter(|rule| *rule != "level")) {
                return Err(format!("there is no scorecard \"{id}\" with this level or rule"));
            }
        }
        let columns = port::named(key, "property", &self.scope(blueprint)).map_err(|e| e.message)?;
        if columns.is_empty() {
            let of = blueprint.map_or("no blueprint".to_owned(), |b| format!("blueprint \"{b}\" does not"));
            return Err(match blueprint {
                Some(_) => format!("{of} have a property or relation \"{key}\""),
                None => format!("{of} has a property or relation \"{key}\""),
            });
        }
        Ok(columns)
    }

    /// The entity of a blueprint and identifier, dynamic values filled in.
    pub(super) fn entity(&self, blueprint: &str, identifier: &str) -> Result<NodeId, String> {
        let (blueprint, identifier) = (self.values.text(blueprint)?, self.values.text(identifier)?);
        let node = self.view.by_key(&blueprint, &identifier).filter(|node| self.view.entity(*node).is_some());
        node.ok_or_else(|| format!("there is no entity \"{identifier}\" of blueprint \"{blueprint}\""))
    }
}

/// The key in `property#key`; of `scorecard#id` the level, of `rule#scorecard.rule` what the rule says.
pub(super) fn key_of(name: &str) -> Result<Cow<'_, str>, String> {
    match name.split_once('#') {
        Some(("scorecard", id)) if !id.contains('.') => Ok(format!("$scorecards.{id}.level").into()),
        Some(("scorecard" | "rule", id)) => Ok(format!("$scorecards.{id}").into()),
        Some((_, key)) if !key.is_empty() => Ok(key.into()),
        _ => Ok(name.into()),
    }
}

impl Found<'_> {
    /// Where what was found is listed.
    pub(super) fn drill(&self) -> Drill {
        Drill { blueprint: self.blueprint.clone(), query: self.text_with(None) }
    }

    /// The query of what was found, and of a further rule.
    pub(super) fn text_with(&self, rule: Option<&Value>) -> Option<String> {
        let mut rules = without_blueprint(self.rules.clone(), self.blueprint.as_deref());
        if let Some(rule) = rule {
            rules = both(rules, json!({ "combinator": "and", "rules": [rule] }));
        }
        text::print(&rules).ok()
    }
}

/// Both groups of rules, as flat as they allow.
fn both(one: Value, other: Value) -> Value {
    let mut rules = Vec::new();
    for group in [one, other] {
        let is_and = group.get("combinator").is_some_and(|c| c == "and");
        match group.get("rules").and_then(Value::as_array) {
            Some(list) if is_and || list.len() == 1 => rules.extend(list.iter().cloned()),
            Some(list) if list.is_empty() => {}
            _ => rules.push(group),
        }
    }
    json!({ "combinator": "and", "rules": rules })
}

fn is_blueprint_rule(rule: &Value) -> bool {
    rule.get("property").is_some_and(|p| p == "$blueprint") && rule.get("operator").is_some_and(|o| o == "=")
}

/// The blueprint that all rules demand.
fn only_blueprint(rules: &Value) -> Option<String> {
    let list = rules.get("rules")?.as_array()?;
    let holds_all = rules.get("combinator").is_some_and(|c| c == "and") || list.len() == 1;
    let rule = list.iter().filter(|_| holds_all).find(|rule| is_blueprint_rule(rule))?;
    Some(rule.get("value")?.as_str()?.to_owned())
}

/// The rules for the table of a blueprint, which says the blueprint itself.
fn without_blueprint(mut rules: Value, blueprint: Option<&str>) -> Value {
    let Some(blueprint) = blueprint else { return rules };
    let is_and = rules.get("combinator").is_some_and(|c| c == "and");
    let list = rules.get_mut("rules").and_then(Value::as_array_mut);
    if let Some(list) = list.filter(|list| is_and || list.len() == 1) {
        list.retain(|rule| !(is_blueprint_rule(rule) && rule.get("value").is_some_and(|v| v == blueprint)));
    }
    rules
}

/// A scalar as JSON.
pub(super) fn json_of(scalar: &Scalar) -> Value {
    match (scalar.is_text, scalar.number) {
        (true, _) => scalar.text.clone().into(),
        (false, Some(number)) => number_json(number),
        (false, None) => (scalar.text == "true").into(),
    }
}

/// A number as JSON, without a fraction where it has none.
pub(super) fn number_json(number: f64) -> Value {
    // Up to 2^53 every integer is exact.
    if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
        return Value::from(number as i64);
    }
    serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{both, key_of, only_blueprint, without_blueprint};

    #[test]
    fn rules_are_joined_flat_and_give_up_their_blueprint() {
        let mine = json!({ "property": "$blueprint", "operator": "=", "value": "service" });
        let tier = json!({ "property": "tier", "operator": "=", "value": "gold" });
        let one = json!({ "combinator": "and", "rules": [mine] });
        let either = json!({ "combinator": "or", "rules": [tier, mine] });
        assert_eq!(only_blueprint(&one).as_deref(), Some("service"));
        assert_eq!(only_blueprint(&either), None);
        let joined = both(one.clone(), json!({ "combinator": "and", "rules": [tier] }));
        assert_eq!(joined, json!({ "combinator": "and", "rules": [mine, tier] }));
        assert_eq!(
            without_blueprint(joined, Some("service")),
            json!({ "combinator": "and", "rules": [tier] })
        );
        let joined = both(one, either.clone());
        assert_eq!(joined, json!({ "combinator": "and", "rules": [mine, either] }));
    }

    #[test]
    fn keys_of_properties() {
        assert_eq!(key_of("property#status").as_deref(), Ok("status"));
        assert_eq!(key_of("relation#owner").as_deref(), Ok("owner"));
        assert_eq!(key_of("$team").as_deref(), Ok("$team"));
        assert_eq!(key_of("scorecard#x").as_deref(), Ok("$scorecards.x.level"));
        assert_eq!(key_of("rule#x.y").as_deref(), Ok("$scorecards.x.y"));
    }
}
