//! What performs the nodes that are no back ends: triggers, conditions, inputs; what asks a model is [`super::ai`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use stagedoor_outbound::Delivery;
use url::Url;

use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Report};
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
        Arc::new(super::ai::Ai),
        Arc::new(Agent),
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

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        Description {
            text: "Waits for people to fill in a form and press a button.",
            ..Description::default()
        }
    }

    /// Says what will not be told to anybody. What will be is kept with the run, and sent from there.
    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let told = call.input.get("notifications").and_then(Value::as_array).into_iter().flatten();
        for (number, one) in told.enumerate() {
            let why = match notification(one) {
                // What becomes of it is said where it is sent.
                Some(_) => continue,
                None if one.get("target").is_some_and(|target| target == "webhook") => {
                    "an agent cannot be asked to tell somebody".to_owned()
                }
                None => {
                    let target = one.get("target").and_then(Value::as_str);
                    format!("this portal sends no {}", target.unwrap_or("such notification"))
                }
            };
            let text = format!("notifications/{number}: nobody was told: {why}");
            services.log.line(Level::Warn, Some(call.step), &text);
        }
        services.log.line(Level::Info, Some(call.step), "waits for an answer");
        Ok(Outcome::Reported { report: Report::default() })
    }
}

/// The request of a notification of an input; `None` for one that is not sent from here: other targets, an agent's.
///
/// # Errors
/// What is wrong with its address.
#[must_use]
pub fn notification(body: &Value) -> Option<Result<(Url, Delivery), String>> {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let by_agent = body.get("agent") == Some(&Value::Bool(true));
    if text("target") != Some("webhook") || by_agent {
        return None;
    }
    let url = match Url::parse(text("url").unwrap_or_default()) {
        Ok(url) => url,
        Err(error) => return Some(Err(format!("its address is none: {error}"))),
    };
    let headers = body.get("headers").and_then(Value::as_object).into_iter().flatten();
    let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
    let json = ("content-type".to_owned(), "application/json".to_owned());
    let sent = body.get("body").cloned().unwrap_or_else(|| json!({}));
    let delivery = Delivery {
        headers: std::iter::once(json).chain(headers).collect(),
        body: sent.to_string().into(),
        timeout: PATIENCE,
        ..Delivery::new(text("method").unwrap_or("POST"))
    };
    Some(Ok((url, delivery)))
}

/// A node that has an agent act. There are none here, which it says: the workflow is kept and shown all the same.
struct Agent;

#[async_trait]
impl Performer for Agent {
    fn id(&self) -> &'static str {
        "AI_AGENT"
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        Description { text: "Has an agent act; there are none here, so it fails.", ..Description::default() }
    }

    async fn perform(&self, _: &Call<'_>, _: &Services) -> Result<Outcome, Failure> {
        let text =
            "this portal has no agents: set onFailure to \"continue\", or ask a model by a node of type AI";
        Err(Failure::new(text))
    }
}
