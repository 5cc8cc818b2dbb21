//! The language from outside: what a caller gets, and what no template can do.
#![expect(
    clippy::expect_used,
    reason = "the whole program is a test: what fails here should say so and stop"
)]

mod backstage;
mod limits;
mod secrets;
mod templates;
mod values;

use serde_json::{Map, Value};
use stagedoor_expressions::{Error, Options, render};

/// The object that a JSON literal is.
fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

/// A template as a text.
fn text(template: &str, context: Value) -> Result<String, Error> {
    render(template, &object(context), &Options::default()).map(|rendered| rendered.value)
}
