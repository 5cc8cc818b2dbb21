//! The definitions of a blueprint's derived values: mirror, calculation and aggregation properties, and
//! ownership. What they come to is computed from the catalog and never stored.
//!
//! Only shapes are checked here. Whether a relation or a target exists is known to whoever knows the other
//! blueprints; the last segment of a mirror's path and a calculation's program are checked by nobody.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::blueprint::{Invalid, PropertyType};
use crate::names::is_property_key;

/// Everything that a blueprint derives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Derived {
    /// `mirrorProperties`, in the order sent.
    pub mirrors: IndexMap<String, Mirror>,
    /// `calculationProperties`.
    pub calculations: IndexMap<String, Calculation>,
    /// `aggregationProperties`.
    pub aggregations: IndexMap<String, Aggregation>,
    /// `ownership`, or the older `teamInheritance`.
    pub ownership: Ownership,
}

/// A value of an entity at the end of a path of relations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The relations, one or more.
    pub relations: Vec<String>,
    /// The property, or meta-property (`$title`), at the end.
    pub last: String,
}

/// A value that a JQ program makes of the entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calculation {
    /// The program, whether it is one or not.
    pub program: String,
    /// What its result must be.
    pub kind: PropertyType,
    /// `date-time`, `url`, ...
    pub format: Option<String>,
}

/// A number over related entities.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregation {
    /// The blueprint of the related entities.
    pub target: String,
    /// What is computed.
    pub spec: Spec,
    /// Which of them count: Port's search rules.
    pub query: Option<Value>,
    /// How they are related: over any of these paths; in any way when there is none.
    pub paths: Vec<PathFilter>,
}

/// What an aggregation computes (`calculationSpec`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// How many entities.
    Count,
    /// How many in an interval of time.
    CountPer(Interval, String),
    /// One number of all values of a property.
    Property(Function, String),
    /// The sum of a property's values in an interval of time.
    SumPer(Interval, String, String),
}

/// What is computed of the values of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are their names")]
pub enum Function {
    Sum,
    Min,
    Max,
    Median,
    Mean,
}

/// An interval of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// How long, in milliseconds. A month has 30 days.
    pub millis: i64,
}

/// One path of relations between the two blueprints of an aggregation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFilter {
    /// The relations.
    pub relations: Vec<String>,
    /// The blueprint that the path begins at; the aggregation's own when `None`.
    pub from: Option<String>,
}

/// Who says which teams own an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ownership {
    /// The entity itself.
    #[default]
    Direct,
    /// The entity at the end of this path of relations, or the teams where the path ends at `_team`.
    Inherited(Vec<String>),
}

/// Clients write two of them and more, though Port describes one.
const MAX_PATH_FILTERS: usize = 64;

type Read<T> = Result<T, Invalid>;

impl Derived {
    /// Reads the definitions of a blueprint's body.
    ///
    /// # Errors
    /// The first definition that has not the shape of one.
    pub fn parse(body: &Value) -> Result<Self, Invalid> {
        let (derived, errors) = Self::read(body);
        errors.into_iter().next().map_or(Ok(derived), Err)
    }

    /// Reads what can be read, and tells what is wrong with the rest: for bodies that were stored before.
    #[must_use]
    pub fn read(body: &Value) -> (Self, Vec<Invalid>) {
        let mut errors = Vec::new();
        let mut seen: IndexMap<String, &str> = IndexMap::new();
        let derived = Self {
            mirrors: part(body, "mirrorProperties", mirror, &mut seen, &mut errors),
            calculations: part(body, "calculationProperties", calculation, &mut seen, &mut errors),
            aggregations: part(body, "aggregationProperties", aggregation, &mut seen, &mut errors),
            ownership: ownership(body).unwrap_or_else(|error| {
                errors.push(error);
                Ownership::Direct
            }),
        };
        (derived, errors)
    }

    /// Whether it defines no property.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mirrors.is_empty() && self.calculations.is_empty() && self.aggregations.is_empty()
    }

    /// Whether a property is computed.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.mirrors.contains_key(key)
            || self.calculations.contains_key(key)
            || self.aggregations.contains_key(key)
    }
}

