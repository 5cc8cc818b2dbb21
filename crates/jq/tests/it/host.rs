//! Nothing of the host can be reached.

use serde_json::{Value, json};
use stagedoor_jq::{Jq, JqError};

use super::{in_a_worker, one, with_workers};

/// In this process where that is bounded, and in a worker.
fn everywhere(program: &str, input: &Value, check: impl Fn(super::Outcome)) {
    let jq = with_workers();
    check(one(&jq, program, input));
    if !program.contains("import") && !program.contains("include") {
        check(one(&jq, &in_a_worker(program), input));
    }
}

#[test]
fn the_environment_is_empty() {
    for (program, wanted) in [
        ("env", json!({})),
        ("$ENV", json!({})),
        ("env.PATH", json!(null)),
        ("$ENV.PATH", json!(null)),
        ("$ENV | keys", json!([])),
        ("input_filename", json!(null)),
        ("input_line_number", json!(0)),
        ("[inputs]", json!([])),
        ("get_search_list", json!([])),
        ("0 | localtime | mktime", json!(0)),
        ("0 | strflocaltime(\"%H %Z\")", json!("00 UTC")),
        ("1 | debug | stderr", json!(1)),
    ] {
        everywhere(program, &Value::Null, |outcome| {
            assert_eq!(outcome, Ok(vec![wanted.clone()]), "{program}")
        });
    }
}

#[test]
fn there_are_no_modules_and_no_other_inputs() {
    for program in [
        "import \"/etc/passwd\" as $x; $x",
        "import \"a\" as a; a::f",
        "include \"/etc/passwd\"; .",
        "a::f",
        "modulemeta",
        "$__prog_args",
        "$__loc__",
        "$__import__",
        "input_file",
        "builtins",
        "repl",
        "load",
        "splits",
        "read",
    ] {
        everywhere(program, &Value::Null, |outcome| {
            assert!(matches!(outcome, Err(JqError::Syntax(_))), "{program}: {outcome:?}");
        });
    }
    everywhere("input", &Value::Null, |outcome| {
        assert_eq!(outcome, Err(JqError::Failed("No more inputs".into())));
    });
}

#[test]
fn a_program_cannot_end_or_disturb_the_process() {
    everywhere("halt", &Value::Null, |outcome| assert_eq!(outcome, Ok(vec![])));
    everywhere("1, halt, 2", &Value::Null, |outcome| assert_eq!(outcome, Ok(vec![json!(1)])));
    everywhere("\"bye\" | halt_error", &Value::Null, |outcome| {
        assert_eq!(outcome, Err(JqError::Failed("bye".into())));
    });
    for program in ["debug_empty", "stderr_empty", "\"{}\" | debug_empty", "halt(3)"] {
        everywhere(program, &Value::Null, |outcome| assert_eq!(outcome, Ok(vec![]), "{program}"));
    }
    everywhere("getpath([\"a\", \"b\"])", &json!({"a": {"b": 1}}), |outcome| {
        assert_eq!(outcome, Ok(vec![json!(1)]))
    });
}

#[test]
fn programs_do_not_see_each_other() {
    let jq = with_workers();
    one(&jq, "def secret: \"x\"; secret", &Value::Null).unwrap();
    assert!(matches!(one(&jq, "def f: secret; f", &Value::Null), Err(JqError::Syntax(_))));
    assert!(matches!(
        one(&jq, "_program_of_the_user", &Value::Null),
        Err(JqError::Syntax(_)) | Err(JqError::Time)
    ));
}

#[test]
fn faults_name_their_place() {
    let jq = Jq::in_process();
    for (program, wanted) in [
        (".a |", "line 1, column 5: expected term, found the end"),
        (".a\n  | foo(1)", "line 2, column 5: foo/1 is not defined"),
        ("$x", "line 1, column 1: variable $x is not defined"),
        ("{a: }", "line 1, column 5: expected term, found `}`"),
        ("\"a", "line 1, column 3: expected closing quote, found the end"),
        ("[1, 2", "line 1, column 6: expected closing bracket, found the end"),
        ("", "line 1, column 1: expected term, found the end"),
        ("include \"x\"; .", "line 1, column 9: expected nothing, found `\"x\"`"),
        ("'a' + foo", "line 1, column 7: foo/0 is not defined"),
    ] {
        assert_eq!(jq.check(program), Err(JqError::Syntax(wanted.into())), "{program}");
        assert_eq!(one(&jq, program, &Value::Null), Err(JqError::Syntax(wanted.into())), "{program}");
    }
    assert_eq!(jq.check(".a | length"), Ok(()));
}

#[test]
fn what_changes_with_time_is_known() {
    let jq = Jq::in_process();
    for program in
        ["now", ".a | (now - 1)", "map(select(.at > now))", "def f: now; f", "\"\\(now | todate)\""]
    {
        assert!(jq.depends_on_clock(program), "{program}");
    }
    for program in [".now", "\"now\"", "0 | todate", "{now: 1}", "not a program"] {
        assert!(!jq.depends_on_clock(program), "{program}");
    }
}
