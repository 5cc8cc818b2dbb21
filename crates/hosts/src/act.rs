//! Doing something at a host in the portal's name: a call of its API with the credential that the configuration has for
//! an owner there.

use serde_json::Value;
use stagedoor_outbound::{Delivered, Delivery, Reply, Undelivered};
use url::Url;

use crate::budget::Priority;
use crate::client::{Client, now};
use crate::code::CodeHost;
use crate::error::HostError;
use crate::hosts::Hosts;

/// A call of a host's API.
#[derive(Clone, Debug)]
pub struct Act {
    /// `GET`, `POST`...
    pub method: &'static str,
    /// Segments below the base of the API, not encoded: a slash in one is encoded.
    pub path: Vec<String>,
    /// The query, not encoded.
    pub query: Vec<(String, String)>,
    /// JSON.
    pub body: Option<Value>,
    /// What of an answer is read.
    pub max_bytes: usize,
}

impl Act {
    /// A question.
    #[must_use]
    pub fn get<S: Into<String>>(path: impl IntoIterator<Item = S>) -> Self {
        let path = path.into_iter().map(Into::into).collect();
        Self { method: "GET", path, query: Vec::new(), body: None, max_bytes: 8 * 1024 * 1024 }
    }

    /// The same with one more parameter.
    #[must_use]
    pub fn asking(mut self, key: &str, value: impl Into<String>) -> Self {
        self.query.push((key.to_owned(), value.into()));
        self
    }

    /// Something that is done.
    #[must_use]
    pub fn post<S: Into<String>>(path: impl IntoIterator<Item = S>, body: Value) -> Self {
        Self { method: "POST", body: Some(body), ..Self::get(path) }
    }

    /// As it is sent to an API, by headers that the host wants.
    pub(crate) fn delivery(&self, headers: &[(&str, &str)]) -> Delivery {
        let delivery = Delivery { max_bytes: self.max_bytes, ..Delivery::new(self.method) };
        let delivery = headers.iter().fold(delivery, |delivery, (name, value)| delivery.with(name, *value));
        match &self.body {
            Some(body) => delivery.json(body.to_string()),
            None => delivery,
        }
    }

    /// The address below the base of an API.
    pub(crate) fn url(&self, base: &Url) -> Url {
        let mut url = crate::code::address::below(base, &self.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

/// No status came back.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Undone {
    /// Nothing was sent, and why.
    #[error(transparent)]
    Host(#[from] HostError),
    /// It was tried.
    #[error(transparent)]
    Lost(#[from] Undelivered),
}

impl Client {
    /// Sends one delivery that counts on a budget of that name. Any status is an answer.
    pub(crate) async fn deliver(
        &self,
        budget: &str,
        url: &Url,
        delivery: Delivery,
    ) -> Result<Delivered, Undone> {
        self.budgets().take(budget, self.priority(), now())?;
        let answer = self.egress().deliver(url, delivery).await?;
        let (status, headers) = (answer.status, answer.headers.clone());
        let heard = Reply { status, headers, body: bytes::Bytes::new(), final_url: url.clone() };
        self.listen(budget, &heard);
        Ok(answer)
    }
}

impl Hosts {
    /// Calls the API of a host of a kind (its key in `integrations`): the one that is named, else the first with a
    /// credential, the public one before others. Any status is an answer; no redirect is followed.
    ///
    /// # Errors
    /// [`Undone`]: also where there is no such host, or no credential.
    pub async fn act(
        &self,
        kind: &str,
        host: Option<&str>,
        owner: &str,
        act: &Act,
    ) -> Result<Delivered, Undone> {
        let found = self.actor(kind, host)?;
        found.act(&self.client(Priority::Person), owner, act).await
    }

    fn actor<'a>(&'a self, kind: &'a str, host: Option<&str>) -> Result<&'a dyn CodeHost, HostError> {
        let denied = |text: String| Err(HostError::Denied(text));
        let mut all = self.all().filter(|known| known.kind() == kind);
        if let Some(host) = host {
            let found = all.find(|known| known.host().eq_ignore_ascii_case(host));
            return match found {
                Some(found) => Ok(found),
                None => denied(format!("there is no host {host} in integrations.{kind}")),
            };
        }
        let mut able: Vec<&dyn CodeHost> = all.filter(|known| known.may_act()).collect();
        able.sort_by_key(|known| !["github.com", "gitlab.com", "dev.azure.com"].contains(&known.host()));
        match able.first() {
            Some(first) => Ok(*first),
            None => denied(format!("there is no credential in integrations.{kind}")),
        }
    }
}
