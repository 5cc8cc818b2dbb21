//! The server from outside.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod config;
