//! The server from outside: what it promises, through its public interface.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod config;

mod support;

mod access;
mod audit;
mod automations;
mod bad_input;
mod budget;
mod changes;
mod claims;
mod compat;
mod documents;
mod durable;
mod edges;
mod entity_page;
mod faces;
#[path = "../../../actions/tests/it/fake.rs"]
#[expect(dead_code, reason = "the tests of the actions need more of it")]
mod fake;
mod frontend;
#[path = "../../../hosts/tests/it/git_server.rs"]
#[expect(dead_code, reason = "the tests of the hosts need more of it")]
mod git_server;
mod going_away;
mod graph;
mod hidden;
mod home;
mod integrations;
mod kills;
mod migrations;
mod model_changes;
mod model_preview;
mod moves;
mod outside;
mod pages;
mod people;
mod permission;
mod port_writes;
mod programs;
mod remembered;
mod rights;
mod route_table;
mod runs;
mod scorecards;
mod secrets;
mod sign_in;
mod tables;
mod telemetry;
mod transfer;
mod undo;
mod url;
mod watch;
mod webhooks;
mod wire;
