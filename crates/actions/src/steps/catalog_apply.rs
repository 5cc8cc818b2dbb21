//! `catalog:apply`: hands the documents of a file of the workspace to the catalog, for what has no repository of its own.
//! Backstage has no such action.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use stagedoor_ingest::yaml;

use super::input::{blocking, done, read, say, workspace};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;

pub(super) struct CatalogApply;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    file_path: Option<String>,
}

#[async_trait]
impl Performer for CatalogApply {
    fn id(&self) -> &'static str {
        "catalog:apply"
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        Description {
            text: "Hands the documents of a file over to the catalog, in the name of whoever executes the template",
            input: json!({
                "type": "object",
                "properties": {
                    "filePath": { "type": "string", "title": "Defaults to catalog-info.yaml" },
                },
            }),
            output: json!({
                "type": "object",
                "properties": {
                    "entityRef": { "type": "string" },
                    "entityRefs": { "type": "array", "items": { "type": "string" } },
                },
            }),
            examples: vec![(
                "Add what a skeleton describes to the catalog, without a repository",
                "steps:\n  - action: fetch:template\n    input:\n      url: ./skeleton\n  - action: catalog:apply\n    id: apply\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Input { file_path } = read(self, call)?;
        let workspace = workspace(services)?;
        let path = file_path.unwrap_or_else(|| "catalog-info.yaml".to_owned());
        let file = path.clone();
        let bytes = blocking(move || Ok(workspace.read(&file)?)).await?;
        let text = String::from_utf8(bytes).map_err(|_| Failure::new(format!("{path} is not UTF-8 text")))?;
        let references = if call.dry_run {
            say(services, call, &format!("{path} would be handed over to the catalog"));
            references_in(&text)
        } else {
            services.catalog.hand_over(&text).await?
        };
        say(services, call, &format!("In the catalog: {}", references.join(", ")));
        let mut output = json!({ "entityRefs": references });
        if let Some(first) = references.first() {
            output["entityRef"] = first.as_str().into();
        }
        done(output)
    }

    /// The same documents once more change nothing.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}

/// References of the documents of a text, as far as they say them.
fn references_in(text: &str) -> Vec<String> {
    let reference = |document: yaml::YamlDocument| {
        let value = document.root.ok()?.to_value();
        let metadata = value.get("metadata")?;
        let namespace = metadata.get("namespace").and_then(|text| text.as_str()).unwrap_or("default");
        let (kind, name) = (value.get("kind")?.as_str()?, metadata.get("name")?.as_str()?);
        Some(format!("{kind}:{namespace}/{name}").to_lowercase())
    };
    yaml::parse(text).into_iter().filter_map(reference).collect()
}
