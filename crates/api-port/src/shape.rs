//! How much of an entity a reply has: `include`, `exclude`, `attach_title_to_relation`,
//! `exclude_calculated_properties`, `attach_identifier_to_title_mirror_properties`.

use serde_json::{Map, Value, json};
use stagedoor_portal::{View, is_computed, is_derived_there};
use stagedoor_query::NodeId;

use crate::error::Failure;
use crate::flags::Parameters;

/// Keys of an entity that are neither properties nor relations.
const META: [&str; 10] = [
    "identifier",
    "title",
    "icon",
    "blueprint",
    "team",
    "createdAt",
    "createdBy",
    "updatedAt",
    "updatedBy",
    "scorecards",
];

/// What to answer of each entity.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    include: Option<Vec<String>>,
    exclude: Vec<String>,
    titles: bool,
    mirrored_identifiers: bool,
    stored_only: bool,
}

impl Shape {
    /// As query parameters say.
    pub(crate) fn of_query(parameters: &Parameters) -> Self {
        let include = parameters.list("include");
        Self {
            include: (!include.is_empty()).then_some(include),
            exclude: parameters.list("exclude"),
            titles: parameters.flag("attach_title_to_relation"),
            mirrored_identifiers: parameters.flag("attach_identifier_to_title_mirror_properties"),
            stored_only: parameters.flag("exclude_calculated_properties"),
        }
    }

    /// As a body says, where it does.
    pub(crate) fn or_of_body(mut self, body: &Map<String, Value>) -> Result<Self, Failure> {
        if let Some(include) = names(body, "include")? {
            self.include = Some(include);
        }
        if let Some(exclude) = names(body, "exclude")? {
            self.exclude = exclude;
        }
        Ok(self)
    }

    /// An entity in this shape.
    pub(crate) fn entity(&self, view: &View, node: NodeId) -> Value {
        let mut entity = view.port_entity_where(node, &|key| self.derives(key));
        if self.keeps(|name| name.strip_prefix('$').unwrap_or(name) == "scorecards")
            && let (Some(entity), Some(scorecards)) = (entity.as_object_mut(), view.port_scorecards(node))
        {
            entity.insert("scorecards".to_owned(), scorecards);
        }
        if self.stored_only
            && let Some(blueprint) =
                entity.get("blueprint").and_then(Value::as_str).filter(|b| is_computed(b))
        {
            let blueprint = blueprint.to_owned();
            if let Some(properties) = entity.get_mut("properties").and_then(Value::as_object_mut) {
                properties.retain(|key, _| !is_derived_there(&blueprint, key));
            }
        }
        if self.titles {
            entity["relations"] = titled_relations(view, node);
        }
        self.prune(&mut entity);
        if self.mirrored_identifiers
            && let Some(properties) = entity.get_mut("properties").and_then(Value::as_object_mut)
        {
            for (key, value) in properties {
                if let Some(titled) = view.mirrored_titles(node, key) {
                    *value = titled;
                }
            }
        }
        entity
    }

    /// Has what is computed computed for many entities at once.
    pub(crate) fn prepare(&self, view: &View, nodes: &[NodeId]) {
        view.prepare_derived(nodes, &|key| self.derives(key));
    }

    /// Whether a derived property is wanted: no other is computed.
    fn derives(&self, key: &str) -> bool {
        !self.stored_only && self.keeps(|name| names_field(name, "properties", key))
    }

    fn prune(&self, entity: &mut Value) {
        let Some(map) = entity.as_object_mut() else { return };
        for part in ["properties", "relations"] {
            let Some(Value::Object(values)) = map.get_mut(part) else { continue };
            values.retain(|key, _| self.keeps(|name| names_field(name, part, key)));
        }
        map.retain(|key, _| match key.as_str() {
            "properties" | "relations" => {
                let wanted = |list: &Vec<String>| list.iter().any(|name| reaches(name, key));
                self.include.as_ref().is_none_or(wanted) && !self.exclude.contains(key)
            }
            _ => self.keeps(|name| name.strip_prefix('$').unwrap_or(name) == key),
        });
    }

    fn keeps(&self, named: impl Fn(&str) -> bool) -> bool {
        let included = self.include.as_ref().is_none_or(|list| list.iter().any(|n| named(n)));
        included && !self.exclude.iter().any(|n| named(n))
    }
}

/// Whether a name means this property or relation: `url`, `properties.url`, or all of them: `properties`.
fn names_field(name: &str, part: &str, key: &str) -> bool {
    match name.split_once('.') {
        Some((p, k)) if p == part => k == key,
        _ => name == part || (name == key && !META.contains(&name)),
    }
}

/// Whether a name may mean something among the properties or relations.
fn reaches(name: &str, part: &str) -> bool {
    let is_meta = name.starts_with('$') || META.contains(&name);
    let other = if part == "properties" { "relations" } else { "properties" };
    !is_meta && name != other && !name.starts_with(&format!("{other}."))
}

fn names(body: &Map<String, Value>, key: &str) -> Result<Option<Vec<String>>, Failure> {
    let list = match body.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Failure::invalid(format!("\"{key}\" must be array"))),
    };
    let name = |(i, v): (usize, &Value)| match v.as_str() {
        Some(name) => Ok(name.to_owned()),
        None => Err(Failure::invalid(format!("\"{key}/{i}\" must be string"))),
    };
    list.iter().enumerate().map(name).collect::<Result<_, _>>().map(Some)
}

/// Relations with the other end's title beside its identifier.
fn titled_relations(view: &View, node: NodeId) -> Value {
    let end = |n: NodeId| json!({ "identifier": view.identifier(n), "title": view.title(n) });
    let mut out = Map::new();
    for (key, many, nodes) in view.port_links(node) {
        let mut ends = nodes.into_iter().map(end);
        let value = if many { ends.collect() } else { ends.next().unwrap_or(Value::Null) };
        out.insert(key, value);
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Shape;

    fn shaped(include: Option<&[&str]>, exclude: &[&str]) -> Value {
        let mut entity = json!({"identifier": "a", "title": "A", "blueprint": "b",
            "properties": {"url": 1, "title": 2}, "relations": {"owner": "x", "url": null}});
        let owned = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let shape = Shape { include: include.map(owned), exclude: owned(exclude), ..Shape::default() };
        shape.prune(&mut entity);
        entity
    }

    #[test]
    fn names_are_those_that_clients_send() {
        let all = shaped(None, &[]);
        assert_eq!(shaped(Some(&["properties", "relations", "identifier", "$title", "blueprint"]), &[]), all);
        for (include, expected) in [
            (&["identifier"][..], json!({"identifier": "a"})),
            (&["$identifier", "$title"], json!({"identifier": "a", "title": "A"})),
            (
                &["blueprint", "properties.url", "properties.none", "relations.owner"],
                json!({"blueprint": "b", "properties": {"url": 1}, "relations": {"owner": "x"}}),
            ),
            (&["url"], json!({"properties": {"url": 1}, "relations": {"url": null}})),
            (&["properties.title"], json!({"properties": {"title": 2}})),
        ] {
            assert_eq!(shaped(Some(include), &[]), expected, "{include:?}");
        }
        let without = shaped(None, &["title", "url", "relations"]);
        assert_eq!(without, json!({"identifier": "a", "blueprint": "b", "properties": {"title": 2}}));
        assert_eq!(shaped(Some(&["properties"]), &["properties.url"]), json!({"properties": {"title": 2}}));
    }
}
