//! Use cases on blueprints.

mod attribute;
mod declare;
mod delete;
mod mentions;
mod permissions;
mod preview;
mod references;
mod rename;
mod system;
mod templates;
mod write;

use std::sync::Arc;

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_jq::JqError;
use stagedoor_model::Blueprint;
use stagedoor_model::derived::Derived;

use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

pub use attribute::Attribute;
pub(crate) use permissions::PERMISSIONS;
pub use preview::{Break, Fault, Loss, Member, Place, Preview, PreviewOf, Reason};
pub use system::structure;
pub use templates::{BlueprintTemplate, blueprint_templates};

/// How a body meets a blueprint that exists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlueprintMode {
    /// It must not exist.
    Create,
    /// It must exist; what the body lacks is gone.
    Replace,
    /// It must exist; maps are merged by key, null removes.
    Patch,
    /// From a file: created or replaced, or merged where the file holds only additions (no `schema`).
    Declare,
}

impl Portal {
    /// Makes a blueprint from Port's JSON.
    ///
    /// # Errors
    /// `identifier_taken` when it exists; `Invalid` naming the place.
    pub async fn create_blueprint(
        &self,
        viewer: &Viewer,
        body: Value,
    ) -> Result<Arc<Blueprint>, PortalError> {
        self.write_blueprint(viewer, None, body, BlueprintMode::Create).await
    }

    /// Replaces a blueprint as a whole. Its Backstage face stays. Another `identifier` in the body renames it:
    /// its entities, and whatever names it, follow.
    ///
    /// # Errors
    /// `NotFound`; `forbidden_format_change` when a property changes type or format; `identifier_taken`;
    /// `protected_resource` for what ships with the program, `protected_entity` for a rename while files own entities.
    pub async fn replace_blueprint(
        &self,
        viewer: &Viewer,
        identifier: &str,
        body: Value,
    ) -> Result<Arc<Blueprint>, PortalError> {
        self.write_blueprint(viewer, Some(identifier), body, BlueprintMode::Replace).await
    }

    /// Merges into a blueprint, key by key; null removes.
    ///
    /// # Errors
    /// As [`Portal::replace_blueprint`].
    pub async fn patch_blueprint(
        &self,
        viewer: &Viewer,
        identifier: &str,
        body: Value,
    ) -> Result<Arc<Blueprint>, PortalError> {
        self.write_blueprint(viewer, Some(identifier), body, BlueprintMode::Patch).await
    }

    async fn write_blueprint(
        &self,
        viewer: &Viewer,
        identifier: Option<&str>,
        body: Value,
        mode: BlueprintMode,
    ) -> Result<Arc<Blueprint>, PortalError> {
        match identifier {
            Some(identifier) => {
                self.may(viewer, Action::UpdateBlueprint, Resource::Named(identifier))?;
            }
            None => self.may(viewer, Action::CreateBlueprint, Resource::Any)?,
        }
        let identifier = identifier.map(str::to_owned);
        let write = move |draft: &mut Draft| draft.write_blueprint(identifier.as_deref(), &body, mode);
        self.commit(viewer.actor("port"), false, write).await
    }

    /// Gives a property, relation or mirror another name. The values of entities move with it, and definitions of
    /// all blueprints that name it follow; JQ programs are texts and stay as they are.
    ///
    /// # Errors
    /// `NotFound`; `identifier_taken`; `protected_resource` for the base of a system blueprint.
    pub async fn rename_attribute(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        attribute: Attribute,
        from: &str,
        to: &str,
    ) -> Result<Arc<Blueprint>, PortalError> {
        self.may(viewer, Action::UpdateBlueprint, Resource::Named(blueprint))?;
        let (blueprint, from, to) = (blueprint.to_owned(), from.to_owned(), to.to_owned());
        let rename = move |draft: &mut Draft| draft.rename_attribute(&blueprint, attribute, &from, &to);
        self.commit(viewer.actor("port"), false, rename).await
    }

    /// Removes a blueprint that has no entities and that no other one points at.
    ///
    /// # Errors
    /// `NotFound`; `has_dependents`; `protected_resource` for a system blueprint.
    pub async fn delete_blueprint(&self, viewer: &Viewer, identifier: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::DeleteBlueprint, Resource::Named(identifier))?;
        let identifier = identifier.to_owned();
        self.commit(viewer.actor("port"), false, move |draft| draft.delete_blueprint(&identifier)).await
    }

    /// Who may do what with the entities of a blueprint: `{"entities": {...}}`.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn blueprint_permissions(&self, viewer: &Viewer, blueprint: &str) -> Result<Value, PortalError> {
        self.may(viewer, Action::ReadBlueprintPermissions, Resource::Named(blueprint))?;
        permissions::read(&self.shared.catalog.load(), blueprint)
    }

    /// Changes who may do what, key by key. Answers the whole.
    ///
    /// # Errors
    /// `NotFound`; `invalid_permissions` with the properties and relations that the blueprint does not have.
    pub async fn patch_blueprint_permissions(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        body: Value,
    ) -> Result<Value, PortalError> {
        self.may(viewer, Action::UpdateBlueprintPermissions, Resource::Named(blueprint))?;
        let blueprint = blueprint.to_owned();
        let patch = move |draft: &mut Draft| draft.patch_permissions(&blueprint, &body);
        self.commit(viewer.actor("port"), false, patch).await
    }

    /// What is wrong with the programs of a blueprint's calculations: (property, message). They are not
    /// checked when they are written, as Port's clients expect.
    #[must_use]
    pub fn calculation_problems(&self, blueprint: &Blueprint) -> Vec<(String, String)> {
        let (derived, _) = Derived::read(&blueprint.body.value());
        let problem = |program: &str| match self.shared.jq.check(program) {
            Err(JqError::Syntax(message)) => Some(message),
            _ => None,
        };
        let calculations = derived.calculations.into_iter();
        calculations.filter_map(|(key, c)| Some((key, problem(&c.program)?))).collect()
    }
}

/// The refusal for a blueprint that is not there.
pub(crate) fn no_blueprint(identifier: &str) -> PortalError {
    PortalError::NotFound(format!("Blueprint with identifier \"{identifier}\" was not found"))
}

/// The refusal for a name that another blueprint has.
fn taken(identifier: &str) -> PortalError {
    let message = format!("Blueprint with identifier \"{identifier}\" is already taken");
    PortalError::Conflict { code: "identifier_taken", message }
}
