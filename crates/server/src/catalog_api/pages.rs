//! A whole catalog, page by page.

use anyhow::bail;
use serde_json::Value;

use super::{Door, progress};

const BY_QUERY: &str = "/api/catalog/entities/by-query";
const LOCATIONS: &str = "/api/catalog/locations";
/// Entities of a page.
const PAGE: usize = 500;
/// Pages between two lines of progress.
const REPORTED: usize = 10;

/// All entities, in the order of the server.
pub(crate) struct Pages<'d> {
    door: &'d Door,
    cursor: Option<String>,
    ended: bool,
    pages: usize,
    /// Entities so far.
    pub(crate) read: usize,
}

impl<'d> Pages<'d> {
    pub(crate) fn of(door: &'d Door) -> Self {
        Self { door, cursor: None, ended: false, pages: 0, read: 0 }
    }

    /// The next page; `None` at the end.
    ///
    /// # Errors
    /// When a page does not come, or is no page: the rest would be missing.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Vec<Value>>> {
        if self.ended {
            return Ok(None);
        }
        let cursor = self.cursor.as_deref().map(|cursor| {
            let encoded: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
            format!("&cursor={encoded}")
        });
        let path = format!("{BY_QUERY}?limit={PAGE}{}", cursor.unwrap_or_default());
        let mut page = self.door.json(&self.door.get(&path).await?, BY_QUERY)?;
        let next = page.pointer("/pageInfo/nextCursor").and_then(Value::as_str).map(str::to_owned);
        let total = page.get("totalItems").and_then(Value::as_u64);
        let Some(Value::Array(items)) = page.get_mut("items").map(Value::take) else {
            bail!(
                "{}{BY_QUERY} answers no list of entities: is it a Backstage older than 1.14?",
                self.door.name()
            );
        };
        if next.is_some() && next == self.cursor {
            bail!("{}{BY_QUERY} answers the same page for ever", self.door.name());
        }
        self.ended = next.is_none() || items.is_empty();
        self.cursor = next;
        self.read += items.len();
        self.pages += 1;
        if self.pages.is_multiple_of(REPORTED) && !self.ended {
            let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
            progress(&format!("read {}{of} entities", self.read));
        }
        Ok(Some(items))
    }
}

/// The registered locations: type and target. None where a catalog has no such list.
///
/// # Errors
/// When the list cannot be read.
pub(crate) async fn locations(door: &Door) -> anyhow::Result<Vec<(String, String)>> {
    let answer = door.get(LOCATIONS).await?;
    if answer.status == 404 {
        return Ok(Vec::new());
    }
    let list = door.json(&answer, LOCATIONS)?;
    let Some(list) = list.as_array() else {
        bail!("{}{LOCATIONS} answers no list of locations", door.name());
    };
    let text = |entry: &Value, key: &str| {
        let data = entry.get("data").unwrap_or(entry);
        data.get(key).and_then(Value::as_str).map(str::to_owned)
    };
    Ok(list.iter().filter_map(|entry| Some((text(entry, "type")?, text(entry, "target")?))).collect())
}
