//! `_scorecard`, `_rule` and `_rule_result` as entities: made when they are asked for, nowhere kept.
//!
//! Scorecards and rules are few: all of them go into a copy of the viewer's snapshot, under blueprints in which what Port
//! derives is a plain property. Results are too many for that. A query for them is answered rule by rule, with the sets of
//! entities that the boards have ([`narrow`]); only a page of what is found is made into entities ([`rows`]).

mod model;
mod narrow;
mod rows;
mod written;

use std::sync::Arc;

use stagedoor_auth::{Action, Sight};
use stagedoor_model::{Blueprint, Change, EntityRecord, Stamps, Timestamp};
use stagedoor_query::budget::spend;
use stagedoor_query::{Catalog, Entity, Expr, Meta, NodeId, NodeSet, Scalar, Subject, Test};
use stagedoor_scorecards::Board;

pub(crate) use self::model::leave_out_targets;
use self::narrow::{Bounds, Narrow, Places};
use super::{key, stored};
use crate::error::PortalError;
use crate::rights::policy_expr;
use crate::score_log::Since;
use crate::{Portal, View, score_entities};

/// Scorecards.
pub(crate) const SCORECARDS_OF: &str = score_entities::SCORECARD;
/// Their rules.
pub(crate) const RULES: &str = score_entities::RULE;
/// What rules say of entities.
pub(crate) const RESULTS: &str = score_entities::RULE_RESULT;
/// The blueprints whose entities are computed.
const COMPUTED: [&str; 3] = [SCORECARDS_OF, RULES, RESULTS];
/// Results that one answer without pages is made of, at most.
const MOST: usize = 20_000;
/// Results that are made into entities together, where all are wanted.
const TOGETHER: usize = 1_000;
/// Results that are made into entities to look at them closer, at once.
const CLOSER: usize = 500;
/// What making an entity costs, where looking at one costs 1.
const LOOK: u32 = 256;

/// Whether the entities of a blueprint are computed from scorecards.
#[must_use]
pub fn is_computed(blueprint: &str) -> bool {
    COMPUTED.contains(&blueprint)
}

/// Whether an entity of a computed blueprint has this property as a derived one in Port.
#[must_use]
pub fn is_derived_there(blueprint: &str, property: &str) -> bool {
    is_computed(blueprint) && model::derives(blueprint, property)
}

/// Refuses to write what is computed.
pub(crate) fn refuse(blueprint: &str) -> Result<(), PortalError> {
    let text = match blueprint {
        RESULTS => {
            "Entities of \"_rule_result\" are computed from scorecards and cannot be written".to_owned()
        }
        SCORECARDS_OF | RULES => format!(
            "Entities of \"{blueprint}\" are computed from scorecards: write those, at /v1/blueprints/{{blueprint}}/scorecards"
        ),
        _ => return Ok(()),
    };
    Err(PortalError::refused("protected_resource", text))
}

fn too_many() -> PortalError {
    let text = format!(
        "more than {MOST} results: ask for some of them, by rule, scorecard, blueprint, entity, team, level or result, or page by page with POST /v1/blueprints/{RESULTS}/entities/search"
    );
    PortalError::refused("too_many_results", text)
}

/// Scorecards, rules and results as one viewer sees them.
pub struct Computed {
    /// The viewer's snapshot.
    seen: View,
    /// The same with scorecards and rules in it.
    base: Arc<Catalog>,
    places: Places,
    slices: Vec<Slice>,
    /// Which results may be seen.
    sight: Expr,
}

/// The results of one rule.
struct Slice {
    board: Arc<Board>,
    rule: usize,
    /// `<blueprint>/<scorecard>/<rule>/`.
    prefix: String,
    title: String,
    /// Title of the rule's level.
    level: String,
    stamps: Stamps,
    past: Since,
}

impl Slice {
    fn rule_identifier(&self) -> &str {
        self.prefix.strip_suffix('/').unwrap_or(&self.prefix)
    }

