//! On the writer's thread: each thing is looked at again, judged, and taken back.

use std::sync::Arc;

use indexmap::IndexMap;
use stagedoor_model::{Change, EntityRecord, Record};
use uuid::Uuid;

use super::plan::{LOCATIONS, Plan, Step, location_of};
use super::{NotUndone, UndoEffect, UndoReport, Undone, shown_reference};
use crate::rights::Judge;
use crate::writer::Draft;

impl Draft {
    /// Takes back what can be. The uids are those of the entities that it changed.
    pub(super) fn undo(&mut self, plan: &Plan, judge: &Judge) -> (Vec<Uuid>, UndoReport) {
        let mut report = plan.report();
        let mut uids = Vec::new();
        self.sweep_restored();
        // All are looked at before the first change: to remove one may change others.
        let (steps, stale): (Vec<&Step>, Vec<&Step>) =
            plan.entities.iter().partition(|s| self.is_as_planned(s));
        report.refused.extend(
            stale.into_iter().map(|step| {
                NotUndone::of(step.record(), "changed_since", "it was changed or made meanwhile")
            }),
        );
        // What goes first gives names free.
        uids.extend(self.remove_made(&steps, judge, &mut report));
        for step in steps {
            let (record, effect, result) = match step {
                Step::Remove(_) => continue,
                Step::Restore(was) => (was, UndoEffect::Restored, self.restore(was, judge)),
                Step::Revert(was, _) => (was, UndoEffect::Reverted, self.revert(was, judge)),
            };
            match result {
                Ok(()) => {
                    uids.push(record.uid);
                    report.done.push(undone(record, effect));
                }
                Err(refused) => report.refused.push(refused),
            }
        }
        for location in &plan.locations {
            self.restore_location(location, &mut report);
        }
        (uids, report)
    }

    /// What is there under a uid.
    fn there(&self, uid: Uuid) -> Option<Arc<EntityRecord>> {
        let node = self.catalog.node_of_uid(uid)?;
        Some(Arc::clone(&self.catalog.entity(node)?.record))
    }

    fn is_as_planned(&self, step: &Step) -> bool {
        match (step, self.there(step.record().uid)) {
            (Step::Restore(_), now) => now.is_none(),
            (Step::Revert(_, is) | Step::Remove(is), Some(now)) => now.same_content(is),
            (_, None) => false,
        }
    }

    fn restore(&mut self, was: &EntityRecord, judge: &Judge) -> Result<(), NotUndone> {
        let record = self.unclaimed(was)?;
        judge.register(self, &record).map_err(|error| NotUndone::because(was, &error))?;
        self.put(Change::PutEntity(Arc::new(record)));
        self.mark_restored(was);
        Ok(())
    }

    fn revert(&mut self, was: &EntityRecord, judge: &Judge) -> Result<(), NotUndone> {
        let (Some(node), Some(now)) = (self.catalog.node_of_uid(was.uid), self.there(was.uid)) else {
            return Err(NotUndone::of(was, "changed_since", "it was removed meanwhile"));
        };
        refuse_claimed(&now)?;
        let record = self.unclaimed(was)?;
        judge.update(self, node, &now, &record, false).map_err(|error| NotUndone::because(was, &error))?;
        self.put(Change::PutEntity(Arc::new(record)));
        self.mark_restored(was);
        Ok(())
    }

    /// The record as it was, of nobody; refused where its name has been given to another.
    fn unclaimed(&self, was: &EntityRecord) -> Result<EntityRecord, NotUndone> {
        if self.catalog.blueprints().get(&was.blueprint).is_none() {
            let text = format!("its blueprint \"{}\" is not there any more", was.blueprint);
            return Err(NotUndone::of(was, "blueprint_gone", text));
        }
        let by_key = self.catalog.node_of_key(&was.blueprint, &was.identifier);
        let by_ref = self.catalog.node_of_ref(&was.entity_ref);
        let others = [by_key, by_ref].into_iter().flatten().filter_map(|node| self.catalog.entity(node));
        if let Some(other) = others.map(|e| &e.record).find(|other| other.uid != was.uid) {
            let stamps = &other.stamps;
            let text = format!("it was made anew by {} at {}", stamps.created_by, stamps.created_at);
            return Err(NotUndone::of(was, "made_anew", text));
        }
        let mut record = EntityRecord { claim: None, ..was.clone() };
        (record.stamps.updated_at, record.stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        Ok(record)
    }

    /// Removes what was made, each blueprint's entities together. What others of them require is tried once more
    /// when those are gone.
    fn remove_made(&mut self, steps: &[&Step], judge: &Judge, report: &mut UndoReport) -> Vec<Uuid> {
        let mut waiting: IndexMap<String, Vec<Arc<EntityRecord>>> = IndexMap::new();
        for step in steps.iter().rev() {
            let Step::Remove(is) = step else { continue };
            match refuse_claimed(is) {
                Ok(()) => waiting.entry(is.blueprint.to_string()).or_default().push(Arc::clone(is)),
                Err(refused) => report.refused.push(refused),
            }
        }
        let mut gone = Vec::new();
        for again in [true, false] {
            for (blueprint, records) in std::mem::take(&mut waiting) {
                let identifiers: Vec<String> = records.iter().map(|r| r.identifier.to_string()).collect();
                let refused: IndexMap<_, _> =
                    self.delete_all(&blueprint, &identifiers, false, judge).into_iter().collect();
                for record in records {
                    match refused.get(record.identifier.as_str()) {
                        None => {
                            gone.push(record.uid);
                            report.done.push(undone(&record, UndoEffect::Removed));
                        }
                        Some(_) if again => waiting.entry(blueprint.clone()).or_default().push(record),
                        Some(error) => report.refused.push(NotUndone::because(&record, error)),
                    }
                }
            }
        }
        gone
    }

    fn restore_location(&mut self, was: &Arc<Record>, report: &mut UndoReport) {
        let name = location_of(was);
        if self.catalog.records(LOCATIONS).any(|other| other.key == was.key || location_of(other) == name) {
            report.refused.push(NotUndone {
                blueprint: None,
                identifier: name,
                reference: None,
                code: "made_anew",
                message: "this location is registered again already".into(),
            });
            return;
        }
        self.put(Change::PutRecord(Arc::clone(was)));
        report.locations.push(name);
    }
}

fn refuse_claimed(now: &EntityRecord) -> Result<(), NotUndone> {
    let Some(claim) = &now.claim else { return Ok(()) };
    let text = format!("its source {} says so (line {}); change it there", claim.item, claim.line);
    Err(NotUndone::of(now, "claimed", text))
}

fn undone(record: &EntityRecord, effect: UndoEffect) -> Undone {
    Undone {
        effect,
        blueprint: record.blueprint.to_string(),
        identifier: record.identifier.to_string(),
        reference: shown_reference(record),
        source: record.claim.as_ref().map(|claim| claim.source.to_string()),
    }
}
