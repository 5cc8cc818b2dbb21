//! What a few typed letters may mean.

use stagedoor_query::suggest::{Near, Suggested};

use crate::View;

/// Longer texts are no attempt to find something.
const LONGEST: usize = 200;

impl View {
    /// The entities that a few letters may mean, the best first.
    #[must_use]
    pub fn suggest(&self, text: &str, limit: usize) -> Suggested {
        match text.char_indices().nth(LONGEST) {
            Some(_) => Suggested::default(),
            None => self.catalog.suggest(text, limit),
        }
    }
}

/// How well a title fits a few letters, the best being 0; `None`: not at all. In the order of entities: equal, begins,
/// a word begins, contains, slips.
#[must_use]
pub fn fits(title: &str, text: &str) -> Option<usize> {
    let (title, text) = (title.to_lowercase(), text.trim().to_lowercase());
    let words = || title.split(|c: char| !c.is_alphanumeric());
    match title.find(&text) {
        Some(0) if title == text => Some(0),
        Some(0) => Some(1),
        Some(_) if words().any(|word| word.starts_with(&text)) => Some(2),
        Some(_) => Some(3),
        None => Near::to(&text)?.slips(&title).map(|slips| 4 + slips),
    }
}
