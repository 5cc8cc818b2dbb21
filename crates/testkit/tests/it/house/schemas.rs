//! The API descriptions name every shape once: of two with one name, one would describe the other's routes.

use std::collections::BTreeMap;
use std::fs;

use super::{assert_none, tracked_files};
use crate::ROOT;

/// The names under which a file describes shapes: those of its types, or what `as = ...` says instead.
fn described(text: &str) -> Vec<String> {
    let derived = text.match_indices("#[derive(").map(|(at, _)| text.get(at..).unwrap_or_default());
    let with_schema =
        derived.filter(|rest| rest.lines().next().is_some_and(|line| line.contains("ToSchema")));
    with_schema.filter_map(name_of).collect()
}

/// The name of the type that a text begins with the attributes of.
fn name_of(text: &str) -> Option<String> {
    let mut other = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[schema(")
            && let Some((_, name)) = line.split_once("as = ")
        {
            other = Some(name.trim_end_matches(")]").split(',').next().unwrap_or_default().to_owned());
        }
        let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
        if matches!(words.next(), Some("struct" | "enum")) {
            let name = words.next()?.split(['<', '(', '{', ';']).next()?;
            return Some(other.unwrap_or_else(|| name.to_owned()));
        }
    }
    None
}

#[test]
fn shapes_have_names_of_their_own() {
    let mut breaches = Vec::new();
    for dialect in ["crates/api-port/src/", "crates/api-backstage/src/", "crates/api-native/src/"] {
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in tracked_files().iter().filter(|file| file.starts_with(dialect)) {
            let text = fs::read_to_string(ROOT.join(file)).unwrap();
            described(&text).into_iter().for_each(|name| names.entry(name).or_default().push(file.clone()));
        }
        assert!(names.len() > 20, "{dialect}: {}", names.len());
        let twice = names.iter().filter(|(_, files)| files.len() > 1);
        breaches.extend(twice.map(|(name, files)| format!("{name}: {}", files.join(", "))));
    }
    assert_none("shapes of one name", &breaches);
}

/// Clients are generated from the names of operations: of two with one name, one could not be called.
#[test]
fn operations_have_names_of_their_own() {
    for dialect in ["native", "port", "backstage"] {
        let text = fs::read_to_string(ROOT.join("openapi").join(format!("{dialect}.json"))).unwrap();
        let description: serde_json::Value = serde_json::from_str(&text).unwrap();
        let paths = description["paths"].as_object().unwrap();
        let all = paths.values().filter_map(|path| path.as_object()).flat_map(|path| path.values());
        let mut names: Vec<&str> = all.filter_map(|operation| operation["operationId"].as_str()).collect();
        names.sort_unstable();
        assert!(names.len() > 20, "{dialect}: {}", names.len());
        let twice: Vec<String> = names
            .windows(2)
            .filter(|two| two[0] == two[1])
            .map(|two| format!("{dialect}: {}", two[0]))
            .collect();
        assert_none("operations of one name", &twice);
    }
}
