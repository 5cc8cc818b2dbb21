//! A fake whose usual answers can be replaced by faults while it runs.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_hosts::HostError;

use crate::fake::{Fake, FakeReply, FakeRequest};

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// As it was sent, encoded.
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Bytes,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    cut: bool,
}

/// Whether an error is the right one.
pub(crate) type Meaning = fn(&HostError) -> bool;

/// The server.
pub(crate) struct Answering {
    /// `127.0.0.1:<port>`
    pub(crate) host: String,
    fake: Fake,
    /// Answers instead of the usual ones, by what the path contains.
    faults: Arc<Mutex<Vec<(String, Answer)>>>,
}

impl Answering {
    pub(crate) async fn start(usual: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let faults: Arc<Mutex<Vec<(String, Answer)>>> = Arc::default();
        let broken = Arc::clone(&faults);
        let fake = Fake::start(move |request| {
            let fault = broken.lock().iter().find(|(part, _)| request.path.contains(part)).cloned();
            fault.map_or_else(|| usual(&Asked::of(request)), |(_, answer)| answer).reply()
        })
        .await;
        Self { host: fake.host.clone(), fake, faults }
    }

    /// From now on, what has `part` in its path is answered so.
    pub(crate) fn fault(&self, part: &str, answer: Answer) {
        self.faults.lock().push((part.to_owned(), answer));
    }

    /// Everything is well again.
    pub(crate) fn heal(&self) {
        self.faults.lock().clear();
    }

    /// What was asked since the last time this was called.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.fake.take().iter().map(Asked::of).collect()
    }

    /// The paths of it.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }
}

impl Asked {
    fn of(request: &FakeRequest) -> Self {
        Self {
            method: request.method.clone(),
            path: request.path.clone(),
            query: url::form_urlencoded::parse(request.query.as_bytes()).into_owned().collect(),
            headers: request.headers.iter().cloned().collect(),
            body: request.body.clone(),
        }
    }

    pub(crate) fn query(&self, key: &str) -> &str {
        self.query.get(key).map_or("", String::as_str)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), cut: false }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { body: Bytes::from(text.into()), ..Self::status(200) }
    }

    pub(crate) fn json(value: &Value) -> Self {
        Self::text(value.to_string())
    }

    pub(crate) fn not_found() -> Self {
        Self { status: 404, ..Self::json(&json!({ "message": "404 Not Found" })) }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Half of it, then the connection ends.
    pub(crate) fn cut(self) -> Self {
        Self { cut: true, ..self }
    }

    /// Half of it, and nobody says so.
    pub(crate) fn halved(mut self) -> Self {
        self.body = self.body.slice(..self.body.len() / 2);
        self
    }

    /// 304 where the asker knows this tag.
    pub(crate) fn tagged(self, tag: &str, asked: &Asked) -> Self {
        let known = asked.header("if-none-match") == tag;
        let answer = if known { Self::status(304) } else { self };
        answer.with("etag", tag)
    }

    fn reply(self) -> FakeReply {
        let mut reply = FakeReply::ok(self.body).and_status(self.status);
        for (name, value) in &self.headers {
            reply = reply.with(name, value);
        }
        if self.cut { reply.cut() } else { reply }
    }
}
