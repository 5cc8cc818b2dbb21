//! One request in a protocol that the caller speaks: its method, headers and body, and an answer of any status.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Response};
use url::Url;

use crate::egress::{Egress, MAX_REDIRECTS, body, failed, redirect_target};
use crate::error::{OutboundError, shown};

/// What is asked.
#[derive(Clone)]
pub struct Call {
    /// `GET`, `POST`...
    pub method: &'static str,
    /// Name and value. None of them is printed, and all go to the origin of the first address only.
    pub headers: Vec<(&'static str, String)>,
    /// Sent along; a call with a body is never redirected.
    pub body: Option<Bytes>,
    /// The most that is read, counted after unpacking.
    pub max_bytes: usize,
    /// For everything together, redirects and body included.
    pub timeout: Duration,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            method: "GET",
            headers: Vec::new(),
            body: None,
            max_bytes: 10 * 1024 * 1024,
            timeout: Duration::from_secs(15),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Any but a redirect that was followed.
    pub status: u16,
    /// Names in lower case, in the order of the answer.
    pub headers: Vec<(String, String)>,
    /// Unpacked.
    pub body: Bytes,
    /// Where it was found, after redirects.
    pub final_url: Url,
}

impl Reply {
    /// The first header of a name, which is given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Egress {
    /// Sends one call, under the same checks as [`Egress::get`]. Calls without a body follow redirects.
    ///
    /// # Errors
    /// When there is no complete answer; a status is none.
    pub async fn call(&self, url: &Url, call: Call) -> Result<Reply, OutboundError> {
        let timeout = call.timeout;
        tokio::time::timeout(timeout, self.send(url, &call)).await.unwrap_or_else(|_| {
            let reason = format!("no complete answer within {} ms", timeout.as_millis());
            Err(OutboundError::Unreachable { url: shown(url), reason })
        })
    }

    async fn send(&self, start: &Url, call: &Call) -> Result<Reply, OutboundError> {
        let mut url = start.clone();
        let mut from: Option<Url> = None;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.one_call(&url, start, from.as_ref(), call).await?;
            let next = if call.body.is_none() { redirect_target(&url, &response)? } else { None };
            match next {
                None => return reply(url, response, call.max_bytes).await,
                Some(next) => from = Some(std::mem::replace(&mut url, next)),
            }
        }
        let reason = format!("more than {MAX_REDIRECTS} redirects");
        Err(OutboundError::Unreachable { url: shown(start), reason })
    }

    async fn one_call(
        &self,
        url: &Url,
        start: &Url,
        from: Option<&Url>,
        call: &Call,
    ) -> Result<Response, OutboundError> {
        let broken = |what: &str| OutboundError::Unreachable { url: shown(url), reason: what.to_owned() };
        let method = Method::from_bytes(call.method.as_bytes()).map_err(|_| broken("the method is none"))?;
        let mut request = self.client_for(url, from)?.request(method, url.clone());
        let same_origin = url.origin() == start.origin();
        for (name, value) in call.headers.iter().filter(|_| same_origin) {
            let (Ok(name), Ok(mut value)) = (HeaderName::try_from(*name), HeaderValue::from_str(value))
            else {
                return Err(broken(&format!("the header {name:?} cannot be sent")));
            };
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        request.send().await.map_err(|error| failed(url, from, &error))
    }
}

async fn reply(url: Url, response: Response, limit: usize) -> Result<Reply, OutboundError> {
    let status = response.status().as_u16();
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let headers = response.headers().iter();
    let headers =
        headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect();
    let body = body(shown(&url), response, limit).await?;
    Ok(Reply { status, headers, body, final_url: url })
}
