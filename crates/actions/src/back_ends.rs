//! What does a step outside: the back ends of Port's actions, and two of our own.
//!
//! Each is one file with one line in `registry.rs`. Its input is the rendered `invocationMethod` of an action, `type`
//! included, in Port's spelling (docs.port.io, "Setup backend"). What all have in common: they go out through
//! `stagedoor_outbound` or `stagedoor_hosts` alone, they tell what surely did not happen from what may have, and nothing
//! that they say has a credential in it.

pub(crate) mod answer;
pub(crate) mod api;
mod azure_devops;
mod github;
mod gitlab;
pub(crate) mod input;
mod integration_action;
mod kafka;
mod kubernetes_job;
mod settings;
mod signature;
mod terraform;
mod upsert_entity;
mod webhook;

pub(crate) use azure_devops::AzureDevops;
pub(crate) use github::GitHub;
pub(crate) use gitlab::GitLab;
pub(crate) use integration_action::IntegrationAction;
pub(crate) use kafka::Kafka;
pub(crate) use kubernetes_job::KubernetesJob;
pub use settings::{AiSettings, BackEndSettings, Cluster, KafkaSettings, TerraformSettings};
pub use signature::{signature, signed_message};
pub(crate) use terraform::Terraform;
pub(crate) use upsert_entity::UpsertEntity;
pub(crate) use webhook::Webhook;
