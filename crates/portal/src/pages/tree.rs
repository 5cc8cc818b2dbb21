//! The sidebar `catalog`: folders and pages, each after its siblings.
//!
//! Siblings are in the order of their ranks, whole numbers with room between them; who goes between two gets the middle.
//! `after` and `parent` are what a client said and are answered as it said them, as long as they still hold.

use std::collections::HashMap;

use serde_json::{Value, json};
use stagedoor_model::{Record, Timestamp};
use stagedoor_query::Catalog;

use super::stored::{self, Stored};
use super::{FOLDERS, Page, standard};
use crate::error::PortalError;
use crate::writer::Draft;

/// Folders may stand in folders, this deep.
const DEPTH: usize = 3;

/// A line of the sidebar.
#[derive(Clone, Debug)]
pub struct SidebarItem {
    /// In Port's form: `{identifier, title, icon?, sidebar, sidebarType, parent?, after?, ...}`.
    pub body: Value,
}

/// Something that has a place in the sidebar.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) identifier: String,
    pub(super) folder: bool,
    pub(super) parent: Option<String>,
    pub(super) after: Option<String>,
    pub(super) rank: i64,
}

/// Where something is to go, as a body says it: `None` for a key that it does not have.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    pub(super) parent: Option<Option<String>>,
    pub(super) after: Option<Option<String>>,
}

impl Wish {
    pub(super) fn of(body: &serde_json::Map<String, Value>) -> Self {
        let text = |key: &str| body.get(key).map(|v| v.as_str().filter(|t| !t.is_empty()).map(str::to_owned));
        Self { parent: text("parent"), after: text("after") }
    }
}

/// The place that something has got.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) parent: Option<String>,
    pub(super) rank: i64,
}

/// Whether a page stands in the sidebar at all.
pub(super) fn is_in_sidebar(page: &Page) -> bool {
    matches!(page.text("type"), "dashboard" | "blueprint-entities")
        && page.body.get("showInSidebar") != Some(&Value::Bool(false))
}

fn node_of_page(page: &Page) -> Node {
    let text = |key: &str| Some(page.text(key)).filter(|t| !t.is_empty()).map(str::to_owned);
    Node {
        identifier: page.identifier().to_owned(),
        folder: false,
        parent: text("parent"),
        after: text("after"),
        rank: page.rank,
    }
}

fn node_of_folder(record: &Record) -> Node {
    let body = record.body.value();
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let rank = body.get("rank").and_then(Value::as_i64).unwrap_or_default();
    Node { identifier: record.key.clone(), folder: true, parent: text("parent"), after: text("after"), rank }
}

/// All folders and pages of the sidebar, siblings in their order. A parent that is gone is none.
pub(super) fn nodes(catalog: &Catalog) -> Vec<Node> {
    let folders = catalog.records(FOLDERS).map(|record| node_of_folder(record));
    let pages = stored::all(catalog);
    let pages = pages.iter().filter(|page| is_in_sidebar(page)).map(node_of_page);
    let mut nodes: Vec<Node> = folders.chain(pages).collect();
    for node in &mut nodes {
        node.parent.take_if(|parent| catalog.record(FOLDERS, parent).is_none());
    }
    nodes.sort_by(|a, b| (a.rank, &a.identifier).cmp(&(b.rank, &b.identifier)));
    nodes
}

/// The sidebar from top to bottom.
pub(super) fn sidebar(catalog: &Catalog, open: &dyn Fn(&Page) -> bool) -> Vec<SidebarItem> {
    let mut below: HashMap<Option<String>, Vec<Node>> = HashMap::new();
    for node in nodes(catalog) {
        below.entry(node.parent.clone()).or_default().push(node);
    }
    let mut items = Vec::new();
    let mut stack: Vec<Node> = below.remove(&None).unwrap_or_default().into_iter().rev().collect();
    // A folder is taken out when it is met, so nothing is met twice.
    while let Some(node) = stack.pop() {
        if node.folder {
            let inside = below.remove(&Some(node.identifier.clone())).unwrap_or_default();
            stack.extend(inside.into_iter().rev());
        }
        items.extend(item(catalog, &node, open));
    }
    let here: Vec<(String, Option<String>)> = items.iter().map(place_of).collect();
    for item in &mut items {
        forget_stale_after(&mut item.body, &here);
    }
    items
}

