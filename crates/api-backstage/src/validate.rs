//! `POST /validate-entity`: whether an entity would be taken.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};
use serde::Serialize;
use serde_json::Value;
use stagedoor_portal::Portal;
use utoipa::ToSchema;

use crate::answer;
use crate::body::{self, JsonBody, lacks, must};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::locations::typed;
use crate::openapi::{EntityDocument, Refusal};
use crate::query::Query;

/// An entity, and where it would come from.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct ValidateBody {
    entity: EntityDocument,
    /// `url:https://...`
    location: String,
}

/// Why it would not be taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct Faults {
    errors: Vec<Fault>,
}

/// Either shape of a 400.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only described")]
pub(crate) enum NotTaken {
    /// The entity would not be taken.
    Faults(Faults),
    /// The body is refused.
    Refusal(Refusal),
}

/// An error, perhaps with the one that caused it.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Fault {
    name: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, no_recursion)]
    cause: Option<Box<Fault>>,
}

impl Fault {
    /// An error from its name and text, which ends with the text of its cause.
    pub(crate) fn new(name: &str, message: &str) -> Self {
        let cause = message.split_once("; caused by ").and_then(|(_, cause)| {
            let (name, text) = cause.split_once(": ")?;
            Some(Box::new(Self::new(name, text)))
        });
        Self { name: name.to_owned(), message: message.to_owned(), cause }
    }
}

/// Whether an entity would be taken, if it stood at an address. Placeholders are read.
#[utoipa::path(
    post,
    path = "/api/catalog/validate-entity",
    operation_id = "validate_entity",
    tag = "entities",
    request_body = ValidateBody,
    responses(
        (status = 200, description = "It would; there is no body"),
        (status = 400, description = "It would not (`errors`), or the body is refused (`error`)", body = NotTaken),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn post(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let mut body = typed(body)?;
    for key in ["location", "entity"] {
        if !body.contains_key(key) {
            return Err(lacks("", key));
        }
    }
    if !body.get("entity").is_some_and(Value::is_object) {
        return Err(must("/entity", "be object"));
    }
    let location = body::text(&body, "", "location")?.unwrap_or_default().to_owned();
    let entity = body.shift_remove("entity").unwrap_or_default();
    let faults = portal.validate_entity(&viewer, entity, &location).await?;
    if faults.is_empty() {
        return Ok(StatusCode::OK.into_response());
    }
    let errors = faults.iter().map(|fault| Fault::new(&fault.name, &fault.message)).collect();
    let mut response = answer::json(serde_json::to_vec(&Faults { errors }).unwrap_or_default());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Fault;

    #[test]
    fn causes_are_errors_too() {
        let fault =
            Fault::new("InputError", "Policy check failed; caused by Error: a; caused by TypeError: b: c");
        assert_eq!(
            serde_json::to_value(fault).unwrap(),
            json!({
                "name": "InputError", "message": "Policy check failed; caused by Error: a; caused by TypeError: b: c",
                "cause": {
                    "name": "Error", "message": "a; caused by TypeError: b: c",
                    "cause": {"name": "TypeError", "message": "b: c"}
                }
            })
        );
    }
}
