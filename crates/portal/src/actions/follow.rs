//! What names something follows when that gets another name, and goes when it goes.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_actions::port::PortAction;
use stagedoor_model::{Change, JsonText, Record};

use super::ACTIONS;
use crate::pages::PAGES;
use crate::workflows::WORKFLOWS;
use crate::writer::Draft;

impl Draft {
    /// Removes the actions and automations of a blueprint that is gone.
    pub(crate) fn drop_actions_of(&mut self, blueprint: &str) {
        let about =
            |record: &&Arc<Record>| PortAction::stored(record.body.value()).blueprint() == Some(blueprint);
        let doomed: Vec<String> =
            self.catalog.records(ACTIONS).filter(about).map(|r| r.key.clone()).collect();
        doomed.iter().for_each(|identifier| self.drop_action(identifier));
    }

    /// Lets actions follow a blueprint's new name.
    pub(crate) fn rename_in_actions(&mut self, from: &str, to: &str) {
        self.follow_actions(&|body| blueprint(body, from, to));
        let in_context = |config: &mut Value| {
            for context in
                config.pointer_mut("/trigger/contexts").and_then(Value::as_array_mut).into_iter().flatten()
            {
                replace(context.get_mut("blueprintIdentifier"), from, to);
            }
        };
        self.follow_records(WORKFLOWS, &|body| {
            in_nodes(body, &|config| {
                blueprint(config, from, to);
                in_context(config);
            });
        });
    }

    /// Lets actions follow the new name of a property or relation of a blueprint.
    pub(crate) fn rename_attribute_in_actions(&mut self, blueprint: &str, from: &str, to: &str) {
        self.follow_actions(&|body| attribute(body, blueprint, from, to));
        self.follow_records(WORKFLOWS, &|body| {
            in_nodes(body, &|config| attribute(config, blueprint, from, to));
        });
    }

    pub(super) fn follow_actions(&mut self, change: &dyn Fn(&mut Value)) {
        self.follow_records(ACTIONS, change);
    }

    pub(super) fn follow_pages(&mut self, change: &dyn Fn(&mut Value)) {
        self.follow_records(PAGES, change);
    }

    fn follow_records(&mut self, collection: &str, change: &dyn Fn(&mut Value)) {
        let all: Vec<Arc<Record>> = self.catalog.records(collection).cloned().collect();
        for record in all {
            let mut body = record.body.value();
            change(&mut body);
            let body = JsonText::of(&body);
            if body != record.body {
                self.put(Change::PutRecord(Arc::new(Record { body, ..record.as_ref().clone() })));
            }
        }
    }
}

fn replace(value: Option<&mut Value>, from: &str, to: &str) {
    if let Some(value) = value.filter(|value| *value == from) {
        *value = to.into();
    }
}

/// The nodes of a workflow, each as an action has the same: what begins a run and what asks people as its trigger, what
/// does something as its invocation.
fn in_nodes(workflow: &mut Value, change: &dyn Fn(&mut Value)) {
    for node in workflow.get_mut("nodes").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(config) = node.get_mut("config") else { continue };
        let asks = config.get("userInputs").is_some() || config.get("event").is_some();
        let key = if asks { "trigger" } else { "invocationMethod" };
        let mut part = json!({ key: config.take() });
        change(&mut part);
        *config = part.get_mut(key).map(Value::take).unwrap_or_default();
    }
}

/// An automation on runs of an action.
pub(super) fn action(body: &mut Value, from: &str, to: &str) {
    replace(body.pointer_mut("/trigger/event/actionIdentifier"), from, to);
}

/// Widgets that offer an action.
pub(super) fn in_pages(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| in_pages(value, from, to)),
        Value::Object(map) => {
            if let Some(Value::Array(actions)) = map.get_mut("actions") {
                actions.iter_mut().for_each(|action| replace(action.get_mut("action"), from, to));
            }
            map.values_mut().for_each(|value| in_pages(value, from, to));
        }
        _ => {}
    }
}

fn blueprint(body: &mut Value, from: &str, to: &str) {
    for place in [
        "/trigger/blueprintIdentifier",
        "/trigger/event/blueprintIdentifier",
        "/invocationMethod/blueprintIdentifier",
    ] {
        replace(body.pointer_mut(place), from, to);
    }
    if let Some(condition) = body.pointer_mut("/trigger/condition") {
        rules(condition, &mut |rule| in_rule(rule, from, to));
    }
    for input in inputs(body) {
        let both = |map: &mut Map<String, Value>| {
            replace(map.get_mut("blueprint"), from, to);
            if let Some(dataset) = map.get_mut("dataset") {
                rules(dataset, &mut |rule| in_rule(rule, from, to));
            }
        };
        both(input);
        if let Some(Value::Object(items)) = input.get_mut("items") {
            both(items);
        }
    }
}

