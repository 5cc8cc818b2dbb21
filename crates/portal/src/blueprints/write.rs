//! Creating, replacing and merging a blueprint.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_model::{Blueprint, Change, blueprint, kinds};

use super::references::Known;
use super::{BlueprintMode, no_blueprint, system, taken};
use crate::error::PortalError;
use crate::scorecards::computed;
use crate::writer::Draft;

/// Parts of a body that a merge replaces as a whole: what they hold belongs together.
const WHOLE: [&str; 3] = ["ownership", "teamInheritance", "changelogDestination"];

impl Draft {
    /// Creates, replaces, renames or merges a blueprint. The same content again changes nothing.
    pub(crate) fn write_blueprint(
        &mut self,
        identifier: Option<&str>,
        body: &Value,
        mode: BlueprintMode,
    ) -> Result<Arc<Blueprint>, PortalError> {
        let stated = body.get("identifier").and_then(Value::as_str);
        if let (Some(path), Some(stated)) = (identifier, stated)
            && path != stated
        {
            return self.rename_blueprint(path, stated, body, mode);
        }
        let new = self.prepare_blueprint(identifier, body, mode)?;
        self.check_references(&new, &Known::default())?;
        Ok(self.put_blueprint(new))
    }

    /// The blueprint that a body makes, checked but for what it says of other blueprints.
    pub(super) fn prepare_blueprint(
        &mut self,
        identifier: Option<&str>,
        body: &Value,
        mode: BlueprintMode,
    ) -> Result<Blueprint, PortalError> {
        let stated = body.get("identifier").and_then(Value::as_str);
        let name = identifier.or(stated).unwrap_or_default().to_owned();
        if mode == BlueprintMode::Declare
            && let Some(kind) = kinds::by_identifier(&name)
        {
            self.install_kind(kind)?;
        }
        let old = self.catalog.blueprints().get(&name).map(|e| Arc::clone(&e.blueprint));
        let body = merged(body, old.as_deref(), mode, &name)?;
        self.install_targets(&body)?;
        self.understood(&body, old.as_deref())
    }

    /// A body as the successor of a blueprint, or as a new one.
    pub(super) fn understood(&self, body: &Value, old: Option<&Blueprint>) -> Result<Blueprint, PortalError> {
        let stamps = match old {
            Some(old) => {
                let mut stamps = old.stamps.clone();
                (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
                stamps
            }
            None => self.new_stamps(None),
        };
        let new = Blueprint::parse(body, stamps, old.and_then(|o| o.shipped_kind.clone()))?;
        blueprint::check(body)?;
        if let Some(old) = old {
            refuse_type_changes(old, &new)?;
            system::refuse_changes(old, &new)?;
        }
        Ok(new)
    }

    /// Stores a blueprint, unless it says what is stored already.
    pub(super) fn put_blueprint(&mut self, mut new: Blueprint) -> Arc<Blueprint> {
        match self.catalog.blueprints().get(&new.identifier) {
            Some(old) if old.blueprint.body == new.body => return Arc::clone(&old.blueprint),
            Some(old) if !system::is_as_shipped(&old.blueprint) => {}
            _ => new.stamps = self.blueprint_stamps(),
        }
        let new = Arc::new(new);
        self.put(Change::PutBlueprint(Arc::clone(&new)));
        new
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
        (BlueprintMode::Create, Some(_)) => return Err(taken(name)),
        (BlueprintMode::Replace | BlueprintMode::Patch, None) => return Err(no_blueprint(name)),
        (BlueprintMode::Patch, Some(old)) => merged_over(old, body),
        (BlueprintMode::Declare, Some(old)) if body.get("schema").is_none() => merged_over(old, body),
        _ => body.clone(),
    };
    computed::leave_out_targets(name, &mut out, mode == BlueprintMode::Replace)?;
    if let Some(map) = out.as_object_mut() {
        map.entry("identifier").or_insert_with(|| name.into());
    }
    Ok(out)
}

/// A merge over what is there.
pub(super) fn merged_over(old: &Blueprint, body: &Value) -> Value {
    let mut base = old.body.value();
    if let Some(map) = base.as_object_mut() {
        map.retain(|key, _| !WHOLE.contains(&key.as_str()) || body.get(key).is_none());
    }
    merge(&mut base, body);
    forget_required(&mut base, body);
    base
}

/// A property that a merge takes away is not required either.
fn forget_required(base: &mut Value, patch: &Value) {
    let gone = patch.pointer("/schema/properties").and_then(Value::as_object);
    let gone: Vec<&String> =
        gone.into_iter().flatten().filter(|(_, v)| v.is_null()).map(|(k, _)| k).collect();
    if let Some(required) = base.pointer_mut("/schema/required").and_then(Value::as_array_mut) {
        required.retain(|name| !gone.iter().any(|gone| name == gone.as_str()));
    }
}

/// Merges objects key by key; null removes; anything else replaces.
pub(super) fn merge(base: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *base = patch.clone();
        return;
    };
    if !base.is_object() {
        *base = Value::Object(Map::new());
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
                details: Some(json!({ "property": key })),
            });
        }
    }
    Ok(())
}
