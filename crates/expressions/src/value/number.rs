//! Numbers as JavaScript reads and prints them.

use super::text::is_space;

/// As `String(number)`.
pub(crate) fn print(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if number == 0.0 {
        return "0".to_owned();
    }
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return (number as i64).to_string();
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let (digits, exponent) = shortest(number.abs());
    format!("{sign}{}", lay_out(&digits, exponent))
}

/// The shortest digits that read back as this number, and the exponent of the first.
fn shortest(number: f64) -> (String, i32) {
    let printed = format!("{number:e}");
    let (digits, exponent) = printed.split_once('e').unwrap_or((&printed, "0"));
    let mut digits = digits.replace('.', "");
    if digits.len() >= LONG {
        to_even(number, &mut digits);
    }
    (digits, exponent.parse().unwrap_or(0))
}

/// From this many digits on, two shortest texts can be equally close to a number.
const LONG: usize = 15;

/// Of two texts that are equally close JavaScript takes the one that ends with an even digit.
fn to_even(number: f64, digits: &mut String) {
    let (exact, _) = exact(number);
    let rest = exact.get(digits.len()..).unwrap_or_default();
    let is_tie = rest.first() == Some(&5) && rest[1..].iter().all(|digit| *digit == 0);
    let last = exact.get(digits.len() - 1).copied().unwrap_or(0);
    if is_tie && last % 2 == 0 {
        digits.pop();
        digits.push(char::from(b'0' + last));
    }
}

fn lay_out(digits: &str, exponent: i32) -> String {
    let count = digits.len() as i32;
    let point = exponent + 1;
    if (count..=21).contains(&point) {
        return format!("{digits}{}", "0".repeat((point - count) as usize));
    }
    if (1..=21).contains(&point) {
        return format!("{}.{}", &digits[..point as usize], &digits[point as usize..]);
    }
    if (-5..=0).contains(&point) {
        return format!("0.{}{digits}", "0".repeat(-point as usize));
    }
    with_exponent(digits, exponent)
}

fn with_exponent(digits: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    let fraction = if digits.len() > 1 { format!(".{}", &digits[1..]) } else { String::new() };
    format!("{}{fraction}e{sign}{}", &digits[..1], exponent.abs())
}

/// As `Number(text)`.
pub(crate) fn read(text: &str) -> f64 {
    let trimmed = text.trim_matches(is_space);
    if trimmed.is_empty() {
        return 0.0;
    }
    let lower = trimmed.get(..2).map(str::to_ascii_lowercase);
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if lower.as_deref() == Some(prefix) {
            return read_digits(&trimmed[2..], radix)
                .filter(|(_, rest)| rest.is_empty())
                .map_or(f64::NAN, |found| found.0);
        }
    }
    match read_decimal(trimmed) {
        Some((number, "")) => number,
        _ => f64::NAN,
    }
}

/// As `parseFloat(text)`.
pub(crate) fn read_prefix(text: &str) -> f64 {
    read_decimal(text.trim_start_matches(is_space)).map_or(f64::NAN, |(number, _)| number)
}

/// As `parseInt(text, radix)`.
pub(crate) fn read_integer(text: &str, radix: f64) -> f64 {
    let trimmed = text.trim_start_matches(is_space);
    let negative = trimmed.starts_with('-');
    let mut digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    let mut radix = to_int32(radix);
    let hexadecimal = digits.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("0x"));
    if hexadecimal && (radix == 0 || radix == 16) {
        digits = &digits[2..];
        radix = 16;
    }
    if radix == 0 {
        radix = 10;
    }
    if !(2..=36).contains(&radix) {
        return f64::NAN;
    }
    match read_digits(digits, radix as u32) {
        Some((number, _)) if negative => -number,
        Some((number, _)) => number,
        None => f64::NAN,
    }
}

