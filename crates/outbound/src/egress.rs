//! Reading one address of the outside world.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, AUTHORIZATION, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION};
use reqwest::{Client, Response, StatusCode, redirect};
use url::{Host, Url};

use crate::allow::AllowList;
use crate::error::{Blocked, OutboundError, Refusal, causes, shown};
use crate::names::{Guard, Names, SystemNames, check};

pub(crate) const MAX_REDIRECTS: usize = 5;

/// The way out. One for the whole process; shared by all who read.
pub struct Egress {
    allow: Arc<AllowList>,
    names: Arc<dyn Names>,
    /// By the port that the allow list names, `None` for all others: the resolver is not told the port.
    clients: Mutex<HashMap<Option<u16>, Client>>,
}

/// How to read.
#[derive(Clone, Debug)]
pub struct GetOptions {
    /// The tag of what is already here; an unchanged answer has no body.
    pub etag: Option<String>,
    /// The most that is read, counted after unpacking.
    pub max_bytes: usize,
    /// For everything together, redirects and body included.
    pub timeout: Duration,
    /// The `Accept` header.
    pub accept: Option<String>,
    /// Sent to the host of the first address only.
    pub authorization: Option<Authorization>,
}

impl Default for GetOptions {
    fn default() -> Self {
        Self {
            etag: None,
            max_bytes: 10 * 1024 * 1024,
            timeout: Duration::from_secs(15),
            accept: None,
            authorization: None,
        }
    }
}

/// The value of an `Authorization` header, never printed.
#[derive(Clone)]
pub struct Authorization(String);

impl Authorization {
    /// `Bearer <token>`.
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Self(format!("Bearer {token}"))
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization([redacted])")
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// 2xx, or 304 where [`Fetched::not_modified`].
    pub status: u16,
    /// Its tag, for the next time.
    pub etag: Option<String>,
    /// The body, unpacked; empty when not modified.
    pub body: Bytes,
    /// Where it was found, after redirects.
    pub final_url: Url,
    /// Whether it is what the caller's tag stands for.
    pub not_modified: bool,
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").field("allow", &self.allow).finish_non_exhaustive()
    }
}

impl Egress {
    /// Reaches the internet, and beyond it only what `allow` names.
    #[must_use]
    pub fn new(allow: AllowList) -> Self {
        Self::with_names(allow, Arc::new(SystemNames))
    }

    /// The same, with another way to look up names.
    #[must_use]
    pub fn with_names(allow: AllowList, names: Arc<dyn Names>) -> Self {
        Self { allow: Arc::new(allow), names, clients: Mutex::default() }
    }

    /// Another one that may reach more: what a part of the configuration names for itself.
    #[must_use]
    pub fn reaching(&self, more: AllowList) -> Self {
        Self::with_names((*self.allow).clone().and(more), Arc::clone(&self.names))
    }

    /// What every address is held against, and where names are looked up.
    pub(crate) fn rules(&self) -> (&AllowList, &dyn Names) {
        (&self.allow, self.names.as_ref())
    }

    /// Reads `url`, following up to five redirects.
    ///
    /// # Errors
    /// Why there is no answer; [`OutboundError::Refused`] says how to allow it.
    pub async fn get(&self, url: &Url, options: GetOptions) -> Result<Fetched, OutboundError> {
        let timeout = options.timeout;
        tokio::time::timeout(timeout, self.follow(url, &options)).await.unwrap_or_else(|_| {
            let reason = format!("no complete answer within {} ms", timeout.as_millis());
            Err(OutboundError::Unreachable { url: shown(url), reason })
        })
    }

    async fn follow(&self, start: &Url, options: &GetOptions) -> Result<Fetched, OutboundError> {
        let mut url = start.clone();
        let mut from: Option<Url> = None;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.request(&url, start, from.as_ref(), options).await?;
            let Some(next) = redirect_target(&url, &response)? else {
                return finish(url, response, options).await;
            };
            tracing::debug!(from = shown(&url), to = shown(&next), "redirected");
            from = Some(std::mem::replace(&mut url, next));
        }
        let reason = format!("more than {MAX_REDIRECTS} redirects");
        Err(OutboundError::Unreachable { url: shown(start), reason })
    }

    /// One request, to an address that has passed every check.
    async fn request(
        &self,
        url: &Url,
        start: &Url,
        from: Option<&Url>,
        options: &GetOptions,
    ) -> Result<Response, OutboundError> {
        let client = self.client_for(url, from)?;
        let mut request = client.get(url.clone());
        let same_origin = url.origin() == start.origin();
        let authorization = options.authorization.as_ref().filter(|_| same_origin).map(|a| &a.0);
        let headers: [(HeaderName, Option<&String>); 3] = [
            (IF_NONE_MATCH, options.etag.as_ref()),
            (ACCEPT, options.accept.as_ref()),
            (AUTHORIZATION, authorization),
        ];
        for (name, value) in headers {
            // A tag that can't be sent was not the server's; the answer is then a full one.
            if let Some(mut value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                value.set_sensitive(name == AUTHORIZATION);
                request = request.header(name, value);
            }
        }
        request.send().await.map_err(|error| failed(url, from, &error))
    }

    /// A client that connects only to where `url` may lead.
    pub(crate) fn client_for(&self, url: &Url, from: Option<&Url>) -> Result<Client, OutboundError> {
        self.check_url(url).map_err(|(reason, allow)| refused(url, from, reason, allow))?;
        let port = url.port_or_known_default().filter(|port| self.allow.names_port(*port));
        self.client(port)
            .map_err(|error| OutboundError::Unreachable { url: shown(url), reason: reason_of(&error) })
    }

    /// What can be said of an address without looking up its name; the reason, and the host that an entry of
    /// the allow list would have to name.
    fn check_url(&self, url: &Url) -> Result<(), (String, Option<String>)> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err((format!("{} is not read, only http and https are", url.scheme()), None));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(("it carries a user name or password".to_owned(), None));
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(name)) if !name.is_empty() => return Ok(()),
            _ => return Err(("it names no host".to_owned(), None)),
        };
        check(&self.allow, None, address, url.port_or_known_default())
            .map_err(|Blocked(what)| (format!("{address} is {what}"), Some(address.to_string())))
    }

    fn client(&self, port: Option<u16>) -> reqwest::Result<Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&port) {
            return Ok(client.clone());
        }
        let guard = || Guard { allow: Arc::clone(&self.allow), port, names: Arc::clone(&self.names) };
        // An image without certificate authorities still reads http.
        let client = builder(guard()).build().or_else(|error| {
            tracing::warn!(reason = reason_of(&error), "no https: certificate authorities can't be read");
            builder(guard()).tls_certs_only([]).build()
        })?;
        clients.insert(port, client.clone());
        Ok(client)
    }
}

