//! Numbers: whole ones exactly while they fit 64 bits, all others as doubles, which is all that JQ has.

use std::cmp::Ordering;
use std::fmt;

/// Above it a double does not hold every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number. A double that is whole and exact is always an `Int`, so that `10 / 2` is written `5`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Int(i64),
    /// Only above `i64::MAX`.
    Large(u64),
    Float(f64),
}

impl Number {
    pub(crate) fn of_f64(number: f64) -> Self {
        if number.fract() == 0.0 && number.abs() <= EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
            return Self::Int(number as i64);
        }
        Self::Float(number)
    }

    fn of_whole(number: i128) -> Self {
        i64::try_from(number)
            .map(Self::Int)
            .or_else(|_| u64::try_from(number).map(Self::Large))
            .unwrap_or_else(|_| Self::of_f64(number as f64))
    }

    /// As a program or a document writes it; `None` when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(whole) = text.parse::<i128>() {
            return Some(Self::of_whole(whole));
        }
        text.parse().ok().map(Self::of_f64)
    }

    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Large(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    pub(crate) fn whole(self) -> Option<i128> {
        match self {
            Self::Int(number) => Some(number.into()),
            Self::Large(number) => Some(number.into()),
            Self::Float(_) => None,
        }
    }

    /// Both as whole numbers through `exact`, or else both as doubles through `float`.
    fn combine(self, other: Self, exact: fn(i128, i128) -> Option<i128>, float: fn(f64, f64) -> f64) -> Self {
        let whole = self.whole().zip(other.whole()).and_then(|(left, right)| exact(left, right));
        whole.map_or_else(|| Self::of_f64(float(self.as_f64(), other.as_f64())), Self::of_whole)
    }

    pub(crate) fn add(self, other: Self) -> Self {
        self.combine(other, i128::checked_add, |left, right| left + right)
    }

    pub(crate) fn sub(self, other: Self) -> Self {
        self.combine(other, i128::checked_sub, |left, right| left - right)
    }

    pub(crate) fn mul(self, other: Self) -> Self {
        self.combine(other, i128::checked_mul, |left, right| left * right)
    }

    /// `None` when the divisor is zero.
    pub(crate) fn div(self, other: Self) -> Option<Self> {
        let exact = |left: i128, right: i128| (left % right == 0).then(|| left / right);
        (other.as_f64() != 0.0).then(|| self.combine(other, exact, |left, right| left / right))
    }

    /// The remainder of the whole parts, with the sign of the left; `None` when the divisor is zero.
    pub(crate) fn rem(self, other: Self) -> Option<Self> {
        let (left, right) = (self.as_f64(), other.as_f64());
        if left.is_nan() || right.is_nan() {
            return Some(Self::Float(f64::NAN));
        }
        #[expect(clippy::cast_possible_truncation, reason = "what is too large becomes the largest")]
        let whole = |number: Self| number.whole().unwrap_or_else(|| number.as_f64() as i128);
        whole(self).checked_rem(whole(other)).map(Self::of_whole)
    }

    pub(crate) fn neg(self) -> Self {
        Self::Int(0).sub(self)
    }

    pub(crate) fn abs(self) -> Self {
        if self.as_f64() < 0.0 { self.neg() } else { self }
    }

    pub(crate) fn to_json(self) -> serde_json::Value {
        match self {
            Self::Int(number) => number.into(),
            Self::Large(number) => number.into(),
            Self::Float(number) if number.is_nan() => serde_json::Value::Null,
            // JSON has no infinity; this is what jq writes.
            Self::Float(number) => number.clamp(f64::MIN, f64::MAX).into(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.to_json().fmt(out)
    }
}

impl Ord for Number {
    /// A NaN is less than anything, itself included, as in jq.
    fn cmp(&self, other: &Self) -> Ordering {
        if let Some((left, right)) = self.whole().zip(other.whole()) {
            return left.cmp(&right);
        }
        let (left, right) = (self.as_f64(), other.as_f64());
        if left.is_nan() {
            return Ordering::Less;
        }
        left.partial_cmp(&right).unwrap_or(Ordering::Greater)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}
