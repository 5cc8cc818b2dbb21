//! Mapping the entities of a blueprint by JQ.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::Viewer;
use stagedoor_jq::JqError;
use stagedoor_model::EntityRecord;
use stagedoor_query::{Expr, NodeId};

use super::run::{Turn, actor};
use super::{Migration, Status};
use crate::entities::Missing;
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, View, WriteMode, WriteRequest, clock};

/// Entities per commit.
const CHUNK: usize = 200;
/// Entities per commit where each gives several items.
const CHUNK_OF_ITEMS: usize = 10;
/// How many items an entity may give, and how long they may be together, each with the entity itself.
const ITEMS: usize = 1_000;
const ITEM_BYTES: usize = 2 * 1024 * 1024;

/// What becomes of one entity: a body for a blueprint, or nothing.
type Mapped = Result<Option<(String, Value)>, PortalError>;

/// A chunk of entities with what becomes of each; several where items are parsed.
type Chunk = Vec<(Arc<EntityRecord>, Vec<Mapped>)>;

impl Portal {
    /// Maps the next chunk, or ends.
    pub(super) async fn map_turn(&self, migration: &Migration) -> Result<Turn, PortalError> {
        // What the migration itself makes is not mapped again: it is younger.
        while clock::now() <= migration.started() {
            std::hint::spin_loop();
        }
        let id = migration.record.key.clone();
        let source = migration.text("sourceBlueprint").to_owned();
        let cursor = migration.cursor().map(str::to_owned);
        let (chunk, last) = self.mapped(migration, &source, cursor.as_deref())?;
        let chunk = Arc::new(chunk);
        let write =
            move |draft: &mut Draft| Ok(draft.write_mapped(&id, cursor.as_deref(), &chunk, last.clone()));
        self.commit(actor(), false, write).await
    }

    /// The next entities, mapped, and the identifier of the last; none at the end.
    fn mapped(
        &self,
        migration: &Migration,
        source: &str,
        after: Option<&str>,
    ) -> Result<(Chunk, Option<String>), PortalError> {
        let view = self.view(&Viewer::system("migration"))?;
        if view.blueprints().get(source).is_none() {
            return Err(crate::blueprints::no_blueprint(source));
        }
        let mapping = migration.body.get("mapping").cloned().unwrap_or_default();
        let chunk =
            if mapping.get("itemsToParse").is_some_and(Value::is_string) { CHUNK_OF_ITEMS } else { CHUNK };
        let members = view.catalog.select(&Expr::of_blueprint(source), false);
        let nodes: Vec<NodeId> = members.by_identifier(source, after).take(chunk).collect();
        let last = nodes.last().map(|node| view.identifier(*node));
        let old = |node: &NodeId| {
            view.entity(*node).is_some_and(|e| e.record.stamps.created_at <= migration.started())
        };
        let nodes: Vec<NodeId> = nodes.into_iter().filter(old).collect();
        let mapper = Mapper { portal: self, view: &view, source, mapping: &mapping };
        let results = mapper.map(&nodes);
        let record = |node: &NodeId| view.entity(*node).map(|e| Arc::clone(&e.record));
        let chunk = nodes.iter().zip(results).filter_map(|(node, result)| Some((record(node)?, result)));
        Ok((chunk.collect(), last))
    }
}

struct Mapper<'a> {
    portal: &'a Portal,
    view: &'a View,
    source: &'a str,
    mapping: &'a Value,
}

