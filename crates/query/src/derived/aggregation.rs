//! Aggregations: one number over related entities.

use roaring::RoaringBitmap;
use serde_json::{Number, Value};
use stagedoor_model::Timestamp;
use stagedoor_model::derived::{Function, Interval, Spec};

use super::MOMENT;
use super::definition::{Aggregation, Last, Query};
use super::state::{Part, Reads};
use crate::catalog::{Catalog, NodeId};
use crate::dialect::port::{self, Scope};
use crate::expr::{Expr, Meta, Subject, Test};
use crate::index::term::Scalar;

type Outcome = (Value, Option<String>);

impl Catalog {
    pub(super) fn aggregation(&self, node: NodeId, of: &Aggregation, reads: &mut Reads) -> Outcome {
        let mut related = self.at_ends(node, &of.paths, reads);
        let members = self.members_of(node, of, reads);
        if let Some(members) = &members {
            related |= members;
        }
        if let Some(query) = &of.query {
            match self.matching(query, of, &related, reads) {
                Ok(matching) => related = matching,
                Err(problem) => return (Value::Null, Some(problem)),
            }
        }
        let unrelated = of.paths.is_empty() && members.is_none();
        let problem = unrelated.then(|| format!("no relations lead to blueprint \"{}\"", of.target));
        (self.reduce(&related, of, reads), problem)
    }

    /// The people who say that they are in a team: that is no relation. `None` where it is not about people of a team.
    fn members_of(&self, node: NodeId, of: &Aggregation, reads: &mut Reads) -> Option<RoaringBitmap> {
        let team = self.entity(node).filter(|e| e.record.blueprint == "_team" && of.target == "_user")?;
        // Whoever comes in has not been looked at.
        reads.everything();
        let named = Test::In(vec![Scalar::text(team.record.identifier.as_str())]);
        let named = Expr::exact(Subject::Meta(Meta::Team), named);
        let members = Expr::And(vec![Expr::of_blueprint("_user"), named]);
        Some(self.select(&members, false).nodes().clone())
    }

    fn reduce(&self, related: &RoaringBitmap, of: &Aggregation, reads: &mut Reads) -> Value {
        let mut numbers = || -> Vec<f64> {
            related.iter().filter_map(|n| self.read(n, &of.property, reads).as_f64()).collect()
        };
        match &of.spec {
            Spec::Count => related.len().into(),
            Spec::Property(function, _) => number(compute(*function, numbers())),
            Spec::CountPer(interval, _) => {
                let times: Vec<Timestamp> =
                    related.iter().filter_map(|n| self.time_of(n, &of.time, reads)).collect();
                let count = times.len() as f64;
                number(self.intervals(&times, *interval, reads).map_or(Some(0.0), |n| Some(count / n)))
            }
            Spec::SumPer(interval, ..) => {
                let (mut sum, mut times) = (Vec::new(), Vec::new());
                for n in related {
                    let value = self.read(n, &of.property, reads).as_f64();
                    if let (Some(value), Some(time)) = (value, self.time_of(n, &of.time, reads)) {
                        sum.push(value);
                        times.push(time);
                    }
                }
                let intervals = self.intervals(&times, *interval, reads);
                number(intervals.and_then(|n| Some(compute(Function::Sum, sum)? / n)))
            }
        }
    }

    fn time_of(&self, node: NodeId, time: &Last, reads: &mut Reads) -> Option<Timestamp> {
        Timestamp::parse(self.read(node, time, reads).as_str()?)
    }

    /// How many intervals there have been since the oldest; one that has begun counts.
    fn intervals(&self, times: &[Timestamp], interval: Interval, reads: &mut Reads) -> Option<f64> {
        let oldest = times.iter().min()?.0;
        let length = interval.millis.max(1);
        let age = self.now().0.saturating_sub(oldest);
        let begun = (age.saturating_add(length - 1) / length).max(1);
        reads.until(Timestamp(oldest.saturating_add(begun.saturating_mul(length)).saturating_add(1)));
        Some(begun as f64)
    }

