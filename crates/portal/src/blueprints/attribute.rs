//! Giving a property, relation or mirror another name.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_model::json::set;
use stagedoor_model::{Blueprint, Change, EntityRecord, Face, names};

use super::mentions::Renaming;
use super::references::Known;
use super::{no_blueprint, permissions, system};
use crate::error::PortalError;
use crate::writer::Draft;

/// What is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// A property, stored or computed.
    Property,
    /// A relation.
    Relation,
    /// A mirror property.
    Mirror,
}

impl Attribute {
    /// The maps of a blueprint's body that may hold it.
    fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Property => &["/schema/properties", "/calculationProperties", "/aggregationProperties"],
            Self::Relation => &["/relations"],
            Self::Mirror => &["/mirrorProperties"],
        }
    }

    /// The maps in which the new name must not be.
    fn rivals(self) -> &'static [&'static str] {
        match self {
            Self::Relation => &["/relations"],
            _ => &[
                "/schema/properties",
                "/mirrorProperties",
                "/calculationProperties",
                "/aggregationProperties",
            ],
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Property => "Property",
            Self::Relation => "Relation",
            Self::Mirror => "Mirror property",
        }
    }
}

impl Draft {
    pub(super) fn rename_attribute(
        &mut self,
        blueprint: &str,
        attribute: Attribute,
        from: &str,
        to: &str,
    ) -> Result<Arc<Blueprint>, PortalError> {
        let Some(entry) = self.catalog.blueprints().get(blueprint).cloned() else {
            return Err(no_blueprint(blueprint));
        };
        let old = entry.blueprint;
        let mut body = old.body.value();
        let part = may_rename(&old, &body, attribute, from, to)?;
        if from == to {
            return Ok(old);
        }
        rename_key(&mut body, part, from, to);
        if part == "/schema/properties" {
            let required = body.pointer_mut("/schema/required").and_then(Value::as_array_mut);
            required.into_iter().flatten().filter(|name| *name == from).for_each(|name| *name = to.into());
        }
        let members = self.members_of(blueprint);
        // Where documents state values, the name is new and the place in the documents stays.
        if old.shipped_kind.is_some() || members.iter().any(|m| m.document.is_some()) {
            self.keep_fields(&mut body, &old, &entry.face, attribute, (from, to))?;
        }
        let new = self.understood(&body, Some(&old))?;
        let all: Vec<_> = self.catalog.blueprints().iter().map(|e| Arc::clone(&e.blueprint)).collect();
        let target_of = |blueprint: &str, relation: &str| {
            let blueprint = all.iter().find(|b| b.identifier == blueprint)?;
            Some(blueprint.relations.get(relation)?.target.clone())
        };
        let relation = attribute == Attribute::Relation;
        let renaming = Renaming { blueprint, relation, from, to, target_of: &target_of };
        let mut body = new.body.value();
        renaming.apply(&mut body, blueprint);
        let new = self.understood(&body, Some(&old))?;
        self.check_references(&new, &Known::default())?;
        let new = self.put_blueprint(new);
        for other in all.iter().filter(|b| b.identifier != blueprint) {
            let mut body = other.body.value();
            renaming.apply(&mut body, &other.identifier);
            self.put_followed(other, &body);
        }
        if attribute != Attribute::Mirror {
            members.iter().for_each(|record| self.rename_value(record, attribute, from, to));
        }
        let block = if relation { "updateRelations" } else { "updateProperties" };
        permissions::rename(self, blueprint, block, from, to);
        self.rename_attribute_in_actions(blueprint, from, to);
        self.rename_attribute_in_scorecards(blueprint, from, to);
        Ok(new)
    }

