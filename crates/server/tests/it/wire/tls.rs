//! TLS, and certificates that are renewed while the server runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stagedoor_server::Tls;
use stagedoor_server::config::{Certificate, Pem, WireConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::{Served, status_of};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn certificate(cert: &Path, key: &Path) -> Certificate {
    Certificate { cert: Pem::File(cert.to_owned()), key: Pem::File(key.to_owned()) }
}

/// Asks over TLS, trusting only this certificate.
async fn ask(served: &Served, trusted: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(data(trusted)).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, served.connect().await).await?;
    let token = served.portal.token();
    let request = format!(
        "GET /v1/blueprints HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

#[tokio::test]
async fn requests_come_over_tls_and_a_renewed_certificate_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let install = |name: &str| {
        std::fs::copy(data(&format!("{name}.cert.pem")), &cert).unwrap();
        std::fs::copy(data(&format!("{name}.key.pem")), &key).unwrap();
    };
    install("first");
    let certificate = certificate(&cert, &key);
    let tls = Arc::new(Tls::new(&certificate).unwrap());
    let wire = WireConfig { tls: Some(certificate.clone()), secure: true, ..WireConfig::default() };
    let served = Served::over(wire, Some(Arc::clone(&tls))).await;
    let answer = ask(&served, "first.cert.pem").await.unwrap();
    assert_eq!(status_of(&answer), 200, "{answer}");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    assert!(ask(&served, "second.cert.pem").await.is_err(), "it is not that one");
    assert_eq!(status_of(&served.raw("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await), 0, "no plain HTTP");

    assert!(!tls.replace(&certificate).unwrap(), "nothing has changed");
    install("second");
    assert!(tls.replace(&certificate).unwrap());
    assert_eq!(status_of(&ask(&served, "second.cert.pem").await.unwrap()), 200);
    assert!(ask(&served, "first.cert.pem").await.is_err());

    // What cannot be used changes nothing.
    std::fs::copy(data("first.key.pem"), &key).unwrap();
    assert!(tls.replace(&certificate).is_err());
    assert_eq!(status_of(&ask(&served, "second.cert.pem").await.unwrap()), 200);
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_by_its_key() {
    let (cert, key) = (data("first.cert.pem"), data("first.key.pem"));
    for (certificate, words) in [
        (
            certificate(Path::new("/none.pem"), &key),
            "backend.https.certificate.cert: /none.pem can't be read",
        ),
        (certificate(&key, &key), "backend.https.certificate.cert has no certificate"),
        (certificate(&cert, &cert), "backend.https.certificate.key has no private key"),
        (certificate(&cert, &data("second.key.pem")), "the certificate and the key do not fit"),
    ] {
        let error = Tls::new(&certificate).map(drop).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(words), "{text}");
        assert!(!text.contains("PRIVATE KEY-----"), "{text}");
    }
}
