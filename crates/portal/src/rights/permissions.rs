//! The permissions of blueprints, parsed once per stored object.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use serde_json::Value;
use stagedoor_auth::BlueprintPermissions;
use stagedoor_model::{Record, Revision};
use stagedoor_query::Catalog;

use crate::blueprints::PERMISSIONS;

/// The permissions of one blueprint in a snapshot, parsed anew.
pub(crate) fn permissions_of(blueprint: &str, catalog: &Catalog) -> BlueprintPermissions {
    let changed = catalog.record(PERMISSIONS, blueprint).map(|record| record.body.value());
    BlueprintPermissions::parse(blueprint, &changed.unwrap_or(Value::Null))
}

/// The permissions of all blueprints of a snapshot.
#[derive(Default)]
pub struct PermissionSet {
    revision: Revision,
    changed: HashMap<String, (Arc<Record>, Arc<BlueprintPermissions>)>,
    restricted: Vec<Arc<BlueprintPermissions>>,
}

impl PermissionSet {
    fn of(catalog: &Catalog, before: Option<&Self>) -> Self {
        let parsed = |record: &Arc<Record>| {
            let known = before.and_then(|b| b.changed.get(&record.key));
            let known = known.filter(|(old, _)| Arc::ptr_eq(old, record)).map(|(_, p)| Arc::clone(p));
            let permissions = known
                .unwrap_or_else(|| Arc::new(BlueprintPermissions::parse(&record.key, &record.body.value())));
            (record.key.clone(), (Arc::clone(record), permissions))
        };
        let changed: HashMap<_, _> = catalog.records(PERMISSIONS).map(parsed).collect();
        let mut restricted: Vec<_> =
            changed.values().filter(|(_, p)| p.restricts_reading()).map(|(_, p)| Arc::clone(p)).collect();
        restricted.sort_by(|a, b| a.blueprint().cmp(b.blueprint()));
        Self { revision: catalog.revision, changed, restricted }
    }

    /// Those of one blueprint.
    #[must_use]
    pub fn get(&self, blueprint: &str) -> Arc<BlueprintPermissions> {
        match self.changed.get(blueprint) {
            Some((_, permissions)) => Arc::clone(permissions),
            None => Arc::new(BlueprintPermissions::standard(blueprint)),
        }
    }

    /// Of the blueprints whose entities not everybody may see, by identifier.
    #[must_use]
    pub fn restricted(&self) -> &[Arc<BlueprintPermissions>] {
        &self.restricted
    }
}

/// The newest set.
#[derive(Default)]
pub(crate) struct Parsed(ArcSwapOption<PermissionSet>);

impl Parsed {
    /// The set of a snapshot. What was parsed for an older one is parsed again only where it changed.
    pub(crate) fn of(&self, catalog: &Catalog) -> Arc<PermissionSet> {
        let before = self.0.load_full();
        if let Some(set) = before.as_ref().filter(|set| set.revision == catalog.revision) {
            return Arc::clone(set);
        }
        let set = Arc::new(PermissionSet::of(catalog, before.as_deref()));
        self.0.store(Some(Arc::clone(&set)));
        set
    }
}