/// One of the three maps. A key can stand in only one of them.
fn part<T>(
    body: &Value,
    name: &'static str,
    read: fn(&Map<String, Value>, &str) -> Read<T>,
    seen: &mut IndexMap<String, &'static str>,
    errors: &mut Vec<Invalid>,
) -> IndexMap<String, T> {
    let mut out = IndexMap::new();
    let Some(list) = body.get(name).filter(|v| !v.is_null()) else { return out };
    let Some(list) = list.as_object() else {
        errors.push(wrong(name, "must be object"));
        return out;
    };
    for (key, definition) in list {
        let place = format!("{name}/{key}");
        let one = || {
            if !is_property_key(key) {
                return Err(wrong(
                    &place,
                    "must have a name that matches pattern \"^[A-Za-z0-9@_=\\\\-]+$\"",
                ));
            }
            if let Some(other) = seen.get(key) {
                return Err(wrong(&place, &format!("is defined in \"{other}\" already")));
            }
            let map = definition.as_object().ok_or_else(|| wrong(&place, "must be object"))?;
            optional_text(map, "title", &place)?;
            read(map, &place)
        };
        match one() {
            Ok(definition) => {
                seen.insert(key.clone(), name);
                out.insert(key.clone(), definition);
            }
            Err(error) => errors.push(error),
        }
    }
    out
}

const PATH_PATTERN: &str =
    "must match pattern \"^(?:[A-Za-z0-9@_=\\-$]+\\.)+?(\\w|\\$|@|-)*?[^\\.]+$\": relations, then a property";

fn mirror(map: &Map<String, Value>, place: &str) -> Read<Mirror> {
    let path = text(map, "path", place)?;
    let mut relations: Vec<String> = path.split('.').map(str::to_owned).collect();
    let last = relations.pop().unwrap_or_default();
    if relations.is_empty() || last.is_empty() || !relations.iter().all(|r| is_relation_key(r)) {
        return Err(wrong(&format!("{place}/path"), PATH_PATTERN));
    }
    Ok(Mirror { relations, last })
}

fn is_relation_key(key: &str) -> bool {
    !key.is_empty()
        && key.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'@' | b'_' | b'=' | b'-' | b'$'))
}

fn calculation(map: &Map<String, Value>, place: &str) -> Read<Calculation> {
    let program = text(map, "calculation", place)?;
    let types = "string, number, boolean, object, array";
    let at = format!("{place}/type");
    let kind = text(map, "type", place)?;
    let kind = PropertyType::parse(&kind)
        .ok_or_else(|| wrong(&at, &format!("must be equal to one of the allowed values: {types}")))?;
    Ok(Calculation { program, kind, format: optional_text(map, "format", place)? })
}

fn aggregation(map: &Map<String, Value>, place: &str) -> Read<Aggregation> {
    if let Some(kind) = optional_text(map, "type", place)?
        && kind != "number"
    {
        return Err(wrong(&format!("{place}/type"), "must be equal to one of the allowed values: number"));
    }
    let query = map.get("query").filter(|q| !q.is_null()).cloned();
    if query.as_ref().is_some_and(|q| !q.is_object()) {
        return Err(wrong(&format!("{place}/query"), "must be object"));
    }
    let at = format!("{place}/calculationSpec");
    let spec = match map.get("calculationSpec") {
        Some(Value::Object(spec)) => spec,
        Some(_) => return Err(wrong(&at, "must be object")),
        None => return Err(wrong(place, "must have required property 'calculationSpec'")),
    };
    let paths = path_filters(map, &format!("{place}/pathFilter"))?;
    Ok(Aggregation { target: text(map, "target", place)?, spec: self::spec(spec, &at)?, query, paths })
}

/// `{calculationBy, func, property?, averageOf?, measureTimeBy?}`.
fn spec(map: &Map<String, Value>, place: &str) -> Read<Spec> {
    let one_of = |key: &str, names: &str| {
        wrong(&format!("{place}/{key}"), &format!("must be equal to one of the allowed values: {names}"))
    };
    let func = text(map, "func", place)?;
    let time = optional_text(map, "measureTimeBy", place)?.unwrap_or_else(|| "$createdAt".to_owned());
    match text(map, "calculationBy", place)?.as_str() {
        "entities" => match func.as_str() {
            "count" => Ok(Spec::Count),
            "average" => Ok(interval(map, place, "day")?.map_or(Spec::Count, |i| Spec::CountPer(i, time))),
            _ => Err(one_of("func", "count, average")),
        },
        "property" => {
            let property = text(map, "property", place)?;
            let function = match func.as_str() {
                "sum" => Function::Sum,
                "min" => Function::Min,
                "max" => Function::Max,
                "median" => Function::Median,
                "average" => match interval(map, place, "total")? {
                    Some(interval) => return Ok(Spec::SumPer(interval, property, time)),
                    None => Function::Mean,
                },
                _ => return Err(one_of("func", "sum, min, max, median, average")),
            };
            Ok(Spec::Property(function, property))
        }
        _ => Err(one_of("calculationBy", "entities, property")),
    }
}

