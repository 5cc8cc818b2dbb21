//! The cost of the builtins that a bounded program may call.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::Part;

use super::terms::{ESCAPED, SORTED, is_literal, number};
use super::{Cost, Judge};
use crate::{guard, walk};

/// How much a format such as `@uri` makes of each byte of a value.
pub(super) fn format(name: &str) -> Option<f64> {
    Some(match name {
        "@text" => ESCAPED,
        "@json" => ESCAPED + 2.0,
        "@csv" | "@tsv" => 2.0 * ESCAPED,
        "@base64" | "@base64d" | "@base32" | "@base32d" => 3.0 * ESCAPED,
        "@uri" | "@urid" => 3.0 * ESCAPED,
        "@sh" => 5.0 * ESCAPED,
        "@html" => 6.0 * ESCAPED,
        _ => return None,
    })
}

/// The longest expression that is not left to a worker.
const EXPRESSION: usize = 200;

/// A regular expression as it stands in the program.
#[derive(Clone, Copy)]
struct Expression {
    /// What a search costs for each byte.
    per_byte: f64,
    /// Whether a search may have to look far beyond the match that it finds.
    looks_ahead: bool,
}

impl Expression {
    fn of(term: &Term<&str>) -> Option<Self> {
        let Term::Str(None, parts) = term else { return None };
        let mut text = String::new();
        for part in parts {
            match part {
                StrPart::Str(part) => text.push_str(part),
                StrPart::Char(c) => text.push(*c),
                StrPart::Term(_) => return None,
            }
        }
        // A counted repetition is a longer expression than it looks, and classes of Unicode are large.
        let plain =
            text.len() <= EXPRESSION && !text.contains('{') && !text.contains("\\p") && !text.contains("\\P");
        let repeats = text.trim_end_matches(['*', '+', '?', ')', '$']).contains(['*', '+']);
        let ends_open = text.ends_with(['*', '+', '?', ')', '$']) && text.contains('|');
        plain.then_some(Self { per_byte: 2.0 + text.len() as f64, looks_ahead: repeats || ends_open })
    }

    /// A match is described with its place, its text and its groups.
    fn first(self, weight: f64) -> Cost {
        let described = self.per_byte * (weight + 120.0);
        Cost::one(described, self.per_byte * weight + described + 100.0)
    }

    fn all(self, weight: f64) -> Cost {
        let total = self.per_byte * (121.0 * weight + 120.0);
        let searches = if self.looks_ahead { weight / 16.0 + 1.0 } else { 2.0 };
        let outputs = weight + 1.0;
        let work = total + self.per_byte * weight * searches + 100.0;
        Cost { outputs, total, ..Cost::one(self.per_byte * (weight + 120.0), work) }
    }
}

/// A format of dates as it stands, without widths.
fn is_plain_date_format(term: &Term<&str>) -> bool {
    let Term::Str(None, parts) = term else { return false };
    is_literal(term)
        && parts.len() <= 16
        && parts.iter().all(|part| {
            !matches!(part, StrPart::Str(text) if text.len() > 64 || text.contains(|c: char| c.is_ascii_digit()))
        })
}

/// Paths of literal keys only, which can be counted.
fn literal_paths(term: &Term<&str>) -> Option<f64> {
    match term {
        Term::BinOp(left, BinaryOp::Comma, right) => Some(literal_paths(left)? + literal_paths(right)?),
        Term::Path(base, path) if matches!(**base, Term::Id) => {
            let literal =
                path.0.iter().all(|(part, _)| matches!(part, Part::Index(index) if is_literal(index)));
            literal.then_some(1.0)
        }
        _ => None,
    }
}

