//! The claims that the catalog has of files and addresses, gathered in one walk.

use std::collections::HashMap;
use std::sync::Arc;

use stagedoor_model::{EntityRecord, WaitingClaim};
use stagedoor_query::Catalog;

use super::cache::Summary;
use super::remembered::{Claimed, Digest};

/// A claim that holds its reference, or waits for it.
enum Claim {
    Holds(Arc<EntityRecord>),
    Waits(Arc<WaitingClaim>),
}

/// The claims of one file or address, each with its document's number.
type OfFile = Vec<(usize, Claim)>;

/// All claims of files and addresses, by source and place.
#[derive(Default)]
pub(super) struct Standing {
    sources: HashMap<String, HashMap<String, OfFile>>,
}

impl Standing {
    pub(super) fn of(catalog: &Catalog) -> Self {
        let mut standing = Self::default();
        for (_, entity) in catalog.entities() {
            if let Some(claim) = &entity.record.claim {
                standing.add(&claim.source, &claim.item, || Claim::Holds(Arc::clone(&entity.record)));
            }
        }
        for ((source, item), claim) in catalog.waiting() {
            standing.add(source, item, || Claim::Waits(Arc::clone(claim)));
        }
        standing
    }

    fn add(&mut self, source: &str, item: &str, claim: impl FnOnce() -> Claim) {
        let Some((place, index)) = item.rsplit_once('#') else { return };
        // Others are the location itself, and what a provider said without a file.
        let Ok(index) = index.parse() else { return };
        if let Some(of_file) = slot(&mut self.sources, source).and_then(|files| slot(files, place)) {
            of_file.push((index, claim()));
        }
    }

    /// What a file claims, if that makes the digest. A file is asked for once.
    pub(super) fn summary(&mut self, source: &str, place: &str, claimed: &Digest) -> Option<Summary> {
        let of_file = self.sources.get_mut(source).and_then(|files| files.remove(place));
        let mut of_file = of_file.unwrap_or_default();
        of_file.sort_unstable_by_key(|(index, _)| *index);
        let mut digest = Claimed::default();
        let mut summary = Summary::default();
        for (index, claim) in &of_file {
            let (item, line, reference, document) = claim.parts()?;
            digest.add(*index, line, reference, document);
            summary.claims.push((item.to_owned(), line, reference.to_owned()));
        }
        (digest.digest() == *claimed).then_some(summary)
    }
}

impl Claim {
    /// Item, line, reference and document.
    fn parts(&self) -> Option<(&str, u32, &str, &str)> {
        match self {
            Self::Holds(record) => {
                let (claim, document) = (record.claim.as_ref()?, record.document.as_ref()?);
                Some((&claim.item, claim.line, &record.entity_ref, document.as_str()))
            }
            Self::Waits(claim) => Some((&claim.item, claim.line, &claim.entity_ref, claim.document.as_str())),
        }
    }
}

/// The value of a key, made where there is none. Most are there, and then the key is not copied.
fn slot<'a, T: Default>(map: &'a mut HashMap<String, T>, key: &str) -> Option<&'a mut T> {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), T::default());
    }
    map.get_mut(key)
}
