//! Campaigns: entities are to pass a rule, or to reach a level, by some day; somebody asks for it and sees how it goes.
//!
//! One is a record of the collection `campaign`, under its id. How far it is, is read from the board of its scorecard
//! whenever somebody looks; only how far it was at the start is kept.

mod progress;
mod remind;
mod write;

use serde::{Deserialize, Serialize};
use stagedoor_auth::{Action, Block, Resource, Viewer, decide};
use stagedoor_model::{Record, Stamps, Timestamp};
use stagedoor_query::Catalog;

use crate::error::PortalError;
use crate::{Portal, View};

pub use progress::{CampaignProgress, TeamProgress};
pub use write::CampaignBody;

/// Collection of records.
pub(crate) const CAMPAIGNS: &str = "campaign";

/// What entities are to reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignGoal {
    /// Blueprint of the entities and the scorecard.
    pub blueprint: String,
    /// Identifier of the scorecard.
    pub scorecard: String,
    /// Identifier of the rule that is to pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Title of the level that is to be reached; without it and without a rule all rules are to pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Which entities, as text of the query language; all that the scorecard is about without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// A campaign as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    owner: String,
    deadline: Timestamp,
    goal: CampaignGoal,
    #[serde(default)]
    archived: bool,
    /// All and done when it began.
    started_with: (u64, u64),
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reminded: Option<Reminded>,
}

/// When people were last reminded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// Who had it done.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// How many people.
    pub people: usize,
}

/// A campaign as one viewer sees it.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Unique.
    pub id: String,
    /// For people.
    pub title: String,
    /// What it is for.
    pub description: Option<String>,
    /// Address of a person, or identifier of a team.
    pub owner: String,
    /// By when.
    pub deadline: Timestamp,
    /// What is to be reached.
    pub goal: CampaignGoal,
    /// It is over.
    pub archived: bool,
    /// How far it is, of what the viewer sees; or why that cannot be told.
    pub progress: Result<CampaignProgress, String>,
    /// All and done when it began; `None` for whoever does not see all of it.
    pub started_with: Option<(u64, u64)>,
    /// When people were last reminded.
    pub reminded: Option<Reminded>,
    /// Why the viewer may not change it; `None` where it may.
    pub why_not_change: Option<String>,
    /// Who and when.
    pub stamps: Stamps,
}

impl Stored {
    fn of(record: &Record) -> Option<Self> {
        serde_json::from_value(record.body.value()).ok()
    }

    fn find(catalog: &Catalog, id: &str) -> Result<(Self, Stamps), PortalError> {
        let record = catalog.record(CAMPAIGNS, id);
        let found = record.and_then(|record| Some((Self::of(record)?, record.stamps.clone())));
        found.ok_or_else(|| missing(id))
    }

    /// Whom it is open to, besides administrators.
    fn owners(&self) -> Block {
        let owner = self.owner.to_lowercase();
        Block { users: vec![owner], teams: vec![self.owner.clone()], ..Block::default() }
    }
}

fn missing(id: &str) -> PortalError {
    let shown: String = id.chars().take(100).collect();
    PortalError::NotFound(format!("there is no campaign \"{shown}\""))
}

impl Portal {
    /// All campaigns, those that end first first, archived ones last.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn campaigns(&self, viewer: &Viewer) -> Result<Vec<Campaign>, PortalError> {
        self.may(viewer, Action::ReadScorecards, Resource::Any)?;
        let (portal, view) = (self.clone(), self.view(viewer)?);
        let read = move || {
            let all = view.catalog.records(CAMPAIGNS);
            let all = all.filter_map(|r| Some((r.key.clone(), Stored::of(r)?, r.stamps.clone())));
            let mut all: Vec<Campaign> =
                all.map(|(id, stored, stamps)| portal.campaign_seen(&view, id, stored, stamps)).collect();
            all.sort_by(|a, b| (a.archived, a.deadline, &a.id).cmp(&(b.archived, b.deadline, &b.id)));
            all
        };
        tokio::task::spawn_blocking(read).await.map_err(|error| PortalError::Internal(error.to_string()))
    }

    /// One campaign.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn campaign(&self, viewer: &Viewer, id: &str) -> Result<Campaign, PortalError> {
        self.may(viewer, Action::ReadScorecards, Resource::Any)?;
        let (portal, view, id) = (self.clone(), self.view(viewer)?, id.to_owned());
        let read = move || {
            let (stored, stamps) = Stored::find(&view.catalog, &id)?;
            Ok(portal.campaign_seen(&view, id, stored, stamps))
        };
        tokio::task::spawn_blocking(read).await.map_err(|error| PortalError::Internal(error.to_string()))?
    }

    fn campaign_seen(&self, view: &View, id: String, stored: Stored, stamps: Stamps) -> Campaign {
        let block = stored.owners();
        let resource = Resource::Guarded { name: &id, block: Some(&block), facts: None };
        let change = decide(view.rights(), Action::UpdateCampaigns, &resource);
        Campaign {
            progress: self.progress(view, &stored.goal),
            started_with: self.sees_all_of(view, &stored.goal.blueprint).then_some(stored.started_with),
            why_not_change: change.err().map(|denied| denied.to_string()),
            title: stored.title,
            description: stored.description,
            owner: stored.owner,
            deadline: stored.deadline,
            goal: stored.goal,
            archived: stored.archived,
            reminded: stored.reminded,
            stamps,
            id,
        }
    }

    fn may_change_campaign(&self, viewer: &Viewer, id: &str) -> Result<Stored, PortalError> {
        self.may(viewer, Action::ReadScorecards, Resource::Any)?;
        let (stored, _) = Stored::find(&self.shared.catalog.load(), id)?;
        let block = stored.owners();
        let resource = Resource::Guarded { name: id, block: Some(&block), facts: None };
        self.may(viewer, Action::UpdateCampaigns, resource)?;
        Ok(stored)
    }
}
