//! What the widgets of a page show, all of them in one call. Each is answered by its key, for itself: one that cannot be
//! evaluated says so and does not touch its neighbours. Everything is read from one snapshot, as the caller may see it.

mod ask;
mod computed;
mod fill;
mod line;
mod lists;
mod number;
mod slices;
pub(crate) mod tables;

use std::time::{Duration, Instant};

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::routing::post;
use axum::{Json, Router};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stagedoor_auth::Viewer;
use stagedoor_portal::{Page, PortalError, placed};
use stagedoor_query::budget;
use utoipa::ToSchema;

use self::ask::Ask;
use self::tables::Table;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::link::Link;

/// Widgets that are evaluated in one call; more say that they were not.
const MOST: usize = 100;
/// All widgets of a call together take no longer; what is left then says so.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(5);

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WidgetsRequest {
    /// A stored page; its widgets are evaluated unless `widgets` are given.
    page: Option<String>,
    /// Widgets as a page has them: a preview.
    #[schema(value_type = Option<Vec<Object>>)]
    widgets: Option<Vec<Value>>,
    /// The entity that the page is about.
    entity: Option<WidgetsEntity>,
    /// Further rules that all widgets are held to: chosen page filters, each `{combinator, rules}`.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    filters: Vec<Value>,
    /// Identifiers of the page's own filters that are switched on.
    #[serde(default)]
    chosen: Vec<String>,
    /// What `{{url.<name>}}` stands for.
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    url: IndexMap<String, String>,
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WidgetsEntity {
    blueprint: String,
    identifier: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WidgetsReply {
    /// As Port's API answers it; null for a preview.
    #[schema(value_type = Option<Object>)]
    page: Option<Value>,
    /// Whether the caller may change the page.
    may_change: bool,
    /// The commit that the answer shows.
    revision: u64,
    /// By the widget's `id`, or its way through the page, `0/widgets/2`.
    #[schema(value_type = std::collections::HashMap<String, WidgetData>)]
    widgets: IndexMap<String, WidgetData>,
}

/// What a widget shows.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum WidgetData {
    /// It holds other widgets, or has all that it shows.
    Plain,
    Number(Number),
    Slices(Slices),
    Lines(Lines),
    Table(Table),
    /// Entities, newest or last first.
    Entities(Entities),
    Entity(OneEntity),
    Text(Text),
    Links(Links),
    Frame(Frame),
    Changes(Changes),
    /// There is nothing for it to show here yet: why.
    Later(Note),
    /// A type that is not known.
    Unknown,
    /// It cannot be evaluated: why.
    Failed(Note),
}

/// One number, or the value of one property.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetNumber)]
struct Number {
    /// Null where there is none: the least of nothing.
    #[schema(value_type = Option<f64>)]
    value: Value,
    /// A value that is no number.
    text: Option<String>,
    /// Entities that it is made of.
    total: u64,
    #[serde(flatten)]
    drill: Drill,
}

/// Where the entities behind a figure are listed.
#[derive(Clone, Default, Serialize, ToSchema)]
#[schema(as = WidgetDrill)]
struct Drill {
    /// The one blueprint that they are of, if it is one.
    blueprint: Option<String>,
    /// In the query language; null where there is no list.
    query: Option<String>,
}

/// Counts by value, the most frequent first.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetSlices)]
struct Slices {
    slices: Vec<Slice>,
    /// Entities whose value is not listed.
    others: u64,
    /// Values that are not listed.
    more: usize,
    /// Entities in all.
    total: u64,
    /// Title of what the values are of.
    property: String,
    #[serde(flatten)]
    drill: Drill,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WidgetSlice)]
struct Slice {
    /// Null: those without a value.
    value: Option<String>,
    title: String,
    count: u64,
    /// Of the property's own colours, if it has them.
    color: Option<String>,
    query: Option<String>,
}

