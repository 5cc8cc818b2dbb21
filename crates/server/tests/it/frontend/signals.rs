//! The socket on which pages hear what has happened.

use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_server::config::WireConfig;
use stagedoor_testkit::Person;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{elsa, guest, notification, open_portal, signed_in};
use crate::wire::Served;

/// The client's end of a socket.
struct Page(TcpStream);

/// A handshake with these headers besides: the status line and headers of the answer, and the socket.
async fn open(served: &Served, headers: &str) -> (String, Page) {
    let mut stream = served.connect().await;
    let request = format!(
        "GET /api/signals HTTP/1.1\r\nHost: portal.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (String::from_utf8(head).unwrap().to_lowercase(), Page(stream))
}

async fn page(served: &Served, who: &Person) -> Page {
    let (head, page) = open(served, &format!("Sec-WebSocket-Protocol: {}\r\n", who.token)).await;
    assert!(head.starts_with("http/1.1 101"), "{head}");
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert!(head.contains(&format!("sec-websocket-protocol: {}", who.token.to_lowercase())), "{head}");
    page
}

impl Page {
    /// Sends a frame as a client does, masked.
    async fn send(&mut self, first: u8, payload: &[u8]) {
        let mut bytes = vec![first, 0x80 | 126];
        bytes.extend((payload.len() as u16).to_be_bytes());
        if first & 0x0f > 7 {
            bytes = vec![first, 0x80 | payload.len() as u8];
        }
        bytes.extend([1, 2, 3, 4]);
        bytes.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, key)| byte ^ key));
        self.0.write_all(&bytes).await.unwrap();
    }

    async fn say(&mut self, message: Value) {
        self.send(0x81, message.to_string().as_bytes()).await;
        // What has been said has been heard, once a ping after it is answered.
        self.send(0x89, b"?").await;
        assert_eq!(self.frame().await, (0x8a, b"?".to_vec()));
    }

    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            let first = self.0.read_u8().await.unwrap();
            let length = match self.0.read_u8().await.unwrap() {
                126 => usize::from(self.0.read_u16().await.unwrap()),
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).await.unwrap();
            (first, payload)
        };
        tokio::time::timeout(Duration::from_secs(10), read).await.unwrap()
    }

    async fn hears(&mut self) -> Value {
        let (first, payload) = self.frame().await;
        assert_eq!(first, 0x81, "{}", String::from_utf8_lossy(&payload));
        serde_json::from_slice(&payload).unwrap()
    }
}

#[tokio::test]
async fn a_page_hears_what_is_for_it() {
    let portal = open_portal().await;
    let ((elsa, _), guest) = (elsa(&portal).await, guest(&portal).await);
    let served = Served::of(portal, WireConfig::default(), None).await;
    let portal = &served.portal;
    let (mut hers, mut other) = (page(&served, &elsa).await, page(&served, &guest).await);
    for page in [&mut hers, &mut other] {
        page.say(json!({ "action": "subscribe", "channel": "notifications" })).await;
        page.say(json!({ "action": "subscribe", "channel": "user-settings" })).await;
    }
    let sent = portal
        .post(
            "/api/notifications/notifications",
            &notification(json!({ "type": "entity", "entityRef": "user:elsa" }), "x"),
        )
        .await;
    let id = sent.json()[0]["id"].clone();
    let new = |id: &Value| json!({ "channel": "notifications", "message": { "action": "new_notification", "notification_id": id } });
    assert_eq!(hers.hears().await, new(&id));
    let all = portal
        .post("/api/notifications/notifications", &notification(json!({ "type": "broadcast" }), "y"))
        .await;
    let all = all.json()[0]["id"].clone();
    assert_eq!(hers.hears().await, new(&all));
    assert_eq!(other.hears().await, new(&all), "and not what was for Elsa");
    let read = json!({ "ids": [id], "read": true });
    portal.request_as(&elsa, "POST", "/api/notifications/notifications/update", Some(&read)).await;
    let message = json!({ "action": "notification_read", "notification_ids": [id] });
    assert_eq!(hers.hears().await, json!({ "channel": "notifications", "message": message }));
    let path = "/api/user-settings/buckets/theme/keys/dark";
    portal.request_as(&elsa, "PUT", path, Some(&json!({ "value": true }))).await;
    let message = json!({ "type": "key-changed", "key": "dark" });
    assert_eq!(hers.hears().await, json!({ "channel": "user-settings", "message": message }));
    // Nothing of an unsubscribed channel: the next thing that comes is the other channel's.
    hers.say(json!({ "action": "unsubscribe", "channel": "user-settings" })).await;
    portal.request_as(&elsa, "DELETE", path, None).await;
    portal
        .request_as(
            &elsa,
            "POST",
            "/api/notifications/notifications/update",
            Some(&json!({ "ids": [all], "read": true })),
        )
        .await;
    let message = json!({ "action": "notification_read", "notification_ids": [all] });
    assert_eq!(hers.hears().await, json!({ "channel": "notifications", "message": message }));
    // Goodbye is answered.
    hers.send(0x88, &1000_u16.to_be_bytes()).await;
    assert_eq!(hers.frame().await, (0x88, 1000_u16.to_be_bytes().to_vec()));
}

