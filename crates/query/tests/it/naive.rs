//! What a query means, written down a second time: one entity after another, over the documents' values.
//! Shares nothing with the index or its evaluation.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;
use stagedoor_model::face::Target;
use stagedoor_model::{EntityRecord, Timestamp, entity_ref::kind_of};
use stagedoor_query::{Blueprints, Collation, Expr, Meta, Scalar, Subject, Test};

/// One value at a path.
#[derive(Clone, Debug)]
enum Found {
    Null,
    /// A text over 200 characters.
    Long(String),
    Text(String),
    /// A number or boolean as text.
    Other(String),
    /// An object or array.
    Container,
}

struct Row {
    path: String,
    found: Found,
    in_array: bool,
}

/// An edge: its type, the type of its reverse, the reference it points at.
type Edge = (String, String, String);

pub(crate) struct Naive<'a> {
    pub(crate) blueprints: &'a Blueprints,
    pub(crate) records: Vec<Arc<EntityRecord>>,
    rows: Vec<Vec<Row>>,
    documents: Vec<Value>,
    pub(crate) edges: Vec<Vec<Edge>>,
    /// What walks reach, once computed.
    walks: RefCell<HashMap<String, Rc<BTreeSet<String>>>>,
}

impl<'a> Naive<'a> {
    pub(crate) fn new(blueprints: &'a Blueprints, records: Vec<Arc<EntityRecord>>) -> Self {
        let face = |r: &EntityRecord| &blueprints.get(&r.blueprint).unwrap().face;
        let documents: Vec<Value> = records.iter().map(|r| face(r).document(r)).collect();
        let mut rows = Vec::new();
        for document in &documents {
            let mut all = Vec::new();
            walk(document, "", false, &mut all);
            rows.push(all);
        }
        let (edges, walks) = (Vec::new(), RefCell::default());
        let mut naive = Self { blueprints, records, rows, documents, edges, walks };
        naive.edges = (0..naive.records.len()).map(|i| naive.edges_of(i)).collect();
        naive
    }

    fn edges_of(&self, i: usize) -> Vec<Edge> {
        let record = &self.records[i];
        let face = &self.blueprints.get(&record.blueprint).unwrap().face;
        let document = record.document.as_ref().map(|d| d.value());
        let edges = face.edges(document.as_ref(), &record.contributed());
        let end = |target: Target| match target {
            Target::Ref(reference) => reference,
            Target::Key(blueprint, identifier) => {
                let holder =
                    self.records.iter().find(|r| r.blueprint == blueprint && r.identifier == identifier);
                let face = &self.blueprints.get(&blueprint).unwrap().face;
                holder.map(|r| r.entity_ref.to_string()).or_else(|| face.reference_of(&identifier)).unwrap()
            }
        };
        edges.into_iter().map(|e| (e.relation, e.reverse, end(e.target))).collect()
    }

    /// The references of the entities that satisfy a query.
    pub(crate) fn select(&self, expr: &Expr, visible: bool) -> BTreeSet<String> {
        let shown = |i: usize| !visible || self.blueprints.get(&self.records[i].blueprint).unwrap().visible;
        let hits = (0..self.records.len()).filter(|i| shown(*i) && self.holds(*i, expr));
        hits.map(|i| self.records[i].entity_ref.to_string()).collect()
    }

    pub(crate) fn holds(&self, i: usize, expr: &Expr) -> bool {
        match expr {
            Expr::All => true,
            Expr::And(parts) => parts.iter().all(|p| self.holds(i, p)),
            Expr::Or(parts) => parts.iter().any(|p| self.holds(i, p)),
            Expr::Not(part) => !self.holds(i, part),
            Expr::Reach(reach) => {
                let name = format!("{reach:?}");
                let known = self.walks.borrow().get(&name).cloned();
                let all = known.unwrap_or_else(|| Rc::new(self.reached(reach)));
                let holds = all.contains(self.records[i].entity_ref.as_str());
                self.walks.borrow_mut().insert(name, all);
                holds
            }
            Expr::Is { subject, test, collation } => {
                self.found(i, subject, *collation).iter().any(|f| accepts(test, f, *collation))
            }
        }
    }

