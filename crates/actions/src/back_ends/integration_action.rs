//! INTEGRATION_ACTION: handed over to an integration that claims it, such as Ocean's for GitHub.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::input::Input;
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::{Level, Services};

/// The back end.
pub(crate) struct IntegrationAction;

/// What is claimed: as it was given, with the keys without which Ocean's integrations do not go on.
fn payload(input: &Value) -> Result<Value, Failure> {
    let fields = Input::of(input, "invocationMethod");
    fields.required("installationId")?;
    fields.object("integrationActionExecutionProperties")?;
    let mut payload = input.clone();
    payload["type"] = "INTEGRATION_ACTION".into();
    if fields.get("integrationActionExecutionProperties").is_none() {
        payload["integrationActionExecutionProperties"] = json!({});
    }
    Ok(payload)
}

#[async_trait]
impl Performer for IntegrationAction {
    fn id(&self) -> &'static str {
        "INTEGRATION_ACTION"
    }

    /// The record of the run is all that it touches.
    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Hands the work to an integration, which claims it and reports how it ends.",
            input: json!({ "type": "object", "required": ["installationId"], "properties": {
                "installationId": { "type": "string" },
                "integrationActionType": { "type": "string" },
                "integrationActionExecutionProperties": { "type": "object" },
            }}),
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let payload = payload(call.input)?;
        let by = payload["installationId"].as_str().unwrap_or_default();
        services.log.line(Level::Info, Some(call.step), &format!("waits for the integration {by}"));
        Ok(Outcome::Reported { report: Report { payload: Some(payload), ..Report::default() } })
    }

    fn handed(&self, call: &Call<'_>) -> Option<Value> {
        payload(call.input).ok()
    }

    /// It is handed over by what the run says from then on, which it did not say.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::DidNot
    }
}