/// `averageOf`; none is `total`.
fn interval(map: &Map<String, Value>, place: &str, default: &str) -> Read<Option<Interval>> {
    const HOUR: i64 = 3_600_000;
    let name = optional_text(map, "averageOf", place)?;
    let hours = match name.as_deref().unwrap_or(default) {
        "hour" => 1,
        "day" => 24,
        "week" => 7 * 24,
        "month" => 30 * 24,
        "total" => return Ok(None),
        _ => {
            let names = "must be equal to one of the allowed values: hour, day, week, month, total";
            return Err(wrong(&format!("{place}/averageOf"), names));
        }
    };
    Ok(Some(Interval { millis: hours * HOUR }))
}

fn path_filters(map: &Map<String, Value>, place: &str) -> Read<Vec<PathFilter>> {
    match map.get("pathFilter") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() > MAX_PATH_FILTERS => {
            Err(wrong(place, &format!("must NOT have more than {MAX_PATH_FILTERS} items")))
        }
        Some(Value::Array(list)) => {
            list.iter().enumerate().map(|(i, filter)| path_filter(filter, &format!("{place}/{i}"))).collect()
        }
        Some(_) => Err(wrong(place, "must be array")),
    }
}

fn path_filter(filter: &Value, place: &str) -> Read<PathFilter> {
    let filter = filter.as_object().ok_or_else(|| wrong(place, "must be object"))?;
    let path = filter.get("path").and_then(Value::as_array);
    let at = format!("{place}/path");
    let path = path.ok_or_else(|| wrong(&at, "must be array"))?;
    if path.is_empty() {
        return Err(wrong(&at, "must NOT have fewer than 1 items"));
    }
    let relation =
        |r: &Value| r.as_str().map(str::to_owned).ok_or_else(|| wrong(&at, "items must be string"));
    let relations = path.iter().map(relation).collect::<Read<_>>()?;
    Ok(PathFilter { relations, from: optional_text(filter, "fromBlueprint", place)? })
}

fn ownership(body: &Value) -> Read<Ownership> {
    if let Some(ownership) = body.get("ownership").filter(|o| !o.is_null()) {
        let map = ownership.as_object().ok_or_else(|| wrong("ownership", "must be object"))?;
        optional_text(map, "title", "ownership")?;
        return match text(map, "type", "ownership")?.as_str() {
            "Direct" => Ok(Ownership::Direct),
            "Inherited" => inherited(&text(map, "path", "ownership")?, "ownership/path"),
            _ => {
                Err(wrong("ownership/type", "must be equal to one of the allowed values: Direct, Inherited"))
            }
        };
    }
    match body.get("teamInheritance") {
        None | Some(Value::Null) => Ok(Ownership::Direct),
        Some(Value::Object(map)) if map.is_empty() => Ok(Ownership::Direct),
        Some(Value::Object(map)) => inherited(&text(map, "path", "teamInheritance")?, "teamInheritance/path"),
        Some(_) => Err(wrong("teamInheritance", "must be object")),
    }
}

fn inherited(path: &str, place: &str) -> Read<Ownership> {
    let relations: Vec<String> = path.split('.').map(str::to_owned).collect();
    if relations.iter().all(|r| is_relation_key(r)) {
        return Ok(Ownership::Inherited(relations));
    }
    Err(wrong(place, "must be relations, joined by dots"))
}

fn text(map: &Map<String, Value>, key: &str, place: &str) -> Read<String> {
    match map.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(wrong(&format!("{place}/{key}"), "must be string")),
        None => Err(wrong(place, &format!("must have required property '{key}'"))),
    }
}

fn optional_text(map: &Map<String, Value>, key: &str, place: &str) -> Read<Option<String>> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => text(map, key, place).map(Some),
    }
}

fn wrong(place: &str, what: &str) -> Invalid {
    Invalid::new(format!("/{place}"), format!("\"{place}\" {what}"))
}

#[cfg(test)]
mod tests;