    /// Everything that a subject finds at an entity.
    fn found(&self, i: usize, subject: &Subject, collation: Collation) -> Vec<Found> {
        match subject {
            Subject::Meta(meta) => self.meta(i, *meta).into_iter().map(Found::Text).collect(),
            Subject::Relation { name, target_kind, by_identifier } => {
                let same = |n: &str| match collation {
                    Collation::Exact => n == name,
                    Collation::Folded => n.to_lowercase() == name.to_lowercase(),
                };
                let hidden = |r: &str| !by_identifier && r.starts_with('!');
                let fits = |r: &str| !hidden(r) && target_kind.as_deref().is_none_or(|k| k == kind_of(r));
                let all = self.relations(i).into_iter().filter(|(n, r)| same(n) && fits(r));
                all.map(|(_, r)| Found::Text(if *by_identifier { self.identifier(&r) } else { r })).collect()
            }
            Subject::Field(path) if collation == Collation::Exact => {
                let here = self.rows[i].iter().filter(|r| r.path == *path);
                here.map(|r| r.found.clone()).collect()
            }
            Subject::Field(path) if path.to_lowercase() == "metadata.uid" => {
                self.found(i, &Subject::Meta(Meta::Uid), collation)
            }
            Subject::Field(path) => self.folded(i, &path.to_lowercase()),
            // They have a naive evaluator of their own.
            Subject::Derived(_) | Subject::Standing { .. } => Vec::new(),
        }
    }

    /// The values of a subject as Port compares them: their texts, and whether they were texts.
    pub(crate) fn exact(&self, i: usize, subject: &Subject) -> BTreeSet<(String, bool)> {
        let found = self.found(i, subject, Collation::Exact).into_iter();
        let value = |found| match found {
            Found::Text(text) | Found::Long(text) => Some((text, true)),
            Found::Other(text) => Some((text, false)),
            Found::Null | Found::Container => None,
        };
        found.filter_map(value).collect()
    }

    /// Backstage's rows: every path in lower case, and for a string item `<path>.<item>` = true.
    fn folded(&self, i: usize, path: &str) -> Vec<Found> {
        let mut all = Vec::new();
        for row in &self.rows[i] {
            let at = row.path.to_lowercase();
            if at == path {
                all.push(row.found.clone());
            }
            if let Found::Text(text) = &row.found
                && row.in_array
                && format!("{at}.{}", text.to_lowercase()) == path
            {
                all.push(Found::Other("true".into()));
            }
        }
        all
    }

    /// Relations in both directions: type and the other end.
    pub(crate) fn relations(&self, i: usize) -> BTreeSet<(String, String)> {
        let own = self.edges[i].iter().map(|(relation, _, target)| (relation.clone(), target.clone()));
        let me = &self.records[i].entity_ref;
        let others = self.edges.iter().zip(&self.records).flat_map(|(edges, record)| {
            let here = edges.iter().filter(|(_, _, target)| target == me);
            here.map(|(_, reverse, _)| (reverse.clone(), record.entity_ref.to_string()))
        });
        own.chain(others).collect()
    }

    pub(crate) fn identifier(&self, reference: &str) -> String {
        if let Some(record) = self.records.iter().find(|r| r.entity_ref == reference) {
            return record.identifier.to_string().to_string();
        }
        match self.blueprints.by_kind(kind_of(reference)) {
            Some(entry) => entry.face.identifier_of_ref(reference),
            None => reference.to_owned(),
        }
    }

    fn meta(&self, i: usize, meta: Meta) -> Vec<String> {
        let record = &self.records[i];
        let fields = record.contributed();
        let shipped = self.blueprints.get(&record.blueprint).unwrap().face.shipped;
        let metadata = |key: &str| self.documents[i]["metadata"][key].as_str().map(str::to_owned);
        match meta {
            Meta::Identifier => vec![record.identifier.to_string().to_string()],
            Meta::Blueprint => vec![record.blueprint.clone().to_string()],
            Meta::Ref => vec![record.entity_ref.to_string().to_string()],
            Meta::Uid => vec![record.uid.to_string()],
            Meta::CreatedAt => vec![record.stamps.created_at.to_string()],
            Meta::UpdatedAt => vec![record.stamps.updated_at.to_string()],
            Meta::CreatedBy => vec![record.stamps.created_by.clone().to_string()],
            Meta::UpdatedBy => vec![record.stamps.updated_by.clone().to_string()],
            Meta::Datasource => record.stamps.datasource.iter().map(ToString::to_string).collect(),
            Meta::Icon => fields.icon.into_iter().collect(),
            Meta::Title => {
                let name = || if shipped { metadata("name") } else { None };
                metadata("title").or_else(name).into_iter().collect()
            }
            Meta::Team => {
                let all = self.relations(i);
                let groups = all.iter().filter(|(n, r)| shipped && n == "ownedBy" && kind_of(r) == "group");
                let name = |r: &str| r.trim_start_matches("group:").trim_start_matches("default/").to_owned();
                let owners: Vec<String> = groups.map(|(_, r)| name(r)).collect();
                if owners.is_empty() { fields.team.unwrap_or_default() } else { owners }
            }
        }
    }

