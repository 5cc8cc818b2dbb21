//! From the text of a file to validated documents: Backstage's entities and Port's blueprints and entities.
//!
//! Every document is judged on its own. The checks, their order and their texts are Backstage's, because
//! that is what people search for when a file is refused.

mod bundle;
mod envelope;
mod fields;
mod kind;
mod placeholders;
mod port;

use std::thread::{ScopedJoinHandle, available_parallelism};

use serde_json::Value;
use stagedoor_model::{JsonText, kinds};

use crate::location::{LocationRef, LocationTargets};
use crate::scm::CodeHosts;
use crate::yaml::{self, Node, NodeValue};

pub use placeholders::{PlaceholderError, PlaceholderReader, placeholders};
pub use port::PortItem;

/// The kinds that exist beyond the shipped ones.
pub trait CustomKinds: Sync {
    /// Whether a document may have this kind, in any case.
    fn is_known(&self, kind: &str) -> bool;
}

/// Where documents come from, and what their validity depends on.
#[derive(Clone, Copy)]
pub struct ReadContext<'a> {
    place: Option<(&'a str, &'a str)>,
    kinds: &'a dyn CustomKinds,
    reader: Option<&'a dyn PlaceholderReader>,
    hosts: &'a CodeHosts,
}

impl<'a> ReadContext<'a> {
    /// Documents of a file or address: `place` is `<type>:<target>` of the file, `origin` that of the
    /// configured location which led to it. Placeholders of a `file:` place are read from files beside
    /// it, below the folder of the origin.
    #[must_use]
    pub fn for_location(place: &'a str, origin: &'a str, kinds: &'a dyn CustomKinds) -> Self {
        Self { place: Some((place, origin)), kinds, reader: None, hosts: CodeHosts::public() }
    }

    /// Documents that a program hands over. They get no location annotations, and may not hold placeholders.
    #[must_use]
    pub fn for_api(kinds: &'a dyn CustomKinds) -> Self {
        Self { place: None, kinds, reader: None, hosts: CodeHosts::public() }
    }

    /// The same with another way to read what placeholders name.
    #[must_use]
    pub fn with_placeholders(self, reader: &'a dyn PlaceholderReader) -> Self {
        Self { reader: Some(reader), ..self }
    }

    /// The same with the code hosts of the configuration: documents that come from them are told where they can be
    /// seen and edited.
    #[must_use]
    pub fn with_hosts(self, hosts: &'a CodeHosts) -> Self {
        Self { hosts, ..self }
    }
}

/// One document of a file, or one part of a Port bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadDocument {
    /// Its number among what the file holds, from 0; documents without content do not count.
    pub index: usize,
    /// Its first line, from 1.
    pub line: u32,
    /// Its first column, from 1.
    pub column: u32,
    /// What it is, or why it is refused.
    pub outcome: Result<ParsedDocument, DocumentError>,
}

/// A valid document.
#[derive(Clone, Debug, PartialEq)]
pub enum ParsedDocument {
    /// A Backstage entity.
    Entity(ParsedEntity),
    /// Something in Port's form.
    Port(PortItem),
}

/// A Backstage entity, complete as Backstage stores it.
#[derive(Clone, Debug, PartialEq)]
pub struct ParsedEntity {
    /// The document with its namespace written in, placeholders replaced, reference lists sorted and
    /// the annotations that say where it comes from.
    pub value: Value,
    /// The same as it is stored.
    pub text: JsonText,
    /// Lower-case reference.
    pub entity_ref: String,
    /// The kind as written.
    pub kind: String,
    /// Identifier of the blueprint, for a shipped kind.
    pub shipped: Option<&'static str>,
    /// Where a Location points to.
    pub targets: Option<LocationTargets>,
    /// What placeholders have pulled in: a change of one of these changes the document.
    pub reads: Vec<String>,
}

/// Why a document is refused, and where in its file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DocumentError {
    /// Line of the offending place, or of the nearest thing around it that exists.
    pub line: u32,
    /// Column of that place.
    pub column: u32,
    /// Lower-case reference of the document, where it can be told.
    pub entity_ref: Option<String>,
    /// Its `spec.owner` as it stands there, where it is a text.
    pub owner: Option<String>,
    /// Backstage's name of the error: `InputError`.
    pub name: String,
    /// Backstage's text.
    pub message: String,
}

/// A failed check: what is wrong, and where in the document.
pub(crate) struct Fault {
    pointer: String,
    name: &'static str,
    message: String,
}

impl Fault {
    fn new(pointer: impl Into<String>, name: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), name, message: message.into() }
    }
}

/// Texts from this length on are read by several threads.
const LONG: usize = 128 * 1024;

/// Reads and validates every document of a text, in order.
#[must_use]
pub fn read_documents(text: &str, context: &ReadContext<'_>) -> Vec<ReadDocument> {
    let threads = if text.len() < LONG { 1 } else { available_parallelism().map_or(1, usize::from) };
    let parts = yaml::parts(text, threads);
    if let [part] = parts.as_slice() {
        return read_part(part, context);
    }
    let lists: Vec<Vec<ReadDocument>> = std::thread::scope(|scope| {
        let read = |part| scope.spawn(move || read_part(part, context));
        let handles: Vec<_> = parts.iter().map(read).collect();
        let done = |handle: ScopedJoinHandle<'_, _>| match handle.join() {
            Ok(documents) => documents,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        handles.into_iter().map(done).collect()
    });
    let mut documents: Vec<ReadDocument> = lists.into_iter().flatten().collect();
    documents.iter_mut().enumerate().for_each(|(index, document)| document.index = index);
    documents
}

