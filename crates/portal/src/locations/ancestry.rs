//! Where an entity comes from: the `Location` entities that led to it, up to the one that was configured or registered.

use std::collections::{HashSet, VecDeque};

use serde_json::Value;
use stagedoor_ingest::CodeHosts;
use stagedoor_model::{Claim, EntityRecord};
use stagedoor_query::NodeId;

use crate::{Portal, View};

/// An entity on the way, and what led to it directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// The entity.
    pub node: NodeId,
    /// References of the entities that led to it.
    pub parents: Vec<String>,
}

impl View {
    /// The entity at a node and all that led to it, from near to far. What the viewer may not see has led to nothing.
    /// Addresses are those that the code hosts of the portal's configuration write.
    #[must_use]
    pub fn ancestry(&self, node: NodeId, portal: &Portal) -> Vec<Ancestor> {
        let claim = self.entity(node).and_then(|e| e.record.claim.clone());
        let hosts = &portal.shared.sources.code_hosts;
        let leading = claim.as_ref().map(|claim| self.leading(&claim.source, hosts)).unwrap_or_default();
        let mut found = Vec::new();
        let mut seen = HashSet::from([node]);
        let mut queue = VecDeque::from([node]);
        while let Some(node) = queue.pop_front() {
            let place = self.entity(node).and_then(|e| place_of(e.record.claim.as_ref()?));
            let leads = |l: &&Leading| l.node != node && place.as_deref().is_some_and(|p| l.leads_to(p));
            let parents: Vec<&Leading> = leading.iter().filter(leads).collect();
            let references = parents.iter().map(|p| self.reference(p.node).to_owned()).collect();
            queue.extend(parents.iter().map(|p| p.node).filter(|parent| seen.insert(*parent)));
            found.push(Ancestor { node, parents: references });
        }
        found
    }

    /// The `Location` entities of a source.
    fn leading(&self, source: &str, hosts: &CodeHosts) -> Vec<Leading> {
        let of_source = |r: &EntityRecord| {
            r.blueprint == "location" && r.claim.as_ref().is_some_and(|claim| &*claim.source == source)
        };
        let all = self.catalog.entities().filter(|(_, entity)| of_source(&entity.record));
        let mut found: Vec<Leading> =
            all.filter_map(|(node, entity)| Leading::of(node, &entity.record, hosts)).collect();
        found.sort_by(|a, b| self.reference(a.node).cmp(self.reference(b.node)));
        found
    }
}

/// A `Location` entity, and where it leads.
struct Leading {
    node: NodeId,
    targets: Vec<String>,
}

impl Leading {
    fn of(node: NodeId, record: &EntityRecord, hosts: &CodeHosts) -> Option<Self> {
        let document = record.document.as_ref()?.value();
        let spec = document.get("spec")?;
        let (kind, base) = item_place(&record.claim.as_ref()?.item).split_once(':')?;
        let kind = spec.get("type").and_then(Value::as_str).unwrap_or(kind);
        let list = spec.get("targets").and_then(Value::as_array).into_iter().flatten();
        let texts = spec.get("target").into_iter().chain(list).filter_map(Value::as_str);
        // What stands in no file, as the documents of a provider do, has absolute targets.
        let absolute = |target: &str| {
            hosts.resolve_target(kind, base, None, target).unwrap_or_else(|_| target.to_owned())
        };
        let targets = texts.map(|target| plain(&format!("{kind}:{}", absolute(target)))).collect();
        Some(Self { node, targets })
    }

    fn leads_to(&self, place: &str) -> bool {
        self.targets.iter().any(|target| fits(target, place))
    }
}

/// Whether a place is a target, or one of those that a pattern means: told by what is before its first wildcard and
/// behind its last.
fn fits(target: &str, place: &str) -> bool {
    let wild = |c: char| matches!(c, '*' | '?' | '[' | '{' | '}' | ']');
    match (target.find(wild), target.rfind(wild)) {
        (Some(first), Some(last)) if target.contains('*') || target.starts_with("file:") => {
            let (head, tail) = (&target[..first], &target[last + 1..]);
            place.len() >= head.len() + tail.len() && place.starts_with(head) && place.ends_with(tail)
        }
        _ => target == place,
    }
}

