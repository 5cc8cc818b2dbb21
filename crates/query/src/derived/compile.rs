//! From the definitions of all blueprints to what evaluation works with.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use serde_json::{Map, Value};
use stagedoor_model::blueprint::PropertyType;
use stagedoor_model::derived::{self, Derived, Ownership, Spec};
use stagedoor_model::json;

use super::definition::{
    Aggregation, Calculation, Definition, Definitions, Last, Mirror, Owners, Query, Shape, What,
};
use super::paths::Web;
use super::reads::{Cut, Name, TEAM, mentions, name};
use super::walk::{Hop, Paths};
use crate::blueprints::BlueprintEntry;
use crate::dialect::port::META_PROPERTIES;
use crate::expr::Meta;

/// Reads the definitions in a body without making a tree of the rest.
fn read(entry: &BlueprintEntry) -> Derived {
    const PARTS: [&str; 5] = [
        "mirrorProperties",
        "calculationProperties",
        "aggregationProperties",
        "ownership",
        "teamInheritance",
    ];
    let text = entry.blueprint.body.as_str();
    let mut body = Map::new();
    for part in PARTS {
        let value = json::member(text, [part]).filter(|v| *v != "{}" && *v != "null");
        if let Some(value) = value.and_then(|v| serde_json::from_str(v).ok()) {
            body.insert(part.to_owned(), value);
        }
    }
    if body.is_empty() { Derived::default() } else { Derived::read(&body.into()).0 }
}

/// All definitions, and what they read of one another.
pub(super) struct Compiler<'b> {
    pub(super) entries: &'b IndexMap<String, BlueprintEntry>,
    pub(super) parsed: HashMap<&'b str, Derived>,
    web: Web<'b>,
    /// What each definition reads.
    pub(super) reads: IndexMap<Name, Vec<Name>>,
}

/// Compiles the definitions of all blueprints.
pub(crate) fn compile(entries: &IndexMap<String, BlueprintEntry>) -> HashMap<String, Arc<Definitions>> {
    let parsed: HashMap<&str, Derived> = entries.iter().map(|(id, e)| (id.as_str(), read(e))).collect();
    if parsed.values().all(|d| d.is_empty() && d.ownership == Ownership::Direct) {
        return HashMap::new();
    }
    let mut compiler = Compiler { entries, parsed, web: Web::new(entries), reads: IndexMap::new() };
    compiler.note_reads();
    let cut = compiler.cut();
    let mut next = 0;
    entries.keys().map(|id| (id.clone(), Arc::new(compiler.definitions(id, &cut, &mut next)))).collect()
}

