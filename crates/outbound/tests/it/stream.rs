//! Connections for other protocols than HTTP: the same checks.

use std::sync::Arc;
use std::time::Duration;

use stagedoor_outbound::{AllowList, Egress, OutboundError, Stream, TlsOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::server::Scripted;

const SOON: Duration = Duration::from_secs(5);

async fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = [0; 4];
                let _ = stream.read_exact(&mut bytes).await;
                let _ = stream.write_all(&bytes).await;
            });
        }
    });
    port
}

async fn refused(egress: &Egress, host: &str, port: u16) -> String {
    match egress.connect(host, port, SOON).await.map(|stream: Stream| stream.is_secure()) {
        Err(OutboundError::Refused(refusal)) => refusal.to_string(),
        other => panic!("{host} should be refused, but: {other:?}"),
    }
}

/// Attack case 12: private addresses, however they are written, and names that lead to them.
#[tokio::test]
async fn only_what_is_allowed_is_connected_to() {
    let port = echo().await;
    let egress = Egress::new(AllowList::default());
    for host in [
        "127.0.0.1",
        "::1",
        "[::1]",
        "localhost",
        "169.254.169.254",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "0.0.0.0",
    ] {
        let text = refused(&egress, host, port).await;
        assert!(text.contains("STAGEDOOR_OUTBOUND_ALLOW"), "{text}");
    }
    let other = format!("127.0.0.1:{}", port.wrapping_add(1));
    refused(&egress.reaching(other.parse().unwrap()), "127.0.0.1", port).await;
    let open = egress.reaching(format!("127.0.0.1:{port}").parse().unwrap());
    let mut stream = open.connect("127.0.0.1", port, SOON).await.unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"ping");
    refused(&egress, "127.0.0.1", port).await;
}

/// Attack case 12: a name server that says something else the second time.
#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_used() {
    let port = echo().await;
    let names = Scripted::new(&[&["127.0.0.1"]]);
    let egress = Egress::with_names(AllowList::default(), Arc::clone(&names) as _);
    let text = refused(&egress, "ds.larkfell.example", port).await;
    assert!(text.contains("ds.larkfell.example leads to"), "{text}");
    assert_eq!(names.asked(), 1, "it is asked once, and connected to what it said");
    let names = Scripted::new(&[&["127.0.0.1"], &["192.0.2.1"]]);
    let allowed = Egress::with_names("ds.larkfell.example".parse().unwrap(), Arc::clone(&names) as _);
    assert!(allowed.connect("ds.larkfell.example", port, SOON).await.is_ok(), "its name is on the list");
    assert_eq!(names.asked(), 1);
}

#[tokio::test]
async fn no_answer_is_an_error_in_time() {
    let port = echo().await;
    let egress = Egress::new("127.0.0.1".parse().unwrap());
    let stream = egress.connect("127.0.0.1", port, SOON).await.unwrap();
    let error = stream.secure(&TlsOptions::default(), Duration::from_millis(200)).await.err().unwrap();
    assert!(matches!(error, OutboundError::Unreachable { .. }), "{error}");
    let missing = TlsOptions { authorities: Some("/nowhere/ca.pem".into()), ..TlsOptions::default() };
    let stream = egress.connect("127.0.0.1", port, SOON).await.unwrap();
    let error = stream.secure(&missing, SOON).await.err().unwrap();
    assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert!(matches!(egress.connect("127.0.0.1", free, SOON).await, Err(OutboundError::Unreachable { .. })));
}
