//! What definitions read of one another, and which lead back to themselves.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::Value;
use stagedoor_model::derived::{self, Ownership, Spec};

use super::compile::Compiler;
use super::cycles::{components, depths};

/// Derived values that rest on one another, at most.
const MAX_DEPTH: usize = 32;

/// `(blueprint, key)`, or the teams of a blueprint's entities under the key `$team`.
pub(super) type Name = (String, String);
pub(super) const TEAM: &str = "$team";

/// Reads that close a circle: (reader, read).
pub(super) type Cut = HashSet<(Name, Name)>;

pub(super) fn name(blueprint: &str, key: &str) -> Name {
    (blueprint.to_owned(), key.to_owned())
}

impl Compiler<'_> {
    pub(super) fn note_reads(&mut self) {
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

    pub(super) fn keys(&self, blueprint: &str) -> impl Iterator<Item = &str> {
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
    pub(super) fn cut(&self) -> Cut {
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

/// Whether a program names a property: as a whole word, and not among the relations.
pub(super) fn mentions(program: &str, key: &str) -> bool {
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
