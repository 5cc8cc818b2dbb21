//! Rights over single entities, asked within the writer's operation: the state is the newest there, and what is
//! allowed cannot change before it is done.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;
use stagedoor_auth::{
    Account, Action, BlueprintPermissions, Changes, Denied, Facts, Policy, Principal, Resource, Rights,
    Standing, Viewer, decide,
};
use stagedoor_model::json::at;
use stagedoor_model::{Change, EntityRecord, Timestamp};
use stagedoor_query::{BlueprintEntry, Catalog, NodeId};

use super::{EntityFacts, Sights, account_of, permissions_of};
use crate::audit::{self, Denials};
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, entities};

/// Who asks for an operation. It goes with the operation to the writer.
#[derive(Clone)]
pub(crate) struct Asker {
    viewer: Viewer,
    denials: Denials,
    sights: Arc<Sights>,
}

/// What the asker may do, in one state.
pub(crate) struct Judge {
    /// `None`: everything, and nothing is looked at.
    rights: Option<Rights>,
    asker: Asker,
    permissions: RefCell<HashMap<String, Rc<BlueprintPermissions>>>,
}

impl Portal {
    pub(crate) fn asker(&self, viewer: &Viewer) -> Asker {
        let sights = Arc::clone(&self.shared.rights.sights);
        Asker { viewer: viewer.clone(), denials: self.shared.denials.clone(), sights }
    }
}

impl Asker {
    /// The rights in a state.
    pub(crate) fn judge(&self, catalog: &Catalog) -> Judge {
        let rights = match self.viewer.principal() {
            Principal::Person(email) | Principal::ServiceAccount(email) => {
                Some(Rights::new(Arc::new(account_of(email, catalog)), self.viewer.scopes().cloned()))
            }
            Principal::Guest(_) => {
                let account = Arc::new(Account::new(None, Standing::Member));
                Some(Rights::new(account, self.viewer.scopes().cloned()))
            }
            Principal::Credential(_) | Principal::Development | Principal::System(_) => {
                self.viewer.scopes().map(|s| Rights::new(Rights::all().account().clone(), Some(s.clone())))
            }
        };
        let rights = rights.filter(|r| !(r.is_administrator() && r.scopes().is_none()));
        Judge { rights, asker: self.clone(), permissions: RefCell::default() }
    }
}

impl Judge {
    /// Of the system's own work: everything is allowed.
    pub(crate) fn anything() -> Self {
        let (denials, sights) = (Denials::default(), Arc::default());
        let asker = Asker { viewer: Viewer::system("writer"), denials, sights };
        Self { rights: None, asker, permissions: RefCell::default() }
    }

    fn permissions(&self, catalog: &Catalog, blueprint: &str) -> Rc<BlueprintPermissions> {
        let parse = || Rc::new(permissions_of(blueprint, catalog));
        Rc::clone(self.permissions.borrow_mut().entry(blueprint.to_owned()).or_insert_with(parse))
    }

    /// Whether something that is no entity is allowed.
    ///
    /// # Errors
    /// `Forbidden`.
    pub(crate) fn may(&self, action: Action, resource: Resource<'_>) -> Result<(), PortalError> {
        let Some(rights) = &self.rights else { return Ok(()) };
        decide(rights, action, &resource).map_err(|denied| self.refuse(&denied, audit::name_of(&resource)))
    }

    /// Whether the asker may see an entity. One that it may not see is to be treated as if it were not there.
    pub(crate) fn sees(&self, draft: &Draft, node: NodeId) -> bool {
        let Some(rights) = &self.rights else { return true };
        let Some(entity) = draft.catalog.entity(node) else { return true };
        let permissions = self.permissions(&draft.catalog, &entity.record.blueprint);
        let facts = EntityFacts { catalog: &draft.catalog, node, now: draft.at };
        let resource = Resource::Entity { permissions: &permissions, facts: &facts, changes: Changes::None };
        decide(rights, Action::ReadEntities, &resource).is_ok()
    }

    /// The draft's state as the asker sees it.
    pub(crate) fn view(&self, draft: &Draft) -> Catalog {
        match &self.rights {
            None => draft.catalog.clone(),
            Some(rights) => self.asker.sights.of_draft(&draft.catalog, rights, draft.at),
        }
    }

    /// Whether an entity may be made as it is to be.
    ///
    /// # Errors
    /// `Forbidden`.
    pub(crate) fn register(&self, draft: &Draft, new: &EntityRecord) -> Result<(), PortalError> {
        if self.rights.is_none() {
            return Ok(());
        }
        let facts = Afterwards::of(draft, new);
        self.entity(draft, Action::RegisterEntity, new, &facts, Changes::None)
    }

    /// Whether an entity may be changed: as it is, and as it is to be, for the change may give it to others.
    /// With `whole` the right to update all of it is needed, whatever differs.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for one that the asker may not see.
    pub(crate) fn update(
        &self,
        draft: &Draft,
        node: NodeId,
        old: &EntityRecord,
        new: &EntityRecord,
        whole: bool,
    ) -> Result<(), PortalError> {
        if self.rights.is_none() {
            return Ok(());
        }
        let before = EntityFacts { catalog: &draft.catalog, node, now: draft.at };
        let changed = Changed::between(draft.catalog.blueprints().get(&old.blueprint), old, new);
        let changes = match (whole, changed.is_none()) {
            (_, true) if old.same_content(new) => Changes::None,
            (true, _) => Changes::All,
            (false, true) => Changes::None,
            (false, false) => {
                Changes::Parts { properties: &changed.properties, relations: &changed.relations }
            }
        };
        self.entity(draft, Action::UpdateEntity, old, &before, changes)
            .map_err(|error| if self.sees(draft, node) { error } else { not_there(old) })?;
        let after = Afterwards::of(draft, new);
        self.entity(draft, Action::UpdateEntity, old, &after, changes)
    }