/// Values over time.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetLines)]
struct Lines {
    /// Starts of the intervals.
    dates: Vec<String>,
    /// `hour`, `day`, `isoWeek`, `month` or `quarter`.
    interval: String,
    lines: Vec<Line>,
    /// Lines that are not among them.
    more: usize,
    #[serde(flatten)]
    drill: Drill,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WidgetLine)]
struct Line {
    title: String,
    /// One for each interval; null where there is none.
    values: Vec<Option<f64>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WidgetEntities)]
struct Entities {
    /// How many there are.
    total: u64,
    entities: Vec<Link>,
    #[serde(flatten)]
    drill: Drill,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WidgetOneEntity)]
struct OneEntity {
    entity: Link,
    team: Vec<String>,
    /// What it says of itself, in the order wanted.
    fields: Vec<EntityField>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WidgetEntityField)]
struct EntityField {
    field: String,
    title: String,
    value: Value,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WidgetText)]
struct Text {
    markdown: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WidgetLinks)]
struct Links {
    links: Vec<WidgetLink>,
}

#[derive(Serialize, ToSchema)]
struct WidgetLink {
    title: String,
    url: String,
    description: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WidgetFrame)]
struct Frame {
    url: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WidgetChanges)]
struct Changes {
    changes: Vec<WidgetChange>,
}

/// An entity that has changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WidgetChange {
    entity: Link,
    at: String,
    by: String,
    /// It has not changed since it was made.
    is_new: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WidgetNote)]
struct Note {
    message: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/widgets/data", post(data))
}

