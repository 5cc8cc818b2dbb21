//! A server under measurement: started, watched, stopped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::client::{once, request};

/// A running process.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
    /// From exec to the first 200 of its readiness.
    pub(crate) started_in: Duration,
}

impl Process {
    /// Starts a command and waits until a path answers 200.
    pub(crate) async fn start(
        command: &mut Command,
        address: &str,
        path: &str,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let child = command.stdin(Stdio::null()).spawn().with_context(|| format!("starting {command:?}"))?;
        let mut process = Self { child, address: address.to_owned(), started_in: Duration::ZERO };
        let ask = request("GET", path, None, None);
        loop {
            if let Ok((200, _)) = once(address, &ask).await {
                process.started_in = begun.elapsed();
                return Ok(process);
            }
            if let Some(status) = process.child.try_wait()? {
                bail!("{command:?} ended with {status}");
            }
            if begun.elapsed() > patience {
                bail!("{command:?} is not ready after {patience:?}");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor time spent so far, in seconds.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let rest = stat.rsplit(')').next().unwrap_or_default();
        let ticks: f64 = rest.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
        ticks / 100.0
    }

    /// Asks it to stop and waits.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            if asked.elapsed() > Duration::from_secs(30) {
                self.child.kill()?;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    /// Nothing outlives a measurement that failed.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// (resident now, resident at most) in MB.
pub(crate) fn memory_of(process: u32) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find(|l| l.starts_with(name)).unwrap_or_default();
        let kilobytes = line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok());
        kilobytes.unwrap_or_default() / 1024.0
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// A port of this machine that is free now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Bytes in a folder's files.
pub(crate) fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|e| e.metadata().ok()).filter(std::fs::Metadata::is_file).map(|m| m.len()).sum()
}

/// A Stagedoor over a data folder.
pub(crate) struct Stagedoor<'b> {
    /// The binary.
    pub(crate) binary: &'b Path,
    /// Its data.
    pub(crate) data: PathBuf,
    /// Configuration files.
    pub(crate) config: Vec<PathBuf>,
}

/// The credential of the benchmark's administrator.
pub(crate) const CLIENT: (&str, &str) = ("bench", "bench-secret-of-this-machine");

impl Stagedoor<'_> {
    /// Starts it.
    pub(crate) async fn start(&self) -> anyhow::Result<Process> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut command = Command::new(self.binary);
        command.args(["serve", "--listen", &address, "--data-dir"]).arg(&self.data);
        for file in &self.config {
            command.arg("--config").arg(file);
        }
        command.env("STAGEDOOR_CLIENT_ID", CLIENT.0).env("STAGEDOOR_CLIENT_SECRET", CLIENT.1);
        command.env("STAGEDOOR_LOG", "warn").stdout(Stdio::null());
        // One credential asks more here than any client should.
        command.env("APP_CONFIG_stagedoor_rateLimits", "false");
        let path = "/.backstage/health/v1/readiness";
        Process::start(&mut command, &address, path, Duration::from_secs(300)).await
    }
}

/// An access token.
pub(crate) async fn token(address: &str) -> anyhow::Result<String> {
    let body = serde_json::json!({"clientId": CLIENT.0, "clientSecret": CLIENT.1}).to_string();
    let (status, answer) =
        once(address, &request("POST", "/v1/auth/access_token", None, Some(body.as_bytes()))).await?;
    let token = answer["accessToken"].as_str().with_context(|| format!("no token: {status} {answer}"))?;
    Ok(token.to_owned())
}
