//! KUBERNETES_JOB: makes a Job in a cluster, follows it, and tells its pods' logs.
//!
//! Plain HTTPS to the API (kubernetes.io/docs/reference/kubernetes-api: Job, Pod). The name of the Job comes of the
//! step's key, so that a repetition meets the Job that is there already.

mod api;
mod logs;

use std::time::Duration;

use async_trait::async_trait;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use self::api::Api;
use super::answer::refused;
use super::input::Input;
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::{Level, Services};

const EVERY: Duration = Duration::from_secs(2);
/// Names the step that made a Job.
const MARK: &str = "stagedoor.io/run-key";

/// The back end.
pub(crate) struct KubernetesJob;

/// A Job that is to be, or is.
pub(super) struct Job {
    api: Api,
    name: String,
    body: Value,
}

impl Job {
    fn of(call: &Call<'_>, services: &Services) -> Result<Self, Failure> {
        let input = Input::of(call.input, "invocationMethod");
        let mut body = match input.get("manifest") {
            Some(Value::Object(manifest)) => Value::Object(manifest.clone()),
            _ => return Err(input.wrong("manifest", "a Job is expected, as an object")),
        };
        for (key, expected) in [("apiVersion", "batch/v1"), ("kind", "Job")] {
            match body[key].as_str() {
                None => body[key] = expected.into(),
                Some(given) if given == expected => {}
                Some(_) => {
                    return Err(input.wrong(&format!("manifest.{key}"), &format!("{expected} is expected")));
                }
            }
        }
        if !body["metadata"].is_object() {
            body["metadata"] = json!({});
        }
        let metadata = &mut body["metadata"];
        let inside = metadata["namespace"].as_str().map(str::to_owned);
        let namespace = match (input.text("namespace")?, inside) {
            (Some(one), Some(other)) if one != other => {
                return Err(input.wrong("namespace", "the manifest names another one"));
            }
            (one, other) => one.or(other).unwrap_or_else(|| "default".to_owned()),
        };
        if !is_name(&namespace) {
            return Err(input.wrong("namespace", "lower-case letters, digits and - are expected"));
        }
        let prefix = metadata["name"].as_str().or(metadata["generateName"].as_str());
        let name = name(prefix.unwrap_or(&call.run.of.identifier), call.key);
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.remove("generateName");
        }
        (metadata["name"], metadata["namespace"]) = (name.clone().into(), namespace.clone().into());
        for key in ["annotations", "labels"] {
            if !metadata[key].is_object() {
                metadata[key] = json!({});
            }
        }
        metadata["annotations"][MARK] = call.key.into();
        metadata["labels"]["app.kubernetes.io/managed-by"] = "stagedoor".into();
        Ok(Self { api: Api::of(input, &namespace, services)?, name, body })
    }

    fn handle(&self) -> Outcome {
        let report = Report { external_run_id: Some(self.name.clone()), ..Report::default() };
        Outcome::Following { handle: json!({ "job": self.name }), again: EVERY, report }
    }

    fn is_ours(job: &Value, key: &str) -> bool {
        job["metadata"]["annotations"][MARK] == key
    }
}

/// What a label of DNS may be (RFC 1123), as names of namespaces are.
fn is_name(text: &str) -> bool {
    let inner = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    inner && !text.is_empty() && text.len() <= 63 && !text.starts_with('-') && !text.ends_with('-')
}

/// The prefix as far as it is a name, and ten digits of the key.
fn name(prefix: &str, key: &str) -> String {
    let clean: String = prefix
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .take(50)
        .collect();
    let clean = clean.trim_matches('-');
    let digits = digest(&SHA256, key.as_bytes());
    let start = format!("{}-", if clean.is_empty() { "run" } else { clean });
    digits.as_ref().iter().take(5).fold(start, |text, byte| format!("{text}{byte:02x}"))
}

/// How a Job ended: the condition that is true.
fn ended(job: &Value) -> Option<(&Value, bool)> {
    let conditions = job["status"]["conditions"].as_array()?;
    let is = |condition: &&Value, kind: &str| condition["type"] == kind && condition["status"] == "True";
    let good = conditions.iter().find(|condition| is(condition, "Complete"));
    let bad = || conditions.iter().find(|condition| is(condition, "Failed"));
    good.map(|condition| (condition, true)).or_else(|| bad().map(|condition| (condition, false)))
}

