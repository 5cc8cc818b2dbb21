//! Renames of properties, relations and mirrors.

use axum::extract::{FromRequestParts, State};
use http::StatusCode;
use http::request::Parts;
use serde_json::Value;
use stagedoor_auth::Viewer;
use stagedoor_portal::{Attribute, Portal};

use super::openapi::{NewMirror, NewProperty, NewRelation};
use super::reply;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, decode};
use crate::openapi::{BlueprintReply, Refusal};

/// The attribute in `/blueprints/{blueprint}/{part}/{attribute}/rename`.
pub(crate) struct OfAttribute {
    blueprint: String,
    attribute: String,
}

impl<S: Sync> FromRequestParts<S> for OfAttribute {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let rest = parts.uri.path().split_once("/blueprints/").map_or("", |(_, rest)| rest);
        let mut steps = rest.split('/').map(|step| decode(step, false));
        let blueprint = steps.next().unwrap_or_default();
        Ok(Self { blueprint, attribute: steps.nth(1).unwrap_or_default() })
    }
}

async fn rename(
    (portal, viewer): (Portal, Viewer),
    of: OfAttribute,
    body: Value,
    attribute: Attribute,
    key: &str,
) -> Answer {
    let to = match body.get(key) {
        Some(Value::String(to)) => to,
        Some(_) => return Err(Failure::invalid(format!("\"{key}\" must be string"))),
        None => return Err(Failure::invalid(format!("must have required property '{key}'"))),
    };
    let blueprint = portal.rename_attribute(&viewer, &of.blueprint, attribute, &of.attribute, to).await?;
    Ok(reply(StatusCode::OK, &blueprint))
}

/// Gives a property another name; values and definitions follow.
#[utoipa::path(
    patch,
    path = "/blueprints/{blueprint}/properties/{property}/rename",
    tag = "Blueprints",
    operation_id = "rename_property",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("property" = String, Path, description = "Key of the property"),
    ),
    request_body = NewProperty,
    responses(
        (status = 200, description = "The blueprint", body = BlueprintReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint or property", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 422, description = "The name is not legal, or `protected_resource`", body = Refusal),
    )
)]
pub(crate) async fn property(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfAttribute,
    Body(body): Body,
) -> Answer {
    rename((portal, viewer), of, body, Attribute::Property, "newPropertyName").await
}

/// Gives a relation another name; values and definitions follow.
#[utoipa::path(
    patch,
    path = "/blueprints/{blueprint}/relations/{relation}/rename",
    tag = "Blueprints",
    operation_id = "rename_relation",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("relation" = String, Path, description = "Key of the relation"),
    ),
    request_body = NewRelation,
    responses(
        (status = 200, description = "The blueprint", body = BlueprintReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint or relation", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 422, description = "The name is not legal, or `protected_resource`", body = Refusal),
    )
)]
pub(crate) async fn relation(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfAttribute,
    Body(body): Body,
) -> Answer {
    rename((portal, viewer), of, body, Attribute::Relation, "newRelationIdentifier").await
}

/// Gives a mirror property another name; definitions follow.
#[utoipa::path(
    patch,
    path = "/blueprints/{blueprint}/mirror/{property}/rename",
    tag = "Blueprints",
    operation_id = "rename_mirror",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("property" = String, Path, description = "Key of the mirror property"),
    ),
    request_body = NewMirror,
    responses(
        (status = 200, description = "The blueprint", body = BlueprintReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint or mirror property", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 422, description = "The name is not legal, or `protected_resource`", body = Refusal),
    )
)]
pub(crate) async fn mirror(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfAttribute,
    Body(body): Body,
) -> Answer {
    rename((portal, viewer), of, body, Attribute::Mirror, "newMirrorName").await
}
