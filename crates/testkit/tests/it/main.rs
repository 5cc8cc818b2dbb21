//! Checks over the whole repository, and tests that need several crates at once.

#![expect(
    clippy::expect_used,
    reason = "the whole program is a test: what fails here should say so and stop"
)]

mod house;
mod openapi;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The top of the repository.
static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("crates/testkit lies two levels down").to_path_buf()
});

/// Says why a check did not run. Written past the test runner, which shows nothing of a test that passes;
/// in CI nothing may be skipped unnoticed.
fn skip(reason: &str) {
    assert!(std::env::var_os("CI").is_none(), "skipped: {reason}");
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}
