//! The description of this dialect's routes, and the types that only the description needs.
//!
//! Requests are checked by hand, for the texts of refusals are part of the contract, and entities are
//! written as the portal gives them; so nothing here is ever made.
#![allow(dead_code)]

mod everywhere;

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi, ToSchema};

use crate::search::schemas::Rule;
use crate::{auth, blueprints, bulk, datasource, entities, search};

/// A client id and its secret.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ClientCredentials {
    client_id: String,
    client_secret: String,
}

/// A token for `Authorization: Bearer`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct AccessToken {
    ok: bool,
    access_token: String,
    /// Seconds.
    expires_in: u64,
    #[schema(example = "Bearer")]
    token_type: String,
}

/// Why a request was refused.
#[derive(ToSchema)]
pub(crate) struct Refusal {
    /// Always false.
    ok: bool,
    /// A code in snake case: `not_found`, `invalid_request`, `identifier_taken`, ...
    error: String,
    /// For people; names the place.
    message: String,
    #[schema(nullable = false)]
    details: Option<BTreeMap<String, Value>>,
}

/// Nothing but success.
#[derive(ToSchema)]
pub(crate) struct Done {
    ok: bool,
}

/// A type of thing. Further keys are stored and returned.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct BlueprintBody {
    /// Letters of any script, digits and `@_.+:\/-`; not `.` or `..`.
    #[schema(min_length = 1, max_length = 100, pattern = r"^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/-]+$")]
    identifier: String,
    #[schema(min_length = 1, max_length = 100)]
    title: Option<String>,
    icon: Option<String>,
    #[schema(nullable = false)]
    schema: Option<PropertySchema>,
    #[schema(nullable = false)]
    relations: Option<BTreeMap<String, RelationBody>>,
    /// By key: `{path, title?}`, a value at the end of relations.
    #[schema(nullable = false)]
    mirror_properties: Option<BTreeMap<String, Value>>,
    /// By key: `{calculation, type, title?, ...}`, a JQ program over the entity.
    #[schema(nullable = false)]
    calculation_properties: Option<BTreeMap<String, Value>>,
    /// By key: `{target, calculationSpec, query?, pathFilter?, ...}`, over entities that lead here.
    #[schema(nullable = false)]
    aggregation_properties: Option<BTreeMap<String, Value>>,
}

/// The properties of a blueprint.
#[derive(ToSchema)]
pub(crate) struct PropertySchema {
    /// By key, each a JSON schema.
    #[schema(nullable = false)]
    properties: Option<BTreeMap<String, PropertyBody>>,
    /// Keys that every entity must have.
    #[schema(nullable = false)]
    required: Option<Vec<String>>,
}

/// A property: a JSON schema. Further keys are stored and returned.
#[derive(ToSchema)]
pub(crate) struct PropertyBody {
    #[schema(pattern = "^(string|number|boolean|object|array)$")]
    r#type: String,
    title: Option<String>,
    format: Option<String>,
}

/// A link to entities of another blueprint.
#[derive(ToSchema)]
pub(crate) struct RelationBody {
    title: Option<String>,
    /// Identifier of a blueprint.
    #[schema(min_length = 1)]
    target: String,
    /// Not together with `many`.
    required: Option<bool>,
    many: Option<bool>,
}

/// A blueprint as stored, with who and when.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Blueprint {
    #[schema(inline)]
    #[serde(flatten)]
    body: BlueprintBody,
    created_at: String,
    created_by: String,
    updated_at: String,
    updated_by: String,
}

#[derive(ToSchema)]
pub(crate) struct BlueprintReply {
    ok: bool,
    blueprint: Blueprint,
}

#[derive(ToSchema)]
pub(crate) struct BlueprintsReply {
    ok: bool,
    blueprints: Vec<Blueprint>,
}

/// One thing. Properties that the blueprint does not declare are kept.
#[derive(ToSchema)]
pub(crate) struct EntityBody {
    /// Made up where absent, except in a path's place. Other than the path's: renames. A search (`{combinator, rules}`)
    /// stands for the one entity that it finds.
    identifier: Option<Value>,
    title: Option<String>,
    icon: Option<String>,
    /// Identifiers of the owning teams; one may stand alone. Or a search.
    team: Option<Value>,
    #[schema(nullable = false)]
    properties: Option<BTreeMap<String, Value>>,
    /// By key: the identifier of the other end, a list of them, null, or a search.
    #[schema(nullable = false)]
    relations: Option<BTreeMap<String, Value>>,
}

/// An entity; less where `include` or `exclude` say so.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Entity {
    #[schema(nullable = false)]
    identifier: Option<String>,
    title: Option<String>,
    icon: Option<String>,
    #[schema(nullable = false)]
    blueprint: Option<String>,
    #[schema(nullable = false)]
    team: Option<Vec<String>>,
    #[schema(nullable = false)]
    properties: Option<BTreeMap<String, Value>>,
    #[schema(nullable = false)]
    relations: Option<BTreeMap<String, Value>>,
    #[schema(nullable = false)]
    created_at: Option<String>,
    #[schema(nullable = false)]
    created_by: Option<String>,
    #[schema(nullable = false)]
    updated_at: Option<String>,
    #[schema(nullable = false)]
    updated_by: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct EntityReply {
    ok: bool,
    entity: Entity,
    /// Of a new service account: `credentials` with `clientId` and `clientSecret`, which is shown this once.
    #[serde(rename = "additionalData")]
    #[schema(nullable = false)]
    additional_data: Option<BTreeMap<String, Value>>,
}

