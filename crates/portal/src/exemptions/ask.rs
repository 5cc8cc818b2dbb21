//! Asking for exemptions.

use stagedoor_auth::{Action, Viewer};
use stagedoor_model::Timestamp;
use stagedoor_query::Catalog;
use uuid::Uuid;

use super::{EXEMPTIONS, Exemption, ExemptionState, SCORECARDS, Signed, Stored, titles};
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, audit, clock, entities};

/// Characters of a reason.
const LONGEST: usize = 1_000;
/// An exemption is a debt: it ends after this time at most, and has to be asked for again.
const FURTHEST: i64 = 3 * 366 * 24 * 3600 * 1000;
/// Exemptions of one scorecard that are kept; those that are over give way.
const MOST: usize = 10_000;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct ExemptionRequest {
    /// Blueprint of the entity and the scorecard.
    pub blueprint: String,
    /// Identifier of the entity.
    pub entity: String,
    /// Identifier of the scorecard.
    pub scorecard: String,
    /// Identifier of the rule.
    pub rule: String,
    /// Why the entity need not pass it.
    pub reason: String,
    /// Until when: RFC 3339, or a date, whose end is meant.
    pub until: String,
}

impl ExemptionRequest {
    fn until(&self, now: Timestamp) -> Result<Timestamp, PortalError> {
        let until = Timestamp::parse(&self.until)
            .ok_or_else(|| PortalError::invalid("\"until\" must be a date, such as 2027-01-31"))?;
        // A date alone is its midnight.
        let is_date = self.until.trim().len() == "2027-01-31".len();
        let until = if is_date { Timestamp(until.0 + 24 * 3600 * 1000 - 1) } else { until };
        if until <= now {
            return Err(PortalError::invalid("\"until\" must be in the future"));
        }
        if until.0 - now.0 > FURTHEST {
            return Err(PortalError::invalid("\"until\" must be within three years"));
        }
        Ok(until)
    }

    fn reason(&self) -> Result<String, PortalError> {
        let reason = self.reason.trim();
        match reason.chars().count() {
            1..=LONGEST => Ok(reason.to_owned()),
            _ => Err(PortalError::invalid(format!("\"reason\" must have 1 to {LONGEST} characters"))),
        }
    }

    fn check(&self, catalog: &Catalog) -> Result<(), PortalError> {
        let (blueprint, scorecard) = (&self.blueprint, &self.scorecard);
        if catalog.record(SCORECARDS, &format!("{blueprint}/{scorecard}")).is_none() {
            let message =
                format!("blueprint \"{}\" has no scorecard \"{}\"", short(blueprint), short(scorecard));
            return Err(PortalError::NotFound(message));
        }
        if titles(catalog, blueprint, scorecard, &self.rule).1.is_none() {
            let message = format!("scorecard \"{}\" has no rule \"{}\"", short(scorecard), short(&self.rule));
            return Err(PortalError::NotFound(message));
        }
        Ok(())
    }
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

impl Portal {
    /// Asks for an exemption. It is granted at once where the asker may grant it.
    ///
    /// # Errors
    /// `NotFound` for the entity, the scorecard, the rule; `Invalid` naming the field; `exemption_exists` where one is
    /// asked for or holds; `Forbidden` to whoever may not change the entity.
    pub async fn ask_exemption(
        &self,
        viewer: &Viewer,
        request: ExemptionRequest,
    ) -> Result<Exemption, PortalError> {
        let view = self.view(viewer)?;
        let node = view.by_key(&request.blueprint, &request.entity);
        let node = node.ok_or_else(|| entities::missing(&request.blueprint, &request.entity))?;
        let uid = view.entity(node).map(|entity| entity.record.uid).unwrap_or_default();
        match self.could_with(&view, Action::AskExemptions, node) {
            Some(Ok(())) => {}
            Some(Err(denied)) => {
                audit::denied(&self.shared.denials, viewer, &denied, Some(&request.entity));
                return Err(PortalError::Forbidden(denied.to_string()));
            }
            None => return Err(entities::missing(&request.blueprint, &request.entity)),
        }
        request.check(&view.catalog)?;
        let (reason, now) = (request.reason()?, clock::now());
        let signed = Signed { by: viewer.name().to_owned(), at: now, note: None };
        let granted = Self::could_exempt(&view, &request.blueprint).is_ok();
        let stored = Stored {
            blueprint: request.blueprint.clone(),
            entity: uid,
            identifier: view.identifier(node),
            scorecard: request.scorecard.clone(),
            rule: request.rule.clone(),
            reason,
            until: request.until(now)?,
            state: if granted { ExemptionState::Granted } else { ExemptionState::Asked },
            asked: signed.clone(),
            answered: granted.then_some(signed),
            ended: None,
        };
        let id = Uuid::now_v7().simple().to_string();
        let made = id.clone();
        drop(view);
        let put = move |draft: &mut Draft| {
            request.check(&draft.catalog)?;
            draft.make_room_for_exemption(&stored)?;
            draft.put_exemption(&made, &stored);
            Ok(())
        };
        self.commit(viewer.actor("native"), false, put).await?;
        self.exemption(viewer, &id)
    }
}

impl Draft {
    /// Refuses a second one for the same, and forgets the oldest that are over where there are too many.
    fn make_room_for_exemption(&mut self, new: &Stored) -> Result<(), PortalError> {
        let of_scorecard =
            |stored: &Stored| stored.blueprint == new.blueprint && stored.scorecard == new.scorecard;
        let all: Vec<(String, Stored)> = self
            .catalog
            .records(EXEMPTIONS)
            .filter_map(|record| Some((record.key.clone(), Stored::of(record).filter(of_scorecard)?)))
            .collect();
        let same = |stored: &Stored| stored.entity == new.entity && stored.rule == new.rule;
        if let Some((id, stored)) = all.iter().find(|(_, stored)| same(stored) && stored.is_open(self.at)) {
            let what =
                if stored.state == ExemptionState::Asked { "is asked for already" } else { "holds already" };
            let message = format!("exemption \"{id}\" {what}: end it first");
            return Err(PortalError::Conflict { code: "exemption_exists", message });
        }
        if all.len() < MOST {
            return Ok(());
        }
        // Ids ascend with time.
        let Some((oldest, _)) = all.iter().find(|(_, stored)| !stored.is_open(self.at)) else {
            return Err(PortalError::invalid(format!("a scorecard has at most {MOST} exemptions")));
        };
        self.put(stagedoor_model::Change::DeleteRecord(EXEMPTIONS.into(), oldest.clone()));
        Ok(())
    }
}
