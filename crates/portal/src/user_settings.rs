//! What somebody has set for himself in a frontend: stars, the theme, the layout of a page.
//!
//! A setting is a record of a private collection, under whose it is, a bucket and a key, as Backstage has it. People's are
//! kept by the uid of their `_user` entity, so that whoever gets an address later does not find another's.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_auth::{Action, Principal, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record};
use stagedoor_query::Catalog;

use crate::Portal;
use crate::error::PortalError;
use crate::people::USERS;
use crate::writer::Draft;

/// Collection of settings.
pub(crate) const COLLECTION: &str = "user_setting";
/// Settings of one person.
const MOST: usize = 500;
/// Bytes of one setting as JSON.
const LARGEST: usize = 64 * 1024;
/// Bytes of all settings of one person.
const LARGEST_TOGETHER: usize = 1024 * 1024;
/// Bytes of a bucket's or key's name.
const LONGEST_NAME: usize = 255;
/// Between the parts of a record's key; no name has one.
const BETWEEN: char = '\n';

/// Whose settings a caller's are; `None` for who has none.
pub(crate) fn owner_of(viewer: &Viewer, catalog: &Catalog) -> Option<String> {
    match viewer.principal() {
        Principal::Person(email) | Principal::ServiceAccount(email) => {
            let entity = catalog.entity(catalog.node_of_key(USERS, email)?)?;
            Some(entity.record.uid.to_string())
        }
        Principal::Credential(id) => Some(format!("client {}", id.replace(BETWEEN, " "))),
        Principal::Guest(reference) => Some(format!("guest {}", reference.replace(BETWEEN, " "))),
        Principal::Development => Some("development".to_owned()),
        Principal::System(_) => None,
    }
}

/// Whose a record is, and its bucket and key.
pub(crate) fn parts(key: &str) -> Option<(&str, &str, &str)> {
    let (owner, rest) = key.split_once(BETWEEN)?;
    let (bucket, key) = rest.split_once(BETWEEN)?;
    Some((owner, bucket, key))
}

fn checked(what: &str, name: &str) -> Result<(), PortalError> {
    if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        let message =
            format!("the name of the {what} must have 1 to {LONGEST_NAME} bytes and no control characters");
        return Err(PortalError::invalid(message));
    }
    Ok(())
}

fn record_key(owner: &str, bucket: &str, key: &str) -> String {
    format!("{owner}{BETWEEN}{bucket}{BETWEEN}{key}")
}

impl Portal {
    fn settings_owner(&self, viewer: &Viewer, action: Action) -> Result<String, PortalError> {
        self.may(viewer, action, Resource::Any)?;
        let owner = owner_of(viewer, &self.shared.catalog.load());
        owner.ok_or_else(|| PortalError::Forbidden("this caller has no settings".into()))
    }

    /// Settings of the caller by bucket and key, in the order asked; nothing where one is not set.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn user_settings<'k>(
        &self,
        viewer: &Viewer,
        asked: impl IntoIterator<Item = (&'k str, &'k str)>,
    ) -> Result<Vec<Option<Value>>, PortalError> {
        let owner = self.settings_owner(viewer, Action::ReadPersonalSettings)?;
        let catalog = self.shared.catalog.load();
        let value = |(bucket, key): (&str, &str)| {
            let record = catalog.record(COLLECTION, &record_key(&owner, bucket, key))?;
            record.body.value().get("value").cloned()
        };
        Ok(asked.into_iter().map(value).collect())
    }

    /// Sets one of the caller's settings. The same value again writes nothing.
    ///
    /// # Errors
    /// `Invalid` for a name or value that is too long, and for one setting too many; `Forbidden`.
    pub async fn put_user_setting(
        &self,
        viewer: &Viewer,
        bucket: &str,
        key: &str,
        value: Value,
    ) -> Result<(), PortalError> {
        let owner = self.settings_owner(viewer, Action::UpdatePersonalSettings)?;
        checked("bucket", bucket)?;
        checked("key", key)?;
        let body = JsonText::of(&json!({ "value": value }));
        if body.as_str().len() > LARGEST {
            let message = format!("a setting may have {} KiB, and this has more", LARGEST / 1024);
            return Err(PortalError::invalid(message));
        }
        let key = record_key(&owner, bucket, key);
        let start = format!("{owner}{BETWEEN}");
        let put = move |draft: &mut Draft| {
            let old = draft.catalog.record(COLLECTION, &key).map(Arc::clone);
            if old.as_ref().is_some_and(|old| old.body == body) {
                return Ok(());
            }
            let own = draft.catalog.records(COLLECTION).filter(|r| r.key.starts_with(&start) && r.key != key);
            let (count, bytes) = own.fold((0, 0), |(n, b), r| (n + 1, b + r.body.as_str().len()));
            if count >= MOST || bytes + body.as_str().len() > LARGEST_TOGETHER {
                let message = format!("there are too many settings: {MOST} of them, or 1 MiB, may be kept");
                return Err(PortalError::invalid(message));
            }
            let mut stamps = old.map_or_else(|| draft.new_stamps(None), |old| old.stamps.clone());
            (stamps.updated_at, stamps.updated_by) = (draft.at, draft.actor.name.as_str().into());
            let (collection, key) = (COLLECTION.into(), key.clone());
            draft.put(Change::PutRecord(Arc::new(Record { collection, key, body: body.clone(), stamps })));
            Ok(())
        };
        self.commit(viewer.actor("backstage"), false, put).await
    }

    /// Forgets one of the caller's settings. Nothing happens where it is not set.
    ///
    /// # Errors
    /// `Forbidden`.
    pub async fn delete_user_setting(
        &self,
        viewer: &Viewer,
        bucket: &str,
        key: &str,
    ) -> Result<(), PortalError> {
        let owner = self.settings_owner(viewer, Action::UpdatePersonalSettings)?;
        let key = record_key(&owner, bucket, key);
        if self.shared.catalog.load().record(COLLECTION, &key).is_none() {
            return Ok(());
        }
        let delete = move |draft: &mut Draft| {
            if draft.catalog.record(COLLECTION, &key).is_some() {
                draft.put(Change::DeleteRecord(COLLECTION.into(), key.clone()));
            }
            Ok(())
        };
        self.commit(viewer.actor("backstage"), false, delete).await
    }
}

/// The settings of people who are gone.
pub(crate) fn of_gone(catalog: &Catalog) -> Vec<String> {
    let gone = |owner: &str| uuid::Uuid::parse_str(owner).is_ok_and(|uid| catalog.node_of_uid(uid).is_none());
    let all = catalog.records(COLLECTION).map(|record| &record.key);
    all.filter(|key| parts(key).is_some_and(|(owner, ..)| gone(owner))).cloned().collect()
}

impl Draft {
    /// Forgets them. Answers how many.
    pub(crate) fn drop_settings_of_gone(&mut self) -> usize {
        let keys = of_gone(&self.catalog);
        for key in &keys {
            self.put(Change::DeleteRecord(COLLECTION.into(), key.clone()));
        }
        keys.len()
    }
}
