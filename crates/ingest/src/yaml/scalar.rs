//! Which scalar is what: the core schema of YAML 1.2.

use serde_json::{Number, Value};

/// What an explicit tag asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// No tag: by its looks.
    Any,
    /// `!!str`, and every tag that is not of the core schema.
    Text,
    /// `!!null`.
    Null,
    /// `!!bool`.
    Bool,
    /// `!!int`.
    Int,
    /// `!!float`.
    Float,
}

/// A number that JSON cannot write.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotFinite;

/// The value of a scalar without quotes.
pub(super) fn plain(text: &str, wanted: Wanted) -> Result<Value, NotFinite> {
    let is = |kind: Wanted| wanted == Wanted::Any || wanted == kind;
    let first = text.as_bytes().first().copied();
    // Most scalars are words: settle those by their first letter.
    let special = matches!(
        first,
        None | Some(b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'+' | b'-' | b'.' | b'0'..=b'9')
    );
    if !special || wanted == Wanted::Text {
        return Ok(Value::String(text.to_owned()));
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" if is(Wanted::Null) => return Ok(Value::Null),
        "true" | "True" | "TRUE" if is(Wanted::Bool) => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" if is(Wanted::Bool) => return Ok(Value::Bool(false)),
        _ => {}
    }
    if is(Wanted::Int)
        && let Some(number) = integer(text)
    {
        return number.map(Value::Number);
    }
    if is(Wanted::Float)
        && let Some(number) = float(text)
    {
        return number.map(Value::Number);
    }
    Ok(Value::String(text.to_owned()))
}

fn integer(text: &str) -> Option<Result<Number, NotFinite>> {
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let signed = text.strip_prefix('+').unwrap_or(text);
    let exact =
        signed.parse::<i64>().ok().map(Number::from).or_else(|| signed.parse::<u64>().ok().map(Number::from));
    Some(exact.map_or_else(|| finite(signed), Ok))
}

fn radix(digits: &str, radix: u32) -> Option<Result<Number, NotFinite>> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    if let Ok(number) = u64::from_str_radix(digits, radix) {
        return Some(Ok(number.into()));
    }
    let base = f64::from(radix);
    let number = digits.chars().fold(0.0, |sum, c| sum * base + f64::from(c.to_digit(radix).unwrap_or(0)));
    Some(Number::from_f64(number).ok_or(NotFinite))
}

fn float(text: &str) -> Option<Result<Number, NotFinite>> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Err(NotFinite));
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let dotted = mantissa.contains('.');
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    match exponent {
        None if !dotted => return None,
        Some(e) => {
            let e = e.strip_prefix(['-', '+']).unwrap_or(e);
            if e.is_empty() || !digits(e) {
                return None;
            }
        }
        None => {}
    }
    Some(finite(text))
}

/// The number as a double, written as an integer where it is one: `1e3` is 1000.
fn finite(text: &str) -> Result<Number, NotFinite> {
    let number: f64 = text.parse().map_err(|_| NotFinite)?;
    let safe = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation)]
    if number.fract() == 0.0 && number.abs() <= safe {
        return Ok(Number::from(number as i64));
    }
    Number::from_f64(number).ok_or(NotFinite)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_the_core_schema() {
        let cases = [
            ("yes", json!("yes")),
            ("on", json!("on")),
            ("2024-01-01", json!("2024-01-01")),
            ("1_000", json!("1_000")),
            ("12:30", json!("12:30")),
            ("0b11", json!("0b11")),
            ("017", json!(17)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("1e3", json!(1000)),
            ("1.50", json!(1.5)),
            ("1.", json!(1)),
            (".5", json!(0.5)),
            ("+12", json!(12)),
            ("-0", json!(0)),
            ("1.2.3", json!("1.2.3")),
            ("1e", json!("1e")),
            (".", json!(".")),
            ("-", json!("-")),
            ("+", json!("+")),
            ("0x", json!("0x")),
            ("-0x1", json!("-0x1")),
            ("True", json!(true)),
            ("tRUE", json!("tRUE")),
            ("~", json!(null)),
            ("", json!(null)),
            ("nULL", json!("nULL")),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
        ];
        for (text, value) in cases {
            assert_eq!(plain(text, Wanted::Any), Ok(value), "{text}");
        }
        assert_eq!(plain("-.INF", Wanted::Any), Err(NotFinite));
        assert_eq!(plain("1e999", Wanted::Any), Err(NotFinite));
        assert_eq!(plain("-.nan", Wanted::Any), Ok(json!("-.nan")));
    }

    #[test]
    fn obeys_tags() {
        assert_eq!(plain("1", Wanted::Text), Ok(json!("1")));
        assert_eq!(plain("1", Wanted::Float), Ok(json!("1")));
        assert_eq!(plain("1", Wanted::Bool), Ok(json!("1")));
        assert_eq!(plain("12", Wanted::Int), Ok(json!(12)));
    }
}
