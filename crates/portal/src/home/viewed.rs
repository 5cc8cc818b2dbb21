//! What somebody looked at: a journal for each person, so that it is the same on every device and replica and leaves
//! no trace in the change log.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{JsonText, Timestamp};
use stagedoor_store::{Store, StoreError};

use crate::error::PortalError;
use crate::{Portal, clock, user_settings, writer};

/// Lines that are kept of each person. Who goes to and fro between two pages fills few of them.
const KEPT: usize = 60;

/// One that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewed {
    /// Its blueprint.
    pub blueprint: String,
    /// Which one.
    pub identifier: String,
    /// When last.
    pub at: Timestamp,
}

impl Portal {
    /// What the caller looked at, each once, the last first; whether it still exists is not asked.
    ///
    /// # Errors
    /// When the store fails. Who has no settings has looked at nothing.
    pub async fn viewed(&self, viewer: &Viewer) -> Result<Vec<Viewed>, PortalError> {
        let Some(journal) = self.journal_of(viewer) else { return Ok(Vec::new()) };
        let lines = self.in_background(move |store| store.journal(&journal, None, KEPT)).await?;
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for line in lines {
            let body = line.body.value();
            let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
            let (Some(blueprint), Some(identifier)) = (text("blueprint"), text("identifier")) else {
                continue;
            };
            if seen.insert((blueprint.clone(), identifier.clone())) {
                all.push(Viewed { blueprint, identifier, at: line.at });
            }
        }
        Ok(all)
    }

    /// The caller has looked at an entity. Looking again at the last one says nothing new.
    ///
    /// # Errors
    /// `NotFound` where there is none that the caller may see; `Forbidden`; when the store fails.
    pub async fn note_viewed(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
    ) -> Result<(), PortalError> {
        self.may(viewer, Action::UpdatePersonalSettings, Resource::Any)?;
        let view = self.view(viewer)?;
        let node = view.by_key(blueprint, identifier);
        let entity = node.and_then(|node| view.entity(node)).ok_or_else(|| {
            PortalError::NotFound(format!("there is no entity \"{identifier}\" of blueprint \"{blueprint}\""))
        })?;
        let body = json!({ "blueprint": entity.record.blueprint, "identifier": entity.record.identifier });
        let Some(journal) = self.journal_of(viewer) else { return Ok(()) };
        let line = JsonText::of(&body);
        self.in_background(move |store| match store.journal(&journal, None, 1)?.first() {
            Some(last) if last.body == line => Ok(()),
            _ => store.append_journal(&journal, clock::now(), &[line], KEPT),
        })
        .await
    }

    fn journal_of(&self, viewer: &Viewer) -> Option<String> {
        let owner = user_settings::owner_of(viewer, &self.shared.catalog.load())?;
        Some(format!("viewed/{owner}"))
    }

    /// Asks the store, where waiting for the disk holds up nobody.
    async fn in_background<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, PortalError> {
        let store = Arc::clone(&self.shared.store);
        let done = tokio::task::spawn_blocking(move || work(store.as_ref())).await;
        done.map_err(|_| PortalError::Unavailable("the portal is shutting down".into()))?
            .map_err(writer::internal)
    }
}
