//! GITHUB: dispatches a workflow with the credential of `integrations.github`, and follows the run that comes of it.
//!
//! Sources: docs.github.com/rest/actions/workflows, "Create a workflow dispatch event"; /workflow-runs; /workflow-jobs.

mod found;
mod progress;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Act;

use self::found::{Listed, newest};
use super::answer::{self, now};
use super::api::Api;
use super::input::{Input, stringified};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::{Level, Services};

/// How often it is asked after.
const EVERY: Duration = Duration::from_secs(4);
/// How often the run of a dispatch is looked for before that is given up.
const TRIES: u64 = 30;
/// A dispatch shows in the list of runs after so many seconds at the latest.
const SHOWS_AFTER: i64 = 60;
/// Seconds that a question after a crash may wait for that.
const MOST_PATIENCE: u64 = 10;

/// The back end.
pub(crate) struct GitHub;

/// What an input names.
pub(super) struct Workflow<'a> {
    api: Api<'a>,
    org: String,
    repo: String,
    workflow: String,
    reference: Option<String>,
    inputs: Map<String, Value>,
    follows: bool,
}

impl<'a> Workflow<'a> {
    fn of(call: &Call<'_>, services: &'a Services) -> Result<Self, Failure> {
        let input = Input::of(call.input, "invocationMethod");
        let (org, repo) = (input.segment("org")?, input.segment("repo")?);
        let mut inputs = Map::new();
        for (name, value) in input.object("workflowInputs")?.into_iter().flatten() {
            // GitHub takes texts alone, and nothing for what is absent.
            if !value.is_null() {
                inputs.insert(name.clone(), stringified(value).into());
            }
        }
        let named = inputs.remove("ref").and_then(|value| value.as_str().map(str::to_owned));
        Ok(Self {
            api: Api::of(services, "github", input.text("host")?, &org)?,
            workflow: input.segment("workflow")?,
            reference: input.text("ref")?.or(named).filter(|name| !name.is_empty()),
            follows: input.flag("reportWorkflowStatus", true)?,
            inputs,
            org,
            repo,
        })
    }

    /// An address below the repository.
    fn below<const N: usize>(&self, parts: [&str; N]) -> Vec<String> {
        let repository = ["repos", &self.org, &self.repo];
        repository.into_iter().chain(parts).map(str::to_owned).collect()
    }

    async fn default_branch(&self) -> Result<String, Failure> {
        let repository = self.api.ask(&Act::get(self.below([]))).await?;
        let name = repository["default_branch"].as_str().map(str::to_owned);
        name.ok_or_else(|| Failure::new(format!("{}/{} has no default branch", self.org, self.repo)))
    }

    /// Dispatches it. GitHub names the run where it knows the question for it; servers that do not refuse the key.
    async fn dispatch(&self) -> Result<Value, Failure> {
        let reference = match &self.reference {
            Some(named) => named.clone(),
            None => self.default_branch().await?,
        };
        let path = self.below(["actions", "workflows", &self.workflow, "dispatches"]);
        let body = json!({ "ref": reference, "inputs": self.inputs, "return_run_details": true });
        let mut act = Act::post(path, body);
        let answer = match self.api.change(&act).await {
            Err(failure) if failure.message.contains("return_run_details") => {
                if let Some(body) = act.body.as_mut().and_then(Value::as_object_mut) {
                    body.remove("return_run_details");
                }
                self.api.change(&act).await?
            }
            answer => answer?,
        };
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// What is said of a run that is known.
    fn known(&self, run: &Value) -> Outcome {
        let (id, link) = (run["id"].as_u64().unwrap_or_default(), run["html_url"].as_str());
        let report = Report {
            external_run_id: Some(id.to_string()),
            link: link.map(|link| vec![link.to_owned()]),
            ..Report::default()
        };
        match self.follows {
            true => Outcome::Following { handle: json!({ "run": id }), again: EVERY, report },
            false => Outcome::Reported { report },
        }
    }

    /// Looks for the run of a dispatch in the list of runs.
    async fn find(&self, handle: &Value, run: &str) -> Result<Listed, Failure> {
        let after = handle["after"].as_u64();
        let since = handle["since"].as_str().unwrap_or_default();
        Ok(newest(&self.list(since).await?, run, after))
    }

    async fn list(&self, since: &str) -> Result<Value, Failure> {
        let path = self.below(["actions", "workflows", &self.workflow, "runs"]);
        let act = Act::get(path).asking("event", "workflow_dispatch").asking("per_page", "100");
        let act = if since.is_empty() { act } else { act.asking("created", format!(">={since}")) };
        self.api.ask(&act).await
    }
}

#[async_trait]
impl Performer for GitHub {
    fn id(&self) -> &'static str {
        "GITHUB"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Runs a workflow of GitHub Actions and follows it.",
            input: json!({ "type": "object", "required": ["org", "repo", "workflow"], "properties": {
                "org": { "type": "string" },
                "repo": { "type": "string" },
                "workflow": { "type": "string" },
                "workflowInputs": { "type": "object" },
                "reportWorkflowStatus": { "type": "boolean", "default": true },
                "ref": { "type": "string" },
                "host": { "type": "string" },
            }}),
            output: json!({ "type": "object", "properties": {
                "runId": { "type": "integer" }, "url": { "type": "string" }, "conclusion": { "type": "string" },
            }}),
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let workflow = Workflow::of(call, services)?;
        // What is there already is not what comes of this.
        let before = workflow.list("").await;
        let after = before.as_ref().ok().and_then(found::last);
        let since = found::since(now());
        let told = workflow.dispatch().await?;
        let line = format!("dispatched {} of {}/{}", workflow.workflow, workflow.org, workflow.repo);
        services.log.line(Level::Info, Some(call.step), &line);
        if let Some(id) = told["workflow_run_id"].as_u64() {
            return Ok(workflow.known(&json!({ "id": id, "html_url": told["html_url"] })));
        }
        let handle = json!({ "since": since, "after": after, "tries": 0 });
        Ok(Outcome::Following { handle, again: EVERY, report: Report::default() })
    }

