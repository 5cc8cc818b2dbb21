//! How these routes look in the OpenAPI document.

use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use super::{attributes, permissions};

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NewProperty {
    #[expect(dead_code, reason = "only described")]
    new_property_name: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NewRelation {
    #[expect(dead_code, reason = "only described")]
    new_relation_identifier: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NewMirror {
    #[expect(dead_code, reason = "only described")]
    new_mirror_name: String,
}

/// `entities` has `register`, `update`, `unregister` and `read`, each `{roles, users, teams, ownedByTeam}`, and
/// `updateProperties` and `updateRelations` with one of these for each key.
#[derive(ToSchema)]
pub(crate) struct PermissionsBody {
    #[expect(dead_code, reason = "only described")]
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    entities: Value,
}

#[derive(ToSchema)]
pub(crate) struct PermissionsReply {
    #[expect(dead_code, reason = "only described")]
    ok: bool,
    #[expect(dead_code, reason = "only described")]
    permissions: PermissionsBody,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct MigrationStarted {
    #[expect(dead_code, reason = "only described")]
    ok: bool,
    #[expect(dead_code, reason = "only described")]
    migration_id: String,
}

#[derive(OpenApi)]
#[openapi(paths(
    super::structure,
    super::delete_all,
    attributes::property,
    attributes::relation,
    attributes::mirror,
    permissions::read,
    permissions::patch,
))]
struct Document;

/// What this noun adds to the document.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
