//! Older forms of actions, brought into today's.
//!
//! Before there was `trigger.type` an action said `"trigger": "DAY-2"`, had its inputs and its blueprint beside that, and
//! its back end sent what was filled in without being told to. What such a form left to Port is written out here.

use serde_json::{Map, Value, json};

/// Today's form of a body, whatever form it has. What is in today's form already is not touched.
#[must_use]
pub(super) fn upgraded(body: Value) -> Value {
    let Value::Object(map) = body else { return body };
    let old = map.get("trigger").is_some_and(Value::is_string);
    if !old {
        return Value::Object(map);
    }
    let mut parts = Parts::default();
    let mut out = Map::new();
    for (key, value) in map {
        match key.as_str() {
            "trigger" => {
                parts.operation = value;
                // Its place among the keys.
                out.insert(key, Value::Null);
            }
            "userInputs" => parts.inputs = Some(value),
            "blueprint" | "blueprintIdentifier" => parts.blueprint = Some(value),
            "condition" => parts.condition = Some(value),
            "invocationMethod" => drop(out.insert(key, method(value))),
            _ => drop(out.insert(key, value)),
        }
    }
    out.insert("trigger".into(), parts.trigger());
    Value::Object(out)
}

#[derive(Default)]
struct Parts {
    operation: Value,
    inputs: Option<Value>,
    blueprint: Option<Value>,
    condition: Option<Value>,
}

impl Parts {
    fn trigger(self) -> Value {
        let mut trigger = Map::new();
        trigger.insert("type".into(), json!("self-service"));
        trigger.insert("operation".into(), self.operation);
        if let Some(blueprint) = self.blueprint.filter(|blueprint| !blueprint.is_null()) {
            trigger.insert("blueprintIdentifier".into(), blueprint);
        }
        let mut inputs = self.inputs.unwrap_or_else(|| json!({}));
        if let Some(inputs) = inputs.as_object_mut() {
            inputs.entry("properties").or_insert_with(|| json!({}));
        }
        trigger.insert("userInputs".into(), inputs);
        if let Some(condition) = self.condition.filter(|condition| !condition.is_null()) {
            trigger.insert("condition".into(), condition);
        }
        Value::Object(trigger)
    }
}

fn method(method: Value) -> Value {
    let Value::Object(mut map) = method else { return method };
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default().replace('-', "_");
    if kind == "AZURE_DEVOPS" {
        map.insert("type".into(), json!(kind));
    }
    let flag =
        |map: &mut Map<String, Value>, key: &str| map.shift_remove(key).and_then(|flag| flag.as_bool());
    let omit_payload = flag(&mut map, "omitPayload");
    let omit_inputs = flag(&mut map, "omitUserInputs").unwrap_or(false);
    let inputs = match kind.as_str() {
        "GITHUB" => Some("workflowInputs"),
        "GITLAB" => Some("pipelineVariables"),
        _ => None,
    };
    if let Some(key) = inputs.filter(|key| !map.contains_key(*key)) {
        let mut given = Map::new();
        if !omit_inputs {
            given.insert("{{ spreadValue() }}".into(), json!("{{ .inputs }}"));
        }
        // GitHub refuses inputs that a workflow does not declare: the payload goes only to who asks for it.
        if omit_payload == Some(false) {
            given.insert("port_payload".into(), payload());
        }
        map.insert(key.into(), Value::Object(given));
    }
    match kind.as_str() {
        "WEBHOOK" => drop(map.entry("body").or_insert_with(payload)),
        "KAFKA" | "AZURE_DEVOPS" => drop(map.entry("payload").or_insert_with(payload)),
        _ => {}
    }
    Value::Object(map)
}

/// What older actions sent by themselves.
fn payload() -> Value {
    json!({
        "action": "{{ .action.identifier }}",
        "resourceType": "run",
        "status": "TRIGGERED",
        "trigger": "{{ .trigger | {by, origin, at} }}",
        "context": {
            "entity": "{{ .entity.identifier }}",
            "blueprint": "{{ .action.blueprint }}",
            "runId": "{{ .run.id }}",
        },
        "payload": {
            "entity": "{{ .entity }}",
            "action": "{{ .action | {identifier, blueprint} }}",
            "properties": "{{ .inputs }}",
            "censoredProperties": "{{ .action.encryptedProperties }}",
        },
    })
}