    async fn follow(&self, call: &Call<'_>, handle: &Value, services: &Services) -> Result<Outcome, Failure> {
        let workflow = Workflow::of(call, services)?;
        if let Some(id) = handle["run"].as_u64() {
            return progress::follow(&workflow, id, handle, call, services).await;
        }
        let tries = handle["tries"].as_u64().unwrap_or_default() + 1;
        let gave_up = |why: &str| {
            let line = format!("{why}; whoever runs the workflow has to report its end");
            services.log.line(Level::Warn, Some(call.step), &line);
            Ok(Outcome::Reported { report: Report::default() })
        };
        match workflow.find(handle, &call.run.id).await? {
            Listed::This(run) => Ok(workflow.known(&run)),
            Listed::Several => gave_up(
                "several runs were dispatched at the same time, and none has this run's id in its name",
            ),
            Listed::None if tries >= TRIES => gave_up("GitHub shows no run that came of it"),
            Listed::None => {
                let mut handle = handle.clone();
                handle["tries"] = tries.into();
                Ok(Outcome::Following { handle, again: EVERY, report: Report::default() })
            }
        }
    }

    /// A run whose name has this run's id came of it. Where none was dispatched since, none did; else nobody can tell.
    async fn probe(&self, call: &Call<'_>, services: &Services) -> Probe {
        let Ok(workflow) = Workflow::of(call, services) else { return Probe::DidNot };
        let started =
            call.run.steps.iter().find(|step| step.id == call.step).and_then(|step| step.started_at);
        let started = started.unwrap_or(call.run.created_at);
        let begun = started.0 / 1000;
        // What was dispatched a moment ago may not be shown yet.
        let wait = u64::try_from(begun + SHOWS_AFTER - now()).unwrap_or_default();
        tokio::time::sleep(Duration::from_secs(wait.min(MOST_PATIENCE))).await;
        match workflow.list(&found::since(begun)).await {
            Ok(list) if list["total_count"] == 0 && now() >= begun + SHOWS_AFTER => Probe::DidNot,
            Ok(list) => match newest(&list, &call.run.id, None) {
                Listed::This(run) if found::is_named(&run, &call.run.id) => {
                    Probe::Happened(Box::new(workflow.known(&run)))
                }
                _ => Probe::Unknown,
            },
            Err(_) => Probe::Unknown,
        }
    }

    async fn cancel(
        &self,
        call: &Call<'_>,
        handle: Option<&Value>,
        services: &Services,
    ) -> Result<(), Failure> {
        let Some(handle) = handle else { return Ok(()) };
        let workflow = Workflow::of(call, services)?;
        let id = match handle["run"].as_u64() {
            Some(id) => id,
            None => match workflow.find(handle, &call.run.id).await? {
                Listed::This(run) => run["id"].as_u64().unwrap_or_default(),
                _ => return Err(Failure::new("GitHub does not show yet which run came of it")),
            },
        };
        let path = workflow.below(["actions", "runs", &id.to_string(), "cancel"]);
        let act = Act { method: "POST", ..Act::get(path) };
        let answer = workflow.api.send(&act).await?;
        match answer.status {
            // 409: it has ended already.
            200..=299 | 409 => Ok(()),
            _ => Err(answer::refused("cancelling the workflow run", &answer)),
        }
    }
}