impl Mapper<'_> {
    /// What becomes of each entity.
    fn map(&self, nodes: &[NodeId]) -> Vec<Vec<Mapped>> {
        let entities: Vec<Value> = nodes.iter().map(|node| self.view.port_entity_alone(*node)).collect();
        let mut out: Vec<Vec<Mapped>> = entities.iter().map(|_| Vec::new()).collect();
        let mut inputs = Vec::with_capacity(entities.len());
        let mut owners = Vec::with_capacity(entities.len());
        for (at, items) in self.items(&entities).into_iter().enumerate() {
            match items {
                Ok(contexts) => {
                    owners.extend(std::iter::repeat_n(at, contexts.len()));
                    inputs.extend(contexts);
                }
                Err(error) => out.get_mut(at).into_iter().for_each(|list| list.push(Err(error.clone()))),
            }
        }
        let bodies = self.bodies(&inputs);
        for (at, body) in owners.into_iter().zip(bodies) {
            out.get_mut(at).into_iter().for_each(|list| list.push(body.clone()));
        }
        out
    }

    /// The inputs that each entity gives: itself, or one for each of its items, as `.item`.
    fn items(&self, entities: &[Value]) -> Vec<Result<Vec<Value>, PortalError>> {
        let Some(program) = self.mapping.get("itemsToParse").and_then(Value::as_str) else {
            return entities.iter().map(|e| Ok(vec![e.clone()])).collect();
        };
        let with = |entity: &Value, item: Value| {
            let mut entity = entity.clone();
            entity["item"] = item;
            entity
        };
        let results = self.run("itemsToParse", program, entities);
        let split = |(entity, result): (&Value, Result<Value, PortalError>)| match result? {
            Value::Array(items) if items.len() > most(entity) => {
                let text = format!(
                    "\"mapping/itemsToParse\" gives {} items, more than {}",
                    items.len(),
                    most(entity)
                );
                Err(PortalError::invalid(text))
            }
            Value::Array(items) => Ok(items.into_iter().map(|item| with(entity, item)).collect()),
            Value::Null => Ok(Vec::new()),
            _ => Err(PortalError::invalid("\"mapping/itemsToParse\" must give an array")),
        };
        entities.iter().zip(results).map(split).collect()
    }

    /// The first output of a program for each input; none is null.
    fn run(&self, place: &str, program: &str, inputs: &[Value]) -> Vec<Result<Value, PortalError>> {
        let outcome = |result: Result<Vec<Value>, JqError>| match result {
            Ok(outputs) => Ok(outputs.into_iter().next().unwrap_or_default()),
            Err(error) => Err(PortalError::invalid(format!("\"mapping/{place}\": {error}"))),
        };
        self.portal.shared.jq.run(program, inputs).into_iter().map(outcome).collect()
    }

    fn bodies(&self, inputs: &[Value]) -> Vec<Mapped> {
        let mut bodies: Vec<Mapped> = self.targets(inputs);
        let mut entity = self.mapping.get("entity").and_then(Value::as_object).cloned().unwrap_or_default();
        // First which entity it is; its own where the mapping does not say.
        match entity.shift_remove("identifier").filter(|p| !p.is_null()) {
            Some(program) => self.fill(inputs, &mut bodies, &["identifier"], &program),
            None => {
                let known =
                    inputs.iter().zip(&mut bodies).filter_map(|(i, b)| Some((i, b.as_mut().ok()?.as_mut()?)));
                known.for_each(|(input, (_, body))| put(body, &["identifier"], input["identifier"].clone()));
            }
        }
        for (key, value) in &entity {
            match value {
                Value::Object(inner) => {
                    for (name, program) in inner {
                        self.fill(inputs, &mut bodies, &[key, name], program);
                    }
                }
                program => self.fill(inputs, &mut bodies, &[key], program),
            }
        }
        bodies
    }

    /// The blueprint of each input that the filter lets pass, with an empty body.
    fn targets(&self, inputs: &[Value]) -> Vec<Mapped> {
        let passes = match self.mapping.get("filter").and_then(Value::as_str) {
            Some(program) => self.run("filter", program, inputs),
            None => inputs.iter().map(|_| Ok(Value::Bool(true))).collect(),
        };
        let blueprints: Vec<Result<Value, PortalError>> =
            match self.mapping.get("blueprint").and_then(Value::as_str) {
                None => inputs.iter().map(|_| Ok(self.source.into())).collect(),
                // An identifier, or a program that gives one.
                Some(text) if self.view.blueprints().get(text).is_some() => {
                    inputs.iter().map(|_| Ok(text.into())).collect()
                }
                Some(program) => self.run("blueprint", program, inputs),
            };
        let target = |(passes, blueprint): (Result<Value, PortalError>, Result<Value, PortalError>)| {
            if passes? != Value::Bool(true) {
                return Ok(None);
            }
            match blueprint? {
                Value::String(blueprint) => Ok(Some((blueprint, json!({})))),
                _ => Err(PortalError::invalid("\"mapping/blueprint\" must give an identifier")),
            }
        };
        passes.into_iter().zip(blueprints).map(target).collect()
    }

    /// Runs one program of the mapping, and writes what it gives into the bodies.
    fn fill(&self, inputs: &[Value], bodies: &mut [Mapped], path: &[&str], program: &Value) {
        let Some(program) = program.as_str() else { return };
        let place = format!("entity/{}", path.join("/"));
        for (result, mapped) in self.run(&place, program, inputs).into_iter().zip(bodies) {
            let Ok(Some((blueprint, body))) = mapped else { continue };
            match result {
                // What is not there is not said, unless that takes away what is.
                Ok(Value::Null) if path != ["identifier"] && !self.is_said(blueprint, body, path) => {}
                Ok(Value::Null) if path == ["identifier"] => {
                    *mapped = Err(PortalError::invalid("\"mapping/entity/identifier\" gave null"));
                }
                Ok(value) => put(body, path, value),
                Err(error) => *mapped = Err(error),
            }
        }
    }

    /// Whether the entity that a body means has a value there.
    fn is_said(&self, blueprint: &str, body: &Value, path: &[&str]) -> bool {
        let identifier = body.get("identifier").and_then(Value::as_str).unwrap_or_default();
        let Some(node) = self.view.by_key(blueprint, identifier) else { return false };
        let entity = self.view.port_entity_alone(node);
        path.iter().try_fold(&entity, |v, key| v.get(*key)).is_some_and(|v| !v.is_null())
    }
}

