//! A real server on a free port that answers with what it is given, byte for byte.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use stagedoor_outbound::{Lookup, Names};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers every request with `answer(head of the request)`, then closes.
pub(crate) struct Server {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = stream.read_u8().await else { return };
                        if !byte.is_ascii() || byte == 0x16 {
                            // Somebody talks TLS.
                            return;
                        }
                        head.push(byte);
                    }
                    let head = String::from_utf8(head).unwrap();
                    let bytes = answer(&head);
                    log.lock().unwrap().push(head);
                    let endless = bytes.is_empty();
                    let _ = stream.write_all(&bytes).await;
                    if endless {
                        // Never an answer: hold the connection until the client lets go.
                        let _ = stream.read_u8().await;
                    }
                });
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

pub(crate) fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", "", body.as_bytes())
}

pub(crate) fn redirect(to: &str) -> Vec<u8> {
    answer("302 Found", &format!("location: {to}\r\n"), b"")
}

/// `headers` with a line end after each.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// Answers each look-up with the next of `answers`, the last one for ever.
pub(crate) struct Scripted {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Scripted {
    pub(crate) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|ips| ips.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Names for Scripted {
    fn lookup(&self, _host: &str) -> Lookup {
        let n = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len().saturating_sub(1));
        let found = self.answers.get(n).cloned().ok_or_else(|| io::Error::other("no such name"));
        Box::pin(async move { found })
    }
}

/// A gzip stream of `size` zeros, about 1/160 of that long.
pub(crate) fn bomb(size: usize) -> Vec<u8> {
    let (mut bytes, mut bits, mut used) = (vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], 0_u32, 0);
    let mut put = |value: u32, count: u32| {
        bits |= value << used;
        used += count;
        while used >= 8 {
            bytes.push((bits & 255) as u8);
            bits >>= 8;
            used -= 8;
        }
    };
    // The last block, with fixed codes; the literal 0 (00110000).
    put(0b011, 3);
    put(0b0000_1100, 8);
    for _ in 0..size / 258 {
        // Length 258 (11000101), distance 1 (00000). Codes begin with their highest bit.
        put(0b1010_0011, 8);
        put(0, 5);
    }
    put(0, 7 + 8);
    bytes.extend([0; 8]);
    bytes
}
