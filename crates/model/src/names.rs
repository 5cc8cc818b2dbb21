//! Which names are legal where: Backstage's entity names, Port's identifiers.
//!
//! Checked by hand rather than by regular expression: it runs for every entity written.

/// `^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`, 1..63: a Backstage `metadata.name`.
#[must_use]
pub fn is_backstage_name(name: &str) -> bool {
    let b = name.as_bytes();
    (1..=63).contains(&b.len())
        && b[0].is_ascii_alphanumeric()
        && b[b.len() - 1].is_ascii_alphanumeric()
        && b.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
}

/// `^[a-z0-9]+(?:\-+[a-z0-9]+)*$`, 1..63: a Backstage namespace, lower case only.
#[must_use]
pub fn is_backstage_namespace(name: &str) -> bool {
    let b = name.as_bytes();
    let word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=63).contains(&b.len())
        && word(b[0])
        && word(b[b.len() - 1])
        && b.iter().all(|c| word(*c) || *c == b'-')
}

/// A Port entity identifier: letters of any script, digits and `@_.+:\/=-`, 1..1000, not `.` or `..`.
#[must_use]
pub fn is_entity_identifier(id: &str) -> bool {
    is_identifier(id, 1000, |c| matches!(c, '@' | '_' | '.' | '+' | ':' | '\\' | '/' | '=' | '-'))
}

/// A Port blueprint identifier: as an entity's without `=`, 1..100.
#[must_use]
pub fn is_blueprint_identifier(id: &str) -> bool {
    is_identifier(id, 100, |c| matches!(c, '@' | '_' | '.' | '+' | ':' | '\\' | '/' | '-'))
}

fn is_identifier(id: &str, max: usize, punctuation: impl Fn(char) -> bool) -> bool {
    !id.is_empty()
        && id != "."
        && id != ".."
        && id.chars().count() <= max
        && id.chars().all(|c| c.is_alphabetic() || c.is_ascii_digit() || punctuation(c))
}

/// `^[A-Za-z0-9@_=\-]+$`, at most 100: the key of a Port property or relation.
#[must_use]
pub fn is_property_key(key: &str) -> bool {
    (1..=100).contains(&key.len())
        && key.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'@' | b'_' | b'=' | b'\\' | b'-'))
}

/// The Backstage kind of a blueprint: its identifier in PascalCase without other characters
/// (`my-db` is `MyDb`). Empty when nothing usable is left.
#[must_use]
pub fn kind_of_blueprint(identifier: &str) -> String {
    let mut kind = String::with_capacity(identifier.len());
    let mut upper = true;
    for c in identifier.chars() {
        if !c.is_ascii_alphanumeric() || (kind.is_empty() && c.is_ascii_digit()) {
            upper = true;
        } else if upper {
            kind.push(c.to_ascii_uppercase());
            upper = false;
        } else {
            kind.push(c);
        }
    }
    kind.truncate(63);
    kind
}

/// A Backstage name made from any text: illegal characters become `-`, ends trimmed, `x` when nothing is left.
#[must_use]
pub fn slug(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    for c in text.chars().take(max) {
        let legal = c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        out.push(if legal { c } else { '-' });
    }
    let trimmed = out.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if trimmed.is_empty() { "x".to_owned() } else { trimmed.to_owned() }
}

/// A Backstage name for an identifier that is none: `<slug>-<8 hex>`, lower-case, the same on every machine and
/// for ever, for it is stored. The digits are FNV-1a of the identifier, its halves folded together.
#[must_use]
pub fn stand_in(identifier: &str) -> String {
    let hash = identifier
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("{}-{:08x}", slug(identifier, 54).to_lowercase(), (hash >> 32) as u32 ^ hash as u32)
}

/// A relation type made from a relation key: characters that `\w` does not match become `_`.
#[must_use]
pub fn relation_type(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backstage_names() {
        for good in ["a", "a-b", "A_b.c", "9", &"x".repeat(63)] {
            assert!(is_backstage_name(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a b", "ä", "a/b", &"x".repeat(64)] {
            assert!(!is_backstage_name(bad), "{bad}");
        }
        assert!(is_backstage_namespace("a--b"));
        assert!(!is_backstage_namespace("A"));
    }

    #[test]
    fn port_identifiers_and_kinds() {
        assert!(is_entity_identifier("component:default/a=b"));
        assert!(is_entity_identifier("größe"));
        for bad in ["", ".", "..", "a b", "a\n"] {
            assert!(!is_entity_identifier(bad), "{bad}");
        }
        assert_eq!(kind_of_blueprint("database"), "Database");
        assert_eq!(kind_of_blueprint("my-db_x"), "MyDbX");
        assert_eq!(kind_of_blueprint("k8sCluster"), "K8sCluster");
        assert_eq!(slug("a b/ü", 50), "a-b");
        assert_eq!(relation_type("on-call"), "on_call");
        // Stored in databases: must never change.
        assert_eq!(stand_in("größe"), "gr--e-42c44ec4");
        assert!(is_backstage_name(&stand_in(&"漢".repeat(1000))));
    }
}
