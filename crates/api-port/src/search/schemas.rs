//! The bodies of searches as the description has them. They are read by hand: nothing here is ever made.
#![allow(dead_code, reason = "these types are only described")]

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::openapi::Entity;

/// Rules, joined. No rules match everything.
#[derive(ToSchema)]
pub(crate) struct Query {
    combinator: Combinator,
    #[schema(max_items = 1000)]
    rules: Vec<RuleOrQuery>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Combinator {
    And,
    Or,
}

#[derive(ToSchema)]
#[schema(no_recursion)]
#[serde(untagged)]
pub(crate) enum RuleOrQuery {
    Rule(Box<Rule>),
    Query(Box<Query>),
}

/// One condition, on `property`, `relation` or `propertySchema`; or one of `relatedTo`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Rule {
    /// Key of a property or relation, or `$identifier`, `$title`, `$blueprint`, `$team`, `$icon`, `$createdAt`,
    /// `$updatedAt`, `$createdBy`, `$updatedBy`, `$datasource`; `{context, property}` of the caller; `{path, fromBlueprint}`
    /// for `matchAny`.
    property: Option<Value>,
    /// Key of a relation whose other end is looked at.
    relation: Option<String>,
    /// What of the other end; `$identifier` where absent.
    target_property: Option<String>,
    /// `{type, format, items}`: every property of this schema.
    property_schema: Option<Value>,
    /// How the two are compared.
    #[schema(
        pattern = "^(=|!=|>|>=|<|<=|contains|doesNotContains|beginsWith|doesNotBeginsWith|endsWith|doesNotEndsWith|in|notIn|containsAny|isEmpty|isNotEmpty|between|notBetween|isExpired|isNotExpired|relatedTo|matchAny)$"
    )]
    operator: String,
    /// What the operator takes: a scalar, a list, `{from, to}`, `{preset}` or `{context, property}`.
    value: Option<Value>,
    /// For `relatedTo`: blueprint of the entities that `value` names.
    blueprint: Option<String>,
    /// For `relatedTo`: `upstream` or `downstream`; both where absent.
    #[schema(pattern = "^(upstream|downstream)$")]
    direction: Option<String>,
    /// For `relatedTo`: only over relations that are required, or only over the others.
    required: Option<bool>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SearchReply {
    ok: bool,
    /// Blueprints of the entities found.
    matching_blueprints: Vec<String>,
    /// Blueprints that were not searched to the end; only with `allow_partial_results`.
    #[schema(nullable = false)]
    failed_blueprints: Option<Vec<String>>,
    entities: Vec<Entity>,
}

#[derive(ToSchema)]
pub(crate) struct SearchBody {
    query: Option<Query>,
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    /// 200 where absent.
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// The `next` of the page before.
    from: Option<String>,
}

/// What only a search of all blueprints takes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartialParameters {
    /// Answer with what was found in time, and list the other blueprints in `failedBlueprints`.
    #[param(nullable = false)]
    allow_partial_results: Option<bool>,
}

#[derive(ToSchema)]
pub(crate) struct CountBody {
    query: Option<Query>,
}

/// A search in any order.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct TopBody {
    query: Option<Query>,
    /// Only these entities.
    identifiers: Option<Vec<String>>,
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    /// 200 where absent.
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// The `next` of the page before, of the same search.
    from: Option<String>,
    /// By identifier where absent.
    #[schema(max_items = 10)]
    sort: Option<Vec<SortBy>>,
    group_by: Option<Addressed>,
    group_sort: Option<GroupSort>,
    /// Only `count` and `groups`, no entities.
    count_only: Option<bool>,
}

