//! What a run may cost, from the program's text alone.

use jaq_core::load::parse::Term;

use crate::walk;

/// A program that provably ends soon.
pub(crate) struct Bound {
    /// The heaviest input for which that holds.
    pub(crate) weight: usize,
}

/// Builtins that take time and space in proportion to their input.
const LINEAR: &[&str] = &[
    "not",
    "length",
    "first",
    "last",
    "split",
    "join",
    "tostring",
    "tonumber",
    "type",
    "add",
    "keys",
    "has",
    "map",
    "select",
    "any",
    "all",
    "ascii_downcase",
    "ascii_upcase",
    "ltrimstr",
    "rtrimstr",
    "startswith",
    "endswith",
    "to_entries",
    "true",
    "false",
    "null",
    "empty",
    "now",
    "floor",
    "round",
    "ceil",
    "test",
    "contains",
    "sort",
    "unique",
    "min",
    "max",
    "fromdate",
    "todate",
    "env",
    "input_filename",
];

/// `None` for a program about which nothing can be said.
pub(crate) fn of(term: &Term<&str>) -> Option<Bound> {
    let mut left = 100;
    simple(term, &mut left).then_some(Bound { weight: 1 << 16 })
}

fn simple(term: &Term<&str>, left: &mut usize) -> bool {
    *left = left.saturating_sub(1);
    let mut good = *left > 0
        && match term {
            Term::Call(name, _) => LINEAR.contains(name),
            Term::Recurse | Term::Def(..) | Term::Fold(..) | Term::Label(..) | Term::Break(_) => false,
            _ => true,
        };
    walk::below(term, &mut |term| good = good && simple(term, left));
    good
}
