//! One entity as a table shows it: only what is asked for.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value, json};
use stagedoor_portal::View;
use stagedoor_query::NodeId;
use utoipa::ToSchema;

use super::field::TableField;
use crate::link::Link;

/// An entity and the values of the columns.
#[derive(Serialize, ToSchema)]
pub(crate) struct Row {
    blueprint: String,
    identifier: String,
    title: String,
    icon: Option<String>,
    /// Lower-case Backstage reference.
    #[serde(rename = "ref")]
    reference: String,
    /// Problems of its source that concern it.
    problems: usize,
    /// By column: a value in Port's form; of a relation, links. A column that the entity's blueprint lacks is absent.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    cells: IndexMap<String, Value>,
}

impl Row {
    pub(crate) fn of(view: &View, node: NodeId, columns: &[TableField]) -> Option<Self> {
        let entity = view.entity(node)?;
        let record = &entity.record;
        let mut values = Values { view, node, properties: None, links: None };
        let cell = |c: &TableField| Some((c.name.clone(), values.cell(c)?));
        let cells = columns.iter().filter_map(cell).collect();
        Some(Self {
            blueprint: record.blueprint.to_string(),
            identifier: record.identifier.to_string(),
            title: view.title(node).unwrap_or_else(|| record.identifier.to_string()),
            icon: record.contributed().icon,
            reference: record.entity_ref.trim_start_matches('!').to_owned(),
            problems: view.problems(&record.entity_ref).len(),
            cells,
        })
    }

    /// The values in the order of the columns, null where there is none.
    pub(crate) fn into_values(mut self, columns: &[TableField]) -> (String, String, Vec<Value>) {
        let values = columns.iter().map(|c| self.cells.swap_remove(&c.name).unwrap_or(Value::Null)).collect();
        (self.blueprint, self.identifier, values)
    }
}

/// The values of one entity, read when the first is asked for.
struct Values<'v> {
    view: &'v View,
    node: NodeId,
    properties: Option<Map<String, Value>>,
    links: Option<Vec<(String, bool, Vec<NodeId>)>>,
}

impl Values<'_> {
    fn cell(&mut self, column: &TableField) -> Option<Value> {
        if let Some(standing) = column.standing(self.view) {
            return Some(json!(standing.iter().find_map(|standing| standing.at(self.node))));
        }
        if column.key.starts_with('$') {
            return meta(self.view, self.node, &column.key);
        }
        let Some(target) = &column.target else {
            return self.property(&column.key).or_else(|| {
                let links = self.ends(&column.key)?.1;
                let links: Vec<Link> = links.into_iter().map(|n| Link::to(self.view, n)).collect();
                Some(json!(links))
            });
        };
        let (many, ends) = self.ends(&column.key)?;
        let mut values: Vec<Value> =
            ends.into_iter().filter_map(|end| there(self.view, end, target)).collect();
        values.retain(|v| !v.is_null());
        match many {
            true => Some(Value::Array(values)),
            false => Some(values.into_iter().next().unwrap_or(Value::Null)),
        }
    }

    /// A property that the blueprint declares, null where the entity has no value.
    fn property(&mut self, key: &str) -> Option<Value> {
        let entity = self.view.entity(self.node)?;
        let entry = self.view.blueprints().get(&entity.record.blueprint)?;
        if entry.derived.has(key) {
            let derived = self.view.port_properties_where(self.node, &|k| k == key);
            return Some(derived.get(key).cloned().unwrap_or(Value::Null));
        }
        if !entry.blueprint.properties.contains_key(key) {
            return None;
        }
        let stored = || self.view.port_properties_where(self.node, &|_| false);
        let properties = self.properties.get_or_insert_with(stored);
        Some(properties.get(key).cloned().unwrap_or(Value::Null))
    }

    fn ends(&mut self, key: &str) -> Option<(bool, Vec<NodeId>)> {
        let links = self.links.get_or_insert_with(|| self.view.port_links(self.node));
        links.iter().find(|(k, ..)| k == key).map(|(_, many, nodes)| (*many, nodes.clone()))
    }
}

/// A value of what a relation leads to. Of what does not exist, the name is known.
fn there(view: &View, end: NodeId, key: &str) -> Option<Value> {
    if view.entity(end).is_none() {
        return matches!(key, "$identifier" | "$title").then(|| json!(view.identifier(end)));
    }
    if key.starts_with('$') {
        return meta(view, end, key);
    }
    let mut values = Values { view, node: end, properties: None, links: None };
    values.property(key).or_else(|| {
        let links = values.ends(key)?.1;
        Some(json!(
            links
                .into_iter()
                .map(|n| view.title(n).unwrap_or_else(|| view.identifier(n)))
                .collect::<Vec<_>>()
        ))
    })
}

fn meta(view: &View, node: NodeId, name: &str) -> Option<Value> {
    let record = &view.entity(node)?.record;
    let stamps = &record.stamps;
    Some(match name {
        "$identifier" => json!(record.identifier),
        "$title" => json!(view.title(node)),
        "$blueprint" => json!(record.blueprint),
        "$team" => json!(view.teams(node)),
        "$icon" => json!(record.contributed().icon),
        "$createdAt" => json!(stamps.created_at.to_string()),
        "$updatedAt" => json!(stamps.updated_at.to_string()),
        "$createdBy" => json!(stamps.created_by),
        "$updatedBy" => json!(stamps.updated_by),
        "$datasource" => json!(stamps.datasource),
        _ => return None,
    })
}
