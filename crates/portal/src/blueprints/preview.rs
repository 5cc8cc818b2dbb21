//! What a change of a blueprint would do, before it is made. Worked out on a copy of the newest snapshot; nothing is
//! written, and the writer is not asked.

mod breaks;
mod changes;
mod effects;
mod faults;
mod pages;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Rights, Viewer};
use stagedoor_model::Blueprint;
use stagedoor_query::Catalog;
use stagedoor_query::budget;

use super::no_blueprint;
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, View};

pub use breaks::Break;
pub use changes::Place;
pub use effects::{Loss, Member, Reason};
pub use faults::Fault;

/// Looking at entities one by one ends after this; then the counts are of what was looked at.
const MOST_TIME: Duration = Duration::from_secs(5);

/// What is asked about.
#[derive(Clone, Debug, Default)]
pub struct PreviewOf {
    /// The blueprint that is to change; none for a new one.
    pub identifier: Option<String>,
    /// As it is to be, in Port's form; none: it is to go.
    pub blueprint: Option<Value>,
    /// An entity of it, whose values are wanted as they would be.
    pub entity: Option<String>,
    /// Where no entity is named: any.
    pub sample: bool,
}

/// What a change would do.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// What is wrong with it. With an error it cannot be saved, and there is no effect.
    pub faults: Vec<Fault>,
    /// Where it differs from what is stored.
    pub changes: Vec<Place>,
    /// How many entities the blueprint has that the viewer sees.
    pub entities: u64,
    /// There may be entities that the viewer does not see, or the time was over before all were looked at.
    pub partial: bool,
    /// Entities that are valid and would no longer be: their next write would be refused.
    pub invalid: u64,
    /// The same by what is wrong with them, most frequent first.
    pub reasons: Vec<Reason>,
    /// Some of them.
    pub examples: Vec<Member>,
    /// Values that would no longer be shown.
    pub losses: Vec<Loss>,
    /// What would no longer work elsewhere.
    pub breaks: Vec<Break>,
    /// The entity that was asked for, in Port's form, as it would be.
    pub entity: Option<Value>,
    /// Why its derived values are missing, by property.
    pub entity_problems: BTreeMap<String, String>,
}

/// Two states of the model, and who looks.
struct Looked {
    before: Arc<Catalog>,
    rights: Rights,
}

impl Portal {
    /// Says what would be wrong, and what would happen, if a blueprint were made, replaced or deleted. Counts and
    /// examples are of entities that the viewer sees.
    ///
    /// # Errors
    /// `Forbidden` for whoever may not make the change; `NotFound`.
    pub async fn preview_blueprint(&self, viewer: &Viewer, of: PreviewOf) -> Result<Preview, PortalError> {
        match (&of.identifier, &of.blueprint) {
            (Some(identifier), Some(_)) => {
                self.may(viewer, Action::UpdateBlueprint, Resource::Named(identifier))?;
            }
            (Some(identifier), None) => {
                self.may(viewer, Action::DeleteBlueprint, Resource::Named(identifier))?
            }
            (None, _) => self.may(viewer, Action::CreateBlueprint, Resource::Any)?,
        }
        self.may(viewer, Action::ReadEntities, Resource::Any)?;
        let (portal, viewer) = (self.clone(), viewer.clone());
        let looking = tokio::task::spawn_blocking(move || {
            let end = Instant::now() + MOST_TIME;
            let mut preview = Preview::default();
            let work = || portal.fill(&mut preview, &viewer, &of);
            match budget::limited(move || Instant::now() >= end, work) {
                Ok(done) => done.map(|()| preview),
                Err(_) => Ok(Preview { partial: true, ..preview }),
            }
        });
        looking.await.map_err(|_| PortalError::Internal("looking at the effect failed".into()))?
    }

