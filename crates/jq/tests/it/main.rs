//! Programs in real workers.

mod quick;

use std::time::Duration;

use stagedoor_jq::{Jq, Limits, WorkerCommand};

/// With workers that may take little.
fn with_workers(time: Duration) -> Jq {
    let program = env!("CARGO_BIN_EXE_stagedoor-jq-worker").into();
    let limits = Limits { time, memory: 64 << 20, output_bytes: 1 << 20, ..Limits::default() };
    Jq::with_workers(WorkerCommand { program, args: Vec::new() }, limits)
}
