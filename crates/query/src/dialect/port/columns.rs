//! Where a rule's property lives: in which document path, relation or meta-property, of which blueprints.

use serde_json::{Map, Value};
use stagedoor_model::Timestamp;
use stagedoor_model::blueprint::{Invalid, Property, PropertyType};

use super::operators::Operand;
use super::{Scope, join, object, required, wrong};
use crate::blueprints::BlueprintEntry;
use crate::expr::{Expr, Meta, Subject, Test};
use crate::index::term::Scalar;
use crate::page::Selection;
use crate::reach::{Hop, Route, Start};
use crate::values::Values;

/// The meta-properties by name.
pub const META_PROPERTIES: [(&str, Meta); 10] = [
    ("$identifier", Meta::Identifier),
    ("$title", Meta::Title),
    ("$blueprint", Meta::Blueprint),
    ("$team", Meta::Team),
    ("$icon", Meta::Icon),
    ("$createdAt", Meta::CreatedAt),
    ("$updatedAt", Meta::UpdatedAt),
    ("$createdBy", Meta::CreatedBy),
    ("$updatedBy", Meta::UpdatedBy),
    ("$datasource", Meta::Datasource),
];

/// One place where a property is looked up.
#[derive(Clone, Debug)]
pub struct Column {
    subject: Subject,
    /// Not at the entity itself, but at the other ends of this relation.
    through: Option<String>,
    /// It holds an array.
    pub(super) many: bool,
    /// Its texts are dates.
    pub(super) time: bool,
    /// The blueprints for which it holds; all when `None`.
    blueprints: Option<Vec<String>>,
}

impl Column {
    /// What it looks at.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The relation at whose other ends it looks, if it does not look at the entity itself.
    #[must_use]
    pub fn through(&self) -> Option<&str> {
        self.through.as_deref()
    }

    /// The same, with statuses by their own names where Port has two results of a rule.
    #[must_use]
    pub fn exact(mut self) -> Self {
        if let Subject::Standing { exact, .. } = &mut self.subject {
            *exact = true;
        }
        self
    }

    /// Whether its texts are dates.
    #[must_use]
    pub fn is_time(&self) -> bool {
        self.time
    }

    /// Whether it holds for every entity that is looked at, of whichever blueprint.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.blueprints.is_none()
    }

    /// The values that a selection has in it.
    #[must_use]
    pub fn values(&self, selection: &Selection<'_>) -> Values {
        match &self.blueprints {
            Some(list) => selection.of_blueprints(list).values_of(&self.subject, self.through()),
            None => selection.values_of(&self.subject, self.through()),
        }
    }

    /// Whether it holds an array.
    #[must_use]
    pub fn is_many(&self) -> bool {
        self.many
    }

    /// A condition on it.
    #[must_use]
    pub fn is(&self, test: Test) -> Expr {
        let here = Expr::exact(self.subject.clone(), test);
        let Some(relation) = &self.through else { return here };
        let hops = vec![Hop { relation: Some(relation.clone()), max: 1 }];
        Expr::reach(Start::Matching(here), Route::Path { hops, backward: true })
    }

    /// `condition`, for entities of the column's blueprints.
    pub(super) fn guarded(&self, condition: Expr) -> Expr {
        let Some(blueprints) = &self.blueprints else { return condition };
        let list = blueprints.iter().map(Scalar::text).collect();
        Expr::And(vec![Expr::exact(Subject::Meta(Meta::Blueprint), Test::In(list)), condition])
    }
}

/// The columns of a rule: of its `property`, `relation` or `propertySchema`.
pub(super) fn of_rule(
    rule: &Map<String, Value>,
    place: &str,
    scope: &Scope<'_>,
) -> Result<Vec<Column>, Invalid> {
    if let Some(schema) = rule.get("propertySchema") {
        return of_schema(schema, &join(place, "propertySchema"), scope);
    }
    if let Some(scorecard) = rule.get("scorecard") {
        let text = |key: &str, value: &Value| {
            value.as_str().map(str::to_owned).ok_or_else(|| wrong(&join(place, key), "must be string"))
        };
        let named = rule.get("scorecardRule").filter(|v| !v.is_null());
        let named = named.map(|v| text("scorecardRule", v)).transpose()?;
        return Ok(vec![of_scorecard(text("scorecard", scorecard)?, named)]);
    }
    if let Some(relation) = rule.get("relation") {
        let relation = relation.as_str().ok_or_else(|| wrong(&join(place, "relation"), "must be string"))?;
        let target_at = join(place, "targetProperty");
        let target = match rule.get("targetProperty") {
            None | Some(Value::Null) => "$identifier",
            Some(Value::String(target)) => target,
            Some(_) => return Err(wrong(&target_at, "must be string")),
        };
        return of_relation(relation, target, &target_at, scope);
    }
    let property =
        rule.get("property").ok_or_else(|| wrong(place, "must have required property 'property'"))?;
    let place = join(place, "property");
    named(property.as_str().ok_or_else(|| wrong(&place, "must be string"))?, &place, scope)
}

