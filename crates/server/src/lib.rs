//! (to come)

pub mod config;
