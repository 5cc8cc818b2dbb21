//! Everything that performs steps, as one list.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::back_ends::{
    AzureDevops, GitHub, GitLab, IntegrationAction, Kafka, KubernetesJob, Terraform, UpsertEntity, Webhook,
};
use crate::performer::Performer;

/// All performers by their names.
#[derive(Clone, Default)]
pub struct Performers(BTreeMap<&'static str, Arc<dyn Performer>>);

impl Performers {
    /// The one of a name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<dyn Performer>> {
        self.0.get(id)
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Performer>> {
        self.0.values()
    }
}

impl FromIterator<Arc<dyn Performer>> for Performers {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Performer>>>(all: I) -> Self {
        Self(all.into_iter().map(|performer| (performer.id(), performer)).collect())
    }
}

/// Those that ship with the program: Port's back ends, Backstage's actions, ours.
#[must_use]
pub fn performers() -> Performers {
    let all: Vec<Arc<dyn Performer>> = vec![
        // Back ends of Port's actions, and two of our own.
        Arc::new(AzureDevops),
        Arc::new(GitHub),
        Arc::new(GitLab),
        Arc::new(IntegrationAction),
        Arc::new(Kafka),
        Arc::new(KubernetesJob),
        Arc::new(Terraform),
        Arc::new(UpsertEntity),
        Arc::new(Webhook),
    ];
    // Nodes of workflows that are no back ends, scaffolder actions.
    all.into_iter().chain(crate::workflow::performers()).chain(crate::steps::all()).collect()
}
