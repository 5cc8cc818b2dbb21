//! One name that two sources claim: what each says of it.

use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Timestamp, entity_ref};

use crate::error::PortalError;
use crate::{Portal, to_yaml};

/// A name that several sources claim.
#[derive(Clone, Debug, PartialEq)]
pub struct NameConflict {
    /// The lower-case reference.
    pub reference: String,
    /// Blueprint of the entity.
    pub blueprint: String,
    /// Identifier of the entity.
    pub identifier: String,
    /// Who holds it; none where its claim has just ended.
    pub holder: Option<ClaimOf>,
    /// Who waits, the next one first.
    pub waiting: Vec<ClaimOf>,
}

/// What one source says.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimOf {
    /// Id of the source.
    pub source: String,
    /// File or address.
    pub file: String,
    /// First line of its document there, from 1; 0 where it is a whole file.
    pub line: u32,
    /// Since when it waits.
    pub since: Option<Timestamp>,
    /// Its document, as YAML.
    pub document: String,
}

impl Portal {
    /// What every source says that claims one name.
    ///
    /// # Errors
    /// `NotFound` where there is no conflict about the reference, or the viewer may not see it; `Forbidden`.
    pub fn name_conflict(&self, viewer: &Viewer, reference: &str) -> Result<NameConflict, PortalError> {
        let view = self.view_for(viewer, Action::ReadSources, Resource::Any)?;
        let reference = reference.to_lowercase();
        let none = || PortalError::NotFound(format!("No two sources claim \"{reference}\""));
        let node = view.by_ref(&reference).ok_or_else(none)?;
        let entity = view.entity(node).ok_or_else(none)?;
        let kind = entity_ref::kind_of(&reference);
        let entry = view.blueprints().by_kind(kind);
        // Where something may be hidden, what another source says of it may be, too.
        if !entry.is_none_or(|e| self.sees_all_of(&view, &e.blueprint.identifier)) {
            return Err(none());
        }
        let waiting = view.catalog.waiting().values().filter(|w| w.entity_ref == reference);
        let mut waiting: Vec<ClaimOf> = waiting
            .map(|w| ClaimOf {
                source: w.source.clone(),
                file: file_of(&w.item),
                line: w.line,
                since: Some(w.since),
                document: to_yaml(&w.document.value()),
            })
            .collect();
        waiting.sort_by(|a, b| (a.since, &a.file).cmp(&(b.since, &b.file)));
        if waiting.is_empty() {
            return Err(none());
        }
        let record = &entity.record;
        let holder = record.claim.as_ref().map(|claim| ClaimOf {
            source: claim.source.to_string(),
            file: file_of(&claim.item),
            line: claim.line,
            since: None,
            document: to_yaml(&record.document.as_ref().unwrap_or(&entity.document).value()),
        });
        let (blueprint, identifier) = (record.blueprint.to_string(), record.identifier.to_string());
        Ok(NameConflict { reference: reference.clone(), blueprint, identifier, holder, waiting })
    }
}

/// `<file or url>#<document>` without the document.
fn file_of(item: &str) -> String {
    item.rsplit_once('#').map_or(item, |(file, _)| file).to_owned()
}
