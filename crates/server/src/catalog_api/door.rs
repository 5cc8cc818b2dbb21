//! Asking a catalog: over the network, or a router of this process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use serde_json::Value;
use stagedoor_auth::Secret;
use stagedoor_outbound::{AllowList, Call, Egress};
use tower::ServiceExt as _;
use url::Url;

/// The most that one answer may have: a page of large entities.
const LARGEST: usize = 256 * 1024 * 1024;
/// For one answer.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pauses before a request is tried again, in seconds.
const PAUSES: [u64; 4] = [1, 2, 5, 10];
/// The longest pause that a server may ask for, in seconds.
const LONGEST_PAUSE: u64 = 60;

/// The way to a catalog.
pub(crate) enum Door {
    /// A program that runs somewhere.
    Far(Box<Far>),
    /// A portal of this process; callers may do everything.
    Near(Router),
}

/// A program that runs somewhere.
pub(crate) struct Far {
    egress: Egress,
    base: String,
    token: Option<Secret>,
    /// What gives the token, for messages.
    how: &'static str,
    answered: AtomicBool,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    retry_after: Option<u64>,
}

impl Door {
    /// A catalog at an address, as people copy it. Naming it is allowing it, so a private address will do.
    ///
    /// # Errors
    /// When it is no address.
    pub(crate) fn far(address: &str, token: Option<String>, how: &'static str) -> anyhow::Result<Self> {
        let expected = "expected the address of a backend, such as https://backstage.example.com";
        let mut url = Url::parse(address.trim()).with_context(|| expected)?;
        if !matches!(url.scheme(), "http" | "https") {
            bail!("{} is no address of a web server: {expected}", url.scheme());
        }
        if !url.username().is_empty() || url.password().is_some() {
            bail!("an address with a user name or password in it is not used: give a token");
        }
        url.set_query(None);
        url.set_fragment(None);
        let allow = AllowList::new(url.host_str())?;
        let base = url.as_str().trim_end_matches('/');
        let base = base.strip_suffix("/api/catalog").unwrap_or(base);
        let base = base.strip_suffix("/api").unwrap_or(base).trim_end_matches('/').to_owned();
        let token = token.as_deref().filter(|token| !token.is_empty()).map(Secret::new);
        let answered = AtomicBool::new(false);
        Ok(Self::Far(Box::new(Far { egress: Egress::new(allow), base, token, how, answered })))
    }

    /// What it is called in messages.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Far(far) => &far.base,
            Self::Near(_) => "the database",
        }
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        content_type: &'static str,
        body: String,
    ) -> anyhow::Result<Answer> {
        self.ask("POST", path, Some((content_type, body.into()))).await
    }

    /// An answer of any status but those that say "not now", for which it waits and asks again: all that is asked
    /// here may be asked twice.
    async fn ask(
        &self,
        method: &'static str,
        path: &str,
        body: Option<(&'static str, Bytes)>,
    ) -> anyhow::Result<Answer> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let answer = self.once(method, path, body.clone()).await;
            let wait = match &answer {
                Ok(answer) if matches!(answer.status, 429 | 502 | 503 | 504) => answer.retry_after,
                Ok(_) => return answer,
                // An address that has never answered is a mistake.
                Err(_) if !self.has_answered() => return answer,
                Err(_) => None,
            };
            let Some(pause) = pauses.next() else { return answer };
            tokio::time::sleep(Duration::from_secs(wait.unwrap_or(pause).min(LONGEST_PAUSE))).await;
        }
    }

    fn has_answered(&self) -> bool {
        matches!(self, Self::Far(far) if far.answered.load(Ordering::Relaxed))
    }

    async fn once(
        &self,
        method: &'static str,
        path: &str,
        body: Option<(&'static str, Bytes)>,
    ) -> anyhow::Result<Answer> {
        match self {
            Self::Far(far) => far.once(method, path, body).await,
            Self::Near(router) => {
                let mut request = http::Request::builder().method(method).uri(path);
                if let Some((content_type, _)) = &body {
                    request = request.header(http::header::CONTENT_TYPE, *content_type);
                }
                let request = request.body(body.map_or_else(Body::empty, |(_, body)| Body::from(body)))?;
                let response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
                let status = response.status().as_u16();
                Ok(Answer { status, body: to_bytes(response.into_body(), LARGEST).await?, retry_after: None })
            }
        }
    }

    /// What an answer says, where it is one to the question.
    ///
    /// # Errors
    /// With what to do about it.
    pub(crate) fn json(&self, answer: &Answer, asked: &str) -> anyhow::Result<Value> {
        let name = self.name();
        let how = if let Self::Far(far) = self { far.how } else { "a token" };
        match answer.status {
            200..=299 => serde_json::from_slice(&answer.body).map_err(|_| {
                let page = answer.body.trim_ascii_start().starts_with(b"<");
                let what = if page { "a page for people" } else { "something else" };
                anyhow::anyhow!(
                    "{name}{asked} answers {what}, not a catalog: give the address of the backend, which is backend.baseUrl \
                     of its configuration"
                )
            }),
            401 => bail!("{name} wants to know who asks: give {how}"),
            403 => bail!("{name} does not allow {asked} with this token: {}", answer.words()),
            404 => bail!("{name}{asked} is not there: is it the address of a backend with a catalog?"),
            status => bail!("{name}{asked} answered with status {status}: {}", answer.words()),
        }
    }
}

impl Far {
    async fn once(
        &self,
        method: &'static str,
        path: &str,
        body: Option<(&'static str, Bytes)>,
    ) -> anyhow::Result<Answer> {
        let url = Url::parse(&format!("{}{path}", self.base))?;
        let mut headers = vec![("accept", "application/json".to_owned())];
        if let Some(token) = &self.token {
            headers.push(("authorization", format!("Bearer {}", token.expose())));
        }
        if let Some((content_type, _)) = &body {
            headers.push(("content-type", (*content_type).to_owned()));
        }
        let body = body.map(|(_, body)| body);
        let call = Call { method, headers, body, max_bytes: LARGEST, timeout: PATIENCE };
        let reply = self.egress.call(&url, call).await?;
        self.answered.store(true, Ordering::Relaxed);
        let retry_after = reply.header("retry-after").and_then(|text| text.trim().parse().ok());
        Ok(Answer { status: reply.status, body: reply.body, retry_after })
    }
}

impl Answer {
    /// The message of a refusal, in either dialect, or the beginning of the text.
    pub(crate) fn words(&self) -> String {
        let value: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let message = value.pointer("/error/message").or_else(|| value.get("message"));
        let text = message
            .and_then(Value::as_str)
            .map_or_else(|| String::from_utf8_lossy(&self.body).into_owned(), str::to_owned);
        let shown: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
        if shown.is_empty() { "it says nothing more".into() } else { shown }
    }
}

#[cfg(test)]
mod tests {
    use super::Door;

    #[test]
    fn addresses_are_taken_as_people_copy_them() {
        for (given, base) in [
            ("https://backstage.example.com", "https://backstage.example.com"),
            ("https://backstage.example.com/", "https://backstage.example.com"),
            (" http://localhost:7007/api/catalog/ ", "http://localhost:7007"),
            ("http://localhost:7007/api", "http://localhost:7007"),
            ("https://tools.example.com/backstage?x=1#y", "https://tools.example.com/backstage"),
        ] {
            assert_eq!(Door::far(given, None, "x").unwrap().name(), base);
        }
        for wrong in
            ["", "backstage.example.com", "file:///etc/passwd", "https://me:secret@backstage.example.com"]
        {
            let message = Door::far(wrong, None, "x").err().unwrap().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
