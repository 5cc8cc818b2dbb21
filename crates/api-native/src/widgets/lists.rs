//! What shows entities and texts: tables, one entity, what is mine, what changed, markdown, links, frames.

use serde_json::{Map, Value, json};
use stagedoor_portal::Viewed;
use stagedoor_query::page::Sort;
use stagedoor_query::{BlueprintEntry, Meta, NodeId, Selection, Subject};

use super::ask::{Ask, Found, key_of, needed, text_of};
use super::{
    Changes, Drill, Entities, EntityField, Frame, Links, OneEntity, Table, TableColumn, TableRow, TableTab,
    Text, WidgetChange, WidgetData, WidgetLink,
};
use crate::link::Link;

/// Rows of a table, and lines of a list.
const ROWS: usize = 10;
/// Columns of a table beside its entities.
const COLUMNS: usize = 5;
/// Blueprints that one table shows.
const TABS: usize = 12;

/// A table of what a dataset finds: a tab for each blueprint.
pub(super) fn table(ask: &Ask<'_>, widget: &Map<String, Value>) -> Result<WidgetData, String> {
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

fn tab(
    ask: &Ask<'_>,
    widget: &Map<String, Value>,
    found: &Found<'_>,
    blueprint: &str,
) -> Result<TableTab, String> {
    let entry = ask.blueprint(blueprint)?;
    let config = widget.get("blueprintConfig").and_then(|config| config.get(blueprint));
    let filter = config.and_then(|c| c.pointer("/filterSettings/filterBy")).filter(|f| f.is_object());
    let narrowed = match filter {
        Some(filter) => ask.find(&join(&found.rules, filter), Some(blueprint.to_owned()))?,
        None => ask.find(&found.rules, Some(blueprint.to_owned()))?,
    };
    let fields = fields(entry, widget, config);
    let nodes = first(&narrowed.hits, config, entry, ROWS);
    let rows = nodes.into_iter().map(|node| {
        let cells = fields.iter().map(|field| cell(ask, node, field)).collect();
        TableRow { entity: Link::to(ask.view, node), cells }
    });
    let rows = rows.collect();
    let columns =
        fields.iter().map(|field| TableColumn { title: title_of(entry, field), field: field.clone() });
    let own = config.and_then(|c| c.get("title")).and_then(Value::as_str).filter(|t| !t.is_empty());
    let title = own.or(entry.blueprint.title.as_deref()).unwrap_or(blueprint).to_owned();
    Ok(TableTab {
        blueprint: blueprint.to_owned(),
        title,
        total: narrowed.hits.len(),
        query: narrowed.drill().query,
        columns: columns.collect(),
        rows,
    })
}

fn join(rules: &Value, filter: &Value) -> Value {
    json!({ "combinator": "and", "rules": [rules, filter] })
}

/// The fields that a table shows: those that its settings put first, else the first that the blueprint declares.
fn fields(entry: &BlueprintEntry, widget: &Map<String, Value>, config: Option<&Value>) -> Vec<String> {
    let texts = |value: Option<&Value>| -> Vec<String> {
        let list = value.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let settings = config.and_then(|config| config.get("propertiesSettings"));
    let mut hidden = texts(settings.and_then(|s| s.get("hidden")));
    hidden.extend(texts(widget.get("excludedFields")).iter().map(|field| bare(field).to_owned()));
    let order = texts(settings.and_then(|s| s.get("order")));
    let shown = texts(config.and_then(|config| config.get("shown")));
    let blueprint = &entry.blueprint;
    let quiet = ["object", "markdown", "yaml", "swagger", "open-api", "async-api"];
    let plain = |(key, property): (&String, &stagedoor_model::blueprint::Property)| {
        let format = property.format.as_deref().unwrap_or_default();
        let kind = property.definition.get("type").and_then(Value::as_str).unwrap_or_default();
        (!quiet.contains(&kind) && !quiet.contains(&format)).then(|| format!("properties.{key}"))
    };
    let declared = std::iter::once("$team".to_owned())
        .chain(blueprint.properties.iter().filter_map(plain))
        .chain(blueprint.relations.keys().map(|key| format!("relations.{key}")));
    let chosen = if shown.is_empty() { order } else { shown };
    let of_key = |key: String| field_of(entry, &key);
    let mut all: Vec<String> = chosen.into_iter().filter_map(of_key).collect();
    for field in declared {
        if !all.contains(&field) {
            all.push(field);
        }
    }
    all.retain(|field| !hidden.iter().any(|key| key == bare(field) || key == field));
    all.truncate(COLUMNS);
    all
}

/// `properties.tier` without where it is from.
fn bare(field: &str) -> &str {
    field.strip_prefix("properties.").or_else(|| field.strip_prefix("relations.")).unwrap_or(field)
}

fn field_of(entry: &BlueprintEntry, key: &str) -> Option<String> {
    let key = bare(key_of(key).ok()?);
    match key {
        "$team" => Some("$team".into()),
        _ if key.starts_with('$') => None,
        _ if entry.blueprint.relations.contains_key(key) => Some(format!("relations.{key}")),
        _ if entry.blueprint.properties.contains_key(key) || entry.derived.has(key) => {
            Some(format!("properties.{key}"))
        }
        _ => None,
    }
}

fn title_of(entry: &BlueprintEntry, field: &str) -> String {
    let key = bare(field);
    if key == "$team" {
        return "Owning teams".into();
    }
    let property =
        || entry.blueprint.properties.get(key)?.definition.get("title")?.as_str().map(str::to_owned);
    let relation = || entry.blueprint.relations.get(key)?.title.clone();
    property().or_else(relation).unwrap_or_else(|| key.to_owned())
}

fn cell(ask: &Ask<'_>, node: NodeId, field: &str) -> Value {
    if field == "$team" {
        return json!(ask.view.teams(node));
    }
    if let Some(key) = field.strip_prefix("relations.") {
        let links = ask.view.port_links(node).into_iter().find(|(name, ..)| name == key);
        let links = links.into_iter().flat_map(|(_, _, nodes)| nodes).map(|n| Link::to(ask.view, n));
        return serde_json::to_value(links.collect::<Vec<_>>()).unwrap_or_default();
    }
    ask.view.port_properties(node).get(bare(field)).cloned().unwrap_or_default()
}

/// The first entities in the order that settings say, by title otherwise.
fn first(hits: &Selection<'_>, config: Option<&Value>, entry: &BlueprintEntry, most: usize) -> Vec<NodeId> {
    let by = config.and_then(|c| c.pointer("/sortSettings/sortBy/0"));
    let key = by.and_then(|by| by.get("property")).and_then(Value::as_str).and_then(|key| key_of(key).ok());
    let descending = by.and_then(|by| by.get("order")).is_some_and(|order| order == "desc");
    let subject = key.and_then(|key| match key {
        "$updatedAt" => Some(Subject::Meta(Meta::UpdatedAt)),
        "$createdAt" => Some(Subject::Meta(Meta::CreatedAt)),
        "$identifier" => Some(Subject::Meta(Meta::Identifier)),
        key if entry.derived.has(key) => Some(Subject::Derived(key.to_owned())),
        key => entry.face.properties.get(key).map(|path| Subject::Field(path.clone())),
    });
    let subject = subject.unwrap_or(Subject::Meta(Meta::Title));
    let mut seen = std::collections::HashSet::new();
    let sort = Sort { subject, descending };
    let mut nodes: Vec<NodeId> =
        hits.sorted(&sort, None).map(|s| s.node).filter(|n| seen.insert(*n)).take(most).collect();
    if nodes.len() < most {
        nodes.extend(hits.unsortable(&sort.subject).into_iter().take(most - nodes.len()));
    }
    nodes
}

fn list(ask: &Ask<'_>, found: &Found<'_>) -> WidgetData {
    let sort = Sort { subject: Subject::Meta(Meta::Title), descending: false };
    let mut seen = std::collections::HashSet::new();
    let sorted = found.hits.sorted(&sort, None).map(|s| s.node).filter(|n| seen.insert(*n));
    let entities = sorted.take(ROWS).map(|node| Link::to(ask.view, node)).collect();
    WidgetData::Entities(Entities { total: found.hits.len(), entities, drill: found.drill() })
}

/// What the caller's teams own.
pub(super) fn mine(ask: &Ask<'_>) -> Result<WidgetData, String> {
    let teams: Vec<&str> = ask.view.rights().teams().collect();
    if teams.is_empty() {
        let none = Entities { total: 0, entities: Vec::new(), drill: Drill::default() };
        return Ok(WidgetData::Entities(none));
    }
    let rule = json!({ "property": "$team", "operator": "containsAny", "value": teams });
    Ok(list(ask, &ask.find(&json!({ "combinator": "and", "rules": [rule] }), None)?))
}

/// All entities of a system blueprint.
pub(super) fn system(ask: &Ask<'_>, blueprint: &str) -> Result<WidgetData, String> {
    Ok(list(ask, &ask.find(&json!({ "combinator": "and", "rules": [] }), Some(blueprint.to_owned()))?))
}

/// What is related to the entity of the page, by blueprint.
pub(super) fn related(ask: &Ask<'_>) -> Result<WidgetData, String> {
    let rule =
        json!({ "operator": "relatedTo", "value": "{{url.identifier}}", "blueprint": "{{blueprint}}" });
    let widget = json!({ "dataset": { "combinator": "and", "rules": [rule] } });
    table(ask, widget.as_object().unwrap_or(&Map::new()))
}

/// What the caller looked at last, as far as it is still there.
pub(super) fn viewed(ask: &Ask<'_>, viewed: &[Viewed]) -> WidgetData {
    let node = |one: &Viewed| ask.view.by_key(&one.blueprint, &one.identifier);
    let nodes: Vec<NodeId> =
        viewed.iter().filter_map(node).filter(|node| ask.view.entity(*node).is_some()).collect();
    let entities = nodes.iter().take(ROWS).map(|node| Link::to(ask.view, *node)).collect();
    WidgetData::Entities(Entities { total: nodes.len() as u64, entities, drill: Drill::default() })
}

/// What changed last of what the caller may see.
pub(super) fn changes(ask: &Ask<'_>) -> WidgetData {
    let all = ask.view.select(&stagedoor_query::Expr::All, stagedoor_portal::Scope::Everything);
    let sort = Sort { subject: Subject::Meta(Meta::UpdatedAt), descending: true };
    let change = |node: NodeId| {
        let stamps = &ask.view.entity(node)?.record.stamps;
        Some(WidgetChange {
            entity: Link::to(ask.view, node),
            at: stamps.updated_at.to_string(),
            by: stamps.updated_by.to_string(),
            is_new: stamps.updated_at == stamps.created_at,
        })
    };
    let changes = all.sorted(&sort, None).filter_map(|s| change(s.node)).take(ROWS).collect();
    WidgetData::Changes(Changes { changes })
}

/// The fields of one entity.
pub(super) fn entity(ask: &Ask<'_>, widget: &Map<String, Value>) -> Result<WidgetData, String> {
    let node = ask.entity(needed(widget, "blueprint")?, needed(widget, "entity")?)?;
    one(ask, node, widget)
}

/// A person or team that a widget names.
pub(super) fn known(
    ask: &Ask<'_>,
    blueprint: &str,
    widget: &Map<String, Value>,
    key: &str,
) -> Result<WidgetData, String> {
    one(ask, ask.entity(blueprint, needed(widget, key)?)?, widget)
}

fn one(ask: &Ask<'_>, node: NodeId, widget: &Map<String, Value>) -> Result<WidgetData, String> {
    let entity = ask.view.entity(node).ok_or("the entity is gone")?;
    let entry = ask.blueprint(&entity.record.blueprint)?;
    let order: Vec<&str> = widget.get("order").and_then(Value::as_array).map_or(Vec::new(), |list| {
        list.iter().filter_map(Value::as_str).filter_map(|key| key_of(key).ok()).collect()
    });
    let empty = widget.get("showEmptyValues") == Some(&Value::Bool(true));
    let mut fields: Vec<EntityField> = Vec::new();
    for (key, value) in ask.view.port_properties(node) {
        if empty || !value.is_null() {
            let field = format!("properties.{key}");
            fields.push(EntityField { title: title_of(entry, &field), field, value });
        }
    }
    let place = |field: &EntityField| order.iter().position(|key| *key == bare(&field.field));
    fields.sort_by_key(|field| place(field).unwrap_or(usize::MAX));
    Ok(WidgetData::Entity(OneEntity { entity: Link::to(ask.view, node), team: ask.view.teams(node), fields }))
}

/// Markdown of its own, or of a property.
pub(super) fn markdown(ask: &Ask<'_>, widget: &Map<String, Value>) -> Result<WidgetData, String> {
    if text_of(widget, "source") != Some("property") {
        let text = widget.get("markdown").and_then(Value::as_str).unwrap_or_default();
        return Ok(WidgetData::Text(Text { markdown: ask.values.prose(text) }));
    }
    let blueprint = needed(widget, "blueprintIdentifier")?;
    let node = ask.entity(blueprint, needed(widget, "entityIdentifier")?)?;
    let key = key_of(needed(widget, "propertyIdentifier")?)?;
    let markdown = match ask.view.port_properties(node).get(key) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => format!("```json\n{other:#}\n```"),
    };
    Ok(WidgetData::Text(Text { markdown }))
}

/// Links with their dynamic values filled in.
pub(super) fn links(ask: &Ask<'_>, widget: &Map<String, Value>) -> Result<WidgetData, String> {
    let list = widget.get("links").and_then(Value::as_array).ok_or("\"links\" is missing")?;
    let links = list.iter().filter_map(Value::as_object).map(|link| {
        let url = ask.values.text(text_of(link, "url").unwrap_or_default())?;
        let title = ask.values.prose(text_of(link, "title").unwrap_or(&url));
        let description = text_of(link, "description").map(|text| ask.values.prose(text));
        Ok(WidgetLink { title, url, description })
    });
    Ok(WidgetData::Links(Links { links: links.collect::<Result<_, String>>()? }))
}

/// The address of a frame.
pub(super) fn frame(ask: &Ask<'_>, widget: &Map<String, Value>) -> Result<WidgetData, String> {
    if text_of(widget, "urlType") == Some("protected") {
        return Err("embedding with a sign-in of its own is not supported: use a public address".into());
    }
    Ok(WidgetData::Frame(Frame { url: ask.values.text(needed(widget, "url")?)? }))
}
