//! Making, changing and ending campaigns.

use std::sync::Arc;

use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record, Timestamp};
use uuid::Uuid;

use super::{CAMPAIGNS, Campaign, CampaignGoal, Stored, progress};
use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

/// Campaigns that are kept, archived ones included.
const MOST: usize = 1_000;
/// Longest texts, in characters.
const TITLE: usize = 200;
const DESCRIPTION: usize = 5_000;
const FILTER: usize = 2_000;
const NAME: usize = 1_000;

/// What a campaign says.
#[derive(Clone, Debug)]
pub struct CampaignBody {
    /// For people.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// Address of a person, or identifier of a team.
    pub owner: String,
    /// By when: RFC 3339, or a date, whose end is meant.
    pub deadline: String,
    /// What is to be reached.
    pub goal: CampaignGoal,
    /// It is over.
    pub archived: bool,
}

impl CampaignBody {
    fn check(&self) -> Result<(), PortalError> {
        let length = |what: &str, text: &str, from: usize, to: usize| {
            let count = text.trim().chars().count();
            let legal = (from..=to).contains(&count);
            let refuse = || PortalError::invalid(format!("\"{what}\" must have {from} to {to} characters"));
            legal.then_some(()).ok_or_else(refuse)
        };
        let goal = &self.goal;
        length("title", &self.title, 1, TITLE)?;
        length("description", self.description.as_deref().unwrap_or_default(), 0, DESCRIPTION)?;
        length("owner", &self.owner, 1, NAME)?;
        length("goal/blueprint", &goal.blueprint, 1, NAME)?;
        length("goal/scorecard", &goal.scorecard, 1, NAME)?;
        length("goal/filter", goal.filter.as_deref().unwrap_or_default(), 0, FILTER)?;
        if goal.rule.is_some() && goal.level.is_some() {
            return Err(PortalError::invalid("\"goal\" may name a rule or a level, not both"));
        }
        Ok(())
    }

    fn deadline(&self) -> Result<Timestamp, PortalError> {
        let at = Timestamp::parse(&self.deadline)
            .ok_or_else(|| PortalError::invalid("\"deadline\" must be a date, such as 2027-01-31"))?;
        // A date alone is its midnight.
        let is_date = self.deadline.trim().len() == "2027-01-31".len();
        Ok(if is_date { Timestamp(at.0 + 24 * 3600 * 1000 - 1) } else { at })
    }

    fn stored(self, deadline: Timestamp, old: Option<Stored>, started_with: (u64, u64)) -> Stored {
        // Another goal is another beginning.
        let kept = old.as_ref().filter(|old| old.goal == self.goal).map(|old| old.started_with);
        Stored {
            title: self.title.trim().to_owned(),
            description: self.description.filter(|text| !text.trim().is_empty()),
            owner: self.owner.trim().to_owned(),
            deadline,
            started_with: kept.unwrap_or(started_with),
            goal: self.goal,
            archived: self.archived,
            reminded: old.and_then(|old| old.reminded),
        }
    }
}

impl Portal {
    /// Where a goal stands now, of everything there is.
    async fn beginning(&self, goal: &CampaignGoal) -> Result<(u64, u64), PortalError> {
        let (view, goal) = (self.view(&Viewer::system("campaign"))?, goal.clone());
        let look = move || progress::fleet(&view, &goal).map(|fleet| (fleet.all.len(), fleet.done.len()));
        let looked = tokio::task::spawn_blocking(look).await;
        looked.map_err(|error| PortalError::Internal(error.to_string()))?.map_err(PortalError::invalid)
    }

    /// Makes a campaign.
    ///
    /// # Errors
    /// `Invalid` naming the place, for a goal that is not there too; `Forbidden`: it is for administrators.
    pub async fn create_campaign(
        &self,
        viewer: &Viewer,
        body: CampaignBody,
    ) -> Result<Campaign, PortalError> {
        self.may(viewer, Action::UpdateCampaigns, Resource::Any)?;
        body.check()?;
        let deadline = body.deadline()?;
        let started_with = self.beginning(&body.goal).await?;
        let stored = body.stored(deadline, None, started_with);
        let id = Uuid::now_v7().simple().to_string();
        let made = id.clone();
        let put = move |draft: &mut Draft| {
            if draft.catalog.records(CAMPAIGNS).count() >= MOST {
                return Err(PortalError::invalid(format!("there are {MOST} campaigns: delete one first")));
            }
            draft.put_campaign(&made, &stored);
            Ok(())
        };
        self.commit(viewer.actor("native"), false, put).await?;
        self.campaign(viewer, &id).await
    }

    /// Changes a campaign as a whole, or archives it: its owner, and administrators.
    ///
    /// # Errors
    /// As [`Portal::create_campaign`]; `NotFound`.
    pub async fn update_campaign(
        &self,
        viewer: &Viewer,
        id: &str,
        body: CampaignBody,
    ) -> Result<Campaign, PortalError> {
        let old = self.may_change_campaign(viewer, id)?;
        body.check()?;
        let deadline = body.deadline()?;
        // What is over may stand on what is gone.
        let same = body.goal == old.goal;
        let started_with = if same { old.started_with } else { self.beginning(&body.goal).await? };
        let key = id.to_owned();
        let put = move |draft: &mut Draft| {
            let (old, _) = Stored::find(&draft.catalog, &key)?;
            draft.put_campaign(&key, &body.clone().stored(deadline, Some(old), started_with));
            Ok(())
        };
        self.commit(viewer.actor("native"), false, put).await?;
        self.campaign(viewer, id).await
    }

    /// Deletes a campaign: its owner, and administrators.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn delete_campaign(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        self.may_change_campaign(viewer, id)?;
        let key = id.to_owned();
        let delete = move |draft: &mut Draft| {
            Stored::find(&draft.catalog, &key)?;
            draft.put(Change::DeleteRecord(CAMPAIGNS.into(), key.clone()));
            Ok(())
        };
        self.commit(viewer.actor("native"), false, delete).await
    }
}

impl Draft {
    pub(super) fn put_campaign(&mut self, id: &str, stored: &Stored) {
        let body = JsonText::of(&serde_json::to_value(stored).unwrap_or_default());
        let old = self.catalog.record(CAMPAIGNS, id);
        if old.is_some_and(|old| old.body == body) {
            return;
        }
        let mut stamps = old.map(|old| old.stamps.clone()).unwrap_or_else(|| self.new_stamps(None));
        (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        let (collection, key) = (CAMPAIGNS.to_owned(), id.to_owned());
        self.put(Change::PutRecord(Arc::new(Record { collection, key, body, stamps })));
    }
}
