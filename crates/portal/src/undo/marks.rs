//! What was a source's alone and has come back without its claim.
//!
//! An entity that a contributor had made stays when a claim on it ends. One that came back by being taken back was made
//! by nobody but its source, so it must not stay for ever once the source has said it again and drops it. A record of
//! the collection `restored`, under the entity's uid, tells the two apart until the next claim.

use std::sync::Arc;

use serde_json::json;
use stagedoor_model::{Change, EntityRecord, JsonText, Record};
use uuid::Uuid;

use crate::writer::Draft;

const RESTORED: &str = "restored";

impl Draft {
    /// Remembers that nobody but a source has made an entity which comes back.
    pub(super) fn mark_restored(&mut self, was: &EntityRecord) {
        let Some(claim) = was.claim.as_ref().filter(|claim| !claim.adopted) else { return };
        let stamps = self.new_stamps(None);
        let body = JsonText::of(&json!({ "source": claim.source, "item": claim.item }));
        let key = was.uid.to_string();
        self.put(Change::PutRecord(Arc::new(Record { collection: RESTORED.into(), key, body, stamps })));
    }

    /// Whether an entity came back by being taken back; the claim that is made now ends the memory of it.
    pub(crate) fn take_restored(&mut self, uid: Uuid) -> bool {
        let key = uid.to_string();
        let is_marked = self.catalog.record(RESTORED, &key).is_some();
        if is_marked {
            self.put(Change::DeleteRecord(RESTORED.into(), key));
        }
        is_marked
    }

    /// Forgets those that are gone again.
    pub(super) fn sweep_restored(&mut self) {
        let is_gone = |key: &str| {
            let node = Uuid::parse_str(key).ok().and_then(|uid| self.catalog.node_of_uid(uid));
            node.and_then(|node| self.catalog.entity(node)).is_none()
        };
        let gone = self.catalog.records(RESTORED).filter(|record| is_gone(&record.key));
        let gone: Vec<String> = gone.map(|record| record.key.clone()).collect();
        for key in gone {
            self.put(Change::DeleteRecord(RESTORED.into(), key));
        }
    }
}
