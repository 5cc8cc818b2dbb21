//! The thread that does migrations: all unfinished ones in turn, a chunk at a time.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use stagedoor_model::Actor;
use tokio::runtime::Runtime;

use super::{MIGRATIONS, Migration, Status};
use crate::{Portal, Shared, clock};

/// How long a migration that cannot go on waits for others to clear its way. Clients ask for several deletions at
/// once, in any order.
const PATIENCE: i64 = 2_000;
/// How often one that waits looks again.
const PAUSE: Duration = Duration::from_millis(25);

/// Whether the thread is there.
#[derive(Default)]
pub(crate) struct Runner {
    running: Mutex<bool>,
}

/// What a turn came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Some work is done, and there is more.
    Progress,
    /// Something else has to go first.
    Blocked,
    /// It has ended.
    Ended,
}

impl Portal {
    /// Makes sure that unfinished migrations are being done.
    pub(crate) fn run_migrations(&self) {
        if self.unfinished().is_empty() {
            return;
        }
        let mut running = self.shared.migrations.running.lock();
        if *running {
            return;
        }
        let shared = Arc::downgrade(&self.shared);
        let thread = std::thread::Builder::new().name("migrations".into()).spawn(move || run(&shared));
        match thread {
            Ok(_) => *running = true,
            Err(error) => tracing::error!(%error, "migrations cannot be done"),
        }
    }

    /// Ids of the migrations that have not ended, oldest first.
    fn unfinished(&self) -> Vec<String> {
        let catalog = self.shared.catalog.load();
        let all = catalog.records(MIGRATIONS).map(Migration::of);
        all.filter(|m| !m.status().has_ended()).map(|m| m.record.key.clone()).collect()
    }
}

/// Works until nothing is unfinished or the portal is gone.
fn run(shared: &Weak<Shared>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(error) => return tracing::error!(%error, "migrations cannot be done"),
    };
    let mut blocked = HashSet::new();
    loop {
        let Some(portal) = shared.upgrade().map(|shared| Portal { shared }) else { return };
        let ids = {
            // Whoever starts one looks at this flag afterwards.
            let mut running = portal.shared.migrations.running.lock();
            let ids = portal.unfinished();
            *running = !ids.is_empty();
            ids
        };
        if ids.is_empty() {
            return;
        }
        if round(&portal, &runtime, &ids, &mut blocked) {
            continue;
        }
        // While it waits, the portal may go.
        drop(portal);
        std::thread::sleep(PAUSE);
    }
}

/// One turn of each migration that may get on. False when none did.
fn round(portal: &Portal, runtime: &Runtime, ids: &[String], blocked: &mut HashSet<String>) -> bool {
    let mut moved = false;
    for id in ids {
        // Those that wait are looked at again when another has ended.
        if blocked.contains(id) {
            continue;
        }
        match turn(portal, runtime, id, false) {
            Turn::Blocked => drop(blocked.insert(id.clone())),
            Turn::Progress => moved = true,
            Turn::Ended => {
                moved = true;
                blocked.clear();
            }
        }
    }
    if moved {
        return true;
    }
    // Entities and relations that are in the way may also go by other hands.
    blocked.clear();
    let impatient = ids.iter().find(|id| is_impatient(portal, id));
    impatient.is_some_and(|id| turn(portal, runtime, id, true) == Turn::Ended)
}

/// Whether a migration has waited for long enough.
fn is_impatient(portal: &Portal, id: &str) -> bool {
    let migration = Migration::find(&portal.shared.catalog.load(), id);
    migration.is_none_or(|m| clock::now().0 - m.record.stamps.updated_at.0 > PATIENCE)
}

/// One turn of one migration. With `give_up` it ends if it cannot go on.
fn turn(portal: &Portal, runtime: &Runtime, id: &str, give_up: bool) -> Turn {
    let Some(migration) = Migration::find(&portal.shared.catalog.load(), id) else { return Turn::Ended };
    let result = match migration.status() {
        status if status.has_ended() => return Turn::Ended,
        Status::PendingCancellation => runtime.block_on(portal.end_migration(id, Status::Cancelled, None)),
        _ if migration.flag("deleteEntities") => runtime.block_on(portal.delete_turn(id, give_up)),
        _ => runtime.block_on(portal.map_turn(&migration)),
    };
    result.unwrap_or_else(|error| {
        tracing::warn!(%error, migration = id, "a migration failed");
        let end = portal.end_migration(id, Status::Failure, Some(error.to_string()));
        // When even that cannot be written, the store is away; it is tried again.
        runtime.block_on(end).unwrap_or(Turn::Blocked)
    })
}

impl Portal {
    async fn end_migration(
        &self,
        id: &str,
        status: Status,
        message: Option<String>,
    ) -> Result<Turn, crate::PortalError> {
        let id = id.to_owned();
        let end = move |draft: &mut crate::writer::Draft| {
            if let Some(mut migration) = Migration::find(&draft.catalog, &id) {
                migration.end(status, message.clone());
                draft.keep_migration(migration);
            }
            Ok(Turn::Ended)
        };
        self.commit(actor(), false, end).await
    }
}

/// Who does the work; who asked for it is in the record.
pub(super) fn actor() -> Actor {
    Actor::new("migration", "system")
}
