//! Texts that many entities have are kept once: blueprints, authors, sources. A catalog of a million entities names
//! the same few over and over.

use std::collections::HashSet;
use std::sync::Arc;

use stagedoor_model::{EntityRecord, Text};

/// More different texts than this are not kept.
const MOST: usize = 2_000;

/// The texts seen so far.
#[derive(Clone, Default)]
pub(crate) struct Texts(Arc<HashSet<Text>>);

impl Texts {
    /// Has a record share its texts with the others'.
    pub(crate) fn share(&mut self, record: &mut EntityRecord) {
        self.share_text(&mut record.blueprint);
        self.share_text(&mut record.stamps.created_by);
        self.share_text(&mut record.stamps.updated_by);
        if let Some(datasource) = &mut record.stamps.datasource {
            self.share_text(datasource);
        }
        if let Some(claim) = &mut record.claim {
            self.share_text(&mut claim.source);
        }
        if record.identifier == record.entity_ref {
            record.identifier = record.entity_ref.clone();
        }
    }

    fn share_text(&mut self, text: &mut Text) {
        if let Some(known) = self.0.get(text.as_str()) {
            *text = known.clone();
        } else if self.0.len() < MOST {
            Arc::make_mut(&mut self.0).insert(text.clone());
        }
    }
}
