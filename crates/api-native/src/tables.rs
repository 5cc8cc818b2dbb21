//! Table pages: rows, total and facet counts of one blueprint in one call.

mod field;
mod row;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_portal::{Scope, View};
use stagedoor_query::page::{Selection, Sort};
use stagedoor_query::{BlueprintEntry, Expr, Meta, NodeId, Scalar, Subject, Test};
use utoipa::ToSchema;

use self::field::{TableField, field};
pub(crate) use self::row::Row;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// Distinct values that a facet lists; the rest is counted in `more`.
const FACET_VALUES: usize = 100;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TableRequest {
    /// Identifier of the blueprint.
    blueprint: String,
    /// Substring of title, name, identifier, description or tag, without case.
    #[serde(default)]
    search: String,
    /// All must hold.
    #[serde(default)]
    filters: Vec<Filter>,
    /// By title when absent.
    sort: Option<SortRequest>,
    #[serde(default)]
    offset: usize,
    /// 1..1000, 50 when absent.
    limit: Option<usize>,
    /// Fields to count values of.
    #[serde(default)]
    facets: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// `title`, `identifier`, `team`, `properties.<key>`, `relations.<key>`, `createdAt` or `updatedAt`.
    field: String,
    /// Any of these; null means that the value is missing.
    values: Vec<Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SortRequest {
    field: String,
    order: SortOrder,
}

#[derive(Clone, Copy, Deserialize, PartialEq, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SortOrder {
    Asc,
    Desc,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Table {
    /// Rows that satisfy the filters, on all pages.
    total: u64,
    /// The commit that the page shows.
    revision: u64,
    rows: Vec<Row>,
    #[schema(value_type = std::collections::HashMap<String, Facet>)]
    facets: IndexMap<String, Facet>,
}

#[derive(Serialize, ToSchema)]
struct Facet {
    values: Vec<FacetValue>,
    /// Rows without a value.
    missing: u64,
    /// Further distinct values that are not listed.
    more: usize,
}

#[derive(Serialize, ToSchema)]
struct FacetValue {
    value: Value,
    title: String,
    count: u64,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/tables", post(tables))
}

/// One page of a blueprint's table.
#[utoipa::path(
    post, path = "/tables", request_body = TableRequest,
    responses(
        (status = 200, body = Table), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn tables(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<TableRequest>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<Table>, ApiError> {
    let Json(request) = body?;
    let view = api.portal.view(&viewer)?;
    let entry = view.blueprints().get(&request.blueprint);
    let entry = entry
        .ok_or_else(|| ApiError::not_found(format!("there is no blueprint \"{}\"", request.blueprint)))?;
    let selection = view.select(&expression(&request, entry)?, Scope::Everything);
    let nodes = page(&selection, &request, entry)?;
    let mut facets = IndexMap::new();
    for name in &request.facets {
        facets.insert(name.clone(), facet(&view, &selection, &field(entry, name)?));
    }
    let rows = nodes.into_iter().filter_map(|n| Row::of(&view, n)).collect();
    Ok(Json(Table { total: selection.len(), revision: view.revision(), rows, facets }))
}

fn expression(request: &TableRequest, entry: &BlueprintEntry) -> Result<Expr, ApiError> {
    let mut parts = vec![Expr::of_blueprint(&request.blueprint)];
    let text = request.search.trim().to_lowercase();
    if !text.is_empty() {
        let paths = [
            "metadata.title",
            "metadata.name",
            "metadata.description",
            "metadata.tags",
            "spec.profile.displayName",
        ];
        let contains = |path: &str| Expr::folded(Subject::Field(path.into()), Test::Contains(text.clone()));
        let identifier = Expr::folded(Subject::Meta(Meta::Identifier), Test::Contains(text.clone()));
        parts.push(Expr::Or(paths.into_iter().map(contains).chain([identifier]).collect()));
    }
    for filter in &request.filters {
        let subject = field(entry, &filter.field)?.subject;
        let mut any = Vec::new();
        let values: Vec<Scalar> = filter.values.iter().filter_map(Scalar::of).collect();
        if filter.values.iter().any(Value::is_null) {
            any.push(Expr::exact(subject.clone(), Test::Valued).negate());
        }
        any.push(Expr::exact(subject, Test::In(values)));
        parts.push(Expr::Or(any));
    }
    Ok(Expr::And(parts))
}

fn page(
    selection: &Selection<'_>,
    request: &TableRequest,
    entry: &BlueprintEntry,
) -> Result<Vec<NodeId>, ApiError> {
    let limit = request.limit.unwrap_or(50).clamp(1, 1000);
    let name = request.sort.as_ref().map_or("title", |s| s.field.as_str());
    let descending = request.sort.as_ref().is_some_and(|s| s.order == SortOrder::Desc);
    let sort = Sort { subject: field(entry, name)?.subject, descending };
    let mut seen = std::collections::HashSet::new();
    let sorted = selection.sorted(&sort, None).map(|s| s.node).filter(|n| seen.insert(*n));
    let mut nodes: Vec<NodeId> = sorted.skip(request.offset).take(limit).collect();
    if nodes.len() < limit {
        let sortable = selection.count_sortable(&sort.subject) as usize;
        let skip = request.offset.saturating_sub(sortable);
        nodes.extend(selection.unsortable(&sort.subject).into_iter().skip(skip).take(limit - nodes.len()));
    }
    Ok(nodes)
}

fn facet(view: &View, selection: &Selection<'_>, field: &TableField) -> Facet {
    let mut buckets = selection.facet(&field.subject);
    buckets.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.text.cmp(&b.value.text)));
    let more = buckets.len().saturating_sub(FACET_VALUES);
    let values = buckets.into_iter().take(FACET_VALUES).map(|b| FacetValue {
        title: field.title_of(view, &b.value.text),
        value: match (b.value.is_text, b.value.number, b.value.text.as_str()) {
            (false, Some(n), _) => serde_json::json!(n),
            (false, None, text) => Value::Bool(text == "true"),
            (true, _, text) => text.into(),
        },
        count: b.count,
    });
    Facet { values: values.collect(), missing: selection.missing(&field.subject), more }
}
