//! Group 1 of the attack cases: bounded time, bounded memory. Each attack has honest neighbours in its batch.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stagedoor_jq::{Jq, JqError};

use super::{in_a_worker, limits, one, with_workers};

/// Runs an attack on the second of three inputs. It must end with one of these errors and leave the others alone.
fn attack(program: &str, expected: &[JqError]) {
    let jq = with_workers();
    let program = format!("if .attack then ({program}) else .name end");
    let inputs = [json!({"name": 1}), json!({"name": 2, "attack": true}), json!({"name": 3})];
    let start = Instant::now();
    let outcomes = jq.run(&program, &inputs);
    let took = start.elapsed();
    assert!(took < limits().time + Duration::from_secs(5), "{program} took {took:?}");
    assert_eq!(outcomes[0], Ok(vec![json!(1)]), "before {program}");
    let outcome = outcomes[1].clone().map(|outputs| outputs.len());
    let found = matches!(&outcome, Err(error) if expected.iter().any(|one| same_kind(one, error)));
    assert!(found, "{program} gave {outcome:?}");
    assert_eq!(outcomes[2], Ok(vec![json!(3)]), "after {program}");
    assert_eq!(one(&jq, &in_a_worker("1 + 1"), &Value::Null), Ok(vec![json!(2)]), "the call after {program}");
}

fn same_kind(one: &JqError, other: &JqError) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn failed() -> JqError {
    JqError::Failed(String::new())
}

#[test]
fn endless_loops_end() {
    for program in ["def f: f; f", "last(repeat(1))", "until(false; .)", "[recurse(empty, .)] | length"] {
        attack(program, &[JqError::Time, JqError::Memory]);
    }
}

#[test]
fn endless_recursion_ends() {
    for program in
        ["def f: 1 + f; f", "def f: [f]; f", "def f(g): f(g | g); f(.)", "reduce range(1e9) as $i (.; [.])"]
    {
        attack(program, &[JqError::Time, JqError::Memory]);
    }
}

#[test]
fn huge_values_are_not_made() {
    for program in
        ["[range(1e12)]", "[limit(1e9; repeat(1))]", "[range(1e9)] | sort", "[.] | until(false; . + .)"]
    {
        attack(program, &[JqError::Time, JqError::Memory]);
    }
    for program in ["\"a\" * 1e12", "[] | .[1e12] = 1", ".x[1e9] = 1", "\"aaaaaaaaaa\" * 1e7"] {
        attack(program, &[failed(), JqError::Memory]);
    }
}

#[test]
fn texts_do_not_grow_without_end() {
    attack("\"a\" | until(false; . + .)", &[JqError::Memory, JqError::Time]);
    attack("\"ab\" | until(false; [.,.] | tojson)", &[JqError::Memory, JqError::Time]);
    attack("\"a\" * 60000 | [., .] | combinations(3)", &[failed(), JqError::Memory, JqError::Time]);
}

#[test]
fn outputs_have_a_limit() {
    attack("range(1e12)", &[JqError::Memory, JqError::Time]);
    attack("\"a\" * 2000000", &[JqError::Memory]);
    attack("range(1000) | \"a\" * 2000", &[JqError::Memory]);
}

#[test]
fn regular_expressions_take_linear_time() {
    let jq = with_workers();
    let text = "a".repeat(20_000);
    for program in
        ["test(\"(a*)*b\")", "test(\"(a|a)*b\")", "test(\"^(a+)+$x\")", "test(\"(.*)(.*)(.*)(.*)(.*)x\")"]
    {
        let start = Instant::now();
        let outcome = one(&jq, program, &Value::String(text.clone()));
        assert_eq!(outcome, Ok(vec![json!(false)]), "{program}");
        assert!(start.elapsed() < limits().time, "{program} took {:?}", start.elapsed());
    }
    for program in ["\"a\" | test(\"(a{1000}){1000}\")", "\"a\" | test(\"(?=a)\")", "\"a\" | test(\"(\")"] {
        attack(program, &[failed()]);
    }
}

#[test]
fn updates_of_everything_end() {
    let jq = with_workers();
    let deep = (0..100).fold(json!(1), |value, _| json!([value]));
    // Doubles at each of a hundred levels.
    assert!(matches!(one(&jq, ".. |= [., .]", &deep), Err(JqError::Time | JqError::Memory)));
    let input = json!({"a": {"b": [1, 2]}});
    assert_eq!(one(&jq, ".. |= ..", &input), Ok(vec![input]));
    let many = ". |= (., .) | ".repeat(50) + ".";
    assert_eq!(one(&jq, &many, &json!(1)), Ok(vec![json!(1)]));
}

