//! YAML with positions: what catalog files and the configuration are written in.
//!
//! The core schema of YAML 1.2 as the `yaml` package of npm reads it, because that is what existing catalog
//! files were written against: `yes`, `on`, dates and `1_000` are strings, `017` is 17, `0o17` is 15, `<<`
//! is a plain key, number keys become strings, a repeated key is an error.
//!
//! A file is cut into its documents before any of them is parsed, so that a mistake in one does not
//! touch its neighbours. What a document may cost is bounded: see [`MAX_DEPTH`], [`MAX_DOCUMENTS`] and
//! [`ALIAS_BUDGET`].

mod build;
mod scalar;
mod split;
mod write;

pub use write::to_yaml;

use serde_json::{Map, Value};

/// How deep collections may nest. Everything that walks a [`Node`] may therefore recurse.
pub const MAX_DEPTH: usize = 200;
/// How many documents one file may hold.
pub const MAX_DOCUMENTS: usize = 100_000;
/// How much aliases may repeat in one document: a node costs 1, and 1 more for each 64 bytes of text.
pub const ALIAS_BUDGET: usize = 100_000;

/// A value and where it stands in its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: NodeValue,
    /// Line of the value, from 1.
    pub line: u32,
    /// Column of the value in characters, from 1.
    pub column: u32,
}

/// The three shapes of YAML.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeValue {
    /// Null, a boolean, a number or a string.
    Scalar(Value),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written. Keys are texts; a key that was a collection is its flow form.
    Map(Vec<Entry>),
}

/// One key of a mapping and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key as text.
    pub key: String,
    /// Line of the key, from 1.
    pub line: u32,
    /// Column of the key, from 1.
    pub column: u32,
    /// Its value.
    pub value: Node,
}

/// Why a document could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line}, column {column}")]
pub struct YamlError {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong, without the place.
    pub message: String,
}

/// One document of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct YamlDocument {
    /// Its number among the documents of the file that hold something, from 0. A broken one counts.
    pub index: usize,
    /// Line of its first content, from 1.
    pub line: u32,
    /// Its content.
    pub root: Result<Node, YamlError>,
}

impl Node {
    /// The plain value. Of two keys with the same text (`1` and `"1"`) the last one counts.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.value {
            NodeValue::Scalar(value) => value.clone(),
            NodeValue::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            NodeValue::Map(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for entry in entries {
                    map.insert(entry.key.clone(), entry.value.to_value());
                }
                Value::Object(map)
            }
        }
    }

    /// The value under a key, when this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            NodeValue::Map(entries) => entries.iter().rfind(|e| e.key == key).map(|e| &e.value),
            _ => None,
        }
    }

    /// The entries of a mapping, none for anything else.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            NodeValue::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence, none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            NodeValue::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Scalar(value) => value.as_str(),
            _ => None,
        }
    }

    /// Whether this is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.value, NodeValue::Scalar(Value::Null))
    }

    /// Where a JSON pointer (`/spec/owner`) points to: the line and column of that value, or of the
    /// nearest thing above it that exists. `None` only when the text is no pointer.
    #[must_use]
    pub fn locate(&self, pointer: &str) -> Option<(u32, u32)> {
        let mut here = self;
        if !pointer.is_empty() {
            for step in pointer.strip_prefix('/')?.split('/') {
                let step = step.replace("~1", "/").replace("~0", "~");
                let next = match &here.value {
                    NodeValue::Map(_) => here.get(&step),
                    NodeValue::List(items) => step.parse::<usize>().ok().and_then(|i| items.get(i)),
                    NodeValue::Scalar(_) => None,
                };
                match next {
                    Some(next) => here = next,
                    None => break,
                }
            }
        }
        Some((here.line, here.column))
    }
}

/// Reads every document of a text, in order. Documents without content are left out.
#[must_use]
pub fn parse(text: &str) -> Vec<YamlDocument> {
    parts(text, 1).iter().flat_map(Part::parse).collect()
}

/// Consecutive documents of a text, not parsed yet.
pub struct Part<'a> {
    chunks: Vec<split::Chunk<'a>>,
}

/// Cuts a text between documents into at most `count` parts of about the same length, which may be parsed at the
/// same time.
#[must_use]
pub fn parts(text: &str, count: usize) -> Vec<Part<'_>> {
    let chunks: Vec<_> = split::documents(text).collect();
    // Only a whole text can be found to hold too many.
    let count = if chunks.len() > MAX_DOCUMENTS { 1 } else { count };
    let enough = text.len() / count.max(1) + 1;
    let (mut parts, mut length) = (vec![Part { chunks: Vec::new() }], 0);
    for chunk in chunks {
        if length >= enough {
            parts.push(Part { chunks: Vec::new() });
            length = 0;
        }
        length += chunk.text.len();
        if let Some(part) = parts.last_mut() {
            part.chunks.push(chunk);
        }
    }
    parts
}

impl Part<'_> {
    /// Its documents, numbered from 0.
    #[must_use]
    pub fn parse(&self) -> Vec<YamlDocument> {
        let mut documents = Vec::new();
        for chunk in &self.chunks {
            if documents.len() == MAX_DOCUMENTS {
                let message = format!("The file holds more than {MAX_DOCUMENTS} documents");
                let error = YamlError { line: chunk.line, column: 1, message };
                documents.push(YamlDocument { index: MAX_DOCUMENTS, line: chunk.line, root: Err(error) });
                break;
            }
            let index = documents.len();
            match build::document(chunk.text, chunk.line) {
                Ok(None) => {}
                Ok(Some(node)) if node.is_null() => {}
                Ok(Some(node)) => documents.push(YamlDocument { index, line: node.line, root: Ok(node) }),
                Err(error) => {
                    documents.push(YamlDocument { index, line: chunk.content_line(), root: Err(error) })
                }
            }
        }
        documents
    }
}

/// Reads a text that holds one document, such as a configuration file. An empty text is null.
///
/// # Errors
/// When it is not YAML, or holds a second document.
pub fn parse_one(text: &str) -> Result<Node, YamlError> {
    let mut documents = parse(text).into_iter();
    let Some(first) = documents.next() else {
        return Ok(Node { value: NodeValue::Scalar(Value::Null), line: 1, column: 1 });
    };
    let root = first.root?;
    match documents.next() {
        None => Ok(root),
        Some(second) => {
            let message = "Expected one document, but a second one begins".to_owned();
            Err(YamlError { line: second.line, column: 1, message })
        }
    }
}
