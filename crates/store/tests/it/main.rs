//! The in-memory store passes the suite that every store passes.

use stagedoor_store::conformance::{self, Fixture};
use stagedoor_store::{MemoryStore, Store};

struct Memory(MemoryStore);

impl Fixture for Memory {
    fn store(&self) -> &dyn Store {
        &self.0
    }

    /// It lives as long as the process, so there is nothing to close.
    fn reopen(&mut self) {}
}

#[test]
fn conformance() {
    conformance::run(&mut || Box::new(Memory(MemoryStore::new())));
}
