//! `notification:send`: a notification to users, to members of groups, to owners, or to everybody.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{done, read};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::{Level, Services};

pub(super) struct NotificationSend;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    recipients: String,
    #[serde(default)]
    entity_refs: Vec<String>,
    title: String,
    info: Option<String>,
    link: Option<String>,
    severity: Option<String>,
    scope: Option<String>,
    topic: Option<String>,
    #[serde(default)]
    optional: bool,
}

#[async_trait]
impl Performer for NotificationSend {
    fn id(&self) -> &'static str {
        "notification:send"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        Description {
            text: "Sends a notification using NotificationService",
            input: json!({
                "type": "object",
                "required": ["recipients", "title"],
                "properties": {
                    "recipients": { "type": "string", "enum": ["broadcast", "entity"], "title": "Recipient" },
                    "entityRefs": { "type": "array", "items": { "type": "string" }, "title": "Entity references to send the notifications to, required if using recipient of entity" },
                    "title": text("Notification title"),
                    "info": text("Notification description"),
                    "link": text("Notification link"),
                    "severity": { "type": "string", "enum": ["low", "normal", "high", "critical"], "title": "Notification severity" },
                    "scope": text("Notification scope"),
                    "topic": text("Notification topic"),
                    "optional": { "type": "boolean", "title": "Do not fail the action if the notification sending fails" },
                },
            }),
            output: json!({ "type": "object" }),
            examples: vec![(
                "Send a notification to an entity",
                "steps:\n  - action: notification:send\n    id: notify\n    name: Tell the owners\n    input:\n      recipients: entity\n      entityRefs: ['component:default/shop']\n      title: There is a new version\n      severity: normal\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let optional = input.optional;
        match services.catalog.notify(body(input, call.key)?).await {
            Ok(()) => {}
            Err(failure) if optional && failure.retry.is_none() => {
                let text = format!("Failed to send notification: {}", failure.message);
                services.log.line(Level::Warn, Some(call.step), &text);
            }
            Err(failure) => return Err(failure),
        }
        done(json!({}))
    }

    /// One of the same scope takes the place of that before.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}

/// What Backstage's clients post. Without a scope it has one of its own, so that it is there once however often it is sent.
fn body(input: Input, key: &str) -> Result<Value, Failure> {
    let recipients = match input.recipients.as_str() {
        "broadcast" => json!({ "type": "broadcast" }),
        _ if input.entity_refs.is_empty() => {
            return Err(Failure::new("Entity references must be provided"));
        }
        _ => json!({ "type": "entity", "entityRef": input.entity_refs }),
    };
    Ok(json!({ "recipients": recipients, "payload": {
        "title": input.title,
        "description": input.info,
        "link": input.link,
        "severity": input.severity.unwrap_or_else(|| "normal".to_owned()),
        "scope": input.scope.unwrap_or_else(|| format!("step:{key}")),
        "topic": input.topic,
    }}))
}
