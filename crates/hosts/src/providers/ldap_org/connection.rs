//! A connection to a directory: bind, searches with pages, the end.

use std::time::Duration;

use stagedoor_outbound::{Egress, Stream, TlsOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::ber::Broken;
use super::message::{self, Answer, Entry, Outcome, Search};
use crate::error::HostError;

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// For a connection, and again for TLS over it.
const TO_CONNECT: Duration = Duration::from_secs(10);
/// The largest message. A group of a hundred thousand members has ten million bytes.
const LARGEST: usize = 64 * 1024 * 1024;
/// More pages than any directory has: a server that never ends is no answer.
const MOST_PAGES: usize = 100_000;

/// Where a directory is and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Security,
    pub(super) options: TlsOptions,
}

/// When TLS comes over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    Never,
    /// `ldaps`.
    AtOnce,
    /// By StartTLS, before anything else is said.
    Started,
}

impl Address {
    /// As people write it.
    pub(super) fn shown(&self) -> String {
        let scheme = if self.tls == Security::AtOnce { "ldaps" } else { "ldap" };
        format!("{scheme}://{}:{}", self.host, self.port)
    }
}

/// An open connection.
pub(super) struct Connection {
    stream: Stream,
    shown: String,
    /// What has come and is not read yet.
    buffer: Vec<u8>,
    last: i32,
}

impl Connection {
    /// Connects, with TLS as far as the address demands it.
    pub(super) async fn open(egress: &Egress, address: &Address) -> Result<Self, HostError> {
        let stream = egress.connect(&address.host, address.port, TO_CONNECT).await?;
        let shown = address.shown();
        let mut connection = Self { stream, shown, buffer: Vec::new(), last: 0 };
        if address.tls == Security::Started {
            let id = connection.number();
            connection.send(&message::start_tls(id)).await?;
            match connection.answer(id).await? {
                Answer::Extended(outcome) => connection.must_succeed(&outcome, "StartTLS")?,
                _ => return Err(connection.broken("it answered StartTLS with something else")),
            }
            // Whatever came along in clear could be anybody's.
            if !connection.buffer.is_empty() {
                return Err(connection.broken("something came between StartTLS and TLS"));
            }
        }
        if address.tls != Security::Never {
            let Self { stream, shown, buffer, last } = connection;
            let stream = stream.secure(&address.options, TO_CONNECT).await?;
            connection = Self { stream, shown, buffer, last };
        }
        Ok(connection)
    }

    /// Says who asks.
    pub(super) async fn bind(&mut self, dn: &str, secret: &str) -> Result<(), HostError> {
        let id = self.number();
        self.send(&message::bind(id, dn, secret)).await?;
        match self.answer(id).await? {
            Answer::Bound(outcome) => self.must_succeed(&outcome, &format!("the bind as {dn}")),
            _ => Err(self.broken("it answered a bind with something else")),
        }
    }

    /// Hands over every entry that a search finds, page by page to the end. An error may come after some of them.
    pub(super) async fn search(
        &mut self,
        search: &Search,
        mut found: impl FnMut(Entry),
    ) -> Result<(), HostError> {
        let mut cookie = Vec::new();
        for _ in 0..MOST_PAGES {
            let id = self.number();
            self.send(&message::search(id, search, &cookie)).await?;
            let next = loop {
                match self.answer(id).await? {
                    Answer::Entry(entry) => found(entry),
                    // Active Directory names its other partitions at the end of every search from the root.
                    Answer::Reference => {
                        tracing::debug!(directory = self.shown, "a referral is not followed")
                    }
                    Answer::Done(outcome, next) => {
                        self.must_succeed(&outcome, &format!("the search below \"{}\"", search.base))?;
                        break next;
                    }
                    _ => {}
                }
            };
            match next {
                Some(next) => cookie = next,
                None => return Ok(()),
            }
        }
        Err(self.broken("it has pages without end"))
    }

