//! What a source could not be understood about, so that what it said there before still counts.

use std::collections::HashSet;

use serde_json::Value;
use stagedoor_ingest::CodeHosts;
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
    /// All that was looked at, where that was only a part: the rest still counts.
    pub(crate) part: Option<Part>,
}

/// Some places of a source.
#[derive(Clone, Default)]
pub(crate) struct Part {
    /// Files and addresses.
    pub(crate) files: HashSet<String>,
    /// What the places of a pattern begin with.
    pub(crate) folders: Vec<String>,
}

impl Part {
    /// Whether a file or address belongs to it.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.files.contains(file) || self.folders.iter().any(|folder| file.starts_with(folder))
    }

    /// Adds what a target means.
    pub(super) fn add(&mut self, kind: &str, target: &str) {
        let place = format!("{kind}:{target}");
        match folder_of(kind, &place) {
            Some(folder) => self.folders.push(folder),
            None => drop(self.files.insert(place)),
        }
    }
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
        let file = file_of(item);
        self.part.as_ref().is_some_and(|part| !part.has(file)) || self.is_unclear(item)
    }

    /// Whether a place was looked at, and could not be understood.
    fn is_unclear(&self, item: &str) -> bool {
        let file = file_of(item);
        self.items.contains(item)
            || self.files.contains(file)
            || self.folders.iter().any(|folder| file.starts_with(folder))
    }

    /// Whether what an item said of a reference still counts.
    pub(crate) fn holds(&self, reference: &str, item: &str) -> bool {
        self.references.contains(reference) || self.place(item)
    }
}

fn file_of(item: &str) -> &str {
    item.rsplit_once('#').map_or(item, |(file, _)| file)
}

/// What a Location document led to before it turned bad or its file went away still counts. Where one that was not
/// looked at leads to was not looked at either, unless something else leads there.
pub(super) fn keep_where_locations_lead(kept: &mut Kept, source: &str, catalog: &Catalog, hosts: &CodeHosts) {
    if kept.is_empty() {
        return;
    }
    let claimed = catalog.claimed_by(source).map(|(_, e)| e.record.as_ref());
    let mut locations: Vec<&EntityRecord> = claimed.filter(|e| e.blueprint == "location").collect();
    let unclear = |kept: &Kept, l: &EntityRecord| {
        let claim = l.claim.as_ref();
        claim.is_some_and(|c| kept.references.contains(&*l.entity_ref) || kept.is_unclear(&c.item))
    };
    while let Some(at) = locations.iter().position(|l| unclear(kept, l)) {
        let location = locations.swap_remove(at);
        let (Some(claim), Some(document)) = (&location.claim, &location.document) else { continue };
        let document = document.value();
        let Some(spec) = document.get("spec") else { continue };
        let place = claim.item.rsplit_once('#').map(|(place, _)| place);
        // What a provider found stands in no file, and its targets are whole addresses.
        let found = place == Some(source) && !source.starts_with("file:") && !source.starts_with("url:");
        let Some((kind, base)) = place.and_then(|place| place.split_once(':')) else { continue };
        let list =
            spec.get("targets").and_then(Value::as_array).into_iter().flatten().chain(spec.get("target"));
        for target in list.filter_map(Value::as_str) {
            let (kind, base) = if found { ("url", target) } else { (kind, base) };
            if let Ok(target) = hosts.resolve_target(kind, base, None, target) {
                keep_target(kept, kind, &target);
            }
        }
    }
}

/// Keeps what a file, an address or a pattern of files has said.
pub(super) fn keep_target(kept: &mut Kept, kind: &str, target: &str) {
    let place = format!("{kind}:{target}");
    match folder_of(kind, &place) {
        Some(folder) => kept.folders.push(folder),
        None => drop(kept.files.insert(place)),
    }
}

/// What all places of a pattern begin with.
fn folder_of(kind: &str, place: &str) -> Option<String> {
    let wild: &[char] = if kind == "file" { &['*', '?', '[', '{'] } else { &['*'] };
    let slash = place[..place.find(wild)?].rfind('/')?;
    Some(place[..=slash].to_owned())
}
