//! What of an input a program looks at. Most look at one or two properties of a whole entity; nothing else then has to
//! be turned into values, be sent to a worker, or count for what a run may cost.

use std::collections::HashMap;
use std::sync::Arc;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::Part;
use serde_json::Value;

use crate::value::{self, DEPTH, Map, Val};
use crate::walk;

/// Places further down are taken from here on, so that this is never nested deeper.
const DEEPEST: usize = 32;

/// What is looked at below one value.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// The value as a whole.
    whole: bool,
    /// Or these of its members.
    members: HashMap<Arc<str>, Self>,
}

impl Needs {
    /// What a program needs of its input.
    pub(crate) fn of(term: &Term<&str>) -> Self {
        let mut needs = Self::default();
        let output = follow(term, Some(Vec::new()), &mut needs);
        needs.take(output);
        needs
    }

    /// The needed part as a value, and its weight; `None` when it is nested too deep.
    pub(crate) fn part(&self, input: &Value) -> Option<(Val, usize)> {
        self.part_below(input, DEPTH)
    }

    fn part_below(&self, input: &Value, depth: usize) -> Option<(Val, usize)> {
        if self.whole {
            let weight = value::weigh_below(input, depth)?;
            return Some((value::from_json(input), weight));
        }
        Some(match input {
            // Only of what kind it is can matter.
            Value::Array(_) => (Val::from_iter([]), 1),
            Value::Object(members) => {
                let depth = depth.checked_sub(1)?;
                let (mut part, mut weight) = (Map::default(), 1);
                let mut add = |key: &Arc<str>, value: &Value, needs: &Self| {
                    let (value, more) = needs.part_below(value, depth)?;
                    weight += 1 + key.len() + more;
                    part.insert(key.clone(), value);
                    Some(())
                };
                for (key, needs) in &self.members {
                    if let Some(value) = members.get(&**key) {
                        add(key, value, needs)?;
                    }
                }
                (Val::obj(part), weight)
            }
            other => (value::from_json(other), value::weigh_below(other, 0)?),
        })
    }

    /// Marks a place as needed whole.
    fn take(&mut self, place: Option<Place>) {
        let Some(place) = place else { return };
        let mut needs = self;
        for key in place.into_iter().take(DEEPEST) {
            if needs.whole {
                return;
            }
            needs = needs.members.entry(Arc::from(key)).or_default();
        }
        needs.whole = true;
        needs.members.clear();
    }
}

/// Builtins that do not look at their input.
const BLIND: &[&str] = &["null", "true", "false", "empty", "now", "env", "nan", "infinite"];

/// A place below the program's input, by its keys.
type Place = Vec<String>;

/// Where a term's output is, if that can be said without looking at it. `place` is where its input is; without it the
/// input is something that was taken whole or made.
fn follow(term: &Term<&str>, place: Option<Place>, needs: &mut Needs) -> Option<Place> {
    match term {
        Term::Id => place,
        Term::Path(base, path) => {
            let mut at = follow(base, place.clone(), needs);
            for (part, _) in &path.0 {
                at = match (part, at) {
                    (Part::Index(index), Some(mut at)) if let Some(key) = literal(index) => {
                        at.push(key);
                        Some(at)
                    }
                    (part, at) => {
                        needs.take(at);
                        let inner: Vec<&Term<&str>> = match part {
                            Part::Index(index) => vec![index],
                            Part::Range(from, to) => from.iter().chain(to).collect(),
                        };
                        for term in inner {
                            let output = follow(term, place.clone(), needs);
                            needs.take(output);
                        }
                        None
                    }
                };
            }
            at
        }
        Term::BinOp(left, BinaryOp::Pipe(None), right) => {
            let at = follow(left, place, needs);
            follow(right, at, needs)
        }
        // Made of what its parts see.
        Term::BinOp(
            _,
            BinaryOp::Pipe(Some(_))
            | BinaryOp::Comma
            | BinaryOp::Alt
            | BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::Math(_)
            | BinaryOp::Cmp(_),
            _,
        )
        | Term::Str(..)
        | Term::Arr(_)
        | Term::Neg(_)
        | Term::Num(_)
        | Term::Var(_) => {
            walk::below(term, &mut |term| {
                let output = follow(term, place.clone(), needs);
                needs.take(output);
            });
            None
        }
        Term::Obj(entries)
            if entries.iter().all(|(key, value)| value.is_some() || matches!(key, Term::Var(_))) =>
        {
            walk::below(term, &mut |term| {
                let output = follow(term, place.clone(), needs);
                needs.take(output);
            });
            None
        }
        Term::IfThenElse(_, Some(_)) => {
            walk::below(term, &mut |term| {
                let output = follow(term, place.clone(), needs);
                needs.take(output);
            });
            None
        }
        Term::Call(name, arguments) if arguments.is_empty() && BLIND.contains(name) => None,
        Term::TryCatch(body, catch) => {
            let output = follow(body, place, needs);
            needs.take(output);
            let output = catch.as_ref().and_then(|catch| follow(catch, None, needs));
            needs.take(output);
            None
        }
        // Builtins see their input whole, and so may everything else.
        _ => {
            needs.take(place);
            walk::below(term, &mut |term| {
                let output = follow(term, None, needs);
                needs.take(output);
            });
            None
        }
    }
}

/// A key as it stands.
fn literal(term: &Term<&str>) -> Option<String> {
    match term {
        Term::Str(None, parts) => match parts.as_slice() {
            [StrPart::Str(key)] => Some((*key).to_owned()),
            _ => None,
        },
        _ => None,
    }
}
