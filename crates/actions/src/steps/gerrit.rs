//! Steps at Gerrit Code Review (rest-api-projects and user-upload in its documentation).

mod publish;
mod review;

use std::fmt::Write as _;
use std::sync::Arc;

use ring::digest;
use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor_hosts::{GerritProject, NewCommit};

use super::input::workspace;
use super::publish::{Remote, RepoUrl, Words, commit};
use crate::performer::{Call, Failure, Performer};
use crate::services::Services;

/// All of them.
pub(super) fn all() -> Vec<Arc<dyn Performer>> {
    vec![Arc::new(publish::Publish), Arc::new(review::Review)]
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    repo_url: String,
    description: Option<String>,
    default_branch: Option<String>,
    /// Of a review.
    branch: Option<String>,
    source_path: Option<String>,
    git_commit_message: Option<String>,
    git_author_name: Option<String>,
    git_author_email: Option<String>,
}

/// A project, and the way to it.
struct Project<'a> {
    remote: Remote<'a>,
    url: RepoUrl,
    places: GerritProject,
}

impl<'a> Project<'a> {
    async fn of(services: &'a Services, repo_url: &str, branch: &str) -> Result<Self, Failure> {
        let url = RepoUrl::parse(repo_url)?;
        let remote = Remote::of(services, "gerrit", &url.host, "", None).await?;
        let places = remote.gerrit_project(&url.repo, branch);
        let places = places.ok_or_else(|| Failure::new(format!("{} is no Gerrit", url.host)))?;
        Ok(Self { remote, url, places })
    }

    /// The id of the change: of the same step of the same run the same, so a repetition is the same change.
    fn change_id(&self, call: &Call<'_>) -> String {
        let of = format!("{}\n{}\n{}\n{}", call.run.id, call.step, self.url.host, self.url.repo);
        let sum = digest::digest(&digest::SHA256, of.as_bytes());
        sum.as_ref().iter().take(20).fold("I".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The files as a commit that says which change it is of.
    async fn commit(
        &self,
        call: &Call<'_>,
        services: &Services,
        input: &Input,
    ) -> Result<NewCommit, Failure> {
        let message = input.git_commit_message.as_deref().filter(|text| !text.is_empty());
        let message = message.unwrap_or("initial commit").trim_end();
        let words = Words {
            message: Some(format!("{message}\n\nChange-Id: {}", self.change_id(call))),
            author: input.git_author_name.clone(),
            email: input.git_author_email.clone(),
        };
        commit(call, workspace(services)?, input.source_path.as_deref(), words).await
    }
}

fn text(title: &str) -> Value {
    json!({ "type": "string", "title": title })
}
