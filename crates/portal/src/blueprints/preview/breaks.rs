//! What would no longer work in the definitions of blueprints.

use std::collections::BTreeSet;

use serde_json::Value;
use stagedoor_model::Blueprint;
use stagedoor_model::derived::{Aggregation, Derived, Ownership, Spec};
use stagedoor_query::{Blueprints, Catalog};

/// Something that depends on what would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// `relation`, `mirror`, `calculation`, `aggregation`, `ownership`, `page` or `view`.
    pub kind: &'static str,
    /// Blueprint, page or view that it belongs to.
    pub of: String,
    /// Title of that.
    pub title: Option<String>,
    /// Property or relation there.
    pub key: Option<String>,
    /// What would be wrong.
    pub message: String,
    /// Whether it surely breaks; otherwise it only names what goes.
    pub certain: bool,
}

/// A state of the data model.
struct Model<'a>(&'a Blueprints);

impl Model<'_> {
    fn target(&self, blueprint: &str, relation: &str) -> Option<&str> {
        Some(&self.0.get(blueprint)?.blueprint.relations.get(relation)?.target)
    }

    /// Where a path of relations ends; what is missing where it does not.
    fn end<'s>(&'s self, from: &'s str, path: &[String]) -> Result<&'s str, String> {
        path.iter().try_fold(from, |at, step| {
            let next = self.target(at, step).filter(|next| self.0.get(next).is_some());
            next.ok_or_else(|| format!("blueprint \"{at}\" has no relation \"{step}\""))
        })
    }

    fn has(&self, blueprint: &str, key: &str) -> Result<(), String> {
        let entry = self.0.get(blueprint).ok_or_else(|| format!("there is no blueprint \"{blueprint}\""))?;
        let known = key.starts_with('$')
            || entry.blueprint.properties.contains_key(key)
            || entry.blueprint.relations.contains_key(key)
            || entry.derived.has(key);
        known.then_some(()).ok_or_else(|| format!("blueprint \"{blueprint}\" has no property \"{key}\""))
    }

    fn mirror(&self, owner: &str, path: &[String], last: &str) -> Result<(), String> {
        self.has(self.end(owner, path)?, last)
    }

    fn aggregation(&self, owner: &str, of: &Aggregation) -> Result<(), String> {
        for path in &of.paths {
            self.end(path.from.as_deref().unwrap_or(owner), &path.relations)?;
        }
        self.0.get(&of.target).ok_or_else(|| format!("there is no blueprint \"{}\"", of.target))?;
        let (Spec::Property(_, property) | Spec::SumPer(_, property, _)) = &of.spec else {
            return self.rules(&of.target, of.query.as_ref());
        };
        self.has(&of.target, property)?;
        self.rules(&of.target, of.query.as_ref())
    }

    /// The properties that rules name.
    fn rules(&self, target: &str, query: Option<&Value>) -> Result<(), String> {
        let Some(query) = query else { return Ok(()) };
        if let Some(property) = query.get("property").and_then(Value::as_str) {
            self.has(target, property)?;
        }
        let rules = query.get("rules").and_then(Value::as_array).into_iter().flatten();
        rules.into_iter().try_for_each(|rule| self.rules(target, Some(rule)))
    }
}

/// Compares every definition of every blueprint before and after.
pub(super) fn look(
    before: &Catalog,
    after: &Catalog,
    old: Option<&Blueprint>,
    new: Option<&Blueprint>,
    breaks: &mut Vec<Break>,
) {
    let (was, is) = (Model(before.blueprints()), Model(after.blueprints()));
    for entry in after.blueprints().iter() {
        let blueprint = &entry.blueprint;
        let (derived, _) = Derived::read(&blueprint.body.value());
        let owner = blueprint.identifier.as_str();
        let own = new.is_some_and(|new| new.identifier == owner);
        let mut add = |kind, key: Option<&String>, (was, is): (Result<(), String>, Result<(), String>)| {
            // What is wrong with the blueprint itself is told as its faults, but for what worked before.
            if let (Ok(()), Err(message)) = (was, is) {
                let (of, title) = (owner.to_owned(), blueprint.title.clone());
                breaks.push(Break { kind, of, title, key: key.cloned(), message, certain: true });
            }
        };
        if !own && let Some(old) = old.filter(|_| new.is_none()) {
            for (key, _) in blueprint.relations.iter().filter(|(_, r)| r.target == old.identifier) {
                add("relation", Some(key), (Ok(()), Err(format!("it leads to \"{}\"", old.identifier))));
            }
        }
        for (key, mirror) in &derived.mirrors {
            let of = |model: &Model<'_>| model.mirror(owner, &mirror.relations, &mirror.last);
            add("mirror", Some(key), (of(&was), of(&is)));
        }
        for (key, aggregation) in &derived.aggregations {
            let of = |model: &Model<'_>| model.aggregation(owner, aggregation);
            add("aggregation", Some(key), (of(&was), of(&is)));
        }
        if let Ownership::Inherited(path) = &derived.ownership {
            let of = |model: &Model<'_>| model.end(owner, path).map(drop);
            add("ownership", None, (of(&was), of(&is)));
        }
    }
    if let (Some(old), Some(new)) = (old, new) {
        programs(old, new, breaks);
    }
}

/// Calculations of the blueprint that name what goes. A program is a text that may say anything: it only may break.
fn programs(old: &Blueprint, new: &Blueprint, breaks: &mut Vec<Break>) {
    let gone = removed(old, new);
    for (key, calculation) in Derived::read(&new.body.value()).0.calculations {
        for name in gone.iter().filter(|name| mentions(&calculation.program, name)) {
            breaks.push(Break {
                kind: "calculation",
                of: new.identifier.clone(),
                title: new.title.clone(),
                key: Some(key.clone()),
                message: format!("its program names \"{name}\""),
                certain: false,
            });
        }
    }
}

/// Properties and relations, stored and derived, that a blueprint has no more.
pub(super) fn removed(old: &Blueprint, new: &Blueprint) -> BTreeSet<String> {
    let keys = |blueprint: &Blueprint| {
        let (derived, _) = Derived::read(&blueprint.body.value());
        let all = blueprint.properties.keys().chain(blueprint.relations.keys());
        let all = all.chain(derived.mirrors.keys()).chain(derived.calculations.keys());
        all.chain(derived.aggregations.keys()).cloned().collect::<BTreeSet<String>>()
    };
    &keys(old) - &keys(new)
}

/// Whether a text has a name as a word of its own.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name)
        .any(|(at, _)| !part(text[..at].chars().next_back()) && !part(text[at + name.len()..].chars().next()))
}