fn place_of(item: &SidebarItem) -> (String, Option<String>) {
    let text = |key: &str| item.body.get(key).and_then(Value::as_str).map(str::to_owned);
    (text("identifier").unwrap_or_default(), text("parent"))
}

fn forget_stale_after(body: &mut Value, here: &[(String, Option<String>)]) {
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let (Some(after), parent) = (text("after"), text("parent")) else { return };
    if !here.iter().any(|(id, of)| *id == after && *of == parent)
        && let Some(map) = body.as_object_mut()
    {
        map.shift_remove("after");
    }
}

fn item(catalog: &Catalog, node: &Node, open: &dyn Fn(&Page) -> bool) -> Option<SidebarItem> {
    let mut body = json!({ "identifier": node.identifier });
    if node.folder {
        let folder = catalog.record(FOLDERS, &node.identifier)?.body.value();
        body["title"] = folder.get("title").cloned().unwrap_or_else(|| json!(node.identifier));
        body["sidebarType"] = json!("folder");
    } else {
        let page = stored::effective(catalog, &node.identifier).filter(|page| open(page))?;
        body["title"] = page.body.get("title").cloned().unwrap_or_else(|| json!(node.identifier));
        body["sidebarType"] = json!("page");
        for key in ["icon", "type", "blueprint", "locked"] {
            if let Some(value) = page.body.get(key).filter(|v| !v.is_null()) {
                body[key] = value.clone();
            }
        }
        body["standard"] = json!(page.standard);
    }
    body["sidebar"] = json!("catalog");
    for (key, value) in [("parent", &node.parent), ("after", &node.after)] {
        if let Some(value) = value {
            body[key] = json!(value);
        }
    }
    Some(SidebarItem { body })
}

fn no_item(identifier: &str) -> PortalError {
    PortalError::NotFound(format!("Sidebar item with identifier \"{identifier}\" was not found"))
}

fn not_in_parent(after: &str, parent: Option<&str>) -> PortalError {
    let folder = parent.map_or("the root of the sidebar".to_owned(), |p| format!("\"{p}\""));
    let text = format!("Sidebar item with after \"{after}\" is not in the parent folder: that is {folder}");
    PortalError::refused("after_item_not_in_parent", text)
}

/// How deep a folder stands: 1 at the root.
fn depth(nodes: &[Node], identifier: &str) -> usize {
    let parent_of =
        |id: &str| nodes.iter().find(|n| n.folder && n.identifier == id).and_then(|n| n.parent.as_deref());
    // One that stands in itself would have no end.
    std::iter::successors(Some(identifier), |id| parent_of(id)).take(DEPTH * 4).count()
}

/// How many levels of folders a folder has, itself included.
fn height(nodes: &[Node], identifier: &str, left: usize) -> usize {
    if left == 0 {
        return 1;
    }
    let inside = nodes.iter().filter(|n| n.folder && n.parent.as_deref() == Some(identifier));
    1 + inside.map(|n| height(nodes, &n.identifier, left - 1)).max().unwrap_or_default()
}

impl Draft {
    /// Finds the place that something wishes for. `now` is where it is; without a wish it stays, or goes last where it is new.
    ///
    /// # Errors
    /// `NotFound` for a folder that is not there; `after_item_not_in_parent`; `folder_depth`.
    pub(super) fn find_place(
        &mut self,
        identifier: &str,
        folder: bool,
        now: Option<&Node>,
        wish: &Wish,
    ) -> Result<Place, PortalError> {
        let nodes = nodes(&self.catalog);
        let after = wish.after.clone().flatten();
        let parent = match (&wish.parent, &after) {
            (Some(parent), _) => parent.clone(),
            // It follows its sibling.
            (None, Some(after)) => self.parent_of_sibling(&nodes, after, now)?,
            (None, None) => now.and_then(|now| now.parent.clone()),
        };
        if let Some(parent) = &parent {
            self.may_stand_in(&nodes, identifier, folder, parent)?;
        }
        let own = |n: &&Node| n.identifier == identifier && n.folder == folder;
        let siblings: Vec<&Node> = nodes.iter().filter(|n| n.parent == parent && !own(n)).collect();
        let said_before = now.is_some_and(|now| now.parent == parent && now.after == after);
        let index = match (&after, now) {
            (Some(after), now) => {
                let at = siblings.iter().position(|n| n.identifier == *after);
                let at = at.ok_or_else(|| not_in_parent(after, parent.as_deref()))?;
                if let Some(now) = now.filter(|_| said_before) {
                    return Ok(Place { parent, rank: now.rank });
                }
                at + 1
            }
            (None, Some(now)) if now.parent == parent && wish.after.is_none() => {
                return Ok(Place { parent, rank: now.rank });
            }
            // Said to be after nothing.
            (None, Some(_)) if wish.after.is_some() => 0,
            _ => siblings.len(),
        };
        let rank = match between(&siblings, index, self.at) {
            Some(rank) => rank,
            None => self.spread(&siblings, index),
        };
        Ok(Place { parent, rank })
    }

