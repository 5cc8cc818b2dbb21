//! References are unique after each set, and may pass from entity to entity within one.

use std::collections::HashMap;

use stagedoor_model::{Change, ChangeSet};
use uuid::Uuid;

use crate::StoreError;

/// Plays the sets through on the side, so that a refused commit leaves no trace. `holder` tells who has a
/// reference before the first of them.
///
/// # Errors
/// [`StoreError::Taken`] when two entities would have one reference after a set.
pub fn check_references(sets: &[ChangeSet], holder: &dyn Fn(&str) -> Option<Uuid>) -> Result<(), StoreError> {
    let mut entities: HashMap<Uuid, Option<&str>> = HashMap::new();
    let mut references: HashMap<&str, Uuid> = HashMap::new();
    for set in sets {
        let mut touched: HashMap<Uuid, Option<&str>> = HashMap::new();
        for change in &set.changes {
            match change {
                Change::PutEntity(e) => touched.insert(e.uid, Some(&e.entity_ref)),
                Change::DeleteEntity(uid) => touched.insert(*uid, None),
                _ => None,
            };
        }
        for (uid, reference) in &touched {
            if let Some(Some(before)) = entities.insert(*uid, *reference) {
                references.remove(before);
            }
        }
        for (uid, reference) in &touched {
            let Some(reference) = *reference else { continue };
            let held = holder(reference).is_some_and(|holder| !entities.contains_key(&holder));
            if references.insert(reference, *uid).is_some() || held {
                return Err(StoreError::Taken(reference.to_owned()));
            }
        }
    }
    Ok(())
}
