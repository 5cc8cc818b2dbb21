//! What several providers read from their configuration in the same way.

use std::collections::HashSet;

use regex::Regex;

use super::Discovered;
use crate::config::ConfigProblem;
use crate::fields::Fields;

/// The entries of a provider's key by their ids. With `marker` in it, it is one entry, whose id is `default`.
pub(crate) fn named<'a>(fields: &Fields<'a>, marker: &str) -> Vec<(&'a str, Fields<'a>)> {
    if fields.get(marker).is_there() {
        let path: Vec<&str> = fields.path().iter().map(String::as_str).collect();
        return vec![("default", Fields::at(fields.value(), &path))];
    }
    fields.entries()
}

/// A regular expression; for the whole text where it is `anchored`.
pub(crate) fn pattern(
    fields: &Fields<'_>,
    anchored: bool,
    problems: &mut Vec<ConfigProblem>,
) -> Option<Regex> {
    let text = fields.text(problems)?;
    let whole = if anchored { format!("^(?:{text})$") } else { text };
    match Regex::new(&whole) {
        Ok(pattern) => Some(pattern),
        Err(_) => {
            fields.wrong(problems, "a regular expression is expected");
            None
        }
    }
}

/// Whether files that a push touched may be a catalog file, by the last part of its path; where that is a pattern or
/// the files are not known, they may.
pub(crate) fn concerns_path(catalog_path: &str, touched: Option<&[String]>) -> bool {
    let name = catalog_path.rsplit('/').next().unwrap_or_default();
    let Some(touched) = touched.filter(|_| !name.contains(['*', '?', '['])) else { return true };
    touched.iter().any(|path| path.rsplit('/').next() == Some(name))
}

/// Each thing once, in the order of finding.
pub(crate) fn once(found: Vec<Discovered>) -> Vec<Discovered> {
    let mut seen = HashSet::new();
    found.into_iter().filter(|one| seen.insert(one.document["metadata"]["name"].to_string())).collect()
}
