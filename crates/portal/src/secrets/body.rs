//! What is legal in the body of a secret, in the words of Port's API.

use serde_json::Value;
use stagedoor_auth::Secret;

use crate::error::PortalError;

const LONGEST_NAME: usize = 100;
const LONGEST_DESCRIPTION: usize = 200;
/// Keys and certificates are a few thousand characters.
const LONGEST_VALUE: usize = 32 * 1024;

/// A secret to be made.
pub(super) struct Created {
    pub(super) name: String,
    pub(super) value: Secret,
    pub(super) description: Option<String>,
}

/// What is to be changed of one.
pub(super) struct Updated {
    pub(super) value: Option<Secret>,
    /// `Some(None)`: removed.
    pub(super) description: Option<Option<String>>,
}

pub(super) fn created(body: &Value) -> Result<Created, PortalError> {
    let required = |key: &str| match text(body, key)? {
        Some(text) => Ok(text),
        None => Err(PortalError::invalid(format!("body must have required property '{key}'"))),
    };
    let name = required("secretName")?;
    let value = required("secretValue")?;
    check_name(name)?;
    check_value(value)?;
    Ok(Created {
        name: name.to_owned(),
        value: Secret::new(value),
        description: description(body)?.flatten(),
    })
}

pub(super) fn updated(body: &Value, name: &str) -> Result<Updated, PortalError> {
    if text(body, "secretName")?.is_some_and(|other| other != name) {
        return Err(PortalError::invalid("\"secretName\" cannot be changed"));
    }
    let value = text(body, "secretValue")?;
    value.map(check_value).transpose()?;
    Ok(Updated { value: value.map(Secret::new), description: description(body)? })
}

/// No message has the value.
fn text<'b>(body: &'b Value, key: &str) -> Result<Option<&'b str>, PortalError> {
    let Value::Object(body) = body else { return Err(PortalError::invalid("body must be object")) };
    match body.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(PortalError::invalid(format!("\"{key}\" must be string"))),
    }
}

fn check_name(name: &str) -> Result<(), PortalError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() {
        return Err(PortalError::invalid("\"secretName\" must NOT have fewer than 1 characters"));
    }
    if name.chars().count() > LONGEST_NAME {
        let text = format!("\"secretName\" must NOT have more than {LONGEST_NAME} characters");
        return Err(PortalError::invalid(text));
    }
    if !name.chars().all(legal) {
        return Err(PortalError::invalid("\"secretName\" must match pattern \"^[A-Za-z0-9-_]*$\""));
    }
    Ok(())
}

fn check_value(value: &str) -> Result<(), PortalError> {
    if value.is_empty() {
        return Err(PortalError::invalid("\"secretValue\" must NOT have fewer than 1 characters"));
    }
    if value.len() > LONGEST_VALUE {
        let text = format!("\"secretValue\" must NOT have more than {LONGEST_VALUE} bytes");
        return Err(PortalError::invalid(text));
    }
    Ok(())
}

/// `None`: not said; `Some(None)`: null or empty, so removed.
fn description(body: &Value) -> Result<Option<Option<String>>, PortalError> {
    if body.get("description").is_some_and(Value::is_null) {
        return Ok(Some(None));
    }
    let Some(text) = text(body, "description")? else { return Ok(None) };
    if text.chars().count() > LONGEST_DESCRIPTION {
        let text = format!("\"description\" must NOT have more than {LONGEST_DESCRIPTION} characters");
        return Err(PortalError::invalid(text));
    }
    Ok(Some(Some(text.to_owned()).filter(|text| !text.is_empty())))
}
