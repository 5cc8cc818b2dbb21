//! The API descriptions under `openapi/` are what the routes say.

use std::collections::BTreeSet;
use std::fs;

use crate::ROOT;

#[test]
fn committed_documents_are_current() {
    let folder = ROOT.join("openapi");
    let documents = stagedoor_server::openapi().expect("documents can be written");
    let mut stale = Vec::new();
    for (name, text) in &documents {
        if fs::read_to_string(folder.join(name)).ok().as_ref() != Some(text) {
            stale.push(format!("openapi/{name}"));
        }
    }
    let generated: BTreeSet<_> = documents.iter().map(|(name, _)| (*name).to_owned()).collect();
    for entry in fs::read_dir(&folder).expect("openapi/ is a folder") {
        let name = entry.expect("openapi/ can be read").file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") && !generated.contains(&name) {
            stale.push(format!("openapi/{name} (no longer generated)"));
        }
    }
    assert!(stale.is_empty(), "stale, run `make openapi`: {}", stale.join(", "));
}
