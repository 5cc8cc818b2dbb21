//! Loading on a thread of its own, a little ahead: building the live catalog, which is what the sink does, takes as
//! long as reading.

use std::sync::mpsc::{SyncSender, sync_channel};

use stagedoor_model::{Change, Revision};
use stagedoor_store::StoreError;

/// Runs `read` on another thread and feeds what it pushes to `sink`.
pub(crate) fn read_ahead<E: From<StoreError> + Send>(
    sink: &mut dyn FnMut(Change),
    read: impl FnOnce(&mut Chunks) -> Result<Revision, E> + Send,
) -> Result<Revision, E> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(4);
        let reader = std::thread::Builder::new()
            .name("store-load".to_owned())
            .spawn_scoped(scope, move || {
                let mut out = Chunks { next: Vec::new(), sender };
                let outcome = read(&mut out);
                out.flush();
                outcome
            })
            .map_err(|e| StoreError::Failed(Box::new(e)))?;
        receiver.into_iter().flatten().for_each(sink);
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Changes on their way to the sink, in handfuls.
pub(crate) struct Chunks {
    next: Vec<Change>,
    sender: SyncSender<Vec<Change>>,
}

impl Chunks {
    const SIZE: usize = 256;

    pub(crate) fn push(&mut self, change: Change) {
        self.next.push(change);
        if self.next.len() >= Self::SIZE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let chunk = std::mem::replace(&mut self.next, Vec::with_capacity(Self::SIZE));
        // Nobody receives only when the sink has panicked; its thread reports that.
        let _ = self.sender.send(chunk);
    }
}
