//! Facts about entities as Backstage's shipped retrievers find them, and as scorecards say them.

use serde_json::{Map, Value, json};
use stagedoor_model::json::at;
use stagedoor_query::NodeId;
use stagedoor_scorecards::Status;

use crate::View;

/// A fact: its name, what it says, how it is found.
type Fact = (&'static str, &'static str, fn(&Value) -> bool);

/// A retriever that Backstage ships.
pub(super) struct Shipped {
    pub(super) id: &'static str,
    pub(super) version: &'static str,
    /// Kinds that it is about, lower-case; all where none is named.
    kinds: &'static [&'static str],
    facts: &'static [Fact],
}

/// Names as in Backstage's `tech-insights-backend`.
pub(super) const SHIPPED: &[Shipped] = &[
    Shipped {
        id: "entityMetadataFactRetriever",
        version: "0.0.1",
        kinds: &[],
        facts: &[
            ("hasTitle", "The entity has a title", |entity| says(entity, "metadata.title")),
            ("hasDescription", "The entity has a description", |entity| says(entity, "metadata.description")),
            ("hasTags", "The entity has tags", |entity| says(entity, "metadata.tags")),
        ],
    },
    Shipped {
        id: "entityOwnershipFactRetriever",
        version: "0.0.1",
        kinds: &["component", "domain", "system", "api", "resource", "template"],
        facts: &[
            ("hasOwner", "The entity has an owner", |entity| says(entity, "spec.owner")),
            ("hasGroupOwner", "The owner of the entity is a group", |entity| {
                let owner = at(entity, "spec.owner").and_then(Value::as_str).unwrap_or_default();
                !owner.is_empty() && !owner.to_lowercase().starts_with("user:")
            }),
        ],
    },
    Shipped {
        id: "techdocsFactRetriever",
        version: "0.1.0",
        kinds: &["component", "domain", "system", "api", "resource", "template"],
        facts: &[("hasAnnotationBackstageIoTechdocsRef", "The entity has documentation", |entity| {
            let annotations = at(entity, "metadata.annotations");
            annotations.is_some_and(|annotations| annotations.get("backstage.io/techdocs-ref").is_some())
        })],
    },
];

/// Whether something stands in a field.
fn says(entity: &Value, field: &str) -> bool {
    match at(entity, field) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(_) => true,
    }
}

impl Shipped {
    /// The facts of an entity in Backstage's form, if the retriever is about such.
    pub(super) fn facts_of(&self, entity: &Value) -> Option<Map<String, Value>> {
        let kind = entity.get("kind").and_then(Value::as_str)?.to_lowercase();
        let about = self.kinds.is_empty() || self.kinds.contains(&kind.as_str());
        about.then(|| {
            self.facts.iter().map(|(name, _, find)| ((*name).to_owned(), find(entity).into())).collect()
        })
    }

    pub(super) fn schema(&self) -> Value {
        let filter = if self.kinds.is_empty() { Value::Null } else { json!([{ "kind": self.kinds }]) };
        let mut schema = json!({"id": self.id, "version": self.version, "entityFilter": filter});
        for (name, description, _) in self.facts {
            schema[*name] = json!({"type": "boolean", "description": description});
        }
        schema
    }
}

/// Type and description of a shipped fact.
pub(super) fn described(fact: &str) -> Option<Value> {
    let mut all = SHIPPED.iter().flat_map(|shipped| shipped.facts);
    let (_, description, _) = all.find(|(name, ..)| *name == fact)?;
    Some(json!({"type": "boolean", "description": description}))
}

/// A result as a fact; none while it is not known, or not asked.
pub(super) fn of_status(status: Status) -> Option<bool> {
    match status {
        Status::Passed | Status::Exempt => Some(true),
        Status::Failed => Some(false),
        Status::NotMeasured | Status::NotApplicable => None,
    }
}

/// Which entities a scorecard is about, as Backstage's filters say it.
pub(super) fn filter_of(view: &View, key: &str) -> Value {
    let blueprint = key.rsplit_once('/').map_or(key, |(blueprint, _)| blueprint);
    let kind = view.blueprints().get(blueprint).filter(|entry| entry.visible).map(|entry| &entry.face.kind);
    kind.map_or(Value::Null, |kind| json!([{ "kind": kind.to_lowercase() }]))
}

/// Entities that facts are about, at most so many: those that Backstage's dialect shows.
pub(super) fn subjects(view: &View, most: usize) -> Vec<NodeId> {
    let all = view.catalog.entities().map(|(node, _)| node);
    all.filter(|node| view.in_backstage(*node)).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_facts_are_about_some_kinds() {
        let entity = json!({"kind": "Component", "metadata": {"title": "", "tags": ["a"], "description": "x",
            "annotations": {"backstage.io/techdocs-ref": "dir:."}}, "spec": {"owner": "User:default/ada"}});
        let facts: Vec<_> = SHIPPED.iter().map(|shipped| json!(shipped.facts_of(&entity))).collect();
        assert_eq!(
            facts,
            [
                json!({"hasTitle": false, "hasDescription": true, "hasTags": true}),
                json!({"hasOwner": true, "hasGroupOwner": false}),
                json!({"hasAnnotationBackstageIoTechdocsRef": true}),
            ]
        );
        let user = json!({"kind": "User", "metadata": {}});
        assert_eq!(SHIPPED.iter().filter(|shipped| shipped.facts_of(&user).is_some()).count(), 1);
    }
}
