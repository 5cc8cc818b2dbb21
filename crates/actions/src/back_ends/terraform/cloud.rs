//! Terraform Cloud and Enterprise (developer.hashicorp.com/terraform/cloud-docs/api-docs: run, plan, apply, workspaces).

use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_outbound::{Delivered, Delivery};
use url::Url;

use super::confirm::approved;
use crate::back_ends::answer::{self, now, pause, refused, undelivered};
use crate::back_ends::input::{Input, stringified};
use crate::performer::{Call, Failure, Outcome, Probe, Report};
use crate::services::{Level, Services};

const EVERY: Duration = Duration::from_secs(5);
const JSON_API: &str = "application/vnd.api+json";

/// What an input names.
struct Cloud<'a> {
    services: &'a Services,
    address: String,
    token: String,
    organization: String,
    workspace: String,
    auto: bool,
    destroy: bool,
    variables: Vec<Value>,
    confirm: Option<String>,
}

impl<'a> Cloud<'a> {
    fn of(call: &Call<'_>, services: &'a Services) -> Result<Self, Failure> {
        let input = Input::of(call.input, "invocationMethod");
        let settings = &services.back_ends.terraform;
        let known = settings.token.as_ref().map(|token| token.expose().to_owned());
        let token = input.text("token")?.or(known);
        let mut variables = Vec::new();
        for (key, value) in input.object("variables")?.into_iter().flatten() {
            // Values of runs are HCL; JSON is for all that there is in it.
            let value = match value {
                Value::Null => continue,
                text @ Value::String(_) => text.to_string().replace("${", "$${").replace("%{", "%%{"),
                other => stringified(other),
            };
            variables.push(json!({ "key": key, "value": value }));
        }
        let confirm = match input.get("confirmRun") {
            None => None,
            Some(_) => Some(input.segment("confirmRun")?),
        };
        let needs = |key: &str| if confirm.is_some() { Ok(String::new()) } else { input.segment(key) };
        Ok(Self {
            services,
            address: settings.address.clone(),
            token: token
                .ok_or_else(|| input.wrong("token", "this is required, or stagedoor.terraform.token"))?,
            organization: needs("organization")?,
            workspace: needs("workspace")?,
            auto: input.flag("autoApply", false)?,
            destroy: input.flag("destroy", false)?,
            variables,
            confirm,
        })
    }

    async fn send(&self, method: &str, path: &[&str], body: Option<Value>) -> Result<Delivered, Failure> {
        let mut url = Url::parse(&self.address).map_err(|error| Failure::new(error.to_string()))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v2"]).extend(path);
        }
        let delivery = Delivery { max_bytes: 8 * 1024 * 1024, ..Delivery::new(method) };
        let delivery = delivery
            .with("authorization", format!("Bearer {}", self.token))
            .with("content-type", JSON_API)
            .with("accept", JSON_API);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let delivery = Delivery { body: body.into(), ..delivery };
        let answer = self.services.egress.deliver(&url, delivery).await;
        let answer = answer.map_err(|error| undelivered(&error, method == "GET"))?;
        let failure = || refused(&format!("{method} {}", url.path()), &answer);
        match answer.status {
            200..=299 => Ok(answer),
            429 | 503 => Err(Failure { retry: Some(pause(&answer, now())), ..failure() }),
            500..=599 if method == "GET" => Err(Failure { retry: Some(pause(&answer, now())), ..failure() }),
            500..=599 => Err(Failure { unclear: true, ..failure() }),
            _ => Err(failure()),
        }
    }

    async fn get(&self, path: &[&str]) -> Result<Value, Failure> {
        answer::json("Terraform", &self.send("GET", path, None).await?)
    }

    async fn workspace_id(&self) -> Result<String, Failure> {
        let found = self.get(&["organizations", &self.organization, "workspaces", &self.workspace]).await?;
        let id = found["data"]["id"].as_str().map(str::to_owned);
        id.ok_or_else(|| Failure::new("Terraform does not say what the workspace's id is"))
    }

    async fn start(&self, call: &Call<'_>) -> Result<Value, Failure> {
        let workspace = self.workspace_id().await?;
        let attributes = json!({
            "message": message(call), "is-destroy": self.destroy, "auto-apply": false, "variables": self.variables,
        });
        let body = json!({ "data": { "type": "runs", "attributes": attributes, "relationships": {
            "workspace": { "data": { "type": "workspaces", "id": workspace } },
        }}});
        let answer = self.send("POST", &["runs"], Some(body)).await?;
        answer::json("Terraform", &answer).map_err(|broken| Failure { unclear: true, ..broken })
    }

    fn begun(&self, id: &str) -> Outcome {
        let report = Report {
            external_run_id: Some(id.to_owned()),
            link: (!self.workspace.is_empty()).then(|| {
                let (org, workspace) = (&self.organization, &self.workspace);
                vec![format!("{}/app/{org}/workspaces/{workspace}/runs/{id}", self.address)]
            }),
            ..Report::default()
        };
        Outcome::Following { handle: json!({ "run": id }), again: EVERY, report }
    }

    async fn apply(&self, id: &str, call: &Call<'_>) -> Result<(), Failure> {
        let comment = json!({ "comment": message(call) });
        self.send("POST", &["runs", id, "actions", "apply"], Some(comment)).await.map(drop)
    }

    /// What the plan of a run would do, in a line.
    async fn planned(&self, run: &Value) -> Option<String> {
        let plan = run["data"]["relationships"]["plan"]["data"]["id"].as_str()?;
        let plan = self.get(&["plans", plan]).await.ok()?;
        let count = |what: &str| plan["data"]["attributes"][format!("resource-{what}")].as_u64().unwrap_or(0);
        let (add, change, destroy) = (count("additions"), count("changes"), count("destructions"));
        Some(format!("Plan: {add} to add, {change} to change, {destroy} to destroy"))
    }
}

