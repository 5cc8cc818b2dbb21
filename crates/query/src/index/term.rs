//! Index terms: the scalar values of a field, as text, in an order that serves both dialects.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Number, Value};

/// Longer strings (in characters) are not indexed by value; only that they exist is known (Backstage's rule).
pub const MAX_INDEXED_CHARS: usize = 200;

/// What a term was before it became text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TermKind {
    /// A string standing alone.
    Text,
    /// A string inside an array: `tags: [java]` also answers `tags.java`.
    Item,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
}

/// One value of a field. Ordered by lower-case text, then exact text, then kind, so that all
/// spellings of a value stand together: Backstage compares without case, Port exactly.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Term {
    pub(crate) text: Arc<str>,
    pub(crate) kind: TermKind,
}

impl Ord for TermRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        fold_cmp(self.text, other.text)
            .then_with(|| self.text.cmp(other.text))
            .then_with(|| self.kind.cmp(&other.kind))
    }
}

impl PartialOrd for TermRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Term {
    fn cmp(&self, other: &Self) -> Ordering {
        self.borrowed().cmp(&other.borrowed())
    }
}

impl PartialOrd for Term {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Term {
    /// Without a copy.
    pub(crate) fn borrowed(&self) -> TermRef<'_> {
        TermRef { text: &self.text, kind: self.kind }
    }
}

/// A [`Term`] that lives elsewhere. Hashes and compares as the term does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TermRef<'a> {
    pub(crate) text: &'a str,
    pub(crate) kind: TermKind,
}

/// Compares two texts by their lower-case forms.
pub(crate) fn fold_cmp(a: &str, b: &str) -> Ordering {
    let (x, y) = (a.as_bytes(), b.as_bytes());
    let common = x.len().min(y.len());
    let mut i = same_prefix(x, y);
    while i < common {
        let (c, d) = (x[i], y[i]);
        if !c.is_ascii() || !d.is_ascii() {
            // What stands before is equal without case, but need not be equally long in characters.
            let start = boundary(a, b, i);
            return fold(a, start).cmp(fold(b, start));
        }
        let order = c.to_ascii_lowercase().cmp(&d.to_ascii_lowercase());
        if order != Ordering::Equal {
            return order;
        }
        i += 1;
    }
    x.len().cmp(&y.len())
}

/// Length of the bytes that both begin with, by words: sorted texts mostly share long beginnings.
pub(crate) fn same_prefix(x: &[u8], y: &[u8]) -> usize {
    let (words_x, words_y) = (x.as_chunks::<8>().0, y.as_chunks::<8>().0);
    let differs = |(a, b): (&[u8; 8], &[u8; 8])| u64::from_le_bytes(*a) != u64::from_le_bytes(*b);
    let words = words_x.iter().zip(words_y).position(differs).unwrap_or(words_x.len().min(words_y.len())) * 8;
    words + x[words..].iter().zip(&y[words..]).take_while(|(a, b)| a == b).count()
}

/// The last place at or before `at` where a character begins in both texts.
fn boundary(a: &str, b: &str, mut at: usize) -> usize {
    while !a.is_char_boundary(at) || !b.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The lower-case characters from a byte on. The two small sigmas are one letter: which of them a capital
/// becomes depends on the word it stands in.
fn fold(text: &str, at: usize) -> impl Iterator<Item = char> + '_ {
    let lower = text.get(at..).unwrap_or(text).chars().flat_map(char::to_lowercase);
    lower.map(|c| if c == 'ς' { 'σ' } else { c })
}

/// A text as [`fold_cmp`] compares it, for tests on parts of texts.
pub(crate) fn folded(text: &str) -> String {
    fold(text, 0).collect()
}

/// Whether two texts are equal without case.
pub(crate) fn fold_eq(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    fold_cmp(a, b) == Ordering::Equal
}

/// A number as JavaScript writes it (`1.0` is `1`), for Backstage compares numbers as text.
#[must_use]
pub fn number_text(n: &Number) -> String {
    match n.as_f64() {
        Some(f) if n.is_f64() => float_text(f),
        _ => n.to_string(),
    }
}

/// A float as JavaScript writes it: an exponent from 1e21 up and below 1e-6, no sign on zero.
pub(crate) fn float_text(f: f64) -> String {
    if f == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e21).contains(&f.abs()) {
        return f.to_string();
    }
    let text = format!("{f:e}");
    if text.contains("e-") { text } else { text.replace('e', "e+") }
}

/// A scalar that a filter compares with.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// As text.
    pub text: String,
    /// As a number, when it is one.
    pub number: Option<f64>,
    /// Whether it was a JSON string.
    pub is_text: bool,
}

impl Scalar {
    /// A string.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), number: None, is_text: true }
    }

    /// A string, number or boolean; nothing else is a scalar.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::text(text.as_str())),
            Value::Number(n) => Some(Self { text: number_text(n), number: n.as_f64(), is_text: false }),
            Value::Bool(b) => Some(Self { text: b.to_string(), number: None, is_text: false }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_lower_case_texts() {
        let mut texts = vec!["b", "A", "a", "Ärger", "ärger", "Z", "zz", "", "aB", "AC", "é", "É", "a1"];
        texts.sort_by(|a, b| fold_cmp(a, b).then_with(|| a.cmp(b)));
        let mut naive = texts.clone();
        naive.sort_by_key(|t| (t.to_lowercase(), (*t).to_owned()));
        assert_eq!(texts, naive);
        assert!(fold_eq("ÄRGER", "ärger") && !fold_eq("a", "ab"));
    }

    #[test]
    fn numbers_read_like_javascripts() {
        let text = |v: Value| Scalar::of(&v).map(|s| s.text);
        assert_eq!(text(serde_json::json!(1.0)).as_deref(), Some("1"));
        assert_eq!(text(serde_json::json!(1.5)).as_deref(), Some("1.5"));
        assert_eq!(text(serde_json::json!(7)).as_deref(), Some("7"));
        assert_eq!(text(serde_json::json!(-0.0)).as_deref(), Some("0"));
        assert_eq!(text(serde_json::json!(1e20)).as_deref(), Some("100000000000000000000"));
        assert_eq!(text(serde_json::json!(1.5e21)).as_deref(), Some("1.5e+21"));
        assert_eq!(text(serde_json::json!(1e-7)).as_deref(), Some("1e-7"));
        assert_eq!(text(serde_json::json!(null)), None);
    }
}
