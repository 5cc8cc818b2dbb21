//! Whether a connection is getting anywhere. Clients that send their request byte by byte, or nothing at all, would
//! otherwise hold a connection for ever.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::config::Limits;

/// What is known of one connection's progress. All of it happens on one task; the atomics only make it shareable.
pub(super) struct Pace {
    start: Instant,
    header: u64,
    idle: u64,
    /// A request is being answered.
    serving: AtomicBool,
    /// Milliseconds at which the head of a request began to come; 0 when none is under way.
    head: AtomicU64,
    /// Milliseconds at which something was last sent, or the connection began.
    quiet: AtomicU64,
}

/// What becomes of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on; look again after this.
    Fine(Duration),
    /// It ends.
    Over,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX).max(1);
        Self {
            start: Instant::now(),
            header: millis(limits.header),
            idle: millis(limits.idle),
            serving: AtomicBool::new(false),
            head: AtomicU64::new(0),
            quiet: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Bytes came. Those of a body are not counted here: see `body`.
    pub(super) fn read(&self) {
        if !self.serving.load(Relaxed) && self.head.load(Relaxed) == 0 {
            self.head.store(self.now().max(1), Relaxed);
        }
    }

    /// Bytes went.
    pub(super) fn wrote(&self) {
        self.quiet.store(self.now(), Relaxed);
    }

    /// The head of a request is complete.
    pub(super) fn serving(&self) {
        self.serving.store(true, Relaxed);
        self.head.store(0, Relaxed);
    }

    /// An answer has begun. While it goes on, [`Pace::wrote`] keeps the connection.
    pub(super) fn answered(&self) {
        self.serving.store(false, Relaxed);
        self.quiet.store(self.now(), Relaxed);
    }

    pub(super) fn verdict(&self) -> Verdict {
        let now = self.now();
        let soon = Duration::from_millis(self.header.div_ceil(2));
        if self.serving.load(Relaxed) {
            return Verdict::Fine(soon);
        }
        let head = self.head.load(Relaxed);
        let (since, limit) =
            if head == 0 { (self.quiet.load(Relaxed), self.idle) } else { (head, self.header) };
        match limit.checked_sub(now.saturating_sub(since)).filter(|left| *left > 0) {
            Some(left) => Verdict::Fine(soon.min(Duration::from_millis(left))),
            None => Verdict::Over,
        }
    }
}
