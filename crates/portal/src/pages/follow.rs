//! Pages follow their blueprint: they get its new name, and those that are about it alone go with it.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_model::{Change, JsonText, Record};

use super::PAGES;
use super::standard::{catalog_page_of, entity_page_of};
use super::stored::{Stored, stored};
use crate::writer::Draft;

/// Keys of widgets whose text names a blueprint.
const NAMES: [&str; 3] = ["blueprint", "blueprintIdentifier", "targetBlueprint"];

impl Draft {
    /// Notes that a new blueprint is to have no catalog page. Where a page of this name is stored, that one stays.
    pub(super) fn hide_catalog_page(&mut self, blueprint: &str) {
        let id = catalog_page_of(blueprint);
        if stored(&self.catalog, &id).is_none_or(|page| !page.whole) {
            self.put_page(&id, &Stored { gone: true, ..Stored::default() });
        }
    }

    /// Removes what is kept of the pages of a blueprint that is gone.
    pub(crate) fn drop_pages_of(&mut self, blueprint: &str) {
        let own = [catalog_page_of(blueprint), entity_page_of(blueprint)];
        let about = |record: &Record| {
            let page = Stored::of(record);
            let text = |key: &str| page.page.get(key).and_then(Value::as_str);
            match page.whole {
                true => text("blueprint") == Some(blueprint) && text("type") != Some("dashboard"),
                false => own.contains(&record.key),
            }
        };
        let doomed: Vec<String> =
            self.catalog.records(PAGES).filter(|r| about(r)).map(|r| r.key.clone()).collect();
        for key in doomed {
            self.put(Change::DeleteRecord(PAGES.into(), key));
        }
    }

    /// Lets pages follow a blueprint's new name: what is laid over its standard pages moves to their new identifiers, and
    /// widgets that name it name it anew.
    pub(crate) fn rename_pages(&mut self, from: &str, to: &str) {
        let moved =
            [(catalog_page_of(from), catalog_page_of(to)), (entity_page_of(from), entity_page_of(to))];
        let all: Vec<Arc<Record>> = self.catalog.records(PAGES).cloned().collect();
        for record in all {
            let mut body = record.body.value();
            retarget(&mut body, from, to);
            let page = Stored::of(&record);
            let is_entity = page.page.get("type").is_some_and(|kind| kind == "entity");
            let new = moved.iter().find(|(old, _)| *old == record.key && (!page.whole || is_entity));
            let key = new.map_or(&record.key, |(_, new)| new).clone();
            if page.whole && is_entity {
                body["page"]["identifier"] = key.clone().into();
            }
            if key != record.key {
                self.put(Change::DeleteRecord(PAGES.into(), record.key.clone()));
            }
            let body = JsonText::of(&body);
            if key != record.key || body != record.body {
                self.put(Change::PutRecord(Arc::new(Record { key, body, ..record.as_ref().clone() })));
            }
        }
    }
}

/// Replaces the name of a blueprint wherever a page names one.
fn retarget(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|value| retarget(value, from, to)),
        Value::Object(map) => {
            let of_blueprint = map.get("property").is_some_and(|p| p == "$blueprint");
            for (key, value) in map.iter_mut() {
                let names = NAMES.contains(&key.as_str()) || (of_blueprint && key == "value");
                match value {
                    Value::String(text) if names && text == from => *text = to.to_owned(),
                    Value::Array(list) if key == "hiddenBlueprints" || (of_blueprint && key == "value") => {
                        list.iter_mut().filter(|v| *v == from).for_each(|v| *v = to.into());
                    }
                    Value::Object(config) if key == "blueprintConfig" => {
                        rename_key(config, from, to);
                        config.values_mut().for_each(|value| retarget(value, from, to));
                    }
                    value => retarget(value, from, to),
                }
            }
        }
        _ => {}
    }
}

/// Gives a key another name in its place.
fn rename_key(map: &mut serde_json::Map<String, Value>, from: &str, to: &str) {
    if !map.contains_key(from) || map.contains_key(to) {
        return;
    }
    let old = std::mem::take(map);
    map.extend(old.into_iter().map(|(key, value)| (if key == from { to.to_owned() } else { key }, value)));
}
