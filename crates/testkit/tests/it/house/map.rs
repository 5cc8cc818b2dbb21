//! ARCHITECTURE.md is the map: what it names exists, and what exists is on it.

use std::collections::BTreeSet;
use std::fs;

use regex::Regex;

use super::assert_none;
use crate::{ROOT, skip};

#[test]
fn architecture_names_every_crate_and_no_other() {
    let Ok(map) = fs::read_to_string(ROOT.join("ARCHITECTURE.md")) else {
        return skip("there is no ARCHITECTURE.md yet");
    };
    let crates = fs::read_dir(ROOT.join("crates")).expect("crates/ is a folder");
    let crates = crates.map(|entry| entry.expect("crates/ can be read"));
    let crates = crates.filter(|entry| entry.path().join("Cargo.toml").is_file());
    let existing: BTreeSet<_> =
        crates.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let mention = Regex::new(r"\bcrates/([a-z][a-z0-9-]*)").expect("a pattern");
    let named: BTreeSet<_> = mention.captures_iter(&map).map(|found| found[1].to_owned()).collect();
    let missing = existing.difference(&named).map(|name| format!("crates/{name} is not named"));
    let gone = named.difference(&existing).map(|name| format!("crates/{name} does not exist"));
    assert_none("ARCHITECTURE.md", &missing.chain(gone).collect::<Vec<_>>());
}