/// The columns of a property or relation by its key, or of a meta-property.
///
/// # Errors
/// When there is no such meta-property. A key that no blueprint has makes no column.
pub fn named(name: &str, place: &str, scope: &Scope<'_>) -> Result<Vec<Column>, Invalid> {
    if let Some(standing) = name.strip_prefix("$scorecards.") {
        let (scorecard, rule) = standing.rsplit_once('.').unwrap_or((standing, "level"));
        let rule = (rule != "level").then(|| rule.to_owned());
        return Ok(vec![of_scorecard(scorecard.to_owned(), rule)]);
    }
    if name.starts_with('$') {
        return Ok(vec![meta(name, place)?]);
    }
    Ok(gather(scope, |entry| property_column(entry, name).or_else(|| relation_column(entry, name))))
}

/// The column of a level, or of what a rule says: `{"scorecard", "scorecardRule"?}`.
#[must_use]
pub fn of_scorecard(scorecard: String, rule: Option<String>) -> Column {
    let subject = Subject::Standing { scorecard, rule, exact: false };
    Column { subject, through: None, many: false, time: false, blueprints: None }
}

/// Whether a name may stand where a property is named.
pub(super) fn check_name(name: &str, place: &str) -> Result<(), Invalid> {
    if name.starts_with('$') && !name.starts_with("$scorecards.") {
        meta(name, place).map(drop)
    } else {
        Ok(())
    }
}

/// The columns of a property of the entities at the other end of a relation.
///
/// # Errors
/// As [`named`].
pub fn of_relation(
    relation: &str,
    target: &str,
    place: &str,
    scope: &Scope<'_>,
) -> Result<Vec<Column>, Invalid> {
    if target == "$identifier" {
        return Ok(gather(scope, |entry| relation_column(entry, relation)));
    }
    check_name(target, place)?;
    let mut columns: Vec<Column> = Vec::new();
    for entry in entries(scope) {
        let Some(face) = entry.face.relations.get(relation) else { continue };
        let there = Scope { only: Some(&face.target), ..*scope };
        for mut column in named(target, place, &there)? {
            column.through = Some(relation.to_owned());
            column.many |= face.many;
            column.blueprints = scope.only.is_none().then(|| vec![entry.blueprint.identifier.clone()]);
            columns.push(column);
        }
    }
    Ok(columns)
}

/// `{"type", "format"?, "items"?}`: every property of such a schema, in every blueprint in scope.
fn of_schema(schema: &Value, place: &str, scope: &Scope<'_>) -> Result<Vec<Column>, Invalid> {
    let map = object(schema, place)?;
    let kinds = ["string", "number", "boolean", "object", "array"];
    let known = required(map, "type", place)?.as_str().is_some_and(|t| kinds.contains(&t));
    if !known {
        let text = format!("must be equal to one of the allowed values: {}", kinds.join(", "));
        return Err(wrong(&join(place, "type"), &text));
    }
    if map.get("format").is_some_and(|f| !f.is_string()) {
        return Err(wrong(&join(place, "format"), "must be string"));
    }
    if map.get("items").is_some_and(|i| !i.is_object()) {
        return Err(wrong(&join(place, "items"), "must be object"));
    }
    let mut columns = Vec::new();
    for entry in entries(scope) {
        let fits = |p: &&(&String, &Property)| has_schema(&p.1.definition, map);
        let properties: Vec<_> = entry.blueprint.properties.iter().collect();
        for (name, _) in properties.iter().filter(fits) {
            if let Some(column) = property_column(entry, name) {
                merge(&mut columns, column, entry, scope);
            }
        }
    }
    Ok(columns)
}

