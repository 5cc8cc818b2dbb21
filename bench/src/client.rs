//! HTTP/1.1 over a kept connection, with as little work as possible: the client must not be what is measured.

use anyhow::{Context as _, bail};
use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
pub(crate) struct Answer<'c> {
    /// The status code.
    pub(crate) status: u16,
    /// The body; of chunked answers the raw chunks.
    pub(crate) body: &'c [u8],
}

/// A request as it goes over the wire.
pub(crate) fn request(method: &str, path: &str, token: Option<&str>, body: Option<&[u8]>) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n");
    if let Some(token) = token {
        head.push_str(&format!("authorization: Bearer {token}\r\n"));
    }
    if let Some(body) = body {
        head.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body.unwrap_or_default());
    bytes
}

impl Client {
    /// Connects to `host:port`.
    pub(crate) async fn connect(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(1 << 18) })
    }

    /// Sends a request and waits for the whole answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head, status, length) = self.read_head().await?;
        let start = head + 4;
        match length {
            Some(length) => {
                while self.buffer.len() < start + length {
                    self.read_more().await?;
                }
                Ok(Answer { status, body: &self.buffer[start..start + length] })
            }
            None => {
                while !self.buffer[start..].ends_with(b"0\r\n\r\n") {
                    self.read_more().await?;
                }
                Ok(Answer { status, body: &self.buffer[start..] })
            }
        }
    }

    async fn read_more(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the connection was closed");
        }
        Ok(())
    }

    /// Where the head ends, the status, and the length unless it is chunked.
    async fn read_head(&mut self) -> anyhow::Result<(usize, u16, Option<usize>)> {
        let end = loop {
            if let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            self.read_more().await?;
        };
        let head = &self.buffer[..end];
        let status = std::str::from_utf8(head.get(9..12).unwrap_or_default())?.parse()?;
        for line in head.split(|b| *b == b'\n') {
            if line.len() > 15 && line[..15].eq_ignore_ascii_case(b"content-length:") {
                return Ok((end, status, Some(std::str::from_utf8(&line[15..])?.trim().parse()?)));
            }
        }
        if status == 204 || status == 304 {
            return Ok((end, status, Some(0)));
        }
        Ok((end, status, None))
    }
}

/// One request on a connection of its own; the body as JSON.
pub(crate) async fn once(address: &str, request: &[u8]) -> anyhow::Result<(u16, serde_json::Value)> {
    let mut client = Client::connect(address).await?;
    let answer = client.send(request).await?;
    let status = answer.status;
    Ok((status, serde_json::from_slice(answer.body).unwrap_or_default()))
}
