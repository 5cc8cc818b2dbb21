//! Targets of relations that do not exist: refused, or made as bare entities.

use std::collections::HashSet;
use std::sync::Arc;

use stagedoor_model::{Change, EntityRecord, Fields, names};
use stagedoor_query::BlueprintEntry;

use super::Missing;
use super::draft::missing;
use super::fields::Said;
use crate::error::PortalError;
use crate::rights::Judge;
use crate::writer::Draft;

/// An entity that a write needs and that is not there.
pub(super) struct Bare {
    entry: BlueprintEntry,
    identifier: String,
}

impl Bare {
    /// As it would be made.
    pub(super) fn record(&self, draft: &Draft) -> Result<EntityRecord, PortalError> {
        let fields = Fields { title: Some(self.identifier.clone()), ..Fields::default() };
        let mut record = draft.new_record(&self.entry, &self.identifier)?;
        record.fields = Some(fields.to_json());
        Ok(record)
    }
}

impl Draft {
    /// Checks that the targets of a write's relations exist. Those that are to be made are the answer: nothing is
    /// written yet, for the write may still be refused. `itself` is the entity as it will be named.
    ///
    /// # Errors
    /// `NotFound` for a target that is not there and may not be made; 422 for one that could not be made.
    pub(super) fn missing_targets(
        &self,
        entry: &BlueprintEntry,
        said: &Said,
        absent: Missing,
        itself: Option<&str>,
        judge: &Judge,
    ) -> Result<Vec<Bare>, PortalError> {
        let mut bare: Vec<Bare> = Vec::new();
        if absent == Missing::Dangle {
            return Ok(bare);
        }
        let mut planned = HashSet::new();
        for (key, targets) in &said.relations {
            let Some(relation) = entry.blueprint.relations.get(key) else { continue };
            let to_its_own = relation.target == entry.blueprint.identifier;
            for target in targets {
                let there = self.catalog.node_of_key(&relation.target, target);
                // One that the asker may not see cannot be told from one that is not there.
                let hidden = || there.is_some_and(|n| !judge.sees(self, n));
                let known = (there.is_some() && !hidden())
                    || (to_its_own && itself == Some(target))
                    || planned.contains(&(relation.target.as_str(), target.as_str()));
                if known {
                    continue;
                }
                if absent == Missing::Refuse || matches!(relation.target.as_str(), "_user" | "_team") {
                    return Err(missing(&relation.target, target));
                }
                bare.push(self.bare(&relation.target, target, key)?);
                planned.insert((relation.target.as_str(), target.as_str()));
            }
        }
        Ok(bare)
    }

    fn bare(&self, blueprint: &str, identifier: &str, key: &str) -> Result<Bare, PortalError> {
        let Some(entry) = self.catalog.blueprints().get(blueprint).cloned() else {
            return Err(crate::blueprints::no_blueprint(blueprint));
        };
        if !names::is_entity_identifier(identifier) {
            let text = format!("\"relations/{key}\": \"{identifier}\" is no legal identifier of an entity");
            return Err(PortalError::invalid(text));
        }
        self.new_record(&entry, identifier)?;
        Ok(Bare { entry, identifier: identifier.to_owned() })
    }

    /// Makes an entity of which nothing is known but its name. One that the writer may not see has the name already.
    pub(super) fn make_bare(&mut self, bare: &Bare) -> Result<(), PortalError> {
        let blueprint = &bare.entry.blueprint.identifier;
        if self.catalog.node_of_key(blueprint, &bare.identifier).is_some() {
            return Ok(());
        }
        let record = bare.record(self)?;
        self.put(Change::PutEntity(Arc::new(record)));
        Ok(())
    }
}
