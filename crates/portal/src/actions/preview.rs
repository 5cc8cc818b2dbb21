//! What an action would do, tried out before it is kept: for whoever writes it.

use serde_json::{Map, Value, json};
use stagedoor_actions::Origin;
use stagedoor_actions::port::templating::{Fault, Templating};
use stagedoor_actions::port::{PortAction, invocation};
use stagedoor_auth::{Action, Resource, Viewer};

use super::condition;
use super::form::{aside, entity_of, not_offered};
use crate::Portal;
use crate::error::PortalError;

/// A draft and what it is tried with.
#[derive(Clone, Debug, Default)]
pub struct PreviewAction {
    /// The definition, as it would be sent.
    pub definition: Value,
    /// What is filled in.
    pub values: Map<String, Value>,
    /// Identifier of the entity that it is about.
    pub entity: Option<String>,
    /// Its blueprint, where the action does not say it.
    pub blueprint: Option<String>,
}

/// What it would do.
#[derive(Clone, Debug)]
pub struct PreviewAnswer {
    /// What the back end would be given, with names in the place of secrets; nothing where that fails.
    pub invocation: Option<Value>,
    /// Its inputs with these values, in which nothing is a program any more.
    pub user_inputs: Value,
    /// Why it would not begin.
    pub problems: Vec<String>,
    /// Templates that give null because they are wrong.
    pub faults: Vec<Fault>,
}

impl Portal {
    /// Tries an action out without keeping or executing anything. It is for who defines actions, and
    /// reads no secret.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` naming what is not legal in the definition; `NotFound` for the entity.
    pub async fn preview_action(
        &self,
        viewer: &Viewer,
        draft: PreviewAction,
    ) -> Result<PreviewAnswer, PortalError> {
        self.may(viewer, Action::CreateAction, Resource::Any)?;
        let action = PortAction::parse(draft.definition.clone())?;
        let (portal, viewer) = (self.clone(), viewer.clone());
        aside(move || portal.preview(&viewer, &action, &draft)).await
    }

    fn preview(
        &self,
        viewer: &Viewer,
        action: &PortAction,
        draft: &PreviewAction,
    ) -> Result<PreviewAnswer, PortalError> {
        let view = self.view(viewer)?;
        let node = match draft.entity.as_deref().filter(|entity| !entity.is_empty()) {
            Some(entity) => Some(entity_of(&view, action, draft.blueprint.as_deref(), entity)?),
            None => None,
        };
        let form = self.resolve(viewer, &view, action, node, &draft.values);
        let mut problems: Vec<String> = form.errors().map(str::to_owned).collect();
        if node.is_none() && action.needs_entity() {
            problems.insert(0, "\"entity\" must be given: the action is about an entity".into());
        }
        if node.is_some_and(|node| !condition::holds(action, &view, node)) {
            problems.push(not_offered(action));
        }
        let mut about = self.about(viewer, &view, action, node, &form.expanded, Origin::Ui).0;
        about.insert("run".into(), json!({ "id": "r_preview000000000" }));
        let context = Value::Object(about);
        let names: Vec<String> =
            self.secrets(viewer).map(|all| all.into_iter().map(|s| s.name).collect()).unwrap_or_default();
        // What it would be given instead of a secret says so: none is read here.
        let value = |name: &str| Some(format!("[secret {name}]"));
        let templating = Templating::new(&self.shared.jq, &context).with_secrets(&names, &value);
        let invocation = match invocation(action, &templating) {
            Ok(mut value) => {
                self.redactor().redact_json(&mut value);
                Some(value)
            }
            Err(error) => {
                problems.push(error);
                None
            }
        };
        let faults = templating.faults();
        Ok(PreviewAnswer { invocation, user_inputs: form.plain(action.inputs()), problems, faults })
    }
}
