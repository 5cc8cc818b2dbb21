//! Whether a delivery proves that its sender knows a secret. All comparisons take the same time for any two texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use super::Header;

/// A header that has the HMAC-SHA-256 of the body in hex, after a prefix.
pub(super) fn signed(header: Header<'_>, name: &str, prefix: &str, body: &[u8], secret: &[u8]) -> bool {
    let Some(signature) = header(name) else { return false };
    let Some(tag) = signature.strip_prefix(prefix).and_then(unhex) else { return false };
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), body, &tag).is_ok()
}

/// A header that is the secret.
pub(super) fn told(header: Header<'_>, name: &str, secret: &[u8]) -> bool {
    header(name).is_some_and(|told| equal(told.as_bytes(), secret))
}

/// The password of a basic credential that is the secret, whoever's it says it is.
pub(super) fn basic(header: Header<'_>, secret: &[u8]) -> bool {
    let Some(value) = header("authorization") else { return false };
    let encoded =
        value.get(..6).filter(|scheme| scheme.eq_ignore_ascii_case("basic ")).map(|_| value[6..].trim());
    let Some(decoded) = encoded.and_then(|encoded| STANDARD.decode(encoded).ok()) else { return false };
    let Some(colon) = decoded.iter().position(|byte| *byte == b':') else { return false };
    equal(&decoded[colon + 1..], secret)
}

/// Through their digests, so that not even a length can be measured.
fn equal(told: &[u8], secret: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, secret, hmac::sign(&key, told).as_ref()).is_ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|n| u8::from_str_radix(text.get(n..n + 2)?, 16).ok()).collect()
}