    fn since(&self, entity: &Entity) -> Option<Timestamp> {
        let rule = self.board.scorecard.rules.get(self.rule).map(|rule| rule.identifier.as_str());
        self.past.of(entity.record.uid, rule, entity.record.stamps.created_at)
    }
}

/// Some results as entities.
pub struct ResultPage {
    /// The snapshot with scorecards, rules and these results in it.
    pub view: View,
    /// The results, in order.
    pub nodes: Vec<NodeId>,
    /// Where the next page goes on, if there is more.
    pub next: Option<String>,
}

impl Portal {
    /// Scorecards, rules and results as the viewer of a view sees them. May block.
    #[must_use]
    pub fn computed(&self, view: &View) -> Computed {
        let all = stored(&view.catalog, None);
        let scored = scored(view);
        let mut base = view.catalog.beside();
        for blueprint in COMPUTED {
            let flat = base.blueprints().get(blueprint).and_then(|entry| model::flat(entry, &scored));
            flat.into_iter().for_each(|flat| base.apply(&Change::PutBlueprint(flat)));
        }
        let mut slices = Vec::new();
        for stored in &all {
            let definition = &stored.definition;
            let Some(board) = view.board(&stored.blueprint, &definition.identifier) else { continue };
            put(&mut base, rows::scorecard(&view.catalog, stored, &board));
            let past = self.score_since(&stored.blueprint, &definition.identifier);
            for (at, rule) in definition.rules.iter().enumerate() {
                put(&mut base, rows::rule(&view.catalog, stored, &board, (at, rule)));
                let of = key(&stored.blueprint, &definition.identifier);
                slices.push(Slice {
                    board: Arc::clone(&board),
                    rule: at,
                    prefix: format!("{of}/{}/", rule.identifier),
                    title: rule.title.clone(),
                    level: definition.levels.get(rule.level).map(|l| l.title.clone()).unwrap_or_default(),
                    stamps: stored.stamps.clone(),
                    past: past.clone(),
                });
            }
        }
        slices.sort_by(|a, b| a.prefix.cmp(&b.prefix));
        for blueprint in [SCORECARDS_OF, RULES] {
            self.leave_out_unseen(view, &mut base, blueprint);
        }
        let sight = self.sight_of(view, &base, RESULTS);
        let places = Places::of(&base, &scored);
        Computed { seen: view.clone(), base: Arc::new(base), places, slices, sight }
    }

    fn leave_out_unseen(&self, view: &View, base: &mut Catalog, blueprint: &str) {
        let sight = self.sight_of(view, base, blueprint);
        if sight == Expr::All {
            return;
        }
        let all = base.set_of(blueprint);
        let unseen = all.as_ref() - base.satisfying(&sight, &all);
        let uids: Vec<_> = unseen.iter().filter_map(|n| Some(base.entity(n)?.record.uid)).collect();
        uids.into_iter().for_each(|uid| base.apply(&Change::DeleteEntity(uid)));
    }

    /// Which entities of a computed blueprint its permissions and the viewer's token let be seen.
    fn sight_of(&self, view: &View, catalog: &Catalog, blueprint: &str) -> Expr {
        let rights = view.rights();
        let allows = |of: Option<&str>| rights.scopes().is_none_or(|s| s.allow(Action::ReadEntities, of));
        if !allows(None) && !allows(Some(blueprint)) {
            return Expr::nothing();
        }
        let permissions = self.permissions().get(blueprint);
        match permissions.sight(rights) {
            _ if rights.is_administrator() => Expr::All,
            Sight::All => Expr::All,
            Sight::Part { owned_by_team, policies } => {
                let now = catalog.now();
                let exprs = policies.iter().map(|p| policy_expr(p, blueprint, rights, catalog, now));
                let mut any: Vec<Expr> = exprs.flatten().collect();
                if owned_by_team {
                    let teams = rights.teams().map(Scalar::text).collect();
                    any.push(Expr::exact(Subject::Meta(Meta::Team), Test::In(teams)));
                }
                Expr::Or(any)
            }
        }
    }
}

