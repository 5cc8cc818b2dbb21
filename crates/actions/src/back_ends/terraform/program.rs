//! Running the program: fixed arguments, nothing of our environment, and an end for all that it begins.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::performer::Failure;
use crate::services::{Level, Log};

/// Bytes of output that are kept and shown.
const LARGEST: usize = 1024 * 1024;
const LONGEST_LINE: u64 = 64 * 1024;
/// After being asked to end, it may put its state in order for so long.
const GRACE: Duration = Duration::from_secs(20);

/// One command.
pub(super) struct Program {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) folder: PathBuf,
    pub(super) environment: Vec<(String, OsString)>,
    pub(super) patience: Duration,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) output: String,
}

/// Ends the program when whoever waits for it goes away.
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Program {
    /// Runs it; its lines go to the log as they come where `told`.
    pub(super) async fn run(self, log: Arc<dyn Log>, step: &str, told: bool) -> Result<Ended, Failure> {
        let wanted = Wanted(Arc::new(AtomicBool::new(true)));
        let (flag, step) = (Arc::clone(&wanted.0), step.to_owned());
        let log: Option<Arc<dyn Log>> = told.then_some(log);
        let ran = tokio::task::spawn_blocking(move || self.wait(&flag, log, &step)).await;
        drop(wanted);
        ran.map_err(|_| Failure::unclear("waiting for the program broke down"))?
    }

    fn wait(self, wanted: &AtomicBool, log: Option<Arc<dyn Log>>, step: &str) -> Result<Ended, Failure> {
        let shown = self.program.display().to_string();
        let mut child = self.start().map_err(|error| Failure::new(format!("{shown}: {error}")))?;
        let out = child.stdout.take().map(|pipe| reader(pipe, log.clone(), step.to_owned()));
        let err = child.stderr.take().map(|pipe| reader(pipe, log, step.to_owned()));
        let code = attend(&mut child, self.patience, wanted);
        let text = |thread: Option<std::thread::JoinHandle<String>>| {
            thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
        };
        let (out, err) = (text(out), text(err));
        match code {
            Some(code) => Ok(Ended { code, output: if code == 0 || code == 2 { out } else { out + &err } }),
            None => {
                let seconds = self.patience.as_secs();
                Err(Failure::unclear(format!(
                    "{shown} was ended after {seconds} s; what it had begun may be done"
                )))
            }
        }
    }

    fn start(&self) -> std::io::Result<Child> {
        Command::new(&self.program)
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that what it starts ends with it.
            .process_group(0)
            .spawn()
    }
}

/// Waits for its end. None where it had to be ended.
fn attend(child: &mut Child, patience: Duration, wanted: &AtomicBool) -> Option<i32> {
    let late = Instant::now() + patience;
    let mut asked: Option<Instant> = None;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                signal(child, true);
                return if asked.is_some() { None } else { Some(status.code().unwrap_or(-1)) };
            }
            Ok(None) => {}
            Err(_) => return None,
        }
        let unwanted = Instant::now() > late || !wanted.load(Ordering::Acquire);
        match asked {
            None if unwanted => {
                signal(child, false);
                asked = Some(Instant::now());
            }
            Some(at) if at.elapsed() > GRACE => signal(child, true),
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Tells the whole group to end, or ends it.
fn signal(child: &Child, at_once: bool) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, if at_once { Signal::KILL } else { Signal::INT });
    }
}

/// Reads to the end, whatever is kept: a full pipe would stop the program.
fn reader(
    pipe: impl Read + Send + 'static,
    log: Option<Arc<dyn Log>>,
    step: String,
) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let (mut pipe, mut kept, mut cut) = (BufReader::new(pipe), String::new(), false);
        loop {
            let mut line = Vec::new();
            match pipe.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return kept,
                Ok(_) => {}
            }
            let line = String::from_utf8_lossy(&line);
            if kept.len() + line.len() > LARGEST {
                if !cut && let Some(log) = &log {
                    log.line(Level::Warn, Some(&step), "it says more than is kept");
                }
                cut = true;
                continue;
            }
            kept.push_str(&line);
            if let Some(log) = log.as_ref().filter(|_| !line.trim().is_empty()) {
                log.line(Level::Info, Some(&step), line.trim_end());
            }
        }
    })
}

/// The program that was named, or the first of the known ones on the path of the system.
pub(super) fn find(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let folders = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"];
    let all =
        ["tofu", "terraform"].iter().flat_map(|name| folders.iter().map(move |f| Path::new(f).join(name)));
    all.into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| Failure::new("neither tofu nor terraform is there: set stagedoor.terraform.program"))
}
