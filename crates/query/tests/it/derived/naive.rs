//! What derived values are, written down a second time: over plain maps of blueprints and entities, with nothing of
//! the catalog, its index or its compiled definitions, and nothing remembered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use stagedoor_model::Timestamp;

use super::{DAY, NOW, run};

/// (blueprint, identifier)
pub(crate) type Key = (String, String);

/// An entity as it was written through Port.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    pub(crate) uid: u128,
    pub(crate) title: Option<String>,
    pub(crate) team: Vec<String>,
    pub(crate) properties: Map<String, Value>,
    pub(crate) relations: Map<String, Value>,
    pub(crate) created: i64,
}

/// Blueprints and entities, as plain data.
#[derive(Clone, Default)]
pub(crate) struct Plain {
    pub(crate) blueprints: BTreeMap<String, Value>,
    pub(crate) things: BTreeMap<Key, Thing>,
}

/// `(blueprint, key)` of a definition; `$team` for inherited teams.
type Def = (String, String);

const PARTS: [&str; 3] = ["mirrorProperties", "calculationProperties", "aggregationProperties"];

impl Plain {
    fn definition(&self, blueprint: &str, key: &str) -> Option<(usize, &Value)> {
        let body = self.blueprints.get(blueprint)?;
        PARTS.iter().enumerate().find_map(|(at, part)| Some((at, body[*part].get(key)?)))
    }

    pub(crate) fn derived_keys(&self, blueprint: &str) -> Vec<String> {
        let body = &self.blueprints[blueprint];
        PARTS.iter().flat_map(|p| body[*p].as_object().unwrap().keys().cloned()).collect()
    }

    fn relation(&self, blueprint: &str, key: &str) -> Option<(String, bool)> {
        let relation = self.blueprints.get(blueprint)?["relations"].get(key)?;
        Some((relation["target"].as_str()?.to_owned(), relation["many"] == true))
    }

    /// The keys at the other end of a relation, whether or not anything is there: what the entity states, then those
    /// that state the reverse.
    fn ends(&self, from: &Key, relation: &str) -> Vec<Key> {
        let Some((target, _)) = self.relation(&from.0, relation) else { return Vec::new() };
        let mut ends: Vec<Key> =
            self.stated(from, relation).into_iter().map(|id| (target.clone(), id)).collect();
        for other in self.things.keys().filter(|k| k.0 == target) {
            for (key, _) in self.blueprints[&other.0]["relations"].as_object().unwrap() {
                let back = self.relation(&other.0, key).is_some_and(|(t, _)| t == from.0);
                if back && format!("{key}Of") == relation && self.stated(other, key).contains(&from.1) {
                    ends.push(other.clone());
                }
            }
        }
        let mut seen = BTreeSet::new();
        ends.retain(|e| seen.insert(e.clone()));
        ends
    }