#[tokio::test]
async fn only_a_user_token_opens_a_socket() {
    let portal = open_portal().await;
    let (elsa, cookie) = elsa(&portal).await;
    let cookie = format!("Cookie: {}\r\n", cookie[0].1);
    let served = Served::of(portal, WireConfig::default(), None).await;
    let status = async |headers: &str| open(&served, headers).await.0.split(' ').nth(1).unwrap().to_owned();
    assert_eq!(status("").await, "401");
    assert_eq!(status("Sec-WebSocket-Protocol: x.y.z\r\n").await, "401");
    // A page of another site could open it with the cookie alone.
    assert_eq!(status(&cookie).await, "401");
    assert_eq!(status(&format!("{cookie}Sec-WebSocket-Protocol: x\r\n")).await, "401");
    assert_eq!(status(&format!("{cookie}Sec-WebSocket-Protocol: {}\r\n", elsa.token)).await, "101");
    assert_eq!(status(&format!("Authorization: Bearer {}\r\n", elsa.token)).await, "101");
    // Elsewhere the subprotocol is no credential.
    let plain = format!("Sec-WebSocket-Protocol: {}\r\n", elsa.token);
    let reply = served.ask_anonymous("GET /api/catalog/entities", &plain).await;
    assert_eq!(reply.status(), 401);
    let reply = served.ask("GET /api/signals", "", "").await;
    assert_eq!(reply.status(), 426);
}

#[tokio::test]
async fn who_breaks_the_rules_is_told_and_cut_off() {
    let portal = open_portal().await;
    let guest = guest(&portal).await;
    let served = Served::of(portal, WireConfig::default(), None).await;
    for (first, payload, code) in [
        (0x81, &[0xff, 0xfe][..], 1007_u16),
        (0x83, b"x", 1002),
        (0xc1, b"x", 1002),
        (0x80, b"x", 1002),
        (0x81, &[b'x'; 5_000], 1009),
    ] {
        let mut page = page(&served, &guest).await;
        page.send(first, payload).await;
        assert_eq!(page.frame().await, (0x88, code.to_be_bytes().to_vec()));
        let mut rest = Vec::new();
        page.0.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
    }
    // Nonsense within the rules is passed over.
    let mut page = page(&served, &guest).await;
    for nonsense in [
        json!("x"),
        json!({}),
        json!({ "action": "subscribe" }),
        json!({ "action": "subscribe", "channel": 7 }),
    ] {
        page.say(nonsense).await;
    }
    page.send(0x82, &[0xff]).await;
    page.say(json!({ "action": "subscribe", "channel": "notifications" })).await;
}

/// The page of somebody who signs out is closed with its next ping; a cookie of that session opens none.
#[tokio::test]
async fn nobody_hears_for_somebody_else() {
    let portal = open_portal().await;
    let cookie = signed_in(&portal, "otto@larkfell.example", "Member").await;
    let (elsa, _) = elsa(&portal).await;
    let otto = super::with_token(&portal, &super::token_of(&super::refreshed(&portal, &cookie).await));
    let served = Served::of(portal, WireConfig::default(), None).await;
    let mut ottos = page(&served, &otto).await;
    ottos.say(json!({ "action": "subscribe", "channel": "user-settings" })).await;
    ottos.say(json!({ "action": "subscribe", "channel": "notifications" })).await;
    let path = "/api/user-settings/buckets/theme/keys/dark";
    served.portal.request_as(&elsa, "PUT", path, Some(&json!({ "value": true }))).await;
    let to = json!({ "type": "entity", "entityRef": "user:elsa" });
    served.portal.post("/api/notifications/notifications", &notification(to, "x")).await;
    served.portal.request_as(&otto, "PUT", path, Some(&json!({ "value": true }))).await;
    let message = json!({ "type": "key-changed", "key": "dark" });
    assert_eq!(ottos.hears().await, json!({ "channel": "user-settings", "message": message }));
}
