//! What a request to an API carries so that it is let in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use stagedoor_outbound::{Call, Delivered, Reply};
use tokio::sync::Mutex;
use url::Url;
use url::form_urlencoded::Serializer;

use super::File;
use crate::act::{Act, Undone};
use crate::client::{Client, host_of, now, shown};
use crate::error::HostError;

/// A granted token is replaced this long before it ends, in seconds.
const MARGIN: i64 = 120;

/// How requests authenticate. Nothing of it is ever printed.
pub(crate) enum Credential {
    /// They do not: what is public can be read.
    None,
    /// With an `Authorization` header that never changes.
    Header(String),
    /// With a token that is asked for first (OAuth 2.0, client credentials).
    Granted(Granted),
}

impl Credential {
    /// `Basic`, RFC 7617.
    pub(crate) fn basic(user: &str, password: &str) -> Self {
        Self::Header(basic(user, password))
    }

    /// `Bearer`, RFC 6750.
    pub(crate) fn bearer(token: &str) -> Self {
        Self::Header(format!("Bearer {token}"))
    }

    /// The value of the header.
    pub(crate) async fn header(&self, client: &Client) -> Result<Option<String>, HostError> {
        match self {
            Self::None => Ok(None),
            Self::Header(header) => Ok(Some(header.clone())),
            Self::Granted(granted) => Ok(Some(format!("Bearer {}", granted.token(client).await?))),
        }
    }

    /// Whether there is one.
    pub(crate) fn is_there(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Does something with the credential. A granted token that was refused is forgotten: the next call asks for another.
    pub(crate) async fn act(&self, client: &Client, base: &Url, act: &Act) -> Result<Delivered, Undone> {
        let url = act.url(base);
        let mut delivery = act.delivery(&[("accept", "application/json")]);
        if let Some(header) = self.header(client).await? {
            delivery = delivery.with("authorization", header);
        }
        let answer = client.deliver(&host_of(base), &url, delivery).await?;
        if let (Self::Granted(granted), 401) = (self, answer.status) {
            *granted.kept.lock().await = None;
        }
        Ok(answer)
    }

    /// Sends a call with the credential.
    ///
    /// # Errors
    /// As [`Client::send`]. A granted token that was refused is forgotten: the next call asks for another.
    pub(crate) async fn send(&self, client: &Client, url: &Url, mut call: Call) -> Result<Reply, HostError> {
        if let Some(header) = self.header(client).await? {
            call.headers.push(("authorization", header));
        }
        let answer = client.send(url, call).await;
        if let (Self::Granted(granted), Err(HostError::Denied(_))) = (self, &answer) {
            *granted.kept.lock().await = None;
        }
        answer
    }
}

/// A token that a server grants to an application (RFC 6749, section 4.4), kept until shortly before it ends.
pub(crate) struct Granted {
    url: Url,
    /// The application's own name and secret, where the server wants them as a header and not in the form.
    basic: Option<String>,
    form: String,
    kept: Mutex<Option<(String, i64)>>,
}

impl Granted {
    /// By an application that names itself in a header.
    pub(crate) fn by_header(url: Url, id: &str, secret: &str) -> Self {
        let form = "grant_type=client_credentials".to_owned();
        Self { url, basic: Some(basic(id, secret)), form, kept: Mutex::default() }
    }

    /// By an application that names itself in the form.
    pub(crate) fn by_form(url: Url, id: &str, secret: &str, scope: &str) -> Self {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials").append_pair("client_id", id);
        form.append_pair("client_secret", secret).append_pair("scope", scope);
        Self { url, basic: None, form: form.finish(), kept: Mutex::default() }
    }

    /// Where it is asked for.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    async fn token(&self, client: &Client) -> Result<String, HostError> {
        // Held while asking, so that one request is enough for all who wait.
        let mut kept = self.kept.lock().await;
        if let Some((token, _)) = kept.as_ref().filter(|(_, until)| *until > now()) {
            return Ok(token.clone());
        }
        let mut headers = vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
        ];
        headers.extend(self.basic.iter().map(|basic| ("authorization", basic.clone())));
        let body = Some(Bytes::from(self.form.clone()));
        let reply = client.send(&self.url, Call { method: "POST", headers, body, ..Call::default() }).await;
        let answer = json(&self.url, &reply.map_err(refused)?)?;
        let Some(token) = answer["access_token"].as_str() else {
            return Err(HostError::Unreachable(format!("{} answered without a token", shown(&self.url))));
        };
        let lasts = answer["expires_in"].as_i64().unwrap_or(3600);
        *kept = Some((token.to_owned(), now() + (lasts - MARGIN).max(lasts / 2)));
        Ok(token.to_owned())
    }
}

/// Both answers that RFC 6749, section 5.2, has for a wrong id or secret mean the same.
fn refused(error: HostError) -> HostError {
    match error {
        HostError::Unreachable(text) if text.ends_with("status 400") => {
            HostError::Denied(format!("{text}: look at clientId and clientSecret in integrations"))
        }
        other => other,
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// An answer in JSON; half of one is none.
pub(crate) fn json(url: &Url, reply: &Reply) -> Result<Value, HostError> {
    serde_json::from_slice(&reply.body)
        .map_err(|error| HostError::Unreachable(format!("{} answered with no JSON: {error}", shown(url))))
}

/// The first of a list, where there is one. An answer without the list says nothing, not that it is empty.
pub(crate) fn first_of<'a>(url: &Url, list: &'a Value) -> Result<Option<&'a Value>, HostError> {
    let list = list.as_array();
    let list =
        list.ok_or_else(|| HostError::Unreachable(format!("{} answered without its list", shown(url))))?;
    Ok(list.first())
}

/// A call for a file that is known by a tag.
pub(crate) fn call_for(accept: &str, etag: Option<&str>) -> Call {
    let mut headers = vec![("accept", accept.to_owned())];
    headers.extend(etag.map(|tag| ("if-none-match", tag.to_owned())));
    Call { headers, ..Call::default() }
}

/// What an answer to such a call says.
pub(crate) fn file(reply: Reply, etag: Option<&str>) -> File {
    let unchanged = reply.status == 304;
    let tag = reply.header("etag").or(etag.filter(|_| unchanged)).map(str::to_owned);
    File { body: (!unchanged).then_some(reply.body), etag: tag }
}