impl Compiler<'_> {
    pub(super) fn of(&self, blueprint: &str) -> Option<&Derived> {
        self.parsed.get(blueprint)
    }

    pub(super) fn has(&self, blueprint: &str, key: &str) -> bool {
        key == TEAM || self.of(blueprint).is_some_and(|d| d.has(key))
    }

    /// The steps of a path that begins at a blueprint.
    pub(super) fn hops(&self, from: &str, relations: &[String]) -> Result<Vec<Hop>, String> {
        let mut at = from;
        let mut hops = Vec::with_capacity(relations.len());
        for relation in relations {
            let face = self.entries.get(at).and_then(|e| e.face.relations.get(relation));
            let Some(face) = face else {
                return Err(format!("blueprint \"{at}\" has no relation \"{relation}\""));
            };
            hops.push(self.web.forward(face));
            at = &face.target;
        }
        Ok(hops)
    }

    fn definitions(&self, blueprint: &str, cut: &Cut, next: &mut u32) -> Definitions {
        let Some(derived) = self.of(blueprint) else { return Definitions::default() };
        let mut list = IndexMap::new();
        let mut add = |key: &String, (what, shape): (What, Shape)| {
            list.insert(key.clone(), Definition { id: *next, what, shape });
            *next += 1;
        };
        let circular = |key: &str| {
            let reader = name(blueprint, key);
            let mut reads = self.reads.get(&reader).into_iter().flatten();
            let back = reads.find(|read| cut.contains(&(reader.clone(), (*read).clone())))?;
            Some(What::Nothing(format!(
                "its definition leads back to itself, or too deep, through \"{}\" of blueprint \"{}\"",
                back.1, back.0
            )))
        };
        for (key, mirror) in &derived.mirrors {
            let (what, shape) = self.mirror(blueprint, mirror);
            add(key, (circular(key).unwrap_or(what), shape));
        }
        for (key, calculation) in &derived.calculations {
            let reader = name(blueprint, key);
            let keep = |k: &str| !cut.contains(&(reader.clone(), name(blueprint, k)));
            let own = self.keys(blueprint).filter(|k| mentions(&calculation.program, k));
            let mentions = own.map(|k| (k.to_owned(), keep(k))).collect();
            add(key, compile_calculation(calculation, mentions));
        }
        for (key, aggregation) in &derived.aggregations {
            let what = circular(key).unwrap_or_else(|| self.aggregation(blueprint, aggregation));
            add(key, (what, Shape { kind: Some(PropertyType::Number), many: false, time: false }));
        }
        let owners = match &derived.ownership {
            Ownership::Direct => Owners::Itself,
            Ownership::Inherited(_) if circular(TEAM).is_some() => Owners::Nobody,
            Ownership::Inherited(path) => self.hops(blueprint, path).map_or(Owners::Nobody, Owners::At),
        };
        Definitions { list, owners, owned_by_others: self.web.is_mutual("ownedBy") }
    }

    fn mirror(&self, blueprint: &str, mirror: &derived::Mirror) -> (What, Shape) {
        let hops = match self.hops(blueprint, &mirror.relations) {
            Ok(hops) => hops,
            Err(problem) => return (What::Nothing(problem), Shape { kind: None, many: false, time: false }),
        };
        let end = hops.last().map_or(blueprint, |h| h.to.as_str());
        let last = self.last(end, &mirror.last);
        let mut shape = self.shape(end, &last, 0);
        let many = hops.iter().any(|h| h.many);
        shape.many |= many;
        if many {
            shape.kind = Some(PropertyType::Array);
        }
        (What::Mirror(Mirror { hops, last, many }), shape)
    }

    fn last(&self, blueprint: &str, key: &str) -> Last {
        if let Some((_, meta)) = META_PROPERTIES.iter().find(|(name, _)| *name == key) {
            return Last::Meta(*meta);
        }
        let derived = self.of(blueprint).is_some_and(|d| d.has(key));
        if derived { Last::Derived(key.to_owned()) } else { Last::Property(key.to_owned()) }
    }

    /// How a value looks, as far as definitions tell. `depth` ends circles.
    fn shape(&self, blueprint: &str, last: &Last, depth: usize) -> Shape {
        let plain = |kind| Shape { kind: Some(kind), many: kind == PropertyType::Array, time: false };
        let unknown = Shape { kind: None, many: false, time: false };
        match last {
            Last::Meta(Meta::Team) => plain(PropertyType::Array),
            Last::Meta(meta) => {
                let time = matches!(meta, Meta::CreatedAt | Meta::UpdatedAt);
                Shape { time, ..plain(PropertyType::String) }
            }
            Last::Property(key) => {
                let property = self.entries.get(blueprint).and_then(|e| e.blueprint.properties.get(key));
                property.map_or(unknown, |p| Shape { time: is_time(p.format.as_deref()), ..plain(p.kind) })
            }
            Last::Derived(key) => {
                let Some(derived) = self.of(blueprint).filter(|_| depth < 20) else { return unknown };
                if let Some(calculation) = derived.calculations.get(key) {
                    return compile_calculation(calculation, Vec::new()).1;
                }
                let Some(mirror) = derived.mirrors.get(key) else { return plain(PropertyType::Number) };
                let Ok(hops) = self.hops(blueprint, &mirror.relations) else { return unknown };
                let end = hops.last().map_or(blueprint, |h| h.to.as_str());
                let mut shape = self.shape(end, &self.last(end, &mirror.last), depth + 1);
                if hops.iter().any(|h| h.many) {
                    (shape.many, shape.kind) = (true, Some(PropertyType::Array));
                }
                shape
            }
        }
    }

    fn aggregation(&self, blueprint: &str, aggregation: &derived::Aggregation) -> What {
        let target = &aggregation.target;
        if !self.entries.contains_key(target) {
            return What::Nothing(format!("there is no blueprint \"{target}\""));
        }
        let paths = match aggregation.paths.as_slice() {
            [] => self.web.all(blueprint, target),
            filters => match self.filtered(blueprint, target, filters) {
                Ok(paths) => paths,
                Err(problem) => return What::Nothing(problem),
            },
        };
        let (property, time) = match &aggregation.spec {
            Spec::Count => ("", ""),
            Spec::CountPer(_, time) => ("", time.as_str()),
            Spec::Property(_, property) => (property.as_str(), ""),
            Spec::SumPer(_, property, time) => (property.as_str(), time.as_str()),
        };
        let query = aggregation.query.clone();
        What::Aggregation(Box::new(Aggregation {
            spec: aggregation.spec.clone(),
            property: self.last(target, property),
            time: self.last(target, time),
            paths,
            query: query.map(|body| Query { clock: reads_clock(&body), body, compiled: OnceLock::new() }),
            target: target.clone(),
        }))
    }

    /// The paths that filters name.
    fn filtered(&self, own: &str, target: &str, filters: &[derived::PathFilter]) -> Result<Paths, String> {
        let mut paths = Paths::default();
        for filter in filters {
            paths.add(&self.filter(own, target, filter)?);
        }
        Ok(paths)
    }

    /// The path that a filter names, from this blueprint or, backwards, from the target.
    fn filter(&self, own: &str, target: &str, filter: &derived::PathFilter) -> Result<Vec<Hop>, String> {
        let from = filter.from.as_deref().unwrap_or(own);
        let back = filter.from.is_some() && from == target;
        if !back && from != own {
            return Err(format!("\"fromBlueprint\" must be \"{own}\" or \"{target}\", not \"{from}\""));
        }
        let mut hops = self.hops(from, &filter.relations)?;
        let end = hops.last().map_or(from, |h| h.to.as_str());
        let expected = if back { own } else { target };
        if end != expected {
            return Err(format!("the path leads to blueprint \"{end}\", not to \"{expected}\""));
        }
        if back {
            hops = reversed(hops, from);
        }
        Ok(hops)
    }
}

