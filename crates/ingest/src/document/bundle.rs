//! Specifications of APIs in several files, as one: what `$openapi` and `$asyncapi` make of a file.
//!
//! A `$ref` into another file is replaced by what it names. Where the same thing is named again, also within itself,
//! the reference points at the first place, so a circle ends. References within the file itself stay.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::location::LocationRef;
use crate::yaml;

/// Values that a specification may have in the end.
const MAX_VALUES: usize = 500_000;
/// How deep it may be.
const MAX_DEPTH: usize = 200;

/// Reads a file that is named at a place: its text and its own full name.
pub(super) type Fetch<'a> = &'a mut dyn FnMut(&str, &LocationRef) -> Result<(String, String), String>;

/// The specification at `home` as one text: unchanged where it is one already, else JSON.
pub(super) fn bundle(text: String, home: &LocationRef, fetch: Fetch<'_>) -> Result<String, String> {
    let root = parsed(&text, &home.target)?;
    if !refers_outside(&root) {
        return Ok(text);
    }
    let mut bundle =
        Bundle { root: home.target.clone(), fetch, files: HashMap::new(), placed: HashMap::new(), values: 0 };
    let whole = bundle.walk(&root, home, String::new(), 0)?;
    serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())
}

fn parsed(text: &str, name: &str) -> Result<Value, String> {
    match yaml::parse(text).as_slice() {
        [one] => match &one.root {
            Ok(root) => Ok(root.to_value()),
            Err(error) => Err(format!("{name} cannot be read, YAMLParseError: {error}")),
        },
        other => Err(format!("{name} must be one document, found {}", other.len())),
    }
}

/// What a reference names, where it is one to another file.
fn outside(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str().filter(|reference| !reference.starts_with('#'))
}

fn refers_outside(value: &Value) -> bool {
    match value {
        Value::Object(map) => outside(value).is_some() || map.values().any(refers_outside),
        Value::Array(items) => items.iter().any(refers_outside),
        _ => false,
    }
}

struct Bundle<'a> {
    root: String,
    fetch: Fetch<'a>,
    files: HashMap<String, Value>,
    /// Where a thing of another file stands now, by the file and the pointer into it.
    placed: HashMap<(String, String), String>,
    values: usize,
}

impl Bundle<'_> {
    /// A value of the file `home` as it is at `at` of the whole.
    fn walk(&mut self, value: &Value, home: &LocationRef, at: String, depth: usize) -> Result<Value, String> {
        self.values += 1;
        if self.values > MAX_VALUES || depth > MAX_DEPTH {
            return Err("it becomes too large with all that it refers to".to_owned());
        }
        match value {
            Value::Array(items) => {
                let item = |(n, item)| self.walk(item, home, format!("{at}/{n}"), depth + 1);
                items.iter().enumerate().map(item).collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Object(map) => match map.get("$ref").and_then(Value::as_str) {
                Some(reference) if home.target != self.root || !reference.starts_with('#') => {
                    let mut found = self.follow(reference, home, &at, depth)?;
                    let beside = map.iter().filter(|(key, _)| *key != "$ref");
                    if let Some(found) = found.as_object_mut() {
                        found.extend(beside.map(|(key, value)| (key.clone(), value.clone())));
                    }
                    Ok(found)
                }
                _ => {
                    let mut out = Map::new();
                    for (key, item) in map {
                        let at = super::step(&at, key);
                        out.insert(key.clone(), self.walk(item, home, at, depth + 1)?);
                    }
                    Ok(Value::Object(out))
                }
            },
            other => Ok(other.clone()),
        }
    }

    fn follow(
        &mut self,
        reference: &str,
        home: &LocationRef,
        at: &str,
        depth: usize,
    ) -> Result<Value, String> {
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let pointer = decoded(fragment);
        let name = if file.is_empty() { home.target.clone() } else { self.load(file, home)? };
        let to = |pointer: &str| {
            let mut map = Map::new();
            map.insert("$ref".into(), format!("#{pointer}").into());
            Value::Object(map)
        };
        if name == self.root {
            return Ok(to(&pointer));
        }
        let key = (name.clone(), pointer);
        if let Some(placed) = self.placed.get(&key) {
            return Ok(to(placed));
        }
        let target = self.files.get(&name).and_then(|file| file.pointer(&key.1)).cloned();
        let target = target.ok_or_else(|| format!("{reference} names nothing in {name}"))?;
        self.placed.insert(key, at.to_owned());
        let there = LocationRef { kind: home.kind.clone(), target: name };
        self.walk(&target, &there, at.to_owned(), depth + 1)
    }

    /// The full name of a file, which is read if it has not been.
    fn load(&mut self, file: &str, home: &LocationRef) -> Result<String, String> {
        let (text, name) = (self.fetch)(file, home)?;
        if name != self.root && !self.files.contains_key(&name) {
            let value = parsed(&text, &name)?;
            self.files.insert(name.clone(), value);
        }
        Ok(name)
    }
}

