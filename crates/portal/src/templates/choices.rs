//! What a form of a template may offer of a code host, by the token of whoever fills it in.

use std::collections::BTreeMap;

use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_hosts::{Choice, HostError, NoChoices};

use crate::Portal;
use crate::error::PortalError;

impl Portal {
    /// Owners, repositories or branches that the owner of `token` sees at a code host of the configuration. The token is
    /// sent to that host and kept nowhere.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` for what is no question, and for what the host refuses; `Unavailable` where it cannot be asked.
    pub async fn template_choices(
        &self,
        viewer: &Viewer,
        (provider, resource): (&str, &str),
        token: &str,
        context: &BTreeMap<String, String>,
    ) -> Result<Vec<Choice>, PortalError> {
        self.may(viewer, Action::ReadTemplates, Resource::Any)?;
        let hosts = self.hosts().ok_or_else(|| PortalError::Unavailable("there are no code hosts".into()))?;
        hosts.choices(provider, resource, token, context).await.map_err(|why| match why {
            NoChoices::Host(error @ (HostError::Exhausted { .. } | HostError::Unreachable(_))) => {
                PortalError::Unavailable(error.to_string())
            }
            why => PortalError::invalid(why.to_string()),
        })
    }
}
