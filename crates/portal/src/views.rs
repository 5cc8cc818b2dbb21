//! Saved views: what a table shows, under a name and an address of its own.
//!
//! A view is a record: of the collection `view` when it is shared, of the private `personal_view` while it is its owner's
//! alone. What it says (a query as text, fields by name) is not compiled here: a view whose blueprint or fields are gone
//! is still there, and says so when it is opened.

mod body;

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_auth::{Action, Block, Resource, Viewer};
use stagedoor_model::{Change, JsonText, Record, Stamps};
use stagedoor_query::Catalog;
use uuid::Uuid;

use crate::Portal;
use crate::error::PortalError;
use crate::user_settings::owner_of;
use crate::writer::Draft;

pub use self::body::ViewBody;

/// Collection of shared views.
const SHARED: &str = "view";
/// Collection of personal views.
const PERSONAL: &str = "personal_view";
/// Views of one owner.
const MOST: usize = 500;

/// A saved view as one viewer sees it.
#[derive(Clone, Debug)]
pub struct SavedView {
    /// Unique.
    pub id: String,
    /// What it shows.
    pub body: ViewBody,
    /// Everybody sees it.
    pub shared: bool,
    /// The viewer made it.
    pub own: bool,
    /// The viewer may change it; a locked one only to unlock it.
    pub editable: bool,
    /// Who and when.
    pub stamps: Stamps,
}

/// A record read.
struct Stored {
    id: String,
    owner: String,
    shared: bool,
    body: ViewBody,
    stamps: Stamps,
}

impl Stored {
    fn of(record: &Record) -> Option<Self> {
        let value = record.body.value();
        Some(Self {
            id: record.key.clone(),
            owner: value.get("owner")?.as_str()?.to_owned(),
            shared: record.collection == SHARED,
            body: ViewBody::stored(value.get("view")?),
            stamps: record.stamps.clone(),
        })
    }

    fn find(catalog: &Catalog, id: &str) -> Option<Self> {
        [SHARED, PERSONAL].iter().find_map(|c| Self::of(catalog.record(c, id)?))
    }

    fn all(catalog: &Catalog) -> impl Iterator<Item = Self> {
        [SHARED, PERSONAL].into_iter().flat_map(|c| catalog.records(c)).filter_map(|r| Self::of(r))
    }

    fn is_seen_by(&self, owner: Option<&str>) -> bool {
        self.shared || owner == Some(self.owner.as_str())
    }

    fn change(&self) -> Change {
        let body = JsonText::of(&json!({"owner": self.owner, "view": self.body.to_json()}));
        let collection = if self.shared { SHARED } else { PERSONAL };
        let (key, stamps) = (self.id.clone(), self.stamps.clone());
        Change::PutRecord(Arc::new(Record { collection: collection.into(), key, body, stamps }))
    }
}

fn missing(id: &str) -> PortalError {
    let shown: String = id.chars().take(100).collect();
    PortalError::NotFound(format!("there is no view \"{shown}\""))
}