/// A path from its end to its beginning.
fn reversed(hops: Vec<Hop>, from: &str) -> Vec<Hop> {
    let starts: Vec<String> =
        std::iter::once(from.to_owned()).chain(hops.iter().map(|h| h.to.clone())).collect();
    let back = hops.into_iter().zip(starts).map(|(hop, start)| Hop { to: start, back: true, ..hop });
    let mut back: Vec<Hop> = back.collect();
    back.reverse();
    back
}

fn compile_calculation(calculation: &derived::Calculation, mentions: Vec<(String, bool)>) -> (What, Shape) {
    let kind = calculation.kind;
    let time = kind == PropertyType::String && is_time(calculation.format.as_deref());
    let shape = Shape { kind: Some(kind), many: kind == PropertyType::Array, time };
    let program = calculation.program.clone();
    let relations = program.contains("relations");
    (What::Calculation(Calculation { program, kind, mentions, relations }), shape)
}

fn is_time(format: Option<&str>) -> bool {
    matches!(format, Some("date-time" | "timer"))
}

/// Whether a query asks for dates relative to now.
fn reads_clock(query: &Value) -> bool {
    match query {
        Value::Array(list) => list.iter().any(reads_clock),
        Value::Object(map) => {
            let timer = |v: &Value| matches!(v.as_str(), Some("isExpired" | "isNotExpired"));
            map.contains_key("preset")
                || map.get("operator").is_some_and(timer)
                || map.values().any(reads_clock)
        }
        _ => false,
    }
}
