//! The logs of a Job's pods, line by line as they grow.

use serde_json::{Map, Value};

use super::Job;
use crate::performer::Call;
use crate::services::{Level, Services};

/// Lines of one run; what is beyond stays in the cluster.
const MOST: u64 = 5000;
/// Bytes that are asked for at once.
const AT_ONCE: usize = 256 * 1024;

/// What the pods show.
#[derive(Default)]
pub(super) struct Seen {
    /// A word for how they are doing, where they say one: `ImagePullBackOff`.
    pub(super) label: Option<String>,
    /// Why a container failed.
    pub(super) failed: Option<String>,
}

/// Tells what is new in the logs. What cannot be read now is read the next time.
pub(super) async fn tell(job: &Job, handle: &mut Value, call: &Call<'_>, services: &Services) -> Seen {
    let mut seen = Seen::default();
    let path = format!("/api/v1/namespaces/{}/pods?labelSelector=job-name%3D{}", job.api.namespace, job.name);
    let pods = match job.api.send("GET", &path, None).await {
        Ok(answer) if answer.status == 200 => serde_json::from_slice(&answer.body).unwrap_or(Value::Null),
        _ => return seen,
    };
    for pod in pods["items"].as_array().into_iter().flatten() {
        for kind in ["initContainerStatuses", "containerStatuses"] {
            for status in pod["status"][kind].as_array().into_iter().flatten() {
                look(status, &mut seen);
                let begun = ["running", "terminated"].iter().any(|key| status["state"].get(key).is_some());
                let restarted = status["lastState"].get("terminated").is_some();
                if begun || restarted {
                    read(job, pod, status, handle, call, services).await;
                }
            }
        }
    }
    seen
}

fn look(status: &Value, seen: &mut Seen) {
    if let Some(reason) = status["state"]["waiting"]["reason"].as_str() {
        seen.label = Some(reason.to_owned());
    }
    let ended = &status["state"]["terminated"];
    if ended["exitCode"].as_i64().is_some_and(|code| code != 0) {
        let name = status["name"].as_str().unwrap_or("a container");
        let reason = ended["reason"].as_str().unwrap_or("Error");
        seen.failed = Some(format!("{name} ended with code {} ({reason})", ended["exitCode"]));
    }
}

/// New lines of one container. Each begins with its time; the time of the last one is kept.
async fn read(
    job: &Job,
    pod: &Value,
    status: &Value,
    handle: &mut Value,
    call: &Call<'_>,
    services: &Services,
) {
    let (Some(pod), Some(name)) = (pod["metadata"]["name"].as_str(), status["name"].as_str()) else { return };
    let told = handle["lines"].as_u64().unwrap_or_default();
    if told >= MOST || ![pod, name].iter().all(|part| is_plain(part)) {
        return;
    }
    let key = format!("{pod}/{name}");
    let last = handle["logs"][&key].as_str().unwrap_or_default().to_owned();
    let since = if last.is_empty() { String::new() } else { format!("&sinceTime={last}Z") };
    let path = format!(
        "/api/v1/namespaces/{}/pods/{pod}/log?container={name}&timestamps=true&limitBytes={AT_ONCE}{since}",
        job.api.namespace
    );
    let Ok(answer) = job.api.send("GET", &path, None).await else { return };
    if answer.status != 200 {
        return;
    }
    let text = String::from_utf8_lossy(&answer.body);
    let (mut newest, mut lines) = (last, told);
    for line in text.split_inclusive('\n') {
        // Half a line, at the end of what is read at once, comes whole the next time; a last one without an end does not.
        if !line.ends_with('\n') && answer.body.len() >= AT_ONCE {
            break;
        }
        let Some((time, rest)) = line.trim_end().split_once(' ').or_else(|| Some((line.trim_end(), "")))
        else {
            continue;
        };
        let time = time.trim_end_matches('Z');
        if time <= newest.as_str() {
            continue;
        }
        newest = time.to_owned();
        lines += 1;
        if lines > MOST {
            services.log.line(Level::Warn, Some(call.step), "there is more, which stays in the cluster");
            break;
        }
        let rest: String = rest.chars().filter(|c| !c.is_control() || *c == '\t').collect();
        services.log.line(Level::Info, Some(call.step), &rest);
    }
    handle["lines"] = lines.into();
    if !handle["logs"].is_object() {
        handle["logs"] = Value::Object(Map::new());
    }
    handle["logs"][&key] = newest.into();
}

/// Names of pods and containers are such; anything else would lead elsewhere in an address.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') && !name.starts_with('.')
}
