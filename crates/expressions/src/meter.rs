//! What an evaluation has left of its limits.

use std::cell::Cell;

use crate::error::Fault;
use crate::options::Limits;

/// How many bytes of text one step handles.
const BYTES_PER_STEP: usize = 64;

/// What is left of steps, memory and depth.
pub(crate) struct Meter {
    steps: Cell<u64>,
    memory: Cell<u64>,
    depth: Cell<u32>,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Meter {
        Meter {
            steps: Cell::new(limits.steps),
            memory: Cell::new(limits.memory),
            depth: Cell::new(limits.depth),
        }
    }

    /// One step.
    pub(crate) fn step(&self) -> Result<(), Fault> {
        self.steps(1)
    }

    /// That many steps at once.
    pub(crate) fn steps(&self, count: usize) -> Result<(), Fault> {
        match self.steps.get().checked_sub(count as u64) {
            Some(left) => {
                self.steps.set(left);
                Ok(())
            }
            None => Err(Fault::limit("the template takes too many steps")),
        }
    }

    /// A text of this many bytes is about to be made.
    pub(crate) fn grow(&self, bytes: usize) -> Result<(), Fault> {
        match self.memory.get().checked_sub(bytes as u64) {
            Some(left) => self.memory.set(left),
            None => return Err(Fault::limit("the template needs too much memory")),
        }
        self.steps(bytes / BYTES_PER_STEP)
    }

    /// A text of this many bytes is about to be looked through.
    pub(crate) fn scan(&self, bytes: usize) -> Result<(), Fault> {
        self.steps(bytes / BYTES_PER_STEP)
    }

    /// Goes one level down for as long as `inner` runs.
    pub(crate) fn nested<T>(&self, inner: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        let left = self.depth.get();
        if left == 0 {
            return Err(Fault::limit("the template is nested too deeply"));
        }
        self.depth.set(left - 1);
        let result = inner();
        self.depth.set(left);
        result
    }
}
