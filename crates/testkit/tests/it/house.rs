//! The rules of the house that a compiler does not check, each as a test that names every breach at once.

mod directions;
mod files;
mod licences;
mod map;
mod schemas;

use std::process::Command;
use std::sync::LazyLock;

use cargo_metadata::{Metadata, MetadataCommand};

use crate::ROOT;

/// What cargo knows, for this machine's platform: the crates of others were fetched by the build that runs this.
static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let version = Command::new(&cargo).arg("-vV").output().expect("cargo runs");
    let version = String::from_utf8(version.stdout).expect("cargo writes text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo knows its host");
    MetadataCommand::new()
        .cargo_path(cargo)
        .manifest_path(ROOT.join("Cargo.toml"))
        .other_options(["--filter-platform", host, "--locked"].map(String::from).to_vec())
        .exec()
        .expect("cargo metadata")
});

/// The files under version control that are there, by path from the top.
fn tracked_files() -> Vec<String> {
    // The checkout may belong to another user than the one who runs the tests.
    let arguments = ["-c", "safe.directory=*", "ls-files", "-z"];
    let listed = Command::new("git").current_dir(&*ROOT).args(arguments).output().expect("git runs");
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let names = names.split_terminator('\0').filter(|name| ROOT.join(name).is_file());
    names.map(String::from).collect()
}

fn assert_none(what: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{what}:\n  {}", breaches.join("\n  "));
}
