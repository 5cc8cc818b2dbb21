//! AZURE_DEVOPS: calls an incoming webhook of an organization, as Port does; or, where `project` and `pipelineId` are
//! given, runs that pipeline with the credential of `integrations.azure` and follows it.
//!
//! Sources: learn.microsoft.com, "resources.webhooks.webhook definition"; REST API "Pipelines - Runs", version 7.1.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;
use stagedoor_outbound::Delivery;
use url::Url;

use super::answer::{self, now, pause, refused, undelivered};
use super::api::Api;
use super::input::{Input, stringified};
use super::signature::{SIGNATURE, older, stringify};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::{Level, Services};

const EVERY: Duration = Duration::from_secs(5);
const VERSION: &str = "7.1";

/// The back end.
pub(crate) struct AzureDevops;

/// A pipeline that is run by the API.
struct Pipeline<'a> {
    api: Api<'a>,
    org: String,
    project: String,
    id: String,
    body: Value,
}

impl<'a> Pipeline<'a> {
    /// None where a webhook is called.
    fn of(call: &Call<'_>, services: &'a Services) -> Result<Option<Self>, Failure> {
        let input = Input::of(call.input, "invocationMethod");
        if input.get("pipelineId").is_none() {
            return Ok(None);
        }
        let (org, project) = (input.segment("org")?, input.segment("project")?);
        let mut parameters = Map::new();
        for (name, value) in input.object("parameters")?.into_iter().flatten() {
            parameters.insert(name.clone(), stringified(value).into());
        }
        let mut body = json!({ "templateParameters": parameters });
        if let Some(branch) = input.text("ref")? {
            let branch = if branch.starts_with("refs/") { branch } else { format!("refs/heads/{branch}") };
            body["resources"] = json!({ "repositories": { "self": { "refName": branch } } });
        }
        let api = Api::of(services, "azure", input.text("host")?, &org)?;
        Ok(Some(Self { api, id: input.segment("pipelineId")?, org, project, body }))
    }

    fn below<const N: usize>(&self, parts: [&str; N]) -> Vec<String> {
        [self.org.as_str(), &self.project, "_apis"].into_iter().chain(parts).map(str::to_owned).collect()
    }

    async fn start(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let path = self.below(["pipelines", &self.id, "runs"]);
        let act = Act::post(path, self.body.clone()).asking("api-version", VERSION);
        let answer = self.api.change(&act).await?;
        if answer.status == 203 {
            return Err(Failure::new(
                "Azure DevOps answers with a page to sign in: look at the credential in integrations.azure",
            ));
        }
        let run =
            answer::json("Azure DevOps", &answer).map_err(|broken| Failure { unclear: true, ..broken })?;
        let line = format!("started pipeline {} of {}/{}", self.id, self.org, self.project);
        services.log.line(Level::Info, Some(call.step), &line);
        Ok(Outcome::Following { handle: json!({ "run": run["id"] }), again: EVERY, report: report(&run) })
    }
}

fn report(run: &Value) -> Report {
    let state = run["result"].as_str().or(run["state"].as_str());
    Report {
        status_label: state.map(str::to_owned),
        link: run.pointer("/_links/web/href").and_then(Value::as_str).map(|link| vec![link.to_owned()]),
        external_run_id: Some(run["id"].to_string()),
        ..Report::default()
    }
}

/// Calls the incoming webhook. Nothing of its answer says which run it started.
async fn call_webhook(call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
    let input = Input::of(call.input, "invocationMethod");
    let (org, webhook) = (input.segment("org")?, input.segment("webhook")?);
    let base = &services.back_ends.azure_devops;
    let text =
        format!("{base}/{org}/_apis/public/distributedtask/webhooks/{webhook}?api-version=6.0-preview");
    let url = Url::parse(&text).map_err(|error| input.wrong("org", &error.to_string()))?;
    let body = input.get("payload").map_or_else(|| "{}".to_owned(), stringify);
    let mut delivery = Delivery::new("POST");
    if let Some(secret) = &services.signing_secret {
        delivery = delivery.with(SIGNATURE, older(secret.expose(), &body));
    }
    let answer = services.egress.deliver(&url, delivery.json(body)).await;
    let answer = answer.map_err(|error| undelivered(&error, false))?;
    let shown = format!("the webhook {webhook} of {org}");
    match answer.status {
        200..=299 => {
            services.log.line(Level::Info, Some(call.step), &format!("called {shown}"));
            Ok(Outcome::Reported { report: Report::default() })
        }
        429 | 503 => Err(Failure { retry: Some(pause(&answer, now())), ..refused(&shown, &answer) }),
        _ => Err(refused(&shown, &answer)),
    }
}

#[async_trait]
impl Performer for AzureDevops {
    fn id(&self) -> &'static str {
        "AZURE_DEVOPS"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Calls an incoming webhook of Azure DevOps, or runs a pipeline and follows it.",
            input: json!({ "type": "object", "required": ["org"], "properties": {
                "org": { "type": "string" },
                "webhook": { "type": "string" },
                "payload": {},
                "project": { "type": "string" },
                "pipelineId": { "type": ["integer", "string"] },
                "ref": { "type": "string" },
                "parameters": { "type": "object" },
            }}),
            output: json!({ "type": "object", "properties": {
                "runId": { "type": "integer" }, "result": { "type": "string" },
            }}),
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        match Pipeline::of(call, services)? {
            Some(pipeline) => pipeline.start(call, services).await,
            None => call_webhook(call, services).await,
        }
    }

    async fn follow(&self, call: &Call<'_>, handle: &Value, services: &Services) -> Result<Outcome, Failure> {
        let Some(pipeline) = Pipeline::of(call, services)? else {
            return Err(Failure::new("a webhook is not followed"));
        };
        let run = handle["run"].to_string();
        let act = Act::get(pipeline.below(["pipelines", &pipeline.id, "runs", &run]));
        let run = pipeline.api.ask(&act.asking("api-version", VERSION)).await?;
        let report = report(&run);
        if run["state"] != "completed" {
            return Ok(Outcome::Following { handle: handle.clone(), again: EVERY, report });
        }
        match run["result"].as_str().unwrap_or("unknown") {
            "succeeded" => {
                Ok(Outcome::Done { output: json!({ "runId": run["id"], "result": "succeeded" }), report })
            }
            "canceled" => Ok(Outcome::Cancelled),
            other => {
                let message = format!("the pipeline run ended with {other}");
                Err(Failure { report, ..Failure::new(message) })
            }
        }
    }

    /// Azure DevOps has nothing by which a run could be told from another one of the same pipeline.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Unknown
    }

    async fn cancel(
        &self,
        call: &Call<'_>,
        handle: Option<&Value>,
        services: &Services,
    ) -> Result<(), Failure> {
        let (Some(handle), Some(pipeline)) = (handle, Pipeline::of(call, services)?) else { return Ok(()) };
        // A run of a pipeline is a build, which the older API can end.
        let path = pipeline.below(["build", "builds", &handle["run"].to_string()]);
        let body = Some(json!({ "status": "cancelling" }));
        let act = Act { method: "PATCH", body, ..Act::get(path) }.asking("api-version", VERSION);
        pipeline.api.change(&act).await.map(drop)
    }
}
