//! Values for a template, checked page by page before a run is made, as `POST /v2/tasks` of Backstage does.

use serde_json::{Map, Value};

use super::definition::Template;
use super::schema::{SchemaError, errors};

/// What is wrong with the values, in the order of the pages: the first page that they break, as Backstage answers.
#[must_use]
pub fn check_values(template: &Template<'_>, values: &Map<String, Value>) -> Vec<SchemaError> {
    let values = Value::Object(values.clone());
    let pages = template.pages();
    pages.into_iter().map(|page| errors(page, &values)).find(|found| !found.is_empty()).unwrap_or_default()
}

/// What is wrong with the secrets. Nothing of their values is in it.
#[must_use]
pub fn check_secrets(template: &Template<'_>, secrets: &Map<String, Value>) -> Vec<SchemaError> {
    let Some(schema) = template.secrets_schema() else { return Vec::new() };
    let mut found = errors(schema, &Value::Object(secrets.clone()));
    for error in &mut found {
        error.instance = None;
        error.property = format!("secrets{}", error.property.trim_start_matches("instance"));
        if error.name == "required" {
            let key = error.argument.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
            error.property = format!("{}.{key}", error.property);
            error.message = "is required".into();
        }
        // A constant or a choice that the schema names may be said, a text that was given may not.
        error.path.clear();
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::definition::API_VERSION;

    #[test]
    fn the_first_broken_page_is_told() {
        let document = json!({ "apiVersion": API_VERSION, "spec": { "steps": [], "parameters": [
            { "required": ["a"] }, { "required": ["b"] }, { "required": ["c"] },
        ], "secrets": { "schema": { "required": ["token"], "properties": { "pin": { "type": "number" } } } } } });
        let template = Template::of(&document).unwrap();
        let values = |value: Value| value.as_object().cloned().unwrap();
        let stacks = |found: Vec<SchemaError>| found.iter().map(SchemaError::stack).collect::<Vec<_>>();
        let found = check_values(&template, &values(json!({ "a": 1 })));
        assert_eq!(stacks(found), ["instance requires property \"b\""]);
        assert!(check_values(&template, &values(json!({ "a": 1, "b": 1, "c": 1 }))).is_empty());
        let found = check_secrets(&template, &values(json!({ "pin": "hunter22" })));
        assert!(!found.iter().any(|error| error.to_json().to_string().contains("hunter22")));
        assert_eq!(stacks(found), ["secrets.token is required", "secrets.pin is not of a type(s) number"]);
    }
}
