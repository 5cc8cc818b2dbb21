//! Code hosts and providers over fakes of their APIs.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the whole program is a test: what fails here should say so and stop"
)]

mod act;
mod answering;
mod azure;
mod bitbucket_cloud;
mod bitbucket_fake;
mod bitbucket_faults;
mod bitbucket_server;
mod choices;
mod fake;
mod gerrit;
mod git;
mod git_push;
mod git_server;
mod git_ssh;
mod gitea;
mod github;
mod github_app;
mod github_discovery;
mod github_org;
mod github_trees;
mod gitlab;
mod gitlab_fake;
mod gitlab_people;
mod gitlab_projects;
mod graph;
mod ldap;
mod ldap_fake;
mod ldap_real;
mod s3;
mod webhooks;
