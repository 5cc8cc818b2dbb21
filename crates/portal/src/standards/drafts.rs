//! Drafts: what a scorecard will say once it is published. Nobody is held against a draft.
//!
//! A draft is kept as it was written, right or wrong, under the key of its scorecard; it becomes the scorecard as a
//! whole, and then has to be right.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record};

use crate::Portal;
use crate::blueprints::no_blueprint;
use crate::error::PortalError;
use crate::scorecards::{DRAFTS, SCORECARDS, StoredScorecard, key};
use crate::writer::Draft;

/// Bytes of a draft.
const LARGEST: usize = 512 * 1024;
/// Characters of a scorecard's identifier.
const LONGEST: usize = 100;

fn missing(scorecard: &str) -> PortalError {
    let shown: String = scorecard.chars().take(LONGEST).collect();
    PortalError::NotFound(format!("there is no draft of scorecard \"{shown}\""))
}

impl Portal {
    /// Keeps a draft of a scorecard, which need not exist. It may be wrong.
    ///
    /// # Errors
    /// `NotFound` for the blueprint; `Invalid` for what is no object, too long, or has another identifier; `Forbidden`.
    pub async fn put_scorecard_draft(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        scorecard: &str,
        mut body: Value,
    ) -> Result<(), PortalError> {
        self.may(viewer, Action::UpdateScorecard, Resource::Named(scorecard))?;
        let name = scorecard.chars().count();
        if name == 0 || name > LONGEST || scorecard.contains('/') || scorecard.chars().any(char::is_control) {
            return Err(PortalError::invalid(format!(
                "a scorecard's identifier has 1 to {LONGEST} characters and no /"
            )));
        }
        let Some(map) = body.as_object_mut() else { return Err(PortalError::invalid("body must be object")) };
        map.entry("identifier").or_insert_with(|| scorecard.into());
        let body = JsonText::of(&body);
        if body.as_str().len() > LARGEST {
            return Err(PortalError::invalid(format!("a draft has at most {LARGEST} bytes")));
        }
        let (blueprint, key) = (blueprint.to_owned(), key(blueprint, scorecard));
        let put = move |draft: &mut Draft| {
            if draft.catalog.blueprints().get(&blueprint).is_none() {
                return Err(no_blueprint(&blueprint));
            }
            let old = draft.catalog.record(DRAFTS, &key);
            if old.is_some_and(|old| old.body == body) {
                return Ok(());
            }
            let mut stamps = old.map(|old| old.stamps.clone()).unwrap_or_else(|| draft.new_stamps(None));
            (stamps.updated_at, stamps.updated_by) = (draft.at, draft.actor.name.as_str().into());
            let (collection, key, body) = (DRAFTS.to_owned(), key.clone(), body.clone());
            draft.put(Change::PutRecord(Arc::new(Record { collection, key, body, stamps })));
            Ok(())
        };
        self.commit(viewer.actor("native"), false, put).await
    }

    /// Throws a draft away.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn drop_scorecard_draft(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        scorecard: &str,
    ) -> Result<(), PortalError> {
        self.may(viewer, Action::UpdateScorecard, Resource::Named(scorecard))?;
        let (key, scorecard) = (key(blueprint, scorecard), scorecard.to_owned());
        let drop = move |draft: &mut Draft| {
            draft.catalog.record(DRAFTS, &key).ok_or_else(|| missing(&scorecard))?;
            draft.put(Change::DeleteRecord(DRAFTS.into(), key.clone()));
            Ok(())
        };
        self.commit(viewer.actor("native"), false, drop).await
    }

    /// Makes a draft the scorecard: in one commit it takes its place, and the draft is gone. A draft with another
    /// identifier renames the scorecard.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` with every problem and its place; `identifier_taken`; `Forbidden`.
    pub async fn publish_scorecard(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        scorecard: &str,
    ) -> Result<StoredScorecard, PortalError> {
        self.may(viewer, Action::UpdateScorecard, Resource::Named(scorecard))?;
        let key = key(blueprint, scorecard);
        if self.shared.catalog.load().record(SCORECARDS, &key).is_none() {
            self.may(viewer, Action::CreateScorecard, Resource::Any)?;
        }
        let written = self.shared.catalog.load().record(DRAFTS, &key).map(|record| record.body.value());
        self.try_programs(&written.unwrap_or_default()).await?;
        let (blueprint, from, jq) = (blueprint.to_owned(), scorecard.to_owned(), Arc::clone(&self.shared.jq));
        let publish = move |draft: &mut Draft| {
            let written = draft.catalog.record(DRAFTS, &key).ok_or_else(|| missing(&from))?.body.value();
            let new = draft.understood_scorecard(&blueprint, &written, &jq)?;
            let known = draft.catalog.record(SCORECARDS, &key).is_some();
            if new.identifier != from || !known {
                draft.free_scorecard(&blueprint, &new.identifier)?;
            }
            draft.put(Change::DeleteRecord(DRAFTS.into(), key.clone()));
            if new.identifier != from && known {
                draft.rename_scorecard(&blueprint, &from, &new.identifier);
            }
            draft.put_scorecard(&blueprint, &new, None)
        };
        self.commit(viewer.actor("native"), false, publish).await
    }
}
