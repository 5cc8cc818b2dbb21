//! Requests that do something: what was sent, whom they believe, and what is left of an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use stagedoor_outbound::{AllowList, Delivery, Egress, OutboundError, Trust};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::server::{Server, ok, redirect};

/// Made for these tests: a certificate that signs itself, for 127.0.0.1.
const CERTIFICATE: &str = include_str!("../data/own.cert.pem");
const KEY: &str = include_str!("../data/own.key.pem");

fn egress() -> Egress {
    Egress::new("127.0.0.1".parse::<AllowList>().unwrap())
}

/// A server with that certificate, which says hello.
async fn secure() -> Url {
    drop(rustls::crypto::ring::default_provider().install_default());
    let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(&ok("hello")).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    format!("https://127.0.0.1:{port}/").parse().unwrap()
}

#[tokio::test]
async fn an_authority_of_ones_own_is_believed_where_it_is_named() {
    let url = secure().await;
    let trusting = |trust| Delivery { trust, ..Delivery::new("GET") };
    let unknown = egress().deliver(&url, trusting(None)).await.unwrap_err();
    assert!(!unknown.sent, "{unknown}");
    for trust in [Trust::Authorities(CERTIFICATE.to_owned()), Trust::Anyone] {
        let answer = egress().deliver(&url, trusting(Some(trust))).await.unwrap();
        assert_eq!((answer.status, &answer.body[..]), (200, &b"hello"[..]));
    }
    let broken = egress().deliver(&url, trusting(Some(Trust::Authorities("none".into())))).await.unwrap_err();
    assert!(broken.to_string().contains("no certificate in PEM"), "{broken}");
    // Whom it believes changes nothing about where it may go.
    let elsewhere = "https://10.0.0.1/".parse().unwrap();
    let refused = egress().deliver(&elsewhere, trusting(Some(Trust::Anyone))).await.unwrap_err();
    assert!(matches!(refused.error, OutboundError::Refused(_)) && !refused.sent);
}

#[tokio::test]
async fn no_redirect_is_followed_and_an_answer_is_cut() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = Server::start(move |head| {
        count.fetch_add(1, Ordering::SeqCst);
        if head.contains(" /away ") { redirect("/large") } else { ok(&"x".repeat(5000)) }
    })
    .await;
    let url = |path: &str| server.url(path).parse::<Url>().unwrap();
    let answer = egress().deliver(&url("/away"), Delivery::new("DELETE")).await.unwrap();
    assert_eq!((answer.status, answer.header("location")), (302, Some("/large")));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let short = Delivery { max_bytes: 100, ..Delivery::new("GET") };
    let answer = egress().deliver(&url("/large"), short).await.unwrap();
    assert_eq!((answer.body.len(), answer.complete), (100, false));
    let answer = egress().deliver(&url("/large"), Delivery::new("GET")).await.unwrap();
    assert_eq!((answer.body.len(), answer.complete), (5000, true));
}

#[tokio::test]
async fn it_is_told_whether_anything_was_sent() {
    let silent = Server::start(|_| Vec::new()).await;
    let late = Delivery { timeout: Duration::from_millis(200), ..Delivery::new("POST") };
    let late = egress().deliver(&silent.url("/").parse().unwrap(), late).await.unwrap_err();
    assert!(late.sent && late.to_string().contains("no answer within 200 ms"), "{late}");
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = format!("http://{free}/").parse().unwrap();
    assert!(!egress().deliver(&nobody, Delivery::new("POST")).await.unwrap_err().sent);
    for senseless in
        [Delivery::new("A B"), Delivery::new("GET").with("a\r\nb", "c"), Delivery::new("GET").with("a", "\n")]
    {
        let refused = egress().deliver(&silent.url("/").parse().unwrap(), senseless).await.unwrap_err();
        assert!(matches!(refused.error, OutboundError::Refused(_)) && !refused.sent, "{refused}");
    }
    let shown = format!("{:?}", Delivery::new("GET").with("authorization", "Bearer hunter2"));
    assert!(!shown.contains("hunter2"), "{shown}");
}
