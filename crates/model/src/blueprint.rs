//! A type of thing, as data: Port's blueprint JSON, understood.

mod check;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::names::{is_blueprint_identifier, is_property_key};
use crate::{JsonText, Stamps};

pub use check::{COLORS, check};

/// Value types of a property (Port's `type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyType {
    /// JSON string.
    String,
    /// JSON number.
    Number,
    /// JSON boolean.
    Boolean,
    /// JSON object.
    Object,
    /// JSON array.
    Array,
}

impl PropertyType {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            // `enum` is what some integrations of Port's say of a text with choices.
            "string" | "enum" => Self::String,
            "number" | "integer" => Self::Number,
            "boolean" => Self::Boolean,
            "object" => Self::Object,
            "array" => Self::Array,
            _ => return None,
        })
    }

    /// Whether `value` is of this type. Null is of none.
    #[must_use]
    pub fn accepts(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
        }
    }
}

/// One typed field of a blueprint.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The JSON type of its values.
    pub kind: PropertyType,
    /// `date-time`, `url`, `user`, `team`, ...
    pub format: Option<String>,
    /// Written on creation when the key is absent.
    pub default: Option<Value>,
    /// The document field that supplies it, where it is not the face's own choice, from the definition's
    /// `backstage.field`.
    pub field: Option<String>,
    /// The whole definition as sent, unknown keys included; also the JSON schema of its values.
    pub definition: Value,
}

/// One typed link of a blueprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationDefinition {
    /// Display name.
    pub title: Option<String>,
    /// Identifier of the target blueprint.
    pub target: String,
    /// Whether Port-dialect writes must set it.
    pub required: bool,
    /// Whether it holds a list.
    pub many: bool,
    /// For a shipped kind: the document field that supplies it (`spec.dependsOn`), from the
    /// definition's `backstage.field`.
    pub field: Option<String>,
}

/// A type of thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Blueprint {
    /// Unique, case-sensitive.
    pub identifier: String,
    /// Display name.
    pub title: Option<String>,
    /// Icon name, free text.
    pub icon: Option<String>,
    /// `schema.properties`, in the order sent.
    pub properties: IndexMap<String, Property>,
    /// `schema.required`.
    pub required: Vec<String>,
    /// `relations`, in the order sent.
    pub relations: IndexMap<String, RelationDefinition>,
    /// Name of the shipped kind whose Backstage face it wears, if any. A PUT cannot take it away.
    pub shipped_kind: Option<String>,
    /// The body as sent (audit keys removed), for a faithful echo and for the parts of Port's
    /// schema that only later readers understand.
    pub body: JsonText,
    /// Who and when.
    pub stamps: Stamps,
}

/// What is wrong with a blueprint or an entity, in ajv's manner, which Port's clients show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// JSON pointer of the offending place, `/schema/properties/url`.
    pub path: String,
    /// What and why, naming the place.
    pub message: String,
}