/// What the widgets of a page show.
#[utoipa::path(
    post, path = "/widgets/data", request_body = WidgetsRequest,
    responses(
        (status = 200, body = WidgetsReply), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn data(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<WidgetsRequest>, JsonRejection>,
) -> Result<Json<WidgetsReply>, ApiError> {
    let Json(request) = body?;
    Ok(Json(reply(&api, &viewer, request).await?))
}

/// A stored page and what its widgets show.
pub(crate) async fn of_page(api: &Api, viewer: &Viewer, page: &str) -> Result<WidgetsReply, ApiError> {
    reply(api, viewer, WidgetsRequest { page: Some(page.to_owned()), ..WidgetsRequest::default() }).await
}

async fn reply(api: &Api, viewer: &Viewer, request: WidgetsRequest) -> Result<WidgetsReply, ApiError> {
    let page = match &request.page {
        Some(identifier) => Some(api.portal.page(viewer, identifier)?),
        None => None,
    };
    let widgets = match (&request.widgets, &page) {
        (Some(widgets), _) => widgets.clone(),
        (None, Some(page)) => page.widgets().to_vec(),
        (None, None) => return Err(ApiError::invalid("give a page, or widgets")),
    };
    let may_change = page.as_ref().is_some_and(|page| api.portal.could_change_page(viewer, page));
    let view = api.portal.view(viewer)?;
    let shown = page.as_ref().map(|page| page.to_port(false));
    let histories = line::histories(api, viewer, &view, &request, page.as_ref(), &widgets).await;
    let viewed = match needs(&widgets, "recently-viewed-entities") {
        true => api.portal.viewed(viewer).await?,
        false => Vec::new(),
    };
    let (revision, portal) = (view.revision(), api.portal.clone());
    let work = move || {
        let call = computed::Call { portal: &portal, view: &view, request: &request, page: page.as_ref() };
        evaluate(&call, &widgets, &histories, &viewed)
    };
    let widgets = tokio::task::spawn_blocking(work).await;
    let widgets = widgets.map_err(|error| PortalError::Internal(error.to_string()))?;
    Ok(WidgetsReply { page: shown, may_change, revision, widgets })
}

fn needs(widgets: &[Value], kind: &str) -> bool {
    placed(widgets).iter().any(|(_, widget)| kind_of(widget) == kind)
}

fn kind_of(widget: &Value) -> &str {
    widget.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn evaluate(
    call: &computed::Call<'_>,
    widgets: &[Value],
    histories: &line::Histories,
    viewed: &[stagedoor_portal::Viewed],
) -> IndexMap<String, WidgetData> {
    let end = Instant::now() + TIME_LIMIT;
    let ask = &Ask::new(call.view, call.request, call.page);
    let failed = |message: &str| WidgetData::Failed(Note { message: message.to_owned() });
    let mut answers = IndexMap::new();
    for (at, (key, widget)) in placed(widgets).into_iter().enumerate() {
        let answer = if at >= MOST {
            failed("this page has too many widgets for one answer")
        } else if Instant::now() >= end {
            failed("the widgets before this one took too long")
        } else {
            let none = Map::new();
            let map = widget.as_object().unwrap_or(&none);
            let one = || match kind_of(widget) {
                "line-chart" => line::answer(ask, map, histories.get(&key)),
                "recently-viewed-entities" => Ok(lists::viewed(ask, viewed)),
                kind => computed::answer(call, ask, kind, map).unwrap_or_else(|| one(ask, kind, map)),
            };
            match budget::limited(move || Instant::now() >= end, one) {
                Ok(Ok(data)) => data,
                Ok(Err(message)) => WidgetData::Failed(Note { message }),
                Err(_) => failed("this took too long and was stopped: narrow it down"),
            }
        };
        answers.insert(key, answer);
    }
    answers
}

/// What a widget shows, or why it cannot. A new type is a line here.
fn one(ask: &Ask<'_>, kind: &str, widget: &Map<String, Value>) -> Result<WidgetData, String> {
    let later = |message: &str| Ok(WidgetData::Later(Note { message: message.to_owned() }));
    match kind {
        "dashboard-widget" | "grouper" => Ok(WidgetData::Plain),
        "entities-number-chart" => number::answer(ask, widget),
        "entities-pie-chart" => slices::answer(ask, widget, 14),
        "bar-chart" => slices::answer(ask, widget, 9),
        "table-entities-explorer" | "graph-entities-explorer" => tables::answer(ask, widget),
        "entity-info" | "entity-details" => lists::entity(ask, widget),
        "table-entities-explorer-by-direction" => tables::related(ask),
        "my-entities" => lists::mine(ask),
        "table-audit-log" => Ok(lists::changes(ask)),
        "markdown" => lists::markdown(ask, widget),
        "links-widget" => lists::links(ask, widget),
        "iframe-widget" => lists::frame(ask, widget),
        "users-table" => lists::system(ask, "_user"),
        "teams-table" => lists::system(ask, "_team"),
        "user-info" => lists::known(ask, "_user", widget, "user_email"),
        "team-info" => lists::known(ask, "_team", widget, "team_name"),
        "action-card-widget"
        | "action-runs-table-widget"
        | "recently-used-actions"
        | "run-info"
        | "runs-table"
        | "workflow-runs-history-table" => later("there are no actions here yet"),
        "ai-agent" => later("there are no agents here"),
        _ => Ok(WidgetData::Unknown),
    }
}

/// The rules of the page's filters that are switched on.
fn chosen<'p>(page: Option<&'p Page>, chosen: &'p [String]) -> impl Iterator<Item = &'p Value> {
    let filters = page.and_then(|page| page.body.get("pageFilters")).and_then(Value::as_array);
    let is_on = |filter: &&Value| {
        let identifier = filter.get("identifier").and_then(Value::as_str);
        identifier.is_some_and(|identifier| chosen.iter().any(|one| one == identifier))
    };
    filters.into_iter().flatten().filter(is_on).filter_map(|filter| filter.get("query"))
}

/// The blueprint that a page is about.
fn blueprint_of(page: Option<&Page>) -> Option<String> {
    page.map(|page| page.text("blueprint")).filter(|text| !text.is_empty()).map(str::to_owned)
}
