//! JSON at rest: compact text instead of a tree, which would cost five times the memory.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// A valid, compact JSON text, cheap to clone. The only way in is a serialised value, so that
/// readers may splice and send its bytes without checking them again.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonText(Arc<str>);

impl JsonText {
    /// Serialises `value`.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        Self(value.to_string().into())
    }

    /// Takes text that was serialised before (read back from our own database). Only its ends are looked
    /// at: checking all of it again would be a quarter of the time of a start.
    ///
    /// # Errors
    /// When the text is certainly not JSON.
    pub fn from_stored(text: &str) -> Result<Self, NotJson> {
        let (first, last) = (text.bytes().next(), text.bytes().next_back());
        let closed = match first {
            Some(b'{') => last == Some(b'}'),
            Some(b'[') => last == Some(b']'),
            Some(b'"') => last == Some(b'"'),
            first => first.is_some_and(|b| b.is_ascii_digit() || matches!(b, b'-' | b't' | b'f' | b'n')),
        };
        if closed { Ok(Self(text.into())) } else { Err(NotJson) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tree. Parsing cannot fail, for the text was made by a serialiser.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or(Value::Null)
    }
}

/// Stored text that should be JSON and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON")]
pub struct NotJson;

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value at a dotted path of object keys (`metadata.annotations`), if every step exists.
#[must_use]
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |v, key| v.as_object()?.get(key))
}

/// Sets the value at a dotted path, making objects on the way; `None` removes the key.
pub fn set(value: &mut Value, path: &str, new: Option<Value>) {
    let mut here = value;
    let mut keys = path.split('.').peekable();
    while let Some(key) = keys.next() {
        if !here.is_object() {
            *here = Value::Object(serde_json::Map::new());
        }
        let Some(map) = here.as_object_mut() else { return };
        if keys.peek().is_none() {
            match new {
                Some(new) => map.insert(key.to_owned(), new),
                None => map.shift_remove(key),
            };
            return;
        }
        if new.is_none() && !map.contains_key(key) {
            return;
        }
        here = map.entry(key.to_owned()).or_insert(Value::Null);
    }
}

/// Where the closing bracket of a top-level member's object or array stands in a compact JSON text.
#[must_use]
pub fn end_of_member(text: &str, key: &str) -> Option<usize> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    scan.expect(b'{')?;
    loop {
        let (start, end) = scan.string()?;
        scan.expect(b':')?;
        let found = text.get(start..end) == Some(key);
        scan.value()?;
        if found {
            return scan.at.checked_sub(1);
        }
        scan.expect(b',')?;
    }
}

/// The text of the value at a path of object keys in a compact JSON text: one member is read without
/// building a tree of all.
#[must_use]
pub fn member(text: &str, path: impl IntoIterator<Item = impl AsRef<str>>) -> Option<&str> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    for key in path {
        // Keys are compared as they are written.
        let quoted = Value::from(key.as_ref()).to_string();
        let key = quoted.get(1..quoted.len() - 1)?;
        scan.expect(b'{')?;
        loop {
            let (start, end) = scan.string()?;
            scan.expect(b':')?;
            if text.get(start..end) == Some(key) {
                break;
            }
            scan.value()?;
            scan.expect(b',')?;
        }
    }
    let start = scan.at;
    scan.end_of_value()?;
    text.get(start..scan.at)
}

/// A reader of compact, valid JSON that only finds where things end.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn expect(&mut self, byte: u8) -> Option<()> {
        (*self.bytes.get(self.at)? == byte).then(|| self.at += 1)
    }

    /// Passes a string; tells where its content starts and ends.
    fn string(&mut self) -> Option<(usize, usize)> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match *self.bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some((start, self.at - 1))
    }

    /// Passes a value that may be the whole text.
    fn end_of_value(&mut self) -> Option<()> {
        match *self.bytes.get(self.at)? {
            b'"' | b'{' | b'[' => self.value(),
            _ => {
                let rest = self.bytes.get(self.at..)?;
                let length = rest.iter().position(|b| matches!(b, b',' | b'}' | b']'));
                self.at += length.unwrap_or(rest.len());
                Some(())
            }
        }
    }

    /// Passes a value of any depth.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match *self.bytes.get(self.at)? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    while !matches!(*self.bytes.get(self.at)?, b',' | b'}' | b']') {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_the_end_of_a_member() {
        for value in [
            json!({"a": "x}\\\"", "metadata": {"name": "n", "l": [1, {"}": "]"}], "e": {}}, "z": 1}),
            json!({"metadata": {}}),
            json!({"apiVersion": "v", "n": -1.5e3, "t": true, "metadata": {"a": []}, "spec": {"metadata": {"x": 1}}}),
        ] {
            let text = value.to_string();
            let end = end_of_member(&text, "metadata").unwrap();
            let head = &text[..end];
            let start = head.find("\"metadata\":").unwrap() + 11;
            let inner: Value = serde_json::from_str(&format!("{}}}", &head[start..])).unwrap();
            assert_eq!(inner, value["metadata"], "{text}");
        }
        assert_eq!(end_of_member("{\"a\":1}", "metadata"), None);
    }

    #[test]
    fn reads_one_member() {
        let value =
            json!({"a": {"\"q\\": [1, "}"], "x": null, "n": -1.5}, "b": "t\"", "c": {"a": {}}, "d": 7});
        let text = value.to_string();
        for path in ["", "a", "a.\"q\\", "a.x", "a.n", "b", "c.a", "d", "e", "a.y", "b.a", "c.a.a"] {
            let keys = || path.split('.').filter(|k| !k.is_empty());
            let expected = keys().try_fold(&value, |v, k| v.as_object()?.get(k)).map(Value::to_string);
            assert_eq!(member(&text, keys()).map(str::to_owned), expected, "{path}");
        }
        assert_eq!(member("7", [""; 0]), Some("7"));
    }

    #[test]
    fn sets_and_removes_at_a_path() {
        let mut v = json!({"a": {"b": 1}});
        set(&mut v, "a.c.d", Some(json!(2)));
        set(&mut v, "a.b", None);
        set(&mut v, "x.y", None);
        assert_eq!(v, json!({"a": {"c": {"d": 2}}}));
        assert_eq!(at(&v, "a.c.d"), Some(&json!(2)));
    }
}
