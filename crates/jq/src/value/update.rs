//! `|=` and what is made from it. Below `null` an assignment makes what it needs, as in jq.

use std::rc::Rc;
use std::sync::Arc;

use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_core::{Exn, ValX};

use super::{Error, Number, Val, access};
use crate::guard;

/// The first output, if there is one.
fn first<'a, I: Iterator<Item = ValX<'a, Val>>>(mut outputs: I) -> Result<Option<Val>, Exn<'a, Val>> {
    outputs.next().transpose()
}

pub(super) fn values<'a, I: Iterator<Item = ValX<'a, Val>>>(
    value: Val,
    opt: Opt,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val> {
    match value {
        Val::Arr(items) => {
            let mut kept = Vec::with_capacity(items.len());
            for item in Rc::unwrap_or_clone(items) {
                kept.extend(first(f(item))?);
            }
            Ok(kept.into_iter().collect())
        }
        Val::Obj(map) => {
            let mut kept = super::Map::default();
            for (key, value) in Rc::unwrap_or_clone(map) {
                if let Some(value) = first(f(value))? {
                    kept.insert(key, value);
                }
            }
            Ok(Val::obj(kept))
        }
        other => opt.fail(other, |other| {
            Exn::from(Error::str(format_args!("Cannot iterate over {}", other.brief())))
        }),
    }
}

pub(super) fn index<'a, I: Iterator<Item = ValX<'a, Val>>>(
    value: Val,
    index: &Val,
    opt: Opt,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val> {
    match (value, index) {
        (value @ (Val::Null | Val::Obj(_)), Val::Str(key)) => member(value, key, f),
        (value @ (Val::Null | Val::Arr(_)), Val::Num(at)) => item(value, *at, f),
        (value @ (Val::Arr(_) | Val::Null), Val::Obj(bounds)) => {
            slice(value, bounds.get("start")..bounds.get("end"), opt, f)
        }
        (value, index) => opt.fail(value, |value| Exn::from(access::not_indexable(&value, index))),
    }
}

fn member<'a, I: Iterator<Item = ValX<'a, Val>>>(
    value: Val,
    key: &str,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val> {
    let mut map = match value {
        Val::Obj(map) => map,
        _ => Rc::default(),
    };
    let old = Rc::make_mut(&mut map).get_mut(key).map(std::mem::take);
    match first(f(old.unwrap_or_default()))? {
        Some(new) => {
            let map = Rc::make_mut(&mut map);
            match map.get_mut(key) {
                Some(place) => *place = new,
                None => {
                    map.insert(Arc::from(key), new);
                }
            }
        }
        None => {
            Rc::make_mut(&mut map).shift_remove(key);
        }
    }
    Ok(Val::Obj(map))
}

fn item<'a, I: Iterator<Item = ValX<'a, Val>>>(
    value: Val,
    at: Number,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val> {
    let mut items = match value {
        Val::Arr(items) => items,
        _ => Rc::default(),
    };
    let (length, wanted) = (items.len(), at.as_f64().floor());
    let inside = access::position(at, length);
    if inside.is_none() && (wanted < 0.0 || wanted.is_nan()) {
        return Err(Error::str("Out of bounds negative array index").into());
    }
    let old = inside.map(|at| std::mem::take(&mut Rc::make_mut(&mut items)[at]));
    match (first(f(old.unwrap_or_default()))?, inside) {
        (Some(new), Some(at)) => Rc::make_mut(&mut items)[at] = new,
        (None, Some(at)) => {
            Rc::make_mut(&mut items).remove(at);
        }
        (Some(new), None) => {
            guard::length(wanted * 32.0).map_err(Error::str)?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive and guarded"
            )]
            let at = wanted as usize;
            let items = Rc::make_mut(&mut items);
            items.resize(at, Val::Null);
            items.push(new);
        }
        (None, None) => {}
    }
    Ok(Val::Arr(items))
}

pub(super) fn slice<'a, I: Iterator<Item = ValX<'a, Val>>>(
    value: Val,
    range: Range<&Val>,
    opt: Opt,
    f: impl Fn(Val) -> I,
) -> ValX<'a, Val> {
    let mut items = match value {
        Val::Arr(items) => items,
        Val::Null => Rc::default(),
        other => {
            let fault = |other: Val| {
                Error::str(format_args!("Cannot update field at object index of {}", other.kind()))
            };
            return opt.fail(other, |other| Exn::from(fault(other)));
        }
    };
    let (start, end) = access::bounds(range, items.len())?;
    let old: Val = items[start..end].iter().cloned().collect();
    let new = match first(f(old))? {
        None => Rc::default(),
        Some(Val::Arr(new)) => new,
        Some(_) => return Err(Error::str("A slice of an array can only be assigned another array").into()),
    };
    Rc::make_mut(&mut items).splice(start..end, new.iter().cloned());
    Ok(Val::Arr(items))
}
