//! How a workflow run is getting on: its jobs and their steps as lines of the log, and its end.

use serde_json::{Value, json};
use stagedoor_hosts::Act;
use stagedoor_outbound::Delivery;
use url::Url;

use super::{EVERY, Workflow};
use crate::performer::{Call, Failure, Outcome, Report};
use crate::services::{Level, Services};

/// Lines of each job's log that are kept: the last ones, where the reason of a failure stands.
const LINES: usize = 200;
/// Jobs whose logs are read.
const LOGS: usize = 20;
const LARGEST_LOG: usize = 4 * 1024 * 1024;

pub(super) async fn follow(
    workflow: &Workflow<'_>,
    id: u64,
    handle: &Value,
    call: &Call<'_>,
    services: &Services,
) -> Result<Outcome, Failure> {
    let number = id.to_string();
    let run = workflow.api.ask(&Act::get(workflow.below(["actions", "runs", &number]))).await?;
    let jobs = workflow.below(["actions", "runs", &number, "jobs"]);
    let jobs = workflow.api.ask(&Act::get(jobs).asking("per_page", "100")).await?;
    let mut handle = handle.clone();
    let log = |level, text: &str| services.log.line(level, Some(call.step), text);
    for job in jobs["jobs"].as_array().into_iter().flatten() {
        tell(job, &mut handle, &log);
        let (key, ended) = (key(job), job["status"] == "completed");
        let read = handle["logs"].as_object().map_or(0, serde_json::Map::len);
        if ended && handle["logs"].get(&key).is_none() && read < LOGS {
            handle["logs"][&key] = true.into();
            match job_log(workflow, job, services).await {
                Ok(lines) => lines.iter().for_each(|line| log(Level::Info, line)),
                Err(failure) => {
                    log(Level::Warn, &format!("the log of a job cannot be read: {}", failure.message))
                }
            }
        }
    }
    let link = run["html_url"].as_str().map(|link| vec![link.to_owned()]);
    let state = run["conclusion"].as_str().or(run["status"].as_str()).unwrap_or("unknown");
    let report = Report {
        status_label: Some(state.to_owned()),
        external_run_id: Some(number),
        link,
        ..Report::default()
    };
    if run["status"] != "completed" {
        return Ok(Outcome::Following { handle, again: EVERY, report });
    }
    match state {
        "success" | "neutral" | "skipped" => {
            let output = json!({ "runId": id, "url": run["html_url"], "conclusion": state });
            Ok(Outcome::Done { output, report })
        }
        "cancelled" => Ok(Outcome::Cancelled),
        other => {
            let message =
                format!("the workflow run ended with {other}: {}", run["html_url"].as_str().unwrap_or(""));
            Err(Failure { report, ..Failure::new(message) })
        }
    }
}

fn key(job: &Value) -> String {
    job["id"].to_string()
}

/// A line for each step that has ended since the last time, and for the job itself.
fn tell(job: &Value, handle: &mut Value, log: &dyn Fn(Level, &str)) {
    let key = key(job);
    let told = handle["jobs"][&key].as_u64().unwrap_or_default();
    let name = job["name"].as_str().unwrap_or("job");
    let level = |conclusion: &str| if conclusion == "failure" { Level::Error } else { Level::Info };
    let mut ended = 0;
    for step in job["steps"].as_array().into_iter().flatten() {
        let Some(conclusion) = step["conclusion"].as_str() else { continue };
        ended += 1;
        if ended > told {
            let line = format!("{name}: {}: {conclusion}", step["name"].as_str().unwrap_or("step"));
            log(level(conclusion), &line);
        }
    }
    handle["jobs"][&key] = ended.max(told).into();
    if let Some(conclusion) = job["conclusion"].as_str().filter(|_| handle["logs"].get(&key).is_none()) {
        log(level(conclusion), &format!("{name}: {conclusion}"));
    }
}

/// The end of a job's log. GitHub answers with the address of a file at another host, which gets no credential.
async fn job_log(workflow: &Workflow<'_>, job: &Value, services: &Services) -> Result<Vec<String>, Failure> {
    let act = Act::get(workflow.below(["actions", "jobs", &key(job), "logs"]));
    let answer = workflow.api.send(&Act { max_bytes: LARGEST_LOG, ..act }).await?;
    let body = match (answer.status, answer.header("location")) {
        (200, _) => answer.body,
        (302, Some(location)) => {
            let url = Url::parse(location).map_err(|error| Failure::new(error.to_string()))?;
            let wanted = Delivery { max_bytes: LARGEST_LOG, ..Delivery::new("GET") };
            let file = services.egress.deliver(&url, wanted).await;
            let file = file.map_err(|error| Failure::new(error.to_string()))?;
            if file.status != 200 {
                return Err(Failure::new(format!("its file answered with status {}", file.status)));
            }
            file.body
        }
        // Nothing was written, or it is no longer kept.
        (status, _) => return Err(Failure::new(format!("it answered with status {status}"))),
    };
    let text = String::from_utf8_lossy(&body);
    let lines: Vec<&str> = text.lines().map(|line| line.trim_start_matches('\u{feff}')).collect();
    Ok(lines[lines.len().saturating_sub(LINES)..].iter().map(|line| without_time(line)).collect())
}

/// Each line begins with its time; the run's log has times of its own.
fn without_time(line: &str) -> String {
    match line.split_once(' ') {
        Some((time, rest)) if time.ends_with('Z') && time.contains('T') => rest.to_owned(),
        _ => line.to_owned(),
    }
}
