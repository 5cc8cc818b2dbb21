//! What there is to look at: the properties and relations of the blueprints in scope.

use indexmap::IndexMap;
use serde_json::Value;
use stagedoor_model::blueprint::PropertyType;

use crate::blueprints::BlueprintEntry;
use crate::dialect::port::{META_PROPERTIES, Scope};

/// What kind of values a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Number,
    Boolean,
    Date,
    List,
    Object,
    Relation,
}

/// A property or a relation, in whichever blueprints have it.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) title: Option<String>,
    pub(super) shape: Shape,
    /// Where a relation leads.
    pub(super) targets: Vec<String>,
    /// The values that there may be, where the definition says.
    pub(super) choices: Vec<Value>,
}

/// The fields of the blueprints in scope, by key.
pub(super) fn fields(scope: &Scope<'_>) -> IndexMap<String, Field> {
    let mut all: IndexMap<String, Field> = IndexMap::new();
    let entries = scope.blueprints.iter().filter(|e| scope.only.is_none_or(|o| e.blueprint.identifier == o));
    for entry in entries {
        for (key, field) in of_entry(entry) {
            match all.get_mut(&key) {
                Some(known) => known.targets.extend(field.targets),
                None => {
                    all.insert(key, field);
                }
            }
        }
    }
    all
}

fn of_entry(entry: &BlueprintEntry) -> Vec<(String, Field)> {
    let mut fields = Vec::new();
    for (key, property) in &entry.blueprint.properties {
        let is_date = matches!(property.format.as_deref(), Some("date-time" | "timer"));
        let text = |name: &str| property.definition.get(name).and_then(Value::as_str).map(str::to_owned);
        let choices = property.definition.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
        fields.push((
            key.clone(),
            Field {
                title: text("title"),
                shape: shape_of(property.kind, is_date),
                targets: Vec::new(),
                choices,
            },
        ));
    }
    for key in entry.derived.keys() {
        let Some(shape) = entry.derived.shape(key) else { continue };
        let kind = shape.kind.unwrap_or(PropertyType::String);
        let kind = if shape.many { PropertyType::Array } else { kind };
        let shape = shape_of(kind, shape.time);
        fields.push((key.to_owned(), Field { title: None, shape, targets: Vec::new(), choices: Vec::new() }));
    }
    for (key, relation) in &entry.face.relations {
        let title = entry.blueprint.relations.get(key).and_then(|r| r.title.clone());
        let targets = vec![relation.target.clone()];
        fields.push((key.clone(), Field { title, shape: Shape::Relation, targets, choices: Vec::new() }));
    }
    fields
}

fn shape_of(kind: PropertyType, is_date: bool) -> Shape {
    match kind {
        PropertyType::String if is_date => Shape::Date,
        PropertyType::String => Shape::Text,
        PropertyType::Number => Shape::Number,
        PropertyType::Boolean => Shape::Boolean,
        PropertyType::Array => Shape::List,
        PropertyType::Object => Shape::Object,
    }
}

/// The shape of a meta-property.
pub(super) fn meta_shape(name: &str) -> Option<Shape> {
    let known = META_PROPERTIES.iter().any(|(n, _)| *n == name);
    known.then_some(match name {
        "$createdAt" | "$updatedAt" => Shape::Date,
        "$team" => Shape::List,
        _ => Shape::Text,
    })
}

/// The name that was meant, where one is near enough.
pub(super) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let name = name.to_lowercase();
    let most = if name.chars().count() < 4 { 1 } else { 2 };
    let near = names.map(|n| (distance(&name, &n.to_lowercase(), most), n)).filter(|(d, _)| *d <= most);
    near.min_by_key(|(d, _)| *d).map(|(_, n)| n)
}

/// How many letters are wrong, too many or missing; two that changed places are one. Anything above `most` is as much.
fn distance(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut rows: [Vec<usize>; 3] = [Vec::new(), Vec::new(), (0..=b.len()).collect()];
    for (i, x) in a.iter().enumerate() {
        rows.rotate_left(1);
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let (left, up, across) = (row[j], rows[1][j + 1], rows[1][j]);
            let mut least = (left.min(up) + 1).min(across + usize::from(x != y));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped && let Some(before) = rows[0].get(j - 1) {
                least = least.min(before + 1);
            }
            row.push(least);
        }
        rows[2] = row;
    }
    rows[2].last().copied().unwrap_or(most + 1)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typo_finds_what_was_meant() {
        let names = ["tier", "lifecycle", "language", "owner"];
        for (typed, meant) in [
            ("tiar", Some("tier")),
            ("teir", Some("tier")),
            ("lifecyle", Some("lifecycle")),
            ("Owner", Some("owner")),
            ("zzz", None),
        ] {
            assert_eq!(nearest(typed, names.into_iter()), meant, "{typed}");
        }
    }
}
