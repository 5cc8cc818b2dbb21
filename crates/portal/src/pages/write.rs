//! Making, changing and removing pages, on the writer's thread.

use serde_json::{Map, Value, json};
use stagedoor_model::Change;

use super::body::{self, text_of};
use super::stored::{self, Stored};
use super::tree::{self, Wish};
use super::{HOME, PAGES, Page, find, no_page, standard, widgets};
use crate::blueprints::no_blueprint;
use crate::error::PortalError;
use crate::writer::Draft;

/// Names tried for a page that states none, before it is given up.
const TRIES: usize = 10_000;

impl Draft {
    pub(super) fn create_page(&mut self, body: &Map<String, Value>) -> Result<Page, PortalError> {
        let id = match text_of(body, "identifier") {
            Some(id) => id.to_owned(),
            None => self.free_identifier(text_of(body, "title").unwrap_or("page"))?,
        };
        if stored::effective(&self.catalog, &id).is_some() {
            let message = format!("Page with identifier \"{id}\" is already taken");
            return Err(PortalError::Conflict { code: "identifier_taken", message });
        }
        let mut page = body.clone();
        page.insert("identifier".into(), json!(id));
        let kind = text_of(body, "type").unwrap_or("dashboard").to_owned();
        page.insert("type".into(), json!(kind));
        page.entry("widgets").or_insert_with(|| json!([]));
        page.entry("sidebar").or_insert_with(|| json!("catalog"));
        self.check_blueprint(&page, &kind)?;
        body::may_say(&page, &kind)?;
        let mut wish = Wish::of(body);
        // Said to be after nothing: last, as if nothing had been said.
        wish.after.take_if(|after| after.is_none());
        let place = self.find_place(&id, false, None, &wish)?;
        super::folders::set(&mut page, "parent", place.parent);
        let permissions = stored::stored(&self.catalog, &id).unwrap_or_default().permissions;
        let rank = Some(place.rank);
        self.put_page(&id, &Stored { page, whole: true, gone: false, rank, permissions });
        find(&self.catalog, &id)
    }

    /// An identifier made from a title.
    fn free_identifier(&self, title: &str) -> Result<String, PortalError> {
        let mut base = String::new();
        for c in title.chars().take(60) {
            match c {
                c if c.is_ascii_alphanumeric() => base.push(c.to_ascii_lowercase()),
                _ if base.ends_with('-') || base.is_empty() => {}
                _ => base.push('-'),
            }
        }
        let base = Some(base.trim_end_matches('-')).filter(|b| !b.is_empty()).unwrap_or("page");
        let free = |id: &String| {
            self.catalog.record(PAGES, id).is_none() && stored::effective(&self.catalog, id).is_none()
        };
        let mut names = std::iter::once(base.to_owned()).chain((2..TRIES).map(|n| format!("{base}-{n}")));
        let none = || PortalError::invalid("\"identifier\" must be given: too many pages have this title");
        names.find(free).ok_or_else(none)
    }

