//! Cursors: everything needed to go on, so that GET and POST can continue each other's walks.
//!
//! A cursor is a place in an order, not a snapshot; it stays good while the catalog changes.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::ApiError;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A search: what is sought, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Search {
    /// Values of the `filter` parameter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) filter: Vec<String>,
    /// A predicate query. Both must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) query: Option<Value>,
    /// Only the first one counts.
    #[serde(default)]
    pub(crate) order_fields: Vec<OrderField>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) full_text_filter: Option<FullText>,
}

/// A field to sort by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderField {
    pub(crate) field: String,
    #[serde(default)]
    pub(crate) order: Direction,
}

/// Whereto.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    #[default]
    Asc,
    Desc,
}

impl Direction {
    /// `asc` or `desc`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "asc" => Some(Self::Asc),
            "desc" => Some(Self::Desc),
            _ => None,
        }
    }
}

/// A text to look for in single fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FullText {
    pub(crate) term: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fields: Option<Vec<String>>,
}

/// Where a row stands: its sort value, if the walk is sorted, and its reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Place {
    Sorted(String, String),
    ByRef([String; 1]),
}

/// A place in a walk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cursor {
    #[serde(flatten)]
    pub(crate) search: Search,
    /// The row to go on from; the page does not contain it. The very beginning without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order_field_values: Option<Place>,
    /// The first row of the first page, before which there is no going back.
    pub(crate) first_sort_field_values: Place,
    pub(crate) is_previous: bool,
    /// Counted once, on the first page.
    pub(crate) total_items: u64,
}

impl Cursor {
    /// The text that clients carry.
    pub(crate) fn encode(&self) -> String {
        base64::engine::general_purpose::STANDARD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cursor that [`Cursor::encode`] made.
    pub(crate) fn decode(text: &str) -> Result<Self, ApiError> {
        let malformed = |why: &dyn std::fmt::Display| ApiError::input(format!("Malformed cursor: {why}"));
        let bytes = base64(text).ok_or_else(|| malformed(&"it is not base64"))?;
        let cursor: Self = serde_json::from_slice(&bytes).map_err(|e| malformed(&e))?;
        let sorted = !cursor.search.order_fields.is_empty();
        let fits = |place: &Place| matches!(place, Place::Sorted(..)) == sorted;
        if !cursor.order_field_values.as_ref().is_none_or(fits) || !fits(&cursor.first_sort_field_values) {
            return Err(malformed(&"its place is not one of its order"));
        }
        Ok(cursor)
    }
}

/// The `after` of `GET /entities`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct After {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<u64>,
}

impl After {
    /// The text that clients carry.
    pub(crate) fn encode(self) -> String {
        base64::engine::general_purpose::STANDARD.encode(serde_json::to_vec(&self).unwrap_or_default())
    }

    /// Reads an `after`.
    pub(crate) fn decode(text: &str) -> Result<Self, ApiError> {
        let malformed = |what: &str| ApiError::input(format!("Malformed after cursor, {what}"));
        let parsed = base64(text).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let Some(Value::Object(map)) = parsed else { return Err(malformed("could not be parsed")) };
        let number = |key: &str, what: &str| match map.get(key) {
            None => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| malformed(what)),
        };
        let limit = number("limit", "limit was not an number")?;
        Ok(Self { limit, offset: number("offset", "offset was not a number")? })
    }
}

/// Base64 of either alphabet, padded or not; a blank is a `+` that was not percent-encoded.
fn base64(text: &str) -> Option<Vec<u8>> {
    let standard = text.trim().replace(['-', ' '], "+").replace('_', "/");
    LENIENT.decode(standard).ok()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    fn cursor() -> Cursor {
        Cursor {
            search: Search {
                filter: vec!["kind=component,spec.type=service".into()],
                query: Some(json!({"$not": {"metadata.tags": "ü"}})),
                order_fields: vec![OrderField { field: "metadata.name".into(), order: Direction::Desc }],
                full_text_filter: Some(FullText { term: "a".into(), fields: None }),
            },
            order_field_values: Some(Place::Sorted("b".into(), "component:default/b".into())),
            first_sort_field_values: Place::Sorted("z".into(), "component:default/z".into()),
            is_previous: true,
            total_items: 7,
        }
    }

    #[test]
    fn a_cursor_carries_the_whole_search() {
        assert_eq!(Cursor::decode(&cursor().encode()), Ok(cursor()));
        let unsorted = Cursor {
            search: Search::default(),
            order_field_values: Some(Place::ByRef(["b".into()])),
            first_sort_field_values: Place::ByRef(["a".into()]),
            ..cursor()
        };
        assert_eq!(Cursor::decode(&unsorted.encode()), Ok(unsorted));
    }

    #[test]
    fn transport_may_change_the_alphabet() {
        let text = cursor().encode();
        let url_safe = text.replace('+', "-").replace('/', "_");
        assert_eq!(Cursor::decode(url_safe.trim_end_matches('=')), Ok(cursor()));
        assert_eq!(Cursor::decode(&text.replace('+', " ")), Ok(cursor()));
    }

    #[test]
    fn other_texts_are_malformed_cursors() {
        let mut wrong_place = cursor();
        wrong_place.order_field_values = Some(Place::ByRef(["a".into()]));
        let texts = ["badcursor", "abc", "", "eyJxdWVyeSI6e319", "bnVsbA==", &wrong_place.encode()];
        for text in texts {
            let message = Cursor::decode(text).unwrap_err().message;
            assert!(message.starts_with("Malformed cursor: "), "{text}: {message}");
        }
    }

    #[test]
    fn after_is_limit_and_offset() {
        let after = After { limit: Some(5), offset: Some(10) };
        assert_eq!(after.encode(), STANDARD.encode(r#"{"limit":5,"offset":10}"#));
        assert_eq!(After::decode(&after.encode()), Ok(after));
        for (json, message) in [
            ("[]", "Malformed after cursor, could not be parsed"),
            ("{", "Malformed after cursor, could not be parsed"),
            (r#"{"limit":"a"}"#, "Malformed after cursor, limit was not an number"),
            (r#"{"offset":1.5}"#, "Malformed after cursor, offset was not a number"),
        ] {
            assert_eq!(After::decode(&STANDARD.encode(json)).unwrap_err().message, message);
        }
    }
}
