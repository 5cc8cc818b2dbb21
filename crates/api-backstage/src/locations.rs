//! `/locations`: the addresses that people have registered.

pub(crate) mod by_query;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use serde::Serialize;
use serde_json::{Map, Value};
use stagedoor_portal::{OnConflict, Portal, Registered};
use utoipa::{IntoParams, ToSchema};

use crate::answer;
use crate::body::{self, JsonBody, lacks, must, only};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::{EntityDocument, Refusal};
use crate::query::{Kind, Parameter, Query, segments};

/// How far the reading of a location is: `done`, or `pending` where it takes longer than the answer waits.
const READING: HeaderName = HeaderName::from_static("stagedoor-reading");

const CREATE: &[Parameter] = &[
    Parameter::optional("dryRun", Kind::Word(&["true", "false"])),
    Parameter::optional("onConflict", Kind::Word(&["refresh", "reject"])),
];

/// A registered location.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Location {
    /// A UUID; of a trial `<type>:<target>`.
    id: String,
    /// `url`.
    r#type: String,
    /// The address.
    target: String,
    /// Of the entity that stands for it.
    entity_ref: String,
}

impl From<stagedoor_portal::Location> for Location {
    fn from(location: stagedoor_portal::Location) -> Self {
        let stagedoor_portal::Location { id, kind, target, entity_ref } = location;
        Self { id, r#type: kind, target, entity_ref }
    }
}

/// One item of the list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listed {
    data: Location,
}

/// Where to look.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct LocationInput {
    /// `url`.
    r#type: String,
    /// `https://...`.
    target: String,
    /// Taken and not used, as in Backstage.
    #[schema(nullable = false)]
    presence: Option<Presence>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "only described")]
enum Presence {
    Optional,
    Required,
}

/// A location that is new, or would be.
#[derive(Serialize, ToSchema)]
pub(crate) struct Created {
    location: Location,
    /// Of a trial: what there is. Otherwise empty.
    #[schema(value_type = Vec<EntityDocument>)]
    entities: Vec<Value>,
    /// Of a trial: whether it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    exists: Option<bool>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
pub(crate) struct CreateParams {
    /// Only tell what there is.
    dry_run: Option<bool>,
    /// What becomes of a location that is there already: `refresh` reads it again, `reject` is 409.
    #[param(inline)]
    on_conflict: Option<Conflict>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "only described")]
enum Conflict {
    Refresh,
    Reject,
}

/// All registered locations, by id.
#[utoipa::path(
    get,
    path = "/api/catalog/locations",
    operation_id = "list_locations",
    tag = "locations",
    responses(
        (status = 200, description = "The locations", body = Vec<Listed>),
        (status = 304, description = "Not changed"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let all: Vec<Listed> =
        portal.locations(&viewer)?.into_iter().map(|one| Listed { data: one.into() }).collect();
    Ok(answer::tagged(serde_json::to_vec(&all).unwrap_or_default(), &headers))
}

/// Registers a location. What it says is there on return, unless the header `stagedoor-reading` is `pending`.
#[utoipa::path(
    post,
    path = "/api/catalog/locations",
    operation_id = "create_location",
    tag = "locations",
    params(CreateParams),
    request_body = LocationInput,
    responses(
        (status = 201, description = "Registered, or what a trial found", body = Created),
        (status = 400, description = "Refused, or something is wrong with what a trial found", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 409, description = "It is registered already", body = Refusal),
    )
)]
pub(crate) async fn create(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let query = Query::of(&uri, CREATE)?;
    let (kind, target) = input(&typed(body)?)?;
    if query.one("dryRun") == Some("true") {
        let trial = portal.try_location(&viewer, &kind, &target).await?;
        let created =
            Created { location: trial.location.into(), entities: trial.entities, exists: Some(trial.exists) };
        return Ok(made(StatusCode::CREATED, &created));
    }
    let on_conflict = query.one("onConflict").map(|word| match word {
        "refresh" => OnConflict::Refresh,
        _ => OnConflict::Reject,
    });
    let Registered { location, read } =
        portal.register_location(&viewer, &kind, &target, on_conflict).await?;
    let created = Created { location: location.into(), entities: Vec::new(), exists: None };
    Ok(with_reading(made(StatusCode::CREATED, &created), read))
}

/// One location.
#[utoipa::path(
    get,
    path = "/api/catalog/locations/{id}",
    operation_id = "location_by_id",
    tag = "locations",
    params(("id" = String, Path, description = "Its id", min_length = 1)),
    responses(
        (status = 200, description = "The location", body = Location),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 404, description = "No such location", body = Refusal),
    )
)]
pub(crate) async fn get(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let id = segments(&uri).pop().unwrap_or_default();
    Ok(tagged(portal.location(&viewer, &id)?, &headers))
}

/// Lets a location point elsewhere. What both targets say keeps its uid.
#[utoipa::path(
    put,
    path = "/api/catalog/locations/{id}",
    operation_id = "update_location",
    tag = "locations",
    params(("id" = String, Path, description = "Its id", min_length = 1)),
    request_body = LocationInput,
    responses(
        (status = 200, description = "The location as it is now", body = Location),
        (status = 400, description = "Refused body or parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "No such location", body = Refusal),
        (status = 409, description = "Another one points there", body = Refusal),
    )
)]
pub(crate) async fn update(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let (kind, target) = changed(&typed(body)?)?;
    let id = segments(&uri).pop().unwrap_or_default();
    let Registered { location, read } = portal.change_location(&viewer, &id, &kind, &target).await?;
    Ok(with_reading(made(StatusCode::OK, &Location::from(location)), read))
}

