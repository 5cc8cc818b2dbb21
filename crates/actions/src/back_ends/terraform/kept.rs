//! Plans on this machine: each in a folder of its own, named by the run that made it, until it is applied.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::back_ends::answer::now;
use crate::performer::Failure;

/// A plan is of no use after so many seconds: what it was made of has changed.
const LASTS: i64 = 24 * 3600;

/// The folder of one plan.
pub(super) struct Kept {
    pub(super) folder: PathBuf,
}

impl Kept {
    /// The one of a run; its id names the folder and can be nothing else.
    pub(super) fn of(state: &Path, run: &str) -> Result<Self, Failure> {
        let fine = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if run.is_empty() || run.len() > 64 || !run.bytes().all(fine) {
            return Err(Failure::new("invocationMethod.plan: the id of a run is expected"));
        }
        Ok(Self { folder: state.join(run) })
    }

    /// A new one, for nobody else to read; those that are too old go.
    pub(super) fn make(&self) -> Result<(), Failure> {
        if let Some(state) = self.folder.parent() {
            make_private(state)?;
            sweep(state);
        }
        let _ = fs::remove_dir_all(&self.folder);
        make_private(&self.folder)?;
        make_private(&self.at("data"))?;
        make_private(&self.at("home"))?;
        self.write("cli.tfrc", "")
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.at(name).is_file()
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.at(name);
        let written = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| failed(&path, &error))
    }

    /// What it is a plan of.
    pub(super) fn describe(&self, configuration: &Path) -> Result<(), Failure> {
        let text = json!({ "folder": configuration, "at": now() }).to_string();
        self.write("plan.json", &text)
    }

    /// That it is there, of that configuration, and not too old.
    pub(super) fn check(&self, configuration: &Path) -> Result<(), Failure> {
        let text = fs::read_to_string(self.at("plan.json")).unwrap_or_default();
        let known: Value = serde_json::from_str(&text).unwrap_or_default();
        if !self.has("plan") || known.is_null() {
            return Err(Failure::new(
                "there is no such plan on this machine: it was never made, has been applied, or is older than a day",
            ));
        }
        if known["folder"].as_str().map(Path::new) != Some(configuration) {
            return Err(Failure::new("that plan is of another folder"));
        }
        if known["at"].as_i64().is_none_or(|at| at + LASTS < now()) {
            return Err(Failure::new("that plan is older than a day: make a new one"));
        }
        Ok(())
    }

    /// What was applied is not applied again; the marks stay until the folder is too old.
    pub(super) fn spend(&self) {
        for name in ["plan", "plan.json"] {
            let _ = fs::remove_file(self.at(name));
        }
        let _ = fs::remove_dir_all(self.at("data"));
    }
}

fn make_private(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

/// Removes folders that have been there for two days.
fn sweep(state: &Path) {
    let old = |entry: &fs::DirEntry| {
        let age = entry.metadata().and_then(|known| known.modified()).ok().and_then(|at| at.elapsed().ok());
        age.is_some_and(|age| age.as_secs() > 2 * LASTS.unsigned_abs())
    };
    for entry in fs::read_dir(state).into_iter().flatten().flatten().filter(old) {
        let _ = fs::remove_dir_all(entry.path());
    }
}
