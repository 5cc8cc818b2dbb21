//! Lists and objects against their schemas.

use serde_json::{Map, Value, json};
use stagedoor_model::schema as model;

use super::{Walk, equal, list_of, property_of};

impl<'a> Walk<'a> {
    pub(super) fn array(
        &mut self,
        keyword: &str,
        map: &'a Map<String, Value>,
        schema: &Value,
        items: &[Value],
    ) {
        let rule = &map[keyword];
        let whole = || Value::Array(items.to_vec());
        match keyword {
            "minItems" | "maxItems" => self.size(keyword, rule, schema, &whole(), items.len()),
            "uniqueItems" if rule == &Value::Bool(true) => {
                let repeated =
                    items.iter().enumerate().any(|(i, a)| items[i + 1..].iter().any(|b| equal(a, b)));
                if repeated {
                    self.report(schema, Some(&whole()), "uniqueItems", None, "contains duplicate item");
                }
            }
            "contains" if !items.iter().any(|item| self.trial(rule, Some(item)).is_empty()) => {
                let message = "must contain an item matching given schema";
                self.report(schema, Some(&whole()), "contains", Some(rule.clone()), message);
            }
            "items" => {
                for (index, item) in items.iter().enumerate() {
                    let below = match rule {
                        Value::Array(each) => each.get(index).or_else(|| map.get("additionalItems")),
                        one => Some(one),
                    };
                    match below {
                        None => {}
                        Some(Value::Bool(false)) => {
                            let message = "additionalItems not permitted";
                            return self.report(schema, Some(&whole()), "items", None, message);
                        }
                        Some(below) => self.below(index.into(), below, Some(item)),
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn object(
        &mut self,
        keyword: &str,
        map: &'a Map<String, Value>,
        schema: &Value,
        given: &Map<String, Value>,
    ) {
        let rule = &map[keyword];
        let whole = || Value::Object(given.clone());
        match keyword {
            "minProperties" | "maxProperties" => self.size(keyword, rule, schema, &whole(), given.len()),
            "propertyNames" => given.keys().for_each(|key| self.value(rule, Some(&key.clone().into()))),
            "patternProperties" => {
                for (key, value) in given {
                    let fits = |pattern: &str| {
                        model::check(&json!({ "pattern": pattern }), &key.clone().into()).is_none()
                    };
                    let fitting: Vec<&'a Value> = rule
                        .as_object()
                        .into_iter()
                        .flatten()
                        .filter(|(pattern, _)| fits(pattern))
                        .map(|(_, below)| below)
                        .collect();
                    if fitting.is_empty() {
                        self.additional(map, schema, given, (key, value));
                    }
                    for below in fitting {
                        self.below(key.clone().into(), below, Some(value));
                    }
                }
            }
            "additionalProperties" if !map.contains_key("patternProperties") => {
                given.iter().for_each(|entry| self.additional(map, schema, given, entry));
            }
            "dependencies" => self.dependencies(rule, schema, given),
            _ => {}
        }
    }

    fn additional(
        &mut self,
        map: &'a Map<String, Value>,
        schema: &Value,
        given: &Map<String, Value>,
        (key, value): (&String, &Value),
    ) {
        if map.get("properties").and_then(|all| all.get(key)).is_some() {
            return;
        }
        match map.get("additionalProperties") {
            Some(Value::Bool(false)) => {
                let message =
                    format!("is not allowed to have the additional property {}", Value::from(key.as_str()));
                let whole = Value::Object(given.clone());
                self.report(schema, Some(&whole), "additionalProperties", Some(key.clone().into()), &message);
            }
            Some(below) => self.below(key.clone().into(), below, Some(value)),
            None => {}
        }
    }

    fn dependencies(&mut self, rule: &'a Value, schema: &Value, given: &Map<String, Value>) {
        let whole = Value::Object(given.clone());
        for (key, wanted) in
            rule.as_object().into_iter().flatten().filter(|(key, _)| given.contains_key(*key))
        {
            let mut path = self.path.clone();
            path.push(key.clone().into());
            let of = property_of(&path);
            if wanted.is_string() || wanted.is_array() {
                let wanted: Vec<&'a Value> = list_of(wanted);
                for other in wanted.into_iter().filter_map(Value::as_str).filter(|o| !given.contains_key(*o))
                {
                    let message = format!("property {other} not found, required by {of}");
                    self.report(schema, Some(&whole), "dependencies", Some(of.clone().into()), &message);
                }
                continue;
            }
            self.path.push(key.clone().into());
            let found = self.trial(wanted, Some(&whole));
            self.path.pop();
            if !found.is_empty() {
                let message = format!("does not meet dependency required by {of}");
                self.report(schema, Some(&whole), "dependencies", Some(of.into()), &message);
                self.found.extend(found);
            }
        }
    }
}
