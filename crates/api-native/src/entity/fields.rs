//! Where the values of an entity come from, as its page says it.

use std::collections::BTreeMap;

use serde::Serialize;
use stagedoor_model::Claim;
use stagedoor_portal::{Origin, StatedBy, View};
use stagedoor_query::NodeId;
use utoipa::ToSchema;

use crate::link::Link;

/// Where a field's value comes from.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FieldOrigin {
    /// `source`: the source that owns the entity, which alone may change it; `document`: a document that was handed
    /// over; `contributor`: the API, the UI, an integration; `entities`: other entities state it.
    by: &'static str,
    /// Of `source`: the file or address.
    file: Option<String>,
    /// Of `source`: the first line of its document.
    line: Option<u32>,
    /// Of `entities`: up to three of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entities: Vec<Link>,
    /// Of `entities`: how many they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    /// Since when it has its value.
    at: Option<String>,
    /// Who gave it.
    actor: Option<String>,
    /// Through what: `port`, `native`, `backstage`, `source`.
    through: Option<String>,
    /// The program that wrote it, where it told its name.
    agent: Option<String>,
    /// False: it had the value before `at`, too.
    exact: bool,
}

/// Every stored field's origin, by name.
pub(super) fn origins(
    view: &View,
    claim: Option<&Claim>,
    origins: BTreeMap<String, Origin>,
) -> BTreeMap<String, FieldOrigin> {
    origins.into_iter().map(|(field, origin)| (field, told(view, claim, origin))).collect()
}

fn told(view: &View, claim: Option<&Claim>, origin: Origin) -> FieldOrigin {
    let claim = claim.filter(|_| origin.by == StatedBy::Source);
    let (by, entities): (_, &[NodeId]) = match &origin.by {
        StatedBy::Source => ("source", &[]),
        StatedBy::Document => ("document", &[]),
        StatedBy::Contributor => ("contributor", &[]),
        StatedBy::Others(nodes) => ("entities", nodes),
    };
    let since = origin.since;
    FieldOrigin {
        by,
        file: claim.map(|claim| file_of(&claim.item)),
        line: claim.map(|claim| claim.line),
        entities: entities.iter().take(3).map(|node| Link::to(view, *node)).collect(),
        total: (!entities.is_empty()).then_some(entities.len()),
        at: since.as_ref().map(|since| since.at.to_string()),
        actor: since.as_ref().map(|since| since.actor.name.clone()),
        through: since.as_ref().map(|since| since.actor.through.clone()),
        exact: since.as_ref().is_none_or(|since| since.exact),
        agent: since.and_then(|since| since.agent),
    }
}

/// The file of an item, `<file>#<index>`.
pub(super) fn file_of(item: &str) -> String {
    item.rsplit_once('#').map_or(item, |(file, _)| file).to_owned()
}
