//! The tests of this crate, one binary.

mod clock;
mod definitions;
mod naive;
mod random;
mod world;
