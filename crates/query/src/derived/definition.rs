//! The derived values of a set of blueprints, compiled: paths become steps over faces, and definitions that
//! lead back to themselves are found.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use serde_json::{Map, Value};
use stagedoor_model::blueprint::PropertyType;
use stagedoor_model::derived::{self, Derived, Ownership, Spec};
use stagedoor_model::json;

use super::cycles::{components, depths};
use super::paths::Web;
use super::walk::{Hop, Paths};
use crate::blueprints::BlueprintEntry;
use crate::dialect::port::META_PROPERTIES;
use crate::expr::{Expr, Meta};

/// Derived values that rest on one another, at most.
const MAX_DEPTH: usize = 32;

/// What a blueprint derives.
#[derive(Debug, Default)]
pub struct Definitions {
    pub(super) list: IndexMap<String, Definition>,
    pub(super) owners: Owners,
    /// Whether groups may state whom they own.
    pub(super) owned_by_others: bool,
}

/// Who says which teams own an entity.
#[derive(Debug, Default)]
pub(super) enum Owners {
    #[default]
    Itself,
    /// Whoever is at the end.
    At(Vec<Hop>),
    /// Nobody: the path leads nowhere, or back.
    Nobody,
}

/// How the values of a derived property look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Their type, where the definition tells.
    pub kind: Option<PropertyType>,
    /// They are arrays.
    pub many: bool,
    /// They are dates.
    pub time: bool,
}

#[derive(Debug)]
pub(super) struct Definition {
    /// Unique within one state of the blueprints.
    pub(super) id: u32,
    pub(super) what: What,
    pub(super) shape: Shape,
}

#[derive(Debug)]
pub(super) enum What {
    Mirror(Mirror),
    Calculation(Calculation),
    Aggregation(Box<Aggregation>),
    /// Always null, and why.
    Nothing(String),
}

#[derive(Debug)]
pub(super) struct Mirror {
    pub(super) hops: Vec<Hop>,
    pub(super) last: Last,
    pub(super) many: bool,
}

/// A value of an entity by name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Last {
    Meta(Meta),
    Derived(String),
    Property(String),
}

#[derive(Debug)]
pub(super) struct Calculation {
    pub(super) program: String,
    pub(super) kind: PropertyType,
    /// Derived properties that the program mentions; false: it is told null, for they depend on it.
    pub(super) mentions: Vec<(String, bool)>,
    pub(super) relations: bool,
}

#[derive(Debug)]
pub(super) struct Aggregation {
    pub(super) spec: Spec,
    /// The property that is counted up, and the date of an entity.
    pub(super) property: Last,
    pub(super) time: Last,
    pub(super) paths: Paths,
    pub(super) query: Option<Query>,
    pub(super) target: String,
}

#[derive(Debug)]
pub(super) struct Query {
    pub(super) body: Value,
    /// Its meaning depends on the time.
    pub(super) clock: bool,
    pub(super) compiled: OnceLock<Result<Expr, String>>,
}

impl Definitions {
    /// The keys of the derived properties: mirrors, calculations, aggregations.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.list.keys().map(String::as_str)
    }

    /// Whether a property is derived.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.list.contains_key(key)
    }

    /// Whether no property is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How a derived property's values look.
    #[must_use]
    pub fn shape(&self, key: &str) -> Option<Shape> {
        self.list.get(key).map(|d| d.shape)
    }

    /// Whether its teams are those of other entities.
    #[must_use]
    pub fn inherits_teams(&self) -> bool {
        !matches!(self.owners, Owners::Itself)
    }
}

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

/// `(blueprint, key)`, or the teams of a blueprint's entities under the key `$team`.
type Name = (String, String);
const TEAM: &str = "$team";

struct Compiler<'b> {
    entries: &'b IndexMap<String, BlueprintEntry>,
    parsed: HashMap<&'b str, Derived>,
    web: Web<'b>,
    /// What each definition reads.
    reads: IndexMap<Name, Vec<Name>>,
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

/// Reads that close a circle: (reader, read).
type Cut = HashSet<(Name, Name)>;

fn name(blueprint: &str, key: &str) -> Name {
    (blueprint.to_owned(), key.to_owned())
}

