//! The permissions of blueprints, parsed once per stored object.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use serde_json::Value;
use stagedoor_auth::BlueprintPermissions;
use stagedoor_model::{Blueprint, Record, Revision, names};
use stagedoor_query::Catalog;

use crate::blueprints::PERMISSIONS;
use crate::people;

/// The permissions of one blueprint in a snapshot, parsed anew.
pub(crate) fn permissions_of(blueprint: &str, catalog: &Catalog) -> BlueprintPermissions {
    let changed = catalog.record(PERMISSIONS, blueprint).map(|record| record.body.value());
    parse(blueprint, &changed.unwrap_or(Value::Null), catalog)
}

fn parse(blueprint: &str, changed: &Value, catalog: &Catalog) -> BlueprintPermissions {
    let mut permissions = BlueprintPermissions::parse(blueprint, changed);
    let names = Names::of(&permissions, catalog);
    permissions.resolve_teams(|team| names.0.iter().find(|(name, _)| name == team)?.1.clone());
    if let Some(entry) = catalog.blueprints().get(blueprint) {
        let blueprint = &entry.blueprint;
        permissions.retain(|k| blueprint.properties.contains_key(k), |k| blueprint.relations.contains_key(k));
    }
    permissions
}

/// The teams that permissions name otherwise than by identifier, with the identifiers that they have now. Port's clients
/// name teams as people do. What could be an identifier is one, so that no team gets another one's rights by its name.
#[derive(PartialEq, Eq)]
struct Names(Vec<(String, Option<String>)>);

impl Names {
    fn of(permissions: &BlueprintPermissions, catalog: &Catalog) -> Self {
        let mut names: Vec<&str> =
            permissions.teams().filter(|team| !names::is_entity_identifier(team)).collect();
        names.sort_unstable();
        names.dedup();
        Self(names.into_iter().map(|name| (name.to_owned(), people::team_called(catalog, name))).collect())
    }
}

/// What was parsed of a record, by which model and which names of teams.
struct Parse {
    record: Arc<Record>,
    names: Names,
    blueprint: Option<Arc<Blueprint>>,
    permissions: Arc<BlueprintPermissions>,
}

impl Parse {
    fn of(record: &Arc<Record>, catalog: &Catalog, before: Option<&Self>) -> Self {
        let blueprint = catalog.blueprints().get(&record.key).map(|entry| Arc::clone(&entry.blueprint));
        let same = |old: &&Self| {
            Arc::ptr_eq(&old.record, record)
                && old.names == Names::of(&old.permissions, catalog)
                && old.blueprint.as_ref().map(Arc::as_ptr) == blueprint.as_ref().map(Arc::as_ptr)
        };
        let permissions = match before.filter(same) {
            Some(old) => Arc::clone(&old.permissions),
            None => Arc::new(parse(&record.key, &record.body.value(), catalog)),
        };
        let names = Names::of(&permissions, catalog);
        Self { record: Arc::clone(record), names, blueprint, permissions }
    }
}

/// The permissions of all blueprints of a snapshot.
#[derive(Default)]
pub struct PermissionSet {
    revision: Revision,
    changed: HashMap<String, Parse>,
    restricted: Vec<Arc<BlueprintPermissions>>,
}

impl PermissionSet {
    fn of(catalog: &Catalog, before: Option<&Self>) -> Self {
        let parsed = |record: &Arc<Record>| {
            let old = before.and_then(|before| before.changed.get(&record.key));
            (record.key.clone(), Parse::of(record, catalog, old))
        };
        let changed: HashMap<_, _> = catalog.records(PERMISSIONS).map(parsed).collect();
        let all = changed.values().map(|parse| &parse.permissions);
        let mut restricted: Vec<_> = all.filter(|p| p.restricts_reading()).cloned().collect();
        restricted.sort_by(|a, b| a.blueprint().cmp(b.blueprint()));
        Self { revision: catalog.revision, changed, restricted }
    }

    /// Those of one blueprint.
    #[must_use]
    pub fn get(&self, blueprint: &str) -> Arc<BlueprintPermissions> {
        match self.changed.get(blueprint) {
            Some(parse) => Arc::clone(&parse.permissions),
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
    /// The set of a state that is not published.
    pub(crate) fn of_draft(&self, catalog: &Catalog) -> Arc<PermissionSet> {
        Arc::new(PermissionSet::of(catalog, self.0.load().as_deref()))
    }

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
