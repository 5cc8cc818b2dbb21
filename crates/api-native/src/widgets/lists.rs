//! What shows entities and texts: one entity, what is mine, what changed, markdown, links, frames.

use serde_json::{Map, Value, json};
use stagedoor_portal::Viewed;
use stagedoor_query::page::Sort;
use stagedoor_query::{Meta, NodeId, Subject};

use super::ask::{Ask, Found, key_of, needed, text_of};
use super::tables::{ROWS, bare, title_of};
use super::{
    Changes, Drill, Entities, EntityField, Frame, Links, OneEntity, Text, WidgetChange, WidgetData,
    WidgetLink,
};
use crate::link::Link;

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
    let order: Vec<_> = widget.get("order").and_then(Value::as_array).map_or(Vec::new(), |list| {
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
    let markdown = match ask.view.port_properties(node).get(&*key) {
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
