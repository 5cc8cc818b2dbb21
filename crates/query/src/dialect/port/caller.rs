//! `{"context": "user" | "userTeams", "property"}`: what is known of the caller.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};
use stagedoor_model::blueprint::Invalid;

use super::{columns, join, required, wrong};
use crate::catalog::{Catalog, NodeId};
use crate::dialect::port::Scope;
use crate::expr::Expr;
use crate::index::term::Scalar;
use crate::{NodeSet, Selection};

/// Blueprint of the people, identified by e-mail address.
const USERS: &str = "_user";
/// Blueprint of the teams.
const TEAMS: &str = "_team";

/// Who asks, for rules that compare with the caller. Most queries do not: what is known of it is read when one does.
pub struct Caller<'a> {
    catalog: &'a Catalog,
    email: Option<String>,
    more: Box<dyn Fn() -> Vec<String> + 'a>,
    known: OnceCell<Known>,
}

/// What is known of a caller.
struct Known {
    user: Option<NodeId>,
    /// Identifiers of its teams, whether or not there are entities of that name.
    teams: BTreeSet<String>,
}

/// Whose properties a context object means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    User,
    Teams,
}

impl<'a> Caller<'a> {
    /// The person of a verified e-mail address. A program has none: no rule with a context matches then.
    #[must_use]
    pub fn new(catalog: &'a Catalog, email: Option<&str>) -> Self {
        let email = email.map(str::to_owned);
        Self { catalog, email, more: Box::new(Vec::new), known: OnceCell::new() }
    }

    /// The same caller in more teams: those that it has by other ways than its `_user` entity.
    #[must_use]
    pub fn in_teams(mut self, teams: impl Fn() -> Vec<String> + 'a) -> Self {
        self.more = Box::new(teams);
        self
    }

    fn known(&self) -> &Known {
        self.known.get_or_init(|| {
            let catalog = self.catalog;
            let user = self.email.as_deref().and_then(|e| catalog.node_of_key(USERS, e));
            let mut teams: BTreeSet<String> = user.map(|u| catalog.teams(u)).into_iter().flatten().collect();
            let entry = user.and_then(|u| catalog.blueprint_of(catalog.entity(u)?));
            let of_teams =
                entry.into_iter().flat_map(|e| &e.face.relations).filter(|(_, r)| r.target == TEAMS);
            for (user, (key, _)) in user.into_iter().flat_map(|u| of_teams.clone().map(move |r| (u, r))) {
                let ends = catalog.ends_of(user, key);
                teams.extend(ends.into_iter().map(|n| catalog.identifier_at(n).into_owned()));
            }
            teams.extend((self.more)());
            Known { user, teams }
        })
    }

    fn nodes(&self, whose: Whose) -> NodeSet {
        match whose {
            Whose::User => self.known().user.into_iter().collect(),
            Whose::Teams => {
                self.known().teams.iter().filter_map(|t| self.catalog.node_of_key(TEAMS, t)).collect()
            }
        }
    }

    /// The values of a property of the caller, or of its teams.
    fn values(&self, whose: Whose, property: &str, scope: &Scope<'_>) -> Vec<Scalar> {
        match (whose, property) {
            (Whose::Teams, "$identifier") => return self.known().teams.iter().map(Scalar::text).collect(),
            (Whose::User, "$team") => return self.known().teams.iter().map(Scalar::text).collect(),
            (Whose::User, "$identifier") => return self.email.iter().map(Scalar::text).collect(),
            _ => {}
        }
        let scope = Scope { only: Some(whose.blueprint()), ..*scope };
        let nodes = self.nodes(whose);
        let columns = columns::named(property, "", &scope).unwrap_or_default();
        let selection = Selection::of(self.catalog, nodes);
        let mut values: Vec<Scalar> =
            columns.iter().flat_map(|c| selection.values_of(c.subject(), c.through()).distinct).collect();
        if values.is_empty() && whose == Whose::User && property == "email" {
            values.extend(self.email.iter().map(Scalar::text));
        }
        values
    }
}

impl Whose {
    fn read(map: &Map<String, Value>, place: &str) -> Result<Self, Invalid> {
        match required(map, "context", place)?.as_str() {
            Some("user") => Ok(Self::User),
            Some("userTeams") => Ok(Self::Teams),
            _ => Err(wrong(
                &join(place, "context"),
                "must be equal to one of the allowed values: user, userTeams",
            )),
        }
    }

    fn blueprint(self) -> &'static str {
        if self == Self::User { USERS } else { TEAMS }
    }
}

/// A context object in place of a rule's `property` or `value`.
pub(super) fn is_context(value: Option<&Value>) -> bool {
    value.and_then(Value::as_object).is_some_and(|map| map.contains_key("context"))
}

/// The values that a context object stands for.
pub(super) fn values(value: &Value, place: &str, scope: &Scope<'_>) -> Result<Vec<Scalar>, Invalid> {
    let (whose, property) = read(value, place)?;
    columns::check_name(property, &join(place, "property"))?;
    Ok(scope.caller.map(|c| c.values(whose, property, scope)).unwrap_or_default())
}

/// The same rule about the caller itself: it matches everything or nothing.
pub(super) fn about_caller(
    property: &Value,
    place: &str,
    scope: &Scope<'_>,
    rule: impl FnOnce(&str, &Scope<'_>) -> Result<Expr, Invalid>,
) -> Result<Expr, Invalid> {
    let (whose, name) = read(property, place)?;
    let expr = rule(name, &Scope { only: Some(whose.blueprint()), ..*scope })?;
    let Some(caller) = scope.caller else { return Ok(Expr::nothing()) };
    let holds = !caller.catalog.evaluate(&expr, &caller.nodes(whose)).is_empty();
    Ok(if holds { Expr::All } else { Expr::nothing() })
}

fn read<'v>(value: &'v Value, place: &str) -> Result<(Whose, &'v str), Invalid> {
    let map = super::object(value, place)?;
    let whose = Whose::read(map, place)?;
    let property = required(map, "property", place)?;
    let property = property.as_str().ok_or_else(|| wrong(&join(place, "property"), "must be string"))?;
    Ok((whose, property))
}
