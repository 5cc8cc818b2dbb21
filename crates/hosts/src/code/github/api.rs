//! Asking GitHub's API: with which credential, on which limit, and what an answer means.

use serde_json::Value;
use stagedoor_outbound::{Call, Delivered, Reply};
use url::Url;

use super::app::App;
use crate::act::{Act, Undone};
use crate::client::{Client, host_of, now, number, shown};
use crate::error::HostError;

pub(super) const JSON: &str = "application/vnd.github+json";
/// Of the REST API, for what is done: its answers stay as they were described then.
const VERSION: &str = "2022-11-28";
/// How long GitHub asks to be left alone where it names no time, in seconds.
const PAUSE: i64 = 60;

/// The API of one GitHub.
pub(crate) struct Api {
    /// The host of its pages.
    pub(super) host: String,
    pub(super) base: Url,
    pub(super) token: Option<String>,
    pub(super) apps: Vec<App>,
}

/// What a request is made with.
#[derive(Clone)]
pub(crate) struct Access {
    /// The whole value of the header.
    authorization: Option<String>,
    /// The app that it comes from, by number, and the owner whom it is for.
    app: Option<(usize, String)>,
    /// Whose limit it counts on, after the host.
    limit: String,
    /// In words, without what is secret.
    words: String,
}

impl Access {
    /// The header's value.
    pub(super) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    pub(super) fn is_anonymous(&self) -> bool {
        self.authorization.is_none()
    }

    pub(super) fn is_of_app(&self) -> bool {
        self.app.is_some()
    }

    /// A request of an app about itself.
    pub(super) fn of_app(jwt: &str, id: &str) -> Self {
        Self {
            authorization: Some(format!("Bearer {jwt}")),
            app: None,
            limit: format!(" as app {id}"),
            words: format!("the private key of the GitHub App {id}"),
        }
    }
}

