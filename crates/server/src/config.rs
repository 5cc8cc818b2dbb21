//! The configuration: Backstage's `app-config.yaml`, as an existing installation has it.
//!
//! Reading has three steps, and each goes on after a problem, so that all problems are shown at once: every file is
//! read, its variables and includes are put in ([`transform`]); the files and the `APP_CONFIG_...` variables
//! are laid over each other ([`value`]); what Stagedoor uses is taken out and its types are checked ([`typed`]).
//! Values keep their place in the files through all three.

mod environment;
mod external;
mod known;
mod problem;
mod transform;
mod typed;
mod types;
mod value;
mod wire;

use std::path::PathBuf;

pub use environment::Environment;
pub use external::{ExternalAccess, ExternalWay, Secret};
pub use problem::{ConfigError, ConfigErrors, Place, Warning};
pub use types::{
    AllowRule, AllowedKind, Config, GuestAccess, Listen, LocationConfig, LocationKind, LocationMatcher,
    Outside, Polling, Raw, SecretsSource, StagedoorConfig, TargetMatcher, Text,
};
pub use wire::{Certificate, Cors, Limits, Pem, Rates, WireConfig};

use problem::Problems;

/// Reads `files` in order, later ones over earlier ones, and the `APP_CONFIG_...` variables over them all.
///
/// # Errors
/// Every problem of every file, with its place.
pub fn load(files: &[PathBuf], environment: &Environment) -> Result<Config, ConfigErrors> {
    let mut problems = Problems::default();
    let mut merged = value::Located::empty();
    for file in files {
        if let Some(value) = transform::read(file, environment, &mut problems) {
            merged.lay_over(value);
        }
    }
    for value in environment.overrides(&mut problems) {
        merged.lay_over(value);
    }
    let config = typed::config(&merged, &mut problems);
    problems.finish(config)
}