impl Portal {
    /// The views that the caller sees, its own and shared ones, by title; of one blueprint where one is named.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn views(&self, viewer: &Viewer, blueprint: Option<&str>) -> Result<Vec<SavedView>, PortalError> {
        self.may(viewer, Action::ReadEntities, Resource::Any)?;
        let catalog = self.shared.catalog.load();
        let owner = owner_of(viewer, &catalog);
        let all = Stored::all(&catalog).filter(|v| v.is_seen_by(owner.as_deref()));
        let all = all.filter(|v| blueprint.is_none_or(|b| v.body.blueprint.as_deref() == Some(b)));
        let mut views: Vec<SavedView> = all.map(|v| self.view_seen(viewer, owner.as_deref(), v)).collect();
        views.sort_by_cached_key(|v| (v.body.title.to_lowercase(), v.id.clone()));
        Ok(views)
    }

    /// One view.
    ///
    /// # Errors
    /// `NotFound`, for other people's personal ones too; `Forbidden`.
    pub fn saved_view(&self, viewer: &Viewer, id: &str) -> Result<SavedView, PortalError> {
        self.may(viewer, Action::ReadEntities, Resource::Any)?;
        let catalog = self.shared.catalog.load();
        let owner = owner_of(viewer, &catalog);
        let stored = Stored::find(&catalog, id).filter(|v| v.is_seen_by(owner.as_deref()));
        Ok(self.view_seen(viewer, owner.as_deref(), stored.ok_or_else(|| missing(id))?))
    }

    fn view_seen(&self, viewer: &Viewer, owner: Option<&str>, stored: Stored) -> SavedView {
        let own = owner == Some(stored.owner.as_str());
        let editable = own || self.could(viewer, Action::UpdatePage, foreign(&stored.id, &admins())).is_ok();
        let Stored { id, body, shared, stamps, .. } = stored;
        SavedView { id, body, shared, own, editable, stamps }
    }

    /// Saves a new view and answers it.
    ///
    /// # Errors
    /// `Invalid` for what is too long or too many, `NotFound` for the blueprint, `Forbidden`: a shared view that is the
    /// default is made by administrators.
    pub async fn create_view(
        &self,
        viewer: &Viewer,
        body: ViewBody,
        shared: bool,
    ) -> Result<SavedView, PortalError> {
        self.may(viewer, Action::UpdatePersonalSettings, Resource::Any)?;
        let owner = owner_of(viewer, &self.shared.catalog.load());
        let owner =
            owner.ok_or_else(|| PortalError::Forbidden("this caller has no views of its own".into()))?;
        body.check()?;
        let id = Uuid::now_v7().simple().to_string();
        if shared && body.default {
            self.may(viewer, Action::UpdatePage, foreign(&id, &admins()))?;
        }
        let made = id.clone();
        let put = move |draft: &mut Draft| {
            known_blueprint(&draft.catalog, &body)?;
            if Stored::all(&draft.catalog).filter(|v| v.owner == owner).count() >= MOST {
                return Err(PortalError::invalid(format!(
                    "{MOST} views may be kept, and that many there are"
                )));
            }
            let stamps = draft.new_stamps(None);
            let (id, owner, body) = (id.clone(), owner.clone(), body.clone());
            draft.put_view(&Stored { id, owner, shared, body, stamps });
            Ok(())
        };
        self.commit(viewer.actor("native"), false, put).await?;
        self.saved_view(viewer, &made)
    }

    /// Changes a view. A locked one only to unlock it.
    ///
    /// # Errors
    /// As [`Portal::create_view`]; `NotFound`; `view_locked`.
    pub async fn update_view(
        &self,
        viewer: &Viewer,
        id: &str,
        body: ViewBody,
        shared: bool,
    ) -> Result<SavedView, PortalError> {
        let old = self.may_change_view(viewer, id)?;
        body.check()?;
        if old.body.locked && body.locked {
            return Err(PortalError::refused("view_locked", "the view is locked: unlock it first"));
        }
        let is_new_default = body.default && (!old.body.default || !old.shared);
        if shared && is_new_default {
            self.may(viewer, Action::UpdatePage, foreign(id, &admins()))?;
        }
        let key = id.to_owned();
        let put = move |draft: &mut Draft| {
            let old = Stored::find(&draft.catalog, &key).ok_or_else(|| missing(&key))?;
            if old.body.blueprint != body.blueprint {
                known_blueprint(&draft.catalog, &body)?;
            }
            if old.body == body && old.shared == shared {
                return Ok(());
            }
            if old.shared != shared {
                let from = if old.shared { SHARED } else { PERSONAL };
                draft.put(Change::DeleteRecord(from.into(), key.clone()));
            }
            let mut stamps = old.stamps;
            (stamps.updated_at, stamps.updated_by) = (draft.at, draft.actor.name.as_str().into());
            let (id, body) = (key.clone(), body.clone());
            draft.put_view(&Stored { id, owner: old.owner, shared, body, stamps });
            Ok(())
        };
        self.commit(viewer.actor("native"), false, put).await?;
        self.saved_view(viewer, id)
    }

    /// Forgets a view.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `view_locked`.
    pub async fn delete_view(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        let old = self.may_change_view(viewer, id)?;
        if old.body.locked {
            return Err(PortalError::refused("view_locked", "the view is locked: unlock it first"));
        }
        let key = id.to_owned();
        let delete = move |draft: &mut Draft| {
            let old = Stored::find(&draft.catalog, &key).ok_or_else(|| missing(&key))?;
            let from = if old.shared { SHARED } else { PERSONAL };
            draft.put(Change::DeleteRecord(from.into(), key.clone()));
            Ok(())
        };
        self.commit(viewer.actor("native"), false, delete).await
    }

    /// The view, if the caller made it or is an administrator.
    fn may_change_view(&self, viewer: &Viewer, id: &str) -> Result<SavedView, PortalError> {
        self.may(viewer, Action::UpdatePersonalSettings, Resource::Any)?;
        let view = self.saved_view(viewer, id)?;
        if !view.own {
            self.may(viewer, Action::UpdatePage, foreign(id, &admins()))?;
        }
        Ok(view)
    }
}

/// Who may change what others have shared.
fn admins() -> Block {
    Block::parse(&json!({"roles": ["Admin"]}), &Block::default())
}

fn foreign<'a>(id: &'a str, block: &'a Block) -> Resource<'a> {
    Resource::Guarded { name: id, block: Some(block), facts: None }
}

fn known_blueprint(catalog: &Catalog, body: &ViewBody) -> Result<(), PortalError> {
    match &body.blueprint {
        Some(name) if catalog.blueprints().get(name).is_none() => {
            Err(PortalError::NotFound(format!("there is no blueprint \"{name}\"")))
        }
        _ => Ok(()),
    }
}

impl Draft {
    /// Puts a view. Where it is the default now, no other of the same readers is.
    fn put_view(&mut self, view: &Stored) {
        let others: Vec<Stored> = Stored::all(&self.catalog)
            .filter(|o| view.body.default && o.body.default && o.id != view.id && o.shared == view.shared)
            .filter(|o| o.body.blueprint == view.body.blueprint && (o.shared || o.owner == view.owner))
            .collect();
        for mut other in others {
            other.body.default = false;
            self.put(other.change());
        }
        self.put(view.change());
    }
}

/// The personal views of people who are gone.
pub(crate) fn of_gone(catalog: &Catalog) -> Vec<String> {
    let gone = |owner: &str| Uuid::parse_str(owner).is_ok_and(|uid| catalog.node_of_uid(uid).is_none());
    let owner = |r: &Record| r.body.value().get("owner").and_then(Value::as_str).map(str::to_owned);
    let all = catalog.records(PERSONAL).filter(|r| owner(r).is_some_and(|o| gone(&o)));
    all.map(|r| r.key.clone()).collect()
}

impl Draft {
    /// Forgets them. Answers how many.
    pub(crate) fn drop_views_of_gone(&mut self) -> usize {
        let keys = of_gone(&self.catalog);
        for key in &keys {
            self.put(Change::DeleteRecord(PERSONAL.into(), key.clone()));
        }
        keys.len()
    }
}
