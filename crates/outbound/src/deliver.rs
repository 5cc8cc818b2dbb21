//! One request that does something at the other end: what was sent, and whether it may have arrived, matters more than
//! the answer.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Certificate, Client, Method, Response};
use url::Url;

use crate::egress::{Egress, client_builder, failed};
use crate::error::{OutboundError, Refusal, shown};

/// What is sent.
#[derive(Clone)]
pub struct Delivery {
    /// `POST`, `DELETE`...
    pub method: String,
    /// Name and value; credentials may be among them, so none is printed.
    pub headers: Vec<(String, String)>,
    /// The body; none is sent where it is empty.
    pub body: Bytes,
    /// What of the answer is read, counted after unpacking; the rest is left.
    pub max_bytes: usize,
    /// For everything together.
    pub timeout: Duration,
    /// Whom to believe in place of the system's certificate authorities.
    pub trust: Option<Trust>,
}

/// Whom one delivery believes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Certificates of authorities in PEM.
    Authorities(String),
    /// Anybody: encrypted, but not against somebody in between.
    Anyone,
}

impl Delivery {
    /// A call with a method, without headers and body, that takes up to 30 seconds and 1 MiB.
    #[must_use]
    pub fn new(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            max_bytes: 1024 * 1024,
            timeout: Duration::from_secs(30),
            trust: None,
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(self, body: String) -> Self {
        Self { body: Bytes::from(body), ..self.with("content-type", "application/json") }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let shown = (&self.method, headers, self.body.len());
        f.debug_tuple("Delivery").field(&shown).finish()
    }
}

/// What came back, whatever its status; a redirect is an answer like any other.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The status.
    pub status: u16,
    /// Names in lower case, in the order of the answer.
    pub headers: Vec<(String, String)>,
    /// Unpacked; as much of it as came and was wanted.
    pub body: Bytes,
    /// Whether that is all of it.
    pub complete: bool,
}

impl Delivered {
    /// The first header of a name, which is given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// No status came back.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct Undelivered {
    /// Why.
    pub error: OutboundError,
    /// It may have arrived all the same. Otherwise nothing was sent.
    pub sent: bool,
}

impl Egress {
    /// Sends one request, under the same checks as [`Egress::get`]. No redirect is followed: what it does is meant for
    /// that address alone.
    ///
    /// # Errors
    /// When no status came back, with whether the request may have arrived.
    pub async fn deliver(&self, url: &Url, delivery: Delivery) -> Result<Delivered, Undelivered> {
        let unsent = |error| Undelivered { error, sent: false };
        let client = match &delivery.trust {
            None => self.client_for(url, None).map_err(unsent)?,
            Some(trust) => self.trusting(url, trust).map_err(unsent)?,
        };
        let broken = |reason: String| OutboundError::Unreachable { url: shown(url), reason };
        let senseless = |reason: String| {
            let refusal = Refusal { url: shown(url), reason, allow: None, redirected_from: None };
            unsent(OutboundError::Refused(refusal))
        };
        let method = Method::from_bytes(delivery.method.as_bytes())
            .map_err(|_| senseless(format!("the method {:?} is none", delivery.method)))?;
        let mut request = client.request(method, url.clone());
        for (name, value) in &delivery.headers {
            let (Ok(named), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
            else {
                return Err(senseless(format!("the header {name:?} cannot be sent")));
            };
            value.set_sensitive(true);
            request = request.header(named, value);
        }
        if !delivery.body.is_empty() {
            request = request.body(delivery.body.clone());
        }
        let late = tokio::time::Instant::now() + delivery.timeout;
        let answer = tokio::time::timeout_at(late, request.send()).await;
        let response = match answer {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let reason = failed(url, None, &error);
                let refused = matches!(reason, OutboundError::Refused(_));
                return Err(Undelivered { error: reason, sent: !refused && !error.is_connect() });
            }
            Err(_) => {
                let reason = format!("no answer within {} ms", delivery.timeout.as_millis());
                return Err(Undelivered { error: broken(reason), sent: true });
            }
        };
        Ok(read(response, delivery.max_bytes, late).await)
    }

    /// A client for one delivery. None is kept: what it believes comes with the delivery.
    fn trusting(&self, url: &Url, trust: &Trust) -> Result<Client, OutboundError> {
        let broken = |reason: String| OutboundError::Unreachable { url: shown(url), reason };
        let builder = client_builder(self, url)?;
        let builder = match trust {
            Trust::Anyone => builder.tls_danger_accept_invalid_certs(true),
            Trust::Authorities(pem) => {
                let certificates = Certificate::from_pem_bundle(pem.as_bytes())
                    .map_err(|_| broken("its certificate authority is no certificate in PEM".into()))?;
                if certificates.is_empty() {
                    return Err(broken("its certificate authority is no certificate in PEM".into()));
                }
                builder.tls_certs_only(certificates)
            }
        };
        builder.build().map_err(|error| broken(error.to_string()))
    }
}

/// The answer, as far as it comes.
async fn read(mut response: Response, limit: usize, late: tokio::time::Instant) -> Delivered {
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers = headers.filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok().map(str::to_owned)?))
    });
    let headers = headers.collect();
    let mut body = BytesMut::new();
    let complete = loop {
        match tokio::time::timeout_at(late, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                let room = limit - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    break false;
                }
            }
            Ok(Ok(None)) => break true,
            Ok(Err(_)) | Err(_) => break false,
        }
    };
    Delivered { status, headers, body: body.freeze(), complete }
}