/// How many items an entity may give: each is looked at together with the whole entity.
fn most(entity: &Value) -> usize {
    (ITEM_BYTES / entity.to_string().len().max(1)).clamp(1, ITEMS)
}

fn put(body: &mut Value, path: &[&str], value: Value) {
    match path {
        [] => *body = value,
        [key, rest @ ..] => {
            if let Some(map) = body.as_object_mut() {
                put(map.entry((*key).to_owned()).or_insert_with(|| Map::new().into()), rest, value);
            }
        }
    }
}

impl Draft {
    /// Writes a chunk, up to an entity that is another one by now: that is mapped again.
    fn write_mapped(&mut self, id: &str, cursor: Option<&str>, chunk: &Chunk, last: Option<String>) -> Turn {
        let Some(mut migration) = Migration::find(&self.catalog, id) else { return Turn::Ended };
        if migration.status().has_ended() {
            return Turn::Ended;
        }
        if migration.status() == Status::PendingCancellation || migration.cursor() != cursor {
            return Turn::Progress;
        }
        let Some(last) = last else {
            migration.end(Status::Completed, None);
            self.keep_migration(migration);
            return Turn::Ended;
        };
        let mut done = None;
        for (record, results) in chunk {
            let now = self.catalog.node_of_uid(record.uid).and_then(|node| self.catalog.entity(node));
            match now {
                // Deleted meanwhile.
                None => continue,
                Some(now) if !now.record.same_content(record) => return self.keep_done(migration, done),
                Some(_) => self.write_results(&mut migration, &record.identifier, results),
            }
            done = Some(record.identifier.clone().to_string());
        }
        self.keep_done(migration, Some(last))
    }

    /// Notes how far a mapping is; nothing where it did not get on.
    fn keep_done(&mut self, mut migration: Migration, done: Option<String>) -> Turn {
        if let Some(done) = done {
            migration.set("status", Status::Running.name());
            migration.set("cursor", done);
            self.keep_migration(migration);
        }
        Turn::Progress
    }

    fn write_results(&mut self, migration: &mut Migration, identifier: &str, results: &[Mapped]) {
        for result in results {
            let write = |(blueprint, body): (String, Value)| self.write_one(&blueprint, &body);
            match result.clone().and_then(|mapped| mapped.map(write).transpose()) {
                Ok(None) => {}
                Ok(Some(())) => migration.count("successCount", 1),
                Err(error) => migration.refuse(identifier, &error),
            }
        }
    }

    fn write_one(&mut self, blueprint: &str, body: &Value) -> Result<(), PortalError> {
        let request = WriteRequest {
            blueprint: blueprint.to_owned(),
            mode: WriteMode::UpsertMerge,
            create_missing: false,
            validation_only: false,
            datasource: None,
            entities: Vec::new(),
        };
        self.write_entity(&request, body, Missing::Refuse, &crate::rights::Judge::anything()).map(drop)
    }
}
