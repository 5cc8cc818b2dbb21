//! What a change of a blueprint would do to its entities.

use std::collections::HashMap;

use serde_json::Value;
use stagedoor_model::{Blueprint, EntityRecord};
use stagedoor_query::budget::spend;
use stagedoor_query::{BlueprintEntry, Catalog, Expr, NodeId};

use super::Preview;
use crate::documents::check_document;
use crate::entities::{check_properties, check_required};
use crate::error::PortalError;

/// Entities that are named.
const EXAMPLES: usize = 10;
/// Reasons that are told apart.
const REASONS: usize = 20;
/// Keys of a definition that only say how a value is shown.
const SHOWN: [&str; 8] =
    ["title", "description", "icon", "enumColors", "dateFormat", "default", "spec", "specAuthentication"];

/// An entity that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its identifier.
    pub identifier: String,
    /// Its title.
    pub title: Option<String>,
    /// What would be wrong with it.
    pub message: Option<String>,
}

/// Why entities would be invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What would be wrong.
    pub message: String,
    /// With how many.
    pub count: u64,
}

/// Values that would no longer be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// JSON pointer of the property or relation.
    pub pointer: String,
    /// What becomes of its values.
    pub message: String,
    /// Of how many entities.
    pub count: u64,
    /// Some of them.
    pub examples: Vec<Member>,
}

/// Looks at every entity of a blueprint that is seen, if the change may concern any.
pub(super) fn look(
    before: &Catalog,
    after: &Catalog,
    (old, new): (&Blueprint, &Blueprint),
    preview: &mut Preview,
) {
    let (Some(was), Some(is)) =
        (before.blueprints().get(&old.identifier), after.blueprints().get(&new.identifier))
    else {
        return;
    };
    let (was, is) = (was.clone(), is.clone());
    let concerned = concerns_values(old, new);
    let mut losses = losses(&was, &is);
    if !concerned && losses.is_empty() {
        return;
    }
    let mut reasons: HashMap<String, u64> = HashMap::new();
    let selection = before.select(&Expr::of_blueprint(&old.identifier), false);
    for node in selection.nodes() {
        if !spend(64) {
            break;
        }
        let Some(entity) = before.entity(node) else { continue };
        if concerned
            && let Err(error) = valid(&is, &entity.record)
            && valid(&was, &entity.record).is_ok()
        {
            preview.invalid += 1;
            let message = error.to_string();
            if preview.examples.len() < EXAMPLES {
                preview.examples.push(member(before, node, Some(message.clone())));
            }
            if reasons.len() < REASONS || reasons.contains_key(&message) {
                *reasons.entry(message).or_default() += 1;
            }
        }
        for (kind, loss) in &mut losses {
            if kind.concerns(before, node, &was) {
                loss.count += 1;
                if loss.examples.len() < EXAMPLES {
                    loss.examples.push(member(before, node, None));
                }
            }
        }
    }
    preview.losses = losses.into_iter().map(|(_, loss)| loss).filter(|loss| loss.count > 0).collect();
    preview.reasons = reasons.into_iter().map(|(message, count)| Reason { message, count }).collect();
    preview.reasons.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.message.cmp(&b.message)));
}

/// Some entities of a blueprint.
pub(super) fn some_of(catalog: &Catalog, blueprint: &str) -> Vec<Member> {
    let selection = catalog.select(&Expr::of_blueprint(blueprint), false);
    selection.nodes().iter().take(EXAMPLES).map(|node| member(catalog, node, None)).collect()
}

fn member(catalog: &Catalog, node: NodeId, message: Option<String>) -> Member {
    Member { identifier: catalog.identifier_at(node).into_owned(), title: catalog.title(node), message }
}

/// Whether an entity could be written as it is.
fn valid(entry: &BlueprintEntry, record: &EntityRecord) -> Result<(), PortalError> {
    check_properties(&record.contributed().properties, &entry.blueprint)?;
    check_required(entry, record)?;
    match &record.document {
        Some(document) if !entry.face.shipped => check_document(&document.value(), entry),
        _ => Ok(()),
    }
}

/// Whether a change demands anything of values that was not demanded before.
fn concerns_values(old: &Blueprint, new: &Blueprint) -> bool {
    let rules = |definition: &Value| {
        let mut rules = definition.clone();
        if let Some(map) = rules.as_object_mut() {
            map.retain(|key, _| !SHOWN.contains(&key.as_str()));
        }
        rules
    };
    let stricter = new.properties.iter().any(|(key, property)| {
        old.properties.get(key).is_none_or(|before| rules(&before.definition) != rules(&property.definition))
    });
    let demanded = new.required.iter().any(|key| !old.required.contains(key));
    let related = new.relations.iter().any(|(key, relation)| {
        relation.required && old.relations.get(key).is_none_or(|before| !before.required)
    });
    stricter || demanded || related
}

/// How values of a property or relation would be lost.
enum Losing {
    /// A property that is no longer stored, or no longer there.
    Value(String),
    /// A relation that goes, or leads elsewhere.
    Links(String),
    /// A relation that will show one of its targets.
    MoreThanOne(String),
}

impl Losing {
    fn concerns(&self, catalog: &Catalog, node: NodeId, was: &BlueprintEntry) -> bool {
        let links = |key: &String| was.face.relations.get(key).map_or(0, |r| catalog.linked(node, r).len());
        match self {
            Self::Value(key) => {
                let entity = catalog.entity(node);
                entity.is_some_and(|e| catalog.stored_properties(e).get(key).is_some_and(|v| !v.is_null()))
            }
            Self::Links(key) => links(key) > 0,
            Self::MoreThanOne(key) => links(key) > 1,
        }
    }
}

fn losses(was: &BlueprintEntry, is: &BlueprintEntry) -> Vec<(Losing, Loss)> {
    let loss = |pointer: String, message: &str| Loss {
        pointer,
        message: message.into(),
        count: 0,
        examples: Vec::new(),
    };
    let mut losses = Vec::new();
    for key in was.blueprint.properties.keys().filter(|key| !is.blueprint.properties.contains_key(*key)) {
        let message = match is.derived.has(key) {
            true => "is derived from now on: what was written stays stored and is not shown",
            false => {
                "its values stay stored, without type, title and filter; to remove them, clear them first"
            }
        };
        losses.push((Losing::Value(key.clone()), loss(format!("/schema/properties/{key}"), message)));
    }
    for (key, before) in &was.blueprint.relations {
        let pointer = format!("/relations/{key}");
        match is.blueprint.relations.get(key) {
            None => losses.push((Losing::Links(key.clone()), loss(pointer, "the links are no longer there"))),
            Some(now) if now.target != before.target => {
                let text = "the links lead to entities of the new target, whether or not there are any";
                losses.push((Losing::Links(key.clone()), loss(pointer, text)));
            }
            Some(now) if before.many && !now.many => {
                let text = "only the first of several links is shown";
                losses.push((Losing::MoreThanOne(key.clone()), loss(pointer, text)));
            }
            Some(_) => {}
        }
    }
    losses
}
