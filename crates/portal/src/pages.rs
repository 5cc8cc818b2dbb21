//! Pages: what screens are made of, as data in Port's form, and the sidebar's tree of them.
//!
//! A page is a record of the collection `page`, a folder of the sidebar one of `folder`. Widgets are kept and answered
//! as they were sent, with nothing added. Some pages are there though nobody has stored them ([`standard`]); what was
//! changed of one is laid over what it is by itself. What is stored of a page beside its own keys: where it stands in
//! the sidebar and who may read and change it.

mod body;
mod folders;
mod follow;
mod rights;
mod standard;
mod stored;
mod tree;
mod widgets;
mod write;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Blueprint, Stamps};
use stagedoor_query::Catalog;

use crate::Portal;
use crate::blueprints::BlueprintMode;
use crate::error::PortalError;
use crate::writer::Draft;

pub use folders::Folder;
pub use tree::SidebarItem;
pub use widgets::placed;

/// Collection of records: pages by identifier.
pub(crate) const PAGES: &str = "page";
/// Collection of records: folders of the sidebar by identifier.
pub(crate) const FOLDERS: &str = "folder";
/// The page that a portal opens with.
pub const HOME: &str = "$home";

/// A page as it is, with what it is by itself where nobody has said otherwise.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its keys in Port's form, in the order sent, without who and when.
    pub body: Map<String, Value>,
    /// Who and when.
    pub stamps: Stamps,
    /// Whether nobody has stored anything of its content.
    pub standard: bool,
    /// Where it stands among its siblings in the sidebar.
    rank: i64,
    permissions: Value,
}

impl Page {
    /// A text of its keys; empty when absent.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its identifier.
    #[must_use]
    pub fn identifier(&self) -> &str {
        self.text("identifier")
    }

    /// Its widgets, as they were sent.
    #[must_use]
    pub fn widgets(&self) -> &[Value] {
        self.body.get("widgets").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// As Port's clients read it; `compact` leaves the widgets and filters out.
    #[must_use]
    pub fn to_port(&self, compact: bool) -> Value {
        let mut body = self.body.clone();
        if compact {
            body.shift_remove("widgets");
            body.shift_remove("pageFilters");
        }
        let stamps = &self.stamps;
        body.insert("createdAt".into(), json!(stamps.created_at.to_string()));
        body.insert("createdBy".into(), json!(stamps.created_by));
        body.insert("updatedAt".into(), json!(stamps.updated_at.to_string()));
        body.insert("updatedBy".into(), json!(stamps.updated_by));
        Value::Object(body)
    }
}

/// A page by its identifier.
pub(crate) fn find(catalog: &Catalog, identifier: &str) -> Result<Page, PortalError> {
    stored::effective(catalog, identifier).ok_or_else(|| no_page(identifier))
}

fn no_page(identifier: &str) -> PortalError {
    let shown: String = identifier.chars().take(100).collect();
    PortalError::NotFound(format!("Page with identifier \"{shown}\" was not found"))
}

impl Portal {
    /// Every page that the viewer may read, by identifier.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn pages(&self, viewer: &Viewer) -> Result<Vec<Page>, PortalError> {
        self.may(viewer, Action::ReadPage, Resource::Any)?;
        let catalog = self.shared.catalog.load_full();
        let rights = self.rights_in(viewer, &catalog);
        Ok(stored::all(&catalog)
            .into_iter()
            .filter(|page| rights::may(&rights, Action::ReadPage, page, &catalog).is_ok())
            .collect())
    }

    /// One page.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` where its permissions name others.
    pub fn page(&self, viewer: &Viewer, identifier: &str) -> Result<Page, PortalError> {
        self.may(viewer, Action::ReadPage, Resource::Named(identifier))?;
        let catalog = self.shared.catalog.load_full();
        let page = find(&catalog, identifier)?;
        self.may_page(viewer, Action::ReadPage, &page, &catalog)?;
        Ok(page)
    }

    /// The entity page of a blueprint, if the viewer may read it; without a trace.
    #[must_use]
    pub fn entity_page(&self, viewer: &Viewer, blueprint: &str) -> Option<Page> {
        let catalog = self.shared.catalog.load_full();
        let page = find(&catalog, &standard::entity_page_of(blueprint)).ok()?;
        let rights = self.rights_in(viewer, &catalog);
        rights::may(&rights, Action::ReadPage, &page, &catalog).is_ok().then_some(page)
    }

    /// Whether the viewer may change a page, without a trace.
    #[must_use]
    pub fn could_change_page(&self, viewer: &Viewer, page: &Page) -> bool {
        let catalog = self.shared.catalog.load_full();
        rights::may(&self.rights_in(viewer, &catalog), Action::UpdatePage, page, &catalog).is_ok()
    }

    /// Makes a page from Port's JSON. Without an identifier it gets one from its title, without a type it is a dashboard.
    ///
    /// # Errors
    /// `identifier_taken`; `Invalid` naming the place; `after_item_not_in_parent`; `NotFound` for its folder or blueprint.
    pub async fn create_page(&self, viewer: &Viewer, body: Value) -> Result<Page, PortalError> {
        self.may(viewer, Action::CreatePage, Resource::Any)?;
        let body = body::created(body)?;
        self.commit(viewer.actor("port"), false, move |draft| draft.create_page(&body)).await
    }