impl Compiler<'_> {
    fn of(&self, blueprint: &str) -> Option<&Derived> {
        self.parsed.get(blueprint)
    }

    fn has(&self, blueprint: &str, key: &str) -> bool {
        key == TEAM || self.of(blueprint).is_some_and(|d| d.has(key))
    }

    /// The steps of a path that begins at a blueprint.
    fn hops(&self, from: &str, relations: &[String]) -> Result<Vec<Hop>, String> {
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

    fn note_reads(&mut self) {
        let mut all = IndexMap::new();
        for (blueprint, derived) in self.entries.keys().filter_map(|b| Some((b, self.of(b)?))) {
            for (key, mirror) in &derived.mirrors {
                let end =
                    self.hops(blueprint, &mirror.relations).ok().and_then(|h| h.last().map(|h| h.to.clone()));
                let read =
                    end.filter(|end| self.has(end, &mirror.last)).map(|end| (end, mirror.last.clone()));
                all.insert(name(blueprint, key), read.into_iter().collect());
            }
            for (key, calculation) in &derived.calculations {
                let mut reads = vec![name(blueprint, TEAM)];
                let own = self.keys(blueprint).filter(|k| mentions(&calculation.program, k));
                reads.extend(own.map(|k| name(blueprint, k)));
                all.insert(name(blueprint, key), reads);
            }
            for (key, aggregation) in &derived.aggregations {
                all.insert(name(blueprint, key), self.aggregation_reads(aggregation));
            }
            if let Ownership::Inherited(path) = &derived.ownership {
                let end = self.hops(blueprint, path).ok().and_then(|h| h.last().map(|h| name(&h.to, TEAM)));
                all.insert(name(blueprint, TEAM), end.into_iter().collect());
            }
        }
        self.reads = all;
    }

    fn keys(&self, blueprint: &str) -> impl Iterator<Item = &str> {
        let all = self.of(blueprint).into_iter();
        all.flat_map(|d| d.mirrors.keys().chain(d.calculations.keys()).chain(d.aggregations.keys()))
            .map(String::as_str)
    }

    fn aggregation_reads(&self, aggregation: &derived::Aggregation) -> Vec<Name> {
        let mut keys: Vec<&str> = match &aggregation.spec {
            Spec::Count => Vec::new(),
            Spec::CountPer(_, time) => vec![time],
            Spec::Property(_, property) => vec![property],
            Spec::SumPer(_, property, time) => vec![property, time],
        };
        let target = &aggregation.target;
        let mut far = Vec::new();
        if let Some(query) = &aggregation.query {
            texts(query, &mut keys, &mut far);
        }
        let here = keys.into_iter().map(|key| (target.as_str(), key));
        // A rule by a property of what a relation leads to.
        let relations = self.entries.get(target).map(|e| &e.face.relations);
        let end = |relation: &str| relations.and_then(|r| r.get(relation)).map(|r| r.target.as_str());
        let far = far.into_iter().filter_map(|(relation, key)| Some((end(relation)?, key)));
        here.chain(far).filter(|(b, k)| self.has(b, k)).map(|(b, k)| name(b, k)).collect()
    }

    /// The reads between definitions that lead to one another, and those that lead too deep.
    fn cut(&self) -> Cut {
        let number = |name: &Name| self.reads.get_index_of(name);
        let mut edges: Vec<Vec<usize>> =
            self.reads.values().map(|reads| reads.iter().filter_map(number).collect()).collect();
        let component = components(&edges);
        for (from, reads) in edges.iter_mut().enumerate() {
            reads.retain(|to| component.get(*to) != component.get(from));
        }
        let depth = depths(&edges);
        let mut cut = Cut::new();
        for (from, (reader, reads)) in self.reads.iter().enumerate() {
            let too_deep = depth.get(from).is_some_and(|d| *d > MAX_DEPTH);
            for read in reads {
                if number(read).is_some_and(|to| too_deep || component.get(to) == component.get(from)) {
                    cut.insert((reader.clone(), read.clone()));
                }
            }
        }
        cut
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
        let paths = match &aggregation.path {
            None => self.web.all(blueprint, target),
            Some(filter) => match self.filtered(blueprint, target, filter) {
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

    /// The one path that a filter names, from this blueprint or, backwards, from the target.
    fn filtered(&self, own: &str, target: &str, filter: &derived::PathFilter) -> Result<Paths, String> {
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
        let mut paths = Paths::default();
        paths.add(&hops);
        Ok(paths)
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

/// Every text in a query, and the properties of what relations lead to: (relation, property).
fn texts<'v>(value: &'v Value, out: &mut Vec<&'v str>, far: &mut Vec<(&'v str, &'v str)>) {
    match value {
        Value::String(text) => out.push(text),
        Value::Array(list) => list.iter().for_each(|v| texts(v, out, far)),
        Value::Object(map) => {
            let text = |key: &str| map.get(key).and_then(Value::as_str);
            far.extend(text("relation").zip(text("targetProperty")));
            map.values().for_each(|v| texts(v, out, far));
        }
        _ => {}
    }
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

/// Whether a program names a property: as a whole word, and not among the relations.
fn mentions(program: &str, key: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    program.match_indices(key).any(|(at, _)| {
        let (before, after) = (&program[..at], &program[at + key.len()..]);
        let whole = !before.ends_with(word) && !after.starts_with(word);
        let quoted = before.trim_end_matches(['"', '\'', '[', '.', '?']);
        whole && quoted.len() < before.len() && !quoted.ends_with("relations")
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn programs_mention_properties_by_whole_words() {
        for (program, key, expected) in [
            (".properties.url", "url", true),
            (".properties[\"a-b\"] // 1", "a-b", true),
            (".properties | .url", "url", true),
            (".properties.\"url\"", "url", true),
            ("'x' + .properties.url", "x", true),
            (".properties.urls", "url", false),
            (".properties.my_url", "url", false),
            ("url", "url", false),
            (".relations.domain | ascii_upcase", "domain", false),
            (".relations[\"domain\"]", "domain", false),
            (".relations.domain + .properties.domain", "domain", true),
            ("", "url", false),
        ] {
            assert_eq!(mentions(program, key), expected, "{program} {key}");
        }
    }
}
