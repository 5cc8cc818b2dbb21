//! Where a call goes: `/catalog/entities?filter=kind=api`, with or without `/api` before it.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

use super::PLUGINS;

/// Letters of a path with its query.
const LONGEST: usize = 8 * 1024;

/// The path with its query as it stands in a request, from `/api/` on.
///
/// # Errors
/// For an address elsewhere, a path that leads elsewhere however it is written, and what a run cannot call.
pub(super) fn address(path: &str, params: Option<&Map<String, Value>>) -> Result<String, String> {
    let quoted = Value::from(path.chars().take(200).collect::<String>());
    let (place, query) = path.split_once('?').map_or((path, None), |(place, query)| (place, Some(query)));
    if place.starts_with("//") || place.contains("://") || place.starts_with('\\') {
        return Err(format!(
            "{quoted} is an address: a path of this portal such as /catalog/entities is wanted"
        ));
    }
    if path.contains('#') || path.chars().any(char::is_control) {
        return Err(format!("{quoted} has letters that no path can have"));
    }
    let place = place.strip_prefix('/').unwrap_or(place);
    let place = place.strip_prefix("api/").unwrap_or(place);
    let segments: Vec<&str> = place.split('/').collect();
    let last = segments.len().saturating_sub(1);
    let is_wrong =
        |(n, segment): (usize, &&str)| (segment.is_empty() && n != last) || leads_elsewhere(segment);
    if segments.iter().enumerate().any(is_wrong) {
        return Err(format!("{quoted} must not lead elsewhere: no \"..\", no \"//\", no encoded \"/\""));
    }
    match segments.first() {
        Some(first) if PLUGINS.contains(first) => {}
        Some(&"proxy") => {
            return Err(format!("{quoted}: this portal has no proxy that a template could call"));
        }
        first => {
            let (first, all) = (first.copied().unwrap_or_default(), PLUGINS.join(", "));
            return Err(format!("{quoted}: \"{first}\" cannot be called by a template: it is none of {all}"));
        }
    }
    let mut address = "/api/".to_owned();
    encode(place, &mut address);
    let mut all = query.unwrap_or_default().to_owned();
    if let Some(params) = params.filter(|params| !params.is_empty()) {
        all.push_str(if all.is_empty() { "" } else { "&" });
        all.push_str(&serialized(params)?);
    }
    if !all.is_empty() {
        address.push('?');
        encode(&all, &mut address);
    }
    if address.len() > LONGEST {
        return Err(format!("the path must NOT be longer than {LONGEST} letters"));
    }
    Ok(address)
}

/// As `URLSearchParams` of JavaScript has it: a list becomes one text with commas.
fn serialized(params: &Map<String, Value>) -> Result<String, String> {
    let mut all = Serializer::new(String::new());
    for (name, value) in params {
        let wrong = || format!("params.{name} must be a text, a number, a truth value or a list of them");
        let value = match value {
            Value::Array(items) => {
                items.iter().map(text).collect::<Option<Vec<_>>>().ok_or_else(wrong)?.join(",")
            }
            value => text(value).ok_or_else(wrong)?,
        };
        all.append_pair(name, &value);
    }
    Ok(all.finish())
}

/// Texts, numbers and truth values as a text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Whether a part of a path is more than a name, however often it is encoded.
fn leads_elsewhere(segment: &str) -> bool {
    let mut text = segment.as_bytes().to_vec();
    for _ in 0..4 {
        if text == b"." || text == b".." || text.iter().any(|c| matches!(c, b'/' | b'\\' | 0..=31 | 127)) {
            return true;
        }
        let decoded = decoded(&text);
        if decoded == text {
            return false;
        }
        text = decoded;
    }
    true
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|c| char::from(*c).to_digit(16));
    let (mut decoded, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = text.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

/// Adds what stands in an address as it is, and encodes the rest.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}".contains(&byte) => into.push(char::from(byte)),
            _ => {
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::address;

    #[test]
    fn paths_are_those_of_the_portal() {
        let params = json!({ "filter": "kind=api", "limit": 10, "fields": ["kind", "metadata.name"] });
        for (path, expected) in [
            ("/catalog/entities", "/api/catalog/entities"),
            ("catalog/entities/", "/api/catalog/entities/"),
            ("/api/catalog/entities?filter=kind=a b", "/api/catalog/entities?filter=kind=a%20b"),
            (
                "/catalog/entities/by-name/component:default/ä",
                "/api/catalog/entities/by-name/component:default/%C3%A4",
            ),
            ("search/query?term=../x", "/api/search/query?term=../x"),
        ] {
            assert_eq!(address(path, None).as_deref(), Ok(expected));
        }
        assert_eq!(
            address("catalog/entities?offset=1", params.as_object()).unwrap(),
            "/api/catalog/entities?offset=1&filter=kind%3Dapi&limit=10&fields=kind%2Cmetadata.name"
        );
    }

    /// Attack case 23 for a path that a template makes.
    #[test]
    fn no_path_leads_elsewhere() {
        for path in [
            "https://evil.example/catalog/entities",
            "//evil.example/catalog",
            "\\\\evil.example\\catalog",
            "/catalog/../stagedoor/v1/tokens",
            "/catalog/%2e%2e/stagedoor/v1/tokens",
            "/catalog/%252e%252e/stagedoor",
            "/catalog/..%2fstagedoor",
            "/catalog/..\\stagedoor",
            "/catalog//stagedoor",
            "/catalog/./entities",
            "/api/api/catalog/entities",
            "/catalog/entities#x",
            "/catalog/entities\r\nX-Evil: 1",
            "/catalog/entities?a=b\r\nX-Evil: 1",
            "/stagedoor/v1/tokens",
            "/api/stagedoor/v1/secrets",
            "/auth/guest/refresh",
            "/permission/authorize",
            "/v1/apps",
            "/metrics",
            "/proxy/snyk/orgs",
            "/Catalog/entities",
            "",
            "/",
            "?x=1",
        ] {
            assert!(address(path, None).is_err(), "{path:?}");
        }
        assert!(address("/proxy/x", None).unwrap_err().contains("no proxy"));
        assert!(address("/catalog/entities", json!({ "a": { "b": 1 } }).as_object()).is_err());
    }
}
