//! Regular expressions, on an engine that takes linear time for every expression: no look-around, no back-references.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use jaq_core::box_iter::box_once;
use jaq_core::native::{bome, v};
use jaq_core::{Bind, Cv, Exn, ValR};
use regex::{Captures, Regex, RegexBuilder};

use super::{Builtin, Data};
use crate::value::{Error, Number, Val};

/// The builtins that the definitions of `test`, `match`, `sub`, `split/2` and their like stand on.
pub(super) fn all() -> Vec<Builtin> {
    vec![
        ("matches", v(2), |cv| bome(apply(cv, false, true))),
        ("split_matches", v(2), |cv| bome(apply(cv, true, true))),
        ("split_", v(2), |cv| bome(apply(cv, true, false))),
        ("sub", [Bind::Var(()), Bind::Fun(()), Bind::Var(())].into(), |mut cv| {
            let (flags, (f, context)) = (cv.0.pop_var(), cv.0.pop_fun());
            let expression = cv.0.pop_var();
            let run = |captures: Val| f.run((context.clone(), captures)).collect::<Result<Vec<_>, _>>();
            match substitute(&cv.1, &expression, &flags, run) {
                Ok(texts) => Box::new(texts.into_iter().map(|text| Ok(Val::str(text)))),
                Err(error) => box_once(Err(error)),
            }
        }),
    ]
}

/// What a compiled expression may take, in bytes.
const SIZE: usize = 1 << 20;
/// How many compiled expressions a thread keeps.
const KEPT: usize = 64;

thread_local! {
    static COMPILED: RefCell<HashMap<(String, String), Rc<Regex>>> = RefCell::default();
}

fn compiled(expression: &str, flags: &str) -> Result<Rc<Regex>, Error> {
    let key = (expression.to_owned(), flags.to_owned());
    if let Some(known) = COMPILED.with_borrow(|known| known.get(&key).cloned()) {
        return Ok(known);
    }
    let mut builder = RegexBuilder::new(expression);
    builder.size_limit(SIZE).dfa_size_limit(SIZE);
    for flag in flags.chars() {
        match flag {
            'i' => builder.case_insensitive(true),
            'x' => builder.ignore_whitespace(true),
            'p' => builder.dot_matches_new_line(true),
            // About the search and not the expression, or what is so anyway.
            'g' | 'n' | 'l' | 's' => &mut builder,
            _ => return Err(Error::str(format_args!("{flags} is not a valid modifier string"))),
        };
    }
    let regex = builder.build();
    let regex = regex.map_err(|error| {
        Error::str(format_args!("{expression:.200} is not a valid regular expression: {error:.400}"))
    })?;
    let regex = Rc::new(regex);
    COMPILED.with_borrow_mut(|known| {
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, regex.clone());
    });
    Ok(regex)
}

/// The expression and its flags; `["re", "flags"]` may stand for the expression.
fn arguments(expression: &Val, flags: &Val) -> Result<(String, String), Error> {
    let (expression, more) = match expression {
        Val::Arr(pair) => (pair.first().unwrap_or(&Val::Null), pair.get(1).unwrap_or(&Val::Null)),
        other => (other, &Val::Null),
    };
    let flag_text = |flags: &Val| match flags {
        Val::Null => Ok(String::new()),
        other => super::text(other, "is not a string of flags").map(str::to_owned),
    };
    let text = super::text(expression, "cannot be matched, as it is not a string")?;
    Ok((text.to_owned(), flag_text(flags)? + &flag_text(more)?))
}

fn apply(mut cv: Cv<'_, Data>, between: bool, matches: bool) -> ValR<Val> {
    let (flags, expression) = (cv.0.pop_var(), cv.0.pop_var());
    let (expression, flags) = arguments(&expression, &flags)?;
    let text = super::text(&cv.1, "cannot be matched, as it is not a string")?;
    let regex = compiled(&expression, &flags)?;
    let (mut parts, mut end, mut places) = (Vec::new(), 0, Places::new(text));
    for captures in regex.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        if whole.is_empty() && flags.contains('n') {
            continue;
        }
        if between {
            parts.push(Val::str(&text[end..whole.start()]));
            end = whole.end();
        }
        if matches {
            parts.push(groups(&regex, &captures, &mut places));
        }
        if !flags.contains('g') {
            break;
        }
    }
    if between {
        parts.push(Val::str(&text[end..]));
    }
    Ok(parts.into_iter().collect())
}

/// The text with matches replaced by what `f` makes of their named groups: a text for each combination of outputs.
fn substitute<'a>(
    text: &Val,
    expression: &Val,
    flags: &Val,
    f: impl Fn(Val) -> Result<Vec<Val>, Exn<'a, Val>>,
) -> Result<Vec<String>, Exn<'a, Val>> {
    let (expression, flags) = arguments(expression, flags)?;
    let text = super::text(text, "cannot be matched, as it is not a string")?;
    let regex = compiled(&expression, &flags)?;
    let (mut texts, mut end) = (vec![String::new()], 0);
    for captures in regex.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        if whole.is_empty() && flags.contains('n') {
            continue;
        }
        texts.iter_mut().for_each(|start| start.push_str(&text[end..whole.start()]));
        end = whole.end();
        let named = regex.capture_names().flatten().map(|name| {
            let value = captures.name(name).map_or(Val::Null, |group| Val::str(group.as_str()));
            (Arc::from(name), value)
        });
        append(&mut texts, &f(Val::obj(named.collect()))?)?;
        if !flags.contains('g') {
            break;
        }
    }
    texts.iter_mut().for_each(|start| start.push_str(&text[end..]));
    Ok(texts)
}

/// Each of the beginnings with each of the ends.
fn append(starts: &mut Vec<String>, ends: &[Val]) -> Result<(), Error> {
    let text = |end: &Val| match end {
        Val::Null => Ok(String::new()),
        other => super::text(other, "cannot be added to a string").map(str::to_owned),
    };
    if let [end] = ends {
        let end = text(end)?;
        starts.iter_mut().for_each(|start| start.push_str(&end));
        return Ok(());
    }
    let ends = ends.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    *starts = ends.iter().flat_map(|end| starts.iter().map(move |start| format!("{start}{end}"))).collect();
    Ok(())
}

/// The whole match and its groups.
fn groups(regex: &Regex, captures: &Captures, places: &mut Places) -> Val {
    let start = captures.get(0).map_or(0, |whole| whole.start());
    let base = places.of(start);
    let all = captures.iter().zip(regex.capture_names()).enumerate();
    let all = all.map(|(index, (group, name))| {
        let (offset, length, string) = match group {
            None => (Val::Num(Number::Int(-1)), 0, Val::Null),
            Some(group) => {
                let before = places.text[start..group.start()].chars().count();
                (Val::from(base + before), group.as_str().chars().count(), Val::str(group.as_str()))
            }
        };
        let length = Val::from(length);
        if index == 0 {
            return Val::record([("offset", offset), ("length", length), ("string", string)]);
        }
        let name = name.map_or(Val::Null, Val::str);
        Val::record([("offset", offset), ("length", length), ("string", string), ("name", name)])
    });
    all.collect()
}

/// Byte positions, which only grow, as counts of characters.
struct Places<'a> {
    text: &'a str,
    byte: usize,
    count: usize,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, byte: 0, count: 0 }
    }

    fn of(&mut self, byte: usize) -> usize {
        self.count += self.text.get(self.byte..byte).map_or(0, |passed| passed.chars().count());
        self.byte = byte;
        self.count
    }
}
