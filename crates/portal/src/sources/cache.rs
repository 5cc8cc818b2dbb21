//! What is remembered of files, so that an unchanged one is not even opened again: where its
//! documents stood and what they claimed, not what they said.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use stagedoor_ingest::LocationTargets;
use stagedoor_query::Catalog;

use super::remembered::Pair;

/// A file that changed this shortly before it was read may change again without its time changing.
const RACY: Duration = Duration::from_millis(100);

/// What a file said, without the documents.
#[derive(Default)]
pub(super) struct Summary {
    /// Item, line and reference of every entity.
    pub(super) claims: Vec<(String, u32, String)>,
    pub(super) targets: Vec<(LocationTargets, u32)>,
    /// It holds something that has to be read every time: blueprints, entities in Port's form, bad or
    /// refused documents, placeholders.
    pub(super) volatile: bool,
    /// What is remembered of it across restarts.
    pub(super) pair: Option<Pair>,
}

/// When a file was read and what it looked like then.
struct Known {
    modified: SystemTime,
    length: u64,
    /// The set of known kinds that its documents were judged by.
    kinds: u64,
    summary: Arc<Summary>,
}

/// Files by source and path: two sources that read one file do not say the same of it.
#[derive(Default)]
pub(super) struct Cache {
    sources: HashMap<String, HashMap<PathBuf, Known>>,
}

impl Cache {
    /// The summary of a file that has not changed since, and whose claims all stand in the catalog.
    pub(super) fn unchanged(
        &self,
        path: &Path,
        kinds: u64,
        source: &str,
        catalog: &Catalog,
    ) -> Option<Arc<Summary>> {
        let known = self.sources.get(source)?.get(path)?;
        let meta = std::fs::metadata(path).ok()?;
        let same =
            known.kinds == kinds && known.length == meta.len() && known.modified == meta.modified().ok()?;
        (same && known.summary.claims.iter().all(|c| stands(c, source, catalog)))
            .then(|| Arc::clone(&known.summary))
    }

    /// Remembers a file as `meta` (taken before it was read) describes it.
    pub(super) fn remember(
        &mut self,
        path: &Path,
        meta: Option<std::fs::Metadata>,
        kinds: u64,
        source: &str,
        summary: Summary,
    ) {
        let files = self.sources.entry(source.to_owned()).or_default();
        let modified = meta.as_ref().and_then(|m| m.modified().ok());
        let settled = modified.is_some_and(|m| m.elapsed().is_ok_and(|age| age > RACY));
        match (modified, meta) {
            (Some(modified), Some(meta)) if settled && !summary.volatile => {
                let known = Known { modified, length: meta.len(), kinds, summary: Arc::new(summary) };
                files.insert(path.to_owned(), known);
            }
            _ => {
                files.remove(path);
            }
        }
    }
}

/// Whether an item holds its reference, or waits for it.
fn stands((item, _, reference): &(String, u32, String), source: &str, catalog: &Catalog) -> bool {
    let entity = catalog.node_of_ref(reference).and_then(|n| catalog.entity(n));
    let holds =
        entity.and_then(|e| e.record.claim.as_ref()).is_some_and(|c| c.source == source && c.item == *item);
    holds
        || catalog
            .waiting()
            .get(&(source.to_owned(), item.clone()))
            .is_some_and(|w| w.entity_ref == *reference)
}
