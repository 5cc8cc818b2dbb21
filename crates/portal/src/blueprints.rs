//! Use cases on blueprints.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde_json::Value;
use stagedoor_auth::Viewer;
use stagedoor_model::{Blueprint, Change, kinds};

use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

/// How a body meets a blueprint that exists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlueprintMode {
    /// It must not exist.
    Create,
    /// It must exist; what the body lacks is gone.
    Replace,
    /// It must exist; maps are merged by key, null removes.
    Patch,
    /// From a file: created or replaced, or merged where the file holds only additions (no `schema`).
    Declare,
}

impl Portal {
    /// Makes a blueprint from Port's JSON.
    ///
    /// # Errors
    /// `identifier_taken` when it exists; `Invalid` naming the place.
    pub async fn create_blueprint(
        &self,
        viewer: &Viewer,
        body: Value,
    ) -> Result<Arc<Blueprint>, PortalError> {
        self.write_blueprint(viewer, None, body, BlueprintMode::Create).await
    }

    /// Replaces a blueprint as a whole. Its Backstage face stays.
    ///
    /// # Errors
    /// `NotFound`; `forbidden_format_change` when a property changes type or format.
    pub async fn replace_blueprint(
        &self,
        viewer: &Viewer,
        identifier: &str,
        body: Value,
    ) -> Result<Arc<Blueprint>, PortalError> {
        self.write_blueprint(viewer, Some(identifier), body, BlueprintMode::Replace).await
    }

    /// Merges into a blueprint, key by key; null removes.
    ///
    /// # Errors
    /// As [`Portal::replace_blueprint`].
    pub async fn patch_blueprint(
        &self,
        viewer: &Viewer,
        identifier: &str,
        body: Value,
    ) -> Result<Arc<Blueprint>, PortalError> {
        self.write_blueprint(viewer, Some(identifier), body, BlueprintMode::Patch).await
    }

    async fn write_blueprint(
        &self,
        viewer: &Viewer,
        identifier: Option<&str>,
        body: Value,
        mode: BlueprintMode,
    ) -> Result<Arc<Blueprint>, PortalError> {
        may_build(viewer)?;
        let identifier = identifier.map(str::to_owned);
        let write = move |draft: &mut Draft| draft.write_blueprint(identifier.as_deref(), &body, mode);
        self.commit(viewer.actor("port"), false, write).await
    }

    /// Removes a blueprint that has no entities and that no other one points at.
    ///
    /// # Errors
    /// `NotFound`; `has_dependents`.
    pub async fn delete_blueprint(&self, viewer: &Viewer, identifier: &str) -> Result<(), PortalError> {
        may_build(viewer)?;
        let identifier = identifier.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| draft.delete_blueprint(&identifier)).await
    }
}

/// Whether a viewer may change the data model.
pub(crate) fn may_build(viewer: &Viewer) -> Result<(), PortalError> {
    if viewer.is_administrator() {
        return Ok(());
    }
    Err(PortalError::Forbidden("only administrators may do this".into()))
}

/// The refusal for a blueprint that is not there.
pub(crate) fn no_blueprint(identifier: &str) -> PortalError {
    PortalError::NotFound(format!("Blueprint with identifier \"{identifier}\" was not found"))
}

impl Draft {
    /// Creates, replaces or merges a blueprint. The same content again changes nothing.
    fn write_blueprint(
        &mut self,
        identifier: Option<&str>,
        body: &Value,
        mode: BlueprintMode,
    ) -> Result<Arc<Blueprint>, PortalError> {
        let new = self.prepare_blueprint(identifier, body, mode)?;
        self.check_targets(&new, &HashSet::new())?;
        Ok(self.put_blueprint(new))
    }

    /// Writes blueprints of files or documents, which may point at each other in any order. Several of
    /// one identifier are merged. One that is refused leaves no trace and does not hold back the others.
    pub(crate) fn declare_blueprints(
        &mut self,
        bodies: &[Value],
    ) -> Vec<Result<Arc<Blueprint>, PortalError>> {
        let name =
            |body: &Value| body.get("identifier").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut combined: IndexMap<String, Value> = IndexMap::new();
        for body in bodies {
            match combined.entry(name(body)) {
                Entry::Occupied(mut first) => merge(first.get_mut(), body),
                Entry::Vacant(place) => drop(place.insert(body.clone())),
            }
        }
        let prepare = |body: &Value| self.prepare_blueprint(None, body, BlueprintMode::Declare);
        let mut results: Vec<_> = combined.values().map(prepare).collect();
        // One that is refused takes with it those that point at it.
        loop {
            let accepted = results.iter().flatten().map(|b| b.identifier.clone()).collect();
            let refused = |r: &Result<Blueprint, _>| self.check_targets(r.as_ref().ok()?, &accepted).err();
            let Some((at, error)) = results.iter().enumerate().find_map(|(at, r)| Some((at, refused(r)?)))
            else {
                break;
            };
            if let Some(result) = results.get_mut(at) {
                *result = Err(error);
            }
        }
        let results: Vec<_> = results.into_iter().map(|r| r.map(|b| self.put_blueprint(b))).collect();
        let of = |body| combined.get_index_of(&name(body)).and_then(|at| results.get(at)).cloned();
        bodies.iter().map(|body| of(body).unwrap_or_else(|| Err(no_blueprint(&name(body))))).collect()
    }

