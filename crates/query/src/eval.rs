//! Evaluation of a query on a snapshot: sets of nodes, combined.
//!
//! A condition on a document path reads the inverted index: equality seeks, every other test runs
//! once per distinct value, not once per entity. Only what the index does not hold by value (texts
//! over 200 characters, meta-properties) is read from the entities.

use std::borrow::Cow;
use std::cell::RefCell;

use roaring::RoaringBitmap;
use serde_json::Value;
use stagedoor_model::Timestamp;
use stagedoor_model::entity_ref::kind_of;
use uuid::Uuid;

use crate::blueprints::BlueprintEntry;
use crate::budget::spend;
use crate::catalog::{Catalog, Entity, NodeId};
use crate::expr::{Candidate, Collation, Expr, Meta, Subject, Test};
use crate::index::field::FieldIndex;
use crate::index::postings::{Holders, Postings};
use crate::index::term::{Scalar, TermKind, fold_cmp, fold_eq};
use crate::index::terms::Entry;
use crate::related::Related;

type Set<'a> = Cow<'a, RoaringBitmap>;

impl Catalog {
    /// The nodes of `universe` that satisfy `expr`.
    pub(crate) fn evaluate<'a>(&'a self, expr: &Expr, universe: &'a RoaringBitmap) -> Set<'a> {
        if !spend(32) {
            return Cow::default();
        }
        match expr {
            Expr::All => Cow::Borrowed(universe),
            Expr::Reach(reach) => Cow::Owned(self.reach(reach) & universe),
            Expr::And(parts) => self.evaluate_and(parts, universe),
            Expr::Or(parts) => {
                let mut all = RoaringBitmap::new();
                for part in parts {
                    all |= self.evaluate(part, universe).as_ref();
                }
                Cow::Owned(all)
            }
            Expr::Not(part) => Cow::Owned(universe - self.evaluate(part, universe).as_ref()),
            Expr::Is { subject, test, collation } => {
                match self.condition(subject, test, *collation, universe) {
                    Cow::Borrowed(set) if std::ptr::eq(set, universe) => Cow::Borrowed(set),
                    set => Cow::Owned(set.as_ref() & universe),
                }
            }
        }
    }

    fn evaluate_and<'a>(&'a self, parts: &[Expr], universe: &'a RoaringBitmap) -> Set<'a> {
        let mut sets: Vec<Set<'a>> = Vec::with_capacity(parts.len() + 1);
        for part in parts.iter().filter(|p| !looks_at_each(p)) {
            let set = self.part(part, universe);
            if set.is_empty() {
                return set;
            }
            sets.push(set);
        }
        sets.push(Cow::Borrowed(universe));
        // The smallest first keeps every intermediate result small.
        sets.sort_by_key(|s| s.len());
        let mut sets = sets.into_iter();
        let mut result = sets.next().unwrap_or_default();
        for set in sets {
            result = Cow::Owned(match result {
                Cow::Owned(first) => first & set.as_ref(),
                Cow::Borrowed(first) => first & set.as_ref(),
            });
        }
        // What looks at entities one by one then has only the rest to look at.
        for part in parts.iter().filter(|p| looks_at_each(p)) {
            result = Cow::Owned(self.evaluate(part, &result).into_owned());
        }
        result
    }

    /// A part of a conjunction: what satisfies it, perhaps with what is outside of `universe`.
    fn part<'a>(&'a self, part: &Expr, universe: &'a RoaringBitmap) -> Set<'a> {
        match part {
            Expr::Is { subject, test, collation } if spend(32) => {
                self.condition(subject, test, *collation, universe)
            }
            part => self.evaluate(part, universe),
        }
    }

