//! Actions of Backstage's scaffolder, each a [`Performer`] in a file of its own, and what they share.

mod bitbucket;
mod catalog_apply;
mod catalog_fetch;
mod catalog_register;
mod catalog_write;
mod debug_log;
mod debug_wait;
mod fetch_plain;
mod fetch_template;
mod fetch_template_file;
mod fs_delete;
mod fs_readdir;
mod fs_rename;
mod gerrit;
mod github;
mod gitlab;
mod hosting;
mod http_backstage_request;
mod input;
mod notification_send;
mod patterns;
mod publish;
mod publish_git;
mod render;
mod roadie_utils;
mod schema;
mod small;
mod source;
mod vendors;

use std::sync::Arc;

pub use input::invalid_input;
pub use schema::problems;

use crate::performer::Performer;

/// Every one that ships with the program.
pub(crate) fn all() -> Vec<Arc<dyn Performer>> {
    let all: Vec<Arc<dyn Performer>> = vec![
        // Files of the workspace.
        Arc::new(fetch_plain::FetchPlain),
        Arc::new(fetch_plain::FetchPlainFile),
        Arc::new(fetch_template::FetchTemplate),
        Arc::new(fetch_template_file::FetchTemplateFile),
        Arc::new(fetch_template::WorkspaceTemplate),
        Arc::new(fs_delete::FsDelete),
        Arc::new(fs_rename::FsRename),
        Arc::new(fs_readdir::FsReaddir),
        Arc::new(debug_log::DebugLog),
        Arc::new(debug_wait::DebugWait),
        // The catalog.
        Arc::new(catalog_register::CatalogRegister),
        Arc::new(catalog_write::CatalogWrite),
        Arc::new(catalog_fetch::CatalogFetch),
        Arc::new(catalog_apply::CatalogApply),
        Arc::new(notification_send::NotificationSend),
        Arc::new(http_backstage_request::HttpBackstageRequest),
        // Git servers and code hosts.
        Arc::new(publish_git::PublishGit),
        Arc::new(github::Publish),
        Arc::new(github::RepoCreate),
        Arc::new(github::RepoPush),
        Arc::new(github::PullRequest),
        Arc::new(github::BranchProtection),
        Arc::new(github::Environment),
        Arc::new(github::DeployKey),
    ];
    all.into_iter()
        .chain(github::small())
        .chain(vendors::all())
        .chain(gitlab::all())
        .chain(bitbucket::all())
        .chain(gerrit::all())
        .chain(roadie_utils::all())
        .collect()
}
