//! Calls of a host's API for one owner, and what their answers mean for a step.

use serde_json::Value;
use stagedoor_hosts::{Act, GerritProject, Granted, Login};
use stagedoor_outbound::Delivered;

use crate::back_ends::answer::{PAUSE, json, now, pause, refused};
use crate::back_ends::api::{is_limit, shown, undone};
use crate::performer::Failure;
use crate::services::Services;
use crate::steps::hosting::failure;

/// The way to one host.
pub(crate) struct Remote<'a> {
    granted: Granted<'a>,
}

impl<'a> Remote<'a> {
    /// With the credential of `integrations`, or a token of the step's input. `kind` is the sort of host that the step is
    /// made for.
    pub(crate) async fn of(
        services: &'a Services,
        kind: &str,
        host: &str,
        owner: &str,
        token: Option<&str>,
    ) -> Result<Self, Failure> {
        let none = || {
            Failure::new(format!(
                "No matching integration configuration for host {host}, please check your integrations config"
            ))
        };
        let hosts = services.hosts.as_deref().ok_or_else(none)?;
        let token = token.filter(|token| !token.is_empty());
        let granted = hosts.granted(host, owner, token).await.map_err(|error| failure(&error))?;
        if granted.kind() != kind {
            return Err(Failure::new(format!(
                "{host} stands under integrations.{}, not {kind}",
                granted.kind()
            )));
        }
        Ok(Self { granted })
    }

    /// What git is let in with.
    pub(crate) fn login(&self) -> Option<Login> {
        self.granted.login()
    }

    /// Where a project is found, at a Gerrit.
    pub(crate) fn gerrit_project(&self, project: &str, branch: &str) -> Option<GerritProject> {
        self.granted.gerrit_project(project, branch)
    }

    /// Sends a call. Any status but those of a limit is an answer.
    pub(crate) async fn send(&self, act: &Act) -> Result<Delivered, Failure> {
        let answer = self.granted.call(act).await.map_err(|error| undone(&error, act.method == "GET"))?;
        if is_limit(&answer) {
            return Err(Failure { retry: Some(pause(&answer, now())), ..refused(&shown(act), &answer) });
        }
        Ok(answer)
    }

    /// Does something; what fails at the host itself may have been done. An answer without a body is null.
    pub(crate) async fn change(&self, act: &Act) -> Result<Value, Failure> {
        meant(act, self.send(act).await?)
    }

    /// Asks for something.
    pub(crate) async fn ask(&self, act: &Act) -> Result<Value, Failure> {
        self.find(act).await?.ok_or_else(|| Failure::new(format!("{} was not found", shown(act))))
    }

    /// Asks for something that may be absent.
    pub(crate) async fn find(&self, act: &Act) -> Result<Option<Value>, Failure> {
        let answer = self.send(act).await?;
        match answer.status {
            200..=299 => json(&shown(act), &answer).map(Some),
            404 => Ok(None),
            500..=599 => Err(Failure { retry: Some(PAUSE), ..refused(&shown(act), &answer) }),
            _ => Err(refused(&shown(act), &answer)),
        }
    }
}

/// What the answer to something that was to be done means.
pub(crate) fn meant(act: &Act, answer: Delivered) -> Result<Value, Failure> {
    match answer.status {
        200..=299 => Ok(serde_json::from_slice(&answer.body).unwrap_or_default()),
        503 => Err(Failure { retry: Some(pause(&answer, now())), ..refused(&shown(act), &answer) }),
        500..=599 => Err(Failure { unclear: true, ..refused(&shown(act), &answer) }),
        _ => Err(refused(&shown(act), &answer)),
    }
}
