//! A connection for a protocol that is not HTTP, opened under the same checks.
//!
//! Directories speak LDAP. The address is looked up, checked and connected to here, so that no other crate opens a
//! socket; whoever asked gets the open stream, plain or with TLS over it, and speaks its own protocol.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::egress::Egress;
use crate::error::{Blocked, OutboundError, Refusal};
use crate::names::check;
use crate::trust::client_config;

/// Whom a connection with TLS believes, and who it says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsOptions {
    /// A PEM file of certificate authorities, in place of those of the system.
    pub authorities: Option<PathBuf>,
    /// PEM files of a certificate of our own and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Believe any certificate: encrypted, but not against somebody in between.
    pub anyone: bool,
}

/// An open connection.
pub struct Stream {
    inner: Inner,
    host: String,
    port: u16,
}

enum Inner {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Egress {
    /// Opens a connection, to an address that the rules of this installation allow.
    ///
    /// # Errors
    /// Why there is none; [`OutboundError::Refused`] says how to allow it, and nothing was sent then.
    pub async fn connect(&self, host: &str, port: u16, within: Duration) -> Result<Stream, OutboundError> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let failed = |reason: String| unreachable(host, port, reason);
        let open = async {
            let mut last = "its name has no address".to_owned();
            for address in self.addresses(host, port).await? {
                match TcpStream::connect(address).await {
                    Ok(stream) => {
                        // Requests are small and each is waited for.
                        let _ = stream.set_nodelay(true);
                        return Ok(Stream { inner: Inner::Plain(stream), host: host.to_owned(), port });
                    }
                    Err(error) => last = error.to_string(),
                }
            }
            Err(failed(last))
        };
        timeout(within, open)
            .await
            .unwrap_or_else(|_| Err(failed(format!("no connection within {} ms", within.as_millis()))))
    }

    /// The addresses of a host that may be connected to.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, OutboundError> {
        let (allow, names) = self.rules();
        let refused = |what: String| {
            let url = shown(host, port);
            Refusal { url, reason: what, allow: Some(host.to_owned()), redirected_from: None }
        };
        if let Ok(address) = host.parse::<IpAddr>() {
            return match check(allow, None, address, Some(port)) {
                Ok(()) => Ok(vec![SocketAddr::new(address, port)]),
                Err(Blocked(what)) => Err(OutboundError::Refused(refused(format!("{address} is {what}")))),
            };
        }
        let found = names.lookup(host).await.map_err(|error| unreachable(host, port, error.to_string()))?;
        let (mut open, mut blocked) = (Vec::new(), None);
        for address in found {
            match check(allow, Some(host), address, Some(port)) {
                Ok(()) => open.push(SocketAddr::new(address, port)),
                Err(Blocked(what)) => blocked = Some(what),
            }
        }
        match blocked {
            Some(what) if open.is_empty() => {
                Err(OutboundError::Refused(refused(format!("{host} leads to {what}"))))
            }
            _ => Ok(open),
        }
    }
}

impl Stream {
    /// Puts TLS over a plain connection; nothing may have been read ahead of it.
    ///
    /// # Errors
    /// When the certificate is not believed, or there is no answer.
    pub async fn secure(self, options: &TlsOptions, within: Duration) -> Result<Self, OutboundError> {
        let Self { inner, host, port } = self;
        let failed = |reason: String| unreachable(&host, port, reason);
        let Inner::Plain(plain) = inner else { return Err(failed("it has TLS already".into())) };
        let config: ClientConfig = client_config(options).map_err(&failed)?;
        let name = ServerName::try_from(host.clone()).map_err(|error| failed(error.to_string()))?;
        let connect = TlsConnector::from(Arc::new(config)).connect(name, plain);
        let secured = timeout(within, connect)
            .await
            .map_err(|_| failed(format!("no TLS within {} ms", within.as_millis())))?
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { inner: Inner::Tls(Box::new(secured)), host, port })
    }

    /// Whether TLS is over it.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        matches!(self.inner, Inner::Tls(_))
    }
}

fn shown(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

pub(crate) fn unreachable(host: &str, port: u16, reason: String) -> OutboundError {
    OutboundError::Unreachable { url: shown(host, port), reason }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Inner::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Inner::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_flush(context),
            Inner::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.inner {
            Inner::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Inner::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
