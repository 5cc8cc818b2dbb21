//! One thing of the catalog, as it is stored.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{JsonText, Text, Timestamp};

/// What contributors (Port's API, the UI, integrations) have said about an entity, in Port's terms.
/// Absent and null are different: null was said, absent was not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fields {
    /// Display name; `Some(None)` does not exist: null clears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Icon name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Owning teams by identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Vec<String>>,
    /// Property values by key, unknown keys included.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub properties: Map<String, Value>,
    /// Relation values by key: a target identifier, null, or a list of identifiers.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub relations: IndexMap<String, Value>,
}

impl Fields {
    /// True when nothing has been said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.title.is_none()
            && self.icon.is_none()
            && self.team.is_none()
            && self.properties.is_empty()
            && self.relations.is_empty()
    }

    /// As stored.
    #[must_use]
    pub fn to_json(&self) -> JsonText {
        JsonText::of(&serde_json::to_value(self).unwrap_or_default())
    }

    /// Reads what [`Fields::to_json`] wrote.
    #[must_use]
    pub fn from_json(text: &JsonText) -> Self {
        serde_json::from_str(text.as_str()).unwrap_or_default()
    }
}

/// The source that owns an entity, and where in it the entity stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The source's id, e.g. `file:/srv/catalog/*.yaml`.
    pub source: Text,
    /// The place within the source: `<file or url>#<document index>`.
    pub item: String,
    /// First line of the document in its file, from 1.
    pub line: u32,
    /// True when a contributor had made the entity before: it stays when the claim ends.
    pub adopted: bool,
}

/// Who made and last changed a thing, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamps {
    /// First seen.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Text,
    /// Last change of its content or presence; a no-op write does not count.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: Text,
    /// `User-Agent` of the last writer through Port's API (Port's `$datasource`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasource: Option<Text>,
}

/// One entity at rest. What can be derived from it (its other face, reverse relations, index entries) is not here.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityRecord {
    /// Identity that survives renames, moves and a change of owner.
    pub uid: Uuid,
    /// Identifier of its blueprint.
    pub blueprint: Text,
    /// Case-sensitive, unique within the blueprint.
    pub identifier: Text,
    /// Lower-case Backstage reference, unique in the catalog. Blueprints without a face have one
    /// too, behind a `!`, which no document can name.
    pub entity_ref: Text,
    /// The Backstage document of its claimer, or the one that was posted, as parsed.
    pub document: Option<JsonText>,
    /// What contributors said, never anything that the claimer's document states. See [`Fields`].
    pub fields: Option<JsonText>,
    /// Its owner, if a source claims it.
    pub claim: Option<Claim>,
    /// Who and when.
    pub stamps: Stamps,
}

impl EntityRecord {
    /// The contributed fields, empty when there are none.
    #[must_use]
    pub fn contributed(&self) -> Fields {
        self.fields.as_ref().map(Fields::from_json).unwrap_or_default()
    }

    /// True when both say the same about the same thing (stamps aside): such a write is a no-op.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.uid == other.uid
            && self.blueprint == other.blueprint
            && self.identifier == other.identifier
            && self.entity_ref == other.entity_ref
            && self.document == other.document
            && self.fields == other.fields
            && self.claim == other.claim
    }
}

/// How a source is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Read, and what it says is in the catalog.
    Fresh,
    /// Could not be reached; its entities are kept.
    Stale,
    /// Authoritatively absent; its entities go after a grace period.
    Gone,
    /// Its last read would remove most of its entities: waits for a person.
    Held,
}

/// What is remembered of a source across restarts. Written only when the state changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// `<type>:<target>` as configured.
    pub id: String,
    /// Current state.
    pub state: SourceState,
    /// Since when it has been in that state.
    pub since: Timestamp,
    /// Why, when it is not fresh.
    pub reason: Option<String>,
}

/// A claim on a reference that another source holds. It takes over, with the same uid, when the holder goes.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingClaim {
    /// The source that waits.
    pub source: String,
    /// Where in it.
    pub item: String,
    /// First line of its document.
    pub line: u32,
    /// The reference it claims.
    pub entity_ref: String,
    /// Its document.
    pub document: JsonText,
    /// Since when.
    pub since: Timestamp,
}