/// The decimal number that the text begins with, and the rest.
fn read_decimal(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    if let Some(rest) = text[at..].strip_prefix("Infinity") {
        return Some((if bytes[0] == b'-' { f64::NEG_INFINITY } else { f64::INFINITY }, rest));
    }
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(at);
    at += whole;
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        fraction = digits(at + 1);
        if whole + fraction > 0 {
            at += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = if signed <= bytes.len() { digits(signed) } else { 0 };
        if exponent > 0 {
            at = signed + exponent;
        }
    }
    text[..at].parse().ok().map(|number| (number, &text[at..]))
}

fn read_digits(text: &str, radix: u32) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_digit(radix)).unwrap_or(text.len());
    if end == 0 {
        return None;
    }
    if radix == 10 {
        return text[..end].parse().ok().map(|number| (number, &text[end..]));
    }
    let number = text[..end]
        .chars()
        .fold(0.0, |sum, c| sum * f64::from(radix) + f64::from(c.to_digit(radix).unwrap_or(0)));
    Some((number, &text[end..]))
}

/// As `number | 0`.
pub(crate) fn to_int32(number: f64) -> i32 {
    if number.is_finite() { (number.trunc() % 4_294_967_296.0) as i64 as i32 } else { 0 }
}

/// As `number >>> 0`.
pub(crate) fn to_uint32(number: f64) -> u32 {
    to_int32(number) as u32
}

/// As `Math.round`: halves go up.
pub(crate) fn round(number: f64) -> f64 {
    if number.is_finite() && number.fract() != 0.0 {
        let floor = number.floor();
        let rounded = if number - floor >= 0.5 { floor + 1.0 } else { floor };
        return if rounded == 0.0 && number < 0.0 { -0.0 } else { rounded };
    }
    number
}

