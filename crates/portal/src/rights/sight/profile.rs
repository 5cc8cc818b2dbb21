//! What one kind of caller sees, and how that follows the catalog.

use std::collections::HashMap;
use std::sync::Arc;

use stagedoor_auth::{Action, BlueprintPermissions, Rights, Scopes, Sight};
use stagedoor_model::Timestamp;
use stagedoor_query::{Catalog, Expr, Lens, NodeSet, Place};

use super::super::permissions::PermissionSet;
use super::super::policy_expr;
use super::owners::{Known, is_own};

/// How long rules that depend on the time are taken to hold, in milliseconds.
const MOMENT: i64 = 1_000;
/// Rules that mean the same this much later do not depend on the time: longer than any span of dates that has a name.
const LATER: i64 = 5 * 366 * 86_400_000;

/// Who looks at what.
pub(super) struct Asked<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) rights: &'a Rights,
    /// Those that narrow what is seen.
    pub(super) scopes: Option<&'a Scopes>,
    pub(super) permissions: &'a Arc<PermissionSet>,
    pub(super) now: Timestamp,
}

/// What decides what is seen. Callers with equal keys see the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Blueprints of which not everything is seen.
    partly: Vec<Box<str>>,
    /// Where being in a team shows something.
    teams: Vec<Box<str>>,
    /// Where policies ask who it is.
    email: Option<Box<str>>,
    scopes: Option<Scopes>,
}

impl Key {
    /// `None`: everything is seen.
    pub(super) fn of(asked: &Asked<'_>) -> Option<Self> {
        let rights = asked.rights;
        let mut key =
            Self { partly: Vec::new(), teams: Vec::new(), email: None, scopes: asked.scopes.cloned() };
        let (mut by_team, mut by_policy) = (false, false);
        let restricted = asked.permissions.restricted().iter().filter(|_| !rights.is_administrator());
        for permissions in restricted {
            if let Sight::Part { owned_by_team, policies } = permissions.sight(rights) {
                by_team |= owned_by_team;
                by_policy |= !policies.is_empty();
                key.partly.push(permissions.blueprint().into());
            }
        }
        if by_team || by_policy {
            key.teams = rights.teams().map(Into::into).collect();
        }
        if by_policy {
            key.email = rights.email().map(Into::into);
        }
        (!key.partly.is_empty() || key.scopes.is_some()).then_some(key)
    }
}

/// What callers of one key saw last.
pub(super) struct Profile {
    pub(super) used: u64,
    /// How long it holds, if rules depend on the time.
    pub(super) until: Option<Timestamp>,
    place: Place,
    parts: HashMap<Box<str>, Part>,
    lens: Option<Arc<Lens>>,
}

/// What is seen of a blueprint.
struct Part {
    seen: NodeSet,
    policies: Vec<Expr>,
}

impl Profile {
    /// The profile, and the catalog through it. `owners` is what is known of who owns what.
    pub(super) fn new(
        asked: &Asked<'_>,
        key: &Key,
        before: Option<&Self>,
        mut owners: Known<'_>,
    ) -> (Self, Catalog) {
        let catalog = asked.catalog;
        let touched = before.and_then(|before| catalog.touched_since(before.place));
        let mut parts = HashMap::with_capacity(key.partly.len());
        let (mut hidden, mut timed) = (NodeSet::new(), false);
        for permissions in &key.partly {
            let permissions = asked.permissions.get(permissions);
            let blueprint = permissions.blueprint();
            let judged = Judged::new(asked, &permissions);
            timed |= judged.is_timed;
            let before = before.and_then(|b| b.parts.get(blueprint)).zip(touched.as_ref());
            let part = judged.part(before, &mut owners);
            hidden |= catalog.set_of(blueprint).as_ref() - &part.seen;
            parts.insert(blueprint.into(), part);
        }
        for entry in catalog.blueprints().iter().filter(|_| key.scopes.is_some()) {
            let blueprint = &entry.blueprint.identifier;
            if key.scopes.as_ref().is_some_and(|s| !s.allow(Action::ReadEntities, Some(blueprint))) {
                hidden |= catalog.set_of(blueprint).as_ref();
            }
        }
        let view = catalog.through(hidden, before.and_then(|before| before.lens.as_deref()));
        let until = timed.then(|| Timestamp(asked.now.0.saturating_add(MOMENT)));
        let lens = view.lens().cloned();
        (Self { used: 0, until, place: catalog.place(), parts, lens }, view)
    }
}

/// The rules by which some entities of a blueprint are seen.
struct Judged<'a> {
    asked: &'a Asked<'a>,
    blueprint: &'a str,
    by_team: bool,
    policies: Vec<Expr>,
    is_timed: bool,
    /// Whether an entity has to be judged again only when it is touched.
    is_local: bool,
}

impl<'a> Judged<'a> {
    fn new(asked: &'a Asked<'a>, permissions: &'a BlueprintPermissions) -> Self {
        let Asked { catalog, rights, now, .. } = *asked;
        let blueprint = permissions.blueprint();
        let (by_team, policies) = match permissions.sight(rights) {
            Sight::Part { owned_by_team, policies } => (owned_by_team, policies),
            // The key names only what is seen in part.
            Sight::All => (false, Vec::new()),
        };
        let compile = |now| -> Vec<Expr> {
            let compiled = policies.iter().map(|p| policy_expr(p, blueprint, rights, catalog, now));
            compiled.flatten().collect()
        };
        let exprs = compile(now);
        // What is derived may depend on the time in ways that cannot be told.
        let is_timed =
            exprs.iter().any(Expr::reads_derived) || exprs != compile(Timestamp(now.0.saturating_add(LATER)));
        let inherits = catalog.blueprints().get(blueprint).is_some_and(|e| e.derived.inherits_teams());
        let is_local = !(by_team && inherits) && exprs.iter().all(|expr| catalog.is_local(expr));
        Self { asked, blueprint, by_team, policies: exprs, is_timed, is_local }
    }

    fn part(self, before: Option<(&Part, &NodeSet)>, owners: &mut Known<'_>) -> Part {
        let catalog = self.asked.catalog;
        let all = catalog.set_of(self.blueprint);
        let seen = match before.filter(|(before, _)| self.is_local && before.policies == self.policies) {
            Some((before, touched)) => {
                let again = touched & all.as_ref();
                let mut seen = &before.seen - touched;
                seen |= self.satisfying(&again);
                if self.by_team {
                    seen.extend(again.iter().filter(|node| is_own(catalog, *node, self.asked.rights)));
                }
                seen
            }
            None => {
                let mut seen = self.satisfying(&all);
                if self.by_team {
                    seen |= owners.owned(catalog, self.blueprint, self.asked.rights);
                }
                seen
            }
        };
        Part { seen, policies: self.policies }
    }

    fn satisfying(&self, nodes: &NodeSet) -> NodeSet {
        let mut seen = NodeSet::new();
        for policy in &self.policies {
            seen |= self.asked.catalog.satisfying(policy, nodes);
        }
        seen
    }
}
