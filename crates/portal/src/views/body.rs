//! What a saved view says.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::error::PortalError;

/// Characters of a title.
const LONGEST_TITLE: usize = 100;
/// Bytes of a query.
const LONGEST_QUERY: usize = stagedoor_query::text::MAX_TEXT;
/// Bytes of a field's name.
const LONGEST_FIELD: usize = 500;
/// Fields of a kind.
const MOST_FIELDS: usize = 200;

/// What a view shows. Fields are named as in the query language.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewBody {
    /// Its name.
    pub title: String,
    /// The blueprint whose entities it shows; all when `None`.
    pub blueprint: Option<String>,
    /// Which of them, as text.
    pub query: String,
    /// Fields to sort by, with a `-` in front for descending.
    pub sort: Vec<String>,
    /// The columns; the usual ones when `None`.
    pub columns: Option<Vec<String>>,
    /// The field that it is grouped by.
    pub group: Option<String>,
    /// Widths of columns in pixels.
    pub widths: BTreeMap<String, u32>,
    /// Nobody changes it by accident.
    pub locked: bool,
    /// The blueprint's table opens with it.
    pub default: bool,
}

impl ViewBody {
    /// Refuses what is too long.
    pub(super) fn check(&self) -> Result<(), PortalError> {
        let wrong = |what: &str| Err(PortalError::invalid(what));
        let length = self.title.chars().count();
        if self.title.trim().is_empty() || length > LONGEST_TITLE || self.title.chars().any(char::is_control)
        {
            return wrong(&format!("\"title\" must have 1 to {LONGEST_TITLE} characters"));
        }
        if self.query.len() > LONGEST_QUERY {
            return wrong(&format!("\"query\" must have at most {LONGEST_QUERY} bytes"));
        }
        let columns = self.columns.iter().flatten();
        let names: Vec<&String> =
            columns.chain(&self.sort).chain(&self.group).chain(self.widths.keys()).collect();
        if names.len() > 3 * MOST_FIELDS {
            return wrong(&format!("a view has at most {} fields", 3 * MOST_FIELDS));
        }
        if names.iter().any(|n| n.len() > LONGEST_FIELD) {
            return wrong(&format!("the name of a field must have at most {LONGEST_FIELD} bytes"));
        }
        if self.default && self.blueprint.is_none() {
            return wrong("only a view of a blueprint can be its default");
        }
        Ok(())
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "title": self.title, "blueprint": self.blueprint, "query": self.query, "sort": self.sort,
            "columns": self.columns, "group": self.group, "widths": self.widths, "locked": self.locked,
            "default": self.default,
        })
    }

    /// What is stored, whatever wrote it.
    pub(super) fn stored(value: &Value) -> Self {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let list = |key: &str| {
            let items = value.get(key)?.as_array()?;
            Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>())
        };
        let is = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or_default();
        let widths = value.get("widths").and_then(Value::as_object).map(Map::iter).into_iter().flatten();
        let width = |(k, v): (&String, &Value)| Some((k.clone(), u32::try_from(v.as_u64()?).ok()?));
        Self {
            title: text("title").unwrap_or_default(),
            blueprint: text("blueprint"),
            query: text("query").unwrap_or_default(),
            sort: list("sort").unwrap_or_default(),
            columns: list("columns"),
            group: text("group"),
            widths: widths.filter_map(width).collect(),
            locked: is("locked"),
            default: is("default"),
        }
    }
}
