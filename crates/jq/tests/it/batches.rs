//! Workers come and go; batches keep their order.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stagedoor_jq::{Jq, JqError, Limits, WorkerCommand};

use super::{command, in_a_worker, limits, one, with_workers};

#[test]
fn a_batch_of_any_size_keeps_its_order() {
    let jq = with_workers();
    let inputs: Vec<Value> = (0..3000).map(|n| json!({"n": n, "text": "x".repeat(n % 700)})).collect();
    let outcomes = jq.run(&in_a_worker("[.n, (.text | length)]"), &inputs);
    for (n, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(outcome, Ok(vec![json!([n, n % 700])]));
    }
}

#[test]
fn large_inputs_and_outputs_do_not_block_each_other() {
    let jq = with_workers();
    let inputs: Vec<Value> =
        (0..12).map(|n| json!("x".repeat(if n % 3 == 0 { 10 } else { 400_000 }))).collect();
    let outcomes = jq.run(&in_a_worker("., ."), &inputs);
    for (input, outcome) in inputs.iter().zip(outcomes) {
        assert_eq!(outcome, Ok(vec![input.clone(), input.clone()]));
    }
}

#[test]
fn several_culprits_cost_only_themselves() {
    let jq = Jq::with_workers(command(), Limits { time: Duration::from_millis(400), ..limits() });
    let inputs: Vec<Value> = (0..9).map(|n| json!(n)).collect();
    let program = "if . == 2 then (def f: f; f) elif . == 5 then (def f: 1 + f; f) elif . == 8 then error(\"no\") else . end";
    let outcomes = jq.run(program, &inputs);
    for (n, outcome) in outcomes.iter().enumerate() {
        match n {
            2 => assert_eq!(outcome, &Err(JqError::Time)),
            5 => assert!(matches!(outcome, Err(JqError::Memory | JqError::Time)), "{outcome:?}"),
            8 => assert_eq!(outcome, &Err(JqError::Failed("no".into()))),
            _ => assert_eq!(outcome, &Ok(vec![json!(n)])),
        }
    }
}

#[test]
fn a_batch_as_a_whole_has_a_limit() {
    let small = Limits { time: Duration::from_millis(200), batch: Duration::from_millis(700), ..limits() };
    let jq = Jq::with_workers(command(), small);
    let start = Instant::now();
    let outcomes = jq.run("def f: f; f", &vec![Value::Null; 1000]);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(outcomes.iter().all(|outcome| outcome == &Err(JqError::Time)));
}

#[test]
fn callers_share_the_workers() {
    let jq = Arc::new(with_workers());
    let callers = (0..8).map(|caller| {
        let jq = jq.clone();
        thread::spawn(move || {
            for n in 0..20 {
                let outcome = one(&jq, &in_a_worker(&format!(". + {n}")), &json!(caller));
                assert_eq!(outcome, Ok(vec![json!(caller + n)]));
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert!(format!("{jq:?}").contains("busy"), "{jq:?}");
}

#[test]
fn who_waits_too_long_for_a_worker_is_told() {
    let single =
        Limits { workers: 1, time: Duration::from_secs(3), batch: Duration::from_secs(1), ..limits() };
    let jq = Arc::new(Jq::with_workers(command(), single));
    let first = {
        let jq = jq.clone();
        thread::spawn(move || one(&jq, "def f: f; f", &Value::Null))
    };
    while format!("{jq:?}").contains("0 busy") {
        thread::yield_now();
    }
    let second = one(&jq, &in_a_worker("1"), &Value::Null);
    assert!(matches!(second, Ok(_) | Err(JqError::Unavailable(_) | JqError::Time)), "{second:?}");
    assert_eq!(first.join().unwrap(), Err(JqError::Time));
    assert_eq!(one(&jq, &in_a_worker("1"), &Value::Null), Ok(vec![json!(1)]));
}

#[test]
fn idle_workers_are_ended_and_others_start_when_needed() {
    let jq = Jq::with_workers(command(), Limits { idle: Duration::from_millis(30), ..limits() });
    for _ in 0..3 {
        assert_eq!(one(&jq, &in_a_worker("1"), &Value::Null), Ok(vec![json!(1)]));
        let start = Instant::now();
        while !format!("{jq:?}").contains("0 workers idle, 0 busy") {
            assert!(start.elapsed() < Duration::from_secs(10), "{jq:?}");
            thread::yield_now();
        }
    }
}

#[test]
fn a_worker_that_does_not_start_is_no_fault_of_the_program() {
    for program in ["/does/not/exist", "/bin/false", "/bin/true", "/bin/echo"] {
        let command = WorkerCommand { program: program.into(), args: vec!["hello".into()] };
        let jq = Jq::with_workers(command, limits());
        let outcome = one(&jq, "def f: 1; f", &Value::Null);
        assert!(matches!(outcome, Err(JqError::Unavailable(_))), "{program}: {outcome:?}");
        assert_eq!(one(&jq, ".a", &json!({"a": 1})), Ok(vec![json!(1)]), "what is bounded needs none");
    }
}

#[test]
fn only_the_first_output_may_be_asked_for() {
    let jq = with_workers();
    let inputs = [json!([1, 2]), json!([]), json!(3)];
    for program in [".[]".to_owned(), in_a_worker(".[]")] {
        let outcomes = jq.first(&program, &inputs);
        assert_eq!(outcomes[0], Ok(Some(json!(1))));
        assert_eq!(outcomes[1], Ok(None));
        assert!(matches!(&outcomes[2], Err(JqError::Failed(_))), "{:?}", outcomes[2]);
    }
    assert_eq!(jq.first("1, error(\"late\")", &inputs[..1]), vec![Ok(Some(json!(1)))]);
    assert_eq!(jq.first("repeat(1)", &inputs[..1]), vec![Ok(Some(json!(1)))]);
    assert_eq!(jq.run("1, error(\"late\")", &inputs[..1]), vec![Err(JqError::Failed("late".into()))]);
}

/// Every worker that ends is waited for.
#[cfg(target_os = "linux")]
#[test]
fn no_zombie_is_left() {
    let jq = Jq::with_workers(command(), Limits { time: Duration::from_millis(100), ..limits() });
    for program in ["def f: f; f", "def f: 1 + f; f", "def f: 1; f"] {
        let _ = one(&jq, program, &Value::Null);
    }
    drop(jq);
    let me = std::process::id().to_string();
    let start = Instant::now();
    // Other tests have workers too, which are zombies for a moment.
    while zombies(&me) > 0 {
        assert!(start.elapsed() < Duration::from_secs(10), "a zombie is left");
        thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
fn zombies(parent: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let stats = processes.filter_map(|process| std::fs::read_to_string(process.path().join("stat")).ok());
    // `pid (name) state parent ...`
    let fields = stats.filter_map(|stat| stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned()));
    fields.filter(|fields| fields.starts_with(&format!("Z {parent} "))).count()
}
