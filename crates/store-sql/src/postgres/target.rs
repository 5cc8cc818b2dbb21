//! Which database: `postgres://user:password@host:port/name?sslmode=...`. The password is in no message.

use std::path::{Path, PathBuf};
use std::time::Duration;

use stagedoor_store::StoreError;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::{Tls, Trust};

/// How long one attempt to connect may take, where the URL does not say.
const CONNECT: Duration = Duration::from_secs(3);

/// A database and how to get there.
pub(crate) struct Target {
    pub(super) config: Config,
    pub(super) tls: Tls,
    /// Host, port and name, for messages.
    pub(super) name: PathBuf,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let wrong = |reason: String| StoreError::Unusable { path: PathBuf::from("(--database-url)"), reason };
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut kept = Vec::new();
        let (mut mode, mut root) = (None, None);
        for parameter in query.split('&').filter(|p| !p.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => root = Some(decoded(value)),
                _ => kept.push(parameter),
            }
        }
        let plain = format!("{base}{}{}", if kept.is_empty() { "" } else { "?" }, kept.join("&"));
        // What the parser complains of may be a part of the password: only its kind is told.
        let mut config: Config =
            plain.parse().map_err(|_| wrong("it is not a valid PostgreSQL URL".to_owned()))?;
        if config.get_hosts().is_empty() {
            return Err(wrong("it names no host".to_owned()));
        }
        let root = root.as_deref().map(Path::new);
        let (ssl, trust) = match (mode.unwrap_or("prefer"), root) {
            ("disable", _) => (SslMode::Disable, Trust::Anyone),
            ("allow" | "prefer", _) => (SslMode::Prefer, Trust::Anyone),
            // As libpq has it: with a root certificate it is one that has to be right.
            ("require", None) => (SslMode::Require, Trust::Anyone),
            ("require" | "verify-ca", _) => (SslMode::Require, Trust::Signed),
            ("verify-full", _) => (SslMode::Require, Trust::Named),
            (other, _) => {
                return Err(wrong(format!(
                    "\"{other}\" is no sslmode: expected disable, prefer, require, verify-ca or verify-full"
                )));
            }
        };
        config.ssl_mode(ssl);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("stagedoor");
        }
        config.keepalives_idle(Duration::from_secs(15)).keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3).tcp_user_timeout(Duration::from_secs(20));
        let name = name(&config);
        let tls =
            Tls::new(trust, root).map_err(|reason| StoreError::Unusable { path: name.clone(), reason })?;
        Ok(Self { config, tls, name })
    }
}

fn name(config: &Config) -> PathBuf {
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(n, host)| {
            let ports = config.get_ports();
            let port = ports.get(n).or_else(|| ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(folder) => format!("{}:{port}", folder.display()),
            }
        })
        .collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    PathBuf::from(format!("\"{database}\" on {}", hosts.join(", ")))
}

/// Percent-decoding; what is no escape stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_and_what_messages_show_of_it() {
        let target =
            Target::parse("postgres://portal:se%2Fcret@db.example.com/portal?sslmode=disable").unwrap();
        assert_eq!(target.name.to_str(), Some("\"portal\" on db.example.com:5432"));
        assert_eq!(target.config.get_password(), Some(b"se/cret".as_slice()));
        assert_eq!(target.config.get_ssl_mode(), SslMode::Disable);
        let socket = Target::parse("postgresql://portal@/portal?host=%2Frun%2Fpostgresql&port=5433").unwrap();
        assert_eq!(socket.name.to_str(), Some("\"portal\" on /run/postgresql:5433"));
        assert_eq!(socket.config.get_ssl_mode(), SslMode::Prefer);
        assert_eq!(
            Target::parse("postgres://h/p?sslmode=verify-full").unwrap().config.get_ssl_mode(),
            SslMode::Require
        );
    }

    #[test]
    fn refusals_name_the_reason_and_not_the_password() {
        let refusal = |url: &str| Target::parse(url).err().unwrap().to_string();
        for url in [
            "postgres://u:hush@h:port/p",
            "postgres://u:hush@h/p?unknown=hush",
            "postgres://u:hush%zz@h/p%zz?sslmode=hm",
        ] {
            assert!(!refusal(url).contains("hush"), "{}", refusal(url));
        }
        assert!(refusal("postgres://h/p?sslmode=hm").contains("\"hm\" is no sslmode"));
        assert!(refusal("postgres:///p").contains("names no host"));
        let missing = refusal("postgres://h/p?sslmode=verify-ca&sslrootcert=/nowhere/ca.pem");
        assert!(missing.contains("/nowhere/ca.pem"), "{missing}");
    }
}
