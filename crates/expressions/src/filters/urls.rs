//! `urlencode` and `urlize`.

use super::Input;
use super::project::attribute;
use crate::error::Fault;
use crate::value::convert::{numeric, string};
use crate::value::text::{self, is_space};
use crate::value::{Kind, Value};

/// As `encodeURIComponent(text)`.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            into.push(byte as char);
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

pub(crate) fn urlencode(input: &Input<'_, '_>) -> Result<Value, Fault> {
    if input.value.as_text().is_some() {
        let text = input.text()?;
        input.meter().grow(3 * text.len())?;
        let mut encoded = String::new();
        encode(&text, &mut encoded);
        return Ok(Value::text(encoded));
    }
    let mut pairs = Vec::new();
    match &input.value.kind {
        Kind::Record(record) => {
            pairs.extend(record.entries().map(|(key, value)| (Value::text(key.clone()), value.clone())));
        }
        Kind::List(list) => {
            for entry in list.items() {
                pairs.push((attribute(&entry, "0")?, attribute(&entry, "1")?));
            }
        }
        _ => {}
    }
    let mut encoded = String::new();
    for (index, (key, value)) in pairs.iter().enumerate() {
        let (key, value) = (string(key, input.meter())?, string(value, input.meter())?);
        input.meter().grow(3 * (key.len() + value.len()) + 2)?;
        if index > 0 {
            encoded.push('&');
        }
        encode(&key, &mut encoded);
        encoded.push('=');
        encode(&value, &mut encoded);
    }
    Ok(Value::text(encoded))
}

pub(crate) fn urlize(input: &Input<'_, '_>) -> Result<Value, Fault> {
    let limit = shown_length(input)?;
    let rel = match input.argument(1).kind {
        Kind::Bool(true) => " rel=\"nofollow\"",
        _ => "",
    };
    let text = input.text()?;
    let mut result = String::with_capacity(text.len());
    let mut left = &*text;
    while !left.is_empty() {
        let spaces = left.len() - left.trim_start_matches(is_space).len();
        result.push_str(&left[..spaces]);
        left = &left[spaces..];
        let word = &left[..left.find(is_space).unwrap_or(left.len())];
        left = &left[word.len()..];
        let linked = link(word, limit, rel);
        input.meter().grow(linked.len())?;
        result.push_str(&linked);
    }
    Ok(Value::text(result))
}

/// How much of an address is shown.
fn shown_length(input: &Input<'_, '_>) -> Result<usize, Fault> {
    let given = input.argument(0);
    match given.kind {
        Kind::Undefined => return Ok(usize::MAX),
        Kind::Number(number) if number.is_nan() => return Ok(usize::MAX),
        _ => {}
    }
    let number = numeric(&given, input.meter())?;
    Ok(if number.is_nan() { 0 } else { number.max(0.0) as usize })
}

fn link(word: &str, limit: usize, rel: &str) -> String {
    let opened = ["(", "<", "&lt;"].iter().find_map(|opening| word.strip_prefix(opening)).unwrap_or(word);
    let closings = [".", ",", ")", "&gt;"];
    let address = closings.iter().find_map(|closing| opened.strip_suffix(closing)).unwrap_or(opened);
    let shown = text::slice(address, 0, limit);
    if address.starts_with("http://") || address.starts_with("https://") {
        return format!("<a href=\"{address}\"{rel}>{shown}</a>");
    }
    if address.starts_with("www.") {
        return format!("<a href=\"http://{address}\"{rel}>{shown}</a>");
    }
    if is_mail_address(address) {
        return format!("<a href=\"mailto:{address}\">{address}</a>");
    }
    if has_common_domain(address) {
        return format!("<a href=\"http://{address}\"{rel}>{shown}</a>");
    }
    word.to_owned()
}

fn is_mail_address(text: &str) -> bool {
    let Some((person, host)) = text.rsplit_once('@') else {
        return false;
    };
    let is_person = |c: char| c.is_ascii_alphanumeric() || "_.!#$%&'*+-/=?^`{|}~".contains(c);
    let is_host =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    !person.is_empty() && person.chars().all(is_person) && host.contains('.') && host.split('.').all(is_host)
}

fn has_common_domain(text: &str) -> bool {
    [".org", ".net", ".com"].iter().any(|domain| {
        text.match_indices(domain).any(|(at, _)| {
            let after = &text[at + domain.len()..];
            after.is_empty() || after.starts_with([':', '/'])
        })
    })
}
