//! Definitions, and what performs their steps, over fakes and over what can be had.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test: what fails here should say so and stop"
)]

mod catalog_steps;
mod fake;
mod github;
mod stage;
mod webhook;
