//! What a source could not be understood about, so that what it said there before still counts.

use std::collections::HashSet;

use serde_json::Value;
use stagedoor_model::EntityRecord;
use stagedoor_query::Catalog;

/// Where a source could not be understood: what it said there before still counts.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    /// Files and addresses that could not be read, or taken apart.
    pub(crate) files: HashSet<String>,
    /// Folders that a pattern could not look into.
    pub(crate) folders: Vec<String>,
    /// Items that are bad.
    pub(crate) items: HashSet<String>,
    /// References whose documents are bad.
    pub(crate) references: HashSet<String>,
}

impl Kept {
    /// Whether nothing has to be kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
            && self.folders.is_empty()
            && self.items.is_empty()
            && self.references.is_empty()
    }

    pub(crate) fn place(&self, item: &str) -> bool {
        let file = item.rsplit_once('#').map_or(item, |(file, _)| file);
        self.items.contains(item)
            || self.files.contains(file)
            || self.folders.iter().any(|folder| file.starts_with(folder))
    }

    /// Whether what an item said of a reference still counts.
    pub(crate) fn holds(&self, reference: &str, item: &str) -> bool {
        self.references.contains(reference) || self.place(item)
    }
}

/// What a Location document led to before it turned bad or its file went away still counts.
pub(super) fn keep_where_locations_lead(kept: &mut Kept, source: &str, catalog: &Catalog) {
    if kept.is_empty() {
        return;
    }
    let of_source =
        |e: &&EntityRecord| e.blueprint == "location" && e.claim.as_ref().is_some_and(|c| c.source == source);
    let records = catalog.entities().map(|(_, e)| e.record.as_ref());
    let mut locations: Vec<&EntityRecord> = records.filter(of_source).collect();
    while let Some(at) =
        locations.iter().position(|l| l.claim.as_ref().is_some_and(|c| kept.holds(&l.entity_ref, &c.item)))
    {
        let location = locations.swap_remove(at);
        let (Some(claim), Some(document)) = (&location.claim, &location.document) else { continue };
        let document = document.value();
        let Some(spec) = document.get("spec") else { continue };
        let Some((kind, base)) = claim.item.rsplit_once('#').and_then(|(place, _)| place.split_once(':'))
        else {
            continue;
        };
        let list =
            spec.get("targets").and_then(Value::as_array).into_iter().flatten().chain(spec.get("target"));
        for target in list.filter_map(Value::as_str) {
            if let Ok(target) = stagedoor_ingest::resolve_target(kind, base, None, target) {
                keep_target(kept, kind, &target);
            }
        }
    }
}

/// Keeps what a file, an address or a pattern of files has said.
pub(super) fn keep_target(kept: &mut Kept, kind: &str, target: &str) {
    let place = format!("{kind}:{target}");
    let wild = place.find(['*', '?', '[', '{']).filter(|_| kind == "file");
    match wild.and_then(|at| place[..at].rfind('/')) {
        Some(slash) => kept.folders.push(place[..=slash].to_owned()),
        None => drop(kept.files.insert(place)),
    }
}
