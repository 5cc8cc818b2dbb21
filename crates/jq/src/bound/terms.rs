//! The cost of each kind of term.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part, Path};

use super::{Cost, Judge};
use crate::guard;
use crate::value::NUMBER;

/// The weight of a number.
const NUMBER_WEIGHT: f64 = NUMBER as f64;
/// How much heavier than its text the JSON of a text can be: a control character takes six.
pub(super) const ESCAPED: f64 = 6.0;
/// What sorting costs for each unit of weight.
pub(super) const SORTED: f64 = 40.0;
/// A message of ours.
const MESSAGE: f64 = 600.0;

pub(super) fn number(work: f64) -> Cost {
    Cost::one(NUMBER_WEIGHT, work)
}

impl<'a> Judge<'a> {
    /// The cost for an input of this weight; `None` when it is not bounded.
    pub(super) fn cost(&mut self, term: &'a Term<&'a str>, weight: f64) -> Option<Cost> {
        self.fuel = self.fuel.checked_sub(1)?;
        let levels = levels(term);
        self.depth = self.depth.checked_sub(levels)?;
        let cost = self.cost_of(term, weight);
        self.depth += levels;
        cost
    }

    fn cost_of(&mut self, term: &'a Term<&'a str>, weight: f64) -> Option<Cost> {
        match term {
            Term::Id => Some(Cost::one(weight, 0.0)),
            Term::Num(_) => Some(number(0.0)),
            Term::Arr(None) => Some(Cost::one(1.0, 4.0)),
            Term::Var(name) => Some(Cost::one(self.variable(name)?, 0.0)),
            Term::Str(format, parts) => self.text(format.as_ref(), parts, weight),
            Term::Arr(Some(items)) => {
                let items = self.cost(items, weight)?;
                let array = Cost::one(1.0 + items.total, items.work + items.outputs + 4.0);
                Some(Cost { member: items.lightest, ..array })
            }
            Term::Obj(entries) => self.object(entries, weight),
            Term::Neg(number_term) => {
                let inner = self.cost(number_term, weight)?;
                Some(number(0.0).times(inner.outputs).with_work(inner.work))
            }
            Term::BinOp(left, op, right) => self.operation(left, op, right, weight),
            Term::TryCatch(body, catch) => self.guarded(body, catch.as_deref(), weight),
            Term::IfThenElse(branches, otherwise) => self.branches(branches, otherwise.as_deref(), weight),
            Term::Call(name, arguments) => self.call(name, arguments, weight),
            Term::Path(base, path) => self.path(base, path, weight),
            Term::Recurse | Term::Def(..) | Term::Fold(..) | Term::Label(..) | Term::Break(_) => None,
        }
    }

    fn variable(&self, name: &str) -> Option<f64> {
        self.variables.iter().rev().find(|known| known.0 == name).map(|known| known.1)
    }

    /// What follows, for each output of `from`.
    pub(super) fn each(
        &mut self,
        from: Cost,
        then: &mut dyn FnMut(&mut Self, f64) -> Option<Cost>,
    ) -> Option<Cost> {
        let most = then(self, from.heaviest)?;
        if from.outputs <= 1.0 {
            return Some(most.with_work(from.work));
        }
        let least = then(self, 1.0)?;
        Some(from.over(least, most))
    }

    fn text(
        &mut self,
        format: Option<&&'a str>,
        parts: &'a [StrPart<&'a str, Term<&'a str>>],
        weight: f64,
    ) -> Option<Cost> {
        let growth = format.map_or(Some(ESCAPED), |format| super::builtins::format(format))?;
        let (mut outputs, mut size, mut work, mut fixed) = (1.0_f64, 1.0, 0.0, 1.0);
        for part in parts {
            match part {
                StrPart::Str(text) => {
                    size += text.len() as f64;
                    fixed += text.len() as f64;
                }
                StrPart::Char(_) => size += 4.0,
                StrPart::Term(term) => {
                    let inner = self.cost(term, weight)?;
                    outputs *= inner.outputs.max(1.0);
                    size += growth * inner.heaviest + 4.0;
                    work += inner.work + growth * inner.total;
                }
            }
        }
        let pieces = 1.0 + parts.len() as f64;
        let text = Cost::one(size, work + pieces * size).times(outputs);
        Some(Cost { lightest: fixed, ..text })
    }