    /// What satisfies a condition; where entities have to be looked at one by one, only those of `universe`.
    fn condition<'a>(
        &'a self,
        subject: &Subject,
        test: &Test,
        collation: Collation,
        universe: &'a RoaringBitmap,
    ) -> Set<'a> {
        match subject {
            Subject::Field(path) => self.field_condition(path, test, collation),
            Subject::Relation { .. } => {
                Cow::Owned(self.relation_condition(subject, test, collation, universe))
            }
            Subject::Meta(meta) => self.meta_condition(*meta, test, collation, universe),
            Subject::Derived(key) => Cow::Owned(self.derived_condition(key, test, collation, universe)),
            Subject::Standing { scorecard, rule, .. } => {
                Cow::Owned(self.standing_condition(scorecard, rule.as_deref(), test, universe))
            }
        }
    }

    fn field_condition<'a>(&'a self, path: &str, test: &Test, collation: Collation) -> Set<'a> {
        if collation == Collation::Exact {
            let Some(field) = self.index.exact(path) else { return Cow::default() };
            return self.field_matches(field, path, test, collation);
        }
        if fold_eq(path, "metadata.uid") {
            return self.meta_condition(Meta::Uid, test, collation, &self.live);
        }
        let mut fields = self.index.folded(path);
        let first = fields.next();
        let mut result = match first {
            Some(field) => self.field_matches(field, path, test, collation),
            None => Cow::default(),
        };
        for field in fields {
            *result.to_mut() |= self.field_matches(field, path, test, collation).as_ref();
        }
        let as_item = Candidate { text: "true", is_text: false };
        if test.accepts(as_item, collation) {
            for (field, item) in self.index.item_fields(path) {
                let items = field.items(item);
                if !items.is_empty() {
                    *result.to_mut() |= items;
                }
            }
        }
        result
    }

    fn field_matches<'a>(
        &'a self,
        field: &'a FieldIndex,
        path: &str,
        test: &Test,
        collation: Collation,
    ) -> Set<'a> {
        let mut set = RoaringBitmap::new();
        match test {
            Test::Exists => return Cow::Borrowed(field.present.as_ref()),
            Test::Valued => {
                let mut set = field.valued();
                set |= field.long.as_ref();
                set |= field.containers.as_ref();
                return Cow::Owned(set);
            }
            Test::Filled => return Cow::Owned(self.filled(field, path)),
            Test::In(list) => {
                let found: Vec<Holders<'_>> =
                    list.iter().flat_map(|sought| equal_terms(field, sought, collation)).collect();
                // What many have is not copied, as long as nobody else is to be with them.
                if let [Holders::Several(Postings::Many(ids))] = found[..]
                    && (collation == Collation::Folded || field.long.is_empty())
                {
                    return Cow::Borrowed(ids.as_ref());
                }
                found.into_iter().for_each(|holders| holders.add_to(&mut set));
            }
            Test::Prefix(part) if collation == Collation::Folded => {
                let at_least = field.terms.from(|t| match fold_cmp(t.text, part) {
                    std::cmp::Ordering::Equal => std::cmp::Ordering::Greater,
                    other => other,
                });
                let begins = |text: &str| test.accepts(Candidate { text, is_text: true }, collation);
                let found = at_least.take_while(|e| begins(e.term().text));
                found.for_each(|e| e.holders().add_to(&mut set));
            }
            // Of an empty part nothing can be found, and everything contains it.
            Test::Contains(part) if !part.is_empty() => {
                for entry in field.terms.containing(part).into_iter().take_while(|_| spend(1)) {
                    let term = entry.term();
                    let is_text = matches!(term.kind, TermKind::Text | TermKind::Item);
                    let accepts = || test.accepts(Candidate { text: term.text, is_text }, collation);
                    if collation == Collation::Folded || accepts() {
                        entry.holders().add_to(&mut set);
                    }
                }
            }
            _ => {
                for entry in field.terms.iter().take_while(|_| spend(1)) {
                    let term = entry.term();
                    let is_text = matches!(term.kind, TermKind::Text | TermKind::Item);
                    if test.accepts(Candidate { text: term.text, is_text }, collation) {
                        entry.holders().add_to(&mut set);
                    }
                }
            }
        }
        if collation == Collation::Exact && !field.long.is_empty() {
            set.extend(
                field
                    .long
                    .iter()
                    .take_while(|_| spend(64))
                    .filter(|n| self.long_value_matches(*n, path, test)),
            );
        }
        Cow::Owned(set)
    }

    /// Port compares long texts too; they are read from the document.
    fn long_value_matches(&self, node: NodeId, path: &str, test: &Test) -> bool {
        let mut found = false;
        if let Some(entity) = self.entity(node) {
            crate::index::walk::walk_text(entity.document.as_str(), &mut |p, leaf, _| {
                if let crate::index::walk::Leaf::Text(text) = leaf {
                    found |= p == path && test.accepts(Candidate { text, is_text: true }, Collation::Exact);
                }
            });
        }
        found
    }

    fn relation_condition(
        &self,
        subject: &Subject,
        test: &Test,
        collation: Collation,
        universe: &RoaringBitmap,
    ) -> RoaringBitmap {
        let Some(related) = Related::of(self, subject, collation) else { return RoaringBitmap::new() };
        let Subject::Relation { target_kind, by_identifier, .. } = subject else {
            return RoaringBitmap::new();
        };
        match test {
            Test::In(list) if !by_identifier || collation == Collation::Exact => {
                let mut ends = Vec::new();
                list.iter().for_each(|sought| {
                    self.nodes_named(&sought.text, *by_identifier, target_kind.as_deref(), &mut ends)
                });
                let is_it = |end: &NodeId| {
                    let value = related.text(*end);
                    related.fits(*end) && test.accepts(Candidate { text: &value, is_text: true }, collation)
                };
                let mut set = RoaringBitmap::new();
                for end in ends.into_iter().filter(is_it) {
                    related.each_holder(end, |node| {
                        set.insert(node);
                    });
                }
                set
            }
            _ => related.matching(test, collation, universe),
        }
    }

    /// The nodes that may have this reference or exact identifier, without looking at all of them.
    fn nodes_named(&self, text: &str, by_identifier: bool, kind: Option<&str>, out: &mut Vec<NodeId>) {
        out.extend(self.node_of_ref(&text.to_lowercase()));
        if by_identifier {
            out.extend(self.node_of_ref(text));
            out.extend(
                self.blueprints().iter().filter_map(|e| self.node_of_key(&e.blueprint.identifier, text)),
            );
            let fits = |e: &&BlueprintEntry| kind.is_none_or(|k| k == e.face.kind_lower);
            let references = self.blueprints().iter().filter(fits).filter_map(|e| e.face.reference_of(text));
            out.extend(references.filter_map(|r| self.node_of_ref(&r)));
        }
    }

    /// The Port identifier of whatever is, or would be, at a node.
    #[must_use]
    pub fn identifier_at(&self, node: NodeId) -> Cow<'_, str> {
        if let Some(entity) = self.entity(node) {
            return entity.record.identifier.as_str().into();
        }
        let reference = self.reference(node);
        match self.blueprints().by_kind(kind_of(reference)) {
            Some(entry) => entry.face.identifier_of_ref(reference).into(),
            None => reference.into(),
        }
    }

    fn meta_condition<'a>(
        &'a self,
        meta: Meta,
        test: &Test,
        collation: Collation,
        universe: &'a RoaringBitmap,
    ) -> Set<'a> {
        match (meta, test) {
            (Meta::Blueprint, Test::In(list)) if collation == Collation::Exact => {
                let mut texts = list.iter().filter(|s| s.is_text).map(|s| &s.text);
                if let (Some(one), None) = (texts.next(), texts.next()) {
                    return self.members(one).map_or_else(Cow::default, |m| Cow::Borrowed(m.set.as_ref()));
                }
                let mut set = RoaringBitmap::new();
                let members = list.iter().filter(|s| s.is_text).filter_map(|s| self.members(&s.text));
                members.for_each(|m| set |= m.set.as_ref());
                Cow::Owned(set)
            }
            (Meta::Identifier, Test::In(list)) if collation == Collation::Exact => {
                let keys = self.blueprints().iter().map(|e| e.blueprint.identifier.as_str());
                let texts = || list.iter().filter(|s| s.is_text).map(|s| &s.text);
                let nodes = keys.flat_map(|b| texts().filter_map(move |t| self.node_of_key(b, t)));
                Cow::Owned(nodes.collect())
            }
            (Meta::Uid, Test::In(list)) => {
                let uids = list.iter().filter_map(|s| Uuid::parse_str(&s.text).ok());
                Cow::Owned(uids.filter_map(|u| self.node_of_uid(u)).collect())
            }
            (
                Meta::Uid | Meta::Ref | Meta::Identifier | Meta::Blueprint,
                Test::Exists | Test::Valued | Test::Filled,
            ) => Cow::Borrowed(self.live.as_ref()),
            (Meta::CreatedAt | Meta::UpdatedAt, Test::Compare(order, operand))
                if Timestamp::parse(&operand.text).is_some() =>
            {
                let Some(limit) = Timestamp::parse(&operand.text).filter(|_| operand.is_text) else {
                    return Cow::default();
                };
                let at = |e: &Entity| match meta {
                    Meta::CreatedAt => e.record.stamps.created_at,
                    _ => e.record.stamps.updated_at,
                };
                let fits = |n: &NodeId| self.entity(*n).is_some_and(|e| order.holds(at(e).cmp(&limit)));
                Cow::Owned(each(universe).filter(fits).collect())
            }
            _ => {
                let accepts = |text: &str| test.accepts(Candidate { text, is_text: true }, collation);
                Cow::Owned(each(universe).filter(|n| self.any_meta(*n, meta, &accepts)).collect())
            }
        }
    }

    /// Whether any value of a meta-property is accepted.
    fn any_meta(&self, node: NodeId, meta: Meta, accepts: &dyn Fn(&str) -> bool) -> bool {
        let Some(entity) = self.entity(node) else { return false };
        let record = &entity.record;
        match meta {
            Meta::Identifier => accepts(&record.identifier),
            Meta::Blueprint => accepts(&record.blueprint),
            Meta::Ref => accepts(&record.entity_ref),
            Meta::Uid => accepts(&record.uid.to_string()),
            Meta::CreatedAt => accepts(&record.stamps.created_at.to_string()),
            Meta::UpdatedAt => accepts(&record.stamps.updated_at.to_string()),
            Meta::CreatedBy => accepts(&record.stamps.created_by),
            Meta::UpdatedBy => accepts(&record.stamps.updated_by),
            Meta::Datasource => record.stamps.datasource.as_deref().is_some_and(accepts),
            Meta::Title => entity.title.as_deref().is_some_and(accepts),
            Meta::Icon => record.contributed().icon.as_deref().is_some_and(accepts),
            Meta::Team => self.teams(node).iter().any(|team| accepts(team)),
        }
    }

    /// The values of a meta-property: none, one, or several teams. Times are RFC 3339 texts.
    #[must_use]
    pub fn meta_values(&self, node: NodeId, meta: Meta) -> Vec<Value> {
        let values = RefCell::new(Vec::new());
        self.any_meta(node, meta, &|text| {
            values.borrow_mut().push(Value::String(text.to_owned()));
            false
        });
        values.into_inner()
    }

    /// The title as Port shows it: `metadata.title`, for shipped kinds else the name.
    #[must_use]
    pub fn title(&self, node: NodeId) -> Option<String> {
        self.entity(node)?.title.as_deref().map(str::to_owned)
    }
}

