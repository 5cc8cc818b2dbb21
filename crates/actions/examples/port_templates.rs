//! Renders Port's templates, a line of JSON for each: `{"template", "context"}` gives `{"value"}` or `{"error"}`.
//!
//! `tests/clients/port-templates` compares it with the real jq.

use std::io::{BufRead as _, Write as _};

use serde_json::{Value, json};
use stagedoor_actions::port::templating::Templating;
use stagedoor_jq::{Jq, Limits, WorkerCommand};

fn main() -> std::io::Result<()> {
    // Programs that might not end are run by a worker: this program once more.
    if std::env::args().nth(1).as_deref() == Some("worker") {
        return stagedoor_jq::worker::run();
    }
    let command = WorkerCommand { program: std::env::current_exe()?, args: vec!["worker".into()] };
    let jq = Jq::with_workers(command, Limits::default());
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let context = case.get("context").unwrap_or(&Value::Null);
        let templating = Templating::new(&jq, context);
        let answer = match templating.render(case.get("template").unwrap_or(&Value::Null)) {
            Ok(value) => json!({ "value": value }),
            Err(error) => json!({ "error": error }),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
