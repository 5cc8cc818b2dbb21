//! Backstage's templates: the forms of those in the catalog, and the runs that are made of them.
//!
//! A template is an entity like any other: whoever does not see it cannot execute it. Whoever may execute one is said by
//! its annotation [`EXECUTE`]; without it everybody may who may execute templates at all.

mod check;
mod choices;
mod dry_run;
mod environment;
mod scratch;
mod start;
mod tasks;

use serde_json::Value;
use stagedoor_actions::template::Template;
use stagedoor_auth::{Action, Block, Resource, Viewer};
use stagedoor_model::EntityRef;

use crate::error::PortalError;
use crate::{Portal, View};

pub use stagedoor_hosts::Choice as TemplateChoice;

pub use check::{TemplateCheck, TemplateFix, TemplateProblem};
pub use dry_run::{DryFile, DryLine, DryRun, DryRunResult};
pub use environment::TemplatesConfig;
pub use start::NewTask;
pub use tasks::created_by as task_created_by;
pub use tasks::{TaskOrder, TaskOrderField, TaskQuery, TaskState, TasksPage};

/// Annotation that says who may execute a template: `role:Admin, team:platform, user:elsa@larkfell.example`.
const EXECUTE: &str = "stagedoor.io/execute";

/// A template in the catalog.
pub(super) struct Found {
    document: Value,
    /// A source says it, so what its annotations tell of files is true.
    from_source: bool,
    reference: String,
}

/// Something that a step can do.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateAction {
    /// `fetch:template`.
    pub id: &'static str,
    /// A sentence.
    pub description: &'static str,
    /// JSON schema of what it is given.
    pub input: Value,
    /// JSON schema of what it gives back.
    pub output: Value,
    /// Title and YAML.
    pub examples: Vec<(&'static str, &'static str)>,
    /// It is performed in a dry run, too.
    pub dry_run: bool,
}

impl Portal {
    /// What a form for a template needs: title, description and the pages with their schemas.
    ///
    /// # Errors
    /// `NotFound`, also where the viewer does not see it; `Invalid` for another kind; `Forbidden`.
    pub fn template_form(
        &self,
        viewer: &Viewer,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, PortalError> {
        self.may(viewer, Action::ReadTemplates, Resource::Any)?;
        let reference = EntityRef { kind: kind.into(), namespace: namespace.into(), name: name.into() };
        let found = find(&self.view(viewer)?, &reference)?;
        Ok(of(&found.document)?.form())
    }

    /// Whether the viewer may execute a template, without a trace: for pages that show what somebody could do.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` with what is missing.
    pub fn could_execute_template(&self, viewer: &Viewer, reference: &str) -> Result<(), PortalError> {
        let found = find(&self.view(viewer)?, &parse(reference)?)?;
        let block = found.block();
        let resource = Resource::Guarded { name: &found.reference, block: block.as_ref(), facts: None };
        let denied = |denied: stagedoor_auth::Denied| PortalError::Forbidden(denied.to_string());
        self.could(viewer, Action::ExecuteTemplate, resource).map_err(denied)
    }

    /// What steps of templates can do, by name.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn template_actions(&self, viewer: &Viewer) -> Result<Vec<TemplateAction>, PortalError> {
        self.may(viewer, Action::ReadTemplates, Resource::Any)?;
        Ok(self.known_template_actions())
    }

    fn known_template_actions(&self) -> Vec<TemplateAction> {
        let performers = self.performers();
        // The others are back ends of Port's actions.
        let all = performers.iter().filter(|performer| performer.id().contains(':'));
        let one = |performer: &std::sync::Arc<dyn stagedoor_actions::Performer>| {
            let described = performer.describe();
            TemplateAction {
                id: performer.id(),
                description: described.text,
                input: described.input,
                output: described.output,
                examples: described.examples,
                dry_run: described.dry_run,
            }
        };
        all.map(one).collect()
    }

    /// The filters that templates have besides those of the expressions themselves: description, schema and examples
    /// by name.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn template_filters(&self, viewer: &Viewer) -> Result<Value, PortalError> {
        self.may(viewer, Action::ReadTemplates, Resource::Any)?;
        Ok(stagedoor_actions::template::described_filters())
    }
}

impl Found {
    /// Who may execute it.
    fn block(&self) -> Option<Block> {
        let annotation = self.document.pointer("/metadata/annotations")?.get(EXECUTE)?;
        // What is no text names nobody.
        let mut block = Block::default();
        for part in annotation.as_str().unwrap_or_default().split(',').map(str::trim) {
            match part.split_once(':') {
                Some(("role", role)) => block.roles.push(role.trim().to_owned()),
                Some(("team", team)) => block.teams.push(team.trim().to_owned()),
                Some(("user", user)) => block.users.push(user.trim().to_lowercase()),
                _ => {}
            }
        }
        Some(block)
    }

    fn base_url(&self, template: &Template<'_>) -> Option<String> {
        template.base_url(self.from_source)
    }
}

/// The template of a reference, as far as the viewer sees it.
pub(super) fn find(view: &View, reference: &EntityRef) -> Result<Found, PortalError> {
    if !reference.kind.eq_ignore_ascii_case("template") {
        return Err(PortalError::invalid("Invalid kind, only 'Template' kind is supported"));
    }
    let key = reference.key();
    let node = view.by_ref(&key).filter(|node| view.in_backstage(*node));
    let found = node.and_then(|node| Some((node, view.entity(node)?)));
    let Some((node, entity)) = found else {
        return Err(PortalError::NotFound(format!("Template {key} not found")));
    };
    let from_source = entity.record.claim.is_some();
    Ok(Found { document: view.backstage_value(node), from_source, reference: key })
}

pub(super) fn parse(reference: &str) -> Result<EntityRef, PortalError> {
    EntityRef::parse(reference, Some("template"), "default")
        .map_err(|error| PortalError::invalid(error.to_string()))
}

pub(super) fn of(document: &Value) -> Result<Template<'_>, PortalError> {
    Template::of(document).map_err(PortalError::invalid)
}
