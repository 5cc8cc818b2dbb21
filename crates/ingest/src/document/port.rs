//! Files in Port's form: a blueprint, an entity, a list of them, or a bundle `{blueprints, entities}`.

use serde_json::Value;

use super::{DocumentError, ParsedDocument, ReadDocument, keys};
use crate::yaml::{Node, NodeValue};

const EXPECTED: &str = "Expected a Backstage entity (apiVersion, kind, metadata), a Port blueprint (identifier and \
    schema), a Port entity (blueprint and identifier), a list of those, or {blueprints, entities}";
/// Keys that only blueprints have.
const OF_BLUEPRINTS: [&str; 6] = [
    "schema",
    "relations",
    "mirrorProperties",
    "calculationProperties",
    "aggregationProperties",
    "teamInheritance",
];

/// A blueprint or an entity, as its body would be sent to Port's API.
#[derive(Clone, Debug, PartialEq)]
pub enum PortItem {
    /// The body of a blueprint.
    Blueprint(Value),
    /// The body of an entity, with its `blueprint` in it.
    Entity(Value),
}

/// Whether a document is to be read in Port's form. One that looks like nothing at all is: the
/// message then names what could have been there.
pub(super) fn is_port(root: &Node) -> bool {
    match &root.value {
        NodeValue::List(_) => true,
        NodeValue::Map(_) => !["apiVersion", "kind", "metadata"].iter().any(|key| root.get(key).is_some()),
        NodeValue::Scalar(_) => false,
    }
}

/// Reads a document in Port's form: each blueprint and entity becomes a document of its own.
pub(super) fn read(root: &Node, found: &mut Vec<ReadDocument>) {
    if let NodeValue::List(items) = &root.value {
        return items.iter().for_each(|item| push(found, item, item_of(item)));
    }
    if root.get("blueprints").is_none() && root.get("entities").is_none() {
        return push(found, root, item_of(root));
    }
    for entry in root.entries() {
        let as_item = match entry.key.as_str() {
            "blueprints" => blueprint,
            "entities" => entity,
            key => {
                let message =
                    format!("Unsupported key \"{key}\": a bundle holds \"blueprints\" and \"entities\"");
                push_error(found, (entry.line, entry.column), message);
                continue;
            }
        };
        match &entry.value.value {
            NodeValue::List(items) => items.iter().for_each(|item| push(found, item, as_item(item))),
            NodeValue::Scalar(Value::Null) => {}
            _ => {
                let message = format!("\"{}\" must be a list", entry.key);
                push_error(found, (entry.value.line, entry.value.column), message);
            }
        }
    }
}

type Item = Result<PortItem, (u32, u32, String)>;

fn push(found: &mut Vec<ReadDocument>, node: &Node, item: Item) {
    match item {
        Ok(item) => {
            let outcome = Ok(ParsedDocument::Port(item));
            found.push(ReadDocument { index: found.len(), line: node.line, column: node.column, outcome });
        }
        Err((line, column, message)) => push_error(found, (line, column), message),
    }
}

fn push_error(found: &mut Vec<ReadDocument>, (line, column): (u32, u32), message: String) {
    let name = "InputError".to_owned();
    let error = DocumentError { line, column, entity_ref: None, owner: None, name, message };
    found.push(ReadDocument { index: found.len(), line, column, outcome: Err(error) });
}

fn item_of(node: &Node) -> Item {
    if node.get("blueprint").is_some() {
        return entity(node);
    }
    if node.get("identifier").is_some() && OF_BLUEPRINTS.iter().any(|key| node.get(key).is_some()) {
        return blueprint(node);
    }
    if node.get("apiVersion").is_some() || node.get("kind").is_some() {
        let message = "A Backstage entity can't be an item of a list; make it a document of its own (`---`)";
        return Err((node.line, node.column, message.to_owned()));
    }
    let seen = match &node.value {
        NodeValue::Map(_) => match keys(node).as_slice() {
            [] => "an empty map".to_owned(),
            some => format!("the keys {}", some.iter().take(8).copied().collect::<Vec<_>>().join(", ")),
        },
        NodeValue::List(_) => "a list".to_owned(),
        NodeValue::Scalar(_) => "a single value".to_owned(),
    };
    Err((node.line, node.column, format!("{EXPECTED}; found {seen}")))
}

fn blueprint(node: &Node) -> Item {
    text_of(node, "identifier", "blueprint")?;
    Ok(PortItem::Blueprint(node.to_value()))
}

fn entity(node: &Node) -> Item {
    text_of(node, "blueprint", "entity")?;
    text_of(node, "identifier", "entity")?;
    Ok(PortItem::Entity(node.to_value()))
}

/// Requires a text under a key.
fn text_of(node: &Node, key: &str, what: &str) -> Result<(), (u32, u32, String)> {
    if !matches!(node.value, NodeValue::Map(_)) {
        return Err((node.line, node.column, format!("A Port {what} must be a map")));
    }
    match node.get(key) {
        None => Err((node.line, node.column, format!("A Port {what} must have \"{key}\""))),
        Some(value) if value.as_str().is_some_and(|t| !t.is_empty()) => Ok(()),
        Some(value) => Err((value.line, value.column, format!("\"{key}\" of a Port {what} must be a text"))),
    }
}
