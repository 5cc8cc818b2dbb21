//! Numbers.

use jaq_core::ValR;
use jaq_core::native::{bome, v};

use super::Builtin;
use crate::value::{Error, Number, Val};

pub(super) fn all() -> Vec<Builtin> {
    vec![
        ("nan", v(0), |_| bome(Ok(Val::Num(Number::Float(f64::NAN))))),
        ("infinite", v(0), |_| bome(Ok(Val::Num(Number::Float(f64::INFINITY))))),
        ("tonumber", v(0), |cv| bome(to_number(cv.1))),
    ]
}

fn to_number(value: Val) -> ValR<Val> {
    match &value {
        Val::Num(_) => Ok(value),
        Val::Str(text) => {
            let text = text.trim();
            // Rust reads `inf` and `nan` too, jq does not.
            let plain =
                text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
            let number = Number::parse(text).filter(|_| plain);
            number
                .map(Val::Num)
                .ok_or_else(|| Error::str(format_args!("Cannot be parsed as a number: {}", value.brief())))
        }
        other => Err(other.fault("cannot be parsed as a number")),
    }
}
