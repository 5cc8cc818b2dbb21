//! Tables: the first page of each; the reader turns to the others at `POST /tables`.

use serde::Serialize;
use serde_json::{Map, Value, json};
use stagedoor_portal::View;
use stagedoor_query::{BlueprintEntry, Meta, Subject, text};
use utoipa::ToSchema;

use super::WidgetData;
use super::ask::{Ask, Found, key_of};
use crate::error::ApiError;
use crate::queries::QueryInput;
use crate::tables::{self, SortOrder, SortRequest, TableRequest, UsualColumns};

/// Rows of a page.
pub(super) const ROWS: usize = 10;
/// Columns beside the title, where nobody has chosen.
const COLUMNS: usize = 5;
/// Blueprints that one table shows.
const TABS: usize = 12;
/// Orders of one table.
const SORTS: usize = 5;

/// What a query finds, by blueprint.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetTable)]
pub(super) struct Table {
    tabs: Vec<TableTab>,
}

/// A table, and what is asked for its other pages: its blueprint, `first.query`, `first.columns` and `sort`.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetTableTab)]
pub(crate) struct TableTab {
    /// Null: all blueprints.
    blueprint: Option<String>,
    title: String,
    sort: Vec<SortRequest>,
    /// Its first page.
    first: tables::Table,
}

/// A table of what a dataset finds: a tab for each blueprint.
pub(super) fn answer(ask: &Ask<'_>, widget: &Map<String, Value>) -> Result<WidgetData, String> {
    let found = ask.dataset(widget)?;
    let blueprints: Vec<String> = match &found.blueprint {
        Some(blueprint) => vec![blueprint.clone()],
        None => {
            let mut buckets = found.hits.facet(&Subject::Meta(Meta::Blueprint));
            buckets.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.text.cmp(&b.value.text)));
            buckets.into_iter().take(TABS).map(|bucket| bucket.value.text).collect()
        }
    };
    let hidden = |blueprint: &str| {
        let config = widget.get("blueprintConfig").and_then(|config| config.get(blueprint));
        config.and_then(|config| config.get("hidden")).and_then(Value::as_bool).unwrap_or_default()
    };
    let tabs = blueprints.iter().filter(|blueprint| !hidden(blueprint));
    let tabs = tabs.map(|blueprint| tab(ask, widget, &found, blueprint)).collect::<Result<_, _>>()?;
    Ok(WidgetData::Table(Table { tabs }))
}

/// What is related to the entity of the page, by blueprint.
pub(super) fn related(ask: &Ask<'_>) -> Result<WidgetData, String> {
    let rule =
        json!({ "operator": "relatedTo", "value": "{{url.identifier}}", "blueprint": "{{blueprint}}" });
    let widget = json!({ "dataset": { "combinator": "and", "rules": [rule] } });
    answer(ask, widget.as_object().unwrap_or(&Map::new()))
}

/// A table that somebody has put onto his home page.
pub(crate) fn own(view: &View, title: &str, only: Option<&str>, query: &str) -> Result<TableTab, String> {
    let entry = only.and_then(|blueprint| view.blueprints().get(blueprint));
    let request = TableRequest {
        blueprint: only.map(str::to_owned),
        query: Some(QueryInput::Text(query.to_owned())),
        ..match entry {
            Some(entry) => columns(entry, &Map::new(), None),
            None => chosen(&["$blueprint".to_owned(), "$team".to_owned()]),
        }
    };
    page(view, title.to_owned(), request)
}

fn tab(
    ask: &Ask<'_>,
    widget: &Map<String, Value>,
    found: &Found<'_>,
    blueprint: &str,
) -> Result<TableTab, String> {
    let entry = ask.blueprint(blueprint)?;
    let config = widget.get("blueprintConfig").and_then(|config| config.get(blueprint));
    let filter = config.and_then(|c| c.pointer("/filterSettings/filterBy")).filter(|f| f.is_object());
    let rules = match filter {
        Some(filter) => json!({ "combinator": "and", "rules": [found.rules, filter] }),
        None => found.rules.clone(),
    };
    // The dynamic values in a filter of its own, and the query without its blueprint.
    let query = ask.find(&rules, Some(blueprint.to_owned()))?.drill().query;
    let query = query.ok_or("this query cannot be written as text")?;
    let own = config.and_then(|c| c.get("title")).and_then(Value::as_str).filter(|t| !t.is_empty());
    let title = own.or(entry.blueprint.title.as_deref()).unwrap_or(blueprint).to_owned();
    let request = TableRequest {
        blueprint: Some(blueprint.to_owned()),
        query: Some(QueryInput::Text(query)),
        sort: Some(order(config, entry)),
        ..columns(entry, widget, config)
    };
    page(ask.view, title, request)
}

