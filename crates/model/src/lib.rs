//! The nouns of Stagedoor and their invariants: blueprint, entity, relation, change.
//!
//! No I/O, no async, no clock, no randomness: whoever needs a time or an identifier passes it in.
//! Both dialects and the database are other crates' business; this one only knows what a thing *is*,
//! when it is valid, and how one entity looks in both worlds ([`face`]).

pub mod blueprint;
pub mod change;
pub mod derived;
pub mod entity;
pub mod entity_ref;
pub mod face;
pub mod json;
pub mod kinds;
pub mod names;
pub mod record;
pub mod schema;
pub mod system;
pub mod text;
pub mod time;
pub mod zone;

pub use blueprint::{Blueprint, Property, RelationDefinition};
pub use change::{Actor, Change, ChangeSet, Commit, Revision};
pub use derived::Derived;
pub use entity::{Claim, EntityRecord, Fields, SourceRecord, SourceState, Stamps, WaitingClaim};
pub use entity_ref::EntityRef;
pub use face::{Edge, Face};
pub use json::JsonText;
pub use record::{JournalLine, Record};
pub use text::Text;
pub use time::Timestamp;
pub use zone::{Interval, Zone};