    /// What the sorted walk sorts by: lower-case value and reference, without repeats.
    pub(crate) fn sorted(&self, expr: &Expr, subject: &Subject) -> BTreeSet<(String, String)> {
        self.valued(expr, subject)
            .into_iter()
            .map(|(value, reference)| (value.to_lowercase(), reference))
            .collect()
    }

    /// Counts by exact value.
    pub(crate) fn facet(&self, expr: &Expr, subject: &Subject) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (value, _) in self.valued(expr, subject) {
            *counts.entry(value).or_default() += 1;
        }
        counts
    }

    fn valued(&self, expr: &Expr, subject: &Subject) -> BTreeSet<(String, String)> {
        let mut all = BTreeSet::new();
        for i in (0..self.records.len()).filter(|i| self.holds(*i, expr)) {
            for found in self.found(i, subject, Collation::Folded) {
                if let Found::Text(value) | Found::Other(value) = found {
                    all.insert((value, self.records[i].entity_ref.to_string()));
                }
            }
        }
        all
    }
}

fn walk(value: &Value, path: &str, in_array: bool, out: &mut Vec<Row>) {
    let found = match value {
        Value::Object(_) | Value::Array(_) => Found::Container,
        Value::Null => Found::Null,
        Value::String(text) if text.chars().count() > 200 => Found::Long(text.clone()),
        Value::String(text) => Found::Text(text.clone()),
        Value::Bool(b) => Found::Other(b.to_string()),
        Value::Number(_) => Found::Other(Scalar::of(value).unwrap().text),
    };
    // `metadata` and `spec` themselves are no property of anything.
    if path.contains('.') || !matches!(found, Found::Container) {
        out.push(Row { path: path.to_owned(), found, in_array });
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, path, true, out)),
        Value::Object(map) => {
            for (key, value) in map {
                let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                if !["relations", "status", "attachments", "metadata.uid", "metadata.etag"]
                    .contains(&at.as_str())
                {
                    walk(value, &at, false, out);
                }
            }
        }
        _ => {}
    }
}

fn accepts(test: &Test, found: &Found, collation: Collation) -> bool {
    let (text, is_text) = match (found, collation) {
        (Found::Container, _) => return matches!(test, Test::Valued),
        (Found::Null, _) => return matches!(test, Test::Exists),
        (Found::Long(_), Collation::Folded) => return matches!(test, Test::Exists | Test::Valued),
        (Found::Text(text) | Found::Long(text), _) => (text.as_str(), true),
        (Found::Other(text), _) => (text.as_str(), false),
    };
    let exact = collation == Collation::Exact;
    let compared = if exact { text.to_owned() } else { text.to_lowercase() };
    let as_text = is_text || !exact;
    match test {
        Test::Exists | Test::Valued => true,
        Test::Filled => !(is_text && text.is_empty()),
        Test::In(list) => list.iter().any(|s| match exact {
            true => s.is_text == is_text && s.text == text,
            false => s.text.to_lowercase() == compared,
        }),
        Test::Prefix(part) => as_text && compared.starts_with(part.as_str()),
        Test::Suffix(part) => as_text && compared.ends_with(part.as_str()),
        Test::Contains(part) => as_text && compared.contains(part.as_str()),
        Test::Compare(order, operand) => compare(text, is_text, operand).is_some_and(|o| order.holds(o)),
    }
}

fn compare(text: &str, is_text: bool, operand: &Scalar) -> Option<Ordering> {
    match (is_text, operand.is_text) {
        (false, false) => text.parse::<f64>().ok()?.partial_cmp(&operand.number?),
        (true, true) => Some(match (Timestamp::parse(text), Timestamp::parse(&operand.text)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => text.cmp(&operand.text),
        }),
        _ => None,
    }
}
