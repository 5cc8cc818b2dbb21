//! Who may execute an action, and who approves a run of it.

use std::collections::BTreeSet;

use serde_json::Value;
use stagedoor_actions::port::PortAction;
use stagedoor_actions::{Approval, ApprovalMode};
use stagedoor_auth::{Action, Block, Denied, Facts, Policy, Resource, Rights, Viewer, decide};
use stagedoor_model::names;
use stagedoor_query::{Catalog, NodeId};

use super::permissions;
use super::policy::{self, About};
use crate::error::PortalError;
use crate::people;
use crate::rights::account_of;
use crate::{Portal, UserStatus, View, audit};

/// A block of an action's permissions.
pub(super) fn block(catalog: &Catalog, action: &str, name: &str) -> Block {
    let all = permissions::read(catalog, action);
    block_of(catalog, all.get(name).unwrap_or(&Value::Null))
}

/// A block out of its JSON, with teams by their identifiers; nobody where it names nobody.
pub(crate) fn block_of(catalog: &Catalog, block: &Value) -> Block {
    let mut block = Block::parse(block, &Block::default());
    // Port's clients name teams as people do.
    for team in &mut block.teams {
        if !names::is_entity_identifier(team)
            && let Some(identifier) = people::team_called(catalog, team)
        {
            *team = identifier;
        }
    }
    block
}

/// What permissions may ask about a run that is to begin.
pub(crate) struct AboutRun<'a> {
    pub(crate) portal: &'a Portal,
    pub(crate) catalog: &'a Catalog,
    /// The entity that it is about.
    pub(crate) node: Option<NodeId>,
    pub(crate) about: &'a About,
}

impl Facts for AboutRun<'_> {
    fn is_owned_by(&self, rights: &Rights) -> bool {
        self.node.is_some_and(|node| self.catalog.teams(node).iter().any(|team| rights.is_in(team)))
    }

    fn satisfies(&self, policy: &Policy, rights: &Rights) -> bool {
        policy::outputs(self.portal, &policy.0, self.about, rights).contains(&Value::Bool(true))
    }
}

/// Whether these rights suffice to execute an action, without a trace.
pub(super) fn may_execute(rights: &Rights, action: &str, run: &AboutRun<'_>) -> Result<(), Denied> {
    let mut block = block(run.catalog, action, "execute");
    if block.policy.is_some() {
        // The rest then only says who finds the action.
        block = Block { policy: block.policy, ..Block::default() };
    }
    let resource = Resource::Guarded { name: action, block: Some(&block), facts: Some(run) };
    decide(rights, Action::ExecuteAction, &resource)
}

/// Whether somebody could execute an action with some entity, as far as that can be told before anything is filled in.
pub(super) fn could_execute(
    rights: &Rights,
    action: &str,
    catalog: &Catalog,
    node: Option<NodeId>,
) -> Result<(), Denied> {
    let mut block = block(catalog, action, "execute");
    let open = block.policy.take().is_some() || (block.owned_by_team && node.is_none());
    let owned = Owned { catalog, node };
    let block = if open { None } else { Some(&block) };
    decide(rights, Action::ExecuteAction, &Resource::Guarded { name: action, block, facts: Some(&owned) })
}

struct Owned<'a> {
    catalog: &'a Catalog,
    node: Option<NodeId>,
}

impl Facts for Owned<'_> {
    fn is_owned_by(&self, rights: &Rights) -> bool {
        self.node.is_some_and(|node| self.catalog.teams(node).iter().any(|team| rights.is_in(team)))
    }

    fn satisfies(&self, _: &Policy, _: &Rights) -> bool {
        false
    }
}

impl Portal {
    /// As [`may_execute`]; a refusal is written into the audit journal.
    pub(super) fn may_execute(
        &self,
        viewer: &Viewer,
        rights: &Rights,
        action: &str,
        run: &AboutRun<'_>,
    ) -> Result<(), PortalError> {
        may_execute(rights, action, run).map_err(|denied| {
            audit::denied(&self.shared.denials, viewer, &denied, audit::name_of(&Resource::Named(action)));
            PortalError::Forbidden(denied.to_string())
        })
    }

    /// Identifiers of the self-service actions that a caller may execute with any entity, and of those that it may with
    /// entities of its teams.
    #[must_use]
    pub fn executable_actions(&self, viewer: &Viewer) -> (Vec<String>, Vec<String>) {
        let catalog = self.shared.catalog.load();
        let rights = self.rights_in(viewer, &catalog);
        let (mut any, mut owned) = (Vec::new(), Vec::new());
        for record in catalog.records(super::ACTIONS) {
            if PortAction::stored(record.body.value()).is_automation() {
                continue;
            }
            let mut block = block(&catalog, &record.key, "execute");
            let policy = block.policy.take().is_some();
            let by_team = std::mem::take(&mut block.owned_by_team);
            let may = |block: Option<&Block>| {
                let resource = Resource::Guarded { name: &record.key, block, facts: None };
                decide(&rights, Action::ExecuteAction, &resource).is_ok()
            };
            if may(Some(&block)) || (policy && may(None)) {
                any.push(record.key.clone());
            } else if by_team && may(None) {
                owned.push(record.key.clone());
            }
        }
        (any, owned)
    }

    /// Who has to approve a run, as it is now; `None` where nobody has to.
    pub(super) fn approval_for(
        &self,
        action: &PortAction,
        view: &View,
        catalog: &Catalog,
        about: &About,
        starter: &str,
    ) -> Option<Approval> {
        let mode = action.approval()?;
        let stored = permissions::read(catalog, action.identifier());
        let own = stored.pointer("/approve/ownRuns") == Some(&Value::Bool(true));
        let block = block(catalog, action.identifier(), "approve");
        let whole = self.whole_view();
        let active =
            || whole.people().into_iter().filter(|p| p.status == UserStatus::Active && !p.is_service_account);
        let mut approvers: BTreeSet<String> = match &block.policy {
            Some(policy) => {
                let outputs = policy::outputs(self, &policy.0, about, view.rights());
                let texts = outputs.iter().flat_map(|output| output.as_array().into_iter().flatten());
                texts.filter_map(Value::as_str).map(str::to_lowercase).collect()
            }
            None => active()
                .filter(|person| {
                    let account = account_of(&person.email, catalog);
                    block.users.contains(&person.email)
                        || block.roles.iter().any(|role| account.roles.contains(role))
                        || block.teams.iter().any(|team| account.teams.contains(team))
                })
                .map(|person| person.email)
                .collect(),
        };
        if !own {
            approvers.remove(starter);
        }
        if approvers.is_empty() {
            // Nobody is named: administrators.
            approvers.extend(active().filter(|person| person.role == "Admin").map(|person| person.email));
            if !own && (mode == ApprovalMode::All || approvers.len() > 1) {
                approvers.remove(starter);
            }
        }
        Some(Approval { mode, approvers: approvers.into_iter().collect(), own, answers: Vec::new() })
    }

    /// The catalog without anything hidden, for decisions that are nobody's view.
    pub(crate) fn whole_view(&self) -> View {
        let (catalog, problems) = (self.shared.catalog.load_full(), self.shared.problems.load_full());
        View::new(catalog, problems, Viewer::system("actions"), Rights::all())
    }
}