/// Reads and validates some documents, numbered from 0.
fn read_part(part: &yaml::Part<'_>, context: &ReadContext<'_>) -> Vec<ReadDocument> {
    let mut found = Vec::new();
    for document in part.parse() {
        match document.root {
            Ok(root) if port::is_port(&root) => port::read(&root, &mut found),
            Ok(root) => {
                let (line, column) = (root.line, root.column);
                let outcome = read_entity(&root, context).map(|e| ParsedDocument::Entity(*e));
                found.push(ReadDocument { index: found.len(), line, column, outcome });
            }
            Err(error) => {
                let at = context.place.map(|(place, _)| format!(" at {place}")).unwrap_or_default();
                let message = format!("YAML error{at}, YAMLParseError: {error}");
                let name = "Error".to_owned();
                let (line, column) = (error.line, error.column);
                let error = DocumentError { line, column, entity_ref: None, owner: None, name, message };
                found.push(ReadDocument {
                    index: found.len(),
                    line: document.line,
                    column: 1,
                    outcome: Err(error),
                });
            }
        }
    }
    found
}

/// Validates a document that is at hand as a value. Its lines are unknown and given as 1.
///
/// # Errors
/// Why it is refused.
pub fn read_value(value: Value, context: &ReadContext<'_>) -> Result<ParsedEntity, DocumentError> {
    let owner = owner_of(&value);
    validate(value, context).map_err(|(reference, fault)| DocumentError {
        line: 1,
        column: 1,
        entity_ref: reference,
        owner,
        name: fault.name.to_owned(),
        message: fault.message,
    })
}

fn read_entity(root: &Node, context: &ReadContext<'_>) -> Result<Box<ParsedEntity>, DocumentError> {
    validate(root.to_value(), context).map(Box::new).map_err(|(reference, fault)| {
        let (line, column) = root.locate(&fault.pointer).unwrap_or((root.line, root.column));
        DocumentError {
            line,
            column,
            entity_ref: reference,
            owner: owner_of(&root.to_value()),
            name: fault.name.to_owned(),
            message: fault.message,
        }
    })
}

fn owner_of(value: &Value) -> Option<String> {
    value.pointer("/spec/owner").and_then(Value::as_str).map(str::to_owned)
}

type Refused = (Option<String>, Fault);

fn validate(mut value: Value, context: &ReadContext<'_>) -> Result<ParsedEntity, Refused> {
    let nameless = |fault| (None, fault);
    if !value.is_object() {
        return Err(nameless(not_an_object(&value)));
    }
    envelope::check(&value).map_err(nameless)?;
    let entity_ref = reference_of(&value);
    let refuse = |fault: Fault| (Some(entity_ref.clone()), fault);
    envelope::check_annotations(&value).map_err(refuse)?;

    let mut reads = Vec::new();
    placeholders::replace(&mut value, context, &mut reads).map_err(refuse)?;
    let kind = text_at(&value, "/kind").to_owned();
    let shipped = kinds::KINDS.iter().find(|k| k.backstage.kind == kind);
    kind::sort_lists(&mut value, shipped.map(|k| k.backstage.sorted.as_slice()).unwrap_or_default());
    envelope::annotate(&mut value, context);

    let policy = |mut fault: Fault| {
        fault.message = format!("Policy check failed for {entity_ref}; caused by Error: {}", fault.message);
        (Some(entity_ref.clone()), fault)
    };
    envelope::check_schema(&value).map_err(policy)?;
    envelope::write_namespace(&mut value);
    fields::check(&value).map_err(policy)?;
    if reference_of(&value) != entity_ref {
        let message = "Fatal: The entity kind, namespace, or name changed during processing";
        return Err(refuse(Fault::new("/metadata/name", "ConflictError", message)));
    }
    kind::check(&value, shipped, context.kinds, &entity_ref).map_err(refuse)?;
    envelope::reject_scripts(&mut value);

    let targets = (kind == "Location").then(|| LocationTargets::of(&value));
    let (shipped, text) = (shipped.map(|k| k.identifier()), JsonText::of(&value));
    Ok(ParsedEntity { shipped, value, text, entity_ref, kind, targets, reads })
}

fn not_an_object(value: &Value) -> Fault {
    let kind = match value {
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        _ => "object",
    };
    Fault::new("", "Error", format!("Expected object at root, got {kind}"))
}

/// The lower-case reference of a document with a valid envelope.
fn reference_of(value: &Value) -> String {
    let namespace = match text_at(value, "/metadata/namespace") {
        "" => "default",
        namespace => namespace,
    };
    let (kind, name) = (text_at(value, "/kind"), text_at(value, "/metadata/name"));
    format!("{}:{}/{}", kind.to_lowercase(), namespace.to_lowercase(), name.to_lowercase())
}

fn text_at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn keys(node: &Node) -> Vec<&str> {
    match &node.value {
        NodeValue::Map(entries) => entries.iter().map(|e| e.key.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// Appends a step to a JSON pointer.
fn step(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The place of a document, if it has one.
fn place_of(context: &ReadContext<'_>) -> Option<LocationRef> {
    context.place.and_then(|(place, _)| LocationRef::parse(place).ok())
}