    fn stated(&self, from: &Key, relation: &str) -> Vec<String> {
        let Some(thing) = self.things.get(from) else { return Vec::new() };
        match thing.relations.get(relation) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(list)) => list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        }
    }

    /// The blueprints that a path passes.
    fn passes(&self, from: &str, path: &[&str]) -> Option<Vec<String>> {
        let mut at = vec![from.to_owned()];
        for relation in path {
            at.push(self.relation(at.last()?, relation)?.0);
        }
        Some(at)
    }

    fn path_end(&self, from: &Key, path: &[&str]) -> Vec<Key> {
        let mut here = vec![from.clone()];
        for relation in path {
            let mut next: Vec<Key> = Vec::new();
            for key in here {
                let many = self.relation(&key.0, relation).is_some_and(|(_, many)| many);
                let mut ends = self.ends(&key, relation);
                if !many {
                    ends.truncate(1);
                }
                next.extend(ends.into_iter().filter(|e| self.things.contains_key(e)));
            }
            let mut seen = BTreeSet::new();
            next.retain(|k| seen.insert(k.clone()));
            here = next;
        }
        here
    }

    /// What a definition reads of others.
    fn reads(&self, def: &Def) -> Vec<Def> {
        let (blueprint, key) = def;
        let derived = |b: &str, k: &str| k == "$team" || self.definition(b, k).is_some();
        let find = |b: &str, keys: Vec<String>| {
            keys.into_iter().filter(|k| derived(b, k)).map(|k| (b.to_owned(), k)).collect::<Vec<_>>()
        };
        if key == "$team" {
            let Some(path) = self.inherits(blueprint) else { return Vec::new() };
            let path: Vec<&str> = path.split('.').collect();
            return self
                .passes(blueprint, &path)
                .map_or(Vec::new(), |at| find(at.last().unwrap(), vec!["$team".into()]));
        }
        let Some((part, definition)) = self.definition(blueprint, key) else { return Vec::new() };
        match part {
            0 => {
                let mut path: Vec<&str> = definition["path"].as_str().unwrap().split('.').collect();
                let last = path.pop().unwrap();
                self.passes(blueprint, &path)
                    .map_or(Vec::new(), |at| find(at.last().unwrap(), vec![last.to_owned()]))
            }
            1 => {
                let mut all = self.mentioned(blueprint, definition);
                all.push("$team".into());
                find(blueprint, all)
            }
            _ => {
                let mut all =
                    vec![definition["calculationSpec"]["property"].as_str().unwrap_or("").to_owned()];
                if let Some(rule) = definition.pointer("/query/rules/0/property") {
                    all.push(rule.as_str().unwrap().to_owned());
                }
                find(definition["target"].as_str().unwrap(), all)
            }
        }
    }

    fn mentioned(&self, blueprint: &str, definition: &Value) -> Vec<String> {
        let program = definition["calculation"].as_str().unwrap();
        let words = program.split(' ').filter_map(|w| w.strip_prefix(".properties."));
        words.filter(|k| self.definition(blueprint, k).is_some()).map(str::to_owned).collect()
    }

    fn inherits(&self, blueprint: &str) -> Option<&str> {
        self.blueprints.get(blueprint)?["ownership"]["path"].as_str()
    }

    /// Whether a definition leads, by one step or more, to another.
    fn leads(&self, from: &Def, to: &Def) -> bool {
        let (mut seen, mut stack) = (BTreeSet::new(), self.reads(from));
        while let Some(def) = stack.pop() {
            if def == *to {
                return true;
            }
            if seen.insert(def.clone()) {
                stack.extend(self.reads(&def));
            }
        }
        false
    }

    /// Whether one of the things that a definition reads leads back to it.
    fn circular(&self, def: &Def) -> bool {
        self.reads(def).iter().any(|read| read == def || self.leads(read, def))
    }

    pub(crate) fn teams(&self, key: &Key) -> Vec<String> {
        let Some(path) = self.inherits(&key.0) else { return self.things[key].team.clone() };
        let path: Vec<&str> = path.split('.').collect();
        if self.passes(&key.0, &path).is_none() || self.circular(&(key.0.clone(), "$team".into())) {
            return Vec::new();
        }
        let mut teams: Vec<String> = Vec::new();
        for team in self.path_end(key, &path).iter().flat_map(|end| self.teams(end)) {
            if !teams.contains(&team) {
                teams.push(team);
            }
        }
        teams
    }

    /// A value of an entity by name, null where there is none.
    fn read(&self, key: &Key, name: &str) -> Value {
        let thing = &self.things[key];
        match name {
            "$identifier" => json!(key.1),
            "$title" => json!(thing.title),
            "$team" => json!(self.teams(key)),
            "$createdAt" => json!(Timestamp(thing.created).to_string()),
            _ if self.definition(&key.0, name).is_some() => self.value(key, name),
            _ => thing.properties.get(name).cloned().unwrap_or(Value::Null),
        }
    }

    /// A derived value.
    pub(crate) fn value(&self, key: &Key, name: &str) -> Value {
        let def = (key.0.clone(), name.to_owned());
        let (part, definition) = self.definition(&key.0, name).unwrap();
        match part {
            1 => self.calculation(key, &def, definition),
            _ if self.circular(&def) => Value::Null,
            0 => self.mirror(key, definition),
            _ => self.aggregation(key, definition),
        }
    }

    fn mirror(&self, key: &Key, definition: &Value) -> Value {
        let mut path: Vec<&str> = definition["path"].as_str().unwrap().split('.').collect();
        let last = path.pop().unwrap();
        let Some(passes) = self.passes(&key.0, &path) else { return Value::Null };
        let many = path.iter().zip(&passes).any(|(r, b)| self.relation(b, r).unwrap().1);
        let mut values = self.path_end(key, &path).into_iter().map(|end| self.read(&end, last));
        if !many {
            return values.next().unwrap_or(Value::Null);
        }
        let spread = values.flat_map(|v| match v {
            Value::Array(list) => list,
            one => vec![one],
        });
        spread.filter(|v| !v.is_null()).collect()
    }

    fn calculation(&self, key: &Key, def: &Def, definition: &Value) -> Value {
        let thing = &self.things[key];
        let mut properties = thing.properties.clone();
        properties.retain(|k, _| self.definition(&key.0, k).is_none());
        for name in self.mentioned(&key.0, definition) {
            let read = (key.0.clone(), name.clone());
            let back = read == *def || self.leads(&read, def);
            properties.insert(name.clone(), if back { Value::Null } else { self.value(key, &name) });
        }
        let input = json!({"identifier": key.1, "title": thing.title, "team": self.teams(key), "properties": properties});
        let result = run(definition["calculation"].as_str().unwrap(), &input, NOW).unwrap_or(Value::Null);
        let fits = match definition["type"].as_str().unwrap() {
            "string" => result.is_string(),
            "number" => result.is_number(),
            _ => result.is_array(),
        };
        if fits { result } else { Value::Null }
    }

    /// The entities that have this one at the end of a relation.
    fn back(&self, to: &Key, from: &str, relation: &str) -> Vec<Key> {
        let sources = self.things.keys().filter(|k| k.0 == from);
        sources.filter(|k| self.ends(k, relation).contains(to)).cloned().collect()
    }

    fn steps(&self, from: &str, back: bool) -> Vec<(String, String)> {
        let relations = |b: &str| {
            self.blueprints[b]["relations"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        if !back {
            return relations(from).into_iter().map(|r| (self.relation(from, &r).unwrap().0, r)).collect();
        }
        let all = self.blueprints.keys().flat_map(|b| relations(b).into_iter().map(move |r| (b.clone(), r)));
        all.filter(|(b, r)| self.relation(b, r).unwrap().0 == from).collect()
    }

    /// Everything that chains of relations in one direction lead to, each blueprint passed once.
    fn chained(&self, here: &Key, target: &str, back: bool, passed: &[String], out: &mut BTreeSet<Key>) {
        for (blueprint, relation) in self.steps(&here.0, back) {
            if passed.contains(&blueprint) && blueprint != target {
                continue;
            }
            let next = if back { self.back(here, &blueprint, &relation) } else { self.ends(here, &relation) };
            for end in next.into_iter().filter(|e| self.things.contains_key(e)) {
                if blueprint == target {
                    out.insert(end);
                } else {
                    let passed: Vec<String> = passed.iter().cloned().chain([blueprint.clone()]).collect();
                    self.chained(&end, target, back, &passed, out);
                }
            }
        }
    }

    fn related(&self, key: &Key, definition: &Value) -> Option<BTreeSet<Key>> {
        let target = definition["target"].as_str().unwrap();
        let mut found = BTreeSet::new();
        if let Some(filter) = definition.pointer("/pathFilter/0") {
            let path: Vec<&str> =
                filter["path"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
            let from = filter["fromBlueprint"].as_str();
            let back = from == Some(target);
            let (start, end) = if back { (target, key.0.as_str()) } else { (key.0.as_str(), target) };
            let passes = self.passes(start, &path)?;
            if passes.last().unwrap() != end {
                return None;
            }
            let mut here = BTreeSet::from([key.clone()]);
            let mut steps: Vec<(&str, &String)> = path.into_iter().zip(&passes).collect();
            if back {
                steps.reverse();
            }
            for (relation, start) in steps {
                let step =
                    |k: &Key| if back { self.back(k, start, relation) } else { self.ends(k, relation) };
                here = here.iter().flat_map(step).filter(|e| self.things.contains_key(e)).collect();
            }
            found = here;
        } else {
            for back in [false, true] {
                self.chained(key, target, back, std::slice::from_ref(&key.0), &mut found);
            }
        }
        found.remove(key);
        Some(found)
    }

    fn aggregation(&self, key: &Key, definition: &Value) -> Value {
        let target = definition["target"].as_str().unwrap();
        let Some(mut related) = self.related(key, definition) else { return Value::Null };
        if let Some(rule) = definition.pointer("/query/rules/0") {
            related.retain(|k| self.holds(k, target, rule));
        }
        let spec = &definition["calculationSpec"];
        let property = spec["property"].as_str().unwrap_or("");
        let numbers = || related.iter().filter_map(|k| self.read(k, property).as_f64()).collect::<Vec<f64>>();
        let days = |oldest: Option<i64>| oldest.map(|t| ((NOW - t) as f64 / DAY as f64).ceil().max(1.0));
        let result = match (spec["calculationBy"].as_str().unwrap(), spec["func"].as_str().unwrap()) {
            ("entities", "count") => Some(related.len() as f64),
            ("entities", _) => {
                let oldest = related.iter().map(|k| self.things[k].created).min();
                Some(days(oldest).map_or(0.0, |days| related.len() as f64 / days))
            }
            (_, "sum") => Some(numbers().iter().sum()),
            (_, "min") => numbers().into_iter().reduce(f64::min),
            (_, "max") => numbers().into_iter().reduce(f64::max),
            (_, "median") => {
                let mut all = numbers();
                all.sort_by(f64::total_cmp);
                let half = all.len() / 2;
                if all.is_empty() {
                    None
                } else if all.len() % 2 == 1 {
                    Some(all[half])
                } else {
                    Some((all[half - 1] + all[half]) / 2.0)
                }
            }
            _ => {
                let all = numbers();
                let with = related.iter().filter(|k| self.read(k, property).is_number());
                match spec["averageOf"].as_str().unwrap() {
                    "total" => (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64),
                    _ => {
                        days(with.map(|k| self.things[k].created).min()).map(|d| all.iter().sum::<f64>() / d)
                    }
                }
            }
        };
        result.map_or(Value::Null, |f| if f.fract() == 0.0 { json!(f as i64) } else { json!(f) })
    }

    /// Whether an entity satisfies a rule with `=` or `!=`.
    pub(crate) fn holds(&self, key: &Key, target: &str, rule: &Value) -> bool {
        let name = rule["property"].as_str().unwrap();
        let value = &rule["value"];
        let body = &self.blueprints[target];
        let members = |found: Value| match found {
            Value::Array(list) => list,
            one => vec![one],
        };
        let found = if name.starts_with('$') || self.definition(target, name).is_some() {
            members(self.read(key, name))
        } else if body["schema"]["properties"].get(name).is_some() {
            members(self.things[key].properties.get(name).cloned().unwrap_or(Value::Null))
        } else if body["relations"].get(name).is_some() {
            self.ends(key, name).into_iter().map(|(_, id)| json!(id)).collect()
        } else {
            Vec::new()
        };
        found.contains(value) == (rule["operator"] == "=")
    }
}
