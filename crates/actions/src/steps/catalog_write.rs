//! `catalog:write`: an entity as a file of the workspace.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stagedoor_ingest::yaml::to_yaml;

use super::input::{blocking, done, read, say, workspace};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::run::RunKind;
use crate::services::Services;

pub(super) struct CatalogWrite;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    file_path: Option<String>,
    entity: Map<String, Value>,
}

#[async_trait]
impl Performer for CatalogWrite {
    fn id(&self) -> &'static str {
        "catalog:write"
    }

    fn effect(&self) -> Effect {
        Effect::Workspace
    }

    fn describe(&self) -> Description {
        Description {
            text: "Writes the catalog-info.yaml for your template",
            input: json!({
                "type": "object",
                "required": ["entity"],
                "properties": {
                    "filePath": { "type": "string", "title": "Defaults to catalog-info.yaml" },
                    "entity": { "type": "object", "title": "You can provide the same values used in the Entity schema" },
                },
            }),
            output: json!({ "type": "object", "properties": {} }),
            examples: vec![(
                "Write a catalog yaml file",
                "steps:\n  - action: catalog:write\n    id: create-catalog-info-file\n    name: Create catalog file\n    input:\n      entity:\n        apiVersion: backstage.io/v1alpha1\n        kind: Component\n        metadata:\n          name: test\n          annotations: {}\n        spec:\n          type: service\n          lifecycle: production\n          owner: default/owner\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let Input { file_path, mut entity } = read(self, call)?;
        if call.run.of.kind == RunKind::Template {
            annotate(&mut entity, &call.run.of.identifier);
        }
        let workspace = workspace(services)?;
        let path = file_path.unwrap_or_else(|| "catalog-info.yaml".to_owned());
        say(services, call, &format!("Writing {path}"));
        blocking(move || Ok(workspace.write(&path, to_yaml(&Value::Object(entity)).as_bytes(), false)?))
            .await?;
        done(Value::Object(Map::new()))
    }
}

/// Says which template made it.
fn annotate(entity: &mut Map<String, Value>, template: &str) {
    let empty = || Value::Object(Map::new());
    let metadata = entity.entry("metadata").or_insert_with(empty);
    let Some(metadata) = metadata.as_object_mut() else { return };
    let annotations = metadata.entry("annotations").or_insert_with(empty);
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert("backstage.io/source-template".to_owned(), template.into());
    }
}
