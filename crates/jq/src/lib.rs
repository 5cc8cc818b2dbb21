//! JQ programs under limits of time and memory: calculation properties, mappings, conditions.
//!
//! Nothing of the host can be reached from a program: no environment, no files, no other inputs, no modules.

mod bound;
mod cache;
mod guard;
mod natives;
mod needs;
mod program;
mod quotes;
mod syntax;
mod value;
mod walk;

use serde_json::Value;

use cache::Cache;

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
#[derive(Debug, Default)]
pub struct Jq {
    programs: Cache,
}

impl Jq {
    /// Runs in this process what provably ends soon, and refuses anything else.
    #[must_use]
    pub fn in_process() -> Self {
        Self::default()
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
        let run = |input: &Value| program.run_here(input, take).unwrap_or_else(|| Err(unbounded()));
        inputs.iter().map(run).collect()
    }
}

fn unbounded() -> JqError {
    JqError::Unavailable("the program may need much time or memory, and no worker is there to run it".into())
}