#[test]
fn huge_programs_are_refused_at_once() {
    let jq = with_workers();
    let programs = [
        "1 + ".repeat(1_000_000) + "1",
        "[".repeat(60_000) + &"]".repeat(1000),
        "[".repeat(30_000) + &"]".repeat(30_000),
        "(".repeat(1000) + "1" + &")".repeat(1000),
        "\"\\(".repeat(10_000) + "1" + &")\"".repeat(10_000),
        "{a:".repeat(500) + "1" + &"}".repeat(500),
    ];
    for program in programs {
        let start = Instant::now();
        assert!(matches!(jq.check(&program), Err(JqError::Syntax(_))), "{:.40}", program);
        assert!(matches!(one(&jq, &program, &Value::Null), Err(JqError::Syntax(_))), "{:.40}", program);
        assert!(start.elapsed() < Duration::from_secs(2), "{:.40} took {:?}", program, start.elapsed());
    }
}

#[test]
fn long_programs_are_no_danger() {
    let jq = with_workers();
    // They run, or are refused; what they must not do is to take this process with them.
    let programs = [
        "1".to_owned() + &" + 1".repeat(8000),
        "- ".repeat(15_000) + "1",
        "try ".repeat(15_000) + "1",
        ".a".to_owned() + &"?".repeat(15_000),
        ". | ".repeat(8000) + ".",
        ". as $x | ".repeat(3000) + "$x",
        "if . then 1 else ".repeat(3000) + "2" + &" end".repeat(3000),
        "def f: 1; ".repeat(2500) + "f",
        "label $x | ".repeat(4000) + ".",
        "reduce 1 as $x (0; ".repeat(150) + "1" + &")".repeat(150),
        ".a".repeat(8000),
        "\"".to_owned() + &"\\(1)".repeat(3000) + "\"",
        "1 as [".to_owned() + &"[".repeat(150) + "$x" + &"]".repeat(151) + " | $x",
    ];
    for program in programs {
        let outcome = one(&jq, &program, &Value::Null);
        assert!(!matches!(outcome, Err(JqError::Unavailable(_))), "{:.40}: {outcome:?}", program);
    }
    assert_eq!(one(&jq, &in_a_worker("1 + 1"), &Value::Null), Ok(vec![json!(2)]));
}

/// What is bounded runs on the stack of whoever asks, which may be a small one.
#[test]
fn bounded_programs_need_little_stack() {
    let shapes: [fn(usize) -> String; 10] = [
        |n| ".a".repeat(n),
        |n| "[".repeat(n) + &"]".repeat(n),
        |n| "1".to_owned() + &" + 1".repeat(n),
        |n| ". | ".repeat(n) + ".",
        |n| "- ".repeat(n) + "1",
        |n| "\"".to_owned() + &"\\(1)".repeat(n) + "\"",
        |n| "{".to_owned() + &"\"a\": 1,".repeat(n) + "}",
        |n| "if false then 1".to_owned() + &" elif false then 1".repeat(n) + " else 2 end",
        |n| ". as $x | ".repeat(n) + "$x",
        |n| ".a |= (".repeat(n) + "1" + &")".repeat(n),
    ];
    let small = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        let jq = Jq::in_process();
        for shape in shapes {
            let bounded =
                |n: &usize| !matches!(one(&jq, &shape(*n), &Value::Null), Err(JqError::Unavailable(_)));
            let most = (1..190).rev().find(bounded).unwrap();
            assert!(most > 10, "{} is not bounded", shape(11));
        }
    });
    small.unwrap().join().unwrap();
}

#[test]
fn deep_inputs_and_outputs_are_refused() {
    let jq = with_workers();
    let deep = |levels| (0..levels).fold(json!(1), |value, _| json!([value]));
    assert_eq!(one(&jq, ".", &deep(120)), Ok(vec![deep(120)]));
    assert!(matches!(one(&jq, ".", &deep(121)), Err(JqError::Failed(_))));
    assert!(matches!(one(&jq, &in_a_worker("."), &deep(121)), Err(JqError::Failed(_))));
    assert!(matches!(one(&jq, "[.]", &deep(120)), Err(JqError::Failed(_))));
    assert!(matches!(one(&jq, &in_a_worker("[.]"), &deep(120)), Err(JqError::Failed(_))));
    let refused = one(&jq, "reduce range(1000) as $i (1; [.])", &Value::Null);
    assert!(matches!(refused, Err(JqError::Failed(_))), "{refused:?}");
}

#[test]
fn without_workers_attacks_are_not_run_at_all() {
    let jq = Jq::in_process();
    for program in
        ["def f: f; f", "[range(1e12)]", "\"a\" * 1e12", "..", "[limit(1e9; repeat(1))]", "last(repeat(1))"]
    {
        let start = Instant::now();
        let outcome = one(&jq, program, &json!({}));
        assert!(matches!(outcome, Err(JqError::Unavailable(_))), "{program}: {outcome:?}");
        assert!(start.elapsed() < Duration::from_secs(1), "{program}");
    }
}
