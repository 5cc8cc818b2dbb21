//! Checks: those of the configuration, and every rule of a scorecard.

use serde_json::{Map, Value, json};
use stagedoor_scorecards::{Rule, Scorecard};

use super::condition::Condition;

/// The only type of checks there is.
const TYPE: &str = "json-rules-engine";
/// Checks of the configuration.
const MOST: usize = 1_000;

/// A check.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(super) id: String,
    /// As clients read it.
    pub(super) body: Map<String, Value>,
    /// Where its facts come from.
    pub(super) sources: Vec<String>,
    pub(super) condition: Condition,
    /// Which entities it is about: any of these, all of what each says.
    filter: Vec<Map<String, Value>>,
}

/// `techInsights` of the configuration, as far as it is used.
#[derive(Clone, Debug, Default)]
pub struct InsightsConfig {
    pub(super) checks: Vec<Check>,
}

impl InsightsConfig {
    /// Reads `techInsights.factChecker.checks`: checks by their ids.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place within `checks`.
    pub fn read(checks: &Value) -> Result<Self, Vec<(String, String)>> {
        let (mut read, mut wrong) = (Vec::new(), Vec::new());
        let Some(checks) = checks.as_object() else {
            return Err(vec![(String::new(), "expected checks by their ids".into())]);
        };
        if checks.len() > MOST {
            wrong.push((String::new(), format!("there may be {MOST} checks")));
        }
        for (id, body) in checks.iter().take(MOST) {
            match Check::configured(id, body) {
                Ok(check) => read.push(check),
                Err(problem) => wrong.push((id.clone(), problem)),
            }
        }
        if wrong.is_empty() { Ok(Self { checks: read }) } else { Err(wrong) }
    }
}

impl Check {
    fn configured(id: &str, body: &Value) -> Result<Self, String> {
        let Some(map) = body.as_object() else { return Err("expected an object".into()) };
        let text = |key: &str| {
            let value = map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
            value.ok_or_else(|| format!("lacks \"{key}\""))
        };
        if text("type")? != TYPE {
            return Err(format!("type: expected {TYPE}"));
        }
        text("name")?;
        text("description")?;
        let sources =
            map.get("factIds").and_then(Value::as_array).ok_or("factIds: expected a list of names")?;
        let name =
            |source: &Value| source.as_str().map(str::to_owned).ok_or("factIds: expected a list of names");
        let sources = sources.iter().map(name).collect::<Result<Vec<_>, _>>()?;
        let conditions =
            map.get("rule").and_then(|rule| rule.get("conditions")).ok_or("lacks \"rule.conditions\"")?;
        let condition = Condition::read(conditions, "rule.conditions")?;
        let filter = match map.get("filter") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(one)) => vec![one.clone()],
            Some(Value::Array(list)) => {
                let each = list.iter().map(|one| one.as_object().cloned());
                each.collect::<Option<Vec<_>>>().ok_or("filter: expected objects")?
            }
            Some(_) => return Err("filter: expected an object, or a list of them".into()),
        };
        let mut body = map.clone();
        body.insert("id".into(), id.into());
        Ok(Self { id: id.to_owned(), body, sources, condition, filter })
    }

    /// Of a rule: it holds where the fact of its name is true.
    pub(super) fn of_rule(key: &str, scorecard: &Scorecard, rule: &Rule) -> Self {
        let id = format!("{key}/{}", rule.identifier);
        let conditions = json!({"all": [{
            "fact": rule.identifier, "operator": "equal", "value": true, "params": {"factRetrieverId": key},
        }]});
        let level = scorecard.levels.get(rule.level).map(|level| level.title.as_str());
        let fix = rule.fix.as_ref();
        let links: Vec<Value> = fix
            .and_then(|fix| fix.url.as_ref())
            .map(|url| json!({"title": "How to fix it", "url": url}))
            .into_iter()
            .collect();
        let body = json!({
            "id": id, "type": TYPE, "name": rule.title,
            "description": rule.description.clone().unwrap_or_else(|| rule.title.clone()),
            "factIds": [key], "rule": {"conditions": conditions},
            "metadata": {"scorecard": scorecard.title, "level": level},
            "failureMetadata": {"solution": fix.and_then(|fix| fix.text.as_ref())},
            "links": links,
        });
        let condition = Condition::read(&conditions, "").unwrap_or(Condition::Any(Vec::new()));
        let body = body.as_object().cloned().unwrap_or_default();
        Self { id, body, sources: vec![key.to_owned()], condition, filter: Vec::new() }
    }

    /// Whether it is about an entity, in Backstage's form.
    pub(super) fn is_about(&self, entity: &Value) -> bool {
        self.filter.is_empty()
            || self.filter.iter().any(|one| one.iter().all(|(key, wanted)| says(entity, key, wanted)))
    }

    /// The check as results carry it.
    pub(super) fn shown(&self, holds: bool, conditions: Value) -> Value {
        let part = |key: &str| self.body.get(key).cloned().unwrap_or_default();
        let mut metadata = part("metadata").as_object().cloned().unwrap_or_default();
        let more = part(if holds { "successMetadata" } else { "failureMetadata" });
        metadata.extend(more.as_object().cloned().unwrap_or_default());
        let mut shown = json!({
            "id": self.id, "type": TYPE, "name": part("name"), "description": part("description"),
            "factIds": self.sources, "metadata": metadata, "rule": {"conditions": conditions},
        });
        if let Some(links) = self.body.get("links") {
            shown["links"] = links.clone();
        }
        shown
    }
}