/// What a run is told apart by.
fn message(call: &Call<'_>) -> String {
    format!("Stagedoor: {} ({})", call.run.of.identifier, call.key)
}

pub(super) async fn perform(call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
    let cloud = Cloud::of(call, services)?;
    let log = |text: &str| services.log.line(Level::Info, Some(call.step), text);
    if let Some(id) = &cloud.confirm {
        approved(call)?;
        cloud.apply(id, call).await?;
        log(&format!("confirmed the run {id}"));
        return Ok(cloud.begun(id));
    }
    let run = cloud.start(call).await?;
    let id = run["data"]["id"].as_str().ok_or_else(|| Failure::unclear("Terraform names no run"))?;
    log(&format!("began the run {id} in {}/{}", cloud.organization, cloud.workspace));
    Ok(cloud.begun(id))
}

pub(super) async fn follow(call: &Call<'_>, handle: &Value, services: &Services) -> Result<Outcome, Failure> {
    let cloud = Cloud::of(call, services)?;
    let id = handle["run"].as_str().unwrap_or_default();
    let run = cloud.get(&["runs", id]).await?;
    let attributes = &run["data"]["attributes"];
    let status = attributes["status"].as_str().unwrap_or("unknown");
    let log = |text: &str| services.log.line(Level::Info, Some(call.step), text);
    let mut handle = handle.clone();
    let mut report = Report { status_label: Some(status.to_owned()), ..Report::default() };
    if handle["status"] != status {
        log(&format!("{id} is {status}"));
        handle["status"] = status.into();
    }
    let waits = attributes["actions"]["is-confirmable"] == true;
    if (waits || status.starts_with("planned_and")) && handle["planned"].is_null() {
        handle["planned"] = true.into();
        report.summary = cloud.planned(&run).await;
        report.summary.iter().for_each(|summary| log(summary));
        if waits && !cloud.auto {
            log("it waits until somebody confirms it in Terraform, or runs an action with confirmRun");
        }
    }
    if waits && cloud.auto && handle["applied"].is_null() {
        approved(call)?;
        cloud.apply(id, call).await?;
        handle["applied"] = true.into();
    }
    match status {
        "applied" | "planned_and_finished" | "planned_and_saved" => {
            let output = json!({ "plan": id, "changes": attributes["has-changes"], "status": status });
            Ok(Outcome::Done { output, report })
        }
        "canceled" | "force_canceled" | "discarded" => Ok(Outcome::Cancelled),
        "errored" | "policy_soft_failed" => {
            Err(Failure { report, ..Failure::new(format!("the run {id} ended as {status}")) })
        }
        _ => Ok(Outcome::Following { handle, again: EVERY, report }),
    }
}

/// A run of ours says so in its message.
pub(super) async fn probe(call: &Call<'_>, services: &Services) -> Probe {
    let Ok(cloud) = Cloud::of(call, services) else { return Probe::DidNot };
    if let Some(id) = &cloud.confirm {
        return match cloud.get(&["runs", id]).await {
            Ok(run) if run["data"]["attributes"]["actions"]["is-confirmable"] == true => Probe::DidNot,
            Ok(_) => Probe::Happened(Box::new(cloud.begun(id))),
            Err(_) => Probe::Unknown,
        };
    }
    let Ok(workspace) = cloud.workspace_id().await else { return Probe::Unknown };
    match cloud.get(&["workspaces", &workspace, "runs"]).await {
        Ok(list) => {
            let ours = |run: &&Value| run["attributes"]["message"] == message(call).as_str();
            let found = list["data"].as_array().and_then(|runs| runs.iter().find(ours));
            match found.and_then(|run| run["id"].as_str()) {
                Some(id) => Probe::Happened(Box::new(cloud.begun(id))),
                None => Probe::DidNot,
            }
        }
        Err(_) => Probe::Unknown,
    }
}

/// Discards what waits, ends what is under way.
pub(super) async fn cancel(call: &Call<'_>, handle: &Value, services: &Services) -> Result<(), Failure> {
    let cloud = Cloud::of(call, services)?;
    let id = handle["run"].as_str().unwrap_or_default();
    let run = cloud.get(&["runs", id]).await?;
    let may = |what: &str| run["data"]["attributes"]["actions"][what] == true;
    let how = match (may("is-discardable"), may("is-cancelable")) {
        (true, _) => "discard",
        (false, true) => "cancel",
        (false, false) => return Err(Failure::new("Terraform does not let this run be ended now")),
    };
    let comment = json!({ "comment": message(call) });
    cloud.send("POST", &["runs", id, "actions", how], Some(comment)).await.map(drop)
}
