//! One worker, seen from the process that started it.

use std::io::{self, BufReader, Write};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rustix::process::Signal;

use super::{Limits, Put, Task, WorkerCommand};
use crate::{JqError, wire};

/// How much is sent before answers are read: what a pipe surely takes, so that neither side waits for the other.
const AHEAD: usize = 3 * 1024;
/// A worker that did not answer until then does not work at all.
const START: Duration = Duration::from_secs(10);

/// The allocator of the `stagedoor` binary takes a gigabyte of address space as memory when it starts, and nothing of
/// that would count against a limit that is set later. With these it takes what it needs.
const ALLOCATOR: [(&str, &str); 2] =
    [("MIMALLOC_ARENA_EAGER_COMMIT", "0"), ("MIMALLOC_ARENA_RESERVE", "32MiB")];

/// What became of a worker.
pub(super) enum Fate {
    /// It can be used again.
    Well,
    /// The input after the last answer was too much for it.
    Lost(JqError),
    /// It is no more, and no input is to blame.
    Gone,
}

/// The process and its deadline.
pub(super) struct Handle {
    process: Mutex<process::Child>,
    start: Instant,
    /// In milliseconds after the start: when it has to have answered, or one of the two below.
    deadline: AtomicU64,
}

/// There is nothing to wait for.
const NEVER: u64 = u64::MAX;
/// The deadline has passed, and the process was ended.
const OVER: u64 = u64::MAX - 1;

impl Handle {
    /// Ends the process if its deadline has passed; else gives the deadline, if there is one.
    pub(super) fn end_if_over(&self, now: Instant) -> Option<Instant> {
        let deadline = self.deadline.load(Ordering::SeqCst);
        if deadline == NEVER || deadline == OVER {
            return None;
        }
        let at = self.start + Duration::from_millis(deadline);
        if at > now {
            return Some(at);
        }
        // If it has just answered the deadline is another one now.
        if self.deadline.compare_exchange(deadline, OVER, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return Some(now);
        }
        // It may have ended by itself.
        let _ = self.process.lock().kill();
        None
    }

    /// Sets another deadline. False when the last one has passed.
    pub(super) fn expect_by(&self, at: Option<Instant>) -> bool {
        let deadline = at.map_or(NEVER, |at| {
            u64::try_from(at.saturating_duration_since(self.start).as_millis()).unwrap_or(OVER - 1)
        });
        let set = |old| (old != OVER).then_some(deadline);
        self.deadline.fetch_update(Ordering::SeqCst, Ordering::SeqCst, set).is_ok()
    }

    /// Why the process ended. It is ended if it was not.
    fn post_mortem(&self) -> JqError {
        let mut process = self.process.lock();
        if self.deadline.load(Ordering::SeqCst) == OVER {
            return JqError::Time;
        }
        // It has closed its output, so how it ends is decided; this is for one that talks nonsense.
        let _ = process.kill();
        match process.wait().map(|status| status.signal()) {
            Ok(Some(signal)) if signal == Signal::XCPU.as_raw() => JqError::Time,
            _ => JqError::Memory,
        }
    }
}

/// A worker. It is ended when this is dropped.
pub(super) struct Child {
    handle: Arc<Handle>,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// Whether it has done nothing yet.
    fresh: bool,
}

impl Child {
    /// Starts a process that inherits nothing: no environment, no folder, no standard error, no terminal's signals.
    pub(super) fn start(command: &WorkerCommand, limits: &Limits) -> io::Result<Self> {
        let mut process = Command::new(&command.program)
            .args(&command.args)
            .env_clear()
            .envs(ALLOCATOR)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipes = (process.stdin.take(), process.stdout.take());
        let start = Instant::now();
        let handle = Handle { process: Mutex::new(process), start, deadline: AtomicU64::new(NEVER) };
        handle.expect_by(Some(start + START));
        let (Some(to), Some(from)) = pipes else { return Err(io::Error::other("it has no pipes")) };
        let mut child = Self { handle: Arc::new(handle), to, from: BufReader::new(from), fresh: true };
        wire::send(&mut child.to, wire::LIMITS, &limits.write())?;
        Ok(child)
    }

    /// Waits for the first sign of life.
    pub(super) fn greeted(&mut self) -> io::Result<()> {
        match wire::receive(&mut self.from, 64)? {
            (wire::LIMITS, _) => Ok(()),
            _ => Err(io::Error::other("it is no worker")),
        }
    }

    pub(super) fn handle(&self) -> Arc<Handle> {
        self.handle.clone()
    }

    /// Runs inputs in their order. Gives how many have been answered, and what became of the worker.
    pub(super) fn serve(
        &mut self,
        task: &Task,
        inputs: &[usize],
        limits: &Limits,
        end: Instant,
        put: Put,
    ) -> (usize, Fate) {
        let longest = limits.output_bytes.saturating_mul(10).saturating_add(64 * 1024);
        let soon = || Some(end.min(Instant::now() + limits.time));
        let program = [&(task.take as u64).to_le_bytes(), task.program.as_bytes()].concat();
        let mut frames = frame(wire::PROGRAM, &program);
        let (mut sent, mut answered, mut next) = (0, 0, None);
        while answered < inputs.len() {
            if sent == answered {
                while let Some(input) = inputs.get(sent) {
                    let input = next.take().unwrap_or_else(|| frame(wire::INPUT, &(task.input)(*input)));
                    if sent > answered && frames.len() + input.len() > AHEAD {
                        next = Some(input);
                        break;
                    }
                    frames.extend(input);
                    sent += 1;
                }
                if !self.handle.expect_by(soon()) {
                    return (answered, Fate::Gone);
                }
                // If this fails the process is gone, and reading says so.
                let _ = self.to.write_all(&frames).and_then(|()| self.to.flush());
                frames.clear();
            }
            let frame = wire::receive(&mut self.from, longest);
            let Some(outcome) = frame.ok().and_then(|(kind, content)| wire::read_answer(kind, &content))
            else {
                return (answered, self.lost(answered));
            };
            put(inputs[answered], outcome);
            answered += 1;
            self.fresh = false;
            if !self.handle.expect_by(soon()) {
                return (answered, Fate::Gone);
            }
        }
        let well = self.handle.expect_by(None);
        (answered, if well { Fate::Well } else { Fate::Gone })
    }

    /// A worker that lay idle may have been ended from outside, so only a fresh one, or one that has answered in this
    /// batch, can be lost to an input.
    fn lost(&self, answered: usize) -> Fate {
        match self.handle.post_mortem() {
            JqError::Memory if !self.fresh && answered == 0 => Fate::Gone,
            error => Fate::Lost(error),
        }
    }
}

/// One frame.
fn frame(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(content.len() + 5);
    // Writing to memory does not fail; a frame that is too long for its length stays empty and is never answered.
    let _ = wire::send(&mut frame, kind, content);
    frame
}

impl Drop for Child {
    fn drop(&mut self) {
        let mut process = self.handle.process.lock();
        // It may have ended by itself; `wait` leaves no zombie in either case.
        let _ = process.kill();
        let _ = process.wait();
    }
}
