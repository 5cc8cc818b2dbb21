//! The reader over small files of every sort of trouble.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the whole program is a test: what fails here should say so and stop"
)]

mod documents;
mod files;
mod placeholders;
mod port;
mod yaml;

use stagedoor_ingest::{
    CustomKinds, DocumentError, ParsedDocument, ParsedEntity, ReadContext, ReadDocument, read_documents,
};

const PLACE: &str = "file:/catalog/all.yaml";

/// One custom kind, `Database`.
struct Kinds;

impl CustomKinds for Kinds {
    fn is_known(&self, kind: &str) -> bool {
        kind.eq_ignore_ascii_case("database")
    }
}

fn read(text: &str) -> Vec<ReadDocument> {
    read_documents(text, &ReadContext::for_location(PLACE, PLACE, &Kinds))
}

/// The only document, which must be an entity.
fn entity(text: &str) -> ParsedEntity {
    let mut documents = read(text);
    assert_eq!(documents.len(), 1, "{documents:?}");
    match documents.remove(0).outcome {
        Ok(ParsedDocument::Entity(entity)) => entity,
        other => panic!("{other:?}"),
    }
}

/// Why the only document is refused.
fn error(text: &str) -> DocumentError {
    let mut documents = read(text);
    assert_eq!(documents.len(), 1, "{documents:?}");
    documents.remove(0).outcome.expect_err(text)
}

/// A valid component with more lines in its metadata and its spec.
fn component(metadata: &str, spec: &str) -> String {
    let mut text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: shop\n".to_owned();
    for line in metadata.lines() {
        text += &format!("  {line}\n");
    }
    text += "spec:\n  type: service\n  lifecycle: production\n  owner: team\n";
    for line in spec.lines() {
        text += &format!("  {line}\n");
    }
    text
}
