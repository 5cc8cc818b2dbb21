//! How a stored entity looked at its time: through its blueprint of then.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_model::face::Target;
use stagedoor_model::json::at;
use stagedoor_model::{Blueprint, Change, EntityRecord, Face, Revision, entity_ref, names};
use stagedoor_query::Catalog;
use stagedoor_store::Thing;

use super::failed;
use crate::Portal;
use crate::error::PortalError;

/// The blueprints at a reader's place in the log; each is looked up once, then follows the reader.
pub(crate) struct Then {
    portal: Portal,
    blueprints: HashMap<String, Known>,
}

/// A blueprint, and since which commit it is that; 0 where the reader has passed it.
struct Known {
    since: Revision,
    past: Option<Arc<Past>>,
}

struct Past {
    blueprint: Arc<Blueprint>,
    face: Face,
}

impl Then {
    pub(crate) fn new(portal: Portal) -> Self {
        Self { portal, blueprints: HashMap::new() }
    }

    /// The reader has passed a change of a blueprint.
    pub(super) fn set(&mut self, identifier: &str, blueprint: Option<Arc<Blueprint>>) {
        self.know(identifier, blueprint, 0);
    }

    fn know(&mut self, identifier: &str, blueprint: Option<Arc<Blueprint>>, since: Revision) {
        let past = blueprint.map(|b| Arc::new(self.past(b)));
        self.blueprints.insert(identifier.to_owned(), Known { since, past });
    }

    /// The reader goes backwards, to a commit before those that it has seen: what came later is forgotten.
    pub(crate) fn back_to(&mut self, revision: Revision) {
        self.blueprints.retain(|_, known| known.since < revision);
    }

    /// A blueprint as it was before a commit, or, where the reader has passed a change of it, since then.
    pub(super) fn blueprint(
        &mut self,
        identifier: &str,
        revision: Revision,
    ) -> Result<Option<Arc<Blueprint>>, PortalError> {
        Ok(self.look_up(identifier, revision)?.map(|past| Arc::clone(&past.blueprint)))
    }

    fn look_up(&mut self, identifier: &str, revision: Revision) -> Result<Option<Arc<Past>>, PortalError> {
        if let Some(known) = self.blueprints.get(identifier) {
            return Ok(known.past.clone());
        }
        let store = &self.portal.shared.store;
        let commits = store.history(Thing::Blueprint(identifier), Some(revision), 1).map_err(failed)?;
        let last = commits.first().and_then(|c| c.change_set.changes.last().cloned());
        let blueprint = match last {
            Some(Change::PutBlueprint(blueprint)) => Some(blueprint),
            _ => None,
        };
        self.know(identifier, blueprint, commits.first().map_or(0, |c| c.revision));
        Ok(self.blueprints.get(identifier).and_then(|known| known.past.clone()))
    }

    fn past(&self, blueprint: Arc<Blueprint>) -> Past {
        let catalog = self.portal.shared.catalog.load();
        let blueprints = catalog.blueprints();
        let kind = blueprints.get(&blueprint.identifier).map(|e| e.face.kind.clone());
        let kind = kind.unwrap_or_else(|| names::kind_of_blueprint(&blueprint.identifier));
        let of_target = |id: &str| match blueprints.get(id) {
            Some(entry) => entry.face.kind_lower.clone(),
            None => names::kind_of_blueprint(id).to_lowercase(),
        };
        Past { face: Face::compile(&blueprint, &kind, &of_target), blueprint }
    }

    /// An entity in Port's form, from what is stored of it: nothing derived, and only the relations that it states
    /// itself.
    pub(crate) fn port_form(
        &mut self,
        record: &EntityRecord,
        revision: Revision,
    ) -> Result<Value, PortalError> {
        let past = self.look_up(&record.blueprint, revision)?;
        let contributed = record.contributed();
        let (mut title, mut properties, mut relations, mut team) =
            (contributed.title.clone(), contributed.properties.clone(), Map::new(), contributed.team.clone());
        if let Some(past) = past {
            let catalog = self.portal.shared.catalog.load();
            let links = Links::of(&past.face, record, &catalog);
            relations = links.relations(&past.face);
            if past.face.shipped {
                team = links.owners().or(team);
            }
            let document = past.face.document(record);
            if record.document.is_some() {
                properties = past.face.properties_of(&document, &past.blueprint);
                for (key, value) in contributed.properties {
                    properties.entry(key).or_insert(value);
                }
            }
            let text = |path| at(&document, path).and_then(Value::as_str).map(str::to_owned);
            title = text("metadata.title").or_else(|| text("metadata.name").filter(|_| past.face.shipped));
        }
        let stamps = &record.stamps;
        Ok(json!({
            "identifier": record.identifier,
            "title": title,
            "icon": contributed.icon,
            "blueprint": record.blueprint,
            "team": team.unwrap_or_default(),
            "properties": properties,
            "relations": relations,
            "createdAt": stamps.created_at.to_string(),
            "createdBy": stamps.created_by,
            "updatedAt": stamps.updated_at.to_string(),
            "updatedBy": stamps.updated_by,
        }))
    }
}

/// The edges that an entity states: type, kind of the target, its reference, its identifier.
struct Links(Vec<(String, String, Option<String>, String)>);

impl Links {
    fn of(face: &Face, record: &EntityRecord, catalog: &Catalog) -> Self {
        let document = record.document.as_ref().map(stagedoor_model::JsonText::value);
        let edges = face.edges(document.as_ref(), &record.contributed());
        let link = |edge: stagedoor_model::face::Edge| match edge.target {
            Target::Ref(reference) => {
                let kind = entity_ref::kind_of(&reference).to_owned();
                let identifier = match catalog.node_of_ref(&reference) {
                    Some(node) => catalog.identifier_at(node).into_owned(),
                    None => match catalog.blueprints().by_kind(&kind) {
                        Some(entry) => entry.face.identifier_of_ref(&reference),
                        None => reference.clone(),
                    },
                };
                (edge.relation, kind, Some(reference), identifier)
            }
            Target::Key(blueprint, identifier) => {
                let target = face.relations.values().find(|r| r.target == blueprint);
                (edge.relation, target.map(|r| r.target_kind.clone()).unwrap_or_default(), None, identifier)
            }
        };
        Self(edges.into_iter().map(link).collect())
    }

    fn relations(&self, face: &Face) -> Map<String, Value> {
        let mut out = Map::new();
        for (key, relation) in &face.relations {
            let fits = |(name, kind, ..): &&(String, String, Option<String>, String)| {
                *name == relation.relation && *kind == relation.target_kind
            };
            let mut ids = self.0.iter().filter(fits).map(|(.., id)| Value::String(id.clone()));
            let value =
                if relation.many { Value::Array(ids.collect()) } else { ids.next().unwrap_or(Value::Null) };
            out.insert(key.clone(), value);
        }
        out
    }

    /// The owning groups by name, as Port names teams.
    fn owners(&self) -> Option<Vec<String>> {
        let owners = self.0.iter().filter(|(name, kind, ..)| name == "ownedBy" && kind == "group");
        let name = |reference: &str| {
            let name = reference.split_once(':').map_or(reference, |(_, name)| name);
            name.strip_prefix("default/").unwrap_or(name).to_owned()
        };
        let owners: Vec<String> = owners.map(|(.., r, id)| name(r.as_deref().unwrap_or(id))).collect();
        (!owners.is_empty()).then_some(owners)
    }
}
