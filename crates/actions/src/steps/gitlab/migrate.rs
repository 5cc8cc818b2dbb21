//! `gitlab:group:migrate`: a project of one GitLab brought into another by the latter itself
//! (docs.gitlab.com/api/bulk_imports). The step starts it, and does not wait for its end.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor_hosts::Act;
use url::Url;

use super::super::publish::{Remote, RepoUrl, may_be_ours};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
use crate::services::Services;
use crate::steps::input::{done, read, say};

/// Migrations that are looked through.
const MOST: usize = 100;

pub(super) struct Migrate;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    destination_access_token: String,
    destination_url: String,
    source_access_token: String,
    source_full_path: String,
    source_url: String,
}

/// What is to be brought where.
struct Move<'a> {
    remote: Remote<'a>,
    url: RepoUrl,
    owner: String,
}

impl<'a> Move<'a> {
    async fn of(services: &'a Services, input: &Input) -> Result<Self, Failure> {
        let url = RepoUrl::parse(&input.destination_url)?;
        let owner = url.owner()?.to_owned();
        if input.destination_access_token.is_empty() || input.source_access_token.is_empty() {
            return Err(Failure::new("a token for each of the two GitLabs is needed"));
        }
        let source = Url::parse(&input.source_url).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
        });
        if source.is_none() {
            let what = "sourceUrl is expected to be a URL such as https://gitlab.com/, without a credential";
            return Err(Failure::new(what));
        }
        let token = Some(input.destination_access_token.as_str());
        Ok(Self { remote: Remote::of(services, "gitlab", &url.host, &owner, token).await?, url, owner })
    }

    fn told(&self, id: &Value) -> Value {
        let place = format!("{}/{}/{}", self.url.host, self.owner, self.url.repo);
        json!({ "importedRepoUrl": place, "migrationId": id })
    }

    /// The migration that this run has started; whether there can be none.
    async fn started(&self, call: &Call<'_>, input: &Input) -> Result<(Option<Value>, bool), Failure> {
        let act = Act::get(["bulk_imports", "entities"]).asking("sort", "desc");
        let answer = self.remote.ask(&act.asking("per_page", MOST.to_string())).await?;
        let all = answer.as_array().map_or(&[][..], Vec::as_slice);
        let is_it = |entity: &&Value| {
            entity["source_full_path"] == input.source_full_path.as_str()
                && entity["destination_slug"] == self.url.repo.as_str()
                && entity["destination_namespace"] == self.owner.as_str()
                && may_be_ours(call, entity)
        };
        let found = all.iter().find(is_it).map(|entity| self.told(&entity["bulk_import_id"]));
        // Newest first: behind one that is older than the run stands none of it.
        let are_all = all.len() < MOST || all.last().is_some_and(|last| !may_be_ours(call, last));
        Ok((found, are_all))
    }
}

#[async_trait]
impl Performer for Migrate {
    fn id(&self) -> &'static str {
        "gitlab:group:migrate"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn secret_inputs(&self) -> &'static [&'static str] {
        &["destinationAccessToken", "sourceAccessToken"]
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        Description {
            text: "Imports a project of one GitLab into another",
            input: json!({
                "type": "object",
                "required": ["destinationAccessToken", "destinationUrl", "sourceAccessToken", "sourceFullPath", "sourceUrl"],
                "properties": {
                    "destinationAccessToken": text("The token to use for authorization to the target GitLab"),
                    "destinationUrl": text("Where it comes to, such as gitlab.com?repo=project_name&owner=group_name"),
                    "sourceAccessToken": text("The token that the target GitLab uses at the source GitLab"),
                    "sourceFullPath": text("Full path to the project in the source GitLab"),
                    "sourceUrl": text("The source GitLab, such as https://gitlab.com/"),
                },
            }),
            output: json!({ "type": "object", "properties": {
                "importedRepoUrl": text("URL to the newly imported repo"),
                "migrationId": { "type": "number", "title": "Id of the migration that imports the project" },
            } }),
            examples: vec![(
                "Migrating a project from one GitLab to another",
                "steps:\n  - action: gitlab:group:migrate\n    id: migrate\n    name: Migrate\n    input:\n      destinationAccessToken: ${{ secrets.destinationToken }}\n      destinationUrl: gitlab.example.com?repo=repo&owner=group\n      sourceAccessToken: ${{ secrets.sourceToken }}\n      sourceFullPath: group/repo\n      sourceUrl: https://gitlab.com/\n",
            )],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let to = Move::of(services, &input).await?;
        let body = json!({
            "configuration": { "url": input.source_url, "access_token": input.source_access_token },
            "entities": [{
                "source_type": "project_entity", "source_full_path": input.source_full_path,
                "destination_slug": to.url.repo, "destination_namespace": to.owner,
            }],
        });
        let made = to.remote.change(&Act::post(["bulk_imports"], body)).await.map_err(|failure| {
            let (path, from) = (&input.source_full_path, &input.source_url);
            let message = format!(
                "Failed to transfer repo {path}. Make sure that {path} exists in {from}, and token has enough rights: {}",
                failure.message
            );
            Failure { message, ..failure }
        })?;
        say(services, call, &format!("Migration {} has begun", made["id"]));
        done(to.told(&made["id"]))
    }

    /// A migration of the same project to the same place that is not older than the run is the one.
    async fn probe(&self, call: &Call<'_>, services: &Services) -> Probe {
        let found = async {
            let input: Input = read(self, call)?;
            Move::of(services, &input).await?.started(call, &input).await
        };
        match found.await {
            Ok((Some(output), _)) => {
                Probe::Happened(Box::new(Outcome::Done { output, report: Report::default() }))
            }
            Ok((None, true)) => Probe::DidNot,
            _ => Probe::Unknown,
        }
    }
}
