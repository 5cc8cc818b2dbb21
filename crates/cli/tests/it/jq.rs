//! The program as a worker for JQ: with its own allocator, the limits must hold all the same.

use std::time::Duration;

use serde_json::json;
use stagedoor_jq::{Jq, JqError, Limits, WorkerCommand};

#[test]
fn a_program_that_takes_all_memory_takes_none_from_its_neighbours() {
    let command =
        WorkerCommand { program: env!("CARGO_BIN_EXE_stagedoor").into(), args: vec!["jq-worker".into()] };
    // Time enough that it is memory that ends it.
    let limits = Limits {
        time: Duration::from_secs(60),
        batch: Duration::from_secs(120),
        memory: 32 << 20,
        ..Limits::default()
    };
    let jq = Jq::with_workers(command, limits);
    let attack = "if . == 0 then (\"a\" | until(false; . + .)) else (def f: . + 1; f) end";
    let outcomes = jq.run(attack, &[json!(1), json!(0), json!(2)]);
    assert_eq!(outcomes, [Ok(vec![json!(2)]), Err(JqError::Memory), Ok(vec![json!(3)])]);
}