/// Whether an entity says one of some values under a key such as `spec.type`, in whatever case.
fn says(entity: &Value, key: &str, wanted: &Value) -> bool {
    let found = stagedoor_model::json::at(entity, key);
    let texts = |value: &Value| -> Vec<String> {
        let one = |value: &Value| match value {
            Value::String(text) => text.to_lowercase(),
            other => other.to_string(),
        };
        match value {
            Value::Array(list) => list.iter().map(one).collect(),
            other => vec![one(other)],
        }
    };
    let (found, wanted) = (found.map(texts).unwrap_or_default(), texts(wanted));
    found.iter().any(|text| wanted.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_the_configuration_has_its_place() {
        let rule = json!({"conditions": {"all": [{"fact": "hasTitle", "operator": "equal", "value": true}]}});
        let good =
            json!({"type": TYPE, "name": "Title", "description": "Has one", "factIds": ["a"], "rule": rule});
        let with = |key: &str, value: Value| {
            let mut check = good.clone();
            check[key] = value;
            check
        };
        let checks = json!({
            "good": good, "type": with("type", json!("other")), "rule": with("rule", json!({})),
            "ids": with("factIds", json!("a")), "filter": with("filter", json!(3)), "text": "x",
        });
        let wrong = InsightsConfig::read(&checks).unwrap_err();
        let places: Vec<&str> = wrong.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["type", "rule", "ids", "filter", "text"]);
        assert_eq!(InsightsConfig::read(&json!({ "good": good })).unwrap().checks.len(), 1);
        assert!(InsightsConfig::read(&json!([])).is_err());
    }

    #[test]
    fn filters_name_kinds_and_fields() {
        let entity =
            json!({"kind": "Component", "spec": {"type": "service"}, "metadata": {"tags": ["java"]}});
        let about = |filter: Value| {
            let body = json!({"type": TYPE, "name": "n", "description": "d", "factIds": [], "filter": filter,
                "rule": {"conditions": {"all": []}}});
            Check::configured("c", &body).unwrap().is_about(&entity)
        };
        assert!(about(json!({"kind": "component"})));
        assert!(about(json!([{"kind": "api"}, {"kind": ["system", "component"], "spec.type": "service"}])));
        assert!(about(json!({"metadata.tags": "java"})));
        assert!(!about(json!({"kind": "component", "spec.type": "website"})));
        assert!(!about(json!({"spec.lifecycle": "production"})));
    }
}
