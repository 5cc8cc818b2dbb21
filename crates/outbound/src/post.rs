//! Telling somebody outside that something has happened.

use std::fmt;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use url::Url;

use crate::egress::{Egress, failed};
use crate::error::{OutboundError, shown};

/// What is sent.
#[derive(Clone)]
pub struct PostOptions {
    /// The body.
    pub body: String,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// More headers; a credential may be among them.
    pub headers: Vec<(String, String)>,
    /// For everything together.
    pub timeout: Duration,
}

impl fmt::Debug for PostOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("PostOptions")
            .field("body", &self.body)
            .field("headers", &headers)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl PostOptions {
    /// A JSON text.
    #[must_use]
    pub fn json(body: String, timeout: Duration) -> Self {
        Self { body, content_type: "application/json", headers: Vec::new(), timeout }
    }
}

impl Egress {
    /// Posts to `url`, under the same checks as [`Egress::get`]. Redirects are not followed: the body is for that
    /// address alone. Of the answer only the status is looked at, which is returned when it is 2xx.
    ///
    /// # Errors
    /// Why it was not taken; [`OutboundError::Refused`] says how to allow it, and nothing was sent then.
    pub async fn post(&self, url: &Url, options: PostOptions) -> Result<u16, OutboundError> {
        let client = self.client_for(url, None)?;
        let mut request = client
            .post(url.clone())
            .header(CONTENT_TYPE, options.content_type)
            .timeout(options.timeout)
            .body(options.body);
        for (name, value) in options.headers {
            let (Ok(name), Ok(mut value)) = (HeaderName::try_from(&name), HeaderValue::try_from(&value))
            else {
                let reason = format!("the header {name:?} cannot be sent");
                return Err(OutboundError::Unreachable { url: shown(url), reason });
            };
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|error| failed(url, None, &error))?;
        match response.status().as_u16() {
            status @ 200..=299 => Ok(status),
            status @ (404 | 410) => Err(OutboundError::NotFound { url: shown(url), status }),
            status => Err(OutboundError::Status { url: shown(url), status }),
        }
    }
}
