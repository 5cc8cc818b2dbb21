//! Sessions of browsers: the secret in the cookie, and when a session is over.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stagedoor_model::Timestamp;

use crate::{Hex, digest};

/// Name of the cookie over TLS. Browsers take one of this prefix only from the host itself, over TLS, for all its
/// paths; so no neighbouring host can plant one.
pub const SECURE_COOKIE: &str = "__Host-stagedoor";
/// Name of the cookie on plain http.
pub const PLAIN_COOKIE: &str = "stagedoor-session";

/// A secret of 256 random bits as it is handed out: 43 characters that need no quoting anywhere.
#[must_use]
pub fn secret_text(random: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

/// By what such a secret is known: its SHA-256 in hexadecimal. `None` for a text that cannot be one. The secret is
/// random and long, so that a fast digest is enough, and looking the digest up tells nobody anything of the secret.
#[must_use]
pub fn secret_digest(secret: &str) -> Option<String> {
    let like_one =
        secret.len() == 43 && secret.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !like_one {
        return None;
    }
    Some(Hex::of(&digest(secret)).as_str().to_owned())
}

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Milliseconds without a request.
    pub idle: i64,
    /// Milliseconds altogether.
    pub absolute: i64,
}

impl Default for SessionLimits {
    /// 12 hours without a request, 7 days altogether.
    fn default() -> Self {
        Self { idle: 12 * 3_600_000, absolute: 7 * 24 * 3_600_000 }
    }
}

impl SessionLimits {
    /// Whether a session is over: made at `created`, used at `seen`.
    #[must_use]
    pub fn are_over(&self, created: Timestamp, seen: Timestamp, now: Timestamp) -> bool {
        now.0 >= created.0.saturating_add(self.absolute) || now.0 >= seen.0.saturating_add(self.idle)
    }

    /// How old the stored time of the last request may become before it is stored again: nobody wants a write for
    /// every request.
    #[must_use]
    pub fn patience(&self) -> i64 {
        (self.idle / 24).clamp(0, 30 * 60_000)
    }
}

/// The values of a cookie in one `Cookie` header, in their order.
pub fn cookies<'h>(header: &'h str, name: &'h str) -> impl Iterator<Item = &'h str> {
    header.split(';').filter_map(move |pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then(|| value.trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_digest() {
        let secret = secret_text(&[255; 32]);
        assert_eq!(secret.len(), 43);
        // SHA-256 of the text, as `sha256sum` has it.
        assert_eq!(secret_digest(&secret).map(|d| d.len()), Some(64));
        assert_ne!(secret_digest(&secret), secret_digest(&secret_text(&[254; 32])));
        for none in ["", "short", &"a".repeat(44), &"ä".repeat(22), &format!("{}/", "a".repeat(42))] {
            assert_eq!(secret_digest(none), None, "{none}");
        }
    }

    #[test]
    fn sessions_end_when_idle_and_in_any_case() {
        let limits = SessionLimits { idle: 100, absolute: 1_000 };
        let over = |seen, now| limits.are_over(Timestamp(0), Timestamp(seen), Timestamp(now));
        assert!(!over(0, 99));
        assert!(over(0, 100));
        assert!(!over(950, 999));
        assert!(over(999, 1_000), "however busy");
        assert_eq!(SessionLimits::default().patience(), 30 * 60_000);
    }

    #[test]
    fn cookies_are_told_apart_by_their_whole_name() {
        let header = "a=1; stagedoor-session=x; Xstagedoor-session=y;stagedoor-session=\"z\"; broken";
        assert_eq!(cookies(header, PLAIN_COOKIE).collect::<Vec<_>>(), ["x", "z"]);
        assert_eq!(cookies(header, SECURE_COOKIE).count(), 0);
    }
}