    fn fill(&self, preview: &mut Preview, viewer: &Viewer, of: &PreviewOf) -> Result<(), PortalError> {
        let whole = self.shared.catalog.load_full();
        let old = of.identifier.as_deref().map(|identifier| {
            let entry = whole.blueprints().get(identifier);
            entry.map(|e| Arc::clone(&e.blueprint)).ok_or_else(|| no_blueprint(identifier))
        });
        let old = old.transpose()?;
        let rights = self.rights_in(viewer, &whole);
        let sights = &self.shared.rights.sights;
        let before = sights.of(Arc::clone(&whole), &rights, Action::ReadEntities);
        let looked = Looked { before, rights };
        if let Some(old) = &old {
            preview.entities = looked.before.count(&old.identifier);
            let view = self.looking(viewer, &looked, Arc::clone(&looked.before));
            preview.partial = !self.sees_all_of(&view, &old.identifier);
        }
        let Some(body) = &of.blueprint else {
            let old = old.ok_or_else(|| PortalError::invalid("\"blueprint\" must be object"))?;
            self.fill_deletion(preview, &looked, &whole, &old);
            return Ok(());
        };
        let mut draft = Draft::trial(whole.as_ref().clone(), viewer.actor("native"));
        let (new, faults) = draft.faults(of.identifier.as_deref(), body);
        preview.faults = faults;
        let Some(new) = new else { return Ok(()) };
        preview.faults.extend(self.program_faults(&new));
        preview.changes = changes::between(old.as_deref(), &new);
        let new = Arc::new(new);
        let after = draft.catalog.redefined(&new.identifier, Some(&new));
        preview.faults.extend(faults::derived(&after, &new.identifier));
        breaks::look(&draft.catalog, &after, old.as_deref(), Some(&new), &mut preview.breaks);
        if let Some(old) = &old {
            pages::look(&whole, old, Some(&new), &mut preview.breaks);
            effects::look(&looked.before, &after, (old, &new), preview);
        }
        self.fill_entity(preview, viewer, of, &looked, after);
        Ok(())
    }

    fn fill_deletion(&self, preview: &mut Preview, looked: &Looked, whole: &Catalog, old: &Arc<Blueprint>) {
        let draft = Draft::trial(whole.clone(), stagedoor_model::Actor::new("system", "system"));
        let doomed = std::collections::BTreeSet::from([old.identifier.as_str()]);
        // Its entities go with it where that is asked for: only what stands in the way for good is a fault.
        if let Err(PortalError::Invalid { code: code @ "protected_resource", message, .. }) =
            draft.may_delete_blueprints(&doomed)
        {
            preview.faults.push(Fault::error(code, "", message));
        }
        let after = whole.redefined(&old.identifier, None);
        breaks::look(whole, &after, Some(old), None, &mut preview.breaks);
        pages::look(whole, old, None, &mut preview.breaks);
        preview.examples = effects::some_of(&looked.before, &old.identifier);
    }

    /// The entity that was asked for, as it would be.
    fn fill_entity(
        &self,
        preview: &mut Preview,
        viewer: &Viewer,
        of: &PreviewOf,
        looked: &Looked,
        after: Catalog,
    ) {
        let Some(blueprint) = &of.identifier else { return };
        let any = || effects::some_of(&looked.before, blueprint).into_iter().next().map(|one| one.identifier);
        let named = of.entity.clone().or_else(|| of.sample.then(any).flatten());
        let Some(identifier) = &named else { return };
        let seen = self.shared.rights.sights.of_draft(&after, &looked.rights, crate::clock::now());
        let view = self.looking(viewer, looked, Arc::new(seen));
        if let Some(node) = view.by_key(blueprint, identifier) {
            preview.entity = Some(view.port_entity_alone(node));
            preview.entity_problems = view.derived_problems(node);
        }
    }

    fn looking(&self, viewer: &Viewer, looked: &Looked, catalog: Arc<Catalog>) -> View {
        View::new(catalog, self.shared.problems.load_full(), viewer.clone(), looked.rights.clone())
    }

    /// Calculations that are no programs: a warning, for they may be written.
    fn program_faults(&self, new: &Blueprint) -> Vec<Fault> {
        let problems = self.calculation_problems(new).into_iter();
        let fault = |(key, message): (String, String)| {
            Fault::warning(format!("/calculationProperties/{key}/calculation"), message)
        };
        problems.map(fault).collect()
    }
}
