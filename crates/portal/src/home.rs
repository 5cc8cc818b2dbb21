//! What concerns somebody: what his teams own, what is wrong with it, what changed around it, what he looked at.
//!
//! Everything but the layout, the links and what was looked at is derived from the snapshot when it is asked for.

mod links;
mod mine;
mod viewed;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Timestamp;
use stagedoor_query::{NodeId, NodeSet};

use crate::error::PortalError;
use crate::people::USERS;
use crate::{Portal, Problem, SourceReport, View};

pub use links::HomeLink;
pub use viewed::Viewed;

/// Entries of a list of the home page.
const SHOWN: usize = 12;
/// Shipped blueprints of what is beside the catalog: who there is, and locations, which change with what they hold.
const APART: [&str; 3] = ["location", "user", "group"];
/// Things that need attention.
const ATTENTION: usize = 30;

/// The home page of one person. Nodes are those of `view`.
pub struct Home {
    /// What everything was read from.
    pub view: View,
    /// Identifiers of the caller's teams.
    pub teams: Vec<String>,
    /// What they own, by blueprint: first those with problems, then those of which there are most.
    pub mine: Vec<Owned>,
    /// What is wrong with it; with everything that is seen where the caller is in no team, or these own nothing.
    pub attention: Vec<Attention>,
    /// How much is wrong, listed or not.
    pub attention_total: usize,
    /// What changed last: among what the teams own and its neighbours, or among everything.
    pub recent: Vec<NodeId>,
    /// Whether attention and recent are about the teams' entities.
    pub is_around_teams: bool,
    /// What the caller looked at last, without what is gone.
    pub viewed: Vec<(NodeId, Timestamp)>,
    /// Links of the organization.
    pub organization_links: Vec<HomeLink>,
    /// The caller's own.
    pub links: Vec<HomeLink>,
    /// How the caller has arranged the page; null where he has not.
    pub layout: Value,
    /// Sources, and those that are not fresh or have something to mend.
    pub sources: usize,
    /// See there.
    pub bad_sources: Vec<SourceReport>,
    /// How far the portal has been set up.
    pub steps: Steps,
}

/// What the teams of a caller own of a blueprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The blueprint.
    pub blueprint: String,
    /// How many.
    pub count: u64,
    /// How many of them have a problem or a conflict.
    pub problems: u64,
}

/// Something that needs somebody.
#[derive(Clone, Debug)]
pub enum Attention {
    /// A document of an entity is wrong.
    Problem(NodeId, Problem),
    /// Another source claims an entity: (entity, who holds it, who claims it).
    Conflict(NodeId, String, String),
}

impl Attention {
    fn node(&self) -> NodeId {
        match self {
            Self::Problem(node, _) | Self::Conflict(node, ..) => *node,
        }
    }
}

/// How far a portal has been set up: what its state says, not what somebody clicked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Sources, whoever set them up.
    pub sources: usize,
    /// Of these, the registered ones.
    pub registered: usize,
    /// Sources that have supplied an entity.
    pub supplying: usize,
    /// Entities but people, teams and locations.
    pub entities: u64,
    /// Blueprints that did not come with the program.
    pub blueprints: usize,
    /// People and service accounts.
    pub people: u64,
    /// Invitations that are open. Nothing for who may not see them.
    pub invited: usize,
}

impl Portal {
    /// The home page of the caller.
    ///
    /// # Errors
    /// `Forbidden`; when the store fails.
    pub async fn home(&self, viewer: &Viewer) -> Result<Home, PortalError> {
        let seen = self.viewed(viewer).await?;
        let view = self.view(viewer)?;
        let reports = self.sources(viewer).unwrap_or_default();
        let mine = self.owned(&view);
        let all_mine = mine.values().fold(NodeSet::new(), |all, set| all | set);
        let is_around_teams = !all_mine.is_empty();
        let mut attention = view.attention(is_around_teams.then_some(&all_mine));
        let wrong: NodeSet = attention.iter().map(Attention::node).collect();
        let attention_total = attention.len();
        attention.truncate(ATTENTION);
        let around = if is_around_teams { view.with_neighbours(&all_mine) } else { view.worth_showing() };
        let viewed = seen.iter().filter_map(|v| Some((view.by_key(&v.blueprint, &v.identifier)?, v.at)));
        Ok(Home {
            teams: view.rights().teams().map(str::to_owned).collect(),
            mine: counted(&mine, &wrong),
            attention,
            attention_total,
            recent: view.newest(&around, SHOWN),
            is_around_teams,
            viewed: viewed.take(SHOWN).collect(),
            organization_links: view.home_links(),
            links: self.own_links(viewer),
            layout: self.home_layout(viewer),
            steps: self.steps(&view, &reports),
            sources: reports.len(),
            bad_sources: reports.into_iter().filter(needs_somebody).collect(),
            view,
        })
    }

