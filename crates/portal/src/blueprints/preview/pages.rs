//! Pages and saved views that name what would go.

use std::collections::BTreeSet;

use serde_json::Value;
use stagedoor_model::Blueprint;
use stagedoor_query::Catalog;

use super::breaks::{Break, mentions, removed};

/// Collections of records that hold widgets and tables, and what one of them is called.
const COLLECTIONS: [(&str, &str); 2] = [("page", "page"), ("view", "view")];

/// Finds every page and view that names the blueprint where it goes, or a property or relation that it loses.
pub(super) fn look(catalog: &Catalog, old: &Blueprint, new: Option<&Blueprint>, breaks: &mut Vec<Break>) {
    let gone = new.map(|new| removed(old, new)).unwrap_or_default();
    if new.is_some() && gone.is_empty() {
        return;
    }
    for (collection, kind) in COLLECTIONS {
        for record in catalog.records(collection) {
            let body = record.body.value();
            let mut found = BTreeSet::new();
            Names { blueprint: &old.identifier, gone: &gone, whole: new.is_none() }
                .walk(&body, false, &mut found);
            if found.is_empty() {
                continue;
            }
            let names: Vec<String> = found.into_iter().map(|name| format!("\"{name}\"")).collect();
            breaks.push(Break {
                kind,
                of: record.key.clone(),
                title: body.pointer(&format!("/{kind}/title")).and_then(Value::as_str).map(str::to_owned),
                key: None,
                message: format!("it names {}", names.join(", ")),
                certain: false,
            });
        }
    }
}

/// What is looked for.
struct Names<'a> {
    blueprint: &'a str,
    gone: &'a BTreeSet<String>,
    /// The blueprint itself goes.
    whole: bool,
}

impl Names<'_> {
    /// `here`: what stands around is about the blueprint.
    fn walk(&self, value: &Value, here: bool, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                let named = |key: &str| map.get(key).and_then(Value::as_str);
                let about = named("blueprint").or_else(|| named("blueprintIdentifier"));
                let by_rule =
                    named("property") == Some("$blueprint") && named("value") == Some(self.blueprint);
                if self.whole && (by_rule || about == Some(self.blueprint)) {
                    found.insert(self.blueprint.to_owned());
                }
                let here = about.map_or(here, |about| about == self.blueprint);
                for (key, value) in map {
                    match value {
                        // A query as text.
                        Value::String(text) if here && key == "query" => {
                            found.extend(self.gone.iter().filter(|name| mentions(text, name)).cloned());
                        }
                        _ => self.walk(value, here || key == self.blueprint, found),
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.walk(value, here, found)),
            Value::String(text) if here => {
                // `status`, `properties.status`, `property#status`
                let name = text.trim_start_matches('-').rsplit(['.', '#']).next().unwrap_or(text);
                if self.gone.contains(name) {
                    found.insert(name.to_owned());
                }
            }
            _ => {}
        }
    }
}
