//! Workers: started when there is something to do, as many as allowed, ended when they were idle for a while.

mod child;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::JqError;
use crate::value::Val;
use child::{Child, Fate, Handle};

/// How a worker is started: a program that calls [`crate::worker::run`] and does nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program, by an absolute path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
}

/// What programs may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For one input.
    pub time: Duration,
    /// For all inputs of a call, waiting for a worker included.
    pub batch: Duration,
    /// Bytes, for one worker.
    pub memory: u64,
    /// What the outputs for one input may weigh: a byte for each byte of text and for each value.
    pub output_bytes: usize,
    /// How many workers there may be at once.
    pub workers: usize,
    /// How long a worker is kept without work.
    pub idle: Duration,
}

impl Default for Limits {
    /// One second and 256 MiB for an input, ten seconds for a call, 8 MiB of output; two workers, kept for half a minute.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(1),
            batch: Duration::from_secs(10),
            memory: 256 * 1024 * 1024,
            output_bytes: 8 * 1024 * 1024,
            workers: 2,
            idle: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// For a worker.
    pub(crate) fn write(&self) -> Vec<u8> {
        let time = u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX);
        [time, self.memory, self.output_bytes as u64].iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    /// In a worker.
    pub(crate) fn read(content: &[u8]) -> Option<Self> {
        let mut numbers = content.chunks_exact(8).map(|bytes| bytes.try_into().ok().map(u64::from_le_bytes));
        let mut next = || numbers.next().flatten();
        let (time, memory) = (Duration::from_millis(next()?), next()?);
        Some(Self { time, memory, output_bytes: usize::try_from(next()?).ok()?, ..Self::default() })
    }
}

/// The workers of one [`crate::Jq`].
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

/// What callers and the watching thread share.
pub(crate) struct Shared {
    command: WorkerCommand,
    limits: Limits,
    state: Mutex<State>,
    /// A worker is free, or there is room for one.
    free: Condvar,
    /// The watching thread has something new to watch.
    wake: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<(Child, Instant)>,
    busy: Vec<Arc<Handle>>,
    watched: bool,
}

/// What there is to do for one program.
pub(crate) struct Task<'a> {
    pub(crate) program: &'a str,
    /// How many outputs are wanted for each input.
    pub(crate) take: usize,
    /// Gives an input by its number, encoded.
    pub(crate) input: &'a dyn Fn(usize) -> Vec<u8>,
}

/// Takes an outcome with the number of its input.
pub(crate) type Put<'a> = &'a mut dyn FnMut(usize, Result<Vec<Val>, JqError>);

impl Pool {
    pub(crate) fn new(command: WorkerCommand, limits: Limits) -> Self {
        let (free, wake) = (Condvar::new(), Condvar::new());
        Self { shared: Arc::new(Shared { command, limits, state: Mutex::default(), free, wake }) }
    }

    /// Runs a program on these inputs. A worker that is lost takes the input with it on which it was, and no other.
    pub(crate) fn run(&self, task: &Task, inputs: &[usize], put: Put) {
        let end = Instant::now() + self.shared.limits.batch;
        let mut rest = inputs;
        while !rest.is_empty() {
            if Instant::now() >= end {
                return rest.iter().for_each(|input| put(*input, Err(JqError::Time)));
            }
            let mut child = match self.check_out(end) {
                Ok(child) => child,
                Err(error) => return rest.iter().for_each(|input| put(*input, Err(error.clone()))),
            };
            let (answered, fate) = child.serve(task, rest, &self.shared.limits, end, put);
            rest = &rest[answered..];
            match fate {
                Fate::Well => self.check_in(child),
                Fate::Gone => self.discard(&child),
                Fate::Lost(error) => {
                    self.discard(&child);
                    if let Some((culprit, others)) = rest.split_first() {
                        put(*culprit, Err(error));
                        rest = others;
                    }
                }
            }
        }
    }

    /// A worker that is idle, or a new one. Its deadline runs.
    fn check_out(&self, until: Instant) -> Result<Child, JqError> {
        let limits = &self.shared.limits;
        let mut state = self.shared.state.lock();
        while state.idle.is_empty() && state.busy.len() >= limits.workers.max(1) {
            if self.shared.free.wait_until(&mut state, until).timed_out() {
                return Err(JqError::Unavailable("all JQ workers are busy".into()));
            }
        }
        if let Some((child, _)) = state.idle.pop() {
            child.handle().expect_by(Some(Instant::now() + limits.time));
            state.busy.push(child.handle());
            self.shared.wake.notify_one();
            return Ok(child);
        }
        watch::begin(&self.shared, &mut state)?;
        let unavailable = |error| JqError::Unavailable(format!("no JQ worker starts: {error}"));
        let mut child = Child::start(&self.shared.command, limits).map_err(unavailable)?;
        state.busy.push(child.handle());
        self.shared.wake.notify_one();
        drop(state);
        let greeted = child.greeted();
        let state = self.shared.state.lock();
        child.handle().expect_by(Some(Instant::now() + limits.time));
        self.shared.wake.notify_one();
        drop(state);
        if let Err(error) = greeted {
            self.discard(&child);
            return Err(unavailable(error));
        }
        Ok(child)
    }

    fn check_in(&self, child: Child) {
        let mut state = self.shared.state.lock();
        state.busy.retain(|handle| !Arc::ptr_eq(handle, &child.handle()));
        state.idle.push((child, Instant::now()));
        self.shared.wake.notify_one();
        drop(state);
        self.shared.free.notify_one();
    }

    fn discard(&self, child: &Child) {
        self.shared.state.lock().busy.retain(|handle| !Arc::ptr_eq(handle, &child.handle()));
        self.shared.free.notify_one();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        let idle = std::mem::take(&mut state.idle);
        self.shared.wake.notify_one();
        drop(state);
        drop(idle);
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        let state = self.shared.state.lock();
        write!(out, "{} workers idle, {} busy", state.idle.len(), state.busy.len())
    }
}
