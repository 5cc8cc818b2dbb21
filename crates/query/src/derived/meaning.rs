//! Whether a change of the blueprints concerns what is read of one of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::definition::{Aggregation, Definitions, Owners, What};
use super::walk::Hop;
use crate::blueprints::BlueprintEntry;
use crate::catalog::Catalog;
use crate::prepare::stable_hash;

/// What in a query leads to blueprints that are not named beside it.
const FAR: [&str; 6] = ["relation", "propertySchema", "path", "$team", "relatedTo", "matchAny"];

impl Catalog {
    /// A number that stays the same as long as the blueprints say the same of what is read of a blueprint's entities:
    /// its own definition, and with `derived` the definitions of all others that its derived values, its teams and
    /// programs about it are read from.
    #[must_use]
    pub fn meaning_of(&self, blueprint: &str, derived: bool) -> u64 {
        let mut said = String::new();
        let mut known = BTreeSet::new();
        let mut open = vec![blueprint.to_owned()];
        while let Some(next) = open.pop() {
            if !known.insert(next.clone()) {
                continue;
            }
            let Some(entry) = self.blueprints().get(&next) else {
                let _ = write!(said, "\0{next} is not there");
                continue;
            };
            tell(&mut said, entry);
            if derived && !read_by(&entry.derived, &mut said, &mut open) {
                open.extend(self.blueprints().iter().map(|entry| entry.blueprint.identifier.clone()));
            }
        }
        stable_hash(said.as_bytes())
    }
}

fn tell(said: &mut String, entry: &BlueprintEntry) {
    let (blueprint, face) = (&entry.blueprint, &entry.face);
    let mutual = face.shipped && entry.derived.owned_by_others;
    // Writing to a text cannot fail.
    let _ = write!(said, "\0{}\0{}\0{face:?}\0{mutual}", blueprint.identifier, blueprint.body.as_str());
}

/// Notes how values are derived, and the blueprints that they are read from; false where these may be any.
fn read_by(definitions: &Definitions, said: &mut String, open: &mut Vec<String>) -> bool {
    let mut all_known = true;
    let along = |hops: &[Hop], open: &mut Vec<String>| open.extend(hops.iter().map(|hop| hop.to.clone()));
    if let Owners::At(hops) = &definitions.owners {
        along(hops, open);
    }
    let _ = write!(said, "\0{:?}", definitions.owners);
    for (key, definition) in &definitions.list {
        let _ = write!(said, "\0{key}{:?}", definition.shape);
        match &definition.what {
            What::Mirror(mirror) => {
                along(&mirror.hops, open);
                let _ = write!(said, "{mirror:?}");
            }
            What::Calculation(calculation) => drop(write!(said, "{calculation:?}")),
            What::Aggregation(aggregation) => {
                let Aggregation { spec, property, time, paths, query, target } = aggregation.as_ref();
                let body = query.as_ref().map(|query| &query.body);
                let _ = write!(said, "{spec:?}{property:?}{time:?}{paths:?}{body:?}");
                open.push(target.clone());
                all_known &= !body.is_some_and(leads_far);
            }
            What::Nothing(problem) => said.push_str(problem),
        }
    }
    all_known
}

fn leads_far(query: &Value) -> bool {
    match query {
        Value::String(text) => FAR.contains(&text.as_str()),
        Value::Array(list) => list.iter().any(leads_far),
        Value::Object(map) => map.iter().any(|(key, value)| FAR.contains(&key.as_str()) || leads_far(value)),
        _ => false,
    }
}
