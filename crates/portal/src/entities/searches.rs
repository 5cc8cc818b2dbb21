//! Searches that stand in a body where an identifier is expected: `{"combinator", "rules"}` in place of the
//! entity's own identifier, of a team, or of a relation's target. They are run against the state that the
//! write finds, and replaced by what they find; what follows sees identifiers only.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use stagedoor_model::Timestamp;
use stagedoor_query::budget::limited;
use stagedoor_query::dialect::port;
use stagedoor_query::{BlueprintEntry, Catalog};

use super::WriteMode;
use crate::error::PortalError;
use crate::rights::Judge;
use crate::writer::Draft;

/// Port lets a search relate at most this many entities.
const MOST_HITS: usize = 100;
/// Searches of one body. They hold up other writers, so there is an end to them.
const MOST_SEARCHES: usize = 50;
/// For the same reason a search may take this long.
const MOST_TIME: Duration = Duration::from_millis(500);

/// How many entities a search may find.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Exactly one: it is the entity that is written.
    One,
    /// None or one.
    AtMostOne,
    /// Up to [`MOST_HITS`].
    Many,
}

impl Draft {
    /// The body with every search replaced by what it finds.
    ///
    /// # Errors
    /// `invalid_request` with the place of a search that is not legal or finds too many; `NotFound` when
    /// the search for the entity itself finds none.
    pub(super) fn resolve_searches<'b>(
        &self,
        body: &'b Value,
        entry: &BlueprintEntry,
        mode: &WriteMode,
        judge: &Judge,
    ) -> Result<Cow<'b, Value>, PortalError> {
        let Some(map) = body.as_object().filter(|map| holds_search(map)) else {
            return Ok(Cow::Borrowed(body));
        };
        let mut map = map.clone();
        let catalog = judge.view(self);
        let mut searches = Searches { catalog: &catalog, now: self.at, left: MOST_SEARCHES };
        if let Some(query) = map.get("identifier").filter(|v| v.is_object()) {
            if matches!(mode, WriteMode::Replace(_) | WriteMode::Patch(_)) {
                return Err(PortalError::invalid("\"identifier\" must be string"));
            }
            let found = searches.run(query, &entry.blueprint.identifier, "identifier", Wanted::One)?;
            map.insert("identifier".into(), one(found));
        }
        if let Some(value) = map.get("team").filter(|v| holds(v)) {
            let found = searches.list(value, "_team", "team")?;
            map.insert("team".into(), found);
        }
        if let Some(Value::Object(relations)) = map.get_mut("relations") {
            for (key, value) in relations.iter_mut().filter(|(_, v)| holds(v)) {
                // A relation that is not there is refused later, by its name.
                let Some(relation) = entry.blueprint.relations.get(key) else { continue };
                let place = format!("relations/{key}");
                *value = match relation.many {
                    true => searches.list(value, &relation.target, &place)?,
                    false if value.is_object() => {
                        one(searches.run(value, &relation.target, &place, Wanted::AtMostOne)?)
                    }
                    false => continue,
                };
            }
        }
        Ok(Cow::Owned(Value::Object(map)))
    }
}

struct Searches<'d> {
    /// As the writer of the body sees it.
    catalog: &'d Catalog,
    now: Timestamp,
    left: usize,
}

impl Searches<'_> {
    /// A search, or a list of identifiers and searches, as a list of identifiers.
    fn list(&mut self, value: &Value, blueprint: &str, place: &str) -> Result<Value, PortalError> {
        let Value::Array(items) = value else {
            return Ok(self.run(value, blueprint, place, Wanted::Many)?.into());
        };
        let mut all = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            if item.is_object() {
                let place = format!("{place}/{at}");
                let found = self.run(item, blueprint, &place, Wanted::Many)?;
                all.extend(found.into_iter().map(Value::String));
            } else {
                all.push(item.clone());
            }
        }
        Ok(Value::Array(all))
    }

    /// The identifiers of the entities of a blueprint that a search finds, in their order.
    fn run(
        &mut self,
        query: &Value,
        blueprint: &str,
        place: &str,
        wanted: Wanted,
    ) -> Result<Vec<String>, PortalError> {
        let catalog = self.catalog;
        let Some(left) = self.left.checked_sub(1) else {
            let text = format!("\"{place}\" is one search too many: a body has at most {MOST_SEARCHES}");
            return Err(PortalError::invalid(text));
        };
        self.left = left;
        if catalog.blueprints().get(blueprint).is_none() {
            return Err(crate::blueprints::no_blueprint(blueprint));
        }
        let scope = port::Scope {
            blueprints: catalog.blueprints(),
            only: Some(blueprint),
            now: self.now,
            caller: None,
        };
        let expr = port::compile(query, place, &scope)?;
        let most = if wanted == Wanted::Many { MOST_HITS } else { 1 };
        let begun = Instant::now();
        let (found, all) = limited(
            move || begun.elapsed() > MOST_TIME,
            || {
                let hits = catalog.select(&expr, false);
                let first = hits.by_identifier(blueprint, None).take(most + 1);
                (first.map(|node| catalog.identifier_at(node).into_owned()).collect::<Vec<_>>(), hits.len())
            },
        )
        .map_err(|error| PortalError::invalid(format!("\"{place}\": {error}")))?;
        if found.len() > most {
            let may = if most == 1 { "one entity".to_owned() } else { format!("{most} entities") };
            let text = format!(
                "\"{place}\" must find at most {may} of blueprint \"{blueprint}\": its rules match {all}"
            );
            return Err(PortalError::invalid(text));
        }
        if found.is_empty() && wanted == Wanted::One {
            let text = format!("No entity of blueprint \"{blueprint}\" matches the rules of \"{place}\"");
            return Err(PortalError::NotFound(text));
        }
        Ok(found)
    }
}

fn one(found: Vec<String>) -> Value {
    found.into_iter().next().map_or(Value::Null, Value::String)
}

/// Whether there is a search in place of an identifier, or among several.
fn holds(value: &Value) -> bool {
    value.is_object() || value.as_array().is_some_and(|list| list.iter().any(Value::is_object))
}

fn holds_search(body: &Map<String, Value>) -> bool {
    let relations = body.get("relations").and_then(Value::as_object);
    body.get("identifier").is_some_and(Value::is_object)
        || body.get("team").is_some_and(holds)
        || relations.is_some_and(|map| map.values().any(holds))
}