/// The nodes of a set, until the time is over.
fn each(universe: &RoaringBitmap) -> impl Iterator<Item = NodeId> {
    universe.iter().take_while(|_| spend(1))
}

/// Whether evaluation has to look at entities one by one, for no index answers.
fn looks_at_each(expr: &Expr) -> bool {
    match expr {
        Expr::All | Expr::Reach(_) => false,
        Expr::And(parts) | Expr::Or(parts) => parts.iter().any(looks_at_each),
        Expr::Not(part) => looks_at_each(part),
        Expr::Is { subject: Subject::Field(_) | Subject::Standing { .. }, .. } => false,
        Expr::Is { subject: Subject::Derived(_), .. } => true,
        Expr::Is { subject: Subject::Relation { .. }, test, .. } => !matches!(test, Test::In(_)),
        Expr::Is { subject: Subject::Meta(meta), test, .. } => match meta {
            Meta::Identifier | Meta::Blueprint | Meta::Uid => !matches!(test, Test::In(_)),
            _ => true,
        },
    }
}

/// Who has a value.
fn equal_terms<'f, 's>(
    field: &'f FieldIndex,
    sought: &'s Scalar,
    collation: Collation,
) -> impl Iterator<Item = Holders<'f>> + use<'f, 's> {
    let fits = move |entry: &Entry<'_>| {
        let term = entry.term();
        let is_text = matches!(term.kind, TermKind::Text | TermKind::Item);
        match collation {
            Collation::Folded => true,
            Collation::Exact => term.text == sought.text && is_text == sought.is_text,
        }
    };
    field.terms.folded(&sought.text).filter(fits).map(|entry| entry.holders())
}
