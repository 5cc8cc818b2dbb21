//! The tests of this crate, one binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod clock;
mod definitions;
mod naive;
mod random;
mod world;
