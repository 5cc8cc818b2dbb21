//! What performs the nodes that are no back ends: triggers, conditions, inputs, and those that need a model.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use stagedoor_outbound::Delivery;
use url::Url;

use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::{Level, Services};

/// The node that waits for people.
pub const INPUT: &str = "INPUT";
/// For one notification.
const PATIENCE: Duration = Duration::from_secs(20);

/// All of them.
pub(crate) fn all() -> Vec<Arc<dyn Performer>> {
    vec![
        Arc::new(Trigger("SELF_SERVE_TRIGGER")),
        Arc::new(Trigger("EVENT_TRIGGER")),
        Arc::new(Trigger("SCHEDULE_TRIGGER")),
        Arc::new(Condition),
        Arc::new(Input),
        Arc::new(Model("AI")),
        Arc::new(Model("AI_AGENT")),
    ]
}

/// A node that began the run: there is nothing left to do for it.
struct Trigger(&'static str);

#[async_trait]
impl Performer for Trigger {
    fn id(&self) -> &'static str {
        self.0
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        Description { text: "Begins runs of a workflow.", ..Description::default() }
    }

    async fn perform(&self, _: &Call<'_>, _: &Services) -> Result<Outcome, Failure> {
        Ok(Outcome::Done { output: Value::Null, report: Report::default() })
    }
}

/// A node that chooses a way. Its choice was made when it was planned.
struct Condition;

#[async_trait]
impl Performer for Condition {
    fn id(&self) -> &'static str {
        "CONDITION"
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        Description { text: "Chooses the first outlet whose expression is true.", ..Description::default() }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        if let Some(error) = call.input.get("error").and_then(Value::as_str) {
            return Err(Failure::new(error));
        }
        let outlet = call.input.get("selectedOutlet").cloned().unwrap_or_default();
        let name = outlet.get("identifier").and_then(Value::as_str);
        let line =
            name.map_or_else(|| "no outlet: the fallback".to_owned(), |name| format!("goes by \"{name}\""));
        services.log.line(Level::Info, Some(call.step), &line);
        let label = call.input.pointer("/workflowStatusLabel/text").and_then(Value::as_str);
        let report = Report { status_label: label.map(str::to_owned), ..Report::default() };
        Ok(Outcome::Done { output: json!({ "selectedOutlet": outlet }), report })
    }
}

/// A node that waits for people: whoever may, presses a button; see `Portal::answer_node_run`.
struct Input;

#[async_trait]
impl Performer for Input {
    fn id(&self) -> &'static str {
        INPUT
    }

    /// Telling somebody twice does no harm.
    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Waits for people to fill in a form and press a button.",
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let told = call.input.get("notifications").and_then(Value::as_array).into_iter().flatten();
        for (number, notification) in told.enumerate() {
            if let Err(why) = tell(notification, services).await {
                let text = format!("notifications/{number}: nobody was told: {why}");
                services.log.line(Level::Warn, Some(call.step), &text);
            }
        }
        services.log.line(Level::Info, Some(call.step), "waits for an answer");
        Ok(Outcome::Reported { report: Report::default() })
    }

    async fn probe(&self, _: &Call<'_>, _: &Services) -> Probe {
        Probe::Repeat
    }
}

async fn tell(notification: &Value, services: &Services) -> Result<(), String> {
    let text = |key: &str| notification.get(key).and_then(Value::as_str);
    match text("target") {
        Some("webhook") if notification.get("agent") == Some(&Value::Bool(true)) => {
            Err("an agent cannot be asked to tell somebody".into())
        }
        Some("webhook") => {
            let url = Url::parse(text("url").unwrap_or_default()).map_err(|error| error.to_string())?;
            let headers = notification.get("headers").and_then(Value::as_object).into_iter().flatten();
            let headers =
                headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
            let json = ("content-type".to_owned(), "application/json".to_owned());
            let body = notification.get("body").cloned().unwrap_or_else(|| json!({}));
            let delivery = Delivery {
                headers: std::iter::once(json).chain(headers).collect(),
                body: body.to_string().into(),
                timeout: PATIENCE,
                ..Delivery::new(text("method").unwrap_or("POST"))
            };
            let answer =
                services.egress.deliver(&url, delivery).await.map_err(|error| error.error.to_string())?;
            match answer.status {
                200..=299 => Ok(()),
                status => {
                    Err(format!("{} answered with status {status}", url.host_str().unwrap_or_default()))
                }
            }
        }
        other => Err(format!("this portal sends no {}", other.unwrap_or("such notification"))),
    }
}

/// A node that asks a model. None is configured here, which it says: the workflow is kept and shown all the same.
struct Model(&'static str);

#[async_trait]
impl Performer for Model {
    fn id(&self) -> &'static str {
        self.0
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        Description { text: "Asks a model; there is none here, so it fails.", ..Description::default() }
    }

    async fn perform(&self, _: &Call<'_>, _: &Services) -> Result<Outcome, Failure> {
        let text = format!(
            "nodes of type {} need a model, and this portal has none: set onFailure to \"continue\", or use WEBHOOK",
            self.0
        );
        Err(Failure::new(text))
    }
}