/// The blueprints that have scorecards, where results can have a relation of their name.
fn scored(view: &View) -> Vec<String> {
    let mut all: Vec<String> = stored(&view.catalog, None).into_iter().map(|s| s.blueprint).collect();
    all.sort();
    all.dedup();
    let entry = view.blueprints().get(RESULTS);
    all.retain(|name| entry.is_none_or(|entry| model::is_free(&entry.blueprint, name)));
    all
}

fn put(catalog: &mut Catalog, record: Option<EntityRecord>) {
    record.into_iter().for_each(|record| catalog.apply(&Change::PutEntity(Arc::new(record))));
}

impl View {
    /// A blueprint in Port's form; that of results with the relations to what has scorecards.
    #[must_use]
    pub fn described(&self, blueprint: &Blueprint) -> serde_json::Value {
        match blueprint.identifier == RESULTS {
            true => model::described(blueprint, &scored(self)),
            false => blueprint.to_port(),
        }
    }
}

impl Computed {
    /// The snapshot with all scorecards and rules in it, and no results. Queries for results are compiled against it.
    #[must_use]
    pub fn view(&self) -> View {
        self.seen.over(Arc::clone(&self.base))
    }

    /// How many results satisfy a query.
    #[must_use]
    pub fn count(&self, expr: &Expr) -> u64 {
        let expr = self.seen_only(expr);
        self.slices.iter().map(|slice| self.found(slice, &expr).len()).sum()
    }

