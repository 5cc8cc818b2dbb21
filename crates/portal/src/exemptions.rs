//! Exemptions: an entity need not pass a rule until some time, for a reason, because somebody has said yes.
//!
//! One is a record of the collection `exemption`, under its id. That it has expired is read from the clock; soon after it
//! is written down, too, so that the log tells. It names its entity by uid, so that it outlives a rename. What holds now is asked in [`held`].

mod answer;
mod ask;
mod expire;
mod held;

use serde::{Deserialize, Serialize};
use stagedoor_auth::{Action, Block, Denied, Resource, Viewer, decide, moderator_role};
use stagedoor_model::{Record, Timestamp};
use stagedoor_query::{Catalog, NodeId};
use uuid::Uuid;

use crate::error::PortalError;
use crate::{Portal, View};

pub use ask::ExemptionRequest;
pub(crate) use held::{Held, Memory, held};

/// Collection of records.
pub(crate) const EXEMPTIONS: &str = "exemption";
/// Collection of the scorecards, by `<blueprint>/<identifier>`.
const SCORECARDS: &str = "scorecard";

/// How an exemption is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExemptionState {
    /// Nobody has answered.
    Asked,
    /// It holds.
    Granted,
    /// Somebody said no.
    Declined,
    /// Somebody took it back.
    Ended,
    /// Its time has passed, answered or not.
    Expired,
}

impl ExemptionState {
    /// As the API names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Granted => "granted",
            Self::Declined => "declined",
            Self::Ended => "ended",
            Self::Expired => "expired",
        }
    }

    /// Of its name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::Asked, Self::Granted, Self::Declined, Self::Ended, Self::Expired]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signed {
    /// Name of the viewer.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What there was to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An exemption as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    blueprint: String,
    /// Uid of the entity.
    entity: Uuid,
    /// As it was when somebody asked.
    identifier: String,
    scorecard: String,
    rule: String,
    reason: String,
    until: Timestamp,
    state: ExemptionState,
    asked: Signed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered: Option<Signed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Signed>,
}

/// An exemption as one viewer sees it.
#[derive(Clone, Debug)]
pub struct Exemption {
    /// Unique.
    pub id: String,
    /// By the clock.
    pub state: ExemptionState,
    /// Blueprint of the entity and the scorecard.
    pub blueprint: String,
    /// Identifier and title.
    pub entity: (String, Option<String>),
    /// Identifier and title; no title where it is gone.
    pub scorecard: (String, Option<String>),
    /// Identifier and title; no title where it is gone.
    pub rule: (String, Option<String>),
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Timestamp,
    /// Who asked for it.
    pub asked: Signed,
    /// Who granted or declined it.
    pub answered: Option<Signed>,
    /// Who took it back.
    pub ended: Option<Signed>,
    /// Why the viewer may not answer it; `None` where it may.
    pub why_not_answer: Option<String>,
    /// Why the viewer may not end it; `None` where it may.
    pub why_not_end: Option<String>,
}

/// Which exemptions are wanted: those that satisfy everything that is said.
#[derive(Clone, Debug, Default)]
pub struct ExemptionQuery {
    /// Of this blueprint.
    pub blueprint: Option<String>,
    /// Of the entity of this identifier.
    pub entity: Option<String>,
    /// Of this scorecard.
    pub scorecard: Option<String>,
    /// Of this rule.
    pub rule: Option<String>,
    /// In this state.
    pub state: Option<ExemptionState>,
}

impl Stored {
    fn of(record: &Record) -> Option<Self> {
        serde_json::from_value(record.body.value()).ok()
    }

    fn find(catalog: &Catalog, id: &str) -> Option<Self> {
        Self::of(catalog.record(EXEMPTIONS, id)?)
    }

    fn state_at(&self, now: Timestamp) -> ExemptionState {
        match self.state {
            ExemptionState::Asked | ExemptionState::Granted if self.until <= now => ExemptionState::Expired,
            state => state,
        }
    }

    /// Whether it is asked for or holds.
    fn is_open(&self, now: Timestamp) -> bool {
        matches!(self.state_at(now), ExemptionState::Asked | ExemptionState::Granted)
    }

    fn is_wanted(&self, query: &ExemptionQuery, now: Timestamp, identifier: &str) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|w| w == value);
        is(&query.blueprint, &self.blueprint)
            && is(&query.entity, identifier)
            && is(&query.scorecard, &self.scorecard)
            && is(&query.rule, &self.rule)
            && query.state.is_none_or(|state| state == self.state_at(now))
    }
}

fn missing(id: &str) -> PortalError {
    let shown: String = id.chars().take(100).collect();
    PortalError::NotFound(format!("there is no exemption \"{shown}\""))
}

