//! Code hosts and providers over fakes of their APIs.

mod answering;
mod azure;
mod bitbucket_cloud;
mod bitbucket_fake;
mod bitbucket_faults;
mod bitbucket_server;
mod fake;
mod gerrit;
mod gitea;
mod github;
mod github_app;
mod github_discovery;
mod github_org;
mod gitlab;
mod gitlab_fake;
mod gitlab_people;
mod gitlab_projects;
mod s3;
