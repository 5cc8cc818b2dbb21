//! `.key`, `.[0]`, `.[2:4]`, `.[]`.

use std::rc::Rc;

use jaq_core::ValR;
use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::val::Range;

use super::{Error, Number, Val};

fn not_iterable(value: &Val) -> Error {
    match value {
        Val::Null => Error::str("Cannot iterate over null"),
        other => Error::str(format_args!("Cannot iterate over {}", other.brief())),
    }
}

pub(super) fn key_values(value: Val) -> BoxIter<'static, ValR<(Val, Val), Val>> {
    match value {
        Val::Arr(items) => {
            let items = Rc::unwrap_or_clone(items).into_iter().enumerate();
            Box::new(items.map(|(index, item)| Ok((Val::from(index), item))))
        }
        Val::Obj(map) => {
            Box::new(Rc::unwrap_or_clone(map).into_iter().map(|(key, value)| Ok((Val::str(&*key), value))))
        }
        other => box_once(Err(not_iterable(&other))),
    }
}

pub(super) fn values(value: Val) -> BoxIter<'static, ValR<Val>> {
    match value {
        Val::Arr(items) => Box::new(Rc::unwrap_or_clone(items).into_iter().map(Ok)),
        Val::Obj(map) => Box::new(Rc::unwrap_or_clone(map).into_values().map(Ok)),
        other => box_once(Err(not_iterable(&other))),
    }
}

pub(super) fn not_indexable(value: &Val, index: &Val) -> Error {
    match index {
        Val::Str(key) => Error::str(format_args!("Cannot index {} with \"{key:.80}\"", value.kind())),
        _ => Error::str(format_args!("Cannot index {} with {}", value.kind(), index.kind())),
    }
}

/// Where an index points in a list of this length; `None` is outside.
pub(super) fn position(number: Number, length: usize) -> Option<usize> {
    let at = number.as_f64().floor();
    let at = if at < 0.0 { at + length as f64 } else { at };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a length")]
    (at >= 0.0 && at < length as f64).then_some(at as usize)
}

/// The first, or the one below: an array's or object's member, `null` where there is none.
pub(super) fn index(value: &Val, index: &Val) -> ValR<Val> {
    Ok(match (value, index) {
        (Val::Null, Val::Str(_) | Val::Num(_) | Val::Null | Val::Obj(_)) => Val::Null,
        (Val::Obj(map), Val::Str(key)) => map.get(key.as_str()).cloned().unwrap_or_default(),
        (Val::Arr(items), Val::Num(number)) => {
            position(*number, items.len()).map(|at| items[at].clone()).unwrap_or_default()
        }
        (Val::Arr(items), Val::Arr(wanted)) => runs(items, wanted).map(Val::from).collect(),
        (Val::Arr(_) | Val::Str(_), Val::Obj(bounds)) => {
            return slice(value, bounds.get("start")..bounds.get("end"));
        }
        _ => return Err(not_indexable(value, index)),
    })
}

/// Where `wanted` begins in `items`.
pub(crate) fn runs<'a>(items: &'a [Val], wanted: &'a [Val]) -> impl Iterator<Item = usize> + 'a {
    let windows = items.windows(wanted.len().max(1)).enumerate();
    windows.filter_map(move |(at, window)| (!wanted.is_empty() && window == wanted).then_some(at))
}

/// The bounds of a slice in something of this length: start rounded down, end rounded up.
pub(super) fn bounds(range: Range<&Val>, length: usize) -> Result<(usize, usize), Error> {
    let bound = |value: Option<&Val>, absent: usize, round: fn(f64) -> f64| match value {
        None | Some(Val::Null) => Ok(absent),
        Some(Val::Num(number)) => {
            let at = number.as_f64();
            let at = round(if at < 0.0 { at + length as f64 } else { at });
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to a length"
            )]
            Ok(at.clamp(0.0, length as f64) as usize)
        }
        Some(_) => Err(Error::str("Start and end indices of an array slice must be numbers")),
    };
    let start = bound(range.start, 0, f64::floor)?;
    let end = bound(range.end, length, f64::ceil)?;
    Ok((start, end.max(start)))
}

/// The byte positions of a slice that counts characters.
pub(super) fn byte_bounds(text: &str, range: Range<&Val>) -> Result<(usize, usize), Error> {
    let (start, end) = bounds(range, text.chars().count())?;
    let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
    Ok((byte(start), byte(end)))
}

pub(super) fn slice(value: &Val, range: Range<&Val>) -> ValR<Val> {
    match value {
        Val::Null => Ok(Val::Null),
        Val::Str(text) => {
            let (start, end) = byte_bounds(text, range)?;
            Ok(Val::str(text.get(start..end).unwrap_or_default()))
        }
        Val::Arr(items) => {
            let (start, end) = bounds(range, items.len())?;
            Ok(items[start..end].iter().cloned().collect())
        }
        other => Err(Error::str(format_args!("Cannot index {} with object", other.kind()))),
    }
}
