//! Properties whose values are derived, with how, in words.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use stagedoor_model::Derived;
use stagedoor_model::blueprint::PropertyType;
use stagedoor_model::derived::{Aggregation, Function, Spec};
use stagedoor_query::BlueprintEntry;
use utoipa::ToSchema;

/// A mirror, calculation or aggregation property.
#[derive(Serialize, ToSchema)]
pub(super) struct DerivedProperty {
    kind: Derivation,
    title: Option<String>,
    description: Option<String>,
    icon: Option<String>,
    /// Type of its values, where that can be told.
    #[serde(rename = "type")]
    value_type: Option<String>,
    format: Option<String>,
    /// A path of relations, a JQ program, or what is counted of what.
    from: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Derivation {
    Mirror,
    Calculation,
    Aggregation,
}

/// The derived properties of a blueprint by key, in order.
pub(super) fn properties(entry: &BlueprintEntry) -> IndexMap<String, DerivedProperty> {
    if entry.derived.is_empty() {
        return IndexMap::new();
    }
    let body = entry.blueprint.body.value();
    let (derived, _) = Derived::read(&body);
    let mut all = IndexMap::new();
    for (key, mirror) in &derived.mirrors {
        let path = mirror.relations.iter().chain([&mirror.last]).map(String::as_str);
        let from = path.collect::<Vec<_>>().join(" › ");
        all.insert(key.clone(), property(entry, &body["mirrorProperties"], key, Derivation::Mirror, from));
    }
    for (key, calculation) in &derived.calculations {
        let definitions = &body["calculationProperties"];
        let from = calculation.program.clone();
        all.insert(key.clone(), property(entry, definitions, key, Derivation::Calculation, from));
    }
    for (key, aggregation) in &derived.aggregations {
        let definitions = &body["aggregationProperties"];
        let from = words(aggregation);
        all.insert(key.clone(), property(entry, definitions, key, Derivation::Aggregation, from));
    }
    all
}

fn property(
    entry: &BlueprintEntry,
    definitions: &Value,
    key: &str,
    kind: Derivation,
    from: String,
) -> DerivedProperty {
    let text = |name: &str| definitions[key][name].as_str().map(str::to_owned);
    let shape = entry.derived.shape(key);
    let single = shape.and_then(|s| s.kind).map(name_of);
    let value_type = if shape.is_some_and(|s| s.many) { Some("array") } else { single };
    DerivedProperty {
        kind,
        title: text("title"),
        description: text("description"),
        icon: text("icon"),
        value_type: value_type.map(str::to_owned),
        format: text("format").or_else(|| shape.filter(|s| s.time && !s.many).map(|_| "date-time".into())),
        from,
    }
}

fn name_of(kind: PropertyType) -> &'static str {
    match kind {
        PropertyType::String => "string",
        PropertyType::Number => "number",
        PropertyType::Boolean => "boolean",
        PropertyType::Object => "object",
        PropertyType::Array => "array",
    }
}

fn words(aggregation: &Aggregation) -> String {
    let target = &aggregation.target;
    let what = match &aggregation.spec {
        Spec::Count => format!("number of {target}"),
        Spec::CountPer(..) => format!("average number of {target} in a time"),
        Spec::Property(function, property) => {
            format!("{} of {property} of {target}", function_name(*function))
        }
        Spec::SumPer(_, property, _) => format!("average {property} of {target} in a time"),
    };
    let filtered = if aggregation.query.is_some() { ", filtered" } else { "" };
    let paths: Vec<_> = aggregation.paths.iter().map(|p| p.relations.join(" › ")).collect();
    let through = if paths.is_empty() { String::new() } else { format!(", through {}", paths.join(" or ")) };
    format!("{what}{filtered}{through}")
}

fn function_name(function: Function) -> &'static str {
    match function {
        Function::Sum => "sum",
        Function::Min => "least",
        Function::Max => "greatest",
        Function::Median => "median",
        Function::Mean => "average",
    }
}
