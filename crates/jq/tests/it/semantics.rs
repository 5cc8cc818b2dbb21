//! What programs mean: `programs.json` has programs with the outputs that jq 1.6 gives for one input.

use serde::Deserialize;
use serde_json::Value;
use stagedoor_jq::{Jq, JqError};

use super::{in_a_worker, one, with_workers};

#[derive(Deserialize)]
struct Cases {
    input: Value,
    programs: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    program: String,
    outputs: Vec<Value>,
}

#[test]
fn programs_mean_what_they_mean_to_jq() {
    let cases: Cases = serde_json::from_str(include_str!("programs.json")).unwrap();
    let (here, there) = (Jq::in_process(), with_workers());
    let mut wrong = Vec::new();
    for Case { program, outputs } in cases.programs {
        // As text, so that the order of keys counts too.
        let wanted = Value::Array(outputs).to_string();
        let texts = [(&here, program.clone()), (&there, program.clone()), (&there, in_a_worker(&program))];
        for (jq, text) in texts {
            let given = match one(jq, &text, &cases.input) {
                Err(JqError::Unavailable(_)) => continue,
                Ok(outputs) => Value::Array(outputs).to_string(),
                Err(error) => error.to_string(),
            };
            if given != wanted {
                wrong.push(format!("{program}\n  gives   {given}\n  instead {wanted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