    fn steps(&self, view: &View, reports: &[SourceReport]) -> Steps {
        let invited = match self.could(view.viewer(), Action::CreateUser, Resource::Any) {
            Ok(()) => view.catalog.records("invitation").count(),
            Err(_) => 0,
        };
        let blueprints = view.blueprints().iter();
        Steps {
            sources: reports.len(),
            registered: reports.iter().filter(|r| r.registered).count(),
            supplying: reports.iter().filter(|r| r.entities > 0).count(),
            entities: view.worth_showing().len(),
            blueprints: blueprints
                .filter(|e| !e.face.shipped && !e.blueprint.identifier.starts_with('_'))
                .count(),
            people: view.count(USERS),
            invited,
        }
    }
}

fn needs_somebody(source: &SourceReport) -> bool {
    let is_fresh = source.state.is_none_or(|state| state == stagedoor_model::SourceState::Fresh);
    !is_fresh || !source.problems.is_empty() || !source.conflicts.is_empty() || source.reason.is_some()
}

fn counted(mine: &BTreeMap<String, NodeSet>, wrong: &NodeSet) -> Vec<Owned> {
    let one = |(blueprint, set): (&String, &NodeSet)| Owned {
        blueprint: blueprint.clone(),
        count: set.len(),
        problems: set.intersection_len(wrong),
    };
    let mut all: Vec<Owned> = mine.iter().filter(|(_, set)| !set.is_empty()).map(one).collect();
    all.sort_by_key(|owned| (Reverse(owned.problems), Reverse(owned.count), owned.blueprint.clone()));
    all
}

impl View {
    /// The entities that a list without further ado may show: no people and teams, nothing of the system, no locations.
    fn worth_showing(&self) -> NodeSet {
        let blueprints = self.blueprints().iter().map(|entry| entry.blueprint.identifier.as_str());
        let shown = blueprints.filter(|b| !b.starts_with('_') && !APART.contains(b));
        shown.fold(NodeSet::new(), |all, blueprint| all | self.catalog.set_of(blueprint).as_ref())
    }

    /// Some entities and whatever they are related to.
    fn with_neighbours(&self, nodes: &NodeSet) -> NodeSet {
        let mut all = nodes.clone();
        for node in nodes.iter().take(2_000) {
            all.extend(self.catalog.relations(node).iter().map(|relation| relation.other));
        }
        all & self.worth_showing()
    }

    /// Those that changed last.
    fn newest(&self, nodes: &NodeSet, most: usize) -> Vec<NodeId> {
        let mut heap: BinaryHeap<Reverse<(Timestamp, NodeId)>> = BinaryHeap::with_capacity(most + 1);
        for node in nodes {
            let Some(entity) = self.entity(node) else { continue };
            let key = (entity.record.stamps.updated_at, node);
            if heap.len() < most || heap.peek().is_some_and(|Reverse(least)| *least < key) {
                heap.push(Reverse(key));
                if heap.len() > most {
                    heap.pop();
                }
            }
        }
        let mut found: Vec<_> = heap.into_iter().map(|Reverse(key)| key).collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| self.reference(a.1).cmp(self.reference(b.1))));
        found.into_iter().map(|(_, node)| node).collect()
    }

    /// What is wrong with entities, or with some of them.
    fn attention(&self, among: Option<&NodeSet>) -> Vec<Attention> {
        let node =
            |reference: &str| self.by_ref(reference).filter(|n| among.is_none_or(|set| set.contains(*n)));
        let problem = |(_, problem): (&str, &Problem)| {
            Some(Attention::Problem(node(problem.reference.as_deref()?)?, problem.clone()))
        };
        let conflict = |claim: &std::sync::Arc<stagedoor_model::WaitingClaim>| {
            let node = node(&claim.entity_ref)?;
            let holder = self.entity(node)?.record.claim.as_ref().map(|c| c.item.clone()).unwrap_or_default();
            Some(Attention::Conflict(node, holder, claim.item.clone()))
        };
        let conflicts = self.catalog.waiting().values().filter_map(conflict);
        self.problems.all().filter_map(problem).chain(conflicts).collect()
    }
}
