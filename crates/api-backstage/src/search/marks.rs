//! Tags around the words of a term, wherever they are in a text.

use sha1::{Digest, Sha1};

/// What is marked, and how.
pub(super) struct Marks {
    /// Lower-case words.
    words: Vec<Vec<char>>,
    pub(super) before: String,
    pub(super) after: String,
}

impl Marks {
    /// For these words, in lower case. The tags are made from them: the same search has the same answer.
    pub(super) fn new(words: Vec<String>) -> Self {
        let digest = Sha1::digest(words.join(" ").as_bytes());
        let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let mut words: Vec<Vec<char>> = words.iter().map(|word| word.chars().collect()).collect();
        // Of two that begin alike the longer one counts.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Self { words, before: format!("<{tag}>"), after: format!("</{tag}>") }
    }

    /// The text with its marks; `None` where there are none.
    pub(super) fn mark(&self, text: &str) -> Option<String> {
        // One lower-case character for each: what becomes several is compared by its first.
        let chars: Vec<char> = text.chars().collect();
        let folded: Vec<char> = chars.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
        let mut out = String::with_capacity(text.len() + 80);
        let mut at = 0;
        let mut marked = false;
        while at < chars.len() {
            let rest = folded.get(at..).unwrap_or_default();
            let length = self.words.iter().find(|word| rest.starts_with(word)).map_or(0, Vec::len);
            let piece = chars.get(at..at + length.max(1)).unwrap_or_default().iter();
            if length > 0 {
                marked = true;
                out.push_str(&self.before);
                out.extend(piece);
                out.push_str(&self.after);
            } else {
                out.extend(piece);
            }
            at += length.max(1);
        }
        marked.then_some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn words_are_marked_wherever_they_are() {
        let mut marks = Marks::new(vec!["or".into(), "order".into(), "ä".into()]);
        (marks.before, marks.after) = ("[".into(), "]".into());
        assert_eq!(marks.mark("Orders or ÄB").as_deref(), Some("[Order]s [or] [Ä]B"));
        assert_eq!(marks.mark("nothing"), None);
        assert_eq!(Marks::new(Vec::new()).mark("x"), None);
        assert_eq!(marks.mark("İor").as_deref(), Some("İ[or]"));
    }

    #[test]
    fn the_same_words_have_the_same_tags() {
        let tag = |word: &str| Marks::new(vec![word.to_owned()]).before;
        assert_eq!(tag("a"), tag("a"));
        assert_ne!(tag("a"), tag("b"));
    }
}
