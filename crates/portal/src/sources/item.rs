//! One thing that a source claims.

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use stagedoor_ingest::{CodeHosts, CustomKinds, ReadContext};
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

    /// Whether the catalog holds what the item is said to have said before: its claim, or its place in the queue.
    pub(crate) fn stands(&self, catalog: &Catalog, source: &str) -> bool {
        match &self.content {
            Content::Unchanged { reference } => stands(&self.item, reference, source, catalog),
            Content::Document { .. } | Content::Port(_) => true,
        }
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
            owner: None,
        }
    }
}

/// Whether an item holds its reference, or waits for it.
pub(super) fn stands(item: &str, reference: &str, source: &str, catalog: &Catalog) -> bool {
    let entity = catalog.node_of_ref(reference).and_then(|n| catalog.entity(n));
    let claim = entity.and_then(|e| e.record.claim.as_ref());
    let waiting = || catalog.waiting().get(&(source.to_owned(), item.to_owned()));
    claim.is_some_and(|c| c.source == source && c.item == *item)
        || waiting().is_some_and(|w| w.entity_ref == reference)
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

/// The Location entity that stands for a configured or registered location, named and annotated as Backstage does.
pub(super) fn location_item(kind: &str, target: &str, origin: &str, hosts: &CodeHosts) -> Item {
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
    let context = ReadContext::for_location(origin, origin, &NoOthers).with_hosts(hosts);
    // It gains the annotations of an address. It is always valid; where it were not, it would go without them.
    let read = stagedoor_ingest::read_value(value.clone(), &context);
    let document = read.map_or_else(|_| JsonText::of(&value), |read| read.text);
    Item { item: format!("{origin}#location"), line: 0, content: Content::Document { reference, document } }
}

/// No kinds beyond the shipped ones.
struct NoOthers;

impl CustomKinds for NoOthers {
    fn is_known(&self, _: &str) -> bool {
        false
    }
}
