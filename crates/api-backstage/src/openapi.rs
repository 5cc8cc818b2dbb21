//! The description of this dialect's routes, and the types that only the description needs.
//!
//! Handlers read requests with their own checks, for the texts of refusals are part of the contract, and
//! write entities as stored bytes; so nothing here is ever made.
#![allow(dead_code)]

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoParams, Modify, OpenApi, ToSchema};

use crate::{
    analyze, ancestry, auth, by_query, by_refs, conditions, cookie, entities, events, facets, locations,
    notifications, permission, refresh, scaffolder, search, signals, tech_insights, unprocessed,
    user_settings, validate,
};

/// An entity: `apiVersion`, `kind`, `metadata`, `spec`, `relations`; less when `fields` is given.
#[derive(ToSchema)]
#[schema(value_type = Object)]
pub(crate) struct EntityDocument(Value);

/// A page.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct EntitiesPage {
    items: Vec<EntityDocument>,
    /// Counted on the first page; 0 when that was not wished.
    total_items: u64,
    page_info: PageInfo,
}

/// Where to go from here. Cursors are good for GET and POST.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    prev_cursor: Option<String>,
}

impl PageInfo {
    /// Of a list that is walked forwards only.
    pub(crate) fn forward(next_cursor: Option<String>) -> Self {
        Self { next_cursor, prev_cursor: None }
    }
}

/// As many items as references were given, in their order.
#[derive(ToSchema)]
pub(crate) struct EntitiesByRefs {
    items: Vec<Option<EntityDocument>>,
}

/// Values and counts, by facet.
#[derive(ToSchema)]
pub(crate) struct FacetsAnswer {
    facets: BTreeMap<String, Vec<FacetCount>>,
}

/// One value of a facet.
#[derive(ToSchema)]
pub(crate) struct FacetCount {
    value: String,
    /// Entities that have it.
    count: u64,
}

/// Why a request was refused.
#[derive(ToSchema)]
pub(crate) struct Refusal {
    error: RefusalError,
    request: RefusalRequest,
    response: RefusalResponse,
}

#[derive(ToSchema)]
struct RefusalError {
    /// `InputError`, `NotFoundError`, ...
    name: String,
    message: String,
}

#[derive(ToSchema)]
struct RefusalRequest {
    method: String,
    /// Relative to `/api/catalog`.
    url: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct RefusalResponse {
    status_code: u16,
}

/// A predicate query: `{path: value}`, `{path: {$exists|$in|$hasPrefix|$contains: ...}}`, `{$all: [...]}`,
/// `{$any: [...]}`, `{$not: ...}`.
#[derive(ToSchema)]
#[schema(value_type = Object)]
struct Predicate(Value);

/// A search for a page of entities.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ByQueryBody {
    #[schema(nullable = false)]
    query: Option<Predicate>,
    /// Wins over everything but `limit` and `fields`.
    #[schema(nullable = false)]
    cursor: Option<String>,
    #[schema(nullable = false, minimum = 0, default = 200)]
    limit: Option<u64>,
    #[schema(nullable = false, minimum = 0)]
    offset: Option<u64>,
    #[schema(nullable = false)]
    order_by: Option<Vec<OrderBy>>,
    #[schema(nullable = false)]
    full_text_filter: Option<FullTextFilter>,
    #[schema(nullable = false)]
    fields: Option<Vec<String>>,
    #[schema(nullable = false)]
    total_items: Option<TotalItems>,
}

#[derive(ToSchema)]
struct OrderBy {
    field: String,
    order: Order,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum Order {
    Asc,
    Desc,
}

#[derive(ToSchema)]
struct FullTextFilter {
    #[schema(nullable = false)]
    term: Option<String>,
    #[schema(nullable = false)]
    fields: Option<Vec<String>>,
}

/// Whether to count.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum TotalItems {
    Include,
    Exclude,
}

/// References and what to tell of them.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ByRefsBody {
    /// Lower-case.
    entity_refs: Vec<String>,
    #[schema(nullable = false)]
    fields: Option<Vec<String>>,
    #[schema(nullable = false)]
    query: Option<Predicate>,
}

