//! Telling somebody outside that something has happened.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use url::Url;

use crate::egress::{Egress, failed};
use crate::error::{OutboundError, shown};

/// What is sent.
#[derive(Clone, Debug)]
pub struct PostOptions {
    /// The body.
    pub body: String,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// For everything together.
    pub timeout: Duration,
}

impl PostOptions {
    /// A JSON text.
    #[must_use]
    pub fn json(body: String, timeout: Duration) -> Self {
        Self { body, content_type: "application/json", timeout }
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
        let request = client
            .post(url.clone())
            .header(CONTENT_TYPE, options.content_type)
            .timeout(options.timeout)
            .body(options.body);
        let response = request.send().await.map_err(|error| failed(url, None, &error))?;
        match response.status().as_u16() {
            status @ 200..=299 => Ok(status),
            status @ (404 | 410) => Err(OutboundError::NotFound { url: shown(url), status }),
            status => Err(OutboundError::Status { url: shown(url), status }),
        }
    }
}
