//! `$text`, `$json`, `$yaml`, `$openapi` and `$asyncapi`: parts of a document that stand in another file.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Fault, ReadContext, bundle, place_of, step};
use crate::files;
use crate::location::{LocationRef, beside};
use crate::yaml;

/// Reads what placeholders name.
pub trait PlaceholderReader: Sync {
    /// The text that `value` names, seen from the document's place, and the full name of what was read.
    ///
    /// # Errors
    /// Why it can't be had.
    fn read(&self, value: &str, place: &LocationRef) -> Result<(String, String), PlaceholderError>;
}

/// Why a placeholder could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceholderError {
    /// The value names nothing that may be read.
    #[error("{0}")]
    Unresolved(String),
    /// Reading failed: the error's name (`NotFoundError`) and its text.
    #[error("{0}: {1}")]
    Unreadable(&'static str, String),
}

/// The placeholders of a document: key (`text`, `json`, `yaml`, `openapi`, `asyncapi`) and value. For callers that fetch what
/// they name before the document is read.
#[must_use]
pub fn placeholders(document: &Value) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = vec![document];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(items) => rest.extend(items.iter().rev()),
            Value::Object(map) if !map.keys().any(|k| k.starts_with('$')) => rest.extend(map.values().rev()),
            Value::Object(map) if map.len() == 1 => {
                let pair = map.iter().next().and_then(|(key, value)| Some((resolver(key)?, value.as_str()?)));
                found.extend(pair);
            }
            _ => {}
        }
    }
    found
}

/// Replaces the placeholders of a document. `reads` gains the names of what was pulled in.
pub(super) fn replace(
    value: &mut Value,
    context: &ReadContext<'_>,
    reads: &mut Vec<String>,
) -> Result<(), Fault> {
    walk(value, "", context, reads).map_err(|mut fault| {
        let cause = std::mem::take(&mut fault.message);
        fault.message = format!(
            "Processor PlaceholderProcessor threw an error while preprocessing; caused by Error: {cause}"
        );
        fault
    })
}

fn walk(
    value: &mut Value,
    pointer: &str,
    context: &ReadContext<'_>,
    reads: &mut Vec<String>,
) -> Result<(), Fault> {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate().filter(|(_, item)| is_collection(item)) {
                walk(item, &step(pointer, &index.to_string()), context, reads)?;
            }
        }
        // As in Backstage, an object with a `$` key among others is left alone with all that is in it.
        Value::Object(map) if !map.keys().any(|k| k.starts_with('$')) => {
            for (key, item) in map.iter_mut().filter(|(_, item)| is_collection(item)) {
                walk(item, &step(pointer, key), context, reads)?;
            }
        }
        Value::Object(map) if map.len() == 1 => {
            let one = map.iter().next().and_then(|(key, target)| Some((resolver(key)?, target)));
            if let Some((key, target)) = one {
                let new = resolve(key, target, context, reads).map_err(|message| {
                    Fault::new(step(pointer, &format!("${key}")), "InputError", message)
                })?;
                *value = new;
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_collection(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}

/// The name of a known placeholder, without its `$`.
fn resolver(key: &str) -> Option<&str> {
    key.strip_prefix('$').filter(|k| matches!(*k, "text" | "json" | "yaml" | "openapi" | "asyncapi"))
}

fn resolve(
    key: &str,
    target: &Value,
    context: &ReadContext<'_>,
    reads: &mut Vec<String>,
) -> Result<Value, String> {
    let Some(target) = target.as_str() else {
        return Err(format!(
            "Placeholder ${key} expected a string value parameter, in the form of an absolute URL or a relative path"
        ));
    };
    let fault = |target: &str, base: &str, error: PlaceholderError| match error {
        PlaceholderError::Unreadable(..) => {
            format!("Placeholder ${key} could not read location {target}, {error}")
        }
        PlaceholderError::Unresolved(_) => {
            format!("Placeholder ${key} could not form a URL out of {base} and {target}, Error: {error}")
        }
    };
    let Some(place) = place_of(context) else {
        let none = PlaceholderError::Unresolved("placeholders need a location".to_owned());
        return Err(fault(target, "a document without a location", none));
    };
    let (text, name) = fetch(target, &place, context).map_err(|error| fault(target, &place.target, error))?;
    reads.push(name.clone());
    match key {
        "json" => serde_json::from_str(&text).map_err(|error| {
            format!("Placeholder ${key} failed to parse JSON data at {target}, SyntaxError: {error}")
        }),
        "yaml" => yaml_value(&text, target),
        "openapi" | "asyncapi" => {
            let home = LocationRef { kind: place.kind, target: name };
            let mut pull = |file: &str, home: &LocationRef| {
                let (text, name) =
                    fetch(file, home, context).map_err(|error| fault(file, &home.target, error))?;
                reads.push(name.clone());
                Ok((text, name))
            };
            bundle::bundle(text, &home, &mut pull).map(Value::String).map_err(|error| {
                format!("Placeholder ${key} failed to bundle the specification at {target}, Error: {error}")
            })
        }
        _ => Ok(Value::String(text)),
    }
}

fn yaml_value(text: &str, target: &str) -> Result<Value, String> {
    let documents = yaml::parse(text);
    match documents.as_slice() {
        [one] => match &one.root {
            Ok(root) => Ok(root.to_value()),
            Err(error) => Err(format!(
                "Placeholder $yaml found an error in the data at {target}, YAMLParseError: {error}"
            )),
        },
        other => Err(format!(
            "Placeholder $yaml expected to find exactly one document of data at {target}, found {}",
            other.len()
        )),
    }
}

/// The text of a file that is named at a place, and its full name.
fn fetch(
    target: &str,
    place: &LocationRef,
    context: &ReadContext<'_>,
) -> Result<(String, String), PlaceholderError> {
    if let Some(reader) = context.reader {
        return reader.read(target, place);
    }
    let origin = context.place.and_then(|(_, origin)| LocationRef::parse(origin).ok());
    match origin {
        Some(origin) if place.kind == "file" && origin.kind == "file" => {
            read_file(target, &place.target, &files::fixed_folder(&origin.target))
        }
        _ => Err(PlaceholderError::Unreadable(
            "NotImplementedError",
            "nothing reads this type of location".to_owned(),
        )),
    }
}

/// Reads a file that stands beside the document, but not outside `root`: neither by `..`, nor by an
/// absolute path, nor through a symbolic link.
fn read_file(target: &str, base: &str, root: &Path) -> Result<(String, String), PlaceholderError> {
    if target.contains("://") {
        let message = "a document in a file can only include files".to_owned();
        return Err(PlaceholderError::Unresolved(message));
    }
    // A leading `/` is the folder of the location, as it is the root of the repository for addresses.
    let path = match target.strip_prefix('/') {
        Some(rest) => crate::location::tidy(&root.join(rest.trim_start_matches('/'))),
        None => beside(base, target),
    };
    let outside = || PlaceholderError::Unresolved(format!("it lies outside of {}", root.display()));
    if !path.starts_with(root) {
        return Err(outside());
    }
    let missing =
        || PlaceholderError::Unreadable("NotFoundError", format!("{} could not be read", path.display()));
    let real = |p: &Path| -> Option<PathBuf> { p.canonicalize().ok() };
    let found = real(&path).ok_or_else(missing)?;
    if !real(root).is_some_and(|root| found.starts_with(root)) {
        return Err(outside());
    }
    match files::read_text(&found) {
        Ok(text) => Ok((text, path.display().to_string())),
        Err(error) => Err(PlaceholderError::Unreadable("Error", error.to_string())),
    }
}
