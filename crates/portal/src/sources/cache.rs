//! What is remembered of files and addresses, so that an unchanged file is not even opened again and an unchanged
//! text not taken apart: where its documents stood and what they claimed, not what they said.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use stagedoor_ingest::LocationTargets;
use stagedoor_query::Catalog;

use super::item::stands;
use super::remembered::{Digest, Pair};

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

/// What a text looked like when it was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// A file: when it changed, and its length.
    File(SystemTime, u64),
    /// The digest of the text.
    Text(Digest),
}

impl Look {
    /// That of a file now, and whether it can be told from what it looks like in a moment.
    pub(super) fn of_file(path: &Path) -> Option<(Self, bool)> {
        let meta = std::fs::metadata(path).ok()?;
        let modified = meta.modified().ok()?;
        let settled = modified.elapsed().is_ok_and(|age| age > RACY);
        Some((Self::File(modified, meta.len()), settled))
    }
}

/// A text that was read.
struct Known {
    look: Look,
    /// What its documents were judged by.
    basis: u64,
    summary: Arc<Summary>,
}

/// Texts by source and place: two sources that read one file do not say the same of it.
#[derive(Default)]
pub(super) struct Cache {
    sources: HashMap<String, HashMap<String, Known>>,
}

impl Cache {
    /// The summary of a text that has not changed since, and whose claims all stand in the catalog.
    pub(super) fn unchanged(
        &self,
        place: &str,
        look: Look,
        basis: u64,
        source: &str,
        catalog: &Catalog,
    ) -> Option<Arc<Summary>> {
        let known = self.sources.get(source)?.get(place)?;
        let same = known.basis == basis && known.look == look;
        let claims = &known.summary.claims;
        (same && claims.iter().all(|(item, _, reference)| stands(item, reference, source, catalog)))
            .then(|| Arc::clone(&known.summary))
    }

    /// Remembers a text that looked like this before it was read; nothing is remembered of one without a look.
    pub(super) fn remember(
        &mut self,
        place: &str,
        look: Option<Look>,
        basis: u64,
        source: &str,
        summary: Summary,
    ) {
        if !self.sources.contains_key(source) {
            self.sources.insert(source.to_owned(), HashMap::new());
        }
        let Some(texts) = self.sources.get_mut(source) else { return };
        match look.filter(|_| !summary.volatile) {
            Some(look) => {
                drop(texts.insert(place.to_owned(), Known { look, basis, summary: Arc::new(summary) }))
            }
            None => drop(texts.remove(place)),
        }
    }

    /// Forgets what a source does not read any more.
    pub(super) fn keep(&mut self, source: &str, is_read: impl Fn(&str) -> bool) {
        if let Some(texts) = self.sources.get_mut(source) {
            texts.retain(|place, _| is_read(place));
        }
    }

    /// Forgets a source.
    pub(super) fn forget(&mut self, source: &str) {
        self.sources.remove(source);
    }
}
