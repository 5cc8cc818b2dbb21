//! A fake server for the tests of Bitbucket, Azure DevOps and S3: plain HTTP/1.1 on a free port, one request for each
//! connection, so that an answer can also end in its middle. What it answers is up to each test, which names the
//! vendor's document that it follows.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use stagedoor_hosts::Hosts;
use stagedoor_outbound::AllowList;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Decoded nowhere.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A value of the query, or nothing.
    pub(crate) fn value(&self, key: &str) -> &str {
        self.query.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value)
    }
}

/// What is sent back.
#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    cut: bool,
}

impl Answer {
    /// 200 with a text.
    pub(crate) fn text(body: impl Into<String>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into(), cut: false }
    }

    /// 200 with JSON.
    pub(crate) fn json(body: &Value) -> Self {
        Self::text(body.to_string()).with("content-type", "application/json")
    }

    /// Another status, with a body that names a secret of the server.
    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::text(if status == 304 { "" } else { "went wrong" }) }
    }

    /// One more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// Another body.
    pub(crate) fn edit(&mut self, change: impl Fn(String) -> String) {
        self.body = change(std::mem::take(&mut self.body));
    }

    /// The connection ends before the body does.
    pub(crate) fn cut(self) -> Self {
        Self { cut: true, ..self }
    }

    /// The body, or 304 for who has it.
    pub(crate) fn tagged(self, asked: &Asked, tag: &str) -> Self {
        if asked.header("if-none-match") == tag { Self::status(304) } else { self }.with("etag", tag)
    }
}

/// A running fake.
pub(crate) struct Fake {
    /// With its port.
    pub(crate) host: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (answer, seen) = (Arc::new(answer), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                tokio::spawn(async move { serve(stream, answer.as_ref(), &seen).await });
            }
        });
        Self { host, asked }
    }

    /// Every request so far; they are forgotten.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// Method and path of them.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked().iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect()
    }
}

async fn serve(mut stream: TcpStream, answer: &(impl Fn(&Asked) -> Answer + Sync), seen: &Mutex<Vec<Asked>>) {
    let Some(asked) = read(&mut stream).await else { return };
    seen.lock().unwrap().push(asked.clone());
    let Answer { status, headers, body, cut } = answer(&asked);
    let mut head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\n");
    if status != 304 {
        head += &format!("content-length: {}\r\n", body.len());
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let sent = if cut { &body[..body.len() / 2] } else { &body };
    // The other side may have gone.
    let _ = stream.write_all(format!("{head}\r\n{sent}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    let url = url::Url::parse(&format!("http://fake{target}")).ok()?;
    let path = target.split('?').next()?.to_owned();
    let query = url.query_pairs().into_owned().collect();
    Some(Asked { method, path, query, headers, body: String::from_utf8(body).ok()? })
}

/// Hosts of a configuration without a problem.
pub(crate) fn hosts(integrations: &Value) -> Hosts {
    let (hosts, problems) = Hosts::new(Some(integrations), AllowList::default());
    assert_eq!(problems, []);
    hosts
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}