    fn check_blueprint(&self, page: &Map<String, Value>, kind: &str) -> Result<(), PortalError> {
        match text_of(page, "blueprint") {
            Some(blueprint) if self.catalog.blueprints().get(blueprint).is_none() => {
                Err(no_blueprint(blueprint))
            }
            None if kind == "blueprint-entities" => {
                Err(PortalError::invalid("body must have required property 'blueprint'"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn replace_page(&mut self, id: &str, body: &Map<String, Value>) -> Result<Page, PortalError> {
        let old = find(&self.catalog, id)?;
        let kind = old.text("type").to_owned();
        if let Some(stated) = text_of(body, "type").filter(|stated| *stated != kind) {
            let text = format!("\"type\" cannot be changed from {kind} to {stated}");
            return Err(PortalError::invalid(text));
        }
        same_identifier(body, id)?;
        body::may_say(body, &kind)?;
        let mut page = body.clone();
        page.insert("identifier".into(), json!(id));
        page.insert("type".into(), json!(kind));
        page.entry("widgets").or_insert_with(|| json!([]));
        self.check_blueprint(&page, &kind)?;
        let mut wish = Wish::of(body);
        // What is not said of the place is as it was, and no longer said.
        wish.after.take_if(|after| after.is_none());
        self.place_and_put(&old, page, true, &wish)
    }

    pub(super) fn patch_page(&mut self, id: &str, body: &Map<String, Value>) -> Result<Page, PortalError> {
        let old = find(&self.catalog, id)?;
        same_identifier(body, id)?;
        let kind = old.text("type").to_owned();
        body::may_say(body, &kind)?;
        self.check_blueprint(body, "dashboard")?;
        let stored = stored::stored(&self.catalog, id).unwrap_or_default();
        let whole = stored.whole;
        let mut page = stored.page;
        for (key, value) in body.iter().filter(|(key, _)| *key != "identifier") {
            match value {
                // Over a standard page the null stays, for it takes away what is there by itself.
                Value::Null if whole || matches!(key.as_str(), "parent" | "after") => {
                    page.shift_remove(key);
                }
                value => drop(page.insert(key.clone(), value.clone())),
            }
        }
        self.place_and_put(&old, page, whole, &Wish::of(body))
    }

    fn place_and_put(
        &mut self,
        old: &Page,
        mut page: Map<String, Value>,
        whole: bool,
        wish: &Wish,
    ) -> Result<Page, PortalError> {
        let id = old.identifier().to_owned();
        let now = tree::nodes(&self.catalog).into_iter().find(|n| !n.folder && n.identifier == id);
        let mut rank = stored::stored(&self.catalog, &id).and_then(|stored| stored.rank);
        if wish.parent.is_some() || wish.after.is_some() {
            let place = self.find_place(&id, false, now.as_ref(), wish)?;
            super::folders::set(&mut page, "parent", place.parent);
            rank = Some(place.rank);
        } else if let Some(parent) = now.and_then(|now| now.parent) {
            page.insert("parent".into(), json!(parent));
        }
        let permissions = old.permissions.clone();
        self.put_page(&id, &Stored { page, whole, gone: false, rank, permissions });
        find(&self.catalog, &id)
    }

    /// Replaces a widget or, without a new one, removes it.
    pub(super) fn change_widget(
        &mut self,
        id: &str,
        widget: &str,
        new: Option<&Value>,
    ) -> Result<Page, PortalError> {
        let page = find(&self.catalog, id)?;
        let mut list = page.widgets().to_vec();
        let new = match new {
            Some(Value::Object(new)) => {
                let mut new = new.clone();
                new.entry("id").or_insert_with(|| json!(widget));
                Some(Value::Object(new))
            }
            Some(_) => return Err(PortalError::invalid("body must be object")),
            None => None,
        };
        if !change_in(&mut list, widget, new.as_ref()) {
            let shown: String = widget.chars().take(100).collect();
            let text = format!("Widget with id \"{shown}\" was not found in page \"{id}\"");
            return Err(PortalError::NotFound(text));
        }
        widgets::check(&list)?;
        self.patch_page(id, &Map::from_iter([("widgets".to_owned(), Value::Array(list))]))
    }

    pub(super) fn delete_page(&mut self, id: &str) -> Result<(), PortalError> {
        let page = find(&self.catalog, id)?;
        let kept = match page.text("type") {
            _ if id == HOME => "the home page cannot be deleted",
            "entity" => "entity pages cannot be deleted: they go with their blueprint",
            _ => "",
        };
        if !kept.is_empty() {
            return Err(PortalError::refused("protected_resource", kept));
        }
        self.drop_page(id)
    }

    /// Removes what is stored of a page; where one is there by itself, notes that it is gone.
    pub(super) fn drop_page(&mut self, id: &str) -> Result<(), PortalError> {
        if standard::page(&self.catalog, id).is_some() {
            self.put_page(id, &Stored { gone: true, ..Stored::default() });
        } else if self.catalog.record(PAGES, id).is_some() {
            self.put(Change::DeleteRecord(PAGES.into(), id.to_owned()));
        } else {
            return Err(no_page(id));
        }
        Ok(())
    }
}

fn same_identifier(body: &Map<String, Value>, id: &str) -> Result<(), PortalError> {
    match text_of(body, "identifier").filter(|stated| *stated != id) {
        Some(_) => Err(PortalError::invalid("\"identifier\" must be that of the path")),
        None => Ok(()),
    }
}

/// Replaces or removes the widget of an id wherever it stands. Whether it was there.
fn change_in(widgets: &mut Vec<Value>, id: &str, new: Option<&Value>) -> bool {
    if let Some(at) = widgets.iter().position(|w| w.get("id").is_some_and(|i| i == id)) {
        match new {
            Some(new) => widgets[at] = new.clone(),
            None => drop(widgets.remove(at)),
        }
        return true;
    }
    widgets.iter_mut().any(|widget| {
        let inside = |list: Option<&mut Value>| {
            list.and_then(Value::as_array_mut).is_some_and(|list| change_in(list, id, new))
        };
        let found = inside(widget.get_mut("widgets"))
            || widget
                .get_mut("groups")
                .and_then(Value::as_array_mut)
                .is_some_and(|groups| groups.iter_mut().any(|group| inside(group.get_mut("widgets"))));
        if found {
            tidy_layout(widget, id, new);
        }
        found
    })
}

/// Lets the layout of a dashboard follow: another id takes the place, none gives it up.
fn tidy_layout(dashboard: &mut Value, id: &str, new: Option<&Value>) {
    let Some(rows) = dashboard.get_mut("layout").and_then(Value::as_array_mut) else { return };
    for row in rows.iter_mut() {
        let Some(columns) = row.get_mut("columns").and_then(Value::as_array_mut) else { continue };
        match new.and_then(|new| new.get("id")) {
            Some(new) => columns.iter_mut().filter(|c| c["id"] == id).for_each(|c| c["id"] = new.clone()),
            None => columns.retain(|column| column["id"] != id),
        }
    }
    rows.retain(|row| row.get("columns").and_then(Value::as_array).is_none_or(|columns| !columns.is_empty()));
}
