//! What the configuration says of the wire: certificates, proxies, other origins, limits.

use std::path::PathBuf;
use std::time::Duration;

use super::types::Text;
use crate::authentication::TrustedProxies;

/// Everything about connections and requests that an operator can choose.
#[derive(Clone, Debug, Default)]
pub struct WireConfig {
    /// `backend.https.certificate`; plain HTTP without it.
    pub tls: Option<Certificate>,
    /// `stagedoor.trustedProxies`, else `backend.trustProxy`: whose `X-Forwarded-For` is believed.
    pub proxies: TrustedProxies,
    /// `backend.cors`; pages of other origins get nothing without it.
    pub cors: Option<Cors>,
    /// `stagedoor.rateLimits`.
    pub rates: Rates,
    /// `stagedoor.limits`.
    pub limits: Limits,
    /// `stagedoor.frames`: origins whose pages may be embedded, `https://grafana.example.com`, `https://*.example.com`;
    /// none without it.
    pub frames: Vec<String>,
    /// Browsers find the portal by `https`, here or at a proxy before it.
    pub secure: bool,
}

/// A certificate with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The chain, the server's own certificate first.
    pub cert: Pem,
    /// The private key.
    pub key: Pem,
}

/// PEM, as text or in a file that is read again when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pem {
    /// The text itself.
    Text(Text),
    /// A file, relative to the configuration that names it.
    File(PathBuf),
}

/// `backend.cors`: pages of which other origins may read answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Origins, or patterns with `*` such as `https://*.example.com`.
    pub origins: Vec<String>,
    /// Methods that a preflight allows.
    pub methods: Vec<String>,
    /// Headers that a preflight allows; those it asks for where `None`.
    pub allowed_headers: Option<Vec<String>>,
    /// Headers of an answer that the page may read besides the plain ones.
    pub exposed_headers: Vec<String>,
    /// Whether cookies may be sent.
    pub credentials: bool,
    /// How long a preflight holds, in seconds.
    pub max_age: Option<u32>,
}

/// How many requests in how long. `None` counts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// After this time as many may come again.
    pub period: Duration,
    /// By one program: a client credential, a service account, another system's token.
    pub programs: Option<u32>,
    /// By one person.
    pub people: Option<u32>,
    /// Without a good credential, by one address.
    pub addresses: Option<u32>,
    /// Refused for a missing or wrong credential, by one address.
    pub refusals: Option<u32>,
}

impl Rates {
    /// Nothing is counted.
    pub const OFF: Self = Self {
        period: Duration::from_secs(300),
        programs: None,
        people: None,
        addresses: None,
        refusals: None,
    };

    /// Whether nothing is counted.
    #[must_use]
    pub fn is_off(&self) -> bool {
        [self.programs, self.people, self.addresses, self.refusals].iter().all(Option::is_none)
    }
}

impl Default for Rates {
    /// High enough to be met by nobody who works: they are there to end what has run wild. (Port's own limit is 35,000.)
    /// Some clients of Port ask for a token before every call, so callers without one are many.
    fn default() -> Self {
        Self {
            programs: Some(30_000_000),
            people: Some(3_000_000),
            addresses: Some(150_000),
            refusals: Some(15_000),
            ..Self::OFF
        }
    }
}

/// What one connection may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open connections; more are closed at once. By default most of the files that the process may open.
    pub connections: Option<usize>,
    /// Open connections of one address that is no trusted proxy.
    pub connections_per_address: usize,
    /// In which the head of a request has to be complete, and a TLS handshake.
    pub header: Duration,
    /// A connection without a request is closed then.
    pub idle: Duration,
    /// In which an answer has to begin.
    pub request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: None,
            connections_per_address: 1000,
            header: Duration::from_secs(15),
            // More than the usual 60 seconds of a proxy, which had better be the one that closes.
            idle: Duration::from_secs(75),
            request: Duration::from_secs(120),
        }
    }
}