/// Facets and among which entities to count them.
#[derive(ToSchema)]
pub(crate) struct FacetsBody {
    facets: Vec<String>,
    #[schema(nullable = false)]
    query: Option<Predicate>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FilterParams {
    /// Conditions `key`, `key=` or `key=value`, joined by commas; repeated sets are alternatives.
    filter: Option<Vec<String>>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Conditions `key`, `key=` or `key=value`, joined by commas; repeated sets are alternatives.
    filter: Option<Vec<String>>,
    /// Dotted paths of what to keep of each entity.
    #[param(style = Form, explode = false)]
    fields: Option<Vec<String>>,
    /// `asc:<field>` or `desc:<field>`.
    order: Option<Vec<String>>,
    #[param(minimum = 1)]
    limit: Option<u64>,
    #[param(minimum = 0)]
    offset: Option<u64>,
    /// From the header `Link`.
    #[param(min_length = 1)]
    after: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct ByQueryParams {
    /// Conditions `key`, `key=` or `key=value`, joined by commas; repeated sets are alternatives.
    filter: Option<Vec<String>>,
    /// Dotted paths of what to keep of each entity.
    #[param(style = Form, explode = false)]
    fields: Option<Vec<String>>,
    /// `<field>`, `<field>,asc` or `<field>,desc`. Entities that lack the field are left out.
    order_field: Option<Vec<String>>,
    /// 0 only counts.
    #[param(minimum = 0)]
    limit: Option<u64>,
    #[param(minimum = 0)]
    offset: Option<u64>,
    /// From `pageInfo`; wins over everything but `limit` and `fields`.
    #[param(min_length = 1)]
    cursor: Option<String>,
    #[param(inline)]
    total_items: Option<TotalItems>,
    /// A text to look for in single fields.
    full_text_filter_term: Option<String>,
    /// Which fields; the sort field, else the uid, by default.
    #[param(style = Form, explode = false)]
    full_text_filter_fields: Option<Vec<String>>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FacetParams {
    /// Paths such as `kind`, `metadata.tags` or `relations.ownedBy`.
    facet: Vec<String>,
    /// Conditions `key`, `key=` or `key=value`, joined by commas; repeated sets are alternatives.
    filter: Option<Vec<String>>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Stagedoor, Backstage dialect", description = "The catalog as Backstage's clients expect it."),
    paths(
        entities::list,
        entities::by_name,
        entities::by_uid,
        entities::delete_by_uid,
        ancestry::get,
        refresh::post,
        validate::post,
        unprocessed::failed,
        unprocessed::pending,
        unprocessed::delete,
        locations::list,
        locations::create,
        locations::by_query::post,
        locations::get,
        locations::update,
        locations::delete,
        locations::by_entity,
        analyze::post,
        conditions::post,
        events::receive,
        by_query::get,
        by_query::post,
        by_refs::post,
        facets::get,
        facets::post,
        permission::authorize,
        permission::health,
        permission::metadata,
        auth::refresh,
        auth::refresh_posted,
        auth::userinfo,
        auth::key_set,
        auth::openid_configuration,
        cookie::issue,
        cookie::clear,
        user_settings::read,
        user_settings::write,
        user_settings::delete,
        user_settings::read_many,
        search::query,
        notifications::list,
        notifications::read,
        notifications::status,
        notifications::topics,
        notifications::settings,
        notifications::write_settings,
        notifications::update,
        notifications::send,
        signals::open,
        permission::scaffolder_metadata,
        scaffolder::templates::parameter_schema,
        scaffolder::templates::actions,
        scaffolder::templates::extensions,
        scaffolder::tasks::create,
        scaffolder::tasks::list,
        scaffolder::tasks::one,
        scaffolder::tasks::cancel,
        scaffolder::tasks::retry,
        scaffolder::events::list,
        scaffolder::events::stream,
        scaffolder::dry_run::post,
        scaffolder::autocomplete::post,
        tech_insights::checks,
        tech_insights::run_one,
        tech_insights::run,
        tech_insights::schemas,
        tech_insights::latest,
        tech_insights::range,
    ),
    modifiers(&Bearer, &Everywhere),
    security(("token" = [])),
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

struct Everywhere;

impl Modify for Everywhere {
    /// Every operation may be asked too often.
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for item in document.paths.paths.values_mut() {
            let all = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
            for operation in all.into_iter().flatten() {
                let refusal = Content::new(Some(Ref::from_schema_name("Refusal")));
                let description = "Too many requests; `Retry-After` says when to come again";
                let response = ResponseBuilder::new().description(description);
                let response = RefOr::T(response.content("application/json", refusal).build());
                operation.responses.responses.entry("429".into()).or_insert(response);
            }
        }
    }
}

/// The description of every route of this dialect.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn every_route_is_described() {
        let document = serde_json::to_value(super::openapi()).unwrap();
        let Value::Object(paths) = &document["paths"] else { unreachable!("paths are an object") };
        let mut routes: Vec<String> = paths
            .iter()
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().keys().map(move |method| format!("{method} {path}"))
            })
            .collect();
        let mut ids: Vec<&Value> =
            paths.values().flat_map(|m| m.as_object().unwrap().values()).map(|o| &o["operationId"]).collect();
        ids.sort_by_key(|id| id.as_str());
        ids.dedup();
        assert_eq!(ids.len(), routes.len(), "operation ids are unique");
        routes.sort();
        assert_eq!(
            routes,
            [
                "delete /api/app/.backstage/auth/v1/cookie",
                "delete /api/catalog/entities/by-uid/{uid}",
                "delete /api/catalog/entities/unprocessed/delete/{id}",
                "delete /api/catalog/locations/{id}",
                "delete /api/user-settings/buckets/{bucket}/keys/{key}",
                "get /api/app/.backstage/auth/v1/cookie",
                "get /api/auth/.well-known/jwks.json",
                "get /api/auth/.well-known/openid-configuration",
                "get /api/auth/guest/refresh",
                "get /api/auth/v1/userinfo",
                "get /api/catalog/.well-known/backstage/permissions/metadata",
                "get /api/catalog/entities",
                "get /api/catalog/entities/by-name/{kind}/{namespace}/{name}",
                "get /api/catalog/entities/by-name/{kind}/{namespace}/{name}/ancestry",
                "get /api/catalog/entities/by-query",
                "get /api/catalog/entities/by-uid/{uid}",
                "get /api/catalog/entities/unprocessed/failed",
                "get /api/catalog/entities/unprocessed/pending",
                "get /api/catalog/entity-facets",
                "get /api/catalog/locations",
                "get /api/catalog/locations/by-entity/{kind}/{namespace}/{name}",
                "get /api/catalog/locations/{id}",
                "get /api/notifications/notifications",
                "get /api/notifications/notifications/{id}",
                "get /api/notifications/settings",
                "get /api/notifications/status",
                "get /api/notifications/topics",
                "get /api/permission/health",
                "get /api/scaffolder/.well-known/backstage/permissions/metadata",
                "get /api/scaffolder/v2/actions",
                "get /api/scaffolder/v2/tasks",
                "get /api/scaffolder/v2/tasks/{id}",
                "get /api/scaffolder/v2/tasks/{id}/events",
                "get /api/scaffolder/v2/tasks/{id}/eventstream",
                "get /api/scaffolder/v2/templates/{namespace}/{kind}/{name}/parameter-schema",
                "get /api/scaffolder/v2/templating-extensions",
                "get /api/search/query",
                "get /api/signals",
                "get /api/tech-insights/checks",
                "get /api/tech-insights/fact-schemas",
                "get /api/tech-insights/facts/latest",
                "get /api/tech-insights/facts/range",
                "get /api/user-settings/buckets/{bucket}/keys/{key}",
                "post /api/auth/guest/refresh",
                "post /api/catalog/.well-known/backstage/permissions/apply-conditions",
                "post /api/catalog/analyze-location",
                "post /api/catalog/entities/by-query",
                "post /api/catalog/entities/by-refs",
                "post /api/catalog/entity-facets",
                "post /api/catalog/locations",
                "post /api/catalog/locations/by-query",
                "post /api/catalog/refresh",
                "post /api/catalog/validate-entity",
                "post /api/events/http/{topic}",
                "post /api/notifications/notifications",
                "post /api/notifications/notifications/update",
                "post /api/notifications/settings",
                "post /api/permission/authorize",
                "post /api/scaffolder/v2/autocomplete/{provider}/{resource}",
                "post /api/scaffolder/v2/dry-run",
                "post /api/scaffolder/v2/tasks",
                "post /api/scaffolder/v2/tasks/{id}/cancel",
                "post /api/scaffolder/v2/tasks/{id}/retry",
                "post /api/tech-insights/checks/run",
                "post /api/tech-insights/checks/run/{namespace}/{kind}/{name}",
                "post /api/user-settings/multiget",
                "put /api/catalog/locations/{id}",
                "put /api/user-settings/buckets/{bucket}/keys/{key}",
            ]
        );
        assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
        assert_eq!(document["components"]["schemas"]["EntitiesPage"]["required"][1], "totalItems");
    }
}
