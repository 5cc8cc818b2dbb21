//! A template becomes a run.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_actions::template::{ENVIRONMENT_SECRETS, SchemaError, check_secrets, check_values};
use stagedoor_actions::{Origin, Run, RunKind, RunOf};
use stagedoor_auth::{Action, Resource, Viewer};
use uuid::Uuid;

use super::{find, of, parse};
use crate::error::PortalError;
use crate::runs::{NewRun, starter};
use crate::{Portal, View};

/// A template to be executed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewTask {
    /// Reference of the template; its kind and the namespace `default` may be left out.
    pub template: String,
    /// What its form was filled in with.
    pub values: Map<String, Value>,
    /// What it is given in secret, by name.
    pub secrets: Map<String, Value>,
    /// Set going by hand, in the UI.
    pub by_hand: bool,
}

impl Portal {
    /// Executes a template: checks the values against every page of its form, freezes it and sets the run going.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`; `Invalid`, with `errors` in its details where values break a schema: each in the form of
    /// the npm package `jsonschema`.
    pub async fn execute_template(&self, viewer: &Viewer, task: NewTask) -> Result<Arc<Run>, PortalError> {
        let new = {
            let view = self.view(viewer)?;
            let found = find(&view, &parse(&task.template)?)?;
            let block = found.block();
            let resource = Resource::Guarded { name: &found.reference, block: block.as_ref(), facts: None };
            self.may(viewer, Action::ExecuteTemplate, resource)?;
            let template = of(&found.document)?;
            refuse(&check_values(&template, &task.values))?;
            check_names(&task.secrets)?;
            refuse(&check_secrets(&template, &task.secrets))?;
            let base = found.base_url(&template);
            let mut context = self.template_context(&view, viewer);
            context.insert("templateInfo".into(), template.info(base.as_deref()));
            let origin = if task.by_hand { Origin::Ui } else { Origin::Api };
            NewRun {
                id: Some(Uuid::new_v4().to_string()),
                of: RunOf {
                    kind: RunKind::Template,
                    identifier: found.reference.clone(),
                    title: Some(template.title().to_owned()),
                    icon: None,
                },
                definition: template.frozen(base.as_deref()),
                starter: starter(viewer, origin),
                inputs: task.values,
                context,
                secrets: self.with_environment(task.secrets),
                ..NewRun::default()
            }
        };
        self.start_run(new).await
    }

    /// Who executes it and in which environment: what templates may read besides the values.
    pub(super) fn template_context(&self, view: &View, viewer: &Viewer) -> Map<String, Value> {
        let mut user = Map::new();
        if let Some(known) = self.backstage_user(viewer) {
            if let Some(node) = view.by_ref(&known.reference).filter(|node| view.in_backstage(*node)) {
                user.insert("entity".into(), view.backstage_value(node));
            }
            user.insert("ref".into(), known.reference.into());
        }
        let mut context = Map::new();
        context.insert("user".into(), Value::Object(user));
        let parameters = self.shared.templates.get().map(|config| config.parameters.clone());
        context.insert("environment".into(), json!({ "parameters": parameters.unwrap_or_default() }));
        context
    }

    /// A run's own secrets and those of the configuration.
    pub(super) fn with_environment(&self, mut secrets: Map<String, Value>) -> Map<String, Value> {
        let own = self.shared.templates.get().map(|config| config.secrets.clone()).unwrap_or_default();
        if !own.is_empty() {
            secrets.insert(ENVIRONMENT_SECRETS.into(), Value::Object(own));
        }
        secrets
    }
}

/// Refuses values that break their schema; the particulars are in the details.
pub(super) fn refuse(errors: &[SchemaError]) -> Result<(), PortalError> {
    let Some(first) = errors.first() else { return Ok(()) };
    let details = json!({ "errors": errors.iter().map(SchemaError::to_json).collect::<Vec<_>>() });
    Err(PortalError::Invalid { code: "invalid_values", message: first.stack(), details: Some(details) })
}

/// Refuses names of secrets that stand for something else.
pub(super) fn check_names(secrets: &Map<String, Value>) -> Result<(), PortalError> {
    match secrets.contains_key(ENVIRONMENT_SECRETS) {
        false => Ok(()),
        true => Err(PortalError::invalid(format!("secrets must NOT have a \"{ENVIRONMENT_SECRETS}\""))),
    }
}