    /// Replaces a page: what the body lacks is gone.
    ///
    /// # Errors
    /// As [`Portal::create_page`]; `NotFound`; `Forbidden`.
    pub async fn replace_page(&self, viewer: &Viewer, id: &str, body: Value) -> Result<Page, PortalError> {
        let body = body::replacing(body)?;
        self.change_page(viewer, id, move |draft, id| draft.replace_page(id, &body)).await
    }

    /// Sets the keys that the body has; null removes one.
    ///
    /// # Errors
    /// As [`Portal::replace_page`]; `type` cannot be changed.
    pub async fn patch_page(&self, viewer: &Viewer, id: &str, body: Value) -> Result<Page, PortalError> {
        let body = body::patching(body)?;
        self.change_page(viewer, id, move |draft, id| draft.patch_page(id, &body)).await
    }

    /// Puts another widget in the place of one, wherever it is in the page.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the place; `Forbidden`.
    pub async fn replace_widget(
        &self,
        viewer: &Viewer,
        id: &str,
        widget: &str,
        body: Value,
    ) -> Result<Page, PortalError> {
        let widget = widget.to_owned();
        self.change_page(viewer, id, move |draft, id| draft.change_widget(id, &widget, Some(&body))).await
    }

    /// Takes a widget out of a page, and out of the layout that it is in.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`.
    pub async fn delete_widget(&self, viewer: &Viewer, id: &str, widget: &str) -> Result<Page, PortalError> {
        let widget = widget.to_owned();
        self.change_page(viewer, id, move |draft, id| draft.change_widget(id, &widget, None)).await
    }

    async fn change_page(
        &self,
        viewer: &Viewer,
        id: &str,
        change: impl Fn(&mut Draft, &str) -> Result<Page, PortalError> + Send + 'static,
    ) -> Result<Page, PortalError> {
        let catalog = self.shared.catalog.load_full();
        let page = find(&catalog, id);
        match &page {
            Ok(page) => self.may_page(viewer, Action::UpdatePage, page, &catalog)?,
            Err(_) => self.may(viewer, Action::UpdatePage, Resource::Named(id))?,
        }
        page?;
        let (portal, viewer, id) = (self.clone(), viewer.clone(), id.to_owned());
        let actor = viewer.actor("port");
        self.commit(actor, false, move |draft| {
            // Once more on the newest state: a page may have been closed meanwhile.
            let page = find(&draft.catalog, &id)?;
            portal.may_page(&viewer, Action::UpdatePage, &page, &draft.catalog)?;
            change(draft, &id)
        })
        .await
    }

    /// Removes a page. A blueprint's catalog page then stays away.
    ///
    /// # Errors
    /// `NotFound`; `protected_resource` for the home page and entity pages; `Forbidden`.
    pub async fn delete_page(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::DeletePage, Resource::Named(id))?;
        let id = id.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| draft.delete_page(&id)).await
    }

    /// Who may read and change a page: `{read, update}`, each `{users, roles, teams}`.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` for whoever may not read the page.
    pub fn page_permissions(&self, viewer: &Viewer, id: &str) -> Result<Value, PortalError> {
        Ok(rights::shown(&self.page(viewer, id)?))
    }

    /// Sets who may read and change a page, key by key; null gives the default back. For administrators.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` naming the place; `Forbidden`.
    pub async fn patch_page_permissions(
        &self,
        viewer: &Viewer,
        id: &str,
        body: Value,
    ) -> Result<Value, PortalError> {
        self.may(viewer, Action::UpdatePage, Resource::Named(id))?;
        rights::check(&body)?;
        let id = id.to_owned();
        let patch = move |draft: &mut Draft| draft.patch_page_permissions(&id, &body);
        Ok(rights::shown(&self.commit(viewer.actor("port"), false, patch).await?))
    }

    /// The sidebar in its order, folders before what is in them, as far as the viewer may read it.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn sidebar(&self, viewer: &Viewer) -> Result<Vec<SidebarItem>, PortalError> {
        self.may(viewer, Action::ReadPage, Resource::Any)?;
        let catalog = self.shared.catalog.load_full();
        let rights = self.rights_in(viewer, &catalog);
        let open = |page: &Page| rights::may(&rights, Action::ReadPage, page, &catalog).is_ok();
        Ok(tree::sidebar(&catalog, &open))
    }

    /// Makes a blueprint without a catalog page (`create_catalog_page=false`).
    ///
    /// # Errors
    /// As [`Portal::create_blueprint`].
    pub async fn create_blueprint_without_page(
        &self,
        viewer: &Viewer,
        body: Value,
    ) -> Result<Arc<Blueprint>, PortalError> {
        self.may(viewer, Action::CreateBlueprint, Resource::Any)?;
        self.commit(viewer.actor("port"), false, move |draft| {
            let blueprint = draft.write_blueprint(None, &body, BlueprintMode::Create)?;
            draft.hide_catalog_page(&blueprint.identifier);
            Ok(blueprint)
        })
        .await
    }
}
