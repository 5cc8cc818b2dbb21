//! Granting, declining and ending exemptions; and what becomes of them when scorecards change.

use std::sync::Arc;

use stagedoor_auth::{Action, Viewer};
use stagedoor_model::{Change, JsonText, Record};

use super::{EXEMPTIONS, Exemption, ExemptionState, Signed, Stored, missing, seen};
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, clock};

/// Characters of a note.
const LONGEST: usize = 1_000;

impl Portal {
    /// Grants or declines an exemption that somebody has asked for.
    ///
    /// # Errors
    /// `NotFound`; `exemption_answered` where nobody waits for an answer; `Invalid` for a long note; `Forbidden`.
    pub async fn answer_exemption(
        &self,
        viewer: &Viewer,
        id: &str,
        grant: bool,
        note: Option<String>,
    ) -> Result<Exemption, PortalError> {
        let (_, stored) = seen(&self.view(viewer)?, id)?;
        self.may_exempt(viewer, &stored.blueprint)?;
        let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
        if note.as_ref().is_some_and(|note| note.chars().count() > LONGEST) {
            return Err(PortalError::invalid(format!(
                "\"note\" must NOT have more than {LONGEST} characters"
            )));
        }
        let signed = Signed { by: viewer.name().to_owned(), at: clock::now(), note };
        let key = id.to_owned();
        let put = move |draft: &mut Draft| {
            let mut stored = Stored::find(&draft.catalog, &key).ok_or_else(|| missing(&key))?;
            let state = stored.state_at(draft.at);
            if state != ExemptionState::Asked {
                let message = format!("the exemption is {} already", state.name());
                return Err(PortalError::Conflict { code: "exemption_answered", message });
            }
            stored.state = if grant { ExemptionState::Granted } else { ExemptionState::Declined };
            stored.answered = Some(signed.clone());
            draft.put_exemption(&key, &stored);
            Ok(())
        };
        self.commit(viewer.actor("native"), false, put).await?;
        self.exemption(viewer, id)
    }

    /// Ends an exemption before its time, or takes back the question for it: whoever may grant it, and whoever asked.
    ///
    /// # Errors
    /// `NotFound`; `exemption_over`; `Forbidden`.
    pub async fn end_exemption(&self, viewer: &Viewer, id: &str) -> Result<Exemption, PortalError> {
        let view = self.view(viewer)?;
        let (node, stored) = seen(&view, id)?;
        let asker = stored.asked.by == viewer.name();
        let own = asker && matches!(self.could_with(&view, Action::AskExemptions, node), Some(Ok(())));
        if !own {
            self.may_exempt(viewer, &stored.blueprint)?;
        }
        drop(view);
        let signed = Signed { by: viewer.name().to_owned(), at: clock::now(), note: None };
        let key = id.to_owned();
        let put = move |draft: &mut Draft| {
            let mut stored = Stored::find(&draft.catalog, &key).ok_or_else(|| missing(&key))?;
            if !stored.is_open(draft.at) {
                let message = format!("the exemption is {} already", stored.state_at(draft.at).name());
                return Err(PortalError::Conflict { code: "exemption_over", message });
            }
            stored.state = ExemptionState::Ended;
            stored.ended = Some(signed.clone());
            draft.put_exemption(&key, &stored);
            Ok(())
        };
        self.commit(viewer.actor("native"), false, put).await?;
        self.exemption(viewer, id)
    }
}

impl Draft {
    pub(super) fn put_exemption(&mut self, id: &str, stored: &Stored) {
        let body = JsonText::of(&serde_json::to_value(stored).unwrap_or_default());
        let old = self.catalog.record(EXEMPTIONS, id);
        if old.is_some_and(|old| old.body == body) {
            return;
        }
        let mut stamps = old.map(|old| old.stamps.clone()).unwrap_or_else(|| self.new_stamps(None));
        (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        let (collection, key) = (EXEMPTIONS.to_owned(), id.to_owned());
        self.put(Change::PutRecord(Arc::new(Record { collection, key, body, stamps })));
    }

    /// Ends the exemptions of a scorecard whose rules are not among `rules` any more: another rule of the same name
    /// that is made later is another rule.
    pub(crate) fn end_exemptions(&mut self, blueprint: &str, scorecard: &str, rules: &[&str]) {
        let is_over = |stored: &Stored| {
            stored.blueprint == blueprint
                && stored.scorecard == scorecard
                && !rules.contains(&stored.rule.as_str())
                && stored.is_open(self.at)
        };
        let all: Vec<(String, Stored)> = self
            .catalog
            .records(EXEMPTIONS)
            .filter_map(|record| Some((record.key.clone(), Stored::of(record).filter(is_over)?)))
            .collect();
        for (id, mut stored) in all {
            stored.state = ExemptionState::Ended;
            stored.ended = Some(Signed { by: self.actor.name.clone(), at: self.at, note: None });
            self.put_exemption(&id, &stored);
        }
    }
}