#[derive(ToSchema)]
pub(crate) struct EntitiesReply {
    ok: bool,
    entities: Vec<Entity>,
}

#[derive(ToSchema)]
pub(crate) struct Count {
    ok: bool,
    count: u64,
}

#[derive(ToSchema)]
pub(crate) struct BulkBody {
    #[schema(min_items = 1, max_items = 20)]
    entities: Vec<EntityBody>,
}

#[derive(ToSchema)]
pub(crate) struct BulkReply {
    /// Whether none was refused.
    ok: bool,
    entities: Vec<BulkWritten>,
    errors: Vec<BulkRefusal>,
}

/// An entity that was written.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct BulkWritten {
    identifier: String,
    /// Its place in the request.
    index: usize,
    created: bool,
    /// Of a new service account: `credentials` with `clientId` and `clientSecret`, which is shown this once.
    #[schema(nullable = false)]
    additional_data: Option<BTreeMap<String, Value>>,
}

/// An entity that was refused.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct BulkRefusal {
    /// `unknown` where the request had none.
    identifier: String,
    /// Its place in the request.
    index: usize,
    status_code: u16,
    error: String,
    message: String,
}

#[derive(ToSchema)]
pub(crate) struct DeleteBody {
    /// Identifiers.
    #[schema(min_items = 1, max_items = 100)]
    entities: Vec<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct DeletedReply {
    ok: bool,
    /// Those of the request that are gone, in its order.
    deleted_entities: Vec<String>,
}

/// Which entities of a data source are wanted. The data source of an entity is the `User-Agent` of its last writer.
#[derive(ToSchema)]
pub(crate) struct DatasourceBody {
    /// What it begins with.
    #[schema(nullable = false)]
    datasource_prefix: Option<String>,
    /// What it ends with.
    #[schema(nullable = false)]
    datasource_suffix: Option<String>,
    /// 5000 where absent.
    #[schema(minimum = 1, maximum = 5000)]
    limit: Option<u64>,
    /// Only entities that have not changed since this time.
    before: Option<String>,
    /// The `next` of the page before.
    from: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct PageReply {
    ok: bool,
    entities: Vec<Entity>,
    /// Absent on the last page.
    #[schema(nullable = false)]
    next: Option<String>,
}

/// How much of each entity is wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReadParameters {
    /// Only these: `identifier`, `$title`, `properties.url`, `relations.owner`, or a bare key. Repeated, or joined by commas.
    #[param(nullable = false)]
    include: Option<Vec<String>>,
    /// All but these.
    #[param(nullable = false)]
    exclude: Option<Vec<String>>,
    /// Relations as `{identifier, title}`.
    #[param(nullable = false)]
    attach_title_to_relation: Option<bool>,
    /// Mirrors of `$title` as `{identifier, title}`.
    #[param(nullable = false)]
    attach_identifier_to_title_mirror_properties: Option<bool>,
    /// Without mirror, calculation and aggregation properties.
    #[param(nullable = false)]
    exclude_calculated_properties: Option<bool>,
}

/// What all writes take.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WriteParameters {
    /// Check everything, write nothing.
    #[param(nullable = false)]
    validation_only: Option<bool>,
    /// Make related entities that do not exist.
    #[param(nullable = false)]
    create_missing_related_entities: Option<bool>,
    /// The run for which it is done, while that is under way: the audit log names it. Any other is ignored.
    #[param(nullable = false)]
    run_id: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Stagedoor: Port's dialect", description = "Blueprints and entities as Port's clients know them."),
    servers((url = "/v1")),
    paths(
        auth::access_token,
        blueprints::list,
        blueprints::create,
        blueprints::read,
        blueprints::replace,
        blueprints::patch,
        blueprints::delete,
        entities::list,
        entities::create,
        entities::count,
        search::of_blueprint,
        bulk::write,
        bulk::delete,
        datasource::list,
        entities::read,
        entities::replace,
        entities::patch,
        entities::delete,
        search::everywhere,
    ),
    // Not found by itself: the schema of queries refers to itself through it.
    components(schemas(Rule)),
    security(("token" = [])),
    modifiers(&Token),
)]
struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// The OpenAPI document of this dialect.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    for part in parts() {
        document.merge(part);
    }
    everywhere::complete(&mut document);
    document
}

/// What nouns describe themselves.
fn parts() -> [utoipa::openapi::OpenApi; 17] {
    [
        crate::apps::openapi(),
        crate::audit::openapi(),
        crate::secrets::openapi(),
        crate::blueprints::openapi(),
        crate::integrations::openapi(),
        crate::migrations::openapi(),
        search::schemas::openapi(),
        crate::organization::openapi(),
        crate::actions::openapi(),
        crate::runs::openapi(),
        crate::scorecards::openapi(),
        crate::workflows::openapi(),
        crate::pages::openapi(),
        crate::sidebars::openapi(),
        crate::permissions::openapi(),
        crate::teams::openapi(),
        crate::users::openapi(),
    ]
}

#[cfg(test)]
mod tests;