/// A property, or one of the entities at the other end of a relation.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Addressed {
    property: Option<String>,
    relation: Option<String>,
    /// `$identifier` where absent.
    target_property: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct SortBy {
    #[schema(inline)]
    #[serde(flatten)]
    by: Addressed,
    order: Option<Direction>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Direction {
    Asc,
    Desc,
}

#[derive(ToSchema)]
pub(crate) struct GroupSort {
    /// `count` or `value`.
    #[schema(pattern = "^(count|value)$")]
    by: Option<String>,
    order: Option<Direction>,
}

#[derive(ToSchema)]
pub(crate) struct TopReply {
    ok: bool,
    entities: Vec<Entity>,
    /// Absent on the last page.
    #[schema(nullable = false)]
    next: Option<String>,
    /// With `groupBy`.
    #[schema(nullable = false)]
    groups: Option<Vec<Group>>,
    /// With `countOnly`.
    #[schema(nullable = false)]
    count: Option<u64>,
}

/// A value and how many entities have it; null for those that have none.
#[derive(ToSchema)]
pub(crate) struct Group {
    value: Value,
    count: u64,
}

/// What to compute.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct AggregateBody {
    /// `count`, `average`, `sum`, `min`, `max`, `median` or `countValues`.
    #[schema(pattern = "^(count|average|sum|min|max|median|countValues)$")]
    func: String,
    query: Option<Query>,
    property: Option<String>,
    /// For `countValues`.
    relation: Option<String>,
    /// `entities` or `property`.
    #[schema(pattern = "^(entities|property)$")]
    calculation_by: Option<String>,
    /// `hour`, `day`, `week`, `month` or `total`.
    #[schema(pattern = "^(hour|day|week|month|total)$")]
    average_of: Option<String>,
    /// A date-time property; `$createdAt` where absent.
    measure_time_by: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct AggregateReply {
    ok: bool,
    /// A number, null, or counts by value.
    result: Value,
}

/// A range of time.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct TimeRange {
    /// As in search rules: `lastWeek`, `last3Months`, ...
    #[schema(
        pattern = "^(today|yesterday|last(Day|Week|2Weeks|Month|3Months|6Months|12Months|2Years|3Years))$"
    )]
    preset: String,
    /// A name of the IANA database or an offset; UTC where absent.
    time_zone: Option<String>,
}

/// A series to compute.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct OverTimeBody {
    blueprint: String,
    time_range: TimeRange,
    /// `hour`, `day`, `isoWeek`, `month` or `quarter`.
    #[schema(pattern = "^(hour|day|isoWeek|month|quarter)$")]
    time_interval: String,
    query: Option<Query>,
    /// A date-time property; `$createdAt` where absent.
    measure_time_by: Option<String>,
    /// `countEntities` or `aggregatePropertiesValues`.
    #[schema(pattern = "^(countEntities|aggregatePropertiesValues)$")]
    aggregation_type: String,
    /// `count` or `average` of entities; `average`, `sum`, `min`, `max`, `median` or `last` of properties.
    #[schema(pattern = "^(count|average|sum|min|max|median|last)$")]
    func: Option<String>,
    /// Of entities: counts by this property's values.
    breakdown_property: Option<String>,
    /// Of properties: which.
    #[schema(min_items = 1, max_items = 20)]
    properties: Option<Vec<String>>,
}

/// A property's past to tell.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct HistoryBody {
    blueprint_identifier: String,
    entity_identifier: String,
    #[schema(min_items = 1, max_items = 20)]
    property_names: Vec<String>,
    /// The last month where absent.
    time_range: Option<TimeRange>,
    /// A day where absent.
    #[schema(pattern = "^(hour|day|isoWeek|month|quarter)$")]
    time_interval: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct SeriesReply {
    ok: bool,
    result: Points,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Points {
    min_date: String,
    max_date: String,
    data: Vec<Point>,
}

/// An interval by its beginning.
#[derive(ToSchema)]
pub(crate) struct Point {
    date: String,
    /// By property; `count`, or one for each value of `breakdownProperty`, where entities are counted.
    values: BTreeMap<String, Value>,
}

#[derive(OpenApi)]
#[openapi(paths(
    super::count_found,
    super::top_search,
    super::aggregate,
    super::aggregate_over_time,
    super::properties_history,
))]
struct Document;

/// The description of the searches beyond the two of Port's own description.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
