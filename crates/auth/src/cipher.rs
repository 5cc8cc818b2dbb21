//! How secrets lie in the database: sealed with AES-256-GCM under a key that is not in it.
//!
//! A sealed text is `v1.<fingerprint>.<base64url of nonce, ciphertext and tag>`. What it is for and what it is called
//! are bound to it as associated data, so that one cannot be put in the place of another. The fingerprint names the
//! key without telling anything of it: both are derived from the given 32 bytes by HMAC-SHA-256 under labels of
//! their own.

use std::fmt;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

use crate::Secret;

/// Bytes of a nonce. Every seal needs fresh random ones.
pub const NONCE_BYTES: usize = NONCE_LEN;
const VERSION: &str = "v1";
/// Fewer different bytes than these no random key of 32 has.
const LEAST_DIFFERENT: usize = 12;

/// The key that secrets are sealed with. It has no `Debug` of its content.
pub struct SecretsKey {
    key: LessSafeKey,
    fingerprint: String,
}

/// A text that is no key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadKey {
    /// Of another form.
    #[error(
        "it is no key: expected 32 random bytes as 64 hexadecimal digits or as base64, such as `openssl rand -base64 32` makes"
    )]
    Form,
    /// Of the right form, and guessable.
    #[error("it is no random key: make one with `openssl rand -base64 32`")]
    Weak,
}

/// Why a sealed text does not open.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unopened {
    /// It was written with another key, of this fingerprint.
    #[error("it was written with the key {0}")]
    OtherKey(String),
    /// It is not what was written, or not in the place it was written for.
    #[error("it is damaged, or was put in the place of another")]
    Damaged,
}

impl SecretsKey {
    /// Reads a key: 64 hexadecimal digits, or base64 in either alphabet, with or without padding.
    ///
    /// # Errors
    /// [`BadKey`]; no message has a part of the text.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        let bytes = match text.len() {
            64 => hex(text),
            _ => base64(text),
        };
        let bytes: [u8; 32] = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(BadKey::Form)?;
        Self::of(&bytes)
    }

    /// Takes 32 random bytes.
    ///
    /// # Errors
    /// [`BadKey::Weak`].
    pub fn of(bytes: &[u8; 32]) -> Result<Self, BadKey> {
        let mut seen = [false; 256];
        bytes.iter().for_each(|byte| seen[usize::from(*byte)] = true);
        if seen.iter().filter(|seen| **seen).count() < LEAST_DIFFERENT {
            return Err(BadKey::Weak);
        }
        let root = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let derived = |label: &str| hmac::sign(&root, format!("stagedoor secrets {label} 1").as_bytes());
        let key = UnboundKey::new(&AES_256_GCM, derived("encryption").as_ref()).map_err(|_| BadKey::Form)?;
        let fingerprint =
            derived("fingerprint").as_ref().iter().take(8).map(|b| format!("{b:02x}")).collect();
        Ok(Self { key: LessSafeKey::new(key), fingerprint })
    }

    /// Its name: 16 hexadecimal digits that tell nothing of it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Seals a text for a purpose and a name. The nonce has to be random and never used again.
    #[must_use]
    pub fn seal(&self, purpose: &str, name: &str, text: &str, nonce: [u8; NONCE_BYTES]) -> String {
        let mut sealed = text.as_bytes().to_vec();
        let aad = Aad::from(associated(purpose, name));
        let done = self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed);
        // It fails beyond 64 GiB only; what is then stored opens for nobody.
        if done.is_err() {
            sealed.clear();
        }
        let bytes = [nonce.as_slice(), &sealed].concat();
        format!("{VERSION}.{}.{}", self.fingerprint, URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Opens what was sealed for this purpose and name.
    ///
    /// # Errors
    /// [`Unopened`].
    pub fn open(&self, purpose: &str, name: &str, sealed: &str) -> Result<Secret, Unopened> {
        let (fingerprint, rest) = parts(sealed).ok_or(Unopened::Damaged)?;
        if fingerprint != self.fingerprint {
            return Err(Unopened::OtherKey(fingerprint.to_owned()));
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(rest).map_err(|_| Unopened::Damaged)?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_BYTES).ok_or(Unopened::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Unopened::Damaged)?;
        let aad = Aad::from(associated(purpose, name));
        let text = self.key.open_in_place(nonce, aad, text).map_err(|_| Unopened::Damaged)?;
        std::str::from_utf8(text).map(Secret::new).map_err(|_| Unopened::Damaged)
    }
}

