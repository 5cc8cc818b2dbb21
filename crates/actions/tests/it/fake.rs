//! A fake of anybody's API: a real server on a free port of this machine that answers as a closure says, and remembers
//! what it was asked. It can break off in the middle of an answer.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use parking_lot::Mutex;
use serde_json::Value;

/// A server that stops with the test.
pub(crate) struct Fake {
    /// `127.0.0.1:<port>`
    pub(crate) host: String,
    requests: Arc<Mutex<Vec<FakeRequest>>>,
    server: tokio::task::JoinHandle<()>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct FakeRequest {
    pub(crate) method: String,
    /// As it was sent, still encoded.
    pub(crate) path: String,
    /// As it was sent, still encoded; empty without one.
    pub(crate) query: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct FakeReply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    /// After so many bytes of the body the connection breaks.
    cut: Option<usize>,
    /// It is never answered.
    silent: bool,
}

impl Fake {
    pub(crate) async fn start(answer: impl Fn(&FakeRequest) -> FakeReply + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let requests: Arc<Mutex<Vec<FakeRequest>>> = Arc::default();
        let (log, answer) = (Arc::clone(&requests), Arc::new(answer));
        let handler = move |request: Request| {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            async move {
                let request = FakeRequest::of(request).await;
                let reply = answer(&request);
                log.lock().push(request);
                if reply.silent {
                    std::future::pending::<()>().await;
                }
                reply.into_response()
            }
        };
        let app = axum::Router::new().fallback(handler);
        let server = tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Self { host, requests, server }
    }

    /// One that takes a request and closes the connection without a word.
    pub(crate) async fn mute() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 65_536]).await;
            }
        });
        Self { host, requests: Arc::default(), server }
    }

    /// `http://127.0.0.1:<port>` with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// All requests since the last time.
    pub(crate) fn take(&self) -> Vec<FakeRequest> {
        std::mem::take(&mut self.requests.lock())
    }

    /// Their methods and addresses since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.take().iter().map(FakeRequest::line).collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FakeRequest {
    async fn of(request: Request) -> Self {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 16 * 1024 * 1024).await.unwrap_or_default();
        let headers = head.headers.iter();
        let headers = headers.map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body,
        }
    }

    /// The first header of a name, given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A decoded parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The body; null when it is no JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// `GET /path?query`
    pub(crate) fn line(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, self.path, self.query)
    }
}

impl FakeReply {
    /// An empty answer.
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), cut: None, silent: false }
    }

    /// 200 with any content.
    pub(crate) fn ok(body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::status(200) }
    }

    /// 200 with JSON.
    pub(crate) fn json(body: &Value) -> Self {
        Self::ok(body.to_string()).with("content-type", "application/json; charset=utf-8")
    }

    /// The same with another status.
    pub(crate) fn and_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Never.
    pub(crate) fn silence() -> Self {
        Self { silent: true, ..Self::status(200) }
    }

    /// The same, broken off after half of the body.
    pub(crate) fn cut(self) -> Self {
        Self { cut: Some(self.body.len() / 2), ..self }
    }

    fn into_response(self) -> Response {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        let body = match self.cut {
            None => Body::from(self.body),
            Some(at) => {
                response = response.header("content-length", self.body.len());
                let broken = std::io::Error::other("broken off");
                Body::from_stream(futures_util::stream::iter([Ok(self.body.slice(..at)), Err(broken)]))
            }
        };
        response.body(body).unwrap()
    }
}
