//! `catalog:fetch`: entities of the catalog, as whoever set the run going sees them.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use stagedoor_model::EntityRef;

use super::input::{done, read};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer};
use crate::services::Services;

pub(super) struct CatalogFetch;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    entity_ref: Option<String>,
    entity_refs: Option<Vec<String>>,
    #[serde(default)]
    optional: bool,
    default_kind: Option<String>,
    default_namespace: Option<String>,
}

#[async_trait]
impl Performer for CatalogFetch {
    fn id(&self) -> &'static str {
        "catalog:fetch"
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn describe(&self) -> Description {
        Description {
            text: "Returns entity or entities from the catalog by entity reference(s)",
            input: json!({
                "type": "object",
                "properties": {
                    "entityRef": { "type": "string", "title": "Entity reference of the entity to get" },
                    "entityRefs": { "type": "array", "items": { "type": "string" }, "title": "Entity references of the entities to get" },
                    "optional": { "type": "boolean", "title": "Allow the entity or entities to optionally exist. Default: false" },
                    "defaultKind": { "type": "string", "title": "The default kind" },
                    "defaultNamespace": { "type": "string", "title": "The default namespace" },
                },
            }),
            output: json!({
                "type": "object",
                "properties": {
                    "entity": { "type": "object", "title": "Object containing same values used in the Entity schema" },
                    "entities": { "type": "array", "items": { "type": "object" } },
                },
            }),
            examples: vec![(
                "Fetch entity by reference",
                "steps:\n  - action: catalog:fetch\n    id: fetch\n    name: Fetch catalog entity\n    input:\n      entityRef: component:default/name\n",
            )],
            dry_run: true,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Input = read(self, call)?;
        if let Some(text) = &input.entity_ref {
            let found = entity(services, &input, text).await?;
            if found.is_none() && !input.optional {
                return Err(Failure::new(format!("Entity {text} not found")));
            }
            return done(json!({ "entity": found }));
        }
        let Some(texts) = &input.entity_refs else {
            return Err(Failure::new("Missing entity reference or references"));
        };
        let mut found: Vec<Value> = Vec::new();
        for text in texts {
            match entity(services, &input, text).await? {
                None if !input.optional => {
                    return Err(Failure::new(format!("Entity {text} not found")));
                }
                other => found.push(other.unwrap_or_default()),
            }
        }
        done(json!({ "entities": found }))
    }
}

async fn entity(services: &Services, input: &Input, text: &str) -> Result<Option<Value>, Failure> {
    let namespace = input.default_namespace.as_deref().unwrap_or("default");
    let reference = EntityRef::parse(text, input.default_kind.as_deref(), namespace);
    let reference = reference.map_err(|error| Failure::new(error.to_string()))?;
    Ok(services.catalog.entity(&reference.key()).await)
}
