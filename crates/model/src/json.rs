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

    /// Takes text that is known to be compact JSON (read back from our own database).
    ///
    /// # Errors
    /// When the text is not JSON.
    pub fn from_stored(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<&serde_json::value::RawValue>(text)?;
        Ok(Self(text.into()))
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
