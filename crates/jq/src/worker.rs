//! The worker: a process of its own that runs programs, so that it can be ended when one takes too much.
//!
//! It limits its own memory before it reads a program: `RLIMIT_DATA` and `RLIMIT_AS`. On macOS these do not hold for
//! memory that is mapped, so a program there is stopped by the limit of time alone. It has no environment, and it
//! leaves no core dump. `RLIMIT_CPU` ends it even when the process that started it is gone.

use std::io::{self, BufReader, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use crate::cache::Cache;
use crate::pool::Limits;
use crate::value::{DEPTH, Val};
use crate::{JqError, wire};

/// Room for recursion.
const STACK: u64 = 64 * 1024 * 1024;
/// Address space that an allocator may reserve without using it.
const SPACE: u64 = 256 * 1024 * 1024;

/// Reads programs and inputs from standard input and writes the outputs to standard output, until the input ends. This
/// is all that the process does.
///
/// # Errors
/// When the limits cannot be set, or the other side breaks off or says nonsense.
pub fn run() -> io::Result<()> {
    let mut from = BufReader::new(io::stdin());
    let limits = match wire::receive(&mut from, 64)? {
        (wire::LIMITS, content) => Limits::read(&content).ok_or_else(nonsense)?,
        _ => return Err(nonsense()),
    };
    restrict(&limits)?;
    let mut to = io::stdout();
    wire::send(&mut to, wire::LIMITS, &[])?;
    to.flush()?;
    // The stack of the first thread is as the system has it.
    let working = thread::Builder::new().stack_size(STACK as usize).spawn(move || work(from, &limits))?;
    working.join().unwrap_or_else(|_| Err(io::Error::other("a panic")))
}

fn nonsense() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "this is for Stagedoor itself to start")
}

fn restrict(limits: &Limits) -> io::Result<()> {
    let limit = |resource, most: u64| {
        Ok::<(), io::Error>(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
    };
    limit(Resource::Core, 0)?;
    let more = limits.memory.saturating_add(STACK);
    let (space, data) = taken();
    // macOS refuses both, or does not know them.
    let held = limit(Resource::Data, data + more).and(limit(Resource::As, space + SPACE + more));
    if cfg!(target_os = "linux") { held } else { Ok(()) }
}

/// What the process has before it does anything, in bytes: address space, and data in it. Zero where only Linux knows.
fn taken() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    (kibibytes("VmSize:").unwrap_or(0) * 1024, kibibytes("VmData:").unwrap_or(0) * 1024)
}

/// Lets the process use a little more processor time than it has used. The limit counts whole seconds.
fn allow_time(limits: &Limits, allowed: &mut u64) -> io::Result<()> {
    let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or(0);
    let until = used + limits.time.as_secs() + 2;
    if until != *allowed {
        *allowed = until;
        setrlimit(Resource::Cpu, Rlimit { current: Some(until), maximum: None })?;
    }
    Ok(())
}

/// What a batch asks for.
struct Batch {
    program: String,
    take: usize,
}

fn work(mut from: impl io::Read, limits: &Limits) -> io::Result<()> {
    let mut to = BufWriter::new(io::stdout());
    let (programs, mut batch, mut allowed) = (Cache::of_worker(), None, 0);
    loop {
        let (kind, content) = match wire::receive(&mut from, wire::LONGEST) {
            Ok(frame) => frame,
            Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        match (kind, &batch) {
            (wire::PROGRAM, _) => batch = Some(read_batch(&content).ok_or_else(nonsense)?),
            (wire::INPUT, Some(batch)) => {
                allow_time(limits, &mut allowed)?;
                let input = wire::decode(&mut content.as_slice(), DEPTH).ok_or_else(nonsense)?;
                wire::answer(&mut to, &outputs(&programs, batch, input, limits))?;
                to.flush()?;
            }
            _ => return Err(nonsense()),
        }
    }
}

fn outputs(programs: &Cache, batch: &Batch, input: Val, limits: &Limits) -> Result<Vec<Val>, JqError> {
    let program = programs.get(&batch.program)?;
    let run = || program.run(input, batch.take, limits.output_bytes);
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(JqError::Failed("a builtin function failed".into())))
}

fn read_batch(content: &[u8]) -> Option<Batch> {
    let (take, program) = content.split_first_chunk()?;
    let take = usize::try_from(u64::from_le_bytes(*take)).unwrap_or(usize::MAX);
    Some(Batch { take, program: String::from_utf8(program.to_vec()).ok()? })
}
