//! Programs in real workers.
#![expect(clippy::unwrap_used, reason = "tests")]

mod attacks;
mod batches;
mod grammar;
mod host;
mod same;
mod semantics;

use std::time::Duration;

use serde_json::Value;
use stagedoor_jq::{Jq, JqError, Limits, WorkerCommand};

/// What a program gives for one input.
type Outcome = Result<Vec<Value>, JqError>;

fn command() -> WorkerCommand {
    WorkerCommand { program: env!("CARGO_BIN_EXE_stagedoor-jq-worker").into(), args: Vec::new() }
}

/// Little memory and time, but enough time for an honest program on a machine that is busy.
fn limits() -> Limits {
    Limits {
        time: Duration::from_millis(1500),
        batch: Duration::from_secs(30),
        memory: 64 << 20,
        output_bytes: 1 << 20,
        ..Limits::default()
    }
}

fn with_workers() -> Jq {
    Jq::with_workers(command(), limits())
}

fn one(jq: &Jq, program: &str, input: &Value) -> Outcome {
    jq.run(program, std::slice::from_ref(input)).pop().unwrap()
}

/// The same program, so that it is never bounded by what its text says.
fn in_a_worker(program: &str) -> String {
    format!("def program: {program}\n; program")
}
