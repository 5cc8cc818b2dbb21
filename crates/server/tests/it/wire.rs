//! The wire, over real sockets: what browsers are told, how many may come, and what becomes of clients that cheat or
//! dawdle.

mod bodies;
mod browsers;
mod cors;
mod framing;
mod heavy;
mod pages;
mod proxies;
mod rates;
mod slow;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use stagedoor_server::Tls;
use stagedoor_server::config::{Config, WireConfig};
use stagedoor_testkit::TestPortal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A portal on a port of this machine.
pub(crate) struct Served {
    pub(crate) portal: TestPortal,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Served {
    pub(crate) async fn new(wire: WireConfig) -> Self {
        Self::over(wire, None).await
    }

    pub(crate) async fn over(wire: WireConfig, tls: Option<Arc<Tls>>) -> Self {
        let config = Config { wire: wire.clone(), ..Config::default() };
        let portal = TestPortal::builder().config(config).start().await;
        Self::of(portal, wire, tls).await
    }

    pub(crate) async fn of(portal: TestPortal, wire: WireConfig, tls: Option<Arc<Tls>>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let app = portal.router();
        let server = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            stagedoor_server::serve_on(listener, app, &wire, tls, stopped).await
        });
        Self { portal, address, stop: Some(stop), server }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends these bytes on a connection of their own; everything that comes back until the other end closes.
    pub(crate) async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        // The other end may have said no before it has read everything.
        let _ = stream.write_all(bytes.as_ref()).await;
        to_end(&mut stream).await
    }

    /// A request with a token, after which the connection closes.
    pub(crate) async fn ask(&self, line: &str, headers: &str, body: &str) -> Reply {
        let token = self.portal.token();
        let length =
            if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let text = self
            .raw(format!(
                "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n{headers}{length}\r\n{body}"
            ))
            .await;
        Reply(text)
    }

    /// The same without a token.
    pub(crate) async fn ask_anonymous(&self, line: &str, headers: &str) -> Reply {
        Reply(self.raw(format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n")).await)
    }

    /// Asserts that it still answers.
    pub(crate) async fn answers(&self) {
        let reply = self.ask("GET /v1/blueprints", "", "").await;
        assert_eq!(reply.status(), 200, "{}", reply.0);
    }

    /// Stops it, and waits until every connection is closed.
    pub(crate) async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.server.await.unwrap().unwrap();
    }
}

/// What came back, as text.
pub(crate) struct Reply(pub(crate) String);

impl Reply {
    pub(crate) fn status(&self) -> u16 {
        status_of(&self.0)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next().unwrap_or_default();
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// The status of an answer's first line; 0 where there is none.
pub(crate) fn status_of(text: &str) -> u16 {
    text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// Everything until the other end closes, or resets.
pub(crate) async fn to_end(stream: &mut TcpStream) -> String {
    let (mut all, mut chunk) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = stream.read(&mut chunk).await {
        all.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// How often this is the beginning of an answer.
pub(crate) fn answers_in(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}