    /// Results that satisfy a query, by identifier, rule by rule, from behind a place on.
    ///
    /// # Errors
    /// When the place is none.
    pub fn page(&self, expr: &Expr, after: Option<&str>, limit: usize) -> Option<ResultPage> {
        let after = match after {
            None => None,
            Some(after) => Some(after.split_once('\n')?),
        };
        let expr = self.seen_only(expr);
        let mut found: Vec<(&Slice, NodeId)> = Vec::new();
        for slice in &self.slices {
            let start = match after {
                Some((prefix, _)) if slice.prefix.as_str() < prefix => continue,
                Some((prefix, entity)) if slice.prefix == prefix => Some(entity),
                _ => None,
            };
            self.some(slice, &expr, start, limit + 1, &mut found);
            if found.len() > limit {
                break;
            }
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let place = |(slice, node): &(&Slice, NodeId)| {
            format!("{}\n{}", slice.prefix, self.seen.catalog.identifier_at(*node))
        };
        let next = found.last().filter(|_| more).map(place);
        let (view, nodes) = self.made(&found);
        Some(ResultPage { view, nodes, next })
    }

    /// The result of an identifier.
    #[must_use]
    pub fn result(&self, identifier: &str) -> Option<(View, NodeId)> {
        let named = Test::In(vec![Scalar::text(identifier)]);
        let page = self.page(&Expr::exact(Subject::Meta(Meta::Identifier), named), None, 1)?;
        Some((page.view, page.nodes.first().copied()?))
    }

    /// The snapshot with all results in it that satisfy a query.
    ///
    /// # Errors
    /// `too_many_results` when these are more than one answer is made of.
    pub fn with_results(&self, expr: &Expr) -> Result<View, PortalError> {
        if self.count(expr) > MOST as u64 {
            return Err(too_many());
        }
        self.page(expr, None, MOST).map(|page| page.view).ok_or_else(too_many)
    }

    /// All results, batch by batch.
    ///
    /// # Errors
    /// `too_many_results`.
    pub fn all(&self) -> Result<impl Iterator<Item = ResultPage>, PortalError> {
        if self.count(&Expr::All) > MOST as u64 {
            return Err(too_many());
        }
        let mut after = Some(None::<String>);
        Ok(std::iter::from_fn(move || {
            let page = self.page(&Expr::All, after.take()?.as_deref(), TOGETHER)?;
            after = page.next.clone().map(Some);
            Some(page)
        }))
    }

    /// How many of the results that satisfy a query have each value of something, and how many have none; `None` where
    /// that cannot be told without looking at each.
    #[must_use]
    pub fn groups(&self, expr: &Expr, by: &Subject) -> Option<(Vec<(Scalar, u64)>, u64)> {
        let expr = self.seen_only(expr);
        let (mut counts, mut missing) = (Vec::<(Scalar, u64)>::new(), 0);
        for slice in &self.slices {
            let found = self.found(slice, &expr);
            let narrow = Narrow { catalog: &self.seen.catalog, places: &self.places, slice };
            let (some, none) = narrow.groups(by, &found)?;
            missing += none;
            for (value, count) in some.into_iter().filter(|(_, count)| *count > 0) {
                match counts.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, sum)) => *sum += count,
                    None => counts.push((value, count)),
                }
            }
        }
        Some((counts, missing))
    }

    fn seen_only(&self, expr: &Expr) -> Expr {
        match self.sight {
            Expr::All => expr.clone(),
            _ => Expr::And(vec![expr.clone(), self.sight.clone()]),
        }
    }

    fn bounds(&self, slice: &Slice, expr: &Expr) -> Bounds {
        let narrow = Narrow { catalog: &self.seen.catalog, places: &self.places, slice };
        narrow.bounds(expr, &slice.board.applies)
    }

    /// Who of a rule's entities has a result that satisfies a query.
    fn found(&self, slice: &Slice, expr: &Expr) -> NodeSet {
        let bounds = self.bounds(slice, expr);
        if bounds.is_exact() {
            return bounds.sure;
        }
        let open: Vec<NodeId> = (&bounds.maybe - &bounds.sure).iter().collect();
        let mut found = bounds.sure;
        open.chunks(CLOSER).for_each(|some| found.extend(self.closer(slice, some, expr)));
        found
    }

    /// The same in the order of identifiers, until there are enough.
    fn some<'s>(
        &self,
        slice: &'s Slice,
        expr: &Expr,
        after: Option<&str>,
        enough: usize,
        found: &mut Vec<(&'s Slice, NodeId)>,
    ) {
        let bounds = self.bounds(slice, expr);
        let selection = self.seen.catalog.those(&bounds.maybe);
        let mut walk = selection.by_identifier(&slice.board.blueprint, after);
        while found.len() < enough {
            let some: Vec<NodeId> = walk.by_ref().take(CLOSER.min(enough - found.len())).collect();
            if some.is_empty() {
                return;
            }
            let open: Vec<NodeId> =
                some.iter().copied().filter(|node| !bounds.sure.contains(*node)).collect();
            let also = self.closer(slice, &open, expr);
            let fits = |node: &NodeId| bounds.sure.contains(*node) || also.contains(*node);
            found.extend(some.into_iter().filter(fits).map(|node| (slice, node)));
        }
    }

    /// Makes results into entities, and asks these.
    fn closer(&self, slice: &Slice, nodes: &[NodeId], expr: &Expr) -> NodeSet {
        if nodes.is_empty() {
            return NodeSet::new();
        }
        let rows: Vec<(&Slice, NodeId)> = nodes.iter().map(|node| (slice, *node)).collect();
        let (view, made) = self.made(&rows);
        let hits = view.catalog.satisfying(expr, &made.iter().copied().collect());
        nodes.iter().zip(made).filter(|(_, made)| hits.contains(*made)).map(|(node, _)| *node).collect()
    }

    /// The snapshot with these results in it, and where they are.
    fn made(&self, rows: &[(&Slice, NodeId)]) -> (View, Vec<NodeId>) {
        let mut catalog = self.base.as_ref().clone();
        let mut nodes = Vec::with_capacity(rows.len());
        for (slice, node) in rows {
            if !spend(LOOK) {
                break;
            }
            let Some(record) = rows::result(&catalog, slice, *node) else { continue };
            let identifier = record.identifier.clone();
            put(&mut catalog, Some(record));
            nodes.extend(catalog.node_of_key(RESULTS, identifier.as_str()));
        }
        (self.seen.over(Arc::new(catalog)), nodes)
    }
}
