//! What the cases ask for.

use std::collections::BTreeMap;
use std::fs;

use super::table::{Dialect, Row, root};

/// The request lines of the case files, by `file/name`.
pub(super) struct Cases(BTreeMap<String, Vec<String>>);

impl Cases {
    pub(super) fn read(dialect: &Dialect) -> Self {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for entry in fs::read_dir(dialect.folder()).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            if path.extension().is_none_or(|e| e != "yaml") || stem == "endpoints" {
                continue;
            }
            let file = stagedoor_testkit::yaml(&fs::read_to_string(&path).unwrap());
            for case in file[dialect.cases].as_array().unwrap() {
                // A case without a name cannot be named.
                let (Some(name), Some(request)) = (case["name"].as_str(), case["request"].as_str()) else {
                    continue;
                };
                found.entry(format!("{stem}/{name}")).or_default().push(request.to_owned());
            }
        }
        Self(found)
    }

    /// Whether the case asks for the row's endpoint; none where there is no such case.
    pub(super) fn asks(&self, name: &str, row: &Row, rows: &[Row]) -> Option<bool> {
        if !name.contains('/') {
            return test_asks(name, row);
        }
        let asks = |line: &String| {
            line.split_once(' ').is_some_and(|(method, path)| is_for(row, rows, method, path))
        };
        self.0.get(name).map(|lines| lines.iter().any(asks))
    }
}

/// Whether a request is one for this row: no other row fits it by more of its text.
pub(super) fn is_for(row: &Row, rows: &[Row], method: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
    let fits = |row: &&Row| row.method == method && row.fits(path);
    fits(&row) && rows.iter().filter(fits).all(|other| other.plain() <= row.plain())
}

/// A test of a crate, `crate::module::test`: its file has the last word of the path.
fn test_asks(name: &str, row: &Row) -> Option<bool> {
    let parts: Vec<&str> = name.split("::").collect();
    let [owner, modules @ .., test] = parts.as_slice() else { return None };
    let file = root().join(format!("crates/{owner}/tests/it/{}.rs", modules.join("/")));
    let text = fs::read_to_string(file).ok()?;
    if !text.contains(&format!("fn {test}(")) {
        return None;
    }
    let word = row.path.rsplit('/').find(|part| !part.starts_with('{')).unwrap_or_default();
    Some(text.contains(&format!("/{word}")))
}
