//! The checks, in the order of the report.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use stagedoor_hosts::{Hosts, Priority};
use stagedoor_outbound::{AllowList, Egress, PostOptions};
use stagedoor_store::StoreError;
use stagedoor_store_sql::{Inspection, inspect_file, inspect_url};
use tokio::net::TcpListener;
use url::Url;

use super::Check;
use crate::config::{Config, ConfigErrors, Environment, LocationKind, Warning};
use crate::options::Options;
use crate::{serve, telemetry};

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(5);
/// Less than this fills up in a day of imports.
const LITTLE_SPACE: u64 = 1 << 30;
const NO_SPACE: u64 = 64 << 20;
/// A connection is a file too.
const FEW_FILES: u64 = 4096;

pub(super) fn configuration(options: &Options, warnings: &[Warning]) -> Vec<Check> {
    let name = "configuration";
    let files = options.config.len();
    if warnings.is_empty() {
        let message = match files {
            0 => "no file is given: the catalog starts empty".to_owned(),
            n => format!("{n} file{} read, nothing wrong", if n == 1 { "" } else { "s" }),
        };
        return vec![Check::ok(name, message)];
    }
    let advice = "it is passed over: correct or remove it";
    warnings.iter().map(|warning| Check::warn(name, warning.to_string(), advice)).collect()
}

pub(super) fn wrong(errors: &ConfigErrors) -> Vec<Check> {
    let name = "configuration";
    let warnings = errors.warnings.iter();
    let warnings = warnings.map(|w| Check::warn(name, w.to_string(), "it may explain the error"));
    let text = errors.to_string();
    let fails = text.lines().map(|line| Check::fail(name, line, "correct it: the server does not start"));
    fails.chain(warnings).collect()
}

pub(super) fn credentials(environment: &Environment, dev: bool) -> Check {
    let name = "credentials";
    let get = |name| environment.get(name).filter(|v| !v.is_empty());
    match (get("STAGEDOOR_CLIENT_ID"), get("STAGEDOOR_CLIENT_SECRET")) {
        (Some(_), Some(secret)) if secret.len() < 16 => Check::warn(
            name,
            format!("STAGEDOOR_CLIENT_SECRET has {} characters", secret.len()),
            "take a random one of 32, e.g. from `openssl rand -hex 16`",
        ),
        (Some(_), Some(_)) => Check::ok(name, "client id and secret are set"),
        (None, None) if dev => Check::ok(name, "none needed: --dev makes everyone administrator"),
        (None, None) => {
            Check::ok(name, "none in the environment: people sign in, and make tokens for programs")
        }
        (Some(_), None) => Check::fail(name, "STAGEDOOR_CLIENT_SECRET is not set", "set it, or unset the id"),
        (None, Some(_)) => Check::fail(name, "STAGEDOOR_CLIENT_ID is not set", "set it, or unset the secret"),
    }
}

pub(super) async fn database(options: &Options, config: &Config) -> Vec<Check> {
    let url = options.database_url.clone().or(config.stagedoor.database_url.as_deref().map(str::to_owned));
    if let Some(url) = url {
        let look = tokio::task::spawn_blocking(move || inspect_url(&url)).await;
        return vec![look.map_or_else(
            |_| Check::fail("database", "the check came to nothing", "try again"),
            |found| inspected(found.map(Some)),
        )];
    }
    let folder = options.data_dir.clone().or(config.stagedoor.data_dir.clone());
    let folder = folder.unwrap_or_else(|| ".stagedoor".into());
    vec![writable(&folder), inspected(inspect_file(&folder.join("stagedoor.db"))), space(&folder)]
}

