//! What a run may cost, from the program's text alone: which programs need no worker.
//!
//! A program is bounded if the cost of each of its terms has an upper bound that follows from the weight of the input.
//! Whatever is not understood here has none: definitions, recursion, folds, loops, and builtins that are not listed.

mod builtins;
mod cost;
mod terms;
mod updates;

use jaq_core::load::parse::Term;

use cost::Cost;

/// What a run may cost at most. A unit takes some ten nanoseconds and some ten bytes, at worst ten times that.
const WORK: f64 = 1_000_000.0;
/// The heaviest input that is ever run without a worker.
const HEAVIEST: usize = 1 << 18;
/// A program that is not bounded for an input that light counts as not bounded.
const LIGHTEST: usize = 16;
/// How many terms a judgement may look at, each time it does.
const FUEL: usize = 20_000;
/// How deep terms may be nested: a run recurses as deep, on the stack of whoever asks.
const NESTING: usize = 100;

/// A program that provably ends soon.
#[derive(Debug)]
pub(crate) struct Bound {
    /// The heaviest input for which that holds.
    pub(crate) weight: usize,
}

/// `None` for a program about which nothing can be said.
pub(crate) fn of(term: &Term<&str>) -> Option<Bound> {
    let mut weight = HEAVIEST;
    while weight >= LIGHTEST {
        let cost = Judge::default().cost(term, weight as f64)?;
        if cost.work <= WORK && cost.total <= WORK {
            return Some(Bound { weight });
        }
        weight = weight * 4 / 5;
    }
    None
}

/// Goes through a term with what is known on the way.
struct Judge<'a> {
    /// Variables in scope, with the weight of what they hold.
    variables: Vec<(&'a str, f64)>,
    fuel: usize,
    depth: usize,
}

impl Default for Judge<'_> {
    fn default() -> Self {
        Self { variables: vec![("$ENV", 1.0)], fuel: FUEL, depth: NESTING }
    }
}

#[cfg(test)]
mod tests;
