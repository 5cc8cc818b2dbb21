//! What would become of the catalog if a location were registered: everything it leads to, beside what is stored.

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_ingest::PortItem;
use tokio::runtime::Handle;

use super::{check_target, find};
use crate::error::PortalError;
use crate::{Portal, View, to_yaml};

/// Documents that are shown with what they differ in.
const MOST_DIFFERENCES: usize = 50;

/// What registering a location would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlook {
    /// It is registered already.
    pub exists: bool,
    /// What is not there yet.
    pub created: Vec<Outlooked>,
    /// What is there, and would be something else.
    pub changed: Vec<Outlooked>,
    /// What is there as it stands in the files.
    pub unchanged: Vec<Outlooked>,
    /// What another source holds: it would wait.
    pub conflicts: Vec<Outlooked>,
    /// What would not be taken.
    pub rejected: Vec<OutlookFault>,
}

/// One document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlooked {
    /// Lower-case reference; of a blueprint or an entity in Port's form `blueprint identifier`.
    pub reference: String,
    /// `Component`, `Blueprint`, ...
    pub kind: String,
    /// `metadata.title`, or the title in Port's form.
    pub title: Option<String>,
    /// Address of its file.
    pub file: String,
    /// Its first line there, from 1.
    pub line: u32,
    /// Who holds its name: `<file or url>#<document>`.
    pub holder: Option<String>,
    /// The document that is stored and the one that would be, as YAML. Not told for more than fifty.
    pub difference: Option<(String, String)>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlookFault {
    /// Why.
    pub message: String,
    /// Address of its file; empty where that cannot be told.
    pub file: String,
    /// From 1; 0 where the whole file is meant.
    pub line: u32,
    /// From 1; 0 where there is no line.
    pub column: u32,
    /// Lower-case reference, where it can be told.
    pub reference: Option<String>,
}

impl Portal {
    /// Reads a location with everything it leads to and compares that with the catalog as the viewer sees it. Nothing
    /// is written.
    ///
    /// # Errors
    /// `Invalid` for a target that is no web address; `Forbidden`.
    pub async fn location_outlook(&self, viewer: &Viewer, target: &str) -> Result<Outlook, PortalError> {
        let view = self.view_for(viewer, Action::RegisterLocation, Resource::Any)?;
        check_target("url", target)?;
        let known = find(&view.catalog, "url", target).filter(|l| self.shows(&view, &l.entity_ref));
        drop(view);
        let reading = self.dry_read("url", target, &Handle::current()).await;
        let view = self.view(viewer)?;
        let mut outlook = Outlook { exists: known.is_some(), ..Outlook::default() };
        let own = format!("url:{target}");
        for document in reading.documents {
            let of = Outlooked {
                kind: text(&document.value, "/kind").unwrap_or_default(),
                title: text(&document.value, "/metadata/title"),
                file: file_of(&document.place),
                line: document.line,
                reference: document.reference,
                ..Outlooked::default()
            };
            outlook.add(&view, &own, of, &document.value);
        }
        for (place, line, item) in reading.items {
            let (kind, body) = match item {
                PortItem::Blueprint(body) => ("Blueprint", body),
                PortItem::Entity(body) => ("Entity", body),
            };
            outlook.add_item(&view, kind, &body, file_of(&place), line);
        }
        outlook.rejected = reading
            .errors
            .into_iter()
            .map(|error| OutlookFault {
                message: error.text,
                file: error.file,
                line: error.line,
                column: error.column,
                reference: error.reference,
            })
            .collect();
        Ok(outlook)
    }
}

impl Outlook {
    fn add(&mut self, view: &View, own: &str, mut of: Outlooked, value: &Value) {
        let entity = view.by_ref(&of.reference).and_then(|node| view.entity(node));
        let Some(entity) = entity else { return self.created.push(of) };
        let claim = entity.record.claim.as_ref();
        if let Some(claim) = claim.filter(|claim| claim.source != own) {
            of.holder = Some(claim.item.clone());
            return self.conflicts.push(of);
        }
        let stored = entity.record.document.as_ref().map_or_else(|| entity.document.value(), |d| d.value());
        if stored == *value {
            return self.unchanged.push(of);
        }
        if self.changed.len() < MOST_DIFFERENCES {
            of.difference = Some((to_yaml(&stored), to_yaml(value)));
        }
        self.changed.push(of);
    }

    fn add_item(&mut self, view: &View, kind: &str, body: &Value, file: String, line: u32) {
        let named = |key: &str| text(body, &format!("/{key}")).unwrap_or_default();
        let (blueprint, identifier) = (named("blueprint"), named("identifier"));
        let is_blueprint = kind == "Blueprint";
        let exists = match is_blueprint {
            true => view.blueprints().get(&identifier).is_some(),
            false => view.by_key(&blueprint, &identifier).is_some(),
        };
        let of = Outlooked {
            reference: if is_blueprint { identifier } else { format!("{blueprint} {identifier}") },
            kind: kind.to_owned(),
            title: text(body, "/title"),
            file,
            line,
            ..Outlooked::default()
        };
        // What it merges into is known when it is read.
        if exists { self.changed.push(of) } else { self.created.push(of) }
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

/// The address of a place, `url:<address>`.
fn file_of(place: &str) -> String {
    place.strip_prefix("url:").unwrap_or(place).to_owned()
}