/// Deletes a location with all that only it says.
#[utoipa::path(
    delete,
    path = "/api/catalog/locations/{id}",
    operation_id = "delete_location",
    tag = "locations",
    params(("id" = String, Path, description = "Its id", min_length = 1)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "No such location", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let id = segments(&uri).pop().unwrap_or_default();
    portal.delete_location(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The registered location that an entity comes from.
#[utoipa::path(
    get,
    path = "/api/catalog/locations/by-entity/{kind}/{namespace}/{name}",
    operation_id = "location_by_entity",
    tag = "locations",
    params(
        ("kind" = String, Path, description = "Kind, such as `Component`", min_length = 1),
        ("namespace" = String, Path, description = "Namespace, such as `default`", min_length = 1),
        ("name" = String, Path, description = "Name", min_length = 1),
    ),
    responses(
        (status = 200, description = "The location", body = Location),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 404, description = "No such entity, or it comes from no registered location", body = Refusal),
    )
)]
pub(crate) async fn by_entity(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let parts = segments(&uri);
    let [_, _, kind, namespace, name] = parts.as_slice() else { return Err(ApiError::not_found("")) };
    let location = portal.location_of_entity(&viewer, kind, namespace, name)?;
    Ok(tagged(location, &headers))
}

fn tagged(location: stagedoor_portal::Location, request: &HeaderMap) -> Response {
    answer::tagged(serde_json::to_vec(&Location::from(location)).unwrap_or_default(), request)
}

/// The body of a request that must have a content type.
pub(crate) fn typed(body: Option<Map<String, Value>>) -> Result<Map<String, Value>, ApiError> {
    body.ok_or_else(|| ApiError::input("unsupported media type undefined"))
}

/// Type and target of a new location.
pub(crate) fn input(body: &Map<String, Value>) -> Result<(String, String), ApiError> {
    if !body.contains_key("target") {
        return Err(lacks("", "target"));
    }
    input_at(body, "")
}

/// The same of one that is there, where Backstage looks more closely.
fn changed(body: &Map<String, Value>) -> Result<(String, String), ApiError> {
    let complete = ["type", "target"].iter().all(|key| body.contains_key(*key));
    if complete && body.len() > 2 {
        return Err(must("", "NOT have additional properties"));
    }
    input_at(body, "")
}

/// The same somewhere in a body.
pub(crate) fn input_at(body: &Map<String, Value>, at: &str) -> Result<(String, String), ApiError> {
    for key in ["type", "target"] {
        if !body.contains_key(key) {
            return Err(lacks(at, key));
        }
    }
    let text = |key: &str| body::text(body, at, key).map(|text| text.unwrap_or_default().to_owned());
    let (target, kind) = (text("target")?, text("type")?);
    body::word(body, at, "presence", &["optional", "required"])?;
    only(body, &["type", "target", "presence"])?;
    Ok((kind, target))
}

fn made(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = answer::json(serde_json::to_vec(body).unwrap_or_default());
    *response.status_mut() = status;
    response
}

fn with_reading(mut response: Response, read: bool) -> Response {
    let state = if read { "done" } else { "pending" };
    response.headers_mut().insert(READING, HeaderValue::from_static(state));
    response
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{changed, input};

    #[test]
    fn a_location_is_a_type_and_a_target() {
        let of = |body: Value| match body {
            Value::Object(map) => input(&map).map_err(|error| error.message),
            _ => Err("no object".into()),
        };
        let good = Ok(("url".to_owned(), "https://a".to_owned()));
        assert_eq!(of(json!({"type": "url", "target": "https://a"})), good);
        assert_eq!(of(json!({"type": "url", "target": "https://a", "presence": "optional"})), good);
        for (body, message) in [
            (json!({}), "request/body must have required property 'target'"),
            (json!({"target": "a"}), "request/body must have required property 'type'"),
            (json!({"target": 1, "type": "url"}), "request/body/target must be string"),
            (json!({"target": "a", "type": null}), "request/body/type must be string"),
            (
                json!({"target": "a", "type": "url", "presence": "maybe"}),
                "request/body/presence must be equal to one of the allowed values: optional, required",
            ),
        ] {
            assert_eq!(of(body), Err(message.to_owned()));
        }
        let put = |body: Value| changed(body.as_object().unwrap()).map_err(|error| error.message);
        assert_eq!(put(json!({})).unwrap_err(), "request/body must have required property 'type'");
        let extra = put(json!({"target": "a", "type": "url", "presence": "optional"})).unwrap_err();
        assert_eq!(extra, "request/body must NOT have additional properties");
        let unknown = of(json!({"target": "a", "type": "url", "x": 1})).unwrap_err();
        assert!(
            unknown.starts_with("Malformed request: ") && unknown.contains("in object: 'x'"),
            "{unknown}"
        );
    }
}
