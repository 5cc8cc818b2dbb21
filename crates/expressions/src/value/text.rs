//! Texts by UTF-16 units, as JavaScript counts them. Half of a pair becomes U+FFFD: our texts are UTF-8.

use std::cmp::Ordering;

/// What JavaScript takes for white space, in `trim` and `\s`.
pub(crate) fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// The length in UTF-16 units.
pub(crate) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// The units from `start` to `end`.
pub(crate) fn slice(text: &str, start: usize, end: usize) -> String {
    if start >= end {
        return String::new();
    }
    if text.is_ascii() {
        return text[start.min(text.len())..end.min(text.len())].to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(start).take(end - start).collect();
    String::from_utf16_lossy(&units)
}

/// One unit as a text, if there is one.
pub(crate) fn unit(text: &str, index: usize) -> Option<String> {
    if text.is_ascii() {
        return text.get(index..index + 1).map(str::to_owned);
    }
    text.encode_utf16().nth(index).map(|unit| String::from_utf16_lossy(&[unit]))
}

/// Every unit as a text of its own.
pub(crate) fn units(text: &str) -> Vec<String> {
    if text.is_ascii() {
        return text.chars().map(|c| c.to_string()).collect();
    }
    text.encode_utf16().map(|unit| String::from_utf16_lossy(&[unit])).collect()
}

/// How many units lie before this byte.
pub(crate) fn units_before(text: &str, byte: usize) -> usize {
    length(&text[..byte])
}

/// The byte at which this unit begins, or the end.
pub(crate) fn byte_of(text: &str, unit: usize) -> usize {
    if text.is_ascii() {
        return unit.min(text.len());
    }
    let mut seen = 0;
    for (byte, c) in text.char_indices() {
        if seen >= unit {
            return byte;
        }
        seen += c.len_utf16();
    }
    text.len()
}

/// The order of two texts, by UTF-16 units.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        return left.cmp(right);
    }
    left.encode_utf16().cmp(right.encode_utf16())
}

/// The key as an index of a list, if JavaScript takes it for one.
pub(crate) fn array_index(key: &str) -> Option<u32> {
    let digits = !key.is_empty() && key.len() <= 10 && key.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (key.len() > 1 && key.starts_with('0')) {
        return None;
    }
    key.parse::<u32>().ok().filter(|index| *index != u32::MAX)
}

/// The first character in capitals, the rest as it is: of the first UTF-16 unit only, so never of a pair.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if first.len_utf16() == 1 => first.to_uppercase().collect::<String>() + chars.as_str(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{array_index, byte_of, capitalized, compare, length, slice, unit, units};

    #[test]
    fn texts_count_in_utf_16_units() {
        let text = "aé\u{1f600}b";
        assert_eq!(length(text), 5);
        assert_eq!(unit(text, 1).as_deref(), Some("é"));
        assert_eq!(unit(text, 2).as_deref(), Some("\u{fffd}"), "half of a pair");
        assert_eq!(unit(text, 5), None);
        assert_eq!(slice(text, 1, 4), "é\u{1f600}");
        assert_eq!(byte_of(text, 4), 7);
        assert_eq!(units("ab"), ["a", "b"]);
        assert_eq!(capitalized("ßa"), "SSa");
        assert!(compare("\u{ff5e}", "\u{1f600}").is_gt(), "by units, not by characters");
    }

    #[test]
    fn only_plain_numbers_are_indices() {
        assert_eq!(array_index("10"), Some(10));
        for key in ["", "01", "-1", "1.0", "1e3", "4294967295", "99999999999"] {
            assert_eq!(array_index(key), None, "{key}");
        }
    }
}