/// What a client that believes somebody else is made of, for an address that has passed the checks before its name.
pub(crate) fn client_builder(egress: &Egress, url: &Url) -> Result<reqwest::ClientBuilder, OutboundError> {
    egress.check_url(url).map_err(|(reason, allow)| refused(url, None, reason, allow))?;
    let port = url.port_or_known_default().filter(|port| egress.allow.names_port(*port));
    Ok(builder(Guard { allow: Arc::clone(&egress.allow), port, names: Arc::clone(&egress.names) }))
}

fn builder(guard: Guard) -> reqwest::ClientBuilder {
    static PROVIDER: OnceLock<()> = OnceLock::new();
    // An error means that the process has chosen a provider already, which will do.
    PROVIDER.get_or_init(|| drop(rustls::crypto::ring::default_provider().install_default()));
    Client::builder()
        .user_agent(concat!("stagedoor/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(guard))
        // A proxy would look up names itself, past the guard.
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .gzip(true)
        .connect_timeout(Duration::from_secs(10))
        // Long enough for a batch of reads, short enough for a changed name to be looked up again.
        .pool_idle_timeout(Duration::from_secs(10))
        .pool_max_idle_per_host(4)
}

/// Where a redirect leads, or `None` when the answer is final.
pub(crate) fn redirect_target(url: &Url, response: &Response) -> Result<Option<Url>, OutboundError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    match location.and_then(|location| url.join(location).ok()) {
        Some(next) => Ok(Some(next)),
        None => {
            let reason = format!("status {} without a usable location", response.status().as_u16());
            Err(OutboundError::Unreachable { url: shown(url), reason })
        }
    }
}

async fn finish(url: Url, response: Response, options: &GetOptions) -> Result<Fetched, OutboundError> {
    let status = response.status();
    let etag = response.headers().get(ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if status == StatusCode::NOT_MODIFIED && options.etag.is_some() {
        let etag = etag.or_else(|| options.etag.clone());
        return Ok(Fetched { status: 304, etag, body: Bytes::new(), final_url: url, not_modified: true });
    }
    let (shown, status) = (shown(&url), status.as_u16());
    match status {
        200..=299 => {}
        404 | 410 => return Err(OutboundError::NotFound { url: shown, status }),
        _ => return Err(OutboundError::Status { url: shown, status }),
    }
    let body = body(shown, response, options.max_bytes).await?;
    Ok(Fetched { status, etag, body, final_url: url, not_modified: false })
}

/// The body, given up as soon as it is too large.
pub(crate) async fn body(url: String, mut response: Response, limit: usize) -> Result<Bytes, OutboundError> {
    // Absent for packed answers, whose length says nothing.
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > limit {
        return Err(OutboundError::TooLarge { url, limit });
    }
    let mut body = BytesMut::with_capacity(announced);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                return Err(OutboundError::TooLarge { url, limit });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.freeze()),
            Err(error) => return Err(OutboundError::Unreachable { url, reason: reason_of(&error) }),
        }
    }
}

/// Why nothing came back.
pub(crate) fn failed(url: &Url, from: Option<&Url>, error: &reqwest::Error) -> OutboundError {
    match Blocked::within(error) {
        Some(Blocked(what)) => {
            let host = url.host_str().unwrap_or_default().to_owned();
            refused(url, from, format!("{host} leads to {what}"), Some(host))
        }
        None => OutboundError::Unreachable { url: shown(url), reason: reason_of(error) },
    }
}

fn refused(url: &Url, from: Option<&Url>, reason: String, allow: Option<String>) -> OutboundError {
    OutboundError::Refused(Refusal { url: shown(url), reason, allow, redirected_from: from.map(shown) })
}

/// The innermost cause; the outer ones repeat the address, query included.
fn reason_of(error: &reqwest::Error) -> String {
    causes(error).last().filter(|cause| !cause.is::<reqwest::Error>()).map_or_else(
        || {
            if error.is_body() || error.is_decode() { "the answer is broken" } else { "the request failed" }
                .to_owned()
        },
        ToString::to_string,
    )
}
