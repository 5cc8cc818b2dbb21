//! What a step that publishes something is let in with: the API of a host and the credential for an owner there, or a token
//! that somebody has given for this one purpose.

use std::any::Any;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use stagedoor_outbound::Delivered;
use url::Url;

use crate::act::{Act, Undone};
use crate::budget::Priority;
use crate::client::host_of;
use crate::code::{CodeHost, Gerrit, GerritProject, Login, bare};
use crate::error::HostError;
use crate::hosts::Hosts;

/// The API of a host, and the header for it. Nothing of it is printed.
#[derive(Clone)]
pub struct Grant {
    api: Url,
    authorization: Option<String>,
}

/// The same, found for one purpose.
pub struct Granted<'a> {
    hosts: &'a Hosts,
    host: &'a dyn CodeHost,
    grant: Grant,
}

impl Grant {
    pub(crate) fn new(api: Url, authorization: Option<String>) -> Self {
        Self { api, authorization }
    }
}

impl Hosts {
    /// The way to the API of a host, by its name, for an owner there. A token is used in place of the configuration's
    /// credential.
    ///
    /// # Errors
    /// `Denied` where the host is none of the configuration, or there is no credential.
    pub async fn granted(
        &self,
        host: &str,
        owner: &str,
        token: Option<&str>,
    ) -> Result<Granted<'_>, HostError> {
        let unknown = || {
            HostError::Denied(format!(
                "No matching integration configuration for host {host}, please check your integrations config"
            ))
        };
        let found = self.all().find(|known| known.host().eq_ignore_ascii_case(host)).ok_or_else(unknown)?;
        // A configuration whose own credential is broken does not keep out who brings one.
        let owner_of_credential = Some(owner).filter(|_| token.is_none());
        let grant = found.grant(&self.client(Priority::Person), owner_of_credential).await;
        let mut grant = grant?.ok_or_else(unknown)?;
        if let Some(token) = token {
            grant.authorization = Some(match found.kind() {
                "gitea" => format!("token {token}"),
                "azure" => format!("Basic {}", STANDARD.encode(format!(":{token}"))),
                _ => format!("Bearer {token}"),
            });
        }
        if grant.authorization.is_none() {
            return Err(HostError::Denied(format!(
                "No token available for host: {host}, with owner {owner}: a credential in integrations.{} or an input token is needed",
                found.kind()
            )));
        }
        Ok(Granted { hosts: self, host: found, grant })
    }
}

impl Granted<'_> {
    /// The host's key in `integrations`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.host.kind()
    }

    /// Calls the API. Any status is an answer; no redirect is followed.
    ///
    /// # Errors
    /// When no status came back.
    pub async fn call(&self, act: &Act) -> Result<Delivered, Undone> {
        let headers: &[(&str, &str)] = match self.host.kind() {
            "github" => &[("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")],
            _ => &[("accept", "application/json")],
        };
        let mut delivery = act.delivery(headers);
        if let Some(value) = &self.grant.authorization {
            delivery = delivery.with("authorization", value.clone());
        }
        let client = self.hosts.client(Priority::Person);
        let answer = client.deliver(&host_of(&self.grant.api), &act.url(&self.grant.api), delivery).await?;
        Ok(match self.host.kind() {
            "gerrit" => Delivered { body: bare(answer.body), ..answer },
            _ => answer,
        })
    }

    /// Where a project is found, at a Gerrit.
    #[must_use]
    pub fn gerrit_project(&self, project: &str, branch: &str) -> Option<GerritProject> {
        let gerrit = (self.host as &dyn Any).downcast_ref::<Gerrit>()?;
        Some(gerrit.project(project, branch))
    }

    /// The same credential for git over HTTP.
    #[must_use]
    pub fn login(&self) -> Option<Login> {
        let over_http = self.grant.api.scheme() == "http";
        let (scheme, secret) = self.grant.authorization.as_deref()?.split_once(' ')?;
        let (user, password) = match scheme {
            "Basic" => {
                let decoded = String::from_utf8(STANDARD.decode(secret).ok()?).ok()?;
                let (user, password) = decoded.split_once(':')?;
                (user.to_owned(), password.to_owned())
            }
            _ => {
                let user = match self.host.kind() {
                    "github" => "x-access-token",
                    "gitlab" => "oauth2",
                    "bitbucketCloud" | "bitbucketServer" => "x-token-auth",
                    _ => "git",
                };
                (user.to_owned(), secret.to_owned())
            }
        };
        Some(Login { user, password, over_http })
    }
}