fn page(view: &View, title: String, request: TableRequest) -> Result<TableTab, String> {
    let request = TableRequest { limit: Some(ROWS), ..request };
    let first = tables::table(view, &request).map_err(ApiError::into_message)?;
    let sort = request.sort.unwrap_or_default();
    Ok(TableTab { blueprint: request.blueprint, title, sort, first })
}

/// The columns that somebody has chosen, behind the title.
fn chosen(fields: &[String]) -> TableRequest {
    let columns = std::iter::once("$title".to_owned()).chain(fields.iter().cloned()).collect();
    TableRequest { columns: Some(columns), ..TableRequest::default() }
}

/// The columns that the settings of a table put first, else those with something to say of what the blueprint declares.
fn columns(entry: &BlueprintEntry, widget: &Map<String, Value>, config: Option<&Value>) -> TableRequest {
    let texts = |value: Option<&Value>| -> Vec<String> {
        let list = value.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let settings = config.and_then(|config| config.get("propertiesSettings"));
    let mut hidden = texts(settings.and_then(|s| s.get("hidden")));
    hidden.extend(texts(widget.get("excludedFields")).iter().map(|field| bare(field).to_owned()));
    let shows = |key: &String| !hidden.iter().any(|hidden| hidden == key);
    let shown = texts(config.and_then(|config| config.get("shown")));
    let named = if shown.is_empty() { texts(settings.and_then(|s| s.get("order"))) } else { shown };
    let named: Vec<String> = named.iter().filter_map(|key| field_of(entry, key)).filter(shows).collect();
    if !named.is_empty() {
        return chosen(&named.iter().take(2 * COLUMNS).map(|key| name(key)).collect::<Vec<_>>());
    }
    let declared = declared(entry).filter(shows).map(|key| name(&key));
    let fields = std::iter::once("$title".to_owned()).chain(declared).take(100).collect();
    TableRequest { usual: Some(UsualColumns { fields, most: COLUMNS + 1 }), ..TableRequest::default() }
}

/// What a blueprint declares that is no text to read at length.
fn declared(entry: &BlueprintEntry) -> impl Iterator<Item = String> {
    let quiet = ["object", "markdown", "yaml", "swagger", "open-api", "async-api"];
    let blueprint = &entry.blueprint;
    let plain = move |(key, property): (&String, &stagedoor_model::blueprint::Property)| {
        let format = property.format.as_deref().unwrap_or_default();
        let kind = property.definition.get("type").and_then(Value::as_str).unwrap_or_default();
        (!quiet.contains(&kind) && !quiet.contains(&format)).then(|| key.clone())
    };
    std::iter::once("$team".to_owned())
        .chain(blueprint.properties.iter().filter_map(plain))
        .chain(blueprint.relations.keys().cloned())
}

/// The order that settings say, by title otherwise.
fn order(config: Option<&Value>, entry: &BlueprintEntry) -> Vec<SortRequest> {
    let said = config.and_then(|c| c.pointer("/sortSettings/sortBy")).and_then(Value::as_array);
    let one = |by: &Value| {
        let field = name(&field_of(entry, by.get("property")?.as_str()?)?);
        let down = by.get("order").is_some_and(|order| order == "desc");
        Some(SortRequest { field, order: if down { SortOrder::Desc } else { SortOrder::Asc } })
    };
    said.into_iter().flatten().filter_map(one).take(SORTS).collect()
}

/// `properties.tier` without where it is from.
pub(super) fn bare(field: &str) -> &str {
    field.strip_prefix("properties.").or_else(|| field.strip_prefix("relations.")).unwrap_or(field)
}

/// How the query language names a key.
fn name(key: &str) -> String {
    if key.starts_with('$') { key.to_owned() } else { text::quoted(key) }
}

const METAS: [&str; 7] =
    ["$team", "$identifier", "$title", "$createdAt", "$updatedAt", "$createdBy", "$updatedBy"];

/// The key of a field that entities of a blueprint have.
fn field_of(entry: &BlueprintEntry, key: &str) -> Option<String> {
    let key = key_of(key).ok()?;
    let key = bare(&key);
    let blueprint = &entry.blueprint;
    let has = match key.starts_with('$') {
        true => METAS.contains(&key),
        false => {
            blueprint.relations.contains_key(key)
                || blueprint.properties.contains_key(key)
                || entry.derived.has(key)
        }
    };
    has.then(|| key.to_owned())
}

/// What a field is called.
pub(super) fn title_of(entry: &BlueprintEntry, field: &str) -> String {
    let key = bare(field);
    if key == "$team" {
        return "Owning teams".into();
    }
    let property =
        || entry.blueprint.properties.get(key)?.definition.get("title")?.as_str().map(str::to_owned);
    let relation = || entry.blueprint.relations.get(key)?.title.clone();
    property().or_else(relation).unwrap_or_else(|| key.to_owned())
}