    fn parent_of_sibling(
        &self,
        nodes: &[Node],
        after: &str,
        now: Option<&Node>,
    ) -> Result<Option<String>, PortalError> {
        let mut called = nodes.iter().filter(|n| n.identifier == after).peekable();
        if called.peek().is_none() {
            return Err(not_in_parent(after, now.and_then(|now| now.parent.as_deref())));
        }
        // A folder and a page may have one name: the nearer is meant.
        let all: Vec<&Node> = called.collect();
        let beside = now.and_then(|now| all.iter().find(|n| n.parent == now.parent));
        Ok(beside.or(all.first()).and_then(|n| n.parent.clone()))
    }

    fn may_stand_in(
        &self,
        nodes: &[Node],
        identifier: &str,
        folder: bool,
        parent: &str,
    ) -> Result<(), PortalError> {
        if self.catalog.record(FOLDERS, parent).is_none() {
            return Err(no_item(parent));
        }
        if !folder {
            return Ok(());
        }
        let of = |id: &str| nodes.iter().find(|n| n.folder && n.identifier == id);
        let up = std::iter::successors(of(parent), |n| of(n.parent.as_deref()?)).take(DEPTH * 4);
        if up.into_iter().any(|n| n.identifier == identifier) {
            let text = format!("\"parent\": the folder \"{identifier}\" cannot stand in itself");
            return Err(PortalError::invalid(text));
        }
        if depth(nodes, parent) + height(nodes, identifier, DEPTH) > DEPTH {
            let text = format!("\"parent\": folders may be {DEPTH} deep, in \"{parent}\" it would be more");
            return Err(PortalError::refused("folder_depth", text));
        }
        Ok(())
    }

    /// Makes room among siblings that stand too close, and answers the rank at an index.
    fn spread(&mut self, siblings: &[&Node], index: usize) -> i64 {
        let last = siblings.last().map_or(0, |n| n.rank);
        let step = (last / (siblings.len() as i64 + 2)).max(1);
        let mut rank = 0;
        let mut wanted = 0;
        for at in 0..=siblings.len() {
            if at == index {
                rank += step;
                wanted = rank;
            }
            if let Some(node) = siblings.get(at) {
                rank += step;
                self.put_rank(node, rank);
            }
        }
        wanted
    }

    fn put_rank(&mut self, node: &Node, rank: i64) {
        if node.folder {
            self.put_folder_rank(&node.identifier, rank);
        } else {
            let old = stored::stored(&self.catalog, &node.identifier).unwrap_or_default();
            self.put_page(&node.identifier, &Stored { rank: Some(rank), ..old });
        }
    }
}

/// A rank before the sibling at an index and after the one before it; `None` where there is no room.
fn between(siblings: &[&Node], index: usize, now: Timestamp) -> Option<i64> {
    let before = index.checked_sub(1).and_then(|at| siblings.get(at)).map(|n| n.rank);
    match (before, siblings.get(index).map(|n| n.rank)) {
        (None, None) => Some(standard::rank_at(now)),
        // At the end: where a blueprint made later still comes after it.
        (Some(before), None) => Some(standard::rank_at(now).max(before.saturating_add(1))),
        (None, Some(after)) => (after > 1).then_some(after / 2),
        (Some(before), Some(after)) => (after - before > 1).then(|| before + (after - before) / 2),
    }
}
