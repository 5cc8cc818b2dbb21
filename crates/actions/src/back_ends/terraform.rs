//! TERRAFORM: a run of Terraform Cloud or Enterprise, or a program of this machine on a folder that the configuration
//! names. A plan is always shown before anything is applied.

mod cloud;
mod confirm;
mod kept;
mod local;
mod program;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::input::Input;
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;

/// The back end.
pub(crate) struct Terraform;

/// Whether a program of this machine is meant: it has a folder, and Terraform Cloud a workspace.
fn is_local(call: &Call<'_>) -> bool {
    Input::of(call.input, "invocationMethod").get("folder").is_some()
}

#[async_trait]
impl Performer for Terraform {
    fn id(&self) -> &'static str {
        "TERRAFORM"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Plans and applies Terraform: in Terraform Cloud, or by a program of this machine.",
            input: json!({ "type": "object", "properties": {
                "organization": { "type": "string" },
                "workspace": { "type": "string" },
                "token": { "type": "string" },
                "confirmRun": { "type": "string", "description": "a run of Terraform Cloud that waits to be applied" },
                "autoApply": { "type": "boolean", "default": false },
                "folder": { "type": "string", "description": "a folder of stagedoor.terraform.folders, by its name" },
                "plan": { "type": "string", "description": "the run whose plan is applied" },
                "destroy": { "type": "boolean", "default": false },
                "variables": { "type": "object" },
                "environment": { "type": "object" },
            }}),
            output: json!({ "type": "object", "properties": {
                "plan": { "type": "string" }, "changes": { "type": "boolean" }, "text": { "type": "string" },
            }}),
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        if is_local(call) {
            local::perform(call, services).await
        } else {
            cloud::perform(call, services).await
        }
    }

    async fn follow(&self, call: &Call<'_>, handle: &Value, services: &Services) -> Result<Outcome, Failure> {
        cloud::follow(call, handle, services).await
    }

    async fn probe(&self, call: &Call<'_>, services: &Services) -> Probe {
        if is_local(call) { local::probe(call, services) } else { cloud::probe(call, services).await }
    }

    /// A program of this machine ends with the step that waits for it.
    async fn cancel(
        &self,
        call: &Call<'_>,
        handle: Option<&Value>,
        services: &Services,
    ) -> Result<(), Failure> {
        match handle {
            Some(handle) if !is_local(call) => cloud::cancel(call, handle, services).await,
            _ => Ok(()),
        }
    }
}