/// A rule that names a blueprint.
fn in_rule(rule: &mut Map<String, Value>, from: &str, to: &str) {
    replace(rule.get_mut("blueprint"), from, to);
    if rule.get("property").is_some_and(|property| property == "$blueprint") {
        replace(rule.get_mut("value"), from, to);
        let list = rule.get_mut("value").and_then(Value::as_array_mut);
        list.into_iter().flatten().for_each(|value| replace(Some(value), from, to));
    }
}

fn attribute(body: &mut Value, blueprint: &str, from: &str, to: &str) {
    let is = |body: &Value, place: &str| body.pointer(place).is_some_and(|name| name == blueprint);
    if is(body, "/trigger/event/blueprintIdentifier") {
        replace(body.pointer_mut("/trigger/event/propertyIdentifier"), from, to);
    }
    if is(body, "/trigger/blueprintIdentifier")
        && let Some(condition) = body.pointer_mut("/trigger/condition")
    {
        rules(condition, &mut |rule| replace(rule.get_mut("property"), from, to));
    }
    if is(body, "/invocationMethod/blueprintIdentifier") {
        for part in ["properties", "relations"] {
            let map = body.pointer_mut(&format!("/invocationMethod/mapping/{part}"));
            if let Some(map) = map.and_then(Value::as_object_mut).filter(|map| map.contains_key(from)) {
                let renamed = std::mem::take(map).into_iter();
                map.extend(
                    renamed.map(|(key, value)| (if key == from { to.to_owned() } else { key }, value)),
                );
            }
        }
    }
    for input in inputs(body) {
        let both = |map: &mut Map<String, Value>, of: bool| {
            if let Some(dataset) = map.get_mut("dataset").filter(|_| of) {
                rules(dataset, &mut |rule| replace(rule.get_mut("property"), from, to));
            }
        };
        let of = input.get("blueprint").is_some_and(|name| name == blueprint);
        both(input, of);
        if let Some(Value::Object(items)) = input.get_mut("items") {
            let of = of || items.get("blueprint").is_some_and(|name| name == blueprint);
            both(items, of);
        }
    }
}

fn inputs(body: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let properties = body.pointer_mut("/trigger/userInputs/properties").and_then(Value::as_object_mut);
    properties.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut)
}

/// Every rule of a search, however deep.
fn rules(search: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    for rule in search.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(map) = rule.as_object_mut() {
            visit(map);
        }
        rules(rule, visit);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{attribute, blueprint, in_nodes, in_pages};

    #[test]
    fn actions_follow_what_they_name() {
        let body = |blueprint: &str, property: &str| {
            json!({
                "trigger": {"blueprintIdentifier": blueprint, "condition": {"rules": [{"property": property}, {"rules": [{"property": "$blueprint", "value": [blueprint]}]}]},
                    "userInputs": {"properties": {"s": {"format": "entity", "blueprint": blueprint, "dataset": {"rules": [{"property": property}]}}, "blueprint": {"type": "string"}}}},
                "invocationMethod": {"blueprintIdentifier": blueprint, "mapping": {"properties": {property: "{{ .x }}", "z": 1}}},
            })
        };
        let mut got = body("a", "p");
        blueprint(&mut got, "a", "b");
        assert_eq!(got, body("b", "p"));
        attribute(&mut got, "b", "p", "q");
        assert_eq!(got, body("b", "q"));
        attribute(&mut got, "other", "q", "r");
        assert_eq!(got, body("b", "q"));
        let flow = |blueprint: &str, property: &str| {
            json!({"identifier": "a", "nodes": [
                {"identifier": "a", "config": {"type": "EVENT_TRIGGER", "event": {"blueprintIdentifier": blueprint, "propertyIdentifier": property}}},
                {"identifier": "b", "config": {"type": "UPSERT_ENTITY", "blueprintIdentifier": blueprint, "mapping": {"properties": {property: 1}}}},
                {"identifier": "c", "config": {"type": "INPUT", "userInputs": {"properties": {"s": {"blueprint": blueprint}}}}}]})
        };
        let mut got = flow("a", "p");
        in_nodes(&mut got, &|config| blueprint(config, "a", "b"));
        in_nodes(&mut got, &|config| attribute(config, "b", "p", "q"));
        assert_eq!(got, flow("b", "q"));
        let mut page = json!({"page": {"widgets": [{"type": "action-card-widget", "actions": [{"action": "x"}, {"action": "y"}]}]}});
        in_pages(&mut page, "x", "z");
        assert_eq!(page["page"]["widgets"][0]["actions"], json!([{"action": "z"}, {"action": "y"}]));
    }
}
