//! The blueprints of a snapshot with their compiled faces.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use stagedoor_model::{Blueprint, Face, kinds, names, system};

use crate::derived::{Definitions, compile};

/// A blueprint and how Backstage sees it.
#[derive(Clone, Debug)]
pub struct BlueprintEntry {
    /// The blueprint.
    pub blueprint: Arc<Blueprint>,
    /// Its face. For a blueprint without one (`_user`, or a lost name clash) it still tells how its
    /// documents would look, and `visible` is false.
    pub face: Arc<Face>,
    /// Whether Backstage's dialect shows its entities.
    pub visible: bool,
    /// What it derives.
    pub derived: Arc<Definitions>,
}

/// All blueprints, by identifier and by kind. The system blueprints are always among them, as they ship
/// where nobody has stored an extension.
#[derive(Clone, Debug)]
pub struct Blueprints {
    by_identifier: IndexMap<String, BlueprintEntry>,
    by_kind: HashMap<String, String>,
}

impl Default for Blueprints {
    fn default() -> Self {
        Self::compile(Vec::new())
    }
}

impl Blueprints {
    /// One blueprint.
    #[must_use]
    pub fn get(&self, identifier: &str) -> Option<&BlueprintEntry> {
        self.by_identifier.get(identifier)
    }

    /// The blueprint whose face has this kind, in any case.
    #[must_use]
    pub fn by_kind(&self, kind: &str) -> Option<&BlueprintEntry> {
        self.by_identifier.get(self.by_kind.get(&kind.to_lowercase())?)
    }

    /// All, in order of creation; last the system blueprints that nobody has extended.
    pub fn iter(&self) -> impl Iterator<Item = &BlueprintEntry> {
        self.by_identifier.values()
    }

    /// A copy with one more, one changed or one fewer blueprint, all faces compiled anew: the kind of
    /// one may depend on the others.
    pub(crate) fn with(&self, change: BlueprintChange<'_>) -> Self {
        let stored = self.by_identifier.values().map(|e| &e.blueprint).filter(|b| !is_as_shipped(b));
        let mut all: Vec<Arc<Blueprint>> = stored.cloned().collect();
        match change {
            BlueprintChange::Put(new) => match all.iter_mut().find(|b| b.identifier == new.identifier) {
                Some(old) => *old = Arc::clone(new),
                None => all.push(Arc::clone(new)),
            },
            BlueprintChange::Delete(identifier) => all.retain(|b| b.identifier != identifier),
        }
        Self::compile(all)
    }

    fn compile(mut all: Vec<Arc<Blueprint>>) -> Self {
        all.sort_by(|a, b| (a.stamps.created_at, &a.identifier).cmp(&(b.stamps.created_at, &b.identifier)));
        for shipped in system::SYSTEM.iter() {
            if !all.iter().any(|b| b.identifier == shipped.identifier) {
                all.push(Arc::clone(shipped));
            }
        }
        let kinds = assign_kinds(&all);
        let kind_of = |identifier: &str| {
            kinds.get(identifier).map_or_else(|| hidden_kind(identifier), |k| k.to_lowercase())
        };
        let mut out = Self { by_identifier: IndexMap::new(), by_kind: HashMap::new() };
        for blueprint in all {
            let identifier = blueprint.identifier.clone();
            let visible = kinds.contains_key(&identifier);
            let hidden = hidden_kind(&identifier);
            let kind = kinds.get(&identifier).unwrap_or(&hidden);
            let face = Arc::new(Face::compile(&blueprint, kind, &kind_of));
            if visible {
                out.by_kind.insert(kind.to_lowercase(), identifier.clone());
            }
            out.by_identifier
                .insert(identifier, BlueprintEntry { blueprint, face, visible, derived: Arc::default() });
        }
        let mut derived = compile::compile(&out.by_identifier);
        for (identifier, entry) in &mut out.by_identifier {
            entry.derived = derived.remove(identifier).unwrap_or_default();
        }
        out
    }
}

/// Whether it is a system blueprint that nobody has stored.
fn is_as_shipped(blueprint: &Arc<Blueprint>) -> bool {
    system::by_identifier(&blueprint.identifier).is_some_and(|shipped| Arc::ptr_eq(shipped, blueprint))
}

/// What [`Blueprints::with`] does.
pub(crate) enum BlueprintChange<'a> {
    Put(&'a Arc<Blueprint>),
    Delete(&'a str),
}

/// Shipped kinds keep their names; of the others the older blueprint wins a clash.
fn assign_kinds(all: &[Arc<Blueprint>]) -> HashMap<String, String> {
    let mut taken: HashMap<String, &str> = HashMap::new();
    let mut kinds = HashMap::new();
    for shipped in kinds::KINDS.iter() {
        taken.insert(shipped.backstage.kind.to_lowercase(), shipped.identifier());
    }
    for blueprint in all {
        let kind = match blueprint.shipped_kind.as_deref().and_then(kinds::by_identifier) {
            Some(shipped) => shipped.backstage.kind.clone(),
            None => names::kind_of_blueprint(&blueprint.identifier),
        };
        if kind.is_empty() || blueprint.is_system() {
            continue;
        }
        let holder = *taken.entry(kind.to_lowercase()).or_insert(&blueprint.identifier);
        if holder == blueprint.identifier {
            kinds.insert(blueprint.identifier.clone(), kind);
        }
    }
    kinds
}

/// The internal kind of a blueprint that Backstage does not see. No document can name it.
fn hidden_kind(identifier: &str) -> String {
    format!("!{}", identifier.to_lowercase())
}
