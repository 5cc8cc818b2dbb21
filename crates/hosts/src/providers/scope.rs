//! What the providers of several code hosts have in common.

use std::collections::HashMap;
use std::future::Future;

use parking_lot::Mutex;
use serde_json::Value;

use crate::budget::Priority;
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;

/// How many requests of one discovery are under way at a time.
pub(crate) const AT_ONCE: usize = 8;

/// Answers of a discovery that the host's limit interrupted: the next one goes on where it ended. Otherwise one that
/// needs more requests than a period allows would never come to its end.
#[derive(Default)]
pub(crate) struct Answered(Mutex<HashMap<String, Value>>);

impl Answered {
    /// The answer to a question, from last time or by asking.
    ///
    /// # Errors
    /// Those of asking, which is not remembered.
    pub(crate) async fn or_ask(
        &self,
        question: String,
        ask: impl Future<Output = Result<Value, HostError>> + Send,
    ) -> Result<Value, HostError> {
        if let Some(answer) = self.0.lock().get(&question) {
            return Ok(answer.clone());
        }
        let answer = ask.await?;
        self.0.lock().insert(question, answer.clone());
        Ok(answer)
    }

    /// An answer may have changed meanwhile.
    pub(crate) fn forget(&self, question: &str) {
        self.0.lock().remove(question);
    }

    /// Keeps the answers only where the discovery was interrupted.
    pub(crate) fn done<T>(&self, outcome: Result<T, HostError>) -> Result<T, HostError> {
        if !matches!(outcome, Err(HostError::Exhausted { .. })) {
            self.0.lock().clear();
        }
        outcome
    }
}

/// Whether `path` is `group` or lies in it; groups are the same in any case of letters.
pub(crate) fn is_in(path: &str, group: &str) -> bool {
    let (path, group) = (path.to_lowercase(), group.to_lowercase());
    path.strip_prefix(&group).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The words for a host that `integrations` does not have.
fn no_integration(kind: &str, host: &str) -> String {
    format!("integrations.{kind} has no entry with the host {host}")
}

/// The host that an entry names, or `default`: one that `integrations` has, or else it is a problem.
pub(crate) fn configured<H: crate::code::CodeHost>(
    entry: &Fields<'_>,
    kind: &str,
    default: Option<&str>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Option<String> {
    let named = entry.get("host");
    let host = match default {
        Some(default) => named.text(problems).unwrap_or_else(|| default.to_owned()),
        None => named.required(problems)?,
    };
    if hosts.find::<H>(&host).is_none() {
        named.wrong(problems, no_integration(kind, &host));
        return None;
    }
    Some(host)
}

/// What was missed while looking at single repositories: the first reason, and how many there were.
#[derive(Default)]
pub(crate) struct Missed {
    first: Option<String>,
    count: usize,
}

impl Missed {
    /// One more. What concerns the whole host ends the discovery.
    pub(crate) fn note(&mut self, error: HostError) -> Result<(), HostError> {
        if matches!(error, HostError::Exhausted { .. }) {
            return Err(error);
        }
        self.count += 1;
        self.first.get_or_insert_with(|| error.to_string());
        Ok(())
    }

    /// In words.
    pub(crate) fn words(self) -> Option<String> {
        let first = self.first?;
        let more = self.count - 1;
        Some(if more == 0 { first } else { format!("{first} (and {more} more)") })
    }
}

/// A client, and the host of the same kind that a provider's configuration names.
pub(crate) fn reach<'a, H: crate::code::CodeHost>(
    hosts: &'a Hosts,
    kind: &str,
    host: &str,
    priority: Priority,
) -> Result<(&'a H, crate::client::Client), HostError> {
    let found = hosts.find::<H>(host).ok_or_else(|| HostError::Unreachable(no_integration(kind, host)))?;
    Ok((found, hosts.client(priority)))
}
