//! Builtins over paths.

use std::rc::Rc;

use jaq_core::native::{unary, v};
use jaq_core::path::Opt;
use jaq_core::{ValR, ValT as _, ValX};

use super::{Builtin, list};
use crate::value::{Error, Number, Val};

pub(super) fn all() -> Vec<Builtin> {
    vec![
        ("delpaths", v(1), |cv| unary(cv, |value, paths| delete_all(value, &paths))),
        ("setpath", v(2), |mut cv| {
            let (new, path) = (cv.0.pop_var(), cv.0.pop_var());
            let result = list(&path, "is no path").map(<[Val]>::to_vec).map_err(jaq_core::Exn::from);
            Box::new(std::iter::once(result.and_then(|path| set(cv.1, &path, &new))))
        }),
    ]
}

fn set<'a>(value: Val, path: &[Val], new: &Val) -> ValX<'a, Val> {
    match path {
        [] => Ok(new.clone()),
        [first, rest @ ..] => {
            value.map_index(first, Opt::Essential, |below| std::iter::once(set(below, rest, new)))
        }
    }
}

/// From the last path to the first, so that deleting one does not move the others.
fn delete_all(value: Val, paths: &Val) -> ValR<Val> {
    let mut paths = list(paths, "Paths must be specified as an array")?.to_vec();
    paths.sort();
    paths.dedup();
    let mut value = value;
    for path in paths.iter().rev() {
        value = delete(value, list(path, "is no path")?)?;
    }
    Ok(value)
}

fn delete(value: Val, path: &[Val]) -> ValR<Val> {
    let (first, rest) = match path {
        [] => return Ok(Val::Null),
        [first, rest @ ..] => (first, rest),
    };
    if rest.is_empty() {
        return remove(value, first);
    }
    // What is not there needs no deletion, and none is made for it.
    let below = value.clone().index(first)?;
    if matches!(below, Val::Null) {
        return Ok(value);
    }
    let below = delete(below, rest)?;
    let put = value.map_index(first, Opt::Essential, |_| std::iter::once(Ok(below.clone())));
    put.map_err(|exception| exception.get_err().unwrap_or_else(|_| Error::str("cannot delete")))
}

fn remove(value: Val, key: &Val) -> ValR<Val> {
    match (value, key) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Obj(mut map), Val::Str(key)) => {
            Rc::make_mut(&mut map).shift_remove(key.as_str());
            Ok(Val::Obj(map))
        }
        (Val::Arr(mut items), Val::Num(at)) => {
            if let Some(at) = place(*at, items.len()) {
                Rc::make_mut(&mut items).remove(at);
            }
            Ok(Val::Arr(items))
        }
        (value @ Val::Arr(_), key @ Val::Obj(_)) => {
            let empty = Val::from_iter([]);
            let cut = value.map_index(key, Opt::Essential, |_| std::iter::once(Ok(empty.clone())));
            cut.map_err(|exception| exception.get_err().unwrap_or_else(|_| Error::str("cannot delete")))
        }
        (value, key) => {
            let (value, key) = (value.kind(), key.kind());
            Err(Error::str(format_args!("Cannot delete field at {key} index of {value}")))
        }
    }
}

fn place(at: Number, length: usize) -> Option<usize> {
    let at = at.as_f64().floor();
    let at = if at < 0.0 { at + length as f64 } else { at };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a length")]
    (at >= 0.0 && at < length as f64).then_some(at as usize)
}
