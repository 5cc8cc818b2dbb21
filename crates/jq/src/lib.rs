//! JQ programs under limits of time and memory: calculation properties, mappings, conditions.
//!
//! Nothing of the host can be reached from a program: no environment, no files, no other inputs, no modules.

mod bound;
mod cache;
mod guard;
mod natives;
mod needs;
mod pool;
mod program;
mod quotes;
mod syntax;
mod value;
mod walk;
mod wire;
pub mod worker;

use serde_json::Value;

use cache::Cache;
pub use pool::{Limits, WorkerCommand};
use pool::{Pool, Task};

/// Why a program gave no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JqError {
    /// It is no JQ program; the message has the place.
    #[error("{0}")]
    Syntax(String),
    /// It ended with an error.
    #[error("{0}")]
    Failed(String),
    /// It took too long.
    #[error("the program took longer than it may")]
    Time,
    /// It needed too much memory, or its results would be too large.
    #[error("the program needed more memory than it may")]
    Memory,
    /// Nothing can run it now.
    #[error("{0}")]
    Unavailable(String),
}

/// Runs JQ programs.
///
/// Programs that provably end soon run here, on the thread that asks. All others run in workers: processes that can be
/// ended, with limits of memory and time. A call blocks until all its inputs are done.
#[derive(Debug, Default)]
pub struct Jq {
    programs: Cache,
    workers: Option<Pool>,
}

impl Jq {
    /// Without workers: what does not provably end soon is refused as [`JqError::Unavailable`].
    #[must_use]
    pub fn in_process() -> Self {
        Self::default()
    }

    /// With workers, which are started when they are needed and ended when they were not for a while.
    #[must_use]
    pub fn with_workers(command: WorkerCommand, limits: Limits) -> Self {
        Self { workers: Some(Pool::new(command, limits)), ..Self::default() }
    }

    /// All outputs of a program, for each input. An error takes the place of the outputs before it.
    #[must_use]
    pub fn run(&self, program: &str, inputs: &[Value]) -> Vec<Result<Vec<Value>, JqError>> {
        self.take(program, inputs, usize::MAX)
    }

    /// The first output of a program for each input, `None` where there is none. Nothing after it is run, so an error
    /// that would follow does not matter. This is what Port shows of a calculation or a mapping.
    #[must_use]
    pub fn first(&self, program: &str, inputs: &[Value]) -> Vec<Result<Option<Value>, JqError>> {
        let outputs = self.take(program, inputs, 1).into_iter();
        outputs.map(|outputs| outputs.map(|outputs| outputs.into_iter().next())).collect()
    }

    /// The first `most` outputs of a program for each input; nothing after them is run.
    #[must_use]
    pub fn some(&self, program: &str, inputs: &[Value], most: usize) -> Vec<Result<Vec<Value>, JqError>> {
        self.take(program, inputs, most)
    }

    /// Whether a text is a program.
    ///
    /// # Errors
    /// [`JqError::Syntax`] with the place.
    pub fn check(&self, program: &str) -> Result<(), JqError> {
        self.programs.get(program).map(drop)
    }

    /// Whether the results of a program change with time.
    #[must_use]
    pub fn depends_on_clock(&self, program: &str) -> bool {
        self.programs.get(program).is_ok_and(|program| program.clock)
    }

    fn take(&self, text: &str, inputs: &[Value], take: usize) -> Vec<Result<Vec<Value>, JqError>> {
        let program = match self.programs.get(text) {
            Ok(program) => program,
            Err(error) => return inputs.iter().map(|_| Err(error.clone())).collect(),
        };
        let here = inputs.iter().map(|input| program.run_here(input, take));
        let mut outcomes: Vec<Option<Result<Vec<Value>, JqError>>> = here.collect();
        let open: Vec<usize> = (0..inputs.len()).filter(|at| outcomes[*at].is_none()).collect();
        if let Some(pool) = &self.workers
            && !open.is_empty()
        {
            let encoded = |at: usize| program.encoded(&inputs[at]);
            let task = Task { program: text, take, input: &encoded };
            pool.run(&task, &open, &mut |at, outcome| outcomes[at] = Some(program::json(outcome)));
        }
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(unbounded()))).collect()
    }
}

fn unbounded() -> JqError {
    JqError::Unavailable("the program may need much time or memory, and no worker is there to run it".into())
}
