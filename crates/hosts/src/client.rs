//! One request to a host: its budget first, then the way out, then what the status means.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use stagedoor_outbound::{Call, Egress, Reply, SshCall, SshCommand};
use url::Url;

use crate::budget::{Budgets, Priority};
use crate::error::HostError;

/// How long a host that names no time is left alone, in seconds.
const PAUSE: i64 = 60;

/// The way to one host for one purpose.
#[derive(Clone)]
pub struct Client {
    egress: Arc<Egress>,
    budgets: Arc<Budgets>,
    priority: Priority,
}

impl Client {
    pub(crate) fn new(egress: Arc<Egress>, budgets: Arc<Budgets>, priority: Priority) -> Self {
        Self { egress, budgets, priority }
    }

    /// Sends one call. Any 2xx and 304 is an answer.
    ///
    /// # Errors
    /// What another status means: 401 and 403 `Denied`, 404 and 410 `NotFound`, 429 and a 403 without a rest
    /// `Exhausted`. Host-specific meanings are the caller's.
    pub(crate) async fn send(&self, url: &Url, call: Call) -> Result<Reply, HostError> {
        let reply = self.exchange(&host_of(url), url, call).await?;
        self.judged(url, reply)
    }

    /// What the status of an answer means where the host has no meanings of its own.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub(crate) fn judged(&self, url: &Url, reply: Reply) -> Result<Reply, HostError> {
        let (host, shown) = (host_of(url), shown(url));
        match reply.status {
            200..=299 | 304 => Ok(reply),
            404 | 410 => Err(HostError::NotFound(format!("{shown} was not found (status {})", reply.status))),
            429 => Err(self.exhausted(&host, &reply)),
            403 if number(&reply, "x-ratelimit-remaining") == Some(0)
                || reply.header("retry-after").is_some() =>
            {
                Err(self.exhausted(&host, &reply))
            }
            401 | 403 => Err(HostError::Denied(format!(
                "{shown} may not be read (status {}): look at the credential of {host} in integrations",
                reply.status
            ))),
            status => Err(HostError::Unreachable(format!("{shown} answered with status {status}"))),
        }
    }

    /// Sends one call that counts on a budget of that name: some hosts have several limits. Any status is an
    /// answer; what it means is for the caller to say.
    ///
    /// # Errors
    /// `Exhausted`, and when there is no complete answer.
    pub(crate) async fn exchange(&self, budget: &str, url: &Url, call: Call) -> Result<Reply, HostError> {
        self.budgets.take(budget, self.priority, now())?;
        let reply = self.egress.call(url, call).await?;
        self.listen(budget, &reply);
        if reply.status == 304 {
            self.budgets.unchanged(budget);
        }
        Ok(reply)
    }

    pub(crate) fn egress(&self) -> &Egress {
        &self.egress
    }

    pub(crate) fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    pub(crate) fn priority(&self) -> Priority {
        self.priority
    }

    /// Runs a command at a host over SSH, which counts as one request to it.
    ///
    /// # Errors
    /// `Exhausted`, and when it cannot be begun.
    pub(crate) async fn ssh(&self, host: &str, call: &SshCall) -> Result<SshCommand, HostError> {
        self.budgets.take(host, self.priority, now())?;
        Ok(self.egress.ssh(call).await?)
    }

    /// The last request to a host has shown that nothing has changed.
    pub(crate) fn was_unchanged(&self, host: &str) {
        self.budgets.unchanged(host);
    }

    /// Nothing more is sent on a budget before a moment.
    pub(crate) fn hold(&self, budget: &str, until: i64) -> HostError {
        self.budgets.block(budget, until);
        let wait = (until - now()).max(0);
        HostError::Exhausted {
            message: format!("{budget} allows no more requests for now: the next in {wait} s"),
            until,
        }
    }

    /// The last request on a budget did not count after all.
    pub(crate) fn refund(&self, budget: &str) {
        self.budgets.refund(budget);
    }

    /// Learns what an answer says of the limit: GitHub's names, and the ones without `x-`. Bitbucket Cloud says only that
    /// less than a fifth is left; Azure asks for a pause in answers that it gives.
    pub(crate) fn listen(&self, host: &str, reply: &Reply) {
        let either = |name: &str| number(reply, &format!("x-{name}")).or_else(|| number(reply, name));
        let reset = either("ratelimit-reset").and_then(|at| i64::try_from(at).ok());
        // A small number counts from now.
        let reset = reset.map(|at| if at < 1_000_000_000 { now() + at } else { at });
        let (limit, mut remaining) = (either("ratelimit-limit"), either("ratelimit-remaining"));
        if remaining.is_none() && reply.header("x-ratelimit-nearlimit").is_some_and(|near| near == "true") {
            remaining = limit.map(|limit| limit * 19 / 100);
        }
        // Where nothing says when there will be more, it is a bucket that fills all the time.
        let reset = reset.or_else(|| remaining.map(|_| now() + PAUSE));
        self.budgets.told(host, limit, remaining, reset);
        if let Some(after) = number(reply, "retry-after").filter(|_| reply.status < 300) {
            self.budgets.block(host, now() + i64::try_from(after).unwrap_or(PAUSE));
        }
    }

    fn exhausted(&self, host: &str, reply: &Reply) -> HostError {
        let after = number(reply, "retry-after").and_then(|s| i64::try_from(s).ok()).map(|s| now() + s);
        let reset = number(reply, "x-ratelimit-reset").or_else(|| number(reply, "ratelimit-reset"));
        let reset = reset.and_then(|at| i64::try_from(at).ok()).filter(|at| *at > now());
        let until = after.or(reset).unwrap_or_else(|| now() + PAUSE);
        self.hold(host, until)
    }
}

/// The address without its query, which may hold a credential.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Host and port, the port only where it is not the scheme's own.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

pub(crate) fn number(reply: &Reply, name: &str) -> Option<u64> {
    reply.header(name)?.trim().parse().ok()
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
