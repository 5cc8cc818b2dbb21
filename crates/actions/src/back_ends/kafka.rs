//! KAFKA: publishes a signed message to `<organization>.runs`; whoever consumes it reports how the run ends.
//!
//! The protocol is spoken by a client of ours (kafka.apache.org/protocol): five small requests, over a connection that
//! `stagedoor_outbound` has checked. Versions are those that every broker since 2.1 knows, 4 included.

mod client;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use self::client::Client;
use super::answer::now;
use super::input::Input;
use super::signature::{signed_message, stringify};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::{Level, Services};

/// For everything together.
const PATIENCE: Duration = Duration::from_secs(20);

/// The back end.
pub(crate) struct Kafka;

/// The message: what the action says, else what Port's older messages hold.
fn message(call: &Call<'_>) -> Map<String, Value> {
    match Input::of(call.input, "invocationMethod").get("payload") {
        Some(Value::Object(payload)) => payload.clone(),
        Some(other) => Map::from_iter([("payload".to_owned(), other.clone())]),
        None => {
            let run = call.run;
            let message = json!({
                "action": run.of.identifier,
                "resourceType": "run",
                "status": "TRIGGERED",
                "trigger": run.context.get("trigger"),
                "context": {
                    "entity": run.target.as_ref().and_then(|target| target.entity.clone()),
                    "blueprint": run.target.as_ref().map(|target| target.blueprint.clone()),
                    "runId": run.id,
                },
                "payload": { "entity": run.context.get("entity"), "properties": run.inputs },
            });
            message.as_object().cloned().unwrap_or_default()
        }
    }
}

#[async_trait]
impl Performer for Kafka {
    fn id(&self) -> &'static str {
        "KAFKA"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Publishes a signed message, whose consumer reports how the run ends.",
            input: json!({ "type": "object", "properties": { "payload": {} } }),
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Some(settings) = &services.back_ends.kafka else {
            return Err(Failure::new("there is no Kafka: set stagedoor.kafka.brokers in the configuration"));
        };
        let topic = settings.topic.clone().unwrap_or_else(|| format!("{}.runs", services.organization));
        let message = message(call);
        let value = match &services.signing_secret {
            Some(secret) => stringify(&signed_message(secret.expose(), now(), message)),
            None => stringify(&Value::Object(message)),
        };
        let record = wire::Record { key: &call.run.id, value: &value, mark: call.key, at: now() * 1000 };
        let mut client = Client::new(settings, services);
        let (partition, offset) = client.publish(&topic, &record, PATIENCE).await?;
        let line = format!("published to {topic}, partition {partition}, offset {offset}");
        services.log.line(Level::Info, Some(call.step), &line);
        let external_run_id = Some(format!("{topic}/{partition}/{offset}"));
        Ok(Outcome::Reported { report: Report { external_run_id, ..Report::default() } })
    }

    /// A topic is not searched: what was lost after sending is for a person to look at.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Unknown
    }
}
