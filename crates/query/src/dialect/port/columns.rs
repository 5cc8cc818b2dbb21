//! Where a rule's property lives: in which document path, relation or meta-property, of which blueprints.

use serde_json::{Map, Value};
use stagedoor_model::Timestamp;
use stagedoor_model::blueprint::{Invalid, PropertyType};

use super::operators::Operand;
use super::{Scope, join, wrong};
use crate::blueprints::BlueprintEntry;
use crate::expr::{Expr, Meta, Subject, Test};
use crate::index::term::Scalar;

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

/// Parts of a blueprint whose values are computed.
const COMPUTED: [&str; 3] = ["mirrorProperties", "calculationProperties", "aggregationProperties"];

/// One place where a rule's property is looked up.
#[derive(Debug)]
pub(super) struct Column {
    subject: Subject,
    /// It holds an array.
    pub(super) many: bool,
    /// Its texts are dates.
    pub(super) time: bool,
    /// The blueprints for which it holds; all when `None`.
    blueprints: Option<Vec<String>>,
}

impl Column {
    pub(super) fn is(&self, test: Test) -> Expr {
        Expr::exact(self.subject.clone(), test)
    }

    /// `condition`, for entities of the column's blueprints.
    pub(super) fn guarded(&self, condition: Expr) -> Expr {
        let Some(blueprints) = &self.blueprints else { return condition };
        let list = blueprints.iter().map(Scalar::text).collect();
        Expr::And(vec![Expr::exact(Subject::Meta(Meta::Blueprint), Test::In(list)), condition])
    }
}

/// The columns of a rule's `property`, or of its `relation`.
pub(super) fn of_rule(
    rule: &Map<String, Value>,
    place: &str,
    scope: &Scope<'_>,
) -> Result<Vec<Column>, Invalid> {
    if let Some(relation) = rule.get("relation") {
        return of_relation_rule(rule, relation, place, scope);
    }
    let property_at = join(place, "property");
    let property =
        rule.get("property").ok_or_else(|| wrong(place, "must have required property 'property'"))?;
    let name = property.as_str().ok_or_else(|| wrong(&property_at, "must be string"))?;
    if name.starts_with('$') {
        return Ok(vec![meta(name, &property_at)?]);
    }
    let columns =
        gather(scope, |entry| property_column(entry, name).or_else(|| relation_column(entry, name)));
    if columns.is_empty() && entries(scope).any(|e| is_computed(e, name)) {
        let text =
            format!("is a computed property (\"{name}\"), and searching by those is not supported yet");
        return Err(wrong(&property_at, &text));
    }
    Ok(columns)
}

/// `{"relation", "targetProperty"?}`: by the other end's identifier only.
fn of_relation_rule(
    rule: &Map<String, Value>,
    relation: &Value,
    place: &str,
    scope: &Scope<'_>,
) -> Result<Vec<Column>, Invalid> {
    let name = relation.as_str().ok_or_else(|| wrong(&join(place, "relation"), "must be string"))?;
    match rule.get("targetProperty").map(Value::as_str) {
        None | Some(Some("$identifier")) => Ok(gather(scope, |entry| relation_column(entry, name))),
        Some(_) => Err(wrong(&join(place, "targetProperty"), "other than $identifier is not supported yet")),
    }
}

fn meta(name: &str, place: &str) -> Result<Column, Invalid> {
    let known = META_PROPERTIES.iter().find(|(n, _)| *n == name);
    let (_, meta) = known.ok_or_else(|| {
        let names: Vec<_> = META_PROPERTIES.iter().map(|(n, _)| *n).collect();
        wrong(place, &format!("must be equal to one of the allowed values: {}", names.join(", ")))
    })?;
    let time = matches!(meta, Meta::CreatedAt | Meta::UpdatedAt);
    Ok(Column { subject: Subject::Meta(*meta), many: *meta == Meta::Team, time, blueprints: None })
}

fn entries<'s>(scope: &Scope<'s>) -> impl Iterator<Item = &'s BlueprintEntry> {
    let only = scope.only;
    scope.blueprints.iter().filter(move |e| only.is_none_or(|o| e.blueprint.identifier == o))
}

/// The columns of every blueprint in scope; blueprints that keep the property in the same place share one.
fn gather(scope: &Scope<'_>, column: impl Fn(&BlueprintEntry) -> Option<Column>) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for entry in entries(scope) {
        let Some(mut new) = column(entry) else { continue };
        let same = |c: &&mut Column| c.subject == new.subject && c.many == new.many && c.time == new.time;
        let identifier = entry.blueprint.identifier.clone();
        match columns.iter_mut().find(same) {
            Some(known) => known.blueprints.get_or_insert_default().push(identifier),
            None => {
                new.blueprints = scope.only.is_none().then(|| vec![identifier]);
                columns.push(new);
            }
        }
    }
    columns
}

fn property_column(entry: &BlueprintEntry, name: &str) -> Option<Column> {
    let property = entry.blueprint.properties.get(name)?;
    let path = entry.face.properties.get(name)?;
    let many = property.kind == PropertyType::Array;
    let time = property.kind == PropertyType::String
        && matches!(property.format.as_deref(), Some("date-time" | "timer"));
    Some(Column { subject: Subject::Field(path.clone()), many, time, blueprints: None })
}

fn relation_column(entry: &BlueprintEntry, name: &str) -> Option<Column> {
    let relation = entry.face.relations.get(name)?;
    let subject = Subject::Relation {
        name: relation.relation.clone(),
        target_kind: Some(relation.target_kind.clone()),
        by_identifier: true,
    };
    Some(Column { subject, many: relation.many, time: false, blueprints: None })
}

fn is_computed(entry: &BlueprintEntry, name: &str) -> bool {
    let body = entry.blueprint.body.value();
    COMPUTED.iter().any(|part| body.get(part).is_some_and(|p| p.get(name).is_some()))
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
