//! Examples of what an integration reads, by kind: raw items of the third party, for whoever writes a mapping.
//! They may hold anything, so only administrators see them.

use serde_json::{Value, json};
use stagedoor_auth::Viewer;
use stagedoor_model::JsonText;
use stagedoor_store::{Store, StoreError};

use super::telemetry::{KINDS, small};
use super::{Integration, IntegrationName};
use crate::error::PortalError;
use crate::{Portal, clock};

/// How many are kept of each kind, and how many kinds.
const EXAMPLES: usize = 10;
const MAX_KINDS: usize = 500;

/// The journal of the examples of a kind.
pub(super) fn journal(one: &Integration, kind: &str) -> String {
    one.journal(&format!("kind/{kind}"))
}

/// The kinds that there are examples of, in the order of their first one.
pub(super) fn kinds(store: &dyn Store, one: &Integration) -> Result<Vec<String>, StoreError> {
    let mut found: Vec<String> = Vec::new();
    for line in store.journal(&one.journal(KINDS), None, MAX_KINDS)?.iter().rev() {
        if let Value::String(kind) = line.body.value()
            && !found.contains(&kind)
        {
            found.push(kind);
        }
    }
    Ok(found)
}

fn examples(store: &dyn Store, one: &Integration, kind: &str) -> Result<Vec<Value>, StoreError> {
    let lines = store.journal(&journal(one, kind), None, EXAMPLES)?;
    Ok(lines.iter().map(|l| json!({ "_id": l.id.to_string(), "data": l.body.value() })).collect())
}

impl Portal {
    /// Remembers examples of a kind, the newest ten. What is there already is not written again.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the example that is too large.
    pub async fn add_kind_examples(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
        kind: String,
        items: &Value,
    ) -> Result<(), PortalError> {
        let one = self.reporting(viewer, name)?;
        let items = items.as_array().ok_or_else(|| PortalError::invalid("\"examples\" must be array"))?;
        if kind.is_empty() || kind.chars().count() > 300 {
            return Err(PortalError::invalid("the kind must have 1 to 300 characters"));
        }
        for (i, item) in items.iter().enumerate() {
            small(&format!("examples/{i}"), item)?;
        }
        let newest = items.iter().skip(items.len().saturating_sub(EXAMPLES));
        let newest: Vec<JsonText> = newest.map(JsonText::of).collect();
        self.journals(move |store| {
            let name = journal(&one, &kind);
            let there = store.journal(&name, None, EXAMPLES)?;
            let new = |item: &JsonText| !there.iter().any(|line| line.body == *item);
            let new: Vec<JsonText> = newest.into_iter().filter(new).collect();
            if new.is_empty() {
                return Ok(());
            }
            let known = kinds(store, &one)?;
            if !known.contains(&kind) {
                // Over the limit the oldest kind is forgotten, examples and all.
                for old in known.iter().take((known.len() + 1).saturating_sub(MAX_KINDS)) {
                    store.append_journal(&journal(&one, old), clock::now(), &[], 0)?;
                }
                let line = [JsonText::of(&Value::String(kind))];
                store.append_journal(&one.journal(KINDS), clock::now(), &line, MAX_KINDS)?;
            }
            store.append_journal(&name, clock::now(), &new, EXAMPLES)
        })
        .await
    }

    /// The examples of every kind that has some, newest first: `{_id, data}` each.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn kinds_with_examples(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
    ) -> Result<Vec<(String, Vec<Value>)>, PortalError> {
        let one = self.reported(viewer, name)?;
        self.journals(move |store| {
            let with = |kind: String| Ok((kind.clone(), examples(store, &one, &kind)?));
            kinds(store, &one)?.into_iter().map(with).collect()
        })
        .await
    }

    /// The examples of one kind, newest first: `{_id, data}` each.
    ///
    /// # Errors
    /// As [`Portal::kinds_with_examples`].
    pub async fn kind_examples(
        &self,
        viewer: &Viewer,
        name: &IntegrationName,
        kind: String,
    ) -> Result<Vec<Value>, PortalError> {
        let one = self.reported(viewer, name)?;
        self.journals(move |store| examples(store, &one, &kind)).await
    }
}
