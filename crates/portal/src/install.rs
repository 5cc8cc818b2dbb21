//! Installing shipped kinds: by the first document, location or relation that needs them.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_model::kinds::{self, ShippedKind};
use stagedoor_model::{Blueprint, Change, Stamps, Timestamp};

use crate::error::PortalError;
use crate::writer::Draft;

impl Draft {
    /// Stamps for something that this operation makes.
    pub(crate) fn new_stamps(&self, datasource: Option<String>) -> Stamps {
        Stamps {
            created_at: self.at,
            created_by: self.actor.name.clone().into(),
            updated_at: self.at,
            updated_by: self.actor.name.clone().into(),
            datasource: datasource.map(Into::into),
        }
    }

    /// Stamps of a new blueprint. No two are made at the same time: the older one keeps a kind that both would have.
    pub(crate) fn blueprint_stamps(&self) -> Stamps {
        let newest = self.catalog.blueprints().iter().map(|e| e.blueprint.stamps.created_at.0).max();
        let at = self.at.0.max(newest.map_or(0, |newest| newest + 1));
        Stamps { created_at: Timestamp(at), updated_at: Timestamp(at), ..self.new_stamps(None) }
    }

    /// Makes sure that the shipped kind of this name is there with its face, and with it every kind that
    /// its relations point at. A blueprint of that name which is there already keeps its schema and gains the face.
    pub(crate) fn install_kind(&mut self, kind: &ShippedKind) -> Result<(), PortalError> {
        let mut queue = vec![kind];
        while let Some(kind) = queue.pop() {
            let identifier = kind.identifier();
            let old = self.catalog.blueprints().get(identifier).map(|e| Arc::clone(&e.blueprint));
            let (body, stamps) = match &old {
                Some(old) if old.shipped_kind.is_some() => continue,
                Some(old) => (old.body.value(), old.stamps.clone()),
                None => (kind.blueprint.clone(), self.blueprint_stamps()),
            };
            let blueprint = Blueprint::parse(&body, stamps, Some(identifier.to_owned()))?;
            queue.extend(blueprint.relations.values().filter_map(|r| kinds::by_identifier(&r.target)));
            self.put(Change::PutBlueprint(Arc::new(blueprint)));
        }
        Ok(())
    }

    /// Installs the shipped kinds among the targets of a blueprint's relations. A blueprint of that name which is
    /// there already is somebody's own: only a document of the kind makes it one.
    pub(crate) fn install_targets(&mut self, body: &Value) -> Result<(), PortalError> {
        let relations = body.get("relations").and_then(Value::as_object);
        let targets =
            relations.into_iter().flat_map(|r| r.values()).filter_map(|r| r.get("target")?.as_str());
        for kind in targets.filter_map(kinds::by_identifier) {
            if self.catalog.blueprints().get(kind.identifier()).is_none() {
                self.install_kind(kind)?;
            }
        }
        Ok(())
    }
}