    /// Writes down the document fields of what would be looked for elsewhere under its new name.
    fn keep_fields(
        &self,
        body: &mut Value,
        old: &Blueprint,
        face: &Face,
        attribute: Attribute,
        (from, to): (&str, &str),
    ) -> Result<(), PortalError> {
        let new = Blueprint::parse(body, old.stamps.clone(), old.shipped_kind.clone())?;
        let kind_of = |identifier: &str| {
            let entry = self.catalog.blueprints().get(identifier);
            entry.map_or_else(|| format!("!{identifier}"), |e| e.face.kind_lower.clone())
        };
        let after = Face::compile(&new, &face.kind, &kind_of);
        let name =
            |key: &str, renamed: bool| if renamed && key == from { to.to_owned() } else { key.to_owned() };
        for (key, path) in &face.properties {
            let key = name(key, attribute == Attribute::Property);
            if after.properties.get(&key).is_some_and(|p| p != path) {
                state_field(body, "/schema/properties", &key, path);
            }
        }
        for (key, relation) in &face.relations {
            let key = name(key, attribute == Attribute::Relation);
            if after.relations.get(&key).is_some_and(|r| r.field != relation.field) {
                state_field(body, "/relations", &key, &relation.field);
            }
        }
        Ok(())
    }

    /// Moves what contributors said under the old name.
    fn rename_value(&mut self, record: &EntityRecord, attribute: Attribute, from: &str, to: &str) {
        let mut fields = record.contributed();
        let moved = match attribute {
            Attribute::Relation => match fields.relations.shift_remove(from) {
                Some(value) => fields.relations.insert(to.to_owned(), value).is_none(),
                None => return,
            },
            _ => match fields.properties.shift_remove(from) {
                Some(value) => fields.properties.insert(to.to_owned(), value).is_none(),
                None => return,
            },
        };
        if !moved {
            tracing::debug!(
                entity = record.identifier.as_str(),
                to,
                "a value of no property gave way to a renamed one"
            );
        }
        let fields = Some(fields.to_json());
        self.put(Change::PutEntity(Arc::new(EntityRecord { fields, ..record.clone() })));
    }
}

/// The map that holds the attribute.
fn may_rename(
    old: &Blueprint,
    body: &Value,
    attribute: Attribute,
    from: &str,
    to: &str,
) -> Result<&'static str, PortalError> {
    let blueprint = &old.identifier;
    let has = |part: &&&str, key: &str| body.pointer(part).is_some_and(|map| map.get(key).is_some());
    let Some(part) = attribute.parts().iter().find(|part| has(part, from)) else {
        let word = attribute.word();
        return Err(PortalError::NotFound(format!(
            "{word} with identifier \"{from}\" does not exist in the blueprint \"{blueprint}\""
        )));
    };
    if system::is_base(blueprint, part, from) {
        let text =
            format!("\"{from}\" belongs to the system blueprint \"{blueprint}\" and cannot be renamed");
        return Err(system::protected(text, None));
    }
    if !names::is_property_key(to) {
        return Err(PortalError::invalid(format!(
            "the new name \"{to}\" must match pattern \"^[A-Za-z0-9@_=\\\\-]+$\" and have at most 100 characters"
        )));
    }
    if from != to && attribute.rivals().iter().any(|part| has(&part, to)) {
        let message = format!("\"{to}\" is already taken in the blueprint \"{blueprint}\"");
        return Err(PortalError::Conflict { code: "identifier_taken", message });
    }
    Ok(part)
}

/// Renames a key of an object, which keeps its place.
pub(super) fn rename_key(body: &mut Value, part: &str, from: &str, to: &str) {
    let Some(map) = body.pointer_mut(part).and_then(Value::as_object_mut) else { return };
    let renamed = |(key, value): (String, Value)| (if key == from { to.to_owned() } else { key }, value);
    *map = std::mem::take(map).into_iter().map(renamed).collect::<Map<_, _>>();
}

fn state_field(body: &mut Value, part: &str, key: &str, field: &str) {
    let definition = body.pointer_mut(part).and_then(|map| map.get_mut(key));
    if let Some(definition) = definition {
        set(definition, "backstage", Some(json!({ "field": field })));
    }
}
