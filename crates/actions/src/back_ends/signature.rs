//! How Port signs what it sends, so that its receivers can tell it from anybody else's
//! (docs.port.io, "Webhook action backend", and the agent's own check of what it takes from Kafka).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Map, Value, json};

/// Its name in requests and messages.
pub(crate) const SIGNATURE: &str = "X-Port-Signature";
/// The time that is signed together with the body, in seconds since 1970.
pub(crate) const TIMESTAMP: &str = "X-Port-Timestamp";

/// `v1,` and the base64 of HMAC-SHA256 over `timestamp.body`. The body is compact JSON, as JavaScript's
/// `JSON.stringify` writes it.
#[must_use]
pub fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

/// The older form, which incoming webhooks of Azure DevOps know: `sha1=` and HMAC-SHA1 over the body in hexadecimal.
pub(crate) fn older(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let tag = hmac::sign(&key, body.as_bytes());
    tag.as_ref().iter().fold("sha1=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// A message for Kafka with its signature among its `headers`. What is signed is the message without the two of Port's,
/// with `headers` in it, however empty: receivers take the two out and sign the rest.
#[must_use]
pub fn signed_message(secret: &str, timestamp: i64, mut message: Map<String, Value>) -> Value {
    let headers = message.entry("headers").or_insert_with(|| json!({}));
    if !headers.is_object() {
        *headers = json!({});
    }
    let signed = signature(secret, timestamp, &stringify(&Value::Object(message.clone())));
    if let Some(headers) = message.get_mut("headers").and_then(Value::as_object_mut) {
        headers.insert(SIGNATURE.to_owned(), signed.into());
        headers.insert(TIMESTAMP.to_owned(), timestamp.to_string().into());
    }
    Value::Object(message)
}

/// Compact JSON as `JSON.stringify` writes it, so that a receiver that reads and writes it again has the same text:
/// numbers as JavaScript shows them, and keys that are indexes of an array first, in their order.
pub(crate) fn stringify(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, to: &mut String) {
    match value {
        Value::Number(number) if number.is_f64() => to.push_str(&float(number.as_f64().unwrap_or_default())),
        Value::Array(items) => {
            to.push('[');
            for (index, item) in items.iter().enumerate() {
                to.push_str(if index == 0 { "" } else { "," });
                write(item, to);
            }
            to.push(']');
        }
        Value::Object(members) => {
            let mut indexes: Vec<(u32, &String)> =
                members.keys().filter_map(|key| Some((index(key)?, key))).collect();
            indexes.sort_unstable();
            let others = members.keys().filter(|key| index(key).is_none());
            to.push('{');
            for (n, key) in indexes.into_iter().map(|(_, key)| key).chain(others).enumerate() {
                to.push_str(if n == 0 { "" } else { "," });
                to.push_str(&Value::from(key.as_str()).to_string());
                to.push(':');
                write(&members[key.as_str()], to);
            }
            to.push('}');
        }
        other => to.push_str(&other.to_string()),
    }
}

/// A number as JavaScript shows it (ECMA-262, `Number::toString`).
fn float(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        "0".to_owned()
    } else if (1e-6..1e21).contains(&size) {
        number.to_string()
    } else if size < 1.0 {
        format!("{number:e}")
    } else {
        format!("{number:e}").replace('e', "e+")
    }
}

/// The index of an array that a key is, in the only spelling of it.
fn index(key: &str) -> Option<u32> {
    let index: u32 = key.parse().ok()?;
    (index < u32::MAX && index.to_string() == key).then_some(index)
}
