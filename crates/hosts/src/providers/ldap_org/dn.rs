//! Names of entries: RFC 4514.

/// A form in which two spellings of one name are equal: without case, without blanks around `,` `+` and `=`, escapes
/// resolved. What is no name stays as it is, in lower case.
pub(super) fn normal(dn: &str) -> String {
    let mut out = String::with_capacity(dn.len());
    let mut blanks = String::new();
    let mut bytes = Vec::new();
    let mut rest = dn.trim();
    let flush = |bytes: &mut Vec<u8>, out: &mut String| {
        if !bytes.is_empty() {
            out.push_str(&String::from_utf8_lossy(bytes).to_lowercase());
            bytes.clear();
        }
    };
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let hex = rest.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match (c, hex) {
            ('\\', Some(digits)) => {
                out.push_str(&std::mem::take(&mut blanks));
                // What separates when it is bare stays apart when it is not.
                if let Ok(byte) = u8::from_str_radix(digits, 16) {
                    bytes.extend(b",+=;".contains(&byte).then_some(b'\\'));
                    bytes.push(byte);
                }
                rest = &rest[2..];
                continue;
            }
            (' ', _) => {
                flush(&mut bytes, &mut out);
                blanks.push(' ');
                continue;
            }
            (',' | '+' | '=' | ';', _) => {
                flush(&mut bytes, &mut out);
                blanks.clear();
                out.push(if c == ';' { ',' } else { c });
                rest = rest.trim_start();
                continue;
            }
            _ => flush(&mut bytes, &mut out),
        }
        out.push_str(&std::mem::take(&mut blanks));
        if c == '\\' {
            // An escaped `,` stays apart from one that separates.
            if let Some(next) = rest.chars().next() {
                if matches!(next, ',' | '+' | '=' | ';') {
                    out.push('\\');
                }
                out.extend(next.to_lowercase());
                rest = &rest[next.len_utf8()..];
            }
        } else {
            out.extend(c.to_lowercase());
        }
    }
    flush(&mut bytes, &mut out);
    out
}

/// The value that a name itself gives to an attribute, in its normal form.
pub(super) fn own_value(dn: &str, attribute: &str) -> Option<String> {
    let dn = normal(dn);
    let attribute = attribute.to_lowercase();
    let mut first = dn.len();
    let bytes = dn.as_bytes();
    for (n, byte) in bytes.iter().enumerate() {
        if *byte == b',' && (n == 0 || bytes[n - 1] != b'\\') {
            first = n;
            break;
        }
    }
    dn[..first].split('+').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        (name == attribute).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::{normal, own_value};

    #[test]
    fn spellings_of_one_name_are_equal() {
        let plain = normal("uid=ann,ou=people,dc=larkfell,dc=example");
        for other in [
            "UID=Ann, OU=People , dc = larkfell,DC=example",
            " uid=ann;ou=people;dc=larkfell;dc=example ",
            r"uid=\61nn,ou=people,dc=larkfell,dc=example",
        ] {
            assert_eq!(normal(other), plain);
        }
        assert_eq!(normal(r"cn=Doe\, Ann,ou=x"), r"cn=doe\, ann,ou=x");
        assert_ne!(normal(r"cn=Doe\, Ann,ou=x"), normal("cn=Doe, Ann,ou=x"));
        assert_eq!(normal(r"cn=M\C3\BCller,ou=x"), normal("CN=Müller, ou=x"));
        assert_eq!(normal("ann"), "ann");
        assert_eq!(normal(r"a\"), "a");
    }

    #[test]
    fn a_name_has_a_value_of_its_own() {
        assert_eq!(own_value("UID=Ann,ou=x", "uid").as_deref(), Some("ann"));
        assert_eq!(own_value("cn=a+uid=b,ou=x", "uid").as_deref(), Some("b"));
        assert_eq!(own_value("cn=a,uid=b", "uid"), None);
        assert_eq!(own_value("", "uid"), None);
    }
}
