//! The three places that lines of the audit log come from, each newest first and read in handfuls.

use std::collections::VecDeque;

use stagedoor_model::{JournalLine, Timestamp};
use stagedoor_store::{LogQuery, LoggedChange, Only, Store, StoreError};

/// Lines that are read at once: one of them may be a megabyte.
const HANDFUL: usize = 100;
/// Clocks of replicas may differ by so much, in milliseconds: lines of one place are in the order of time but for this.
pub(super) const SKEW: i64 = 5 * 60 * 1000;
/// A place in time is looked for until so many numbers are left.
const CLOSE: i64 = 200;

/// Something with a number and a time.
pub(super) trait Line {
    fn id(&self) -> i64;
    fn at(&self) -> Timestamp;
}

impl Line for LoggedChange {
    fn id(&self) -> i64 {
        self.id
    }

    fn at(&self) -> Timestamp {
        self.at
    }
}

impl Line for JournalLine {
    fn id(&self) -> i64 {
        self.id
    }

    fn at(&self) -> Timestamp {
        self.at
    }
}

type Read<'s, L> = Box<dyn Fn(Option<i64>, usize) -> Result<Vec<L>, StoreError> + 's>;

/// One of the places.
pub(super) struct Stream<'s, L> {
    read: Read<'s, L>,
    before: Option<i64>,
    waiting: VecDeque<L>,
    ended: bool,
}

impl<'s> Stream<'s, LoggedChange> {
    pub(super) fn of_log(store: &'s dyn Store, only: Only<'s>) -> Self {
        Self::over(Box::new(move |before, limit| store.changes_before(&LogQuery { before, only, limit })))
    }
}

impl<'s> Stream<'s, JournalLine> {
    pub(super) fn of_journal(store: &'s dyn Store, journal: &'static str) -> Self {
        Self::over(Box::new(move |before, limit| store.journal(journal, before, limit)))
    }
}

impl<'s, L: Line> Stream<'s, L> {
    fn over(read: Read<'s, L>) -> Self {
        Self { read, before: None, waiting: VecDeque::new(), ended: false }
    }

    /// Begins before a line.
    pub(super) fn begin(&mut self, before: i64) {
        self.before = Some(before);
        self.ended = before == 0;
    }

    /// Begins where lines are no newer than a time, found by halving the numbers.
    pub(super) fn begin_at(&mut self, newest: Timestamp) -> Result<(), StoreError> {
        let newest = Timestamp(newest.0.saturating_add(SKEW));
        let Some(last) = (self.read)(None, 1)?.pop() else { return Ok(()) };
        if last.at() <= newest {
            return Ok(());
        }
        let (mut low, mut high) = (0, last.id());
        while high - low > CLOSE {
            let middle = low + (high - low) / 2;
            match (self.read)(Some(middle), 1)?.pop() {
                Some(line) if line.at() > newest => high = line.id(),
                _ => low = middle,
            }
        }
        self.before = Some(high);
        Ok(())
    }

    /// No more of it.
    pub(super) fn end(&mut self) {
        self.waiting.clear();
        self.ended = true;
    }

    /// The time of the next line, if there is one.
    pub(super) fn next_at(&mut self) -> Result<Option<Timestamp>, StoreError> {
        if self.waiting.is_empty() && !self.ended {
            let lines = (self.read)(self.before, HANDFUL)?;
            self.ended = lines.len() < HANDFUL;
            self.before = lines.last().map(Line::id).or(self.before);
            self.waiting.extend(lines);
        }
        Ok(self.waiting.front().map(Line::at))
    }

    pub(super) fn pop(&mut self) -> Option<L> {
        self.waiting.pop_front()
    }

    /// Before which line to go on; 0: nothing is left.
    pub(super) fn place(&self) -> i64 {
        match self.waiting.front() {
            Some(line) => line.id().saturating_add(1),
            None if self.ended => 0,
            None => self.before.unwrap_or(i64::MAX),
        }
    }
}
