//! Documents that are not in the catalog as their sources say them, for something is wrong with them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_hosts::Priority;
use stagedoor_model::{EntityRef, kinds};
use uuid::Builder;

use super::WAIT;
use crate::error::PortalError;
use crate::problems::Problem;
use crate::{Portal, View};

/// A document with problems.
#[derive(Clone, Debug, PartialEq)]
pub struct Unprocessed {
    /// Of the entity; one that stands for the document where there is none.
    pub id: String,
    /// Lower-case.
    pub reference: String,
    /// The source that says it.
    pub source: String,
    /// Where there is an entity: what it said when it was last taken. Else what can be told of it.
    pub document: Value,
    /// Whether there is an entity from an earlier reading.
    pub taken: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// End of the source's last reading, RFC 3339.
    pub read_at: Option<String>,
}

impl Portal {
    /// The documents with problems that the viewer may know of, by reference.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn unprocessed(&self, viewer: &Viewer) -> Result<Vec<Unprocessed>, PortalError> {
        let read_at: BTreeMap<String, Option<String>> =
            self.sources(viewer)?.into_iter().map(|source| (source.id, source.last_run)).collect();
        let view = self.view(viewer)?;
        let mut found: BTreeMap<(String, String), Unprocessed> = BTreeMap::new();
        for (source, problem) in view.problems.all() {
            let Some(reference) = problem.reference.as_deref().filter(|r| self.shows(&view, r)) else {
                continue;
            };
            let one = found
                .entry((reference.to_owned(), source.to_owned()))
                .or_insert_with(|| of(&view, source, reference, problem));
            one.problems.push(problem.clone());
            one.read_at = read_at.get(source).cloned().flatten();
        }
        Ok(found.into_values().collect())
    }

    /// Has the source of a document with problems read again: one that it says no more is then forgotten. An unknown
    /// id is fine.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn forget_unprocessed(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::UpdateSources, Resource::Any)?;
        let known = self.unprocessed(viewer)?.into_iter().find(|one| one.id == id);
        if let Some(one) = known {
            self.read_source(&one.source, Priority::Person, WAIT).await;
        }
        Ok(())
    }
}

fn of(view: &View, source: &str, reference: &str, problem: &Problem) -> Unprocessed {
    let node = view.by_ref(reference).filter(|node| view.in_backstage(*node));
    let entity = node.and_then(|node| view.entity(node));
    let document = entity.and_then(|entity| entity.record.document.as_ref());
    let id = entity.map_or_else(|| stand_in(source, reference), |entity| entity.record.uid.to_string());
    Unprocessed {
        id,
        reference: reference.to_owned(),
        source: source.to_owned(),
        document: document.map_or_else(|| sketch(source, reference, problem), |document| document.value()),
        taken: entity.is_some(),
        problems: Vec::new(),
        read_at: None,
    }
}

/// The same for the same document, as long as it has no entity.
fn stand_in(source: &str, reference: &str) -> String {
    let digest = Sha1::digest(format!("{source}\n{reference}").as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.iter()).for_each(|(byte, of)| *byte = *of);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// What is known of a document that was never taken.
fn sketch(source: &str, reference: &str, problem: &Problem) -> Value {
    let parsed = EntityRef::parse(reference, None, "default").ok();
    let (kind, namespace, name) = parsed.map_or_else(Default::default, |r| (r.kind, r.namespace, r.name));
    let shipped = kinds::KINDS.iter().find(|known| known.backstage.kind.eq_ignore_ascii_case(&kind));
    let kind = shipped.map_or(kind, |known| known.backstage.kind.clone());
    let version = shipped.and_then(|known| known.backstage.api_versions.first().cloned());
    let place = match source.split_once(':') {
        Some((kind @ ("file" | "url"), _)) => format!("{kind}:{}", problem.file),
        _ => format!("url:{}", problem.file),
    };
    let mut document = json!({
        "apiVersion": version.unwrap_or_else(|| "backstage.io/v1alpha1".to_owned()),
        "kind": kind,
        "metadata": {
            "namespace": namespace,
            "name": name,
            "annotations": { "backstage.io/managed-by-location": place },
        },
    });
    if let Some(owner) = &problem.owner {
        document["spec"] = json!({ "owner": owner });
    }
    document
}

#[cfg(test)]
mod tests {
    use super::stand_in;

    #[test]
    fn an_id_stands_for_a_document_of_a_source() {
        let one = stand_in("file:a.yaml", "component:default/x");
        assert_eq!(one, stand_in("file:a.yaml", "component:default/x"));
        assert_ne!(one, stand_in("file:b.yaml", "component:default/x"));
        assert!(uuid::Uuid::parse_str(&one).is_ok());
    }
}