    /// Those that satisfy the aggregation's query.
    fn matching(
        &self,
        query: &Query,
        of: &Aggregation,
        related: &RoaringBitmap,
        reads: &mut Reads,
    ) -> Result<RoaringBitmap, String> {
        let scope =
            Scope { blueprints: self.blueprints(), only: Some(&of.target), now: self.now(), caller: None };
        let compile = || match port::compile(&query.body, "query", &scope) {
            // Scorecards read aggregations, so that it would lead back.
            Ok(expr) if expr.reads_standing() => Err("it asks for scorecards, which it must not".to_owned()),
            Ok(expr) => Ok(expr),
            Err(invalid) => Err(invalid.message),
        };
        let fresh;
        let expr = if query.clock {
            reads.until(Timestamp(self.now().0.saturating_add(MOMENT)));
            fresh = compile();
            &fresh
        } else {
            query.compiled.get_or_init(compile)
        };
        let expr = expr.as_ref().map_err(String::clone)?;
        self.note_query(expr, related, reads);
        Ok(self.evaluate(expr, related).into_owned())
    }

    /// Notes what a query looks at besides the entities themselves.
    fn note_query(&self, expr: &Expr, nodes: &RoaringBitmap, reads: &mut Reads) {
        match expr {
            Expr::And(parts) | Expr::Or(parts) => {
                parts.iter().for_each(|part| self.note_query(part, nodes, reads))
            }
            Expr::Not(part) => self.note_query(part, nodes, reads),
            Expr::Is { subject: Subject::Meta(Meta::Team), .. } => {
                nodes.iter().for_each(|n| drop(self.owners(n, reads)))
            }
            Expr::Is { subject: Subject::Relation { name, .. }, .. } => {
                for node in nodes {
                    reads.note(node, Part::Incoming);
                    let ends = self.relations(node).into_iter().filter(|r| r.name == name);
                    ends.for_each(|end| reads.note(end.other, Part::Content));
                }
            }
            Expr::Is { subject: Subject::Derived(key), .. } => {
                let nodes: Vec<NodeId> = nodes.iter().collect();
                self.prepare(&nodes, key);
                nodes.iter().filter_map(|n| self.entry(*n, key)).for_each(|entry| reads.extend(&entry));
            }
            Expr::All | Expr::Is { subject: Subject::Field(_) | Subject::Meta(_), .. } => {}
            _ => reads.everything(),
        }
    }

    pub(super) fn prepare_aggregations(&self, nodes: &[NodeId], of: &Aggregation) {
        let Last::Derived(key) = &of.property else { return };
        let mut all = RoaringBitmap::new();
        nodes.iter().for_each(|node| all |= self.at_ends(*node, &of.paths, &mut Reads::none()));
        self.prepare(&all.iter().collect::<Vec<_>>(), key);
    }
}

/// Nothing adds up to 0; of nothing there is no least, greatest or middle.
fn compute(function: Function, mut numbers: Vec<f64>) -> Option<f64> {
    // Floats are added in the same order everywhere, so that the sum is the same.
    numbers.sort_by(f64::total_cmp);
    let count = numbers.len();
    let sum = || numbers.iter().sum::<f64>() + 0.0;
    match function {
        Function::Sum => Some(sum()),
        Function::Min => numbers.first().copied(),
        Function::Max => numbers.last().copied(),
        Function::Mean => (count > 0).then(|| sum() / count as f64),
        Function::Median => {
            let (low, high) = (numbers.get(count.checked_sub(1)? / 2)?, numbers.get(count / 2)?);
            Some(if count % 2 == 1 { *high } else { f64::midpoint(*low, *high) })
        }
    }
}

/// A whole number is written as one.
fn number(value: Option<f64>) -> Value {
    match value {
        Some(v) if v.fract() == 0.0 && v.abs() < 9e15 => (v as i64).into(),
        Some(v) => Number::from_f64(v).map_or(Value::Null, Value::Number),
        None => Value::Null,
    }
}