    /// The blueprint that a body makes, checked but for the targets of its relations.
    fn prepare_blueprint(
        &mut self,
        identifier: Option<&str>,
        body: &Value,
        mode: BlueprintMode,
    ) -> Result<Blueprint, PortalError> {
        let stated = body.get("identifier").and_then(Value::as_str);
        let name = identifier.or(stated).unwrap_or_default().to_owned();
        if let (Some(path), Some(stated)) = (identifier, stated)
            && path != stated
        {
            let text = "a blueprint cannot be renamed yet: \"identifier\" must be that of the path";
            return Err(PortalError::invalid(text));
        }
        if mode == BlueprintMode::Declare
            && let Some(kind) = kinds::by_identifier(&name)
        {
            self.install_kind(kind)?;
        }
        let old = self.catalog.blueprints().get(&name).map(|e| Arc::clone(&e.blueprint));
        let body = merged(body, old.as_deref(), mode, &name)?;
        self.install_targets(&body)?;
        let stamps = match &old {
            Some(old) => {
                let mut stamps = old.stamps.clone();
                (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.clone());
                stamps
            }
            None => self.new_stamps(None),
        };
        let shipped = old.as_ref().and_then(|o| o.shipped_kind.clone());
        let new = Blueprint::parse(&body, stamps, shipped)?;
        if let Some(old) = &old {
            refuse_type_changes(old, &new)?;
        }
        Ok(new)
    }

    fn put_blueprint(&mut self, mut new: Blueprint) -> Arc<Blueprint> {
        match self.catalog.blueprints().get(&new.identifier) {
            Some(old) if old.blueprint.body == new.body => return Arc::clone(&old.blueprint),
            Some(_) => {}
            None => new.stamps = self.blueprint_stamps(),
        }
        let new = Arc::new(new);
        self.put(Change::PutBlueprint(Arc::clone(&new)));
        new
    }

    /// The targets must exist, or come in the same batch.
    fn check_targets(&self, blueprint: &Blueprint, batch: &HashSet<String>) -> Result<(), PortalError> {
        for (key, relation) in &blueprint.relations {
            let exists = relation.target == blueprint.identifier
                || batch.contains(&relation.target)
                || self.catalog.blueprints().get(&relation.target).is_some();
            if !exists {
                let target = &relation.target;
                let text = format!(
                    "\"relations/{key}/target\": blueprint with identifier \"{target}\" was not found"
                );
                return Err(PortalError::NotFound(text));
            }
        }
        Ok(())
    }

    fn delete_blueprint(&mut self, identifier: &str) -> Result<(), PortalError> {
        if self.catalog.blueprints().get(identifier).is_none() {
            return Err(no_blueprint(identifier));
        }
        let count = self.catalog.count(identifier);
        if count > 0 {
            let text =
                format!("blueprint \"{identifier}\" has_dependents: {count} entities; delete them first");
            return Err(PortalError::refused("has_dependents", text));
        }
        let points_here = |b: &Blueprint| {
            b.identifier != identifier && b.relations.values().any(|r| r.target == identifier)
        };
        if let Some(other) = self.catalog.blueprints().iter().find(|e| points_here(&e.blueprint)) {
            let other = &other.blueprint.identifier;
            let text = format!(
                "blueprint \"{identifier}\" has_dependents: a relation of blueprint \"{other}\" targets it"
            );
            return Err(PortalError::refused("has_dependents", text));
        }
        self.put(Change::DeleteBlueprint(identifier.to_owned()));
        Ok(())
    }
}

/// The body to parse, by mode.
fn merged(
    body: &Value,
    old: Option<&Blueprint>,
    mode: BlueprintMode,
    name: &str,
) -> Result<Value, PortalError> {
    let mut out = match (mode, old) {
        (BlueprintMode::Create, Some(_)) => {
            let message = format!("Blueprint with identifier \"{name}\" is already taken");
            return Err(PortalError::Conflict { code: "identifier_taken", message });
        }
        (BlueprintMode::Replace | BlueprintMode::Patch, None) => return Err(no_blueprint(name)),
        (BlueprintMode::Patch, Some(old)) => {
            let mut base = old.body.value();
            merge(&mut base, body);
            base
        }
        (BlueprintMode::Declare, Some(old)) if body.get("schema").is_none() => {
            let mut base = old.body.value();
            merge(&mut base, body);
            base
        }
        _ => body.clone(),
    };
    if let Some(map) = out.as_object_mut() {
        map.entry("identifier").or_insert_with(|| name.into());
    }
    Ok(out)
}

/// Merges objects key by key; null removes; anything else replaces.
fn merge(base: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *base = patch.clone();
        return;
    };
    if !base.is_object() {
        *base = Value::Object(serde_json::Map::new());
    }
    let Some(base) = base.as_object_mut() else { return };
    for (key, value) in patch {
        match value {
            Value::Null => {
                base.shift_remove(key);
            }
            Value::Object(_) => merge(base.entry(key.clone()).or_insert(Value::Null), value),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

fn refuse_type_changes(old: &Blueprint, new: &Blueprint) -> Result<(), PortalError> {
    for (key, property) in &new.properties {
        let Some(before) = old.properties.get(key) else { continue };
        if before.kind != property.kind || before.format != property.format {
            return Err(PortalError::Invalid {
                code: "forbidden_format_change",
                message: format!(
                    "Cannot change format or type of property \"{key}\"; remove it and add it anew"
                ),
                details: Some(serde_json::json!({ "property": key })),
            });
        }
    }
    Ok(())
}