impl fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretsKey({})", self.fingerprint)
    }
}

/// The fingerprint of the key that a text is sealed with; `None` for what is no sealed text.
#[must_use]
pub fn sealed_with(sealed: &str) -> Option<&str> {
    parts(sealed).map(|(fingerprint, _)| fingerprint)
}

fn parts(sealed: &str) -> Option<(&str, &str)> {
    sealed.strip_prefix(VERSION)?.strip_prefix('.')?.split_once('.')
}

fn associated(purpose: &str, name: &str) -> Vec<u8> {
    // The purpose is a word of ours, without the separator.
    [b"stagedoor\0", purpose.as_bytes(), b"\0", name.as_bytes()].concat()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: &u8| char::from(*b).to_digit(16);
    let pair = |pair: &[u8]| u8::try_from(digit(pair.first()?)? * 16 + digit(pair.get(1)?)?).ok();
    text.as_bytes().chunks(2).map(pair).collect()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [base64::alphabet::STANDARD, base64::alphabet::URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok())
}

#[cfg(test)]
mod tests {
    use super::{BadKey, SecretsKey, Unopened, sealed_with};

    fn key(first: u8) -> SecretsKey {
        SecretsKey::of(&std::array::from_fn(|i| first.wrapping_add(u8::try_from(i).unwrap() * 7))).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let sealed = key(1).seal("secret", "github", "gh0st-ünïcode", [9; 12]);
        assert!(!sealed.contains("gh0st"));
        assert_eq!(sealed_with(&sealed), Some(key(1).fingerprint()));
        let open = |k: &SecretsKey, purpose, name, sealed: &str| {
            k.open(purpose, name, sealed).map(|s| s.expose().to_owned())
        };
        assert_eq!(open(&key(1), "secret", "github", &sealed).unwrap(), "gh0st-ünïcode");
        assert_eq!(open(&key(1), "secret", "gitlab", &sealed), Err(Unopened::Damaged), "another name");
        assert_eq!(open(&key(1), "signing", "github", &sealed), Err(Unopened::Damaged), "another purpose");
        let other = Unopened::OtherKey(key(1).fingerprint().to_owned());
        assert_eq!(open(&key(2), "secret", "github", &sealed), Err(other));
        let forged = sealed.replace(key(1).fingerprint(), key(2).fingerprint());
        assert_eq!(open(&key(2), "secret", "github", &forged), Err(Unopened::Damaged));
        for at in 20..sealed.len() {
            let mut tampered = sealed.clone().into_bytes();
            tampered[at] = if tampered[at] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8(tampered).unwrap();
            assert_eq!(open(&key(1), "secret", "github", &tampered), Err(Unopened::Damaged), "{at}");
        }
        for nonsense in ["", "v1", "v1.x", "v2.a.b", "plain", "v1.."] {
            assert!(open(&key(1), "secret", "github", nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn keys_are_read_in_every_usual_form() {
        let bytes: [u8; 32] = std::array::from_fn(|i| u8::try_from(255 - i * 5).unwrap());
        let hex: String = bytes.iter().map(|b| format!("{b:02X}")).collect();
        let fingerprint = SecretsKey::of(&bytes).unwrap().fingerprint().to_owned();
        assert_eq!(fingerprint.len(), 16);
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        for text in [
            hex.clone(),
            hex.to_lowercase(),
            STANDARD.encode(bytes),
            format!(" {}\n", URL_SAFE_NO_PAD.encode(bytes)),
        ] {
            assert_eq!(SecretsKey::parse(&text).unwrap().fingerprint(), fingerprint, "{text}");
        }
        for text in ["", "password", "0123456789abcdef", &hex[..62], &"é".repeat(32)] {
            assert_eq!(SecretsKey::parse(text).unwrap_err(), BadKey::Form, "{text}");
        }
        for text in ["00".repeat(32), "deadbeef".repeat(8)] {
            assert_eq!(SecretsKey::parse(&text).unwrap_err(), BadKey::Weak, "{text}");
        }
        assert_eq!(format!("{:?}", SecretsKey::of(&bytes).unwrap()), format!("SecretsKey({fingerprint})"));
    }
}
