//! GITLAB: starts a pipeline with the credential of `integrations.gitlab`, and follows it.
//!
//! Sources: docs.gitlab.com/api/pipelines ("Create a new pipeline", "Get variables for a pipeline") and /api/jobs.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use stagedoor_hosts::Act;

use super::answer::{self, now};
use super::api::Api;
use super::input::{Input, stringified};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::{Level, Services};

const EVERY: Duration = Duration::from_secs(4);
/// A variable of every pipeline of ours, by which it is found again.
const MARK: &str = "STAGEDOOR_RUN_KEY";
/// Lines of each job's log that are kept.
const LINES: usize = 200;
/// Jobs whose logs are read.
const LOGS: usize = 20;
/// Pipelines that are looked through for ours.
const PIPELINES: usize = 50;

/// The back end.
pub(crate) struct GitLab;

struct Project<'a> {
    api: Api<'a>,
    path: String,
    reference: String,
    variables: Vec<Value>,
}

impl<'a> Project<'a> {
    fn of(call: &Call<'_>, services: &'a Services) -> Result<Self, Failure> {
        let input = Input::of(call.input, "invocationMethod");
        let (group, name) = (input.required("groupName")?, input.segment("projectName")?);
        let strange = |part: &str| part.is_empty() || part == "." || part == "..";
        if group.split('/').any(strange) || group.contains(['\\', '?', '#', '%']) {
            return Err(input.wrong("groupName", "a group is expected, such as platform/tools"));
        }
        // Port's way to name another branch is an input of this name.
        let wished = call.run.inputs.get("gitlabRef").and_then(Value::as_str).map(str::to_owned);
        let reference = wished.or(input.text("defaultRef")?).unwrap_or_else(|| "main".to_owned());
        let mut variables = vec![json!({ "key": MARK, "value": call.key })];
        for (key, value) in input.object("pipelineVariables")?.into_iter().flatten() {
            variables.push(json!({ "key": key, "value": stringified(value) }));
        }
        let api = Api::of(services, "gitlab", input.text("host")?, &group)?;
        Ok(Self { api, path: format!("{group}/{name}"), reference, variables })
    }

    fn below<const N: usize>(&self, parts: [&str; N]) -> Vec<String> {
        ["projects", &self.path].into_iter().chain(parts).map(str::to_owned).collect()
    }

    /// The pipeline that has our mark.
    async fn find(&self, key: &str, since: &str) -> Result<Option<Value>, Failure> {
        let list = Act::get(self.below(["pipelines"]))
            .asking("source", "api")
            .asking("updated_after", since)
            .asking("per_page", PIPELINES.to_string());
        let list = self.api.ask(&list).await?;
        for pipeline in list.as_array().into_iter().flatten() {
            let variables = self.below(["pipelines", &pipeline["id"].to_string(), "variables"]);
            let variables = self.api.ask(&Act::get(variables)).await?;
            let ours = |variable: &Value| variable["key"] == MARK && variable["value"] == key;
            if variables.as_array().is_some_and(|all| all.iter().any(ours)) {
                return Ok(Some(pipeline.clone()));
            }
        }
        Ok(None)
    }

    async fn trace(&self, job: &Value) -> Result<Vec<String>, Failure> {
        let act = Act::get(self.below(["jobs", &job["id"].to_string(), "trace"]));
        let answer = self.api.send(&act).await?;
        if answer.status != 200 {
            return Err(answer::refused("its log", &answer));
        }
        let text = String::from_utf8_lossy(&answer.body);
        let lines: Vec<&str> = text.lines().collect();
        Ok(lines[lines.len().saturating_sub(LINES)..].iter().map(|line| plain(line)).collect())
    }
}

/// A line without colours, and without what was overwritten in place.
fn plain(line: &str) -> String {
    let line = line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
    let mut text = String::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            // ECMA-48: a sequence ends with a letter.
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else if !c.is_control() || c == '\t' {
            text.push(c);
        }
    }
    text
}

fn begun(pipeline: &Value) -> Outcome {
    Outcome::Following {
        handle: json!({ "pipeline": pipeline["id"] }),
        again: EVERY,
        report: report(pipeline),
    }
}

fn report(pipeline: &Value) -> Report {
    Report {
        status_label: pipeline["status"].as_str().map(str::to_owned),
        link: pipeline["web_url"].as_str().map(|link| vec![link.to_owned()]),
        external_run_id: Some(pipeline["id"].to_string()),
        ..Report::default()
    }
}

