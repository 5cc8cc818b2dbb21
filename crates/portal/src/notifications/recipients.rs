//! Whom a notification reaches.

use std::collections::BTreeSet;

use stagedoor_model::EntityRef;
use stagedoor_model::entity_ref::kind_of;
use stagedoor_query::Catalog;

use crate::error::PortalError;

/// Users of one notification.
const MOST: usize = 1_000;
/// References that are looked at for them.
const MOST_SEEN: usize = 20_000;

/// The users that references stand for: themselves, the members of groups and of the groups within, owners of anything
/// else. What is named in `without` is passed over, with what it alone stands for.
pub(super) fn users(
    refs: &[String],
    without: &[String],
    catalog: &Catalog,
) -> Result<BTreeSet<String>, PortalError> {
    let parse = |text: &String| {
        let reference = EntityRef::parse(text, None, "default");
        reference.map(|reference| reference.key()).map_err(|error| {
            let shown: String = text.chars().take(200).collect();
            PortalError::invalid(format!("Failed to resolve notification receivers: {shown:?}: {error}"))
        })
    };
    let mut left = refs.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let mut seen = without.iter().map(parse).collect::<Result<BTreeSet<_>, _>>()?;
    let mut found = BTreeSet::new();
    while let Some(reference) = left.pop() {
        if !seen.insert(reference.clone()) {
            continue;
        }
        let wanted: &[&str] = match kind_of(&reference) {
            "user" => &[],
            "group" => &["hasMember", "parentOf"],
            _ => &["ownedBy"],
        };
        if let Some(node) = catalog.node_of_ref(&reference).filter(|_| !wanted.is_empty()) {
            let links = catalog.relations(node).into_iter().filter(|link| wanted.contains(&link.name));
            left.extend(links.map(|link| catalog.reference(link.other).to_owned()));
        }
        if kind_of(&reference) == "user" {
            found.insert(reference);
        }
        if found.len() > MOST || seen.len() > MOST_SEEN {
            let message = format!("a notification may reach {MOST} users by name; use a broadcast for more");
            return Err(PortalError::invalid(message));
        }
    }
    Ok(found)
}
