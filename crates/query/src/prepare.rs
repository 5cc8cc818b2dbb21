//! The part of indexing an entity that needs nothing but the entity: its document is walked once, and
//! everything that the catalog wants to know is picked up on the way. Many threads may do it at once.

use std::sync::Arc;

use stagedoor_model::{EntityRecord, Face, JsonText};

use crate::catalog::{Entity, NodeId, OutEdge};
use crate::index::walk::{Leaf, Nesting, walk_text};

/// Takes the leaves of a document: path, value, how it stands in arrays.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(&str, Leaf<'_>, Nesting);

/// What is known of an entity before it is put into a catalog.
pub(crate) struct Prepared {
    document: JsonText,
    title: Option<Box<str>>,
    metadata_end: u32,
    document_hash: u64,
    /// Number of the face's field, lower-case reference, and its node where that is known already.
    pub(crate) references: Vec<(usize, String, Option<NodeId>)>,
}

/// What the walk picks up.
#[derive(Default)]
struct Stated {
    title: Option<Box<str>>,
    name: Option<Box<str>>,
    namespace: Option<Box<str>>,
    spec_type: Option<Box<str>>,
    references: Vec<(usize, String)>,
}

impl Prepared {
    /// Walks an entity's document.
    pub(crate) fn new(record: &EntityRecord, face: &Face, sink: Sink<'_>) -> Self {
        let document = match &record.document {
            Some(document) if record.fields.is_none() => document.clone(),
            _ => JsonText::of(&face.document(record)),
        };
        let stated = Stated::read(document.as_str(), face, sink);
        let namespace = stated.namespace.as_deref().unwrap_or("default");
        let spec_type = stated.spec_type.as_deref().unwrap_or("");
        let references = stated.references.iter().filter_map(|(at, text)| {
            let reference = face.fields.get(*at)?.target(text, namespace, spec_type)?;
            Some((*at, reference, None))
        });
        let references = references.collect();
        Self {
            metadata_end: stagedoor_model::json::end_of_member(document.as_str(), "metadata").unwrap_or(0)
                as u32,
            document_hash: stable_hash(document.as_str().as_bytes()),
            title: stated.title.or(stated.name.filter(|_| face.shipped)),
            document,
            references,
        }
    }

    /// Finds the nodes of its references.
    pub(crate) fn resolve(&mut self, known: impl Fn(&str) -> Option<NodeId>) {
        self.references.iter_mut().for_each(|(_, reference, node)| *node = known(reference));
    }

    /// The finished entity.
    pub(crate) fn entity(self, record: Arc<EntityRecord>, outgoing: Box<[OutEdge]>) -> Entity {
        let Self { document, title, metadata_end, document_hash, .. } = self;
        Entity { record, document, outgoing, title, metadata_end, document_hash }
    }
}

impl Stated {
    fn read(document: &str, face: &Face, sink: Sink<'_>) -> Self {
        let mut stated = Self::default();
        walk_text(document, &mut |path, leaf, nesting| {
            if let Leaf::Text(text) = leaf
                && nesting != Nesting::Nested
            {
                let alone = nesting == Nesting::Alone;
                match path {
                    "metadata.title" if alone => stated.title = Some(text.into()),
                    "metadata.name" if alone => stated.name = Some(text.into()),
                    "metadata.namespace" if alone => stated.namespace = Some(text.into()),
                    "spec.type" if alone => stated.spec_type = Some(text.into()),
                    _ => {}
                }
                let fields = face.fields.iter().enumerate().filter(|(_, f)| f.field == path);
                stated.references.extend(fields.map(|(at, _)| (at, text.to_owned())));
            }
            sink(path, leaf, nesting);
        });
        stated.references.sort_by_key(|(at, _)| *at);
        stated
    }
}

/// A multiply-and-rotate hash over words: the same in every process, which the standard hasher does not promise.
#[must_use]
pub fn stable_hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    rest.iter().fold(hash, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}