    /// Whether an entity may be deleted.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for one that the asker may not see.
    pub(crate) fn unregister(&self, draft: &Draft, node: NodeId) -> Result<(), PortalError> {
        let (Some(_), Some(entity)) = (&self.rights, draft.catalog.entity(node)) else { return Ok(()) };
        let facts = EntityFacts { catalog: &draft.catalog, node, now: draft.at };
        self.entity(draft, Action::UnregisterEntity, &entity.record, &facts, Changes::None)
            .map_err(|error| if self.sees(draft, node) { error } else { not_there(&entity.record) })
    }

    fn entity(
        &self,
        draft: &Draft,
        action: Action,
        record: &EntityRecord,
        facts: &dyn Facts,
        changes: Changes<'_>,
    ) -> Result<(), PortalError> {
        let Some(rights) = &self.rights else { return Ok(()) };
        let permissions = self.permissions(&draft.catalog, &record.blueprint);
        let resource = Resource::Entity { permissions: &permissions, facts, changes };
        decide(rights, action, &resource).map_err(|denied| {
            let name = format!("{}/{}", record.blueprint, record.identifier);
            self.refuse(&denied, Some(&name))
        })
    }

    fn refuse(&self, denied: &Denied, resource: Option<&str>) -> PortalError {
        audit::denied(&self.asker.denials, &self.asker.viewer, denied, resource);
        PortalError::Forbidden(denied.to_string())
    }
}

fn not_there(record: &EntityRecord) -> PortalError {
    entities::missing(&record.blueprint, &record.identifier)
}

/// An entity as it would be after a change. The state with the change is made only if permissions ask for it.
struct Afterwards<'d> {
    catalog: &'d Catalog,
    record: &'d EntityRecord,
    now: Timestamp,
    then: OnceCell<Catalog>,
}

impl<'d> Afterwards<'d> {
    fn of(draft: &'d Draft, record: &'d EntityRecord) -> Self {
        Self { catalog: &draft.catalog, record, now: draft.at, then: OnceCell::new() }
    }

    fn facts(&self) -> Option<EntityFacts<'_>> {
        let then = self.then.get_or_init(|| {
            let mut then = self.catalog.clone();
            then.apply(&Change::PutEntity(Arc::new(self.record.clone())));
            then
        });
        Some(EntityFacts { catalog: then, node: then.node_of_uid(self.record.uid)?, now: self.now })
    }
}

impl Facts for Afterwards<'_> {
    fn is_owned_by(&self, rights: &Rights) -> bool {
        self.facts().is_some_and(|facts| facts.is_owned_by(rights))
    }

    fn satisfies(&self, policy: &Policy, rights: &Rights) -> bool {
        self.facts().is_some_and(|facts| facts.satisfies(policy, rights))
    }
}

/// The parts of an entity that a change touches, as permissions name them.
#[derive(Default)]
struct Changed {
    properties: Vec<String>,
    relations: Vec<String>,
}

impl Changed {
    fn is_none(&self) -> bool {
        self.properties.is_empty() && self.relations.is_empty()
    }

    fn between(entry: Option<&BlueprintEntry>, old: &EntityRecord, new: &EntityRecord) -> Self {
        let mut changed = Self::default();
        let Some(entry) = entry else { return changed };
        let (before, after) = (Content::of(entry, old), Content::of(entry, new));
        let meta = [
            ("$identifier", old.identifier != new.identifier),
            ("$title", before.title() != after.title()),
            ("$icon", before.fields.icon != after.fields.icon),
            ("$team", before.fields.team != after.fields.team),
        ];
        let meta = meta.into_iter().filter(|(_, differs)| *differs);
        changed.properties.extend(meta.map(|(name, _)| name.to_owned()));
        let keys = before.properties.keys().chain(after.properties.keys());
        for key in keys.filter(|key| before.properties.get(*key) != after.properties.get(*key)) {
            if !changed.properties.contains(key) {
                changed.properties.push(key.clone());
            }
        }
        for (key, relation) in &entry.face.relations {
            if before.relation(key, &relation.field) == after.relation(key, &relation.field) {
                continue;
            }
            changed.relations.push(key.clone());
            // Who is in a team has its rights, by whichever relation.
            if entry.blueprint.identifier == "_user" && relation.target == "_team" {
                changed.properties.push("$team".to_owned());
            }
        }
        changed
    }
}

/// What an entity says, whoever said it.
struct Content {
    fields: stagedoor_model::Fields,
    document: Option<Value>,
    properties: serde_json::Map<String, Value>,
}

impl Content {
    fn of(entry: &BlueprintEntry, record: &EntityRecord) -> Self {
        let fields = record.contributed();
        let mut properties = fields.properties.clone();
        let document = record.document.as_ref().map(stagedoor_model::JsonText::value);
        if let Some(document) = &document {
            properties.extend(entry.face.properties_of(document, &entry.blueprint));
        }
        // Null and nothing are the same to whoever reads it.
        properties.retain(|_, value| !value.is_null());
        Self { fields, document, properties }
    }

    fn title(&self) -> Option<&str> {
        let stated = self.document.as_ref().and_then(|d| at(d, "metadata.title")).and_then(Value::as_str);
        stated.or(self.fields.title.as_deref())
    }

    fn relation(&self, key: &str, field: &str) -> (Option<&Value>, Option<&Value>) {
        let said = |value: &&Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
        let stated = self.document.as_ref().and_then(|d| at(d, field)).filter(said);
        (self.fields.relations.get(key).filter(said), stated)
    }
}
