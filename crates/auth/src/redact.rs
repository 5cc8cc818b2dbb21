//! Taking secrets out of texts, in whatever form they got there.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::Secret;

/// What stands in the place of a secret.
const REDACTED: &str = "[redacted]";
/// Shorter ones stand in every other text by chance: `on`, `yes`.
const SHORTEST: usize = 4;
/// Of a piece of base64 that may stand within a longer one.
const SHORTEST_CODED: usize = 6;
/// Of one line of a value that has several.
const SHORTEST_LINE: usize = 16;

/// Takes the values of secrets out of texts: plain, as JSON, `Debug` and logs escape them, percent-encoded, as base64
/// in both alphabets (alone or within something longer), and hexadecimal. A value shorter than 4 characters is not
/// looked for.
#[derive(Default)]
pub struct Redactor(Option<AhoCorasick>);

impl Redactor {
    /// Knows these values from now on.
    #[must_use]
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        let mut forms = BTreeSet::new();
        for secret in secrets {
            let value = secret.expose();
            let lines = value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
            for text in [value, value.trim()].into_iter().chain(lines) {
                if text.chars().count() >= SHORTEST {
                    forms_of(text, &mut forms);
                }
            }
        }
        if forms.is_empty() {
            return Self(None);
        }
        // Of two that begin in one place the longer one goes: nothing is left of it.
        let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        Self(built.ok())
    }

    /// Whether it knows nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The text with `[redacted]` in the place of each secret.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.0 {
            Some(known) if known.is_match(text) => {
                let mut out = String::with_capacity(text.len());
                known.replace_all_with(text, &mut out, |_, _, out| {
                    out.push_str(REDACTED);
                    true
                });
                Cow::Owned(out)
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// The same in every text of a value, keys included.
    pub fn redact_json(&self, value: &mut Value) {
        if self.is_empty() {
            return;
        }
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.redact(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_json(item)),
            Value::Object(map) => {
                let entries = std::mem::take(map).into_iter();
                map.extend(entries.map(|(key, mut value)| {
                    self.redact_json(&mut value);
                    (self.redact(&key).into_owned(), value)
                }));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn forms_of(text: &str, forms: &mut BTreeSet<String>) {
    let json = quoted(text);
    forms.extend([
        text.to_owned(),
        quoted(&json),
        json.replace('/', "\\/"),
        ascii(&json),
        ascii(&json).to_uppercase().replace("\\U", "\\u"),
        json,
        text.escape_debug().to_string(),
        text.escape_default().to_string(),
    ]);
    // RFC 3986; `encodeURIComponent` and forms; `encodeURI`; every byte.
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    for kept in ["-._~", "-._~!'()*", "-._~!'()*;,/?:@&=+$#"] {
        let coded = percent(text, |byte| plain(byte) || kept.contains(char::from(byte)));
        forms.extend([lower_codes(&coded), coded.replace("%20", "+"), coded]);
    }
    let every = percent(text, |_| false);
    forms.extend([lower_codes(&every), every]);
    let hex = text.bytes().fold(String::new(), |mut hex, byte| {
        // Writing to memory cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    forms.extend([hex.to_uppercase(), hex]);
    base64_of(text.as_bytes(), forms);
}

/// As it stands between the quotes of JSON.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

/// JSON for whom only ASCII is safe.
fn ascii(json: &str) -> String {
    json.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        out
    })
}

fn percent(text: &str, kept: impl Fn(u8) -> bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if kept(byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// `%2F` as `%2f`, and nothing else.
fn lower_codes(coded: &str) -> String {
    let mut left = 0_u8;
    let lower = |c: char| {
        let found = if left > 0 { c.to_ascii_lowercase() } else { c };
        left = if c == '%' { 2 } else { left.saturating_sub(1) };
        found
    };
    coded.chars().map(lower).collect()
}

/// Base64 takes three bytes at a time: within something longer a value looks in one of three ways, and the characters
/// at its ends are shared with its neighbours.
fn base64_of(bytes: &[u8], forms: &mut BTreeSet<String>) {
    for before in 0..3 {
        let padded = [&[0; 2][..before], bytes].concat();
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let coded = engine.encode(&padded);
            let shared = usize::from(padded.len() % 3 != 0);
            let own = &coded[[0, 2, 3][before].min(coded.len())..];
            let own = &own[..own.len().saturating_sub(shared)];
            if before == 0 {
                forms.insert(coded.clone());
            }
            if own.len() >= SHORTEST_CODED {
                forms.insert(own.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use serde_json::json;

    use super::Redactor;
    use crate::Secret;

    const VALUE: &str = "pä/ss+w?rd \"x\"\\1\n2";

    #[test]
    fn a_secret_goes_in_every_form() {
        let redactor = Redactor::new([&Secret::new(VALUE)]);
        let hex: String = VALUE.bytes().map(|b| format!("{b:02x}")).collect();
        let within = STANDARD.encode(format!("user:{VALUE}:more"));
        let url: String = VALUE
            .bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02x}") })
            .collect();
        for form in [
            VALUE.to_owned(),
            json!({ "v": VALUE }).to_string(),
            json!({ "v": json!({ "v": VALUE }).to_string() }).to_string(),
            format!("{VALUE:?}"),
            VALUE.escape_default().to_string(),
            STANDARD.encode(VALUE),
            URL_SAFE.encode(VALUE),
            within.clone(),
            hex.to_uppercase(),
            hex,
            url.to_uppercase().replace("P%C3%A4%2FSS%2BW%3FRD%20%22X", "p%C3%A4%2Fss%2Bw%3Frd%20%22x"),
            url,
        ] {
            let clean = redactor.redact(&form);
            assert!(clean.contains("[redacted]"), "{form}: {clean}");
            for part in
                ["ss+w", "rd \\\"x", "%2Fss", "%2fss", "2f7373", "2F7373", "L3Nz", "9zcyt3", "vc3Mrdz"]
            {
                assert!(!clean.contains(part), "{form}: {clean}");
            }
        }
        for shift in ["", "a", "ab"] {
            let coded = STANDARD.encode(format!("{shift}{VALUE}tail"));
            let clean = redactor.redact(&coded);
            assert!(clean.len() < 30 && clean.contains("[redacted]"), "{clean}");
        }
    }

    #[test]
    fn lines_of_a_key_go_too_and_short_values_do_not() {
        let pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END KEY-----";
        let redactor = Redactor::new([&Secret::new(pem), &Secret::new("on")]);
        assert_eq!(redactor.redact("on line MIIEvQIBADANBgkqhkiG"), "on line [redacted]");
        assert!(Redactor::new([&Secret::new("on")]).is_empty());
        assert_eq!(Redactor::default().redact("x"), "x");
    }

    #[test]
    fn values_and_keys_of_json_are_cleaned() {
        let redactor = Redactor::new([&Secret::new("hunter2")]);
        let mut value = json!({ "a": ["x hunter2 y", 1], "hunter2": { "b": "aHVudGVyMg==" } });
        redactor.redact_json(&mut value);
        assert_eq!(value, json!({ "a": ["x [redacted] y", 1], "[redacted]": { "b": "[redacted]==" } }));
    }
}