    fn object(&mut self, entries: &'a [(Term<&'a str>, Option<Term<&'a str>>)], weight: f64) -> Option<Cost> {
        let (mut outputs, mut size, mut work) = (1.0_f64, 1.0, 4.0);
        for (key, value) in entries {
            let named = self.cost(key, weight)?;
            let value = match value {
                Some(value) => self.cost(value, weight)?,
                None if matches!(key, Term::Var(_)) => named,
                None => Cost::one(weight, 0.0),
            };
            outputs *= named.outputs.max(1.0) * value.outputs.max(1.0);
            size += 1.0 + named.heaviest + value.heaviest;
            work += 8.0 + named.work + named.outputs * value.work;
        }
        // The entries are added up one by one.
        let merged = (entries.len() * entries.len()) as f64;
        let object = Cost::one(size, work + merged).times(outputs);
        Some(Cost { lightest: 1.0 + entries.len().min(1) as f64, ..object })
    }

    fn operation(
        &mut self,
        left: &'a Term<&'a str>,
        op: &'a BinaryOp<&'a str>,
        right: &'a Term<&'a str>,
        weight: f64,
    ) -> Option<Cost> {
        match op {
            BinaryOp::Pipe(pattern) => {
                let left = self.cost(left, weight)?;
                match pattern {
                    None => self.each(left, &mut |judge, each| judge.cost(right, each)),
                    Some(pattern) => {
                        let names = names(pattern)?;
                        self.each(left, &mut |judge, each| judge.bound(&names, each, right, weight))
                    }
                }
            }
            BinaryOp::Comma | BinaryOp::Alt => Some(self.cost(left, weight)?.and(self.cost(right, weight)?)),
            BinaryOp::Or | BinaryOp::And => {
                let (left, right) = (self.cost(left, weight)?, self.cost(right, weight)?);
                let outputs = left.outputs * right.outputs.max(1.0);
                Some(Cost::one(1.0, 0.0).times(outputs).with_work(left.work + left.outputs * right.work))
            }
            BinaryOp::Math(op) => Some(math(*op, self.cost(left, weight)?, self.cost(right, weight)?)),
            BinaryOp::Cmp(_) => {
                let (left, right) = (self.cost(left, weight)?, self.cost(right, weight)?);
                let compared = left.total * right.outputs + right.total * left.outputs;
                let work = left.work + left.outputs * right.work + 10.0 * compared;
                Some(Cost::one(1.0, 0.0).times(left.outputs * right.outputs).with_work(work))
            }
            BinaryOp::Update => self.update(left, weight, &mut |judge, each| judge.cost(right, each)),
            BinaryOp::Assign | BinaryOp::UpdateAlt => {
                let new = self.cost(right, weight)?;
                let updated =
                    self.update(left, weight, &mut |_, each| Some(Cost::one(each.max(new.heaviest), 0.0)))?;
                Some(updated.times(new.outputs.max(1.0)).with_work(new.work))
            }
            BinaryOp::UpdateMath(op) => {
                let new = self.cost(right, weight)?;
                let one = Cost::one(new.heaviest, 0.0);
                let updated =
                    self.update(left, weight, &mut |_, each| Some(math(*op, Cost::one(each, 0.0), one)))?;
                Some(updated.times(new.outputs.max(1.0)).with_work(new.work))
            }
        }
    }

