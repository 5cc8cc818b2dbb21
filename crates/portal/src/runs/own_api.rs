//! The portal's own API as a step of a run may call it: in the name of whoever set the run going, with less than that
//! person may do.
//!
//! A template is text that somebody else has written, and whoever executes it may be an administrator. So a call gets a
//! viewer whose scopes are a list made here: reading the catalog and what belongs to it, and writing to the catalog, as
//! the steps of templates may anyway. People, tokens, secrets, settings, runs and approvals are not on it.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use stagedoor_actions::{ApiAnswer, ApiRequest, Failure, Starter};
use stagedoor_auth::{Scopes, Viewer};

use super::access::in_the_name_of;
use crate::Portal;

/// What is allowed whatever the model is. A scope that stands for everything of its kind is here only where nothing of
/// the kind gives rights.
const ALWAYS: [&str; 8] = [
    "read:entities",
    "read:blueprints",
    "read:sources",
    "read:templates",
    "read:scorecards",
    "create:locations",
    "update:locations",
    "delete:locations",
];
/// What is allowed with entities of ordinary blueprints.
const OF_BLUEPRINTS: [&str; 3] = ["create:entities", "update:entities", "delete:entities"];

/// Blueprints that say who is who, besides those of the system.
const PEOPLE: [&str; 2] = ["user", "group"];

/// The application's routes, without what lies before them: there is nothing to prove, for the viewer is given.
#[async_trait]
pub trait OwnApi: Send + Sync {
    /// The answer to a request of this viewer.
    ///
    /// # Errors
    /// What cannot be asked, or is answered with more than may be kept.
    async fn answer(&self, viewer: Viewer, request: ApiRequest) -> Result<ApiAnswer, Failure>;
}

impl Portal {
    /// Says who answers calls of runs. The portal does not keep it alive, for it is made of the portal.
    pub fn answered_by(&self, api: &Arc<dyn OwnApi>) {
        *self.shared.runs.own_api.write() = Some(Arc::downgrade(api));
    }

    /// Answers a call of a run.
    pub(super) async fn answer_run(
        &self,
        starter: &Starter,
        run: &str,
        request: ApiRequest,
    ) -> Result<ApiAnswer, Failure> {
        let api = self.shared.runs.own_api.read().as_ref().and_then(Weak::upgrade);
        let api = api.ok_or_else(|| Failure::new("this process does not serve the portal's API"))?;
        let (limit, viewer) = (request.timeout, self.limited(starter)?.in_run(run));
        let late = |_| Failure::unclear(format!("there was no answer within {} ms", limit.as_millis()));
        tokio::time::timeout(limit, api.answer(viewer, request)).await.map_err(late)?
    }

    /// Whoever set a run going, with no more rights than a run's calls have, and no more than its token had.
    fn limited(&self, starter: &Starter) -> Result<Viewer, Failure> {
        let unknown = |_| Failure::new("the rights of this run cannot be told");
        let catalog = self.shared.catalog.load();
        let all = catalog.blueprints().iter().map(|entry| entry.blueprint.identifier.as_str());
        let ordinary = all.filter(|name| !name.starts_with('_') && !PEOPLE.contains(name));
        let narrow =
            ordinary.flat_map(|name| OF_BLUEPRINTS.iter().map(move |scope| format!("{scope}:{name}")));
        let all: Vec<String> = ALWAYS.iter().map(|scope| (*scope).to_owned()).chain(narrow).collect();
        let mut scopes = Scopes::parse(&all).map_err(unknown)?;
        if let Some(own) = &starter.scopes {
            scopes = scopes.within(&Scopes::parse(own).map_err(unknown)?);
        }
        let viewer = in_the_name_of(starter);
        Ok(Viewer::new(viewer.principal().clone(), viewer.via().clone(), Some(scopes)))
    }
}
