//! TLS by the certificate of the configuration, which may be replaced while the server runs.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_rustls::server::TlsStream;

use crate::config::{Certificate, Pem};

/// How often the files of a certificate are looked at.
const LOOK: Duration = Duration::from_secs(30);

/// The certificate in use.
pub struct Tls(RwLock<InUse>);

struct InUse {
    config: Arc<ServerConfig>,
    digest: [u8; 32],
}

impl Tls {
    /// Reads a certificate and its key.
    ///
    /// # Errors
    /// When a file cannot be read, one of them is none, or they do not belong together.
    pub fn new(certificate: &Certificate) -> anyhow::Result<Self> {
        Ok(Self(RwLock::new(read(certificate)?)))
    }

    /// Uses this certificate for new connections. Whether it is another one than before.
    ///
    /// # Errors
    /// As [`Tls::new`]; the old one stays in use then.
    pub fn replace(&self, certificate: &Certificate) -> anyhow::Result<bool> {
        let new = read(certificate)?;
        let mut now = self.0.write();
        let changed = now.digest != new.digest;
        *now = new;
        Ok(changed)
    }

    /// A TLS connection over a stream.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<TlsStream<S>> {
        let config = Arc::clone(&self.0.read().config);
        TlsAcceptor::from(config).accept(stream).await
    }

    /// Asks `current` for the certificate again and again, and at every SIGHUP, and uses what it says.
    pub(crate) async fn follow(
        self: Arc<Self>,
        current: impl Fn() -> anyhow::Result<Option<Certificate>> + Send + Sync + 'static,
    ) {
        use tokio::signal::unix::{SignalKind, signal};
        let current = Arc::new(current);
        let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
        let mut last = None;
        loop {
            tokio::select! {
                _ = hangup.recv() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
            let (tls, current) = (Arc::clone(&self), Arc::clone(&current));
            let renewed = tokio::task::spawn_blocking(move || match current()? {
                Some(certificate) => tls.replace(&certificate),
                None => Ok(false),
            });
            let wrong = match renewed.await {
                Ok(Ok(changed)) => {
                    if changed {
                        tracing::info!("new connections use the renewed certificate");
                    }
                    None
                }
                Ok(Err(error)) => Some(format!("{error:#}")),
                Err(_) => None,
            };
            // Said once, not every half minute.
            if let Some(error) = wrong.as_ref().filter(|wrong| last.as_ref() != Some(*wrong)) {
                tracing::error!(error, "the certificate could not be renewed: the old one stays in use");
            }
            last = wrong;
        }
    }
}

fn read(certificate: &Certificate) -> anyhow::Result<InUse> {
    let (cert, key) = (text(&certificate.cert, "cert")?, text(&certificate.key, "key")?);
    let digest = Sha256::new().chain_update(&cert).chain_update([0]).chain_update(&key).finalize().into();
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&cert)
        .collect::<Result<_, _>>()
        .context("backend.https.certificate.cert is no PEM")?;
    anyhow::ensure!(!chain.is_empty(), "backend.https.certificate.cert has no certificate");
    // The error of a key never shows the key.
    let key =
        PrivateKeyDer::from_pem_slice(&key).context("backend.https.certificate.key has no private key")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("backend.https.certificate: the certificate and the key do not fit")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(InUse { config: Arc::new(config), digest })
}

fn text(pem: &Pem, name: &str) -> anyhow::Result<Vec<u8>> {
    match pem {
        Pem::Text(text) => Ok(text.as_bytes().to_vec()),
        Pem::File(path) => std::fs::read(path)
            .with_context(|| format!("backend.https.certificate.{name}: {} can't be read", path.display())),
    }
}
