//! Evaluates templates for the tests that compare with the original: one JSON object per line in, one per line out.
//!
//! In: `{"template", "context", "mode": "text" or "value", "syntax": {"cookiecutter", "trimBlocks", "lstripBlocks"}}`.
//! Out: `{"value"}`, without the member if it is undefined, or `{"error", "line", "column"}`.

use std::io::{BufRead, Write};

use serde_json::{Map, Value, json};
use stagedoor_expressions::{Error, Options, Registry, Syntax, Template};

fn main() -> std::io::Result<()> {
    let registry = registry();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let answer = evaluate(&case, &registry).unwrap_or_else(
            |error| json!({ "error": error.message, "line": error.line, "column": error.column }),
        );
        writeln!(out, "{answer}")?;
    }
    out.flush()
}

/// What the other side registers, too.
fn registry() -> Registry {
    let mut registry = Registry::new();
    registry
        .filter("echo", |arguments| Ok(arguments.first().cloned().flatten()))
        .filter("fails", |_| Err("it always does".to_owned()))
        .function("always", |_| Ok(Some(json!(true))))
        .function("failure", |_| Ok(Some(json!(false))))
        .value("version", json!("1.2.3"));
    registry
}

fn evaluate(case: &Value, registry: &Registry) -> Result<Value, Error> {
    let flag = |name: &str| case["syntax"][name].as_bool().unwrap_or(false);
    let syntax = Syntax {
        cookiecutter: flag("cookiecutter"),
        trim_blocks: flag("trimBlocks"),
        lstrip_blocks: flag("lstripBlocks"),
    };
    let options = Options { syntax, registry: Some(registry), ..Options::default() };
    let empty = Map::new();
    let context = case["context"].as_object().unwrap_or(&empty);
    let template = Template::parse(case["template"].as_str().unwrap_or_default(), syntax, &options.limits)?;
    if case["mode"] == "text" {
        return template.render(context, &options).map(|rendered| json!({ "value": rendered.value }));
    }
    let value = template.value(context, &options)?.value;
    Ok(value.map_or_else(|| json!({}), |value| json!({ "value": value })))
}
