//! Digests of secrets that are random and long, so that a fast one is enough: they are kept in place of the secret.

use std::hint::black_box;

use sha2::{Digest as _, Sha256};

/// SHA-256 of a secret.
pub type SecretDigest = [u8; 32];

/// The digest of a secret.
#[must_use]
pub fn digest(secret: &str) -> SecretDigest {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether two digests are the same. Looks at every byte, whatever the first ones say.
#[must_use]
pub fn same_digest(a: &SecretDigest, b: &SecretDigest) -> bool {
    a.iter().zip(b).fold(0, |difference, (x, y)| black_box(difference | (x ^ y))) == 0
}

/// A digest in hexadecimal, without an allocation.
pub struct Hex([u8; 64]);

impl Hex {
    /// Of a digest.
    #[must_use]
    pub fn of(digest: &SecretDigest) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self(text)
    }

    /// The 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits are always text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The digest that a text of 64 hexadecimal digits means.
#[must_use]
pub fn digest_of_hex(text: &str) -> Option<SecretDigest> {
    let digit = |b: u8| (b as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let mut digest = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_and_back() {
        let of = digest("abc");
        let text = Hex::of(&of);
        // FIPS 180-2, appendix B.1.
        assert_eq!(text.as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest_of_hex(text.as_str()), Some(of));
        for bad in ["", "ba", &"g".repeat(64), &"ä".repeat(32)] {
            assert_eq!(digest_of_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_byte_counts() {
        let of = digest("abc");
        assert!(same_digest(&of, &of.clone()));
        for at in 0..32 {
            for bit in 0..8 {
                let mut other = of;
                other[at] ^= 1 << bit;
                assert!(!same_digest(&of, &other), "byte {at}, bit {bit}");
            }
        }
    }
}
