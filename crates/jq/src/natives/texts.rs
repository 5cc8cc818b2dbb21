//! Texts.

use jaq_core::ValR;
use jaq_core::native::{bome, unary, v};

use super::{Builtin, list};
use crate::value::{Error, Val};

pub(super) fn all() -> Vec<Builtin> {
    vec![
        ("ltrimstr", v(1), |cv| {
            unary(cv, |text, fix| Ok(trim(text, &fix, |text, fix| text.strip_prefix(fix))))
        }),
        ("rtrimstr", v(1), |cv| {
            unary(cv, |text, fix| Ok(trim(text, &fix, |text, fix| text.strip_suffix(fix))))
        }),
        ("split", v(1), |cv| unary(cv, split)),
        ("join", v(1), |cv| unary(cv, |items, separator| join(&items, &separator))),
        ("utf8bytelength", v(0), |cv| {
            bome(super::text(&cv.1, "only strings have UTF-8 byte length").map(|text| Val::from(text.len())))
        }),
    ]
}

fn split(text: Val, separator: Val) -> ValR<Val> {
    match (&text, &separator) {
        (Val::Str(_), Val::Str(_)) => text / separator,
        _ => Err(Error::str("split input and separator must be strings")),
    }
}

/// What is no text stays as it is, as in jq.
fn trim(value: Val, fix: &Val, strip: for<'a> fn(&'a str, &str) -> Option<&'a str>) -> Val {
    let stripped = value.as_str().zip(fix.as_str()).and_then(|(text, fix)| strip(text, fix)).map(Val::str);
    stripped.unwrap_or(value)
}

fn join(items: &Val, separator: &Val) -> ValR<Val> {
    let items = match items {
        // jq iterates, so an object's values do as well.
        Val::Obj(map) => &map.values().cloned().collect(),
        other => other,
    };
    let mut joined = String::new();
    for (index, item) in list(items, "cannot be joined")?.iter().enumerate() {
        if index > 0 {
            joined.push_str(super::text(separator, "is no separator")?);
        }
        match item {
            Val::Null => {}
            Val::Str(text) => joined.push_str(text),
            Val::Num(_) | Val::Bool(_) => joined.push_str(&item.to_string()),
            other => {
                let before = Val::str(joined);
                let (before, other) = (before.brief(), other.brief());
                return Err(Error::str(format_args!("{before} and {other} cannot be added")));
            }
        }
    }
    Ok(Val::str(joined))
}
