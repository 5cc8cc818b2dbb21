//! Whether TLS could be spoken.

use super::Check;
use crate::config::Config;
use crate::tls::Tls;

/// Nothing where no certificate is named.
pub(super) fn certificate(config: &Config) -> Option<Check> {
    let certificate = config.wire.tls.as_ref()?;
    Some(match Tls::new(certificate) {
        Ok(_) => Check::ok("certificate", "it is read, and its key fits"),
        Err(error) => {
            Check::fail("certificate", format!("{error:#}"), "the server does not start without it")
        }
    })
}
