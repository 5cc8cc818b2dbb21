//! The form of an action with the values that it has so far: found out and checked here, so that browsers need no JQ.

use serde_json::{Map, Value};
use stagedoor_actions::port::PortAction;
use stagedoor_actions::port::user_inputs::{Form, Scope, is_encrypted, names_of};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_query::NodeId;

use super::{condition, context, find, rights};
use crate::error::PortalError;
use crate::{Portal, View};

/// What is asked about a form.
#[derive(Clone, Debug, Default)]
pub struct FormQuestion {
    /// Identifier of the entity that the action is about.
    pub entity: Option<String>,
    /// Its blueprint, where the action does not say it.
    pub blueprint: Option<String>,
    /// What is filled in.
    pub values: Map<String, Value>,
}

/// A form as it is now.
#[derive(Clone, Debug)]
pub struct FormAnswer {
    /// Its inputs, values and pages.
    pub form: Form,
    /// Why the action cannot be executed, whatever is filled in.
    pub why_not: Option<String>,
}

impl Portal {
    /// The form of an action with these values, as far as the caller may execute it. Nothing is kept.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`; `Invalid` for an entity that cannot be told.
    pub async fn action_form(
        &self,
        viewer: &Viewer,
        identifier: &str,
        question: FormQuestion,
    ) -> Result<FormAnswer, PortalError> {
        self.may(viewer, Action::ReadActions, Resource::Named(identifier))?;
        let action = find(&self.shared.catalog.load(), identifier)?.definition;
        let (portal, viewer) = (self.clone(), viewer.clone());
        aside(move || {
            let view = portal.view(&viewer)?;
            let node = match question.entity.as_deref().filter(|entity| !entity.is_empty()) {
                Some(entity) => Some(entity_of(&view, &action, question.blueprint.as_deref(), entity)?),
                None => None,
            };
            let whole = portal.shared.catalog.load_full();
            let why_not = match rights::could_execute(view.rights(), action.identifier(), &whole, node) {
                Err(denied) => Some(denied.to_string()),
                Ok(()) => {
                    node.filter(|node| !condition::holds(&action, &view, *node)).map(|_| not_offered(&action))
                }
            };
            let form = portal.resolve(&viewer, &view, &action, node, &question.values);
            Ok(FormAnswer { form, why_not })
        })
        .await
    }

    /// The form of an action with these values; also checks that what they name is there.
    pub(crate) fn resolve(
        &self,
        viewer: &Viewer,
        view: &View,
        action: &PortAction,
        node: Option<NodeId>,
        values: &Map<String, Value>,
    ) -> Form {
        let entity = node.map_or(Value::Null, |node| view.port_entity(node));
        let user = context::user(viewer, view);
        let expand = |input: &Map<String, Value>, value: &Value| context::expanded(view, input, value);
        let scope = Scope { jq: &self.shared.jq, entity: &entity, user: &user, expand: &expand };
        let mut form = Form::resolve(action.inputs(), values, &scope);
        for field in &mut form.fields {
            let Some(input) = action.inputs().get(&field.id) else { continue };
            let value = form.values.get(&field.id).filter(|value| !value.is_null());
            let Some(value) = value.filter(|_| field.errors.is_empty() && !is_encrypted(input)) else {
                continue;
            };
            let Some((format, blueprint)) = names_of(input) else { continue };
            let each = match value {
                Value::Array(list) => list.iter().collect(),
                one => vec![one],
            };
            let dataset = field.dataset.as_ref();
            let wrong = each.into_iter().find_map(|one| {
                named(view, format, blueprint, dataset, one)
                    .err()
                    .map(|why| format!("\"properties/{}\" {why}", field.id))
            });
            field.errors.extend(wrong);
        }
        form
    }
}

/// Whether what a value names is there, and among those that may be chosen.
fn named(
    view: &View,
    format: &str,
    blueprint: Option<&str>,
    dataset: Option<&Value>,
    value: &Value,
) -> Result<(), String> {
    let Some(name) = value.as_str() else { return Err("must be the identifier of one that is there".into()) };
    let shown: String = name.chars().take(100).collect();
    match (format, blueprint) {
        ("entity", Some(blueprint)) => {
            let none = || format!("must be an entity of blueprint \"{blueprint}\": there is no \"{shown}\"");
            let node = view.by_key(blueprint, name).ok_or_else(none)?;
            let Some(dataset) = dataset else { return Ok(()) };
            let fits = condition::satisfies(view, node, blueprint, dataset, "dataset");
            match fits.map_err(|error| format!("cannot be chosen: {error}"))? {
                true => Ok(()),
                false => Err(format!("must be one that may be chosen: \"{shown}\" is not in its dataset")),
            }
        }
        ("user", _) => match view.by_key("_user", &name.to_lowercase()) {
            Some(_) => Ok(()),
            None => Err(format!("must be the e-mail address of a user: there is no \"{shown}\"")),
        },
        ("team", _) => match view.team(name) {
            Some(_) => Ok(()),
            None => Err(format!("must be a team: there is no \"{shown}\"")),
        },
        _ => Ok(()),
    }
}

/// The entity that an action is to be about.
pub(super) fn entity_of(
    view: &View,
    action: &PortAction,
    blueprint: Option<&str>,
    entity: &str,
) -> Result<NodeId, PortalError> {
    let shown: String = entity.chars().take(100).collect();
    if let Some(blueprint) = action.blueprint().or(blueprint) {
        return view.by_key(blueprint, entity).ok_or_else(|| crate::entities::missing(blueprint, entity));
    }
    let all = view.blueprints().iter().map(|entry| entry.blueprint.identifier.as_str());
    let found: Vec<(&str, NodeId)> = all.filter_map(|b| Some((b, view.by_key(b, entity)?))).collect();
    match found.as_slice() {
        [(_, node)] => Ok(*node),
        [] => Err(PortalError::NotFound(format!("Entity with identifier \"{shown}\" was not found"))),
        many => {
            let names: Vec<&str> = many.iter().map(|(blueprint, _)| *blueprint).collect();
            Err(PortalError::invalid(format!(
                "\"blueprint\" must be given: \"{shown}\" is there in blueprints {}",
                names.join(", ")
            )))
        }
    }
}

/// Why an action is not offered for an entity.
pub(super) fn not_offered(action: &PortAction) -> String {
    format!("\"{}\" is not for this entity: its condition is not satisfied", action.name())
}

/// Does what may take a while on a thread of its own.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PortalError> + Send + 'static,
) -> Result<T, PortalError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(PortalError::Internal("work on an action failed".into())))
}
