//! Folders of the sidebar.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record, Stamps};

use super::body::{self, text_of};
use super::tree::{self, Node, Wish};
use super::{FOLDERS, stored};
use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

/// Keys of a folder that a client may write.
const KEYS: [&str; 5] = ["identifier", "title", "after", "parent", "sidebar"];

/// A folder of the sidebar.
#[derive(Clone, Debug)]
pub struct Folder {
    /// `{identifier, title, sidebar, parent?, after?}`.
    pub body: Map<String, Value>,
    /// Who and when.
    pub stamps: Stamps,
}

impl Folder {
    fn of(record: &Record) -> Self {
        let mut body = match record.body.value() {
            Value::Object(body) => body,
            _ => Map::new(),
        };
        body.shift_remove("rank");
        Self { body, stamps: record.stamps.clone() }
    }

    /// As Port's clients read it.
    #[must_use]
    pub fn to_port(&self) -> Value {
        let mut body = self.body.clone();
        let stamps = &self.stamps;
        body.insert("createdAt".into(), json!(stamps.created_at.to_string()));
        body.insert("createdBy".into(), json!(stamps.created_by));
        body.insert("updatedAt".into(), json!(stamps.updated_at.to_string()));
        body.insert("updatedBy".into(), json!(stamps.updated_by));
        Value::Object(body)
    }
}

fn no_folder(identifier: &str) -> PortalError {
    let shown: String = identifier.chars().take(100).collect();
    PortalError::NotFound(format!("Folder with identifier \"{shown}\" was not found"))
}

fn checked(body: Value) -> Result<Map<String, Value>, PortalError> {
    let Value::Object(body) = body else { return Err(PortalError::invalid("body must be object")) };
    for (key, value) in &body {
        if !KEYS.contains(&key.as_str()) {
            let text = format!("body must NOT have additional properties, additional property: {key}");
            return Err(PortalError::invalid(text));
        }
        if !value.is_string() && !value.is_null() {
            return Err(PortalError::invalid(format!("\"{key}\" must be string")));
        }
    }
    if let Some(sidebar) = text_of(&body, "sidebar").filter(|sidebar| *sidebar != "catalog") {
        return Err(PortalError::invalid(format!("\"sidebar\" must be catalog, not \"{sidebar}\"")));
    }
    if let Some(title) = text_of(&body, "title") {
        body::check_title(title)?;
    }
    Ok(body)
}

impl Portal {
    /// Makes a folder: `{identifier, title?, parent?, after?}`. Without a folder it goes into that of `after`.
    ///
    /// # Errors
    /// `identifier_taken`; `Invalid`; `NotFound` for its parent; `after_item_not_in_parent`; `folder_depth`; `Forbidden`.
    pub async fn create_folder(&self, viewer: &Viewer, body: Value) -> Result<Folder, PortalError> {
        self.may(viewer, Action::CreatePage, Resource::Any)?;
        let body = checked(body)?;
        let Some(id) = text_of(&body, "identifier").map(str::to_owned) else {
            return Err(PortalError::invalid("body must have required property 'identifier'"));
        };
        body::check_identifier(&id)?;
        self.commit(viewer.actor("port"), false, move |draft| {
            if draft.catalog.record(FOLDERS, &id).is_some() {
                let message = format!("Folder with identifier \"{id}\" is already taken");
                return Err(PortalError::Conflict { code: "identifier_taken", message });
            }
            draft.put_folder(&id, &Map::new(), &body, None)
        })
        .await
    }

    /// Gives a folder another title or place. A null `after` puts it first, a null `parent` at the root.
    ///
    /// # Errors
    /// `NotFound`; else as [`Portal::create_folder`].
    pub async fn patch_folder(&self, viewer: &Viewer, id: &str, body: Value) -> Result<Folder, PortalError> {
        self.may(viewer, Action::UpdatePage, Resource::Named(id))?;
        let body = checked(body)?;
        if text_of(&body, "identifier").is_some_and(|stated| stated != id) {
            return Err(PortalError::invalid("\"identifier\" must be that of the path"));
        }
        let id = id.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| {
            let record = draft.catalog.record(FOLDERS, &id).cloned().ok_or_else(|| no_folder(&id))?;
            let now = tree::nodes(&draft.catalog).into_iter().find(|n| n.folder && n.identifier == id);
            draft.put_folder(&id, &Folder::of(&record).body, &body, now.as_ref())
        })
        .await
    }

    /// Removes a folder. What is in it moves to where the folder stood.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn delete_folder(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::DeletePage, Resource::Named(id))?;
        let id = id.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| draft.delete_folder(&id)).await
    }
}

