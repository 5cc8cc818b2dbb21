//! A program gives the same in this process and in a worker.

use serde_json::{Value, json};
use stagedoor_jq::{Jq, JqError};

use super::grammar::{Dice, program};
use super::{in_a_worker, with_workers};

fn inputs() -> Vec<Value> {
    vec![
        json!({
            "title": "Payments API",
            "properties": {
                "url": "https://example.com/a/b",
                "count": 3,
                "tags": ["go", "API", "go", null],
                "rows": [{"name": "x", "n": 1}, {"name": "a", "n": 0.1}],
                "a b": {"z": 1, "a": [true]},
                "nothing": null,
            },
        }),
        json!({"properties": {"url": 5, "count": "7", "tags": {"k": 1}, "rows": []}}),
        json!({"title": "", "properties": {"count": 1.7976931348623157e308, "tags": [18_446_744_073_709_551_615_u64]}}),
        json!([1, 2, 3]),
        json!("plain"),
        json!(null),
    ]
}

#[test]
fn here_and_in_a_worker() {
    let (here, there) = (Jq::in_process(), with_workers());
    let inputs = inputs();
    let (mut dice, mut compared) = (Dice::of(20), 0);
    for _ in 0..320 {
        let program = program(&mut dice, 3);
        let ours = here.run(&program, &inputs);
        let theirs = there.run(&in_a_worker(&program), &inputs);
        for ((ours, theirs), input) in ours.into_iter().zip(theirs).zip(&inputs) {
            if matches!(ours, Err(JqError::Unavailable(_))) {
                continue;
            }
            assert_eq!(ours, theirs, "{program} for {input}");
            // Equal values may differ in their order of keys.
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{program} for {input}");
            compared += 1;
        }
    }
    assert!(compared > 1200, "only {compared} could be compared");
}
