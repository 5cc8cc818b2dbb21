//! The server from outside: what it promises, through its public interface.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod config;

mod support;

mod access;
mod bad_input;
mod changes;
mod claims;
mod compat;
mod documents;
mod durable;
mod edges;
mod faces;
mod going_away;
mod graph;
mod integrations;
mod migrations;
mod model_changes;
mod port_writes;
mod remembered;
mod rights;
mod telemetry;
mod url;
mod watch;