impl Draft {
    fn put_folder(
        &mut self,
        id: &str,
        old: &Map<String, Value>,
        body: &Map<String, Value>,
        now: Option<&Node>,
    ) -> Result<Folder, PortalError> {
        let mut wish = Wish::of(body);
        if now.is_none() {
            // A new one that is said to be after nothing goes last.
            wish.after.take_if(|after| after.is_none());
        }
        let place = self.find_place(id, true, now, &wish)?;
        let mut new = old.clone();
        new.insert("identifier".into(), json!(id));
        let title = text_of(body, "title").or_else(|| text_of(old, "title")).unwrap_or(id).to_owned();
        new.insert("title".into(), json!(title));
        new.insert("sidebar".into(), json!("catalog"));
        set(&mut new, "parent", place.parent);
        if let Some(after) = wish.after {
            set(&mut new, "after", after);
        }
        new.insert("rank".into(), json!(place.rank));
        Ok(Folder::of(&self.store_folder(id, &new)))
    }

    fn store_folder(&mut self, id: &str, body: &Map<String, Value>) -> Arc<Record> {
        let old = self.catalog.record(FOLDERS, id).cloned();
        let body = JsonText::of(&Value::Object(body.clone()));
        if let Some(old) = old.as_ref().filter(|old| old.body == body) {
            return Arc::clone(old);
        }
        let mut stamps = old.map_or_else(|| self.new_stamps(None), |old| old.stamps.clone());
        (stamps.updated_at, stamps.updated_by) = (self.at, self.actor.name.as_str().into());
        let record = Arc::new(Record { collection: FOLDERS.into(), key: id.to_owned(), body, stamps });
        self.put(Change::PutRecord(Arc::clone(&record)));
        record
    }

    pub(super) fn put_folder_rank(&mut self, id: &str, rank: i64) {
        let Some(Value::Object(mut body)) = self.catalog.record(FOLDERS, id).map(|r| r.body.value()) else {
            return;
        };
        body.insert("rank".into(), json!(rank));
        self.store_folder(id, &body);
    }

    fn delete_folder(&mut self, id: &str) -> Result<(), PortalError> {
        let nodes = tree::nodes(&self.catalog);
        let Some(own) = nodes.iter().find(|n| n.folder && n.identifier == id) else {
            return Err(no_folder(id));
        };
        self.put(Change::DeleteRecord(FOLDERS.into(), id.to_owned()));
        let inside: Vec<&Node> = nodes.iter().filter(|n| n.parent.as_deref() == Some(id)).collect();
        let next = nodes.iter().find(|n| n.parent == own.parent && n.rank > own.rank);
        let room = next.map_or(i64::from(u32::MAX), |next| next.rank - own.rank);
        let step = room / (inside.len() as i64 + 1);
        for (node, at) in inside.into_iter().zip(0_i64..) {
            self.move_out(node, own.parent.clone(), own.rank + step * at);
        }
        Ok(())
    }

    fn move_out(&mut self, node: &Node, parent: Option<String>, rank: i64) {
        if node.folder {
            let Some(Value::Object(mut body)) =
                self.catalog.record(FOLDERS, &node.identifier).map(|r| r.body.value())
            else {
                return;
            };
            set(&mut body, "parent", parent);
            body.shift_remove("after");
            body.insert("rank".into(), json!(rank));
            self.store_folder(&node.identifier, &body);
            return;
        }
        let mut page = stored::stored(&self.catalog, &node.identifier).unwrap_or_default();
        set(&mut page.page, "parent", parent);
        page.page.shift_remove("after");
        page.rank = Some(rank);
        self.put_page(&node.identifier, &page);
    }
}

pub(super) fn set(body: &mut Map<String, Value>, key: &str, value: Option<String>) {
    match value {
        Some(value) => drop(body.insert(key.into(), json!(value))),
        None => drop(body.shift_remove(key)),
    }
}
