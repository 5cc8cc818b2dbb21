//! From a body in Port's form to contributed fields: what a writer says, checked against the blueprint.

use indexmap::IndexMap;
use serde_json::{Map, Value};
use stagedoor_model::schema::check_property;
use stagedoor_model::{Blueprint, Fields, names};

use crate::error::PortalError;
use crate::people;

/// A body, taken apart. `None` means that the key was absent.
#[derive(Default)]
pub(super) struct Said {
    pub(super) identifier: Option<String>,
    /// `Some(None)`: null, clears.
    pub(super) title: Option<Option<String>>,
    pub(super) icon: Option<Option<String>>,
    pub(super) team: Option<Vec<String>>,
    pub(super) properties: Map<String, Value>,
    pub(super) relations: IndexMap<String, Vec<String>>,
}

impl Said {
    /// Reads a body; wrong types are refused in ajv's words.
    pub(super) fn parse(body: &Value, blueprint: &Blueprint) -> Result<Self, PortalError> {
        let Some(map) = body.as_object() else { return Err(PortalError::invalid("body must be object")) };
        let mut said = Self { identifier: identifier(map)?, ..Self::default() };
        said.title = nullable_text(map, "title")?;
        said.icon = nullable_text(map, "icon")?;
        said.team = teams(map)?;
        if let Some(properties) = map.get("properties").filter(|p| !p.is_null()) {
            let Some(properties) = properties.as_object() else {
                return Err(PortalError::invalid("\"properties\" must be object"));
            };
            check_properties(properties, blueprint)?;
            said.properties = properties.clone();
        }
        if let Some(relations) = map.get("relations").filter(|r| !r.is_null()) {
            let Some(relations) = relations.as_object() else {
                return Err(PortalError::invalid("\"relations\" must be object"));
            };
            for (key, value) in relations {
                said.relations.insert(key.clone(), targets(key, value, blueprint)?);
            }
        }
        Ok(said)
    }

    /// What is contributed after this write: everything new, or merged over `old`.
    pub(super) fn onto(self, old: Option<Fields>, blueprint: &Blueprint) -> Fields {
        let fresh = old.is_none();
        let mut fields = old.unwrap_or_default();
        if let Some(title) = self.title {
            fields.title = title;
        }
        if let Some(icon) = self.icon {
            fields.icon = icon;
        }
        if let Some(team) = self.team {
            fields.team = (!team.is_empty()).then_some(team);
        }
        fields.properties.extend(self.properties);
        if fresh {
            for (key, property) in &blueprint.properties {
                if let Some(default) = &property.default {
                    fields.properties.entry(key.clone()).or_insert_with(|| default.clone());
                }
            }
        }
        for (key, targets) in self.relations {
            let many = blueprint.relations.get(&key).is_some_and(|r| r.many);
            let mut targets = targets.into_iter().map(Value::String);
            let value =
                if many { Value::Array(targets.collect()) } else { targets.next().unwrap_or(Value::Null) };
            fields.relations.insert(key, value);
        }
        fields
    }
}

fn identifier(map: &Map<String, Value>) -> Result<Option<String>, PortalError> {
    let identifier = match map.get("identifier") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(n)) => n.to_string(),
        Some(_) => return Err(PortalError::invalid("\"identifier\" must be string")),
    };
    if names::is_entity_identifier(&identifier) {
        return Ok(Some(identifier));
    }
    Err(PortalError::invalid(
        "\"identifier\" must match pattern \"^(?!\\.{1,2}$)[\\p{L}0-9@_.+:\\\\/=-]+$\" and have at most 1000 characters",
    ))
}

fn nullable_text(map: &Map<String, Value>, key: &str) -> Result<Option<Option<String>>, PortalError> {
    match map.get(key) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => Ok(Some(Some(text.clone()))),
        Some(_) => Err(PortalError::invalid(format!("\"{key}\" must be string"))),
    }
}

fn teams(map: &Map<String, Value>) -> Result<Option<Vec<String>>, PortalError> {
    match map.get("team") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Vec::new())),
        Some(Value::String(one)) if one.is_empty() => Ok(Some(Vec::new())),
        Some(Value::String(one)) => Ok(Some(vec![one.clone()])),
        Some(Value::Array(list)) => strings(list, "team").map(Some),
        Some(_) => Err(PortalError::invalid("\"team\" must be string or array")),
    }
}

fn strings(list: &[Value], place: &str) -> Result<Vec<String>, PortalError> {
    let text = |(at, v): (usize, &Value)| match v {
        Value::String(text) => Ok(text.clone()),
        _ => Err(PortalError::invalid(format!("\"{place}/{at}\" must be string"))),
    };
    list.iter().enumerate().map(text).collect()
}

fn targets(key: &str, value: &Value, blueprint: &Blueprint) -> Result<Vec<String>, PortalError> {
    let place = format!("relations/{key}");
    let Some(relation) = blueprint.relations.get(key) else {
        let blueprint = &blueprint.identifier;
        return Err(PortalError::NotFound(format!(
            "Relation with identifier \"{key}\" does not exist in the blueprint \"{blueprint}\""
        )));
    };
    let found: Result<Vec<String>, PortalError> = match value {
        Value::Array(list) if relation.many => {
            let each = |(at, v): (usize, &Value)| target(v, &format!("{place}/{at}")).transpose();
            list.iter().enumerate().filter_map(each).collect()
        }
        one => Ok(target(one, &place)?.into_iter().collect()),
    };
    // Addresses of people are lower-case.
    Ok(found?.into_iter().map(|id| people::key(&relation.target, &id).into_owned()).collect())
}

/// The identifier that a value means. Clients map what they have, so a number or a boolean is its text, and
/// null and the empty text are nothing.
fn target(value: &Value, place: &str) -> Result<Option<String>, PortalError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone()).filter(|t| !t.is_empty())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(flag) => Ok(Some(flag.to_string())),
        Value::Array(_) | Value::Object(_) => {
            Err(PortalError::invalid(format!("\"{place}\" must be string")))
        }
    }
}

/// Whether values are what the blueprint says of their properties.
pub(crate) fn check_properties(
    properties: &Map<String, Value>,
    blueprint: &Blueprint,
) -> Result<(), PortalError> {
    for (key, value) in properties {
        let Some(property) = blueprint.properties.get(key) else { continue };
        if let Some(violation) = check_property(&property.definition, value) {
            let place = format!("/properties/{key}{}", violation.path);
            return Err(PortalError::Invalid {
                code: "invalid_request",
                message: format!("\"{}\" {}", place.trim_start_matches('/'), violation.message),
                details: Some(serde_json::json!({ "path": place })),
            });
        }
    }
    Ok(())
}
