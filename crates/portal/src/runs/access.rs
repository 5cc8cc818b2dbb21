//! The catalog as a step may use it: in the name of whoever set the run going, judged as that person is judged now.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use stagedoor_actions::{ApiAnswer, ApiRequest, CatalogAccess, Failure, Origin, Run, Starter};
use stagedoor_auth::{Principal, Via, Viewer};

use crate::error::PortalError;
use crate::{OnConflict, Portal, WriteMode, WriteRequest};

/// Somebody's catalog.
pub(super) struct Access {
    portal: Portal,
    viewer: Viewer,
    starter: Starter,
    run: String,
}

impl Access {
    pub(super) fn new(portal: Portal, run: &Arc<Run>) -> Self {
        let viewer = in_the_name_of(&run.starter).in_run(&run.id);
        Self { portal, viewer, starter: run.starter.clone(), run: run.id.clone() }
    }
}

/// Whoever set a run going, as a caller: what they may do is what they may do now.
pub(super) fn in_the_name_of(starter: &Starter) -> Viewer {
    match &starter.email {
        Some(email) if starter.origin != Origin::Automation => {
            Viewer::new(Principal::Person(email.to_lowercase()), Via::Nothing, None)
        }
        _ => Viewer::system(&starter.actor),
    }
}

#[async_trait]
impl CatalogAccess for Access {
    async fn entity(&self, reference: &str) -> Option<Value> {
        let view = self.portal.view(&self.viewer).ok()?;
        let node = view.by_ref(&reference.to_lowercase())?;
        view.entity(node)?;
        view.in_backstage(node).then(|| view.backstage_value(node))
    }

    async fn register(&self, url: &str, optional: bool) -> Result<Vec<String>, Failure> {
        let again = Some(OnConflict::Refresh);
        let registered = match self.portal.register_location(&self.viewer, "url", url, again).await {
            Ok(registered) => registered,
            Err(_) if optional => return Ok(Vec::new()),
            Err(error) => return Err(failure(&error)),
        };
        let source = registered.location.source_name();
        let found = self.portal.entities_of_source(&source);
        if found.is_empty() && !optional {
            let problems = self.portal.shared.problems.load();
            let why = problems.of_source(&source).first().map(|problem| problem.message.clone());
            let why = why.unwrap_or_else(|| match registered.read {
                true => "there is no entity in it".to_owned(),
                false => "it is still being read".to_owned(),
            });
            return Err(Failure::new(format!("{url} was registered, and nothing came of it: {why}")));
        }
        Ok(found)
    }

    async fn upsert(&self, blueprint: &str, body: Value, run: &str) -> Result<Value, Failure> {
        debug_assert_eq!(run, self.run, "writes are those of this run");
        let request = WriteRequest {
            blueprint: blueprint.to_owned(),
            mode: WriteMode::UpsertMerge,
            create_missing: false,
            validation_only: false,
            datasource: Some(format!("run {}", self.run)),
            entities: vec![body],
        };
        let written = self.portal.write_entities(&self.viewer, request).await;
        let one = written.map_err(|error| failure(&error))?.pop();
        let one = one.ok_or_else(|| Failure::new("nothing was written"))?;
        Ok(one.map_err(|error| failure(&error))?.entity)
    }

    async fn notify(&self, body: Value) -> Result<(), Failure> {
        let sender = Viewer::system("scaffolder").in_run(&self.run);
        let sent = self.portal.send_notification(&sender, &body).await;
        sent.map(drop).map_err(|error| failure(&error))
    }

    async fn request(&self, request: ApiRequest) -> Result<ApiAnswer, Failure> {
        self.portal.answer_run(&self.starter, &self.run, request).await
    }

    async fn hand_over(&self, text: &str) -> Result<Vec<String>, Failure> {
        let report = self.portal.write_documents(&self.viewer, text.to_owned(), false).await;
        let report = report.map_err(|error| failure(&error))?;
        if let Some(refused) = report.rejected.first() {
            let (line, why) = (refused.line, &refused.message);
            return Err(Failure::new(format!("the catalog refuses what is at line {line}: {why}")));
        }
        let mut taken: Vec<_> =
            [report.created, report.changed, report.unchanged].into_iter().flatten().collect();
        taken.sort_by_key(|document| document.index);
        Ok(taken.into_iter().filter_map(|document| document.reference).collect())
    }
}

/// A refusal as a step has it: what may go away is tried again.
fn failure(error: &PortalError) -> Failure {
    match error {
        PortalError::Unavailable(why) => Failure::again(why.clone(), std::time::Duration::from_secs(1)),
        error => Failure::new(error.to_string()),
    }
}

impl Portal {
    /// References of the entities that a source claims, generated ones left out.
    fn entities_of_source(&self, source: &str) -> Vec<String> {
        let catalog = self.shared.catalog.load();
        let claimed = catalog
            .entities()
            .filter(|(_, entity)| entity.record.claim.as_ref().is_some_and(|claim| claim.source == source));
        let all = claimed.map(|(node, _)| catalog.reference(node).to_owned());
        all.filter(|reference| !reference.starts_with("location:default/generated-")).collect()
    }
}
