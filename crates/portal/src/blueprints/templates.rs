//! Blueprints to begin with: `kinds/templates/*.json`, one file each, in Port's form.

use std::sync::LazyLock;

use serde_json::Value;

const FILES: [&str; 12] = [
    include_str!("../../../../kinds/templates/service.json"),
    include_str!("../../../../kinds/templates/environment.json"),
    include_str!("../../../../kinds/templates/deployment.json"),
    include_str!("../../../../kinds/templates/repository.json"),
    include_str!("../../../../kinds/templates/pull-request.json"),
    include_str!("../../../../kinds/templates/package.json"),
    include_str!("../../../../kinds/templates/cluster.json"),
    include_str!("../../../../kinds/templates/workload.json"),
    include_str!("../../../../kinds/templates/cloud-resource.json"),
    include_str!("../../../../kinds/templates/incident.json"),
    include_str!("../../../../kinds/templates/vulnerability.json"),
    include_str!("../../../../kinds/templates/on-call.json"),
];

/// A common blueprint. Its relations, and what is derived through them, lead to other templates and may be left out.
#[derive(Clone, Debug)]
pub struct BlueprintTemplate {
    /// What it is for.
    pub summary: String,
    /// `Delivery`, `Infrastructure`, ...
    pub category: String,
    /// The blueprint in Port's form.
    pub blueprint: Value,
}

static TEMPLATES: LazyLock<Vec<BlueprintTemplate>> =
    LazyLock::new(|| FILES.iter().filter_map(|text| read(text)).collect());

/// All of them, in the order in which a catalog usually grows.
#[must_use]
pub fn blueprint_templates() -> &'static [BlueprintTemplate] {
    &TEMPLATES
}

/// `{"summary": .., "category": .., "blueprint": {..}}`.
fn read(text: &str) -> Option<BlueprintTemplate> {
    let mut file: Value = serde_json::from_str(text).ok()?;
    let text = |key: &str| file.get(key).and_then(Value::as_str).map(str::to_owned);
    let (summary, category) = (text("summary")?, text("category")?);
    Some(BlueprintTemplate { summary, category, blueprint: file.get_mut("blueprint")?.take() })
}

#[cfg(test)]
mod tests {
    use stagedoor_model::{Blueprint, Stamps, Timestamp, blueprint};

    use super::*;

    #[test]
    fn every_file_is_a_legal_blueprint_whose_relations_lead_to_others() {
        assert_eq!(TEMPLATES.len(), FILES.len());
        let known: Vec<&Value> = TEMPLATES.iter().map(|t| &t.blueprint["identifier"]).collect();
        for template in TEMPLATES.iter() {
            let by = || "stagedoor".into();
            let at = Timestamp(0);
            let stamps = Stamps {
                created_at: at,
                created_by: by(),
                updated_at: at,
                updated_by: by(),
                datasource: None,
            };
            let parsed = Blueprint::parse(&template.blueprint, stamps, None);
            assert!(parsed.is_ok(), "{parsed:?}");
            assert_eq!(blueprint::check(&template.blueprint), Ok(()), "{}", template.blueprint["identifier"]);
            for relation in parsed.iter().flat_map(|b| b.relations.values()) {
                assert!(known.iter().any(|name| **name == relation.target.as_str()), "{}", relation.target);
                assert!(!relation.required, "a relation that may be left out is not required");
            }
        }
    }
}
