//! Names of table fields.

use stagedoor_portal::View;
use stagedoor_query::{BlueprintEntry, Meta, Subject};

use crate::error::ApiError;

/// A column, a filter or a facet.
pub(crate) struct TableField {
    pub(crate) subject: Subject,
    /// Target blueprint of a relation.
    target: Option<String>,
}

impl TableField {
    /// How a facet value reads: a relation's target by its title.
    pub(crate) fn title_of(&self, view: &View, value: &str) -> String {
        let node = self.target.as_deref().and_then(|b| view.by_key(b, value));
        node.and_then(|n| view.title(n)).unwrap_or_else(|| value.to_owned())
    }
}

/// The field of a name.
pub(crate) fn field(entry: &BlueprintEntry, name: &str) -> Result<TableField, ApiError> {
    let plain = |subject| Ok(TableField { subject, target: None });
    match name {
        "title" => return plain(Subject::Meta(Meta::Title)),
        "identifier" => return plain(Subject::Meta(Meta::Identifier)),
        "team" => return plain(Subject::Meta(Meta::Team)),
        "createdAt" => return plain(Subject::Meta(Meta::CreatedAt)),
        "updatedAt" => return plain(Subject::Meta(Meta::UpdatedAt)),
        _ => {}
    }
    if let Some(key) = name.strip_prefix("properties.").filter(|k| entry.derived.has(k)) {
        return plain(Subject::Derived(key.to_owned()));
    }
    if let Some(path) = name.strip_prefix("properties.").and_then(|k| entry.face.properties.get(k)) {
        return plain(Subject::Field(path.clone()));
    }
    if let Some(relation) = name.strip_prefix("relations.").and_then(|k| entry.face.relations.get(k)) {
        let subject = Subject::Relation {
            name: relation.relation.clone(),
            target_kind: Some(relation.target_kind.clone()),
            by_identifier: true,
        };
        return Ok(TableField { subject, target: Some(relation.target.clone()) });
    }
    Err(ApiError::invalid(format!(
        "blueprint \"{}\" has no field \"{name}\"; fields are title, identifier, team, createdAt, updatedAt, properties.<key> and relations.<key>",
        entry.blueprint.identifier
    )))
}
