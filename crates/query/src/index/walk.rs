//! Which rows a document puts into the index: Backstage's rules (its search table), one pass, no tree.
//!
//! Objects join their keys with dots; every item of an array stands at the array's own path; a
//! string item is marked, for it also answers `path.<item>`. Not walked: `relations`, `status`,
//! `attachments`, and of `metadata` the keys `uid` and `etag`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::term::{TermKind, float_text};

/// A leaf of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Leaf<'a> {
    Text(&'a str),
    Integer(i128),
    Float(f64),
    Bool(bool),
    Null,
    /// An object or array, empty or not. No row of Backstage's; Port asks whether a value is there.
    Container,
}

/// Whether a leaf is an item of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nesting {
    /// It stands alone.
    Alone,
    /// It is an item.
    Item,
    /// It is an item of an array within an array.
    Nested,
}

impl Leaf<'_> {
    /// The indexed text and its kind; `None` for null.
    pub(crate) fn term(&self, nesting: Nesting) -> Option<(std::borrow::Cow<'_, str>, TermKind)> {
        Some(match self {
            Leaf::Text(text) => {
                ((*text).into(), if nesting == Nesting::Alone { TermKind::Text } else { TermKind::Item })
            }
            Leaf::Integer(n) => (n.to_string().into(), TermKind::Number),
            Leaf::Float(f) => (float_text(*f).into(), TermKind::Number),
            Leaf::Bool(b) => ((if *b { "true" } else { "false" }).into(), TermKind::Bool),
            Leaf::Null | Leaf::Container => return None,
        })
    }
}

/// Calls `sink(path, leaf, how it stands in arrays)` for every leaf of a JSON text.
pub(crate) fn walk_text(json: &str, sink: &mut dyn FnMut(&str, Leaf<'_>, Nesting)) {
    let mut reader = serde_json::Deserializer::from_str(json);
    let mut path = String::with_capacity(96);
    // The text was made by a serialiser: it cannot fail to parse.
    let _ = Walker { path: &mut path, sink, nesting: Nesting::Alone }.deserialize(&mut reader);
}

struct Walker<'p, 's> {
    path: &'p mut String,
    sink: &'s mut dyn FnMut(&str, Leaf<'_>, Nesting),
    nesting: Nesting,
}

impl Walker<'_, '_> {
    /// The head of the document and of its parts is an object in every document: not worth a row.
    fn container(&mut self) {
        if self.path.contains('.') {
            (self.sink)(self.path, Leaf::Container, self.nesting);
        }
    }

    fn leaf<E>(self, leaf: Leaf<'_>) -> Result<(), E> {
        if !self.path.is_empty() {
            (self.sink)(self.path, leaf, self.nesting);
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walker<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walker<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, v: &str) -> Result<(), E> {
        self.leaf(Leaf::Text(v))
    }

    fn visit_bool<E>(self, v: bool) -> Result<(), E> {
        self.leaf(Leaf::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<(), E> {
        self.leaf(Leaf::Integer(v.into()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<(), E> {
        self.leaf(Leaf::Integer(v.into()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<(), E> {
        self.leaf(Leaf::Float(v))
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.leaf(Leaf::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let nesting = if self.nesting == Nesting::Alone { Nesting::Item } else { Nesting::Nested };
        self.container();
        while seq
            .next_element_seed(Walker { path: &mut *self.path, sink: &mut *self.sink, nesting })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.container();
        while let Some(skip) = map.next_key_seed(KeyOnto(&mut *self.path))? {
            let length = skip.length;
            if is_walked(self.path) {
                map.next_value_seed(Walker {
                    path: &mut *self.path,
                    sink: &mut *self.sink,
                    nesting: Nesting::Alone,
                })?;
            } else {
                map.next_value::<serde::de::IgnoredAny>()?;
            }
            self.path.truncate(length);
        }
        Ok(())
    }
}

fn is_walked(path: &str) -> bool {
    !matches!(path, "relations" | "status" | "attachments" | "metadata.uid" | "metadata.etag")
}

/// Appends a key to the path, and tells how long the path was before.
struct KeyOnto<'p>(&'p mut String);

struct Appended {
    length: usize,
}

impl<'de> DeserializeSeed<'de> for KeyOnto<'_> {
    type Value = Appended;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Appended, D::Error> {
        d.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOnto<'_> {
    type Value = Appended;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Appended, E> {
        let length = self.0.len();
        if length > 0 {
            self.0.push('.');
        }
        self.0.push_str(key);
        Ok(Appended { length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_backstages_search_table() {
        let mut rows = Vec::new();
        let json = r#"{"a":{"b":["c",{"d":1}],"e":7.0,"n":null,"o":{},"t":[true,3,"X"]},"relations":[{"type":"x"}],
            "metadata":{"uid":"u","name":"m"},"spec":"s"}"#;
        walk_text(json, &mut |path, leaf, item| {
            let none = if leaf == Leaf::Container { "{}" } else { "null" };
            rows.push(format!(
                "{path}={}{}",
                leaf.term(item).map_or(none.into(), |t| t.0),
                if item != Nesting::Alone { "[]" } else { "" }
            ));
        });
        assert_eq!(
            rows,
            [
                "a.b={}",
                "a.b=c[]",
                "a.b={}[]",
                "a.b.d=1",
                "a.e=7",
                "a.n=null",
                "a.o={}",
                "a.t={}",
                "a.t=true[]",
                "a.t=3[]",
                "a.t=X[]",
                "metadata.name=m",
                "spec=s"
            ]
        );
    }
}
