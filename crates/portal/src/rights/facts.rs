//! What permissions may ask of an entity, answered from a snapshot.

use stagedoor_auth::{Facts, Policy, Rights};
use stagedoor_model::Timestamp;
use stagedoor_query::dialect::port::{self, Caller};
use stagedoor_query::{Catalog, Expr, Meta, NodeId, Scalar, Subject, Test};

/// One entity of a snapshot.
pub(crate) struct EntityFacts<'c> {
    /// Where it is.
    pub(crate) catalog: &'c Catalog,
    /// Which one.
    pub(crate) node: NodeId,
    /// When it is asked, for rules such as "in the last week".
    pub(crate) now: Timestamp,
}

impl Facts for EntityFacts<'_> {
    fn is_owned_by(&self, rights: &Rights) -> bool {
        self.catalog.teams(self.node).iter().any(|team| rights.is_in(team))
    }

    fn satisfies(&self, policy: &Policy, rights: &Rights) -> bool {
        let Some(entity) = self.catalog.entity(self.node) else { return false };
        let blueprint = &entity.record.blueprint;
        let Some(rules) = policy_expr(policy, blueprint, rights, self.catalog, self.now) else {
            return false;
        };
        let uid = entity.record.uid.to_string();
        let itself = Expr::exact(Subject::Meta(Meta::Uid), Test::In(vec![Scalar::text(uid)]));
        !self.catalog.select(&Expr::And(vec![itself, rules]), false).is_empty()
    }
}

/// The entities of a blueprint that satisfy a policy for a caller; `None` for rules that are not legal (any more).
pub(crate) fn policy_expr(
    policy: &Policy,
    blueprint: &str,
    rights: &Rights,
    catalog: &Catalog,
    now: Timestamp,
) -> Option<Expr> {
    let caller =
        Caller::new(catalog, rights.email()).in_teams(|| rights.teams().map(str::to_owned).collect());
    let scope =
        port::Scope { blueprints: catalog.blueprints(), only: Some(blueprint), now, caller: Some(&caller) };
    port::compile(&policy.0, "policy", &scope).ok()
}
