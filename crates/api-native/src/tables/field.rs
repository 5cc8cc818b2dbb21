//! What the names of columns, facets and groups mean. They are subjects of the query language.

use std::cell::OnceCell;

use serde_json::{Map, Value, json};
use stagedoor_model::blueprint::PropertyType;
use stagedoor_portal::View;
use stagedoor_query::dialect::port::{self, Column};
use stagedoor_query::standing::Standing;
use stagedoor_query::{Subject, text};

use crate::error::ApiError;
use crate::queries::Asking;

/// A column, a facet, what a table is grouped or sorted by.
pub(crate) struct TableField {
    /// As it was asked for.
    pub(crate) name: String,
    /// The subject as the keys of a rule.
    pub(crate) rule: Map<String, Value>,
    /// Where blueprints keep it; nowhere when nothing has it.
    pub(crate) columns: Vec<Column>,
    /// Where what it is sorted by is kept: for a relation, the titles at its other ends.
    pub(crate) sorted: Vec<Column>,
    /// The key at the entity itself: of a property, a relation, a meta-property.
    pub(crate) key: String,
    /// The key at the other end of the relation `key`.
    pub(crate) target: Option<String>,
    pub(crate) numeric: bool,
    /// Where it leads, if it is a relation.
    pub(crate) leads_to: Vec<String>,
    /// Who stands where, once that was asked for.
    standing: OnceCell<Vec<Standing>>,
}

impl TableField {
    pub(crate) fn read(asking: &Asking<'_>, only: Option<&str>, name: &str) -> Result<Self, ApiError> {
        let wrong = |what: &str| ApiError::invalid(format!("field \"{}\": {what}", name.escape_debug()));
        let rule = text::parse_subject(name).map_err(|p| wrong(&p.message))?;
        let part = |key: &str| rule.get(key).and_then(Value::as_str).map(str::to_owned);
        let scope = asking.scope(only);
        let (key, target, columns) = match (part("property"), part("relation")) {
            (Some(key), _) => {
                let columns = port::named(&key, "", &scope).map_err(|e| wrong(&e.message))?;
                (key, None, columns)
            }
            (None, Some(key)) => {
                let target = part("targetProperty").unwrap_or_else(|| "$identifier".to_owned());
                let columns = port::of_relation(&key, &target, "", &scope).map_err(|e| wrong(&e.message))?;
                (key, Some(target), columns)
            }
            (None, None) if part("scorecard").is_some() => {
                let rule = part("scorecardRule").unwrap_or_else(|| "level".to_owned());
                let key = format!("$scorecards.{}.{rule}", part("scorecard").unwrap_or_default());
                let columns = port::named(&key, "", &scope).map_err(|e| wrong(&e.message))?;
                (key, None, columns)
            }
            (None, None) => return Err(wrong("only properties and relations have columns")),
        };
        let leads_to = if target.is_none() { ends(asking, only, &key) } else { Vec::new() };
        let is_relation = columns.iter().any(|c| matches!(c.subject(), Subject::Relation { .. }));
        let sorted = match is_relation && target.is_none() {
            true => port::of_relation(&key, "$title", "", &scope).map_err(|e| wrong(&e.message))?,
            false => columns.clone(),
        };
        let numeric = is_numeric(asking, target.as_deref().unwrap_or(&key));
        let leads_to = if is_relation { leads_to } else { Vec::new() };
        let exact = |columns: Vec<Column>| columns.into_iter().map(Column::exact).collect();
        let (columns, sorted, standing) = (exact(columns), exact(sorted), OnceCell::new());
        Ok(Self { name: name.to_owned(), rule, columns, sorted, key, target, numeric, leads_to, standing })
    }

    /// Who stands where, if it is a level or a rule of a scorecard.
    pub(crate) fn standing(&self, view: &View) -> Option<&[Standing]> {
        let subject = self.columns.first().map(Column::subject)?;
        let is_it = matches!(subject, Subject::Standing { .. }) && self.target.is_none();
        is_it.then(|| self.standing.get_or_init(|| view.standing(subject)).as_slice())
    }

    /// The scorecard that it is the level of.
    pub(crate) fn level_of(&self) -> Option<&str> {
        match self.columns.first().map(Column::subject)? {
            Subject::Standing { scorecard, rule: None, .. } if self.target.is_none() => Some(scorecard),
            _ => None,
        }
    }

    /// Whether it is what a rule says.
    pub(crate) fn is_rule(&self) -> bool {
        let subject = self.columns.first().map(Column::subject);
        matches!(subject, Some(Subject::Standing { rule: Some(_), .. }))
    }

    /// Whether a derived property has to be computed for it.
    pub(crate) fn is_derived(&self, key: &str) -> bool {
        self.target.is_none() && self.key == key
    }

    /// The rule that it has this value.
    pub(crate) fn equals(&self, value: &Value) -> Value {
        let mut rule = self.rule.clone();
        match value.is_null() {
            true => rule.insert("operator".into(), "isEmpty".into()),
            false => {
                rule.insert("operator".into(), "=".into());
                rule.insert("value".into(), value.clone())
            }
        };
        json!(rule)
    }
}

/// The blueprints that relations of a key lead to.
fn ends(asking: &Asking<'_>, only: Option<&str>, key: &str) -> Vec<String> {
    let entries = asking.view.blueprints().iter();
    let entries = entries.filter(|e| only.is_none_or(|o| e.blueprint.identifier == o));
    let mut ends: Vec<String> = Vec::new();
    for target in entries.filter_map(|e| e.face.relations.get(key)).map(|r| &r.target) {
        if !ends.contains(target) {
            ends.push(target.clone());
        }
    }
    ends
}

/// Whether any blueprint has numbers under a key: texts among them come behind.
fn is_numeric(asking: &Asking<'_>, key: &str) -> bool {
    asking.view.blueprints().iter().any(|entry| {
        let stored = entry.blueprint.properties.get(key).map(|p| p.kind);
        let derived = entry.derived.shape(key).and_then(|s| s.kind);
        stored.or(derived) == Some(PropertyType::Number)
    })
}
