//! `stagedoor doctor`: whether a server would start here, and what would keep it from running well. It changes
//! nothing: no folder is made, no schema brought up to date.

mod certificate;
mod checks;
mod secrets;

use serde::Serialize;

use crate::config::{self, Environment};
use crate::options::Options;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing to do.
    Ok,
    /// It will run, but somebody should look at it.
    Warn,
    /// It will not run, or not do what it is told to.
    Fail,
}

/// One line of the report.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub result: Outcome,
    /// What was found; never a secret.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Check {
    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, result: Outcome::Ok, message: message.into(), advice: None }
    }

    fn warn(name: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, result: Outcome::Warn, message: message.into(), advice: Some(advice.into()) }
    }

    fn fail(name: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, result: Outcome::Fail, message: message.into(), advice: Some(advice.into()) }
    }
}

/// Looks at everything, whatever is wrong: a check that needs a readable configuration is left out without one.
pub async fn examine(options: &Options) -> Vec<Check> {
    let environment = Environment::of_process();
    let mut all = Vec::new();
    match config::load(&options.config, &environment) {
        Ok(config) => {
            all.extend(checks::configuration(options, &config.warnings));
            all.push(checks::credentials(&environment, options.dev));
            all.extend(checks::database(options, &config).await);
            all.extend(secrets::key(options, &config, &environment));
            all.push(checks::address(options, &config).await);
            all.extend(certificate::certificate(&config));
            all.extend(checks::metrics(options, &config, &environment).await);
            all.extend(checks::sources(&config, &environment).await);
        }
        Err(wrong) => {
            all.extend(checks::wrong(&wrong));
            all.push(checks::credentials(&environment, options.dev));
        }
    }
    all.extend(checks::traces(&environment).await);
    all.push(checks::clock());
    all.extend(checks::files());
    all
}

/// Prints the report: a line for each check, or one JSON object. True when nothing failed.
///
/// # Errors
/// When there is no runtime.
#[expect(clippy::print_stdout, reason = "the report is the output")]
pub fn doctor(options: &Options, json: bool) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let checks = runtime.block_on(examine(options));
    runtime.shutdown_background();
    let good = checks.iter().all(|check| check.result != Outcome::Fail);
    if json {
        println!("{}", serde_json::json!({ "ok": good, "checks": checks }));
        return Ok(good);
    }
    for check in &checks {
        let word = match check.result {
            Outcome::Ok => "ok  ",
            Outcome::Warn => "warn",
            Outcome::Fail => "FAIL",
        };
        let advice =
            check.advice.as_ref().map(|advice| format!("\n{:20}-> {advice}", "")).unwrap_or_default();
        println!("{word}  {:13} {}{advice}", check.name, check.message);
    }
    Ok(good)
}
