//! The server's side of a WebSocket (RFC 6455) with short texts, without extensions.
//!
//! Written out because a library for it brings a dozen crates, and this is all of it: a handshake, frames with a length
//! and a mask, and a bound on everything that comes.

mod frame;

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::ready;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use hyper::rt::{Read as _, ReadBuf, Write as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use sha1::{Digest as _, Sha1};

pub(crate) use frame::Heard;
use frame::{Frames, Opcode, Wrong, encode};

/// What the handshake joins to the client's key (RFC 6455, 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes that are read at once.
const CHUNK: usize = 1024;

/// A request for a WebSocket.
pub(crate) struct Handshake {
    accept: HeaderValue,
    /// The first of the subprotocols that the client offers.
    protocol: Option<HeaderValue>,
    upgrade: OnUpgrade,
}

/// The request is for no WebSocket, or came in a way in which none can be opened.
pub(crate) struct NoHandshake;

impl<S: Sync> FromRequestParts<S> for Handshake {
    type Rejection = NoHandshake;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NoHandshake> {
        let accept = accept(&parts.method, &parts.headers).ok_or(NoHandshake)?;
        let protocol = protocol(&parts.headers);
        let upgrade = parts.extensions.remove::<OnUpgrade>().ok_or(NoHandshake)?;
        Ok(Self { accept, protocol, upgrade })
    }
}

impl axum::response::IntoResponse for NoHandshake {
    fn into_response(self) -> Response {
        StatusCode::UPGRADE_REQUIRED.into_response()
    }
}

impl Handshake {
    /// Answers, and serves the socket in a task of its own as soon as it is there.
    pub(crate) fn accept<F>(self, serve: impl FnOnce(Socket) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let upgrade = self.upgrade;
        tokio::spawn(async move {
            // A client that goes away in between is nobody's loss.
            if let Ok(io) = upgrade.await {
                serve(Socket { io, frames: Frames::default() }).await;
            }
        });
        let mut response = (StatusCode::SWITCHING_PROTOCOLS, Body::empty()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, self.accept);
        if let Some(protocol) = self.protocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        response
    }
}

/// The answer to the client's key, if the request is a handshake (RFC 6455, 4.2.1).
fn accept(method: &Method, headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name: HeaderName, word: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
    };
    let handshake = *method == Method::GET
        && has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && has(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| handshake)?.to_str().ok()?;
    if STANDARD.decode(key).ok()?.len() != 16 {
        return None;
    }
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    HeaderValue::from_str(&STANDARD.encode(digest)).ok()
}

fn protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    HeaderValue::from_str(offered.split(',').next()?.trim()).ok().filter(|one| !one.is_empty())
}

/// An open socket.
pub(crate) struct Socket {
    io: Upgraded,
    frames: Frames,
}

impl Socket {
    /// What comes next; `None` when the other end is gone or breaks the rules, of which it is told. May be given up while
    /// it waits: nothing is lost.
    pub(crate) async fn hear(&mut self) -> Option<Heard> {
        loop {
            match self.frames.next() {
                Ok(Some(heard)) => return Some(heard),
                Ok(None) => {}
                Err(Wrong(code)) => {
                    self.close(code, "").await;
                    return None;
                }
            }
            match self.read().await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Sends a text.
    pub(crate) async fn send(&mut self, text: &str) -> io::Result<()> {
        self.write(&encode(Opcode::Text, text.as_bytes())).await
    }

    /// Asks whether the other end is there.
    pub(crate) async fn ping(&mut self) -> io::Result<()> {
        self.write(&encode(Opcode::Ping, &[])).await
    }

    /// Answers a ping.
    pub(crate) async fn pong(&mut self, payload: &[u8]) -> io::Result<()> {
        self.write(&encode(Opcode::Pong, payload)).await
    }

    /// Says goodbye, with a code of RFC 6455, 7.4.
    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        let payload = [&code.to_be_bytes()[..], reason.as_bytes()].concat();
        // The other end may be gone.
        let _ = self.write(&encode(Opcode::Close, &payload)).await;
        let _ = poll_fn(|context| Pin::new(&mut self.io).poll_shutdown(context)).await;
    }

    async fn read(&mut self) -> io::Result<usize> {
        let (io, frames) = (&mut self.io, &mut self.frames);
        poll_fn(|context| {
            let mut space = [0; CHUNK];
            let mut buffer = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut *io).poll_read(context, buffer.unfilled()))?;
            frames.take(buffer.filled());
            std::task::Poll::Ready(Ok(buffer.filled().len()))
        })
        .await
    }

    async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = poll_fn(|context| Pin::new(&mut self.io).poll_write(context, bytes)).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
        }
        poll_fn(|context| Pin::new(&mut self.io).poll_flush(context)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), v.parse().unwrap())).collect()
    }

    const GOOD: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    #[test]
    fn the_handshake_is_that_of_the_standard() {
        // The example of RFC 6455, 1.3.
        let answer = accept(&Method::GET, &headers(&GOOD)).unwrap();
        assert_eq!(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(accept(&Method::POST, &headers(&GOOD)), None);
        for (name, value) in [
            ("connection", "keep-alive"),
            ("upgrade", "h2c"),
            ("sec-websocket-version", "8"),
            ("sec-websocket-key", "short"),
            ("sec-websocket-key", ""),
        ] {
            let mut spoiled = headers(&GOOD);
            spoiled.insert(name, value.parse().unwrap());
            assert_eq!(accept(&Method::GET, &spoiled), None, "{name}: {value}");
        }
        assert_eq!(protocol(&headers(&[("sec-websocket-protocol", "a.b.c, other")])).unwrap(), "a.b.c");
        assert_eq!(protocol(&headers(&[])), None);
    }
}