fn inspected(found: Result<Option<Inspection>, StoreError>) -> Check {
    let name = "database";
    match found {
        Ok(None) => Check::ok(name, "there is none yet: the first start makes it"),
        Ok(Some(Inspection { server, schema, known })) => {
            let server = server.map(|v| format!("PostgreSQL {v}, ")).unwrap_or_default();
            match schema {
                0 => Check::ok(name, format!("{server}empty: the first start makes its schema")),
                s if s < known => Check::warn(
                    name,
                    format!("{server}schema {s}; the next start brings it to {known}"),
                    "make a backup first: an older program cannot use it afterwards",
                ),
                s => Check::ok(name, format!("{server}schema {s}, the newest")),
            }
        }
        // It runs: that is no failure of anything.
        Err(error @ StoreError::InUse { .. }) => {
            Check::warn(name, error.to_string(), "nothing, if that server is meant to run")
        }
        Err(error) => Check::fail(name, error.to_string(), "the server does not start before this is mended"),
    }
}

/// The folder itself, or the nearest one above it that is there.
fn existing(folder: &Path) -> PathBuf {
    let above = folder.ancestors().find(|f| !f.as_os_str().is_empty() && f.exists());
    above.unwrap_or(Path::new(".")).to_owned()
}

fn writable(folder: &Path) -> Check {
    let name = "data folder";
    let there = existing(folder);
    let allowed = rustix::fs::access(&there, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
    let shown = folder.display();
    match allowed {
        _ if !there.is_dir() => {
            Check::fail(name, format!("{} is no folder", there.display()), "name another with --data-dir")
        }
        Err(error) => Check::fail(
            name,
            format!("{} cannot be written: {error}", there.display()),
            "give this user the right to, or name another with --data-dir",
        ),
        Ok(()) if there == folder => Check::ok(name, format!("{shown} can be written")),
        Ok(()) => Check::ok(name, format!("{shown} is not there yet and can be made")),
    }
}

fn space(folder: &Path) -> Check {
    let name = "disk";
    match rustix::fs::statvfs(existing(folder)) {
        Err(error) => Check::warn(name, format!("the free space is not known: {error}"), "look yourself"),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let message = format!("{} MB are free", free >> 20);
            match free {
                f if f < NO_SPACE => Check::fail(name, message, "make room: nothing can be stored"),
                f if f < LITTLE_SPACE => Check::warn(name, message, "make room before it runs out"),
                _ => Check::ok(name, message),
            }
        }
    }
}

pub(super) async fn address(options: &Options, config: &Config) -> Check {
    let name = "address";
    match serve::address(options, config) {
        Ok(address) => free(name, &address, options.dev).await,
        Err(error) => Check::fail(name, format!("{error:#}"), "name another with --listen"),
    }
}

pub(super) async fn metrics(options: &Options, config: &Config, environment: &Environment) -> Option<Check> {
    let address = telemetry::metrics_address(environment, config)?;
    let check = free("metrics", &address, options.dev).await;
    let open = address.parse::<std::net::SocketAddr>().is_ok_and(|a| !a.ip().is_loopback());
    if check.result == super::Outcome::Ok && open {
        let advice = "let only the collector reach it: metrics are read there without a credential";
        return Some(Check::warn("metrics", check.message, advice));
    }
    Some(check)
}

async fn free(name: &'static str, address: &str, dev: bool) -> Check {
    match serve::listen(address, dev).await {
        Ok(listener) => {
            let shown = listener.local_addr().map_or_else(|_| address.to_owned(), |a| a.to_string());
            drop::<TcpListener>(listener);
            Check::ok(name, format!("{shown} is free"))
        }
        Err(error) => Check::fail(name, format!("{error:#}"), "stop what is there, or choose another"),
    }
}