#[async_trait]
impl Performer for KubernetesJob {
    fn id(&self) -> &'static str {
        "KUBERNETES_JOB"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        Description {
            text: "Runs a Job in a Kubernetes cluster and shows its log.",
            input: json!({ "type": "object", "required": ["cluster", "manifest"], "properties": {
                "cluster": { "description": "name of a cluster of the configuration, or url, token and caData" },
                "namespace": { "type": "string", "default": "default" },
                "manifest": { "type": "object" },
            }}),
            output: json!({ "type": "object", "properties": {
                "job": { "type": "string" }, "namespace": { "type": "string" }, "succeeded": { "type": "integer" },
            }}),
            dry_run: true,
            ..Description::default()
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let job = Job::of(call, services)?;
        let query = if call.dry_run { "?dryRun=All" } else { "" };
        // Sent twice it is made once, so what was lost on the way is sent again.
        let answer = job.api.send("POST", &format!("{}{query}", job.api.jobs()), Some(&job.body)).await?;
        let log = |text: &str| services.log.line(Level::Info, Some(call.step), text);
        match answer.status {
            200..=299 if call.dry_run => {
                log(&format!("the cluster would take the job {}", job.name));
                Ok(Outcome::Done { output: json!({ "job": job.name }), report: Report::default() })
            }
            200..=299 => {
                log(&format!("made the job {} in {}", job.name, job.api.namespace));
                Ok(job.handle())
            }
            409 => match job.api.job(&job.name).await? {
                Some(there) if Job::is_ours(&there, call.key) => Ok(job.handle()),
                _ => Err(refused("the cluster", &answer)),
            },
            _ => Err(api::judged(&answer)),
        }
    }

    async fn follow(&self, call: &Call<'_>, handle: &Value, services: &Services) -> Result<Outcome, Failure> {
        let job = Job::of(call, services)?;
        // First the state, then the logs: so that those of a Job that has ended are whole.
        let Some(state) = job.api.job(&job.name).await? else {
            services.log.line(
                Level::Warn,
                Some(call.step),
                "the job is no longer there: somebody has removed it",
            );
            return Ok(Outcome::Cancelled);
        };
        let mut handle = handle.clone();
        let seen = logs::tell(&job, &mut handle, call, services).await;
        let count = |key: &str| state["status"][key].as_u64().unwrap_or_default();
        let label = seen
            .label
            .clone()
            .unwrap_or_else(|| if count("active") > 0 { "running".to_owned() } else { "waiting".to_owned() });
        let report = Report { status_label: Some(label), ..Report::default() };
        match ended(&state) {
            None => Ok(Outcome::Following { handle, again: EVERY, report }),
            Some((_, true)) => {
                let output = json!({ "job": job.name, "namespace": job.api.namespace, "succeeded": count("succeeded") });
                Ok(Outcome::Done {
                    output,
                    report: Report { status_label: Some("complete".to_owned()), ..Report::default() },
                })
            }
            Some((condition, false)) => {
                let text = |key: &str| condition[key].as_str().unwrap_or_default();
                let last = seen.failed.map(|why| format!("; {why}")).unwrap_or_default();
                let message = format!("the job failed: {} ({}){last}", text("message"), text("reason"));
                Err(Failure {
                    report: Report { status_label: Some("failed".to_owned()), ..Report::default() },
                    ..Failure::new(message)
                })
            }
        }
    }

    async fn probe(&self, call: &Call<'_>, services: &Services) -> Probe {
        let Ok(job) = Job::of(call, services) else { return Probe::DidNot };
        match job.api.job(&job.name).await {
            Ok(Some(there)) if Job::is_ours(&there, call.key) => Probe::Happened(Box::new(job.handle())),
            Ok(_) => Probe::DidNot,
            Err(_) => Probe::Repeat,
        }
    }

    /// Its name is known before it is made, so it is ended whether or not its making was seen.
    async fn cancel(
        &self,
        call: &Call<'_>,
        _handle: Option<&Value>,
        services: &Services,
    ) -> Result<(), Failure> {
        let job = Job::of(call, services)?;
        if !job.api.job(&job.name).await?.is_some_and(|there| Job::is_ours(&there, call.key)) {
            return Ok(());
        }
        let path = format!("{}/{}?propagationPolicy=Background", job.api.jobs(), job.name);
        let answer = job.api.send("DELETE", &path, None).await?;
        match answer.status {
            200..=299 | 404 => Ok(()),
            _ => Err(api::judged(&answer)),
        }
    }
}