impl Api {
    /// The credential for what belongs to an owner: of the first app that is installed there, else the token.
    ///
    /// # Errors
    /// Why an app that should have a credential has none.
    pub(crate) async fn access(&self, client: &Client, owner: &str) -> Result<Access, HostError> {
        let mut refused = None;
        for (number, app) in self.apps.iter().enumerate().filter(|(_, app)| app.serves(owner)) {
            match app.token(client, self, owner).await {
                Ok(Some(token)) => {
                    return Ok(Access {
                        authorization: Some(format!("Bearer {token}")),
                        app: Some((number, owner.to_owned())),
                        limit: format!(" for {}", owner.to_lowercase()),
                        words: format!("the GitHub App {} in {owner}", app.id()),
                    });
                }
                Ok(None) => {}
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        if let Some(error) = refused {
            return Err(error);
        }
        let words = match &self.token {
            Some(_) => format!("the token of {} in integrations.github", self.host),
            None => format!("nobody: there is no credential of {} in integrations.github", self.host),
        };
        let authorization = self.token.as_ref().map(|token| format!("Bearer {token}"));
        Ok(Access { authorization, app: None, limit: String::new(), words })
    }

    /// Reads an address of the API.
    ///
    /// # Errors
    /// What its answer means.
    pub(super) async fn get(
        &self,
        client: &Client,
        access: &Access,
        url: &Url,
        accept: &str,
        etag: Option<&str>,
    ) -> Result<Reply, HostError> {
        let (reply, access) = self.exchange(client, access, url, get(accept, etag), "").await?;
        self.meaning(client, &access, "", url, reply)
    }

    /// Sends a call. A token of an app that was taken back before its time is replaced once; what was used is given.
    pub(super) async fn exchange(
        &self,
        client: &Client,
        access: &Access,
        url: &Url,
        call: Call,
        resource: &str,
    ) -> Result<(Reply, Access), HostError> {
        let reply = self.once(client, access, url, call.clone(), resource).await?;
        let refused = access.app.as_ref().filter(|_| reply.status == 401);
        let Some((app, owner)) = refused.and_then(|(app, owner)| Some((self.apps.get(*app)?, owner))) else {
            return Ok((reply, access.clone()));
        };
        app.forget(owner).await;
        let access = self.access(client, owner).await?;
        let reply = self.once(client, &access, url, call, resource).await?;
        Ok((reply, access))
    }

    /// Sends a call with a credential.
    pub(super) async fn once(
        &self,
        client: &Client,
        access: &Access,
        url: &Url,
        mut call: Call,
        resource: &str,
    ) -> Result<Reply, HostError> {
        call.headers.extend(access.authorization.iter().map(|value| ("authorization", value.clone())));
        let budget = self.budget(access, resource);
        let reply = client.exchange(&budget, url, call).await?;
        // GitHub does not count an answer that nothing has changed, and says so where it has the header.
        let said = reply.header("x-ratelimit-remaining").is_some();
        if reply.status == 304 && !access.is_anonymous() && !said {
            client.refund(&budget);
        }
        Ok(reply)
    }

    /// Does something for an owner. A token of an app that was taken back before its time is replaced once.
    pub(super) async fn act(&self, client: &Client, owner: &str, act: &Act) -> Result<Delivered, Undone> {
        let mut again = true;
        loop {
            let access = self.access(client, owner).await?;
            let Some(authorization) = &access.authorization else {
                let text =
                    format!("there is no credential of {} for {owner} in integrations.github", self.host);
                return Err(Undone::Host(HostError::Denied(text)));
            };
            let headers = [
                ("accept", JSON),
                ("x-github-api-version", VERSION),
                ("authorization", authorization.as_str()),
            ];
            let (url, delivery) = (act.url(&self.base), act.delivery(&headers));
            let answer = client.deliver(&self.budget(&access, ""), &url, delivery).await?;
            let refused = access.app.as_ref().filter(|_| answer.status == 401 && again);
            match refused.and_then(|(app, owner)| Some((self.apps.get(*app)?, owner))) {
                Some((app, owner)) => app.forget(owner).await,
                None => return Ok(answer),
            }
            again = false;
        }
    }

    /// The name of the limit that a request counts on. Each installation of an app has limits of its own, and so has
    /// GraphQL.
    fn budget(&self, access: &Access, resource: &str) -> String {
        format!("{}{resource}{}", host_of(&self.base), access.limit)
    }

    /// What a status means.
    pub(super) fn meaning(
        &self,
        client: &Client,
        access: &Access,
        resource: &str,
        url: &Url,
        reply: Reply,
    ) -> Result<Reply, HostError> {
        let (shown, words, status) = (shown(url), &access.words, reply.status);
        match status {
            200..=299 | 304 => Ok(reply),
            403 | 429 if until(&reply).is_some() => {
                let until = until(&reply).unwrap_or_default();
                Err(client.hold(&self.budget(access, resource), until))
            }
            401 => Err(HostError::Denied(format!(
                "{shown} may not be read (status 401) by {words}: it is wrong or has expired"
            ))),
            403 | 451 => {
                let said = said(&reply);
                Err(HostError::Denied(format!(
                    "{shown} may not be read (status {status}) by {words}: {said}"
                )))
            }
            404 | 410 => Err(HostError::NotFound(format!(
                "{shown} was not found (status {status}): it is not there, or may not be seen by {words}"
            ))),
            _ => Err(HostError::Unreachable(format!(
                "{shown} answered with status {status}: {}",
                said(&reply)
            ))),
        }
    }

    /// Holds back what counts on the limit of GraphQL, after an answer that says so in its body.
    pub(super) fn hold(&self, client: &Client, access: &Access, resource: &str, reply: &Reply) -> HostError {
        client.hold(&self.budget(access, resource), until(reply).unwrap_or_else(|| now() + PAUSE))
    }

    /// The credential in words, without what is secret.
    pub(super) fn words(access: &Access) -> &str {
        &access.words
    }

    /// Every organization in which an app is installed: of one app by its number, or of all.
    ///
    /// # Errors
    /// Why an app cannot say.
    pub(crate) async fn organizations(
        &self,
        client: &Client,
        app: Option<&str>,
    ) -> Result<Vec<String>, HostError> {
        let mut found: Vec<String> = Vec::new();
        for app in self.apps.iter().filter(|known| app.is_none_or(|id| known.id() == id)) {
            let organizations = app.organizations(client, self).await?;
            found.extend(organizations.into_iter().filter(|name| app.serves(name)));
        }
        found.sort();
        found.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        Ok(found)
    }

    /// Whether there is an app, or one of a number.
    pub(crate) fn has_app(&self, id: Option<&str>) -> bool {
        self.apps.iter().any(|app| id.is_none_or(|id| app.id() == id))
    }
}

pub(super) fn get(accept: &str, etag: Option<&str>) -> Call {
    let mut headers = vec![("accept", accept.to_owned())];
    headers.extend(etag.map(|tag| ("if-none-match", tag.to_owned())));
    Call { headers, ..Call::default() }
}

/// An answer as JSON; half an answer is none.
pub(super) fn json(url: &Url, reply: &Reply) -> Result<Value, HostError> {
    serde_json::from_slice(&reply.body)
        .map_err(|error| HostError::Unreachable(format!("{} answered with no JSON: {error}", shown(url))))
}

/// When a request that was refused for a limit may be made again; seconds since 1970. In GitHub's order: the header
/// `retry-after`, the end of a period of which nothing is left, else a minute (docs.github.com/rest, "Rate limits").
fn until(reply: &Reply) -> Option<i64> {
    let seconds = |name: &str| number(reply, name).and_then(|n| i64::try_from(n).ok());
    if let Some(after) = seconds("retry-after") {
        return Some(now().saturating_add(after));
    }
    if seconds("x-ratelimit-remaining") == Some(0) {
        return Some(seconds("x-ratelimit-reset").unwrap_or_else(|| now() + PAUSE));
    }
    let said = said(reply).to_lowercase();
    (reply.status == 429 || said.contains("rate limit") || said.contains("abuse detection"))
        .then(|| now() + PAUSE)
}

/// What GitHub says is the matter: `{"message": "..."}`.
fn said(reply: &Reply) -> String {
    let answer: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let message = answer.as_ref().and_then(|answer| answer.get("message")?.as_str());
    in_one_line(message.unwrap_or("GitHub does not say why"))
}

/// A text of somebody else, short enough to be shown.
pub(super) fn in_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(300)
        .collect()
}