    fn bound(&mut self, names: &[&'a str], held: f64, body: &'a Term<&'a str>, weight: f64) -> Option<Cost> {
        let before = self.variables.len();
        self.variables.extend(names.iter().map(|name| (*name, held)));
        let cost = self.cost(body, weight);
        self.variables.truncate(before);
        cost
    }

    fn guarded(
        &mut self,
        body: &'a Term<&'a str>,
        catch: Option<&'a Term<&'a str>>,
        weight: f64,
    ) -> Option<Cost> {
        let body = self.cost(body, weight)?;
        let Some(catch) = catch else { return Some(body) };
        // Messages of jaq hold values whole, as JSON.
        let held = self.variables.iter().map(|known| known.1).fold(weight, f64::max);
        let message = MESSAGE + ESCAPED * (held + body.work);
        Some(body.and(self.cost(catch, message)?).with_work(message))
    }

    fn branches(
        &mut self,
        branches: &'a [(Term<&'a str>, Term<&'a str>)],
        otherwise: Option<&'a Term<&'a str>>,
        weight: f64,
    ) -> Option<Cost> {
        let mut rest = match otherwise {
            Some(otherwise) => self.cost(otherwise, weight)?,
            None => Cost::one(weight, 0.0),
        };
        for (condition, branch) in branches.iter().rev() {
            let condition = self.cost(condition, weight)?;
            let either = self.cost(branch, weight)?.or(rest);
            rest = either.times(condition.outputs.max(1.0)).with_work(condition.work);
        }
        Some(rest)
    }

    fn path(&mut self, base: &'a Term<&'a str>, path: &'a Path<Term<&'a str>>, weight: f64) -> Option<Cost> {
        let mut stream = self.cost(base, weight)?;
        for (part, _) in &path.0 {
            stream = self.part(part, stream, weight)?;
        }
        Some(stream)
    }

    /// One step down from each value of a stream.
    fn part(&mut self, part: &'a Part<Term<&'a str>>, stream: Cost, weight: f64) -> Option<Cost> {
        Some(match part {
            Part::Range(None, None) => stream.members(),
            Part::Index(index) => {
                let index_cost = self.cost(index, weight)?;
                // An array as an index asks for its places, which are numbers.
                let growth = if is_literal(index) { 1.0 } else { 1.0 + NUMBER_WEIGHT };
                let found = Cost {
                    heaviest: growth * stream.heaviest,
                    total: growth * stream.total,
                    lightest: 1.0,
                    member: 1.0,
                    work: stream.work
                        + stream.outputs
                        + if growth > 1.0 { growth * stream.total * index_cost.heaviest } else { 0.0 },
                    ..stream
                };
                found.times(index_cost.outputs.max(1.0)).with_work(index_cost.work)
            }
            Part::Range(from, to) => {
                let mut cost = Cost { lightest: 1.0, ..stream.with_work(2.0 * stream.total) };
                for bound in from.iter().chain(to) {
                    let bound = self.cost(bound, weight)?;
                    cost = cost.times(bound.outputs.max(1.0)).with_work(bound.work);
                }
                cost
            }
        })
    }
}

/// How many levels of recursion running a term takes: its parts run within each other.
pub(super) fn levels(term: &Term<&str>) -> usize {
    1 + match term {
        Term::Path(_, path) => path.0.len(),
        Term::Str(_, parts) => parts.len(),
        Term::Obj(entries) => entries.len(),
        Term::IfThenElse(branches, _) => branches.len(),
        Term::BinOp(_, BinaryOp::Pipe(Some(pattern)), _) => names(pattern).map_or(0, |names| names.len()),
        _ => 0,
    }
}

/// Whether an index is a text or a number as it stands.
pub(super) fn is_literal(term: &Term<&str>) -> bool {
    match term {
        Term::Num(_) => true,
        Term::Neg(term) => matches!(**term, Term::Num(_)),
        Term::Str(None, parts) => !parts.iter().any(|part| matches!(part, StrPart::Term(_))),
        _ => false,
    }
}

/// The variables of a pattern whose keys are literal.
fn names<'a>(pattern: &Pattern<&'a str>) -> Option<Vec<&'a str>> {
    match pattern {
        Pattern::Var(name) => Some(vec![name]),
        Pattern::Arr(patterns) => {
            let found: Option<Vec<_>> = patterns.iter().map(names).collect();
            found.map(|found| found.concat())
        }
        Pattern::Obj(entries) => {
            let literal = entries.iter().all(|(key, _)| is_literal(key));
            let found: Option<Vec<_>> = entries.iter().map(|(_, pattern)| names(pattern)).collect();
            found.filter(|_| literal).map(|found| found.concat())
        }
    }
}

/// Each output of the left with each of the right.
fn math(op: Math, left: Cost, right: Cost) -> Cost {
    let outputs = left.outputs * right.outputs;
    let sum = left.heaviest + right.heaviest;
    let all = left.total * right.outputs + right.total * left.outputs;
    let (heaviest, total, work) = match op {
        Math::Add => (sum, all, all),
        Math::Sub => (
            left.heaviest + NUMBER_WEIGHT,
            left.total * right.outputs + NUMBER_WEIGHT * outputs,
            SORTED * all,
        ),
        // A text may be repeated as long as the guard permits.
        Math::Mul => (
            sum + guard::IN_PROCESS + NUMBER_WEIGHT,
            all + (guard::IN_PROCESS + NUMBER_WEIGHT) * outputs,
            all,
        ),
        // A text is split into pieces.
        Math::Div => (
            2.0 * left.heaviest + NUMBER_WEIGHT,
            2.0 * left.total * right.outputs + NUMBER_WEIGHT * outputs,
            4.0 * all,
        ),
        Math::Rem => (NUMBER_WEIGHT, NUMBER_WEIGHT * outputs, 0.0),
    };
    let work = left.work + left.outputs * right.work + work + total + outputs;
    Cost { outputs, heaviest, total, work, lightest: 1.0, member: 1.0 }
}

/// A step of a path; whether it may fail in silence does not change what it costs.
pub(super) type Step<'a> = (Part<Term<&'a str>>, Opt);
