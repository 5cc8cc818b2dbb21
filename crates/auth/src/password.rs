//! Passwords: which ones are taken, and their argon2id hashes in the PHC string format.
//!
//! A hash takes 19 MiB and some tens of milliseconds on purpose (the first choice of OWASP's cheat sheet for argon2id:
//! m = 19456 KiB, t = 2, p = 1). Whoever calls does so off the threads that serve, and never in unlimited numbers.

use std::fmt;

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};

/// Characters that a password needs.
pub const SHORTEST: usize = 12;
/// Bytes that are hashed at most: more is no password, but work for nothing.
pub const LONGEST: usize = 1024;

/// Passwords of twelve characters and more that everybody tries first, in lower case. Shorter ones are refused anyway.
const COMMON: &[&str] = &[
    "123123123123",
    "1234567890123",
    "12345678901234",
    "123456789012345",
    "1234567890ab",
    "1234567891011",
    "123456789abc",
    "123456789012",
    "1q2w3e4r5t6y",
    "abc123abc123",
    "abcdefghijkl",
    "administrator",
    "adminadminadmin",
    "asdfghjkl123",
    "changemechangeme",
    "correcthorsebatterystaple",
    "iloveyou1234",
    "letmeinletmein",
    "password1234",
    "password12345",
    "password123456",
    "password123!",
    "passwordpassword",
    "p@ssw0rd1234",
    "qazwsxedcrfv",
    "qwerty123456",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiop[]",
    "stagedoor123",
    "stagedoorstagedoor",
    "welcome12345",
    "zaq12wsxcde3",
];

/// What is computed where there is no account. Its output is made up, so that no password has it.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than [`SHORTEST`] characters.
    Short,
    /// More than [`LONGEST`] bytes.
    Long,
    /// It is the address, or its name with a few more signs.
    Address,
    /// Everybody tries it, or it is one sign again and again.
    Common,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => write!(f, "the password needs at least {SHORTEST} characters"),
            Self::Long => write!(f, "the password must not be longer than {LONGEST} bytes"),
            Self::Address => f.write_str("the password must not be the e-mail address"),
            Self::Common => {
                f.write_str("this password is one of those that are tried first: take another one")
            }
        }
    }
}

/// Whether a new password may be taken for an account.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check_password(password: &str, email: &str) -> Result<(), Weakness> {
    if password.chars().count() < SHORTEST {
        return Err(Weakness::Short);
    }
    if password.len() > LONGEST {
        return Err(Weakness::Long);
    }
    let (lower, email) = (password.trim().to_lowercase(), email.trim().to_lowercase());
    let name = email.split('@').next().unwrap_or_default();
    // An address with a few signs around it is still the address.
    let around = lower.contains(&email).then(|| lower.replace(&email, "").chars().count());
    if lower == name || (!email.is_empty() && around.is_some_and(|rest| rest < SHORTEST / 2)) {
        return Err(Weakness::Address);
    }
    let mut signs: Vec<char> = lower.chars().collect();
    signs.sort_unstable();
    signs.dedup();
    if signs.len() < 4 || COMMON.contains(&lower.as_str()) {
        return Err(Weakness::Common);
    }
    Ok(())
}

/// The hash of a password with a random salt of this very hash, as a PHC string (`$argon2id$v=19$m=...`). `None` when
/// there is no memory for it. Slow.
#[must_use]
pub fn hash_password(password: &str, salt: &[u8; 16]) -> Option<String> {
    Argon2::default().hash_password_with_salt(password.as_bytes(), salt).ok().map(|hash| hash.to_string())
}

/// Whether a password is the one of a hash. Without a hash the answer is no, after the same time: how long it took
/// does not say whether there is an account. Slow.
#[must_use]
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    let password = if password.len() > LONGEST { "" } else { password };
    let same = Argon2::default().verify_password(password.as_bytes(), hash.unwrap_or(NOBODYS)).is_ok();
    same && hash.is_some() && !password.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_only() {
        let hash = hash_password("violet lamp over nine", &[7; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_password("violet lamp over nine", Some(&hash)));
        for (password, hash) in [
            ("violet lamp over Nine", Some(hash.as_str())),
            ("", Some(hash.as_str())),
            ("violet lamp over nine", None),
            ("violet lamp over nine", Some("")),
            ("violet lamp over nine", Some("violet lamp over nine")),
            ("violet lamp over nine", Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$")),
            ("", None),
        ] {
            assert!(!verify_password(password, hash), "{password} {hash:?}");
        }
        assert_ne!(hash_password("violet lamp over nine", &[8; 16]).unwrap(), hash, "the salt counts");
    }

    #[test]
    fn an_absent_account_costs_as_much_as_a_present_one() {
        let hash = hash_password("violet lamp over nine", &[7; 16]).unwrap();
        let work = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
        assert_eq!(work(NOBODYS), work(&hash), "the same algorithm with the same parameters");
        let parsed = argon2::password_hash::phc::PasswordHash::new(NOBODYS).unwrap();
        assert!(parsed.salt.is_some() && parsed.hash.is_some(), "so it is computed");
        assert_eq!(NOBODYS.len(), hash.len());
    }

    #[test]
    fn weak_passwords_are_not_taken() {
        let check = |password: &str| check_password(password, "Ada.Stone@larkfell.example");
        assert_eq!(check("violet lamp"), Err(Weakness::Short));
        assert_eq!(check("äöüßäöüßäö!"), Err(Weakness::Short), "characters count, not bytes");
        assert_eq!(check(&"violet".repeat(200)), Err(Weakness::Long));
        for own in
            ["ada.stone@larkfell.example", " ADA.STONE@larkfell.example", "ada.stone@larkfell.example1!"]
        {
            assert_eq!(check(own), Err(Weakness::Address), "{own}");
        }
        for common in ["Password1234", "aaaaaaaaaaaaaaaa", "abababababab", "QwertyUiop123", "            "] {
            assert_eq!(check(common), Err(Weakness::Common), "{common}");
        }
        for good in ["violet lamp over nine", "Tr0ub4dor&3-xyz", "ада лавлейс и машина"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }
}
