//! Rules about files: how long, how named, and what may not stand in them.

use std::fs;
use std::path::Path;

use regex::Regex;

use super::{assert_none, tracked_files};
use crate::ROOT;

/// No source file is longer than this, so that a review stays a page-sized job.
const MOST_LINES: usize = 700;

/// Longer files, each with its reason. Generated files need no entry.
const LONGER: &[(&str, &str)] = &[];

/// Names that say nothing: what such a file would hold belongs beside what uses it.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc"];

fn extension(name: &str) -> &str {
    Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn is_generated(name: &str) -> bool {
    (name.starts_with("ui/src/api/") && name.ends_with("schema.ts")) || name.starts_with("openapi/")
}

#[test]
fn source_files_are_short() {
    let mut breaches = Vec::new();
    for name in tracked_files() {
        let source = ["rs", "ts", "tsx", "mjs", "c", "css"].contains(&extension(&name));
        if !source || is_generated(&name) || LONGER.iter().any(|(longer, _)| *longer == name) {
            continue;
        }
        let lines = fs::read_to_string(ROOT.join(&name)).expect("source files are text").lines().count();
        if lines > MOST_LINES {
            breaches.push(format!("{name} has {lines} lines"));
        }
    }
    for (name, _) in LONGER {
        let lines = fs::read_to_string(ROOT.join(name)).map_or(0, |text| text.lines().count());
        if lines <= MOST_LINES {
            breaches.push(format!("{name} no longer needs its exception"));
        }
    }
    assert_none(&format!("more than {MOST_LINES} lines"), &breaches);
}

#[test]
fn names_say_something() {
    let mut breaches = Vec::new();
    for name in tracked_files() {
        let parts = Path::new(&name).iter().filter_map(|part| part.to_str());
        let empty = |part: &str| EMPTY_NAMES.contains(&part.split('.').next().unwrap_or(part));
        if parts.into_iter().any(empty) {
            breaches.push(name);
        }
    }
    assert_none("names that say nothing", &breaches);
}

/// Routes that look like a folder of somebody's.
const HOME: [&str; 3] = ["/home/layout", "/home/links", "/home/organization-links"];

/// What ties a file to one machine: its folders, and registries by name (the tools know theirs).
fn ties() -> [Regex; 2] {
    // Written in pieces, or this file would find itself.
    let folders = ["work", "root", "home", "Users", "tmp"].join("|");
    let path = format!(r#"(?:^|[\s"'`=(:,])/(?:{folders})/[\w.-]"#);
    let registry = r"\b(?:registry\.(?:npmjs|yarnpkg)|(?:index|static)\.crates|pypi|files\.pythonhosted)\.(?:io|com|org)\b";
    [path.as_str(), registry].map(|pattern| Regex::new(pattern).expect("a pattern"))
}

#[test]
fn ties_are_recognised() {
    let tied = |line: &str| ties().iter().any(|tie| tie.is_match(line));
    for folder in ["work", "home", "tmp"] {
        assert!(tied(&format!("see /{folder}/x")), "{folder}");
        assert!(!tied(&format!("https://example.org/{folder}/x")), "{folder} in an address");
    }
    assert!(tied(&["https://registry.", "npmjs.org/x"].concat()));
    assert!(!tied("https://docs.rs/x"));
}

#[test]
fn files_name_no_machine_and_no_registry() {
    let ties = ties();
    let mut breaches = Vec::new();
    for name in tracked_files() {
        // Cargo.lock names the registry by an address that cargo itself replaces.
        if name == "Cargo.lock" {
            continue;
        }
        let Ok(text) = fs::read_to_string(ROOT.join(&name)) else { continue };
        for (number, line) in text.lines().enumerate() {
            let line = &HOME.iter().fold(line.to_owned(), |line, route| line.replace(route, ""));
            for found in ties.iter().filter_map(|tie| tie.find(line)) {
                breaches.push(format!("{name}:{}: {}", number + 1, found.as_str().trim()));
            }
        }
    }
    assert_none("machine paths and registry hosts", &breaches);
}

/// What a lock file resolved may not say from where.
#[test]
fn npm_lock_files_name_no_address() {
    let locks = tracked_files().into_iter().filter(|name| name.ends_with("package-lock.json"));
    let with_address = |name: &String| {
        fs::read_to_string(ROOT.join(name)).expect("a lock file is text").contains("\"resolved\": \"http")
    };
    assert_none("lock files with addresses", &locks.filter(with_address).collect::<Vec<_>>());
}
