//! The cost of `|=` and what is made from it.

use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::Part;

use super::terms::{Step, is_literal, levels};
use super::{Cost, Judge};
use crate::guard;

/// The cost of the new value for an old one of a weight.
type New<'j, 'a> = &'j mut dyn FnMut(&mut Judge<'a>, f64) -> Option<Cost>;

impl<'a> Judge<'a> {
    /// The cost of `left |= new` for an input of this weight. The left may be made of paths, `|`, `,` and `select`.
    pub(super) fn update(&mut self, left: &'a Term<&'a str>, weight: f64, new: New<'_, 'a>) -> Option<Cost> {
        self.fuel = self.fuel.checked_sub(1)?;
        let levels = levels(left);
        self.depth = self.depth.checked_sub(levels)?;
        let cost = self.update_of(left, weight, new);
        self.depth += levels;
        cost
    }

    fn update_of(&mut self, left: &'a Term<&'a str>, weight: f64, new: New<'_, 'a>) -> Option<Cost> {
        match left {
            // Only the first output counts.
            Term::Id => new(self, weight).map(|new| Cost::one(new.heaviest, new.work)),
            Term::Path(base, path) => {
                self.update(base, weight, &mut |judge, each| judge.steps(&path.0, each, new))
            }
            Term::BinOp(first, BinaryOp::Pipe(None), then) => {
                self.update(first, weight, &mut |judge, each| judge.update(then, each, new))
            }
            Term::BinOp(first, BinaryOp::Comma, then) => {
                let first = self.update(first, weight, new)?;
                Some(self.update(then, first.heaviest, new)?.with_work(first.work))
            }
            Term::Call("select", arguments) => {
                let condition = self.cost(arguments.first()?, weight)?;
                let new = new(self, weight)?;
                let updated = Cost::one(weight.max(new.heaviest), new.work);
                (condition.outputs <= 1.0).then(|| updated.with_work(condition.work))
            }
            _ => None,
        }
    }

    fn steps(&mut self, steps: &'a [Step<'a>], weight: f64, new: New<'_, 'a>) -> Option<Cost> {
        self.fuel = self.fuel.checked_sub(1)?;
        let Some(((part, _), rest)) = steps.split_first() else {
            return new(self, weight).map(|new| Cost::one(new.heaviest, new.work));
        };
        let below = self.steps(rest, weight, new)?;
        match part {
            Part::Range(None, None) => {
                let least = self.steps(rest, 1.0, new)?;
                let all = Cost::one(weight, 0.0).members().over(least, below);
                Some(Cost::one(1.0 + weight + all.total, all.work + weight))
            }
            Part::Index(index) if is_literal(index) => {
                let key = self.cost(index, weight)?;
                // An array may be filled up to its new member.
                let size = weight + key.heaviest + guard::IN_PROCESS + below.heaviest;
                Some(Cost::one(size, size + below.work))
            }
            _ => None,
        }
    }
}
