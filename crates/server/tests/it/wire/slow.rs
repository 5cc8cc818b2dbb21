//! Clients that hold on to what they have (attack case 35: slow loris, floods of connections).

use std::time::Duration;

use stagedoor_server::config::{Limits, WireConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Served, status_of, to_end};

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_secs(60);

fn limits(header: Duration, idle: Duration) -> WireConfig {
    WireConfig { limits: Limits { header, idle, ..Limits::default() }, ..WireConfig::default() }
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off() {
    let served = Served::new(limits(SHORT, LONG)).await;
    let mut stream = served.connect().await;
    // A byte every few milliseconds would keep alive whoever only asks that something comes.
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        for byte in "GET / HTTP/1.1\r\nhost: x\r\nx: ".bytes().chain(std::iter::repeat(b'a')) {
            if writer.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let mut text = String::new();
    tokio::select! {
        () = drip => {}
        _ = reader.read_to_string(&mut text) => {}
    }
    assert_eq!(text, "", "it is closed without an answer");
    served.answers().await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    // Long enough to write a request in, on a busy machine.
    let served = Served::new(limits(SHORT, Duration::from_millis(600))).await;
    let mut silent = served.connect().await;
    assert_eq!(to_end(&mut silent).await, "");
    // Also one that has asked before.
    let mut stream = served.connect().await;
    stream.write_all(b"GET /v1/blueprints HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert_eq!(status_of(&to_end(&mut stream).await), 401);
    served.answers().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_timeout_in_each_dialect() {
    let served = Served::new(limits(SHORT, LONG)).await;
    for (path, shape) in [
        ("/v1/auth/access_token", "\"error\":\"request_timeout\""),
        ("/v1/blueprints", "\"error\":\"request_timeout\""),
        ("/api/catalog/entities/by-refs", "\"name\":\"RequestTimeoutError\""),
        ("/api/stagedoor/v1/documents", "\"code\":\"request_timeout\""),
    ] {
        let mut stream = served.connect().await;
        let token = served.portal.token();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: 100\r\n\r\n{{\"a"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let text = to_end(&mut stream).await;
        assert_eq!(status_of(&text), 408, "{path}: {text}");
        assert!(text.contains(shape) && text.contains("connection: close"), "{path}: {text}");
    }
    served.answers().await;
}

#[tokio::test]
async fn one_address_has_so_many_connections() {
    let limits = Limits { connections_per_address: 3, ..Limits::default() };
    let served = Served::new(WireConfig { limits, ..WireConfig::default() }).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = served.connect().await;
        // An answer shows that it was taken.
        stream.write_all(b"GET /v1/blueprints HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut byte = [0; 1];
        assert_eq!(stream.read(&mut byte).await.unwrap(), 1);
        held.push(stream);
    }
    assert_eq!(served.raw("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await, "", "the fourth is closed");
    drop(held);
    crate::support::eventually("places come free", Duration::from_secs(5), async || {
        let text = served.raw("GET /v1/blueprints HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        status_of(&text) == 401
    })
    .await;
}

#[tokio::test]
async fn stopping_closes_what_waits_and_finishes_what_runs() {
    let served = Served::new(WireConfig::default()).await;
    let mut waiting = served.connect().await;
    waiting.write_all(b"GET /v1/blueprints HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    waiting.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 401");
    served.stop().await;
    to_end(&mut waiting).await;
}
