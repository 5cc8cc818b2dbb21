//! The tests of this crate, one binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod clock;
mod definitions;
mod models;
mod naive;
mod random;
mod world;
