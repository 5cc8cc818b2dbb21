//! What the product is made of may be used and passed on freely.

use std::fs;

use super::{METADATA, assert_none};
use crate::ROOT;

const PERMISSIVE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OFL-1.1",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Whether an SPDX expression leaves a choice of permissive licences only. The old `MIT/Apache-2.0` reads as OR.
fn permissive(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest) && rest.is_empty()
}

fn any_of(words: &mut &[&str]) -> bool {
    let mut result = all_of(words);
    while words.first() == Some(&"OR") {
        *words = &words[1..];
        result |= all_of(words);
    }
    result
}

fn all_of(words: &mut &[&str]) -> bool {
    let mut result = one(words);
    while words.first() == Some(&"AND") {
        *words = &words[1..];
        result &= one(words);
    }
    result
}

fn one(words: &mut &[&str]) -> bool {
    match **words {
        ["(", ..] => {
            *words = &words[1..];
            let result = any_of(words);
            let closed = words.first() == Some(&")");
            *words = words.get(1..).unwrap_or_default();
            result && closed
        }
        [licence, "WITH", exception, ..] => {
            *words = &words[3..];
            PERMISSIVE.contains(&format!("{licence} WITH {exception}").as_str())
        }
        [licence, ..] => {
            *words = &words[1..];
            PERMISSIVE.contains(&licence)
        }
        [] => false,
    }
}

#[test]
fn expressions_are_understood() {
    for good in
        ["MIT", "MIT OR GPL-3.0", "(MIT OR Apache-2.0) AND Unicode-3.0", "MIT/Apache-2.0", "GPL-2.0 OR ISC"]
    {
        assert!(permissive(good), "{good}");
    }
    for bad in ["MPL-2.0", "MIT AND GPL-3.0", "", "(MIT", "MIT)", "Apache-2.0 WITH Other", "UNLICENSED"] {
        assert!(!permissive(bad), "{bad}");
    }
}

#[test]
fn crates_are_permissively_licensed() {
    let mut breaches = Vec::new();
    for package in &METADATA.packages {
        let licence = package.license.as_deref().unwrap_or("no licence");
        if !permissive(licence) {
            breaches.push(format!("{} {}: {licence}", package.name, package.version));
        }
    }
    assert_none("licences of crates", &breaches);
}

/// Only what is built into the web UI: tools that are used and not shipped bind nobody.
#[test]
fn shipped_npm_packages_are_permissively_licensed() {
    let text = fs::read_to_string(ROOT.join("ui/package-lock.json")).expect("ui/package-lock.json");
    let lock: serde_json::Value = serde_json::from_str(&text).expect("a lock file is JSON");
    let packages = lock["packages"].as_object().expect("a lock file of version 3 has packages");
    let shipped =
        packages.iter().filter(|(_, package)| package["dev"] != true && package["devOptional"] != true);
    let mut breaches = Vec::new();
    for (name, package) in shipped {
        let licence = package["license"].as_str().unwrap_or("no licence");
        if !permissive(licence) {
            breaches.push(format!("{name}: {licence}"));
        }
    }
    assert_none("licences of npm packages", &breaches);
}
