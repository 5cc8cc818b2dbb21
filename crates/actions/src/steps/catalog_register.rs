//! `catalog:register`: makes a file of a code host a location of the catalog. Without an input it is the file in what the
//! last publishing step made.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use stagedoor_ingest::CodeHosts;

use super::input::{done, read, say};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::run::{Run, StepState};
use crate::services::Services;

pub(super) struct CatalogRegister;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    catalog_info_url: Option<String>,
    repo_contents_url: Option<String>,
    catalog_info_path: Option<String>,
    #[serde(default)]
    optional: bool,
}

#[async_trait]
impl Performer for CatalogRegister {
    fn id(&self) -> &'static str {
        "catalog:register"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn describe(&self) -> Description {
        let text = |title: &str, description: &str| json!({ "type": "string", "title": title, "description": description });
        Description {
            text: "Registers entities from a catalog descriptor file in the software catalog",
            input: json!({
                "type": "object",
                "properties": {
                    "catalogInfoUrl": text("Catalog Info URL", "An absolute URL pointing to the catalog info file location"),
                    "repoContentsUrl": text("Repository Contents URL", "An absolute URL pointing to the root of a repository; without one, what the last publishing step of this run made"),
                    "catalogInfoPath": text("Fetch URL", "A relative path from the repo root pointing to the catalog info file, defaults to /catalog-info.yaml"),
                    "optional": { "type": "boolean", "title": "Optional", "description": "Permit the registered location to optionally exist. Default: false" },
                },
            }),
            output: json!({
                "type": "object",
                "required": ["catalogInfoUrl"],
                "properties": {
                    "entityRef": { "type": "string" },
                    "catalogInfoUrl": { "type": "string" },
                },
            }),
            examples: vec![
                (
                    "Register with the catalog",
                    "steps:\n  - action: catalog:register\n    id: register-with-catalog\n    name: Register with the catalog\n    input:\n      catalogInfoUrl: http://github.com/backstage/backstage/blob/master/catalog-info.yaml\n",
                ),
                (
                    "Register what the last publishing step made",
                    "steps:\n  - action: catalog:register\n    id: register\n    name: Register\n",
                ),
            ],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        let url = address(&input, call.run, services)?;
        say(services, call, &format!("Registering {url} in the catalog"));
        let found = services.catalog.register(&url, input.optional).await?;
        let is_component = |reference: &&String| reference.to_lowercase().starts_with("component:");
        let entity = found.iter().find(is_component).or_else(|| {
            let is_location = |reference: &&String| reference.to_lowercase().starts_with("location:");
            found.iter().find(|reference| !is_location(reference)).or_else(|| found.first())
        });
        let mut output = json!({ "catalogInfoUrl": url });
        if let Some(entity) = entity {
            output["entityRef"] = entity.to_lowercase().into();
        }
        done(output)
    }

    /// What is registered already is read again.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}

/// The file that is meant.
fn address(input: &Input, run: &Run, services: &Services) -> Result<String, Failure> {
    if let Some(url) = &input.catalog_info_url {
        return Ok(url.clone());
    }
    let made = || last_publication(run);
    let base = input.repo_contents_url.clone().or_else(made).ok_or_else(|| {
        Failure::new(
            "Invalid input passed to action catalog:register, instance requires property \"catalogInfoUrl\" or \"repoContentsUrl\": no step before it has published a repository",
        )
    })?;
    let path = input.catalog_info_path.as_deref().unwrap_or("/catalog-info.yaml");
    let hosts =
        services.hosts.as_ref().map_or_else(CodeHosts::default, |hosts| CodeHosts::new(hosts.kinds()));
    hosts.resolve_target("url", &base, None, path).map_err(Failure::new)
}

/// `repoContentsUrl` of the newest step that has one.
fn last_publication(run: &Run) -> Option<String> {
    let ended = run.steps.iter().rev().filter(|step| step.state == StepState::Done);
    ended.filter_map(|step| step.output["repoContentsUrl"].as_str()).map(str::to_owned).next()
}
