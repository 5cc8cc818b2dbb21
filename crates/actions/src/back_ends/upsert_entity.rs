//! UPSERT_ENTITY: makes or changes an entity, in the name of whoever set the run going.

use async_trait::async_trait;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use super::input::Input;
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::{Level, Services};

/// The keys of a mapping.
const KEYS: [&str; 6] = ["identifier", "title", "icon", "team", "properties", "relations"];

/// The back end.
pub(crate) struct UpsertEntity;

/// The blueprint and the body that are written.
fn read(call: &Call<'_>) -> Result<(String, Value), Failure> {
    let input = Input::of(call.input, "invocationMethod");
    let blueprint = input.required("blueprintIdentifier")?;
    let mut body: Map<String, Value> = input.object("mapping")?.cloned().unwrap_or_default();
    if let Some(unknown) = body.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(input.wrong("mapping", &format!("{unknown} is none of {}", KEYS.join(", "))));
    }
    match body.get("identifier") {
        // The same for every attempt, so that none makes a second entity.
        None => {
            body.insert("identifier".to_owned(), generated(call.key).into());
        }
        Some(Value::String(identifier)) if !identifier.is_empty() => {}
        Some(other) => {
            return Err(input.wrong("mapping.identifier", &format!("a text is expected, it is {other}")));
        }
    }
    // A template that found nothing leaves a field as it is; properties and relations may be set to null on purpose.
    for key in ["title", "icon", "team"] {
        if body.get(key).is_some_and(Value::is_null) {
            body.remove(key);
        }
    }
    Ok((blueprint, Value::Object(body)))
}

/// `e_` and sixteen digits.
fn generated(key: &str) -> String {
    let digits = digest(&SHA256, key.as_bytes());
    digits.as_ref().iter().take(8).fold("e_".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

#[async_trait]
impl Performer for UpsertEntity {
    fn id(&self) -> &'static str {
        "UPSERT_ENTITY"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        let mapping: Map<String, Value> = KEYS.iter().map(|key| ((*key).to_owned(), json!({}))).collect();
        Description {
            text: "Makes an entity, or changes what is named of it.",
            input: json!({ "type": "object", "required": ["blueprintIdentifier"], "properties": {
                "blueprintIdentifier": { "type": "string" },
                "mapping": { "type": "object", "properties": mapping },
            }}),
            output: json!({ "type": "object", "properties": { "entity": { "type": "object" } } }),
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let (blueprint, body) = read(call)?;
        let identifier = body["identifier"].as_str().unwrap_or_default().to_owned();
        let entity = services.catalog.upsert(&blueprint, body, &call.run.id).await?;
        let line = format!("{blueprint} \"{identifier}\" is in the catalog as it was given");
        services.log.line(Level::Info, Some(call.step), &line);
        Ok(Outcome::Done { output: json!({ "entity": entity }), report: Report::default() })
    }

    /// Writing the same again changes nothing.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}
