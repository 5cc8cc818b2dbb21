//! Text as PostgreSQL can hold it: any but U+0000, which therefore stands there as U+001A and `0`, and U+001A as
//! U+001A and `1`. JSON needs no such care, for it writes control characters as escapes.

use std::borrow::Cow;

const MARK: char = '\u{1a}';

/// As it is stored.
pub(super) fn put(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', MARK]) {
        return Cow::Borrowed(text);
    }
    let mut stored = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0' => stored.extend([MARK, '0']),
            MARK => stored.extend([MARK, '1']),
            c => stored.push(c),
        }
    }
    Cow::Owned(stored)
}

/// As it was.
pub(super) fn get(stored: &str) -> String {
    if !stored.contains(MARK) {
        return stored.to_owned();
    }
    let mut text = String::with_capacity(stored.len());
    let mut rest = stored.chars();
    while let Some(c) = rest.next() {
        match c {
            MARK => text.push(if rest.next() == Some('0') { '\0' } else { MARK }),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{get, put};

    #[test]
    fn every_text_makes_the_round_trip() {
        for text in ["", "plain", "\0", "\u{1a}", "a\0b\u{1a}0c", "\u{1a}1\0\0", "größe\0"] {
            let stored = put(text);
            assert!(!stored.contains('\0'), "{text:?}");
            assert_eq!(get(&stored), text);
        }
        assert_ne!(put("\0"), put("\u{1a}0"));
    }
}