impl<'a> Judge<'a> {
    pub(super) fn call(&mut self, name: &str, arguments: &'a [Term<&'a str>], weight: f64) -> Option<Cost> {
        match arguments {
            [] => plain(name, weight),
            [argument] => self.with_one(name, argument, weight),
            [first, second] => self.with_two(name, first, second, weight),
            [text, replacement, flags] => self.with_three(name, text, replacement, flags, weight),
            _ => None,
        }
    }

    /// The members of the input.
    fn members(weight: f64) -> Cost {
        Cost::one(weight, 1.0).members()
    }

    fn with_one(&mut self, name: &str, argument: &'a Term<&'a str>, weight: f64) -> Option<Cost> {
        match name {
            "test" | "match" | "capture" | "scan" | "splits" => {
                return Some(matching(name, Expression::of(argument)?, weight));
            }
            "strftime" | "strflocaltime" | "strptime" => {
                return is_plain_date_format(argument).then(|| Cost::one(2000.0, 3000.0 + weight));
            }
            "del" => {
                return literal_paths(argument)
                    .map(|paths| Cost::one(weight, 4.0 * paths * (weight + 100.0)));
            }
            "map_values" => {
                let below = self.cost(argument, weight)?;
                let least = self.cost(argument, 1.0)?;
                let all = Self::members(weight).over(least, below);
                return Some(Cost::one(1.0 + weight + all.total, all.work + weight));
            }
            "range" => return self.counted(argument),
            _ => {}
        }
        if let Some(cost) = self.over_members(name, argument, weight)? {
            return Some(cost);
        }
        let inner = self.cost(argument, weight)?;
        let of_each = |size: f64, work: f64| {
            Some(Cost::one(size, work).times(inner.outputs.max(1.0)).with_work(inner.work))
        };
        match name {
            "select" => of_each(weight, 0.0),
            "first" | walk::FIRST | "last" => Some(Cost::one(inner.heaviest, inner.work)),
            "add" => Some(Cost::one(inner.total + 24.0, inner.work + 4.0 * inner.total)),
            "isempty" => Some(Cost::one(1.0, inner.work)),
            "nth" => of_each(weight, 4.0),
            "debug" => Some(Cost::one(weight, 0.0)),
            "has" => of_each(1.0, 4.0),
            "in" => of_each(1.0, 4.0),
            "startswith" | "endswith" => of_each(1.0, weight),
            "ltrimstr" | "rtrimstr" | "trimstr" => of_each(weight, 2.0 * weight),
            "split" => of_each(2.0 * weight + 24.0, 8.0 * weight),
            "join" => {
                of_each(ESCAPED * weight + weight * inner.heaviest, 4.0 * weight * (1.0 + inner.heaviest))
            }
            "contains" | "inside" => of_each(1.0, 10.0 * weight * inner.heaviest),
            "index" | "rindex" | "indices" => of_each(25.0 * weight, 25.0 * weight * inner.heaviest),
            "IN" => Some(Cost::one(1.0, inner.work + 10.0 * (inner.total + inner.outputs * weight))),
            "flatten" => of_each(weight, 4.0 * weight),
            _ => None,
        }
    }

    /// Builtins that run their argument for each member of the input; the outer `None` when that is not bounded.
    #[expect(clippy::option_option, reason = "not bounded, or none of these")]
    fn over_members(&mut self, name: &str, argument: &'a Term<&'a str>, weight: f64) -> Option<Option<Cost>> {
        let members = Self::members(weight);
        if name == "with_entries" {
            let entries = entries(weight).members();
            let changed = self.each(entries, &mut |judge, each| judge.cost(argument, each))?;
            let size = changed.total + 1.0;
            return Some(Some(Cost::one(size, changed.work + 30.0 * weight + 4.0 * size)));
        }
        if !matches!(name, "map" | "any" | "all" | "sort_by" | "group_by" | "unique_by" | "min_by" | "max_by")
        {
            return Some(None);
        }
        let inner = self.each(members, &mut |judge, each| judge.cost(argument, each))?;
        let work = inner.work + 4.0 * weight + inner.outputs;
        Some(Some(match name {
            "map" => Cost { member: inner.lightest, ..Cost::one(1.0 + inner.total, work) },
            "any" | "all" => Cost::one(1.0, work),
            _ => Cost::one(1.0 + 2.0 * weight, work + SORTED * (weight + inner.total)),
        }))
    }

    /// `range` up to a number that stands there.
    fn counted(&mut self, to: &'a Term<&'a str>) -> Option<Cost> {
        let Term::Num(to) = to else { return None };
        let to = to.parse::<f64>().ok().filter(|to| *to <= 10_000.0)?;
        Some(number(4.0).times(to.max(1.0).ceil()))
    }

    fn with_two(
        &mut self,
        name: &str,
        first: &'a Term<&'a str>,
        second: &'a Term<&'a str>,
        weight: f64,
    ) -> Option<Cost> {
        match name {
            "test" | "match" | "capture" | "scan" | "split" | "splits" if is_literal(second) => {
                return Some(matching(
                    if name == "test" { name } else { "scan" },
                    Expression::of(first)?,
                    weight,
                ));
            }
            "sub" | "gsub" => return self.replacing(name == "gsub", first, second, weight),
            _ => {}
        }
        let (left, right) = (self.cost(first, weight)?, self.cost(second, weight)?);
        match name {
            "limit" | "skip" | "nth" => {
                Some(right.times(left.outputs.max(1.0)).with_work(left.work + right.outputs))
            }
            "any" | "all" => {
                let each = self.each(left, &mut |judge, each| judge.cost(second, each))?;
                Some(Cost::one(1.0, each.work + each.outputs))
            }
            "IN" => {
                let compared = left.total * right.outputs.max(1.0) + right.total * left.outputs.max(1.0);
                Some(Cost::one(1.0, left.work + left.outputs.max(1.0) * right.work + 10.0 * compared))
            }
            _ => None,
        }
    }

    fn with_three(
        &mut self,
        name: &str,
        text: &'a Term<&'a str>,
        replacement: &'a Term<&'a str>,
        flags: &'a Term<&'a str>,
        weight: f64,
    ) -> Option<Cost> {
        (matches!(name, "sub" | "gsub") && is_literal(flags)).then_some(())?;
        self.replacing(true, text, replacement, weight)
    }

    fn replacing(
        &mut self,
        all: bool,
        pattern: &'a Term<&'a str>,
        replacement: &'a Term<&'a str>,
        weight: f64,
    ) -> Option<Cost> {
        let pattern = Expression::of(pattern)?;
        let found = if all { pattern.all(weight) } else { pattern.first(weight) };
        // The replacement sees the named groups.
        let new = self.each(found, &mut |judge, each| judge.cost(replacement, each))?;
        // Several outputs for one match would multiply the results.
        let single = self.cost(replacement, found.heaviest)?.outputs <= 1.0;
        let size = weight + new.total + 1.0;
        single.then(|| Cost::one(size, new.work + 2.0 * size))
    }
}

