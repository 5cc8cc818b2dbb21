//! Definitions, and what performs their steps, over fakes and over what can be had.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test: what fails here should say so and stop"
)]

mod ai;
mod attacks;
mod catalog_steps;
mod fake;
mod gerrit;
#[path = "../../../hosts/tests/it/git_server.rs"]
#[expect(dead_code, reason = "the tests of the hosts need more of it")]
mod git_server;
mod github;
mod github_secrets;
mod gitlab;
mod gitlab_tokens;
mod host_steps;
mod kafka;
mod kafka_real;
mod kubernetes;
mod publish;
mod publish_hosts;
mod pull_requests;
mod roadie_utils;
mod stage;
mod steps_fetch;
mod steps_files;
mod steps_stage;
mod terraform;
mod webhook;
mod workspace;
