//! One thing that a source claims.

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use stagedoor_model::JsonText;
use stagedoor_query::Catalog;

use crate::problems::Problem;

/// One thing that the location claims.
#[derive(Clone)]
pub(crate) struct Item {
    /// `<file or url>#<document index>`.
    pub(crate) item: String,
    pub(crate) line: u32,
    pub(crate) content: Content,
}

/// What is claimed.
#[derive(Clone)]
pub(crate) enum Content {
    /// A validated Backstage document.
    Document {
        /// Lower-case.
        reference: String,
        /// As stored: a tree of it would take five times the memory, and a reading has all of them at once.
        document: JsonText,
    },
    /// An entity in Port's form.
    Port(Value),
    /// The document that the catalog has already: its file has not changed.
    Unchanged {
        /// Lower-case.
        reference: String,
    },
}

impl Item {
    /// Whether the catalog says already what the item says, so that nothing needs to be written.
    pub(crate) fn is_in(&self, catalog: &Catalog, source: &str) -> bool {
        let (reference, document) = match &self.content {
            Content::Document { reference, document } => (reference, document),
            Content::Unchanged { .. } => return true,
            Content::Port(_) => return false,
        };
        let Some(entity) = catalog.node_of_ref(reference).and_then(|n| catalog.entity(n)) else {
            return false;
        };
        let Some(claim) = &entity.record.claim else { return false };
        claim.source == source
            && claim.item == self.item
            && claim.line == self.line
            && entity.record.document.as_ref() == Some(document)
    }

    /// A problem at the item's place.
    pub(crate) fn problem(&self, message: &str) -> Problem {
        let file = self.item.rsplit_once('#').map_or(self.item.as_str(), |(file, _)| file);
        let reference = match &self.content {
            Content::Document { reference, .. } | Content::Unchanged { reference } => Some(reference.clone()),
            Content::Port(_) => None,
        };
        Problem {
            level: "error",
            name: "InputError".into(),
            message: message.into(),
            file: file.into(),
            line: self.line,
            reference,
        }
    }
}

impl Content {
    /// The reference that is claimed; that of an entity in Port's form is known once the entity exists.
    pub(crate) fn reference(&self, catalog: &Catalog) -> Option<String> {
        match self {
            Self::Document { reference, .. } | Self::Unchanged { reference } => Some(reference.clone()),
            Self::Port(body) => {
                let text = |key| body.get(key).and_then(Value::as_str);
                let node = catalog.node_of_key(text("blueprint")?, text("identifier")?)?;
                Some(catalog.reference(node).to_owned())
            }
        }
    }
}

/// The Location entity that stands for a configured location, named as Backstage names it.
pub(super) fn location_item(kind: &str, target: &str, origin: &str) -> Item {
    let digest = Sha1::digest(origin.as_bytes());
    let hash: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    let name = format!("generated-{hash}");
    let value = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Location",
        "metadata": {
            "name": name,
            "namespace": "default",
            "annotations": {
                "backstage.io/managed-by-location": origin,
                "backstage.io/managed-by-origin-location": origin,
            },
        },
        "spec": { "type": kind, "target": target },
    });
    let reference = format!("location:default/{name}");
    let content = Content::Document { reference, document: JsonText::of(&value) };
    Item { item: format!("{origin}#location"), line: 0, content }
}
