//! Every term within a term.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::Part;

/// The terms right below this one.
pub(crate) fn below<'a, 's>(term: &'a Term<&'s str>, see: &mut dyn FnMut(&'a Term<&'s str>)) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) | Term::Arr(None) => {}
        Term::Str(_, parts) => parts.iter().for_each(|part| {
            if let StrPart::Term(term) = part {
                see(term);
            }
        }),
        Term::Arr(Some(term)) | Term::Neg(term) | Term::Label(_, term) => see(term),
        Term::Obj(entries) => entries.iter().for_each(|(key, value)| {
            see(key);
            value.iter().for_each(&mut *see);
        }),
        Term::BinOp(left, op, right) => {
            see(left);
            if let BinaryOp::Pipe(Some(pattern)) = op {
                keys(pattern, see);
            }
            see(right);
        }
        Term::Fold(_, source, pattern, arguments) => {
            see(source);
            keys(pattern, see);
            arguments.iter().for_each(see);
        }
        Term::TryCatch(body, catch) => {
            see(body);
            catch.iter().for_each(|catch| see(catch));
        }
        Term::IfThenElse(branches, otherwise) => {
            for (condition, branch) in branches {
                see(condition);
                see(branch);
            }
            otherwise.iter().for_each(|otherwise| see(otherwise));
        }
        Term::Def(definitions, body) => {
            definitions.iter().for_each(|definition| see(&definition.body));
            see(body);
        }
        Term::Call(_, arguments) => arguments.iter().for_each(see),
        Term::Path(base, path) => {
            see(base);
            for (part, _) in &path.0 {
                match part {
                    Part::Index(index) => see(index),
                    Part::Range(from, to) => from.iter().chain(to).for_each(&mut *see),
                }
            }
        }
    }
}

/// The terms that a pattern has for keys.
fn keys<'a, 's>(pattern: &'a Pattern<&'s str>, see: &mut dyn FnMut(&'a Term<&'s str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(patterns) => patterns.iter().for_each(|pattern| keys(pattern, see)),
        Pattern::Obj(entries) => entries.iter().for_each(|(key, pattern)| {
            see(key);
            keys(pattern, see);
        }),
    }
}

/// As [`below`], to change them.
fn below_mut<'s>(term: &mut Term<&'s str>, see: &mut dyn FnMut(&mut Term<&'s str>)) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) | Term::Arr(None) => {}
        Term::Str(_, parts) => parts.iter_mut().for_each(|part| {
            if let StrPart::Term(term) = part {
                see(term);
            }
        }),
        Term::Arr(Some(term)) | Term::Neg(term) | Term::Label(_, term) => see(term),
        Term::Obj(entries) => entries.iter_mut().for_each(|(key, value)| {
            see(key);
            value.iter_mut().for_each(&mut *see);
        }),
        // A key of a pattern that updates something is not worth the code.
        Term::BinOp(left, _, right) => {
            see(left);
            see(right);
        }
        Term::Fold(_, source, _, arguments) => {
            see(source);
            arguments.iter_mut().for_each(see);
        }
        Term::TryCatch(body, catch) => {
            see(body);
            catch.iter_mut().for_each(|catch| see(catch));
        }
        Term::IfThenElse(branches, otherwise) => {
            for (condition, branch) in branches {
                see(condition);
                see(branch);
            }
            otherwise.iter_mut().for_each(|otherwise| see(otherwise));
        }
        Term::Def(definitions, body) => {
            definitions.iter_mut().for_each(|definition| see(&mut definition.body));
            see(body);
        }
        Term::Call(_, arguments) => arguments.iter_mut().for_each(see),
        Term::Path(base, path) => {
            see(base);
            for (part, _) in &mut path.0 {
                match part {
                    Part::Index(index) => see(index),
                    Part::Range(from, to) => from.iter_mut().chain(to).for_each(&mut *see),
                }
            }
        }
    }
}

/// The name of `first/1` that no program can give to something else.
pub(crate) const FIRST: &str = "!first";

/// Makes an update take the first output only, as in jq. jaq would give a result for each where the whole input is
/// updated.
pub(crate) fn update_once(term: &mut Term<&str>) {
    if let Term::BinOp(_, BinaryOp::Update, new) = term {
        let all = std::mem::take(&mut **new);
        **new = Term::Call(FIRST, vec![all]);
    }
    below_mut(term, &mut |term| update_once(term));
}

/// Whether one of these builtins is called anywhere.
pub(crate) fn calls(term: &Term<&str>, names: &[&str]) -> bool {
    let mut found = matches!(term, Term::Call(name, _) if names.contains(name));
    below(term, &mut |term| found = found || calls(term, names));
    found
}
