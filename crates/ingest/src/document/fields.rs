//! The form of names, labels, annotations, tags and links.

use serde_json::{Map, Value};
use stagedoor_model::names::{is_backstage_name, is_backstage_namespace};

use super::{Fault, step};

const MORE: &str = "To learn more about catalog file format, visit: https://github.com/backstage/backstage/blob/master/docs/architecture-decisions/adr002-default-catalog-file-format.md";
const NAME: &str =
    "a string that is sequences of [a-zA-Z0-9] separated by any of [-_.], at most 63 characters in total";
const NAMESPACE: &str =
    "a string that is sequences of [a-z0-9] separated by [-], at most 63 characters in total";
const KIND: &str = "a string that is a sequence of [a-zA-Z][a-z0-9A-Z], at most 63 characters in total";
const TAG: &str = "a string that is sequences of [a-z0-9+#] separated by [-], at most 63 characters in total";
const PREFIXED: &str = "a valid prefix and/or suffix";
const URL: &str = "a string that is a valid url";
const NOT_EMPTY: &str = "a non empty string";

/// Checks every field that has a form. The document has passed the schema of the entity.
pub(super) fn check(value: &Value) -> Result<(), Fault> {
    let metadata = &value["metadata"];
    let plain = |pointer: &str| (pointer.to_owned(), pointer[1..].replace('/', "."));
    field(|| plain("/apiVersion"), &value["apiVersion"], is_api_version, PREFIXED)?;
    field(|| plain("/kind"), &value["kind"], is_kind, KIND)?;
    field(|| plain("/metadata/name"), &metadata["name"], is_backstage_name, NAME)?;
    field(|| plain("/metadata/namespace"), &metadata["namespace"], is_backstage_namespace, NAMESPACE)?;
    for (key, value) in entries(metadata, "labels") {
        let place = || (step("/metadata/labels", key), format!("labels.{key}"));
        text(place, key, is_key, PREFIXED)?;
        field(place, value, |v| v.is_empty() || is_backstage_name(v), NAME)?;
    }
    for (key, _) in entries(metadata, "annotations") {
        let place = || (step("/metadata/annotations", key), format!("annotations.{key}"));
        text(place, key, is_key, PREFIXED)?;
    }
    for (index, tag) in items(metadata, "tags") {
        let place = || (format!("/metadata/tags/{index}"), format!("tags.{index}"));
        field(place, tag, is_tag, TAG)?;
    }
    for (index, link) in items(metadata, "links") {
        let place = |key: &str| (format!("/metadata/links/{index}/{key}"), format!("links.{index}.{key}"));
        field(|| place("url"), &link["url"], is_url, URL)?;
        for key in ["title", "icon"] {
            if let Some(value) = link.get(key) {
                field(|| place(key), value, |v| !v.trim().is_empty(), NOT_EMPTY)?;
            }
        }
    }
    Ok(())
}

fn entries<'a>(metadata: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    metadata.get(key).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn items<'a>(metadata: &'a Value, key: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    metadata.get(key).and_then(Value::as_array).into_iter().flatten().enumerate()
}

/// `place` is made only for what is refused: the JSON pointer, and the name that the message uses.
fn field(
    place: impl FnOnce() -> (String, String),
    value: &Value,
    valid: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<(), Fault> {
    text(place, value.as_str().unwrap_or_default(), valid, expected)
}

fn text(
    place: impl FnOnce() -> (String, String),
    value: &str,
    valid: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<(), Fault> {
    if valid(value) {
        return Ok(());
    }
    let (pointer, name) = place();
    let message = format!("\"{name}\" is not valid; expected {expected} but found \"{value}\". {MORE}");
    Err(Fault::new(pointer, "InputError", message))
}

fn is_api_version(text: &str) -> bool {
    prefixed(text, |suffix| {
        (1..=63).contains(&suffix.len()) && suffix.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn is_kind(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.as_bytes()[0].is_ascii_alphabetic()
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The key of a label or an annotation.
fn is_key(text: &str) -> bool {
    prefixed(text, is_backstage_name)
}

/// `[<DNS name>/]<suffix>`.
fn prefixed(text: &str, suffix: impl Fn(&str) -> bool) -> bool {
    match text.split_once('/') {
        None => suffix(text),
        Some((prefix, rest)) => {
            !rest.contains('/')
                && (1..=253).contains(&prefix.len())
                && prefix.split('.').all(is_backstage_namespace)
                && suffix(rest)
        }
    }
}

/// Words of `[a-z0-9:+#]` joined by single dashes.
fn is_tag(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b':' | b'+' | b'#'))
    };
    (1..=63).contains(&text.len()) && text.split('-').all(word)
}

fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_forms() {
        for good in ["backstage.io/v1alpha1", "v1", "a.b-c.d/V1"] {
            assert!(is_api_version(good), "{good}");
        }
        for bad in ["", "/v1", "a/", "A.b/v1", "a/b/c", "v1.0"] {
            assert!(!is_api_version(bad), "{bad}");
        }
        for good in ["java", "c++", "c#", "a-b", "a:b", "1"] {
            assert!(is_tag(good), "{good}");
        }
        for bad in ["", "A", "a b", "-a", "a--b", "a_b", &"a".repeat(64)] {
            assert!(!is_tag(bad), "{bad}");
        }
        assert!(is_kind("AiResource") && !is_kind("1a") && !is_kind("a-b"));
        assert!(is_url("https://example.com") && is_url("mailto:x") && !is_url("example.com"));
    }
}
