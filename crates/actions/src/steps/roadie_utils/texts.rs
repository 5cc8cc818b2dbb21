//! `roadiehq:utils:serialize:json`, `roadiehq:utils:serialize:yaml` and `roadiehq:utils:sleep`.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize as _};
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};
use stagedoor_ingest::yaml::to_yaml;

use super::{object, text};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;
use crate::steps::input::{done, read, say};

/// The longest sleep in seconds. A step that waits keeps a place that another run could have.
const LONGEST: f64 = 300.0;
/// Letters of an indentation, as in JavaScript.
const INDENT: usize = 10;

pub(super) struct ToJson;
pub(super) struct ToYaml;
pub(super) struct Sleep;

#[derive(Deserialize)]
struct Data {
    data: Map<String, Value>,
    #[serde(default)]
    replacer: Vec<String>,
    space: Option<String>,
}

fn serialized(text: String) -> Result<Outcome, Failure> {
    done(json!({ "serialized": text }))
}

fn input(more: (&str, Value)) -> Value {
    let mut properties = json!({
        "data": { "type": "object", "title": "What is turned into a text" },
        "replacer": { "type": "array", "items": { "type": "string" }, "title": "Keys that are kept" },
    });
    properties[more.0] = more.1;
    object(&["data"], properties)
}

fn output() -> Value {
    object(&[], json!({ "serialized": text("The text") }))
}

#[async_trait]
impl Performer for ToJson {
    fn id(&self) -> &'static str {
        "roadiehq:utils:serialize:json"
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        Description {
            text: "Turns an object into JSON",
            input: input(("space", text("What lines are indented with"))),
            output: output(),
            examples: vec![(
                "Turn an object into JSON",
                "steps:\n  - action: roadiehq:utils:serialize:json\n    id: serialize\n    name: To JSON\n    input:\n      data: {name: shop}\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, _services: &Services) -> Result<Outcome, Failure> {
        let Data { data, replacer, space } = read(self, call)?;
        let mut value = Value::Object(data);
        if !replacer.is_empty() {
            keep(&mut value, &replacer);
        }
        let indent: String = space.unwrap_or_default().chars().take(INDENT).collect();
        if indent.is_empty() {
            return serialized(value.to_string());
        }
        let mut bytes = Vec::new();
        let formatter = PrettyFormatter::with_indent(indent.as_bytes());
        let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("this is no JSON: {error}"));
        value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter)).map_err(|e| wrong(&e))?;
        serialized(String::from_utf8(bytes).map_err(|e| wrong(&e))?)
    }
}

/// Keeps these keys, at every depth.
fn keep(value: &mut Value, keys: &[String]) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| keys.contains(key));
            map.values_mut().for_each(|value| keep(value, keys));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| keep(value, keys)),
        _ => {}
    }
}

#[async_trait]
impl Performer for ToYaml {
    fn id(&self) -> &'static str {
        "roadiehq:utils:serialize:yaml"
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        let options = json!({ "type": "object", "title": "Taken, and without meaning here" });
        Description {
            text: "Turns an object into YAML",
            input: input(("options", options)),
            output: output(),
            examples: vec![(
                "Turn an object into YAML",
                "steps:\n  - action: roadiehq:utils:serialize:yaml\n    id: serialize\n    name: To YAML\n    input:\n      data: {name: shop}\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, _services: &Services) -> Result<Outcome, Failure> {
        let Data { data, .. } = read(self, call)?;
        serialized(to_yaml(&Value::Object(data)))
    }
}

#[derive(Deserialize)]
struct Amount {
    amount: f64,
}

#[async_trait]
impl Performer for Sleep {
    fn id(&self) -> &'static str {
        "roadiehq:utils:sleep"
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        Description {
            text: "Waits some seconds, 300 at most",
            input: object(&["amount"], json!({ "amount": { "type": "number", "title": "Seconds" } })),
            output: object(&[], json!({})),
            examples: vec![(
                "Wait 5 seconds",
                "steps:\n  - action: roadiehq:utils:sleep\n    id: sleep\n    name: Wait\n    input:\n      amount: 5\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Amount { amount } = read(self, call)?;
        if amount > LONGEST {
            let text = format!(
                "sleep amount can not be greater than maxSleep. amount: {amount}, maxSleep: {LONGEST}"
            );
            return Err(Failure::new(text));
        }
        say(services, call, &format!("Waiting {amount} seconds"));
        if !call.dry_run {
            tokio::time::sleep(Duration::try_from_secs_f64(amount).unwrap_or_default()).await;
        }
        done(Value::Object(Map::new()))
    }
}