/// A fragment with its percent-encoding undone.
fn decoded(fragment: &str) -> String {
    let mut out = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match hex.filter(|_| byte == b'%') {
            Some(byte) => {
                out.push(byte);
                rest = &tail[2..];
            }
            None => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::{Value, json};

    use super::bundle;
    use crate::location::LocationRef;

    /// Bundles the file `/api.yaml` of some files.
    fn of(files: &[(&str, &str)]) -> Result<String, String> {
        let files: HashMap<String, String> =
            files.iter().map(|(name, text)| (format!("/{name}"), (*text).to_owned())).collect();
        let home = LocationRef { kind: "file".into(), target: "/api.yaml".into() };
        let mut fetch = |name: &str, home: &LocationRef| {
            let path = crate::location::beside(&home.target, name).display().to_string();
            let text = files.get(&path).cloned().ok_or(format!("no file {path}"))?;
            Ok((text, path))
        };
        bundle(files["/api.yaml"].clone(), &home, &mut fetch)
    }

    fn json_of(files: &[(&str, &str)]) -> Value {
        serde_json::from_str(&of(files).unwrap()).unwrap()
    }

    #[test]
    fn one_file_stays_as_it_is() {
        let text = "openapi: 3.1.0 # a comment\na: {$ref: '#/b'}\nb: 1\n";
        assert_eq!(of(&[("api.yaml", text)]).unwrap(), text);
        assert!(of(&[("api.yaml", "a: [")]).unwrap_err().contains("YAMLParseError"));
    }

    #[test]
    fn other_files_are_put_in_once() {
        let found = json_of(&[
            (
                "api.yaml",
                "a: {$ref: './m/b.yaml#/pet'}\nagain: {$ref: 'm/b.yaml#/pet', description: x}\nown: {$ref: '#/a'}",
            ),
            ("m/b.yaml", "pet: {name: {$ref: '#/name'}, all: {$ref: '../c.json'}}\nname: {type: string}"),
            ("c.json", "{\"back\": {\"$ref\": \"api.yaml#/own\"}}"),
        ]);
        assert_eq!(
            found,
            json!({
                "a": {"name": {"type": "string"}, "all": {"back": {"$ref": "#/own"}}},
                "again": {"$ref": "#/a", "description": "x"},
                "own": {"$ref": "#/a"},
            })
        );
    }

    #[test]
    fn circles_end() {
        let found = json_of(&[
            ("api.yaml", "node: {$ref: 'b.yaml#/node'}"),
            ("b.yaml", "node: {children: {items: {$ref: '#/node'}}, other: {$ref: 'c.yaml#/x~1y'}}"),
            ("c.yaml", "x/y: {up: {$ref: 'b.yaml#/node'}}"),
        ]);
        let node = json!({"children": {"items": {"$ref": "#/node"}}, "other": {"up": {"$ref": "#/node"}}});
        assert_eq!(found, json!({ "node": node }));
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        assert!(of(&[("api.yaml", "a: {$ref: 'no.yaml'}")]).unwrap_err().contains("no file /no.yaml"));
        let wrong = of(&[("api.yaml", "a: {$ref: 'b.yaml#/x'}"), ("b.yaml", "y: 1")]).unwrap_err();
        assert_eq!(wrong, "b.yaml#/x names nothing in /b.yaml");
    }

    #[test]
    fn what_grows_without_end_is_refused() {
        let mut files = vec![("api.yaml".to_owned(), "a: {$ref: 'f0.yaml#/x0'}".to_owned())];
        for n in 0..300 {
            files.push((
                format!("f{n}.yaml"),
                format!("x{n}: {{deep: {{$ref: 'f{}.yaml#/x{}'}}}}", n + 1, n + 1),
            ));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert!(of(&files).unwrap_err().contains("too large"));
    }
}