/// The exact decimal digits of a positive number, and where the point is among them.
fn exact(number: f64) -> (Vec<u8>, i32) {
    let printed = format!("{number:.1074}");
    let (whole, fraction) = printed.split_once('.').unwrap_or((&printed, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
    let mut point = whole.len() as i32;
    let zeros = digits.iter().take_while(|digit| **digit == 0).count().min(digits.len() - 1);
    digits.drain(..zeros);
    point -= zeros as i32;
    (digits, point)
}

/// The first `count` digits, rounded, halves up; the point moves if a digit is carried over.
fn rounded(number: f64, count: i32) -> (String, i32) {
    let (mut digits, mut point) = exact(number);
    if count < 0 {
        return (String::new(), point);
    }
    let up = digits.get(count as usize).is_some_and(|digit| *digit >= 5);
    digits.resize(count as usize, 0);
    if up {
        let mut at = digits.len();
        loop {
            if at == 0 {
                digits.insert(0, 1);
                point += 1;
                break;
            }
            at -= 1;
            if digits[at] < 9 {
                digits[at] += 1;
                break;
            }
            digits[at] = 0;
        }
    }
    (digits.iter().map(|digit| char::from(b'0' + digit)).collect(), point)
}

fn signed(number: f64, text: String) -> String {
    if number < 0.0 { format!("-{text}") } else { text }
}

/// As `number.toFixed(count)`; `None` where JavaScript throws.
pub(crate) fn to_fixed(number: f64, count: f64) -> Option<String> {
    let count = count_in(count, 0, 100)?;
    if !number.is_finite() || number.abs() >= 1e21 {
        return Some(print(number));
    }
    let (_, point) = exact(number.abs());
    let (digits, carried) = rounded(number.abs(), point + count);
    let whole = carried.max(0) as usize;
    let mut padded = "0".repeat((-carried).max(0) as usize) + &digits;
    padded.truncate(whole + count as usize);
    while padded.len() < whole + count as usize {
        padded.push('0');
    }
    let head = if whole == 0 { "0" } else { &padded[..whole] };
    let text = if count == 0 { head.to_owned() } else { format!("{head}.{}", &padded[whole..]) };
    Some(signed(number, text))
}

/// As `number.toPrecision(count)`.
pub(crate) fn to_precision(number: f64, count: f64) -> Option<String> {
    if !number.is_finite() {
        return Some(print(number));
    }
    let count = count_in(count, 1, 100)?;
    if number == 0.0 {
        let zeros = "0".repeat(count as usize - 1);
        return Some(if zeros.is_empty() { "0".to_owned() } else { format!("0.{zeros}") });
    }
    let (mut digits, point) = rounded(number.abs(), count);
    digits.truncate(count as usize);
    let exponent = point - 1;
    let text = if exponent < -6 || exponent >= count {
        with_exponent(&digits, exponent)
    } else if point >= count {
        digits
    } else if point > 0 {
        format!("{}.{}", &digits[..point as usize], &digits[point as usize..])
    } else {
        format!("0.{}{digits}", "0".repeat(-point as usize))
    };
    Some(signed(number, text))
}

/// As `number.toExponential(count)`, without a count the shortest digits.
pub(crate) fn to_exponential(number: f64, count: Option<f64>) -> Option<String> {
    if !number.is_finite() {
        return Some(print(number));
    }
    let Some(count) = count else {
        let (digits, exponent) = if number == 0.0 { ("0".to_owned(), 0) } else { shortest(number.abs()) };
        return Some(signed(number, with_exponent(&digits, exponent)));
    };
    let count = count_in(count, 0, 100)? + 1;
    if number == 0.0 {
        return Some(with_exponent(&"0".repeat(count as usize), 0));
    }
    let (mut digits, point) = rounded(number.abs(), count);
    digits.truncate(count as usize);
    Some(signed(number, with_exponent(&digits, point - 1)))
}

fn count_in(count: f64, least: i32, most: i32) -> Option<i32> {
    let count = if count.is_nan() { 0.0 } else { count.trunc() };
    (f64::from(least)..=f64::from(most)).contains(&count).then_some(count as i32)
}

/// As `number.toString(radix)`.
pub(crate) fn to_radix(number: f64, radix: f64) -> Option<String> {
    let radix = if radix.is_nan() { 0.0 } else { radix.trunc() };
    if !(2.0..=36.0).contains(&radix) {
        return None;
    }
    if radix == 10.0 || !number.is_finite() || number == 0.0 {
        return Some(print(number));
    }
    let positive = number.abs();
    let mut whole = positive.floor();
    let mut digits = fraction_digits(positive, &mut whole, radix);
    if !digits.is_empty() {
        digits.insert(0, b'.');
    }
    let mut head = Vec::new();
    // Digits beyond what the number holds are zeros.
    while whole / radix >= 9_007_199_254_740_992.0 {
        whole /= radix;
        head.push(b'0');
    }
    loop {
        let digit = whole % radix;
        head.push(digit_char(digit as u32));
        whole = (whole - digit) / radix;
        if whole <= 0.0 {
            break;
        }
    }
    head.reverse();
    head.extend(digits);
    Some(signed(number, head.into_iter().map(char::from).collect()))
}

/// The digits after the point that are needed to tell the number apart from its neighbours.
fn fraction_digits(number: f64, whole: &mut f64, radix: f64) -> Vec<u8> {
    let mut fraction = number - *whole;
    let next = f64::from_bits(number.to_bits() + 1);
    let mut delta = (0.5 * (next - number)).max(f64::from_bits(1));
    let mut digits: Vec<u8> = Vec::new();
    while fraction >= delta {
        fraction *= radix;
        delta *= radix;
        let digit = fraction as u32;
        digits.push(digit_char(digit));
        fraction -= f64::from(digit);
        let up = fraction > 0.5 || (fraction == 0.5 && digit % 2 == 1);
        if up && fraction + delta > 1.0 {
            loop {
                let Some(last) = digits.pop() else {
                    *whole += 1.0;
                    break;
                };
                let digit = char::from(last).to_digit(36).unwrap_or(0) + 1;
                if f64::from(digit) < radix {
                    digits.push(digit_char(digit));
                    break;
                }
            }
            break;
        }
    }
    digits
}

fn digit_char(digit: u32) -> u8 {
    char::from_digit(digit, 36).map_or(b'0', |c| c as u8)
}