/// Every source: a file that is not there, an address that does not answer.
pub(super) async fn sources(config: &Config, environment: &Environment) -> Vec<Check> {
    let name = "sources";
    let outbound = match serve::outbound(config, environment) {
        Ok(outbound) => outbound,
        Err(error) => {
            return vec![Check::fail(name, format!("{error:#}"), "correct it: the server does not start")];
        }
    };
    let (hosts, _) = crate::wiring::hosts(&config.outside, outbound);
    let mut asked = tokio::task::JoinSet::new();
    let mut all = Vec::new();
    for location in &config.locations {
        let shown =
            if location.target.is_secret() { "[redacted]" } else { location.target.as_str() }.to_owned();
        match location.kind {
            LocationKind::File => all.extend(file(location.paths().as_slice(), &location.target, &shown)),
            LocationKind::Url => {
                let (hosts, target) = (std::sync::Arc::clone(&hosts), location.target.as_str().to_owned());
                asked.spawn(async move { ask(&hosts, &target, &shown).await });
            }
        }
    }
    while let Some(check) = asked.join_next().await {
        all.extend(check.ok().flatten());
    }
    if all.is_empty() && !config.locations.is_empty() {
        all.push(Check::ok(name, format!("{} in the configuration, all there", config.locations.len())));
    }
    all
}

fn file(paths: &[PathBuf], target: &str, shown: &str) -> Option<Check> {
    let pattern = target.contains(['*', '?', '[', '{']);
    let here = PathBuf::from(target);
    if pattern || here.exists() || paths.iter().any(|path| path.exists()) {
        return None;
    }
    let advice = "correct the path: it is looked for beside the file that names it";
    Some(Check::warn("sources", format!("{shown} is not there"), advice))
}

async fn ask(hosts: &Hosts, target: &str, shown: &str) -> Option<Check> {
    let name = "sources";
    if target.parse::<Url>().is_err() {
        return Some(Check::warn(name, format!("{shown} is no address"), "write it as https://host/path"));
    }
    let read = tokio::time::timeout(PATIENCE, hosts.read(target, Priority::Person)).await;
    let error = match read {
        Ok(Ok(_)) => return None,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no complete answer within {} ms", PATIENCE.as_millis()),
    };
    // A target out of a variable may be a secret, and an error names it.
    let error = error.replace(target, shown);
    if error.contains("STAGEDOOR_OUTBOUND_ALLOW") {
        return Some(Check::fail(name, error, "it stays unread until the host is allowed"));
    }
    Some(Check::warn(name, error, "what it said before is kept meanwhile"))
}

pub(super) async fn traces(environment: &Environment) -> Option<Check> {
    let name = "traces";
    let config = match telemetry::trace_config(environment) {
        Ok(config) => config?,
        Err(error) => return Some(Check::fail(name, format!("{error:#}"), "correct the variable")),
    };
    let egress = Egress::new(AllowList::new([config.host()]).unwrap_or_default());
    let options = PostOptions {
        headers: config.headers(),
        ..PostOptions::json(r#"{"resourceSpans":[]}"#.to_owned(), PATIENCE)
    };
    Some(match egress.post(config.endpoint(), options).await {
        Ok(_) => Check::ok(name, "the collector takes them"),
        Err(error) => {
            Check::warn(name, error.to_string(), "traces are dropped until the collector takes them")
        }
    })
}

/// Tokens and the order of changes need a time that is right.
pub(super) fn clock() -> Check {
    let name = "clock";
    // When this was written.
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1_763_000_000);
    let program = std::env::current_exe().and_then(|path| path.metadata()).and_then(|m| m.modified()).ok();
    let past = program.filter(|made| *made > past).unwrap_or(past);
    // A minute for file systems with clocks of their own.
    if SystemTime::now() + Duration::from_secs(60) < past {
        return Check::fail(name, "the system's time is before this program was made", "set it: use NTP");
    }
    Check::ok(name, "plausible")
}

pub(super) fn files() -> Option<Check> {
    let most = telemetry::most_files()?;
    let message = format!("{most} files and connections may be open");
    Some(if most < FEW_FILES {
        Check::warn(
            "files",
            message,
            format!("raise the limit to {FEW_FILES} or more (ulimit -n, LimitNOFILE)"),
        )
    } else {
        Check::ok("files", message)
    })
}
