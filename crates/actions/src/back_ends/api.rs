//! Calls of a code host's API, with the credential of `integrations`.

use std::time::Duration;

use serde_json::Value;
use stagedoor_hosts::{Act, HostError, Hosts, Undone};
use stagedoor_outbound::Delivered;

use super::answer::{self, PAUSE, now, pause, refused, undelivered};
use crate::performer::Failure;
use crate::services::Services;

/// How long to wait where a credential does not work any more, before it is tried again.
const DENIED: Duration = Duration::from_secs(60);

/// One owner at one host.
pub(crate) struct Api<'a> {
    hosts: &'a Hosts,
    kind: &'static str,
    host: Option<String>,
    owner: String,
}

impl<'a> Api<'a> {
    /// The API of a kind of host; the host itself is named only where there are several.
    pub(crate) fn of(
        services: &'a Services,
        kind: &'static str,
        host: Option<String>,
        owner: &str,
    ) -> Result<Self, Failure> {
        match services.hosts.as_deref() {
            Some(hosts) => Ok(Self { hosts, kind, host, owner: owner.to_owned() }),
            None => Err(Failure::new(format!("there are no integrations.{kind} in the configuration"))),
        }
    }

    /// Sends a call. Any status but those of a limit is an answer.
    pub(crate) async fn send(&self, act: &Act) -> Result<Delivered, Failure> {
        let repeatable = act.method == "GET";
        let answer = self.hosts.act(self.kind, self.host.as_deref(), &self.owner, act).await;
        let answer = answer.map_err(|error| undone(&error, repeatable))?;
        if is_limit(&answer) {
            let failure = refused(&shown(act), &answer);
            return Err(Failure { retry: Some(pause(&answer, now())), ..failure });
        }
        Ok(answer)
    }

    /// Does something. What fails at the host itself may have been done.
    pub(crate) async fn change(&self, act: &Act) -> Result<Delivered, Failure> {
        let answer = self.send(act).await?;
        let failure = || refused(&shown(act), &answer);
        match answer.status {
            200..=299 => Ok(answer),
            503 => Err(Failure { retry: Some(pause(&answer, now())), ..failure() }),
            500..=599 => Err(Failure { unclear: true, ..failure() }),
            _ => Err(failure()),
        }
    }

    /// Asks for something. What may go away is asked for again.
    pub(crate) async fn ask(&self, act: &Act) -> Result<Value, Failure> {
        let answer = self.send(act).await?;
        let failure = || refused(&shown(act), &answer);
        match answer.status {
            200..=299 => {
                answer::json(&shown(act), &answer).map_err(|broken| Failure { retry: Some(PAUSE), ..broken })
            }
            401 | 403 => Err(Failure { retry: Some(DENIED), ..failure() }),
            500..=599 => Err(Failure { retry: Some(pause(&answer, now())), ..failure() }),
            _ => Err(failure()),
        }
    }
}

/// A limit that was reached: GitHub says so with 403, too.
pub(crate) fn is_limit(answer: &Delivered) -> bool {
    let none_left = answer.header("x-ratelimit-remaining") == Some("0");
    let said = || answer::said(answer).to_lowercase();
    answer.status == 429
        || (answer.status == 403
            && (none_left || answer.header("retry-after").is_some() || said().contains("rate limit")))
}

/// What is asked, for people.
pub(crate) fn shown(act: &Act) -> String {
    format!("{} /{}", act.method, act.path.join("/"))
}

pub(crate) fn undone(error: &Undone, repeatable: bool) -> Failure {
    match error {
        Undone::Lost(error) => undelivered(error, repeatable),
        Undone::Host(HostError::Exhausted { message, until }) => {
            let seconds = u64::try_from(until - now()).unwrap_or_default().max(1);
            Failure::again(message.clone(), Duration::from_secs(seconds))
        }
        Undone::Host(HostError::Unreachable(text)) => Failure::again(text.clone(), PAUSE),
        Undone::Host(other) => Failure::new(other.to_string()),
    }
}
