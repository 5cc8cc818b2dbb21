//! Deleting all entities of a blueprint, and the blueprint.

use std::collections::BTreeSet;

use stagedoor_query::Expr;

use super::run::{Turn, actor};
use super::{MIGRATIONS, Migration, Status};
use crate::Portal;
use crate::error::PortalError;
use crate::rights::Judge;
use crate::writer::Draft;

/// Entities per commit, so that other writers get their turn.
const CHUNK: usize = 500;

impl Portal {
    /// Deletes the next chunk, or ends.
    pub(super) async fn delete_turn(&self, id: &str, give_up: bool) -> Result<Turn, PortalError> {
        let id = id.to_owned();
        self.commit(actor(), false, move |draft| Ok(draft.delete_turn(&id, give_up))).await
    }
}

impl Draft {
    fn delete_turn(&mut self, id: &str, give_up: bool) -> Turn {
        let Some(mut migration) = Migration::find(&self.catalog, id) else { return Turn::Ended };
        match migration.status() {
            status if status.has_ended() => return Turn::Ended,
            Status::PendingCancellation => return Turn::Progress,
            _ => {}
        }
        let blueprint = migration.text("sourceBlueprint").to_owned();
        let chunk = self.identifiers_after(&blueprint, migration.cursor(), CHUNK);
        let turn = match chunk.last() {
            Some(last) => {
                let refused = self.delete_all(&blueprint, &chunk, false, &Judge::anything());
                migration.count("successCount", (chunk.len() - refused.len()) as u64);
                migration.set("status", Status::Running.name());
                migration.set("cursor", last.clone());
                Turn::Progress
            }
            None => self.delete_rest(&mut migration, &blueprint, give_up),
        };
        // One that waits keeps the time of its last progress.
        if turn != Turn::Blocked {
            self.keep_migration(migration);
        }
        turn
    }

    fn identifiers_after(&self, blueprint: &str, after: Option<&str>, count: usize) -> Vec<String> {
        let members = self.catalog.select(&Expr::of_blueprint(blueprint), false);
        let nodes = members.by_identifier(blueprint, after).take(count);
        nodes.map(|node| self.catalog.identifier_at(node).into_owned()).collect()
    }

    /// After all entities had their turn: those that were needed then may go now.
    fn delete_rest(&mut self, migration: &mut Migration, blueprint: &str, give_up: bool) -> Turn {
        let rest = self.identifiers_after(blueprint, None, usize::MAX);
        let refused = self.delete_all(blueprint, &rest, false, &Judge::anything());
        if refused.len() < rest.len() {
            migration.count("successCount", (rest.len() - refused.len()) as u64);
            return Turn::Progress;
        }
        let needed = |e: &PortalError| matches!(e, PortalError::Invalid { code: "has_dependents", .. });
        if !give_up && refused.iter().any(|(_, error)| needed(error)) {
            return Turn::Blocked;
        }
        if refused.is_empty() && migration.flag("deleteBlueprint") {
            return self.delete_blueprints(migration, blueprint, give_up);
        }
        for (identifier, error) in &refused {
            migration.refuse(identifier, error);
        }
        match refused.first().filter(|_| migration.flag("deleteBlueprint")) {
            None => migration.end(Status::Completed, None),
            Some((_, error)) => {
                let count = refused.len();
                let text = format!("blueprint \"{blueprint}\" stays with {count} of its entities: {error}");
                migration.end(Status::Failure, Some(text));
            }
        }
        Turn::Ended
    }

    /// Deletes the blueprint, together with others that are to go as well and that point at each other.
    fn delete_blueprints(&mut self, migration: &mut Migration, blueprint: &str, give_up: bool) -> Turn {
        if self.catalog.blueprints().get(blueprint).is_none() {
            migration.end(Status::Completed, None);
            return Turn::Ended;
        }
        let waiting = self.empty_and_doomed();
        let mut doomed: BTreeSet<&str> = waiting.iter().map(String::as_str).collect();
        doomed.insert(blueprint);
        loop {
            let stays = doomed.iter().copied().find(|b| {
                let mut others = self.catalog.blueprints().iter().map(|e| &e.blueprint);
                others.any(|other| {
                    !doomed.contains(other.identifier.as_str())
                        && other.relations.values().any(|r| r.target == *b)
                })
            });
            match stays {
                Some(stays) => doomed.remove(stays),
                None => break,
            };
        }
        if doomed.contains(blueprint) {
            let doomed: Vec<String> = doomed.into_iter().map(str::to_owned).collect();
            doomed.iter().for_each(|b| self.drop_blueprint(b));
            migration.end(Status::Completed, None);
            return Turn::Ended;
        }
        if !give_up {
            return Turn::Blocked;
        }
        let refusal = self.may_delete_blueprints(&BTreeSet::from([blueprint])).err();
        migration.end(Status::Failure, refusal.map(|error| error.to_string()));
        Turn::Ended
    }

    /// Blueprints without entities that other migrations are about to delete.
    fn empty_and_doomed(&self) -> Vec<String> {
        let migrations = self.catalog.records(MIGRATIONS).map(Migration::of);
        let about = migrations.filter(|m| {
            !m.status().has_ended()
                && m.status() != Status::PendingCancellation
                && m.flag("deleteEntities")
                && m.flag("deleteBlueprint")
        });
        let blueprints = about.map(|m| m.text("sourceBlueprint").to_owned());
        blueprints
            .filter(|b| self.catalog.blueprints().get(b).is_some() && self.catalog.count(b) == 0)
            .collect()
    }
}