/// The file or address that a document stands in; none for the entity that stands for a whole source.
fn place_of(claim: &Claim) -> Option<String> {
    let stands_for_source = claim.item.ends_with("#location");
    (!stands_for_source).then(|| plain(item_place(&claim.item)))
}

fn item_place(item: &str) -> &str {
    item.rsplit_once('#').map_or(item, |(place, _)| place)
}

/// An address in one of the views that a code host has of a file.
fn plain(place: &str) -> String {
    if !place.starts_with("url:") {
        return place.to_owned();
    }
    let mut parts: Vec<&str> = place.split('/').collect();
    if let Some(view) = parts.iter_mut().skip(5).find(|part| matches!(**part, "blob" | "tree")) {
        *view = "tree";
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stagedoor_ingest::CodeHosts;
    use stagedoor_model::{Claim, EntityRecord, JsonText, Stamps, Timestamp};
    use uuid::Uuid;

    use super::{Leading, fits, plain};

    /// What stands beside a file is another query at one kind of host, and another path at the others.
    #[test]
    fn targets_are_resolved_as_the_configured_host_writes_them() {
        let document = json!({ "kind": "Location", "spec": { "targets": ["./b.yaml"] } });
        let base = "https://azure.example.com/o/p/_git/r?path=%2Fa%2Fcatalog-info.yaml";
        let record = EntityRecord {
            uid: Uuid::nil(),
            blueprint: "location".into(),
            identifier: "location:default/all".into(),
            entity_ref: "location:default/all".into(),
            document: Some(JsonText::of(&document)),
            fields: None,
            claim: Some(Claim {
                source: "url:x".to_owned().into(),
                item: format!("url:{base}#0"),
                line: 1,
                adopted: false,
            }),
            stamps: Stamps {
                created_at: Timestamp(0),
                created_by: "x".into(),
                updated_at: Timestamp(0),
                updated_by: "x".into(),
                datasource: None,
            },
        };
        let leads_to = |hosts: &CodeHosts| {
            let place = plain("url:https://azure.example.com/o/p/_git/r?path=%2Fa%2Fb.yaml");
            Leading::of(0, &record, hosts).unwrap().leads_to(&place)
        };
        assert!(leads_to(&CodeHosts::new([("azure.example.com", "azure")])));
        assert!(!leads_to(CodeHosts::public()));
    }

    #[test]
    fn a_pattern_means_what_begins_and_ends_like_it() {
        assert!(fits("file:/srv/a.yaml", "file:/srv/a.yaml"));
        assert!(!fits("file:/srv/a.yaml", "file:/srv/b.yaml"));
        assert!(fits("file:/srv/**/c*.yaml", "file:/srv/x/y/cat.yaml"));
        assert!(!fits("file:/srv/**/c*.yaml", "file:/srv/x/y/cat.yml"));
        assert!(!fits("file:/srv/aa*a.yaml", "file:/srv/aa.yaml"), "the parts do not overlap");
        assert!(fits("url:https://h/a?x={y}", "url:https://h/a?x={y}"));
        assert!(fits("url:https://h/o/r/tree/main/*/c.yaml", "url:https://h/o/r/tree/main/x/c.yaml"));
    }

    #[test]
    fn the_views_of_a_file_are_one_place() {
        let tree = "url:https://github.com/o/r/tree/main/blob/a.yaml";
        assert_eq!(plain("url:https://github.com/o/r/blob/main/blob/a.yaml"), tree);
        assert_eq!(plain(tree), tree);
        assert_eq!(plain("file:/srv/a/b/c/blob/d"), "file:/srv/a/b/c/blob/d");
    }
}
