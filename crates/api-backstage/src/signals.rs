//! Backstage's signals under `/api/signals`: a WebSocket on which pages hear at once what has happened.
//!
//! A browser can send no header with it but the subprotocol, so the user token comes as that; it is looked at with all other
//! credentials, and a cookie is not enough: another site's page could open a socket with it.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use stagedoor_auth::{Principal, Via, Viewer};
use stagedoor_portal::{Portal, Signals};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::Refusal;
use crate::socket::{Handshake, Heard, NoHandshake, Socket};

/// Between two pings. Whoever has not answered the last one is gone.
const PING: Duration = Duration::from_secs(30);
/// Channels of one page.
const MOST_CHANNELS: usize = 50;
/// "Normal closure".
const NORMAL: u16 = 1000;
/// "Service restart": the page connects again, which it would not after "going away" (RFC 6455, 7.4.1 and IANA).
const RESTART: u16 = 1012;
/// "Policy violation".
const NOT_ALLOWED: u16 = 1008;

/// Opens a socket. It sends `{channel, message}` for every channel that the page subscribes to by
/// `{"action": "subscribe", "channel": ...}`.
#[utoipa::path(
    get,
    path = "/api/signals",
    operation_id = "signals",
    tag = "signals",
    responses(
        (status = 101, description = "The socket"),
        (status = 401, description = "No user token in `Sec-WebSocket-Protocol`", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 426, description = "Not asked for as a WebSocket", body = Refusal),
    )
)]
pub(crate) async fn open(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    handshake: Result<Handshake, NoHandshake>,
) -> Result<Response, ApiError> {
    portal.may_listen(&viewer)?;
    let handshake = handshake.map_err(|_| ApiError::upgrade_required())?;
    if matches!(viewer.via(), Via::Session(_)) {
        return Err(ApiError::unauthenticated());
    }
    let signals = portal.signals(&viewer)?;
    let page = Page { portal, viewer, signals, channels: BTreeSet::new() };
    Ok(handshake.accept(move |socket| page.serve(socket)))
}

/// One open page.
struct Page {
    portal: Portal,
    viewer: Viewer,
    signals: Signals,
    channels: BTreeSet<String>,
}

impl Page {
    async fn serve(mut self, mut socket: Socket) {
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut alive = true;
        loop {
            let sent = tokio::select! {
                signal = self.signals.next() => match signal {
                    Some(signal) if self.channels.contains(signal.channel) => {
                        let text = json!({ "channel": signal.channel, "message": signal.message });
                        socket.send(&text.to_string()).await
                    }
                    Some(_) => Ok(()),
                    None => return socket.close(RESTART, "restarting").await,
                },
                heard = socket.hear() => match heard {
                    None => return,
                    Some(Heard::Close) => return socket.close(NORMAL, "").await,
                    Some(heard) => {
                        alive = true;
                        match heard {
                            Heard::Text(text) => self.hear(&text),
                            Heard::Ping(payload) if socket.pong(&payload).await.is_err() => return,
                            _ => {}
                        }
                        Ok(())
                    }
                },
                _ = ping.tick() => {
                    if !std::mem::replace(&mut alive, false) {
                        return;
                    }
                    if self.still_may().is_err() {
                        return socket.close(NOT_ALLOWED, "not signed in any more").await;
                    }
                    socket.ping().await
                }
            };
            if sent.is_err() {
                return;
            }
        }
    }

    /// What is no message is passed over, as Backstage does.
    fn hear(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        let word = |key: &str| message.get(key).and_then(Value::as_str);
        match (word("action"), word("channel")) {
            (Some("subscribe"), Some(channel)) if self.channels.len() < MOST_CHANNELS => {
                self.channels.insert(channel.to_owned());
            }
            (Some("unsubscribe"), Some(channel)) => {
                self.channels.remove(channel);
            }
            _ => {}
        }
    }

    /// Whoever is shut out or has signed out hears no more.
    fn still_may(&self) -> Result<(), ApiError> {
        self.portal.may_listen(&self.viewer)?;
        let session = match (self.viewer.principal(), self.viewer.via()) {
            (Principal::Person(_), Via::AccessToken(credential)) => credential.strip_prefix("session/"),
            _ => None,
        };
        match session {
            Some(session) if self.portal.session_called(session).is_none() => {
                Err(ApiError::unauthenticated())
            }
            _ => Ok(()),
        }
    }
}
