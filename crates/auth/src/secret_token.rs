//! Secrets that programs are given: a prefix that says what it is, 256 random bits and a checksum.
//!
//! `sdp_` + 43 characters + 6 characters, all letters and digits, so that programs which look for leaked secrets find
//! them by `sd[psc]_[0-9A-Za-z]{49}` and can tell a real one from an accident by its checksum: the CRC-32 (as in
//! zlib) of everything before it, in base 62.

/// Digits of base 62, in the order of their values.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62^43 is more than 2^256.
const RANDOM: usize = 43;
/// 62^6 is more than 2^32.
const CHECKSUM: usize = 6;
/// Length of a whole secret.
const LENGTH: usize = 4 + RANDOM + CHECKSUM;

/// What a secret is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// A person's token, sent as `Authorization: Bearer`.
    Personal,
    /// A service account's token, sent as `Authorization: Bearer`.
    ServiceAccount,
    /// The secret of a client id, exchanged for an access token.
    Client,
}

impl SecretKind {
    const ALL: [Self; 3] = [Self::Personal, Self::ServiceAccount, Self::Client];

    /// `sdp_`, `sds_` or `sdc_`.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Personal => "sdp_",
            Self::ServiceAccount => "sds_",
            Self::Client => "sdc_",
        }
    }

    /// What a text is by its prefix, whether the rest is right or not.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))
    }
}

/// A secret of 256 random bits.
#[must_use]
pub fn new_secret(kind: SecretKind, random: [u8; 32]) -> String {
    let mut text = String::with_capacity(LENGTH);
    text.push_str(kind.prefix());
    push_base62(&mut text, random, RANDOM);
    let mut checksum = [0; 32];
    checksum[28..].copy_from_slice(&crc32(text.as_bytes()).to_be_bytes());
    push_base62(&mut text, checksum, CHECKSUM);
    text
}

/// Whether a text is a whole secret, as far as its form and checksum can tell. What fails here needs no look-up.
#[must_use]
pub fn is_secret(text: &str) -> bool {
    let Some(kind) = SecretKind::of(text) else { return false };
    let rest = &text.as_bytes()[kind.prefix().len()..];
    if text.len() != LENGTH || !rest.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let (before, stated) = text.split_at(LENGTH - CHECKSUM);
    let value = |sum: u64, digit: u8| {
        let at = DIGITS.iter().position(|d| *d == digit).unwrap_or_default();
        sum * 62 + at as u64
    };
    stated.bytes().fold(0, value) == u64::from(crc32(before.as_bytes()))
}

/// A number of 256 bits, the most significant byte first, in so many digits.
fn push_base62(text: &mut String, mut number: [u8; 32], digits: usize) {
    let mut reversed = Vec::with_capacity(digits);
    for _ in 0..digits {
        let mut rest: u32 = 0;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            // Below 256, because the rest is below 62.
            *byte = u8::try_from(value / 62).unwrap_or_default();
            rest = value % 62;
        }
        reversed.push(char::from(DIGITS[rest as usize]));
    }
    text.extend(reversed.iter().rev());
}

/// CRC-32 as in zlib, PNG and Ethernet.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc: u32, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_zlib() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_secret_says_what_it_is() {
        for kind in SecretKind::ALL {
            for random in [[0; 32], [255; 32], [7; 32]] {
                let text = new_secret(kind, random);
                assert_eq!((text.len(), SecretKind::of(&text)), (LENGTH, Some(kind)), "{text}");
                assert!(is_secret(&text), "{text}");
            }
        }
        assert_eq!(&new_secret(SecretKind::Personal, [0; 32])[4..47], "0".repeat(43));
        // 2^256 - 1 in base 62.
        assert_eq!(
            &new_secret(SecretKind::Personal, [255; 32])[4..47],
            "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1"
        );
    }

    #[test]
    fn what_was_changed_or_cut_is_none() {
        let good = new_secret(SecretKind::ServiceAccount, [9; 32]);
        for at in 4..good.len() {
            let mut other = good.clone().into_bytes();
            other[at] = if other[at] == b'a' { b'b' } else { b'a' };
            assert!(!is_secret(std::str::from_utf8(&other).unwrap()), "{at}");
            assert!(!is_secret(&good[..at]), "{at}");
        }
        for bad in ["", "sds_", "a.b.c", &format!("{good}0"), &good[4..], &good.replacen("sds_", "sdp_", 1)] {
            assert!(!is_secret(bad), "{bad}");
        }
        assert!(!is_secret(&format!("sdp_{}", "ä".repeat(24))));
    }
}