    /// Says good-bye. Nobody waits for it.
    pub(super) async fn close(mut self) {
        let id = self.number();
        let _ = self.send(&message::unbind(id)).await;
        let _ = timeout(Duration::from_secs(1), self.stream.shutdown()).await;
    }

    fn number(&mut self) -> i32 {
        self.last += 1;
        self.last
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        let write = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match timeout(PATIENCE, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(&error.to_string())),
            Err(_) => Err(self.broken("it takes nothing more")),
        }
    }

    /// The next answer to a request.
    async fn answer(&mut self, id: i32) -> Result<Answer, HostError> {
        loop {
            let length = self.length()?;
            if let Some(length) = length
                && self.buffer.len() >= length
            {
                let read = message::read(&self.buffer[..length]);
                self.buffer.drain(..length);
                let (of, answer) = read.map_err(|broken| self.broken(&broken.to_string()))?;
                if of == id {
                    return Ok(answer);
                }
                // RFC 4511, 4.4.1: the server says of itself that it ends the connection.
                if let (0, Answer::Extended(outcome)) = (of, &answer) {
                    let why = format!("it ended the connection: {}", describe(outcome));
                    return Err(self.broken(&why));
                }
                continue;
            }
            let wanted = length.map_or(8 * 1024, |length| length - self.buffer.len()).clamp(1, 64 * 1024);
            let start = self.buffer.len();
            self.buffer.resize(start + wanted, 0);
            let read = timeout(PATIENCE, self.stream.read(&mut self.buffer[start..])).await;
            let count = match &read {
                Ok(Ok(count)) => *count,
                _ => 0,
            };
            self.buffer.truncate(start + count);
            match read {
                Ok(Ok(0)) => return Err(self.broken("the connection ended in the middle of an answer")),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(self.broken(&error.to_string())),
                Err(_) => return Err(self.broken(&format!("no answer within {} s", PATIENCE.as_secs()))),
            }
        }
    }

    fn length(&self) -> Result<Option<usize>, HostError> {
        match message::length(&self.buffer) {
            Ok(Some(length)) if length > LARGEST => {
                Err(self.broken(&format!("an answer has more than {LARGEST} bytes")))
            }
            Ok(length) => Ok(length),
            Err(Broken) => Err(self.broken(&Broken.to_string())),
        }
    }

    fn broken(&self, why: &str) -> HostError {
        HostError::Unreachable(format!("{} cannot be read: {why}", self.shown))
    }

    /// Any other end than success means that not all was said.
    fn must_succeed(&self, outcome: &Outcome, what: &str) -> Result<(), HostError> {
        let text = || format!("{} refused {what}: {}", self.shown, describe(outcome));
        match outcome.code {
            0 => Ok(()),
            // Wrong name or password, a stronger way needed, too few rights.
            7 | 8 | 13 | 48 | 49 | 50 => Err(HostError::Denied(text())),
            _ => Err(HostError::Unreachable(text())),
        }
    }
}

/// RFC 4511, appendix A, in a few words.
fn describe(outcome: &Outcome) -> String {
    let meaning = match outcome.code {
        1 => "the server has an error of its own",
        2 => "protocol error",
        3 => "it took too long (timeLimitExceeded)",
        4 => "there is more than it gives at once (sizeLimitExceeded): use pages, or ask for less",
        7 | 48 => "this way to authenticate is not supported",
        8 | 13 => "it wants TLS or a stronger way to authenticate",
        10 => "what is looked for is on another server (referral)",
        11 => "there is more than an administrator allows (adminLimitExceeded)",
        12 => "it does not know an extension that is needed",
        32 => "there is no such entry, or it may not be seen",
        34 => "this is no name of an entry",
        49 => "wrong name or password",
        50 => "too few rights",
        51 => "it is busy",
        52 => "it is unavailable",
        53 => "it does not want to",
        _ => "an error",
    };
    let said = outcome.message.trim();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    format!("{meaning} (code {}){said}", outcome.code)
}
