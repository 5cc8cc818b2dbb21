//! What is stored of pages, and what a page is by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_model::{Change, JsonText, Record, Stamps};
use stagedoor_query::Catalog;

use super::{PAGES, Page, standard};
use crate::writer::Draft;

/// The record of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stored {
    /// Keys of the page, as sent.
    pub(super) page: Map<String, Value>,
    /// Whether these are all; else they are laid over the standard page of this identifier.
    pub(super) whole: bool,
    /// Whether the standard page of this identifier is not there.
    pub(super) gone: bool,
    /// Its place in the sidebar, where it is not the standard page's own.
    pub(super) rank: Option<i64>,
    /// What was changed of who may read and change it; null for nothing.
    pub(super) permissions: Value,
}

impl Stored {
    pub(super) fn of(record: &Record) -> Self {
        let Value::Object(mut body) = record.body.value() else { return Self::default() };
        let page = match body.get_mut("page").map(Value::take) {
            Some(Value::Object(page)) => page,
            _ => Map::new(),
        };
        let flag = |key: &str| body.get(key) == Some(&Value::Bool(true));
        Self {
            page,
            whole: flag("whole"),
            gone: flag("gone"),
            rank: body.get("rank").and_then(Value::as_i64),
            permissions: body.get("permissions").cloned().unwrap_or_default(),
        }
    }

    fn body(&self) -> JsonText {
        let mut body = Map::new();
        for (key, flag) in [("whole", self.whole), ("gone", self.gone)] {
            if flag {
                body.insert(key.into(), json!(true));
            }
        }
        if let Some(rank) = self.rank {
            body.insert("rank".into(), json!(rank));
        }
        if !self.permissions.is_null() {
            body.insert("permissions".into(), self.permissions.clone());
        }
        if !self.page.is_empty() {
            body.insert("page".into(), Value::Object(self.page.clone()));
        }
        JsonText::of(&Value::Object(body))
    }

    /// The page, over the standard one of its identifier if there is one.
    fn over(self, standard: Option<Page>, stamps: &Stamps) -> Option<Page> {
        if self.gone {
            return None;
        }
        let Self { page, whole, rank, permissions, .. } = self;
        let place = standard.as_ref().map_or(0, |standard| standard.rank);
        let (body, untouched) = match standard {
            Some(standard) if !whole => {
                let untouched = !page.contains_key("widgets");
                let mut body = standard.body;
                for (key, value) in page {
                    match value {
                        Value::Null => drop(body.shift_remove(&key)),
                        value => drop(body.insert(key, value)),
                    }
                }
                (body, untouched)
            }
            // Nothing stands below what was laid over it: its blueprint is gone.
            None if !whole => return None,
            _ => (page, false),
        };
        let rank = rank.unwrap_or(place);
        Some(Page { body, stamps: stamps.clone(), standard: untouched, rank, permissions })
    }
}

/// What is stored under an identifier.
pub(super) fn stored(catalog: &Catalog, identifier: &str) -> Option<Stored> {
    catalog.record(PAGES, identifier).map(|record| Stored::of(record))
}

/// A page as it is.
pub(super) fn effective(catalog: &Catalog, identifier: &str) -> Option<Page> {
    let standard = standard::page(catalog, identifier);
    match catalog.record(PAGES, identifier) {
        Some(record) => Stored::of(record).over(standard, &record.stamps),
        None => standard,
    }
}

/// All pages, by identifier.
pub(super) fn all(catalog: &Catalog) -> Vec<Page> {
    let mut all: BTreeMap<String, Page> = BTreeMap::new();
    for page in standard::all(catalog) {
        // Two blueprints may have one plural.
        all.entry(page.identifier().to_owned()).or_insert(page);
    }
    for record in catalog.records(PAGES) {
        match Stored::of(record).over(all.remove(&record.key), &record.stamps) {
            Some(page) => drop(all.insert(record.key.clone(), page)),
            None => drop(all.remove(&record.key)),
        }
    }
    all.into_values().collect()
}

impl Draft {
    /// Stores what is said of a page now, unless it is what is stored already.
    pub(super) fn put_page(&mut self, identifier: &str, stored: &Stored) {
        let old = self.catalog.record(PAGES, identifier).cloned();
        let body = stored.body();
        if old.as_ref().is_some_and(|old| old.body == body) {
            return;
        }
        let standard = standard::page(&self.catalog, identifier);
        let mut stamps = match (&old, standard) {
            (Some(old), _) if !Stored::of(old).gone => old.stamps.clone(),
            (None, Some(standard)) if !stored.whole => standard.stamps,
            _ => self.new_stamps(None),
        };
        (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        let (collection, key) = (PAGES.to_owned(), identifier.to_owned());
        self.put(Change::PutRecord(Arc::new(Record { collection, key, body, stamps })));
    }
}
