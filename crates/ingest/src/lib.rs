//! Reading and validating catalog documents: YAML with positions, Backstage's rules, Port's files, globs.
//!
//! Pure functions plus the reading of files. Nothing here knows the catalog.

pub mod document;
pub mod files;
pub mod location;
pub mod rules;
mod scm;
pub mod yaml;

/// Raised whenever the same text becomes another document, or is refused for another reason, than before: what is
/// remembered of readings by an earlier number no longer counts.
pub const READING_VERSION: u32 = 2;

pub use document::{
    CustomKinds, DocumentError, ParsedDocument, ParsedEntity, PlaceholderError, PlaceholderReader, PortItem,
    ReadContext, ReadDocument, placeholders, read_documents, read_value,
};
pub use location::{LocationRef, LocationTargets, resolve_target};
pub use rules::{AllowRule, AllowedKind, LocationMatch, Rules, TargetMatch, not_allowed_text};
pub use scm::CodeHosts;