fn matching(name: &str, expression: Expression, weight: f64) -> Cost {
    match name {
        "test" => Cost::one(1.0, expression.first(weight).work),
        "match" | "capture" => expression.first(weight),
        _ => expression.all(weight),
    }
}

/// `{"key":...,"value":...}` for each member, which itself has a key of at least one byte more. An array of more than a
/// few members is for a worker.
fn entries(weight: f64) -> Cost {
    let array = Cost::one(1.0 + 7.0 * weight + guard::IN_PROCESS, 20.0 * weight + guard::IN_PROCESS);
    Cost { member: 12.0, ..array }
}

fn plain(name: &str, weight: f64) -> Option<Cost> {
    Some(match name {
        "empty" => Cost::none(),
        "true" | "false" | "null" | "not" | "env" | "input_filename" | "isboolean" | "isnumber"
        | "isstring" | "isarray" | "isobject" | "isnan" | "isinfinite" | "isfinite" | "isnormal" => {
            Cost::one(1.0, 10.0)
        }
        "type" => Cost::one(10.0, 1.0),
        "now" | "nan" | "infinite" | "input_line_number" | "floor" | "ceil" | "round" | "sqrt" | "fabs"
        | "abs" | "trunc" | "log" | "log2" | "log10" | "exp" | "exp2" | "exp10" => number(4.0),
        "length" | "utf8bytelength" | "tonumber" => number(weight),
        "toboolean" | "any" | "all" => Cost::one(1.0, 4.0 * weight),
        "debug" | "stderr" | "first" | "last" | "values" | "nulls" | "booleans" | "numbers" | "strings"
        | "arrays" | "objects" | "iterables" | "scalars" | "finites" | "normals" => {
            Cost::one(weight, 20.0 + weight)
        }
        "toarray" => Cost::one(1.0 + weight, 4.0),
        "ascii_downcase" | "ascii_upcase" | "trim" | "ltrim" | "rtrim" | "reverse" => {
            Cost::one(weight, 2.0 * weight)
        }
        "add" | "flatten" => Cost::one(24.0 + weight, 4.0 * weight),
        "sort" | "unique" | "min" | "max" => Cost::one(1.0 + 2.0 * weight, SORTED * weight),
        "keys" | "keys_unsorted" => {
            Cost::one(weight + guard::IN_PROCESS, SORTED * weight + guard::IN_PROCESS)
        }
        "to_entries" => entries(weight),
        "from_entries" => Cost::one(1.0 + weight, 60.0 * weight),
        "tostring" | "tojson" => Cost::one(ESCAPED * weight + 2.0, 2.0 * ESCAPED * weight),
        "fromjson" => Cost::one(25.0 * weight + 1.0, 50.0 * weight),
        "explode" => Cost::one(25.0 * weight, 25.0 * weight),
        "implode" => Cost::one(4.0 * weight, 4.0 * weight),
        "todate" | "date" | "todateiso8601" | "fromdate" | "fromdateiso8601" | "mktime" => {
            Cost::one(64.0, 200.0 + weight)
        }
        "gmtime" | "localtime" => Cost::one(250.0, 400.0),
        _ => {
            let size = format(name)? * weight + 4.0;
            Cost::one(size, 4.0 * size)
        }
    })
}