impl Invalid {
    /// An error at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// Keys that the server sets and that a body may repeat without effect.
const AUDIT_KEYS: [&str; 5] = ["createdAt", "createdBy", "updatedAt", "updatedBy", "id"];
/// Maps that a reply always has.
const MAPS: [&str; 4] = ["calculationProperties", "mirrorProperties", "aggregationProperties", "relations"];

impl Blueprint {
    /// Understands a body in Port's form.
    ///
    /// # Errors
    /// The first thing that makes it illegal. Targets of relations are checked by the caller, who knows what exists.
    pub fn parse(body: &Value, stamps: Stamps, shipped_kind: Option<String>) -> Result<Self, Invalid> {
        let map = body.as_object().ok_or_else(|| Invalid::new("", "body must be object"))?;
        let identifier = required_text(map, "identifier", "")?;
        if !is_blueprint_identifier(&identifier) {
            return Err(Invalid::new(
                "/identifier",
                "\"identifier\" must match pattern \"^(?!\\.{1,2}$)[\\p{L}0-9@_.+:\\\\/-]+$\" and have at most 100 characters",
            ));
        }
        let mut body = map.clone();
        for key in AUDIT_KEYS {
            body.shift_remove(key);
        }
        for key in MAPS {
            let entry = body.entry(key.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if !entry.is_object() {
                return Err(Invalid::new(format!("/{key}"), format!("\"{key}\" must be object")));
            }
        }
        let (properties, required) = parse_schema(&mut body)?;
        let relations = parse_relations(&body)?;
        Ok(Self {
            identifier,
            title: optional_text(&body, "title", 100)?,
            icon: optional_text(&body, "icon", 10_000)?,
            properties,
            required,
            relations,
            shipped_kind,
            body: JsonText::of(&Value::Object(body)),
            stamps,
        })
    }

    /// The reply's `blueprint`: the body plus audit fields. Every relation has `required` and `many`.
    #[must_use]
    pub fn to_port(&self) -> Value {
        let mut body = self.body.value();
        let relations = body.get_mut("relations").and_then(Value::as_object_mut);
        for relation in relations.into_iter().flat_map(|r| r.values_mut()).filter_map(Value::as_object_mut) {
            for key in ["required", "many"] {
                if !relation.get(key).is_some_and(Value::is_boolean) {
                    relation.insert(key.into(), false.into());
                }
            }
        }
        if let Some(map) = body.as_object_mut() {
            map.insert("createdAt".into(), self.stamps.created_at.to_string().into());
            map.insert("createdBy".into(), self.stamps.created_by.clone().into());
            map.insert("updatedAt".into(), self.stamps.updated_at.to_string().into());
            map.insert("updatedBy".into(), self.stamps.updated_by.clone().into());
        }
        body
    }

    /// The path of relations along which its entities inherit their teams (`ownership.path`).
    #[must_use]
    pub fn inherits_teams_along(&self) -> Option<String> {
        let body = self.body.value();
        let ownership = body.get("ownership")?;
        (ownership.get("type")? == "Inherited").then_some(())?;
        ownership.get("path")?.as_str().map(str::to_owned)
    }

    /// Whether it belongs to the product and is hidden from catalogs (`_user`).
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.identifier.starts_with('_')
    }
}

type Properties = IndexMap<String, Property>;

fn parse_schema(body: &mut Map<String, Value>) -> Result<(Properties, Vec<String>), Invalid> {
    let schema = body
        .entry("schema")
        .or_insert_with(|| Value::Object(Map::new()))
        .as_object_mut()
        .ok_or_else(|| Invalid::new("/schema", "\"schema\" must be object"))?;
    let list = schema.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    let list = list
        .as_object()
        .ok_or_else(|| Invalid::new("/schema/properties", "\"schema/properties\" must be object"))?;
    let mut properties = Properties::with_capacity(list.len());
    for (key, definition) in list {
        properties.insert(key.clone(), parse_property(key, definition)?);
    }
    let mut required = Vec::new();
    let listed = schema.entry("required").or_insert_with(|| Value::Array(Vec::new()));
    let listed = listed
        .as_array()
        .ok_or_else(|| Invalid::new("/schema/required", "\"schema/required\" must be array"))?;
    for name in listed {
        let name = name
            .as_str()
            .ok_or_else(|| Invalid::new("/schema/required", "\"schema/required\" items must be string"))?;
        if !properties.contains_key(name) {
            let text = format!("required property \"{name}\" is not defined in schema.properties");
            return Err(Invalid::new("/schema/required", text));
        }
        required.push(name.to_owned());
    }
    Ok((properties, required))
}

fn parse_property(key: &str, definition: &Value) -> Result<Property, Invalid> {
    let path = format!("/schema/properties/{key}");
    if !is_property_key(key) {
        return Err(Invalid::new(
            &path,
            format!("property name \"{key}\" must match pattern \"^[A-Za-z0-9@_=\\\\-]+$\""),
        ));
    }
    let map = definition
        .as_object()
        .ok_or_else(|| Invalid::new(&path, format!("\"schema/properties/{key}\" must be object")))?;
    let type_error = || {
        Invalid::new(
            format!("{path}/type"),
            format!(
                "\"schema/properties/{key}/type\" must be equal to one of the allowed values: string, number, boolean, object, array"
            ),
        )
    };
    let kind =
        map.get("type").and_then(Value::as_str).and_then(PropertyType::parse).ok_or_else(type_error)?;
    crate::schema::check_definition(definition, &path)?;
    Ok(Property {
        kind,
        format: map.get("format").and_then(Value::as_str).map(str::to_owned),
        default: map.get("default").cloned(),
        field: document_field(map),
        definition: definition.clone(),
    })
}

fn parse_relations(body: &Map<String, Value>) -> Result<IndexMap<String, RelationDefinition>, Invalid> {
    let mut relations = IndexMap::new();
    let Some(list) = body.get("relations").and_then(Value::as_object) else { return Ok(relations) };
    for (key, definition) in list {
        let path = format!("/relations/{key}");
        if !is_property_key(key) {
            return Err(Invalid::new(
                &path,
                format!("relation name \"{key}\" must match pattern \"^[A-Za-z0-9@_=\\\\-]+$\""),
            ));
        }
        let map = definition
            .as_object()
            .ok_or_else(|| Invalid::new(&path, format!("\"relations/{key}\" must be object")))?;
        let flag = |name: &str| map.get(name).and_then(Value::as_bool).unwrap_or(false);
        let relation = RelationDefinition {
            title: map.get("title").and_then(Value::as_str).map(str::to_owned),
            target: required_text(map, "target", &format!("relations/{key}/"))?,
            required: flag("required"),
            many: flag("many"),
            field: document_field(map),
        };
        if relation.many && relation.required {
            return Err(Invalid::new(
                &path,
                format!("relation \"{key}\" can't be both \"many\" and \"required\""),
            ));
        }
        relations.insert(key.clone(), relation);
    }
    Ok(relations)
}

fn document_field(definition: &Map<String, Value>) -> Option<String> {
    definition.get("backstage")?.get("field")?.as_str().map(str::to_owned)
}

fn required_text(map: &Map<String, Value>, key: &str, prefix: &str) -> Result<String, Invalid> {
    match map.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err(Invalid::new(
            format!("/{prefix}{key}"),
            format!("\"{prefix}{key}\" must NOT have fewer than 1 characters"),
        )),
        Some(_) => Err(Invalid::new(format!("/{prefix}{key}"), format!("\"{prefix}{key}\" must be string"))),
        None => {
            Err(Invalid::new(format!("/{prefix}"), format!("must have required property '{prefix}{key}'")))
        }
    }
}

fn optional_text(map: &Map<String, Value>, key: &str, max: usize) -> Result<Option<String>, Invalid> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= max => Ok(Some(text.clone())),
        Some(Value::String(_)) => Err(Invalid::new(
            format!("/{key}"),
            format!("\"{key}\" must NOT have more than {max} characters"),
        )),
        Some(_) => Err(Invalid::new(format!("/{key}"), format!("\"{key}\" must be string"))),
    }
}
