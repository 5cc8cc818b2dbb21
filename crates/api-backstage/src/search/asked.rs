//! What a search asks for: the query string as Backstage reads it, `filters[kind]=API&types[0]=software-catalog`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use serde_json::{Value, json};

use super::TYPES;
use crate::error::ApiError;
use crate::query::pairs;

const USUAL_PAGE: usize = 25;
const LARGEST_PAGE: usize = 100;
const LONGEST_TERM: usize = 100;
/// Words that count; those behind them are not looked for.
const MOST_WORDS: usize = 10;
/// More values of filters, all together, are no search.
const MOST_VALUES: usize = 1_000;

/// A search.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) term: String,
    /// All types where there are none.
    pub(super) types: Option<Vec<String>>,
    /// Field and values, one of which it must have.
    pub(super) filters: Vec<(String, Vec<String>)>,
    pub(super) limit: usize,
    /// From 0.
    pub(super) page: usize,
}

impl Asked {
    /// Reads and checks the query string. Parameters that it does not know are let pass, as by Backstage.
    pub(super) fn of(uri: &Uri) -> Result<Self, ApiError> {
        let mut asked = Self { limit: USUAL_PAGE, ..Self::default() };
        let mut values = 0;
        for (name, value) in pairs(uri.query().unwrap_or_default()) {
            let (root, inner) = name.split_once('[').unwrap_or((&name, ""));
            match (root, inner.split_once(']')) {
                ("term", None) => asked.term = term(value)?,
                ("pageLimit", None) => asked.limit = limit(&value)?,
                ("pageCursor", None) => asked.page = page(&value)?,
                ("types", _) => asked.types.get_or_insert_default().push(known_type(value)?),
                ("filters", Some((field, _))) => {
                    values += 1;
                    asked.filter(field, value);
                }
                _ => {}
            }
        }
        if values > MOST_VALUES {
            return Err(ApiError::input(format!("Invalid query string: more than {MOST_VALUES} filters")));
        }
        Ok(asked)
    }

    fn filter(&mut self, field: &str, value: String) {
        match self.filters.iter_mut().find(|(known, _)| known == field) {
            Some((_, values)) => values.push(value),
            None => self.filters.push((field.to_owned(), vec![value])),
        }
    }

    /// The words of the term, without what stands around them.
    pub(super) fn words(&self) -> Vec<String> {
        let bare = |word: &str| {
            let inner = word.trim_matches(|c: char| !c.is_alphanumeric());
            if inner.is_empty() { word } else { inner }.to_lowercase()
        };
        self.term.split_whitespace().take(MOST_WORDS).map(bare).collect()
    }
}

/// A refusal in the shape of the original's schema library.
fn refused(issue: &Value) -> ApiError {
    ApiError::input(format!("Invalid query string: {:#}", Value::Array(vec![issue.clone()])))
}

fn term(text: String) -> Result<String, ApiError> {
    // The original counts UTF-16 units.
    match text.encode_utf16().count() {
        0..=LONGEST_TERM => Ok(text),
        length => Err(refused(&json!({
            "code": "custom",
            "message": format!("The term length \"{length}\" is greater than \"{LONGEST_TERM}\""),
            "path": ["term"],
        }))),
    }
}

fn known_type(name: String) -> Result<String, ApiError> {
    if TYPES.contains(&name.as_str()) {
        return Ok(name);
    }
    Err(refused(&json!({"code": "custom", "message": "Invalid input", "path": ["types", 0]})))
}

fn limit(text: &str) -> Result<usize, ApiError> {
    match text.parse::<i64>() {
        Ok(limit) if limit > LARGEST_PAGE as i64 => Err(refused(&json!({
            "code": "custom",
            "message": format!("The page limit \"{limit}\" is greater than \"{LARGEST_PAGE}\""),
            "path": ["pageLimit"],
        }))),
        Ok(limit) => {
            usize::try_from(limit).map_err(|_| ApiError::input("request/query/pageLimit must be >= 0"))
        }
        Err(_) => Err(ApiError::input("request/query/pageLimit must be integer")),
    }
}

/// The number of a page in base64; none is the first.
fn page(cursor: &str) -> Result<usize, ApiError> {
    if cursor.is_empty() {
        return Ok(0);
    }
    let bytes = STANDARD.decode(cursor).ok();
    let number = bytes.and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<u32>().ok());
    let number = number.ok_or_else(|| ApiError::input("Invalid page cursor"))?;
    Ok(number as usize)
}

/// The cursor of a page.
pub(super) fn cursor(page: usize) -> String {
    STANDARD.encode(page.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Result<Asked, String> {
        let uri: Uri = format!("/query?{query}").parse().unwrap();
        Asked::of(&uri).map_err(|e| e.message)
    }

    #[test]
    fn filters_and_types_are_nested() {
        let asked = of("term=a+b&types[0]=software-catalog&types=techdocs&filters[kind]=API\
                        &filters[lifecycle][0]=x&filters%5Blifecycle%5D%5B1%5D=y&pageLimit=7&pageCursor=Mg==&other=1");
        let asked = asked.unwrap();
        assert_eq!((asked.term.as_str(), asked.limit, asked.page), ("a b", 7, 2));
        assert_eq!(asked.types.unwrap(), ["software-catalog", "techdocs"]);
        let several = vec!["x".to_owned(), "y".to_owned()];
        assert_eq!(
            asked.filters,
            [("kind".to_owned(), vec!["API".to_owned()]), ("lifecycle".to_owned(), several)]
        );
        assert_eq!(of("pageCursor=").unwrap(), Asked { limit: 25, ..Asked::default() });
        assert_eq!(cursor(2), "Mg==");
    }

    #[test]
    fn refusals() {
        for (query, part) in [
            ("pageLimit=101", "The page limit \\\"101\\\" is greater than \\\"100\\\""),
            ("pageLimit=x", "request/query/pageLimit must be integer"),
            ("pageLimit=-1", "request/query/pageLimit must be >= 0"),
            ("pageCursor=x", "Invalid page cursor"),
            ("pageCursor=LTE%3D", "Invalid page cursor"),
            ("types[0]=adr", "Invalid input"),
        ] {
            let message = of(query).unwrap_err();
            assert!(message.contains(part), "{query}: {message}");
        }
        assert!(of(&format!("term={}", "x".repeat(100))).is_ok());
        let long = of(&format!("term={}", "x".repeat(101))).unwrap_err();
        assert!(long.starts_with("Invalid query string: [\n  {\n    \"code\": \"custom\""), "{long}");
        let many: Vec<String> = (0..1_001).map(|n| format!("filters[kind][]={n}")).collect();
        assert!(of(&many.join("&")).unwrap_err().contains("more than 1000 filters"));
    }

    #[test]
    fn words_lose_what_is_around_them() {
        let asked = Asked { term: " \"Orders, API\"  % ".into(), ..Asked::default() };
        assert_eq!(asked.words(), ["orders", "api", "%"]);
    }
}