#[async_trait]
impl Performer for GitLab {
    fn id(&self) -> &'static str {
        "GITLAB"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Runs a pipeline of GitLab and follows it.",
            input: json!({ "type": "object", "required": ["projectName", "groupName"], "properties": {
                "projectName": { "type": "string" },
                "groupName": { "type": "string" },
                "defaultRef": { "type": "string", "default": "main" },
                "pipelineVariables": { "type": "object" },
                "host": { "type": "string" },
            }}),
            output: json!({ "type": "object", "properties": {
                "pipelineId": { "type": "integer" }, "url": { "type": "string" }, "status": { "type": "string" },
            }}),
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let project = Project::of(call, services)?;
        let body = json!({ "ref": project.reference, "variables": project.variables });
        let answer = project.api.change(&Act::post(project.below(["pipeline"]), body)).await?;
        let pipeline =
            answer::json("GitLab", &answer).map_err(|broken| Failure { unclear: true, ..broken })?;
        let line = format!("started a pipeline of {} at {}", project.path, project.reference);
        services.log.line(Level::Info, Some(call.step), &line);
        Ok(begun(&pipeline))
    }

    async fn follow(&self, call: &Call<'_>, handle: &Value, services: &Services) -> Result<Outcome, Failure> {
        let project = Project::of(call, services)?;
        let id = handle["pipeline"].to_string();
        let pipeline = project.api.ask(&Act::get(project.below(["pipelines", &id]))).await?;
        let jobs = Act::get(project.below(["pipelines", &id, "jobs"])).asking("per_page", "100");
        let jobs = project.api.ask(&jobs).await?;
        let mut handle = handle.clone();
        let log = |level, text: &str| services.log.line(level, Some(call.step), text);
        for job in jobs.as_array().into_iter().flatten() {
            let (key, status) = (job["id"].to_string(), job["status"].as_str().unwrap_or("unknown"));
            let ended = matches!(status, "success" | "failed" | "canceled" | "skipped");
            if !ended || handle["told"].get(&key).is_some() {
                continue;
            }
            let read = handle["told"].as_object().map_or(0, serde_json::Map::len);
            handle["told"][&key] = true.into();
            let level = if status == "failed" { Level::Error } else { Level::Info };
            let stage = job["stage"].as_str().unwrap_or("stage");
            log(level, &format!("{stage}: {}: {status}", job["name"].as_str().unwrap_or("job")));
            if status != "skipped" && read < LOGS {
                match project.trace(job).await {
                    Ok(lines) => lines.iter().for_each(|line| log(Level::Info, line)),
                    Err(failure) => log(Level::Warn, &format!("its log cannot be read: {}", failure.message)),
                }
            }
        }
        let report = report(&pipeline);
        match pipeline["status"].as_str().unwrap_or("unknown") {
            state @ ("success" | "skipped") => {
                let output =
                    json!({ "pipelineId": pipeline["id"], "url": pipeline["web_url"], "status": state });
                Ok(Outcome::Done { output, report })
            }
            "canceled" => Ok(Outcome::Cancelled),
            "failed" => {
                let message =
                    format!("the pipeline failed: {}", pipeline["web_url"].as_str().unwrap_or_default());
                Err(Failure { report, ..Failure::new(message) })
            }
            // Somebody has to play a job.
            "manual" | "scheduled" => Ok(Outcome::Following { handle, again: EVERY * 8, report }),
            _ => Ok(Outcome::Following { handle, again: EVERY, report }),
        }
    }

    /// A pipeline of ours has a variable that names this step.
    async fn probe(&self, call: &Call<'_>, services: &Services) -> Probe {
        let Ok(project) = Project::of(call, services) else { return Probe::DidNot };
        let since = call.run.created_at.to_string();
        match project.find(call.key, &since).await {
            Ok(Some(pipeline)) => Probe::Happened(Box::new(begun(&pipeline))),
            // A pipeline shows at once; what was cut off a few seconds ago is not still on its way.
            Ok(None) if now() - call.run.updated_at.0 / 1000 > 5 => Probe::DidNot,
            _ => Probe::Unknown,
        }
    }

    async fn cancel(
        &self,
        call: &Call<'_>,
        handle: Option<&Value>,
        services: &Services,
    ) -> Result<(), Failure> {
        let Some(handle) = handle else { return Ok(()) };
        let project = Project::of(call, services)?;
        let path = project.below(["pipelines", &handle["pipeline"].to_string(), "cancel"]);
        project.api.change(&Act { method: "POST", ..Act::get(path) }).await.map(drop)
    }
}