/// Title of a scorecard, and of one of its rules.
fn titles(
    catalog: &Catalog,
    blueprint: &str,
    scorecard: &str,
    rule: &str,
) -> (Option<String>, Option<String>) {
    let Some(record) = catalog.record(SCORECARDS, &format!("{blueprint}/{scorecard}")) else {
        return (None, None);
    };
    let body = record.body.value();
    let text =
        |value: &serde_json::Value, key: &str| value.get(key).and_then(|v| v.as_str()).map(str::to_owned);
    let rules = body.get("rules").and_then(serde_json::Value::as_array).into_iter().flatten();
    let rule = rules.into_iter().find(|r| text(r, "identifier").as_deref() == Some(rule));
    (text(&body, "title"), rule.and_then(|rule| text(rule, "title")))
}

/// Who grants exemptions from the scorecards of a blueprint: administrators and its moderators.
fn granters(blueprint: &str) -> Block {
    Block { roles: vec!["Admin".to_owned(), moderator_role(blueprint)], ..Block::default() }
}

impl Portal {
    /// The exemptions that the viewer sees, those of entities that it sees, the newest first.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn exemptions(&self, viewer: &Viewer, query: &ExemptionQuery) -> Result<Vec<Exemption>, PortalError> {
        let view = self.view(viewer)?;
        let now = self.shared.clock.now();
        let mut all: Vec<(Timestamp, Exemption)> = Vec::new();
        for record in view.catalog.records(EXEMPTIONS) {
            let Some(stored) = Stored::of(record) else { continue };
            let Some(node) = view.catalog.node_of_uid(stored.entity) else { continue };
            if view.entity(node).is_some() && stored.is_wanted(query, now, &view.identifier(node)) {
                all.push((stored.asked.at, self.exemption_seen(&view, node, &record.key, stored)));
            }
        }
        all.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| y.id.cmp(&x.id)));
        Ok(all.into_iter().map(|(_, exemption)| exemption).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// `NotFound`, for those of entities that the viewer does not see too; `Forbidden`.
    pub fn exemption(&self, viewer: &Viewer, id: &str) -> Result<Exemption, PortalError> {
        let view = self.view(viewer)?;
        let (node, stored) = seen(&view, id)?;
        Ok(self.exemption_seen(&view, node, id, stored))
    }

    /// Whether the viewer of a view may grant exemptions from the scorecards of a blueprint; without a trace.
    pub(crate) fn could_exempt(view: &View, blueprint: &str) -> Result<(), Denied> {
        let block = granters(blueprint);
        let resource = Resource::Guarded { name: blueprint, block: Some(&block), facts: None };
        decide(view.rights(), Action::GrantExemptions, &resource)
    }

    fn may_exempt(&self, viewer: &Viewer, blueprint: &str) -> Result<(), PortalError> {
        let block = granters(blueprint);
        let resource = Resource::Guarded { name: blueprint, block: Some(&block), facts: None };
        self.may(viewer, Action::GrantExemptions, resource)
    }

    fn exemption_seen(&self, view: &View, node: NodeId, id: &str, stored: Stored) -> Exemption {
        let now = view.catalog.now();
        let state = stored.state_at(now);
        let (scorecard, rule) = titles(&view.catalog, &stored.blueprint, &stored.scorecard, &stored.rule);
        let grant = Self::could_exempt(view, &stored.blueprint).err().map(|denied| denied.to_string());
        let over = || Some(format!("it is {} already", state.name()));
        let why_not_answer = if state == ExemptionState::Asked { grant.clone() } else { over() };
        let why_not_end = match stored.is_open(now) {
            false => over(),
            true if stored.asked.by == view.viewer().name() => self
                .could_with(view, Action::AskExemptions, node)
                .and_then(Result::err)
                .map(|d| d.to_string()),
            true => grant,
        };
        Exemption {
            id: id.to_owned(),
            state,
            entity: (view.identifier(node), view.title(node)),
            scorecard: (stored.scorecard, scorecard),
            rule: (stored.rule, rule),
            blueprint: stored.blueprint,
            reason: stored.reason,
            until: stored.until,
            asked: stored.asked,
            answered: stored.answered,
            ended: stored.ended,
            why_not_answer,
            why_not_end,
        }
    }
}

/// An exemption whose entity the viewer sees, and where that is.
fn seen(view: &View, id: &str) -> Result<(NodeId, Stored), PortalError> {
    let stored = Stored::find(&view.catalog, id).ok_or_else(|| missing(id))?;
    let node = view.catalog.node_of_uid(stored.entity).filter(|node| view.entity(*node).is_some());
    Ok((node.ok_or_else(|| missing(id))?, stored))
}