/// Whether a definition says what a schema says; of `items` too.
fn has_schema(definition: &Value, schema: &Map<String, Value>) -> bool {
    schema.iter().filter(|(key, _)| matches!(key.as_str(), "type" | "format" | "items")).all(
        |(key, wanted)| match (definition.get(key), wanted) {
            (Some(found), Value::Object(wanted)) => has_schema(found, wanted),
            (found, wanted) => found == Some(wanted),
        },
    )
}

fn meta(name: &str, place: &str) -> Result<Column, Invalid> {
    let known = META_PROPERTIES.iter().find(|(n, _)| *n == name);
    let (_, meta) = known.ok_or_else(|| {
        let names: Vec<_> = META_PROPERTIES.iter().map(|(n, _)| *n).collect();
        wrong(place, &format!("must be equal to one of the allowed values: {}", names.join(", ")))
    })?;
    let time = matches!(meta, Meta::CreatedAt | Meta::UpdatedAt);
    Ok(Column {
        subject: Subject::Meta(*meta),
        through: None,
        many: *meta == Meta::Team,
        time,
        blueprints: None,
    })
}

fn entries<'s>(scope: &Scope<'s>) -> impl Iterator<Item = &'s BlueprintEntry> {
    let only = scope.only;
    scope.blueprints.iter().filter(move |e| only.is_none_or(|o| e.blueprint.identifier == o))
}

/// The columns of every blueprint in scope.
fn gather(scope: &Scope<'_>, column: impl Fn(&BlueprintEntry) -> Option<Column>) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for entry in entries(scope) {
        if let Some(new) = column(entry) {
            merge(&mut columns, new, entry, scope);
        }
    }
    columns
}

/// Blueprints that keep a property in the same place share a column.
fn merge(columns: &mut Vec<Column>, mut new: Column, entry: &BlueprintEntry, scope: &Scope<'_>) {
    let same = |c: &&mut Column| c.subject == new.subject && c.many == new.many && c.time == new.time;
    let identifier = entry.blueprint.identifier.clone();
    match columns.iter_mut().find(same) {
        Some(known) => {
            if let Some(blueprints) = known.blueprints.as_mut().filter(|b| !b.contains(&identifier)) {
                blueprints.push(identifier);
            }
        }
        None => {
            new.blueprints = scope.only.is_none().then(|| vec![identifier]);
            columns.push(new);
        }
    }
}

fn property_column(entry: &BlueprintEntry, name: &str) -> Option<Column> {
    if let Some(shape) = entry.derived.shape(name) {
        let (subject, many, time) = (Subject::Derived(name.to_owned()), shape.many, shape.time);
        return Some(Column { subject, through: None, many, time, blueprints: None });
    }
    let property = entry.blueprint.properties.get(name)?;
    let path = entry.face.properties.get(name)?;
    let many = property.kind == PropertyType::Array;
    let time = property.kind == PropertyType::String
        && matches!(property.format.as_deref(), Some("date-time" | "timer"));
    Some(Column { subject: Subject::Field(path.clone()), through: None, many, time, blueprints: None })
}

fn relation_column(entry: &BlueprintEntry, name: &str) -> Option<Column> {
    let relation = entry.face.relations.get(name)?;
    let subject = Subject::Relation {
        name: relation.relation.clone(),
        target_kind: Some(relation.target_kind.clone()),
        by_identifier: true,
    };
    Some(Column { subject, through: None, many: relation.many, time: false, blueprints: None })
}

/// A date of creation or change is compared with dates only.
pub(super) fn check(columns: &[Column], operand: &Operand, place: &str) -> Result<(), Invalid> {
    let is_stamp = |c: &Column| matches!(c.subject, Subject::Meta(_)) && c.time;
    if !columns.iter().any(is_stamp) {
        return Ok(());
    }
    let bad = |s: &Scalar| !s.is_text || Timestamp::parse(&s.text).is_none();
    let wrong_one = match operand {
        Operand::One(value) => bad(value),
        Operand::Many(list) => list.iter().flatten().any(bad),
        Operand::Range(from, to) => bad(from) || bad(to),
        Operand::Nothing | Operand::Null => false,
    };
    if wrong_one { Err(wrong(place, "must match format \"date-time\"")) } else { Ok(()) }
}
