//! `+ - * / %` with jq's meanings and messages.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use jaq_core::ValR;

use super::{Error, Map, Val};
use crate::guard;

fn refused(left: &Val, right: &Val, what: &str) -> Error {
    Error::str(format_args!("{} and {} cannot be {what}", left.brief(), right.brief()))
}

impl Add for Val {
    type Output = ValR<Self>;

    fn add(self, other: Self) -> ValR<Self> {
        Ok(match (self, other) {
            (Self::Null, value) | (value, Self::Null) => value,
            (Self::Num(left), Self::Num(right)) => Self::Num(left.add(right)),
            (Self::Str(mut left), Self::Str(right)) => {
                Rc::make_mut(&mut left).push_str(&right);
                Self::Str(left)
            }
            (Self::Arr(mut left), Self::Arr(right)) => {
                Rc::make_mut(&mut left).extend(right.iter().cloned());
                Self::Arr(left)
            }
            (Self::Obj(mut left), Self::Obj(right)) => {
                Rc::make_mut(&mut left).extend(right.iter().map(|(key, value)| (key.clone(), value.clone())));
                Self::Obj(left)
            }
            (left, right) => return Err(refused(&left, &right, "added")),
        })
    }
}

impl Sub for Val {
    type Output = ValR<Self>;

    fn sub(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Num(left), Self::Num(right)) => Ok(Self::Num(left.sub(right))),
            (Self::Arr(mut left), Self::Arr(right)) => {
                let mut gone: Vec<_> = right.iter().collect();
                gone.sort();
                Rc::make_mut(&mut left).retain(|item| gone.binary_search(&item).is_err());
                Ok(Self::Arr(left))
            }
            (left, right) => Err(refused(&left, &right, "subtracted")),
        }
    }
}

fn merge(left: &mut Rc<Map>, right: Rc<Map>) {
    let left = Rc::make_mut(left);
    for (key, value) in Rc::unwrap_or_clone(right) {
        match (left.get_mut(&key), value) {
            (Some(Val::Obj(below)), Val::Obj(value)) => merge(below, value),
            (_, value) => {
                left.insert(key, value);
            }
        }
    }
}

fn repeat(text: &str, times: f64) -> ValR<Val> {
    if times <= 0.0 || times.is_nan() {
        return Ok(Val::Null);
    }
    // A repetition of 0.5 is one: jq rounds up.
    let times = times.ceil();
    guard::length(text.len() as f64 * times).map_err(Error::str)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and the guard let it through"
    )]
    Ok(Val::str(text.repeat(times as usize)))
}

impl Mul for Val {
    type Output = ValR<Self>;

    fn mul(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Num(left), Self::Num(right)) => Ok(Self::Num(left.mul(right))),
            (Self::Str(text), Self::Num(times)) | (Self::Num(times), Self::Str(text)) => {
                repeat(&text, times.as_f64())
            }
            (Self::Obj(mut left), Self::Obj(right)) => {
                merge(&mut left, right);
                Ok(Self::Obj(left))
            }
            (left, right) => Err(refused(&left, &right, "multiplied")),
        }
    }
}

fn split(text: &str, separator: &str) -> Val {
    if text.is_empty() {
        Val::from_iter([])
    } else if separator.is_empty() {
        text.chars().map(Val::str).collect()
    } else {
        text.split(separator).map(Val::str).collect()
    }
}

impl Div for Val {
    type Output = ValR<Self>;

    fn div(self, other: Self) -> ValR<Self> {
        match (&self, &other) {
            (Self::Num(left), Self::Num(right)) => left
                .div(*right)
                .map(Self::Num)
                .ok_or_else(|| refused(&self, &other, "divided because the divisor is zero")),
            (Self::Str(text), Self::Str(separator)) => Ok(split(text, separator)),
            _ => Err(refused(&self, &other, "divided")),
        }
    }
}

impl Rem for Val {
    type Output = ValR<Self>;

    fn rem(self, other: Self) -> ValR<Self> {
        match (&self, &other) {
            (Self::Num(left), Self::Num(right)) => left
                .rem(*right)
                .map(Self::Num)
                .ok_or_else(|| refused(&self, &other, "divided because the divisor is zero")),
            _ => Err(refused(&self, &other, "divided")),
        }
    }
}

impl Neg for Val {
    type Output = ValR<Self>;

    fn neg(self) -> ValR<Self> {
        match self {
            Self::Num(number) => Ok(Self::Num(number.neg())),
            other => Err(other.fault("cannot be negated")),
        }
    }
}
