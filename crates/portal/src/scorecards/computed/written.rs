//! Scorecards written as entities of `_scorecard`: what is kept is the scorecard. Its rules are written with it, at
//! `/v1/blueprints/{blueprint}/scorecards`; here it begins without any, and keeps those that it has.

use serde_json::{Map, Value, json};
use stagedoor_auth::Viewer;

use super::super::{SCORECARDS, StoredScorecard, key};
use super::SCORECARDS_OF;
use crate::entities::{WriteMode, WriteRequest, Written};
use crate::error::PortalError;
use crate::{Portal, score_entities};

impl Portal {
    /// Writes scorecards, each on its own.
    ///
    /// # Errors
    /// Where nothing would be written at all; refusals of single ones are in the list.
    pub(crate) async fn write_scorecard_entities(
        &self,
        viewer: &Viewer,
        request: &WriteRequest,
    ) -> Result<Vec<Result<Written, PortalError>>, PortalError> {
        if request.validation_only {
            let text = format!("\"validation_only\" is not for entities of \"{SCORECARDS_OF}\"");
            return Err(PortalError::invalid(text));
        }
        let mut written = Vec::with_capacity(request.entities.len());
        for body in &request.entities {
            written.push(self.write_scorecard_entity(viewer, &request.mode, body).await);
        }
        Ok(written)
    }

    async fn write_scorecard_entity(
        &self,
        viewer: &Viewer,
        mode: &WriteMode,
        body: &Value,
    ) -> Result<Written, PortalError> {
        let said = Said::read(body)?;
        let (named, replaces) = match mode {
            WriteMode::Replace(name) => (Some(name.as_str()), true),
            WriteMode::Patch(name) => (Some(name.as_str()), false),
            WriteMode::Upsert => (said.identifier, true),
            WriteMode::Create | WriteMode::UpsertMerge => (said.identifier, false),
        };
        let (blueprint, identifier) = said.place(named)?;
        let exists = identifier.is_some_and(|identifier| {
            self.shared.catalog.load().record(SCORECARDS, &key(blueprint, identifier)).is_some()
        });
        let creates = match mode {
            WriteMode::Create => true,
            WriteMode::Upsert | WriteMode::UpsertMerge => !exists,
            WriteMode::Replace(_) | WriteMode::Patch(_) => false,
        };
        if creates {
            let mut new = said.scorecard(true);
            new.insert("rules".into(), json!([]));
            new.extend(identifier.map(|identifier| ("identifier".to_owned(), json!(identifier))));
            let stored = self.create_scorecard(viewer, blueprint, Value::Object(new)).await?;
            return Ok(written(&stored, true));
        }
        let identifier = identifier.unwrap_or_default();
        let mut new = said.scorecard(replaces);
        // Another identifier than that of the path renames.
        let renamed = said.identifier.map(|name| name.rsplit_once('/').map_or(name, |(_, name)| name));
        new.insert("identifier".into(), json!(renamed.unwrap_or(identifier)));
        let stored = self.replace_scorecard(viewer, blueprint, identifier, Value::Object(new), true).await?;
        Ok(written(&stored, false))
    }

    /// Removes a scorecard by the identifier of its entity.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub(crate) async fn delete_scorecard_entity(
        &self,
        viewer: &Viewer,
        identifier: &str,
    ) -> Result<(), PortalError> {
        let (blueprint, scorecard) = identifier.rsplit_once('/').ok_or_else(|| missing(identifier))?;
        self.delete_scorecard(viewer, blueprint, scorecard).await
    }
}

/// What a body says.
struct Said<'b> {
    identifier: Option<&'b str>,
    title: Option<&'b Value>,
    properties: Option<&'b Map<String, Value>>,
}

impl<'b> Said<'b> {
    fn read(body: &'b Value) -> Result<Self, PortalError> {
        let map = body.as_object().ok_or_else(|| PortalError::invalid("body must be object"))?;
        let wrong = |key: &str, kind: &str| PortalError::invalid(format!("\"{key}\" must be {kind}"));
        let identifier = match map.get("identifier") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.as_str()),
            Some(_) => return Err(wrong("identifier", "string")),
        };
        let properties = match map.get("properties") {
            None | Some(Value::Null) => None,
            Some(Value::Object(properties)) => Some(properties),
            Some(_) => return Err(wrong("properties", "object")),
        };
        Ok(Self { identifier, title: map.get("title"), properties })
    }

    /// Blueprint and identifier of the scorecard: `<blueprint>/<identifier>`, or an identifier and the property
    /// `blueprint`.
    fn place<'n>(&self, named: Option<&'n str>) -> Result<(&'n str, Option<&'n str>), PortalError>
    where
        'b: 'n,
    {
        let stated = match self.properties.and_then(|properties| properties.get("blueprint")) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.as_str()),
            Some(_) => return Err(PortalError::invalid("\"properties/blueprint\" must be string")),
        };
        match (named.and_then(|named| named.rsplit_once('/')), stated) {
            (Some((of, _)), Some(stated)) if of != stated => Err(PortalError::invalid(format!(
                "\"properties/blueprint\" must be \"{of}\", as the identifier says"
            ))),
            (Some((of, identifier)), _) => Ok((of, Some(identifier))),
            (None, Some(stated)) => Ok((stated, named)),
            (None, None) => {
                let text = "\"properties\" must have required property 'blueprint', unless the identifier is <blueprint>/<scorecard>";
                Err(PortalError::invalid(text))
            }
        }
    }

    /// The parts of the scorecard that a body says; with those that it does not say cleared, if the whole is replaced.
    fn scorecard(&self, whole: bool) -> Map<String, Value> {
        let mut new = Map::new();
        new.extend(self.title.map(|title| ("title".to_owned(), title.clone())));
        for part in ["filter", "levels"] {
            let value = self.properties.and_then(|properties| properties.get(part));
            if whole || value.is_some() {
                new.insert(part.into(), value.cloned().unwrap_or_default());
            }
        }
        new
    }
}

fn written(stored: &StoredScorecard, created: bool) -> Written {
    let identifier = key(&stored.blueprint, &stored.definition.identifier);
    Written { identifier, created, entity: score_entities::of_scorecard(stored), client: None }
}

fn missing(identifier: &str) -> PortalError {
    let shown: String = identifier.chars().take(100).collect();
    PortalError::NotFound(format!("Scorecard with identifier \"{shown}\" was not found"))
}
