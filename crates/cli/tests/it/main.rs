//! The program as operators run it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod bad_rules;
mod doctor;
mod first_start;
mod jq;
mod running;
mod secrets;
mod transfer;

use std::process::Command;

/// The program, with nothing of this environment that it would read.
fn stagedoor(folder: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stagedoor"));
    let ours =
        |name: &str| ["STAGEDOOR_", "APP_CONFIG", "OTEL_"].iter().any(|prefix| name.starts_with(prefix));
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    command.current_dir(folder);
    command
}
