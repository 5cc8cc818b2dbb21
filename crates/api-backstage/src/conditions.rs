//! `POST /.well-known/backstage/permissions/apply-conditions`: whether entities satisfy conditions, for whoever decides
//! by them. Here nothing does: decisions are made at once. What the caller may not see satisfies none.

use axum::extract::State;
use axum::response::Response;
use http::Uri;
use serde_json::{Map, Value, json};
use stagedoor_portal::{Portal, View};
use utoipa::ToSchema;

use crate::answer;
use crate::body::{self, JsonBody, lacks, must};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::locations::typed;
use crate::openapi::Refusal;
use crate::query::Query;

/// What the rules are about.
pub(crate) const RESOURCE: &str = "catalog-entity";
/// Entities that one request may ask about.
const MOST: usize = 10_000;

/// Entities and conditions.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct ApplyBody {
    items: Vec<ApplyItem>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
struct ApplyItem {
    /// Comes back with the answer.
    id: String,
    /// An entity reference, or a list of them.
    #[schema(value_type = Object)]
    resource_ref: Value,
    /// `catalog-entity`
    resource_type: String,
    /// `{rule, resourceType, params}`, or `{allOf|anyOf: [...]}` or `{not: ...}` of such.
    #[schema(value_type = Object)]
    conditions: Value,
}

/// A rule: what it is called, what it needs to know, when an entity satisfies it.
struct Rule {
    name: &'static str,
    description: &'static str,
    /// The parameter that has to be there; its `true` says that it is a list.
    required: (&'static str, bool),
    /// A text that may be there.
    optional: Option<&'static str>,
    holds: fn(&Value, &Params<'_>) -> bool,
}

struct Params<'p> {
    /// Of the required parameter; a text is a list of one.
    required: Vec<&'p str>,
    optional: Option<&'p str>,
}

impl Params<'_> {
    fn key(&self) -> &str {
        self.required.first().copied().unwrap_or_default()
    }

    /// Whether what was found is there, and is what is wanted if anything is.
    fn fits(&self, found: Option<&Value>) -> bool {
        match (found, self.optional) {
            (Some(Value::Array(items)), None) => !items.is_empty(),
            (Some(Value::Array(items)), Some(value)) => items.iter().any(|i| i.as_str() == Some(value)),
            (Some(found), Some(value)) => found.as_str() == Some(value),
            (Some(Value::Null | Value::Bool(false)) | None, None) => false,
            (Some(Value::String(text)), None) => !text.is_empty(),
            (Some(Value::Number(number)), None) => number.as_f64() != Some(0.0),
            (Some(_), None) => true,
            (None, Some(_)) => false,
        }
    }

    /// The same for one of the texts under a part of the metadata, which may be empty.
    fn fits_text(&self, entity: &Value, part: &str) -> bool {
        let found = entity["metadata"][part].get(self.key()).and_then(Value::as_str);
        found.is_some_and(|found| self.optional.is_none_or(|value| value == found))
    }
}

/// The rules of Backstage's catalog.
const RULES: [Rule; 6] = [
    Rule {
        name: "HAS_ANNOTATION",
        description: "Entities that have this annotation",
        required: ("annotation", false),
        optional: Some("value"),
        holds: |entity, params| params.fits_text(entity, "annotations"),
    },
    Rule {
        name: "HAS_LABEL",
        description: "Entities that have this label",
        required: ("label", false),
        optional: Some("value"),
        holds: |entity, params| params.fits_text(entity, "labels"),
    },
    Rule {
        name: "HAS_METADATA",
        description: "Entities that have this key in their metadata",
        required: ("key", false),
        optional: Some("value"),
        holds: |entity, params| params.fits(at(&entity["metadata"], params.key())),
    },
    Rule {
        name: "HAS_SPEC",
        description: "Entities that have this key in their spec",
        required: ("key", false),
        optional: Some("value"),
        holds: |entity, params| params.fits(at(&entity["spec"], params.key())),
    },
    Rule {
        name: "IS_ENTITY_KIND",
        description: "Entities of these kinds",
        required: ("kinds", true),
        optional: None,
        holds: |entity, params| {
            let kind = entity["kind"].as_str().unwrap_or_default();
            params.required.iter().any(|one| one.eq_ignore_ascii_case(kind))
        },
    },
    Rule {
        name: "IS_ENTITY_OWNER",
        description: "Entities that one of these owns",
        required: ("claims", true),
        optional: None,
        holds: |entity, params| {
            let relations = entity["relations"].as_array().into_iter().flatten();
            let mut owners =
                relations.filter(|r| r["type"] == "ownedBy").filter_map(|r| r["targetRef"].as_str());
            owners.any(|owner| params.required.contains(&owner))
        },
    },
];

/// The rules, as the catalog's metadata tells them.
pub(crate) fn rules() -> Vec<Value> {
    let told = |rule: &Rule| {
        let text = json!({ "type": "string" });
        let (key, is_list) = rule.required;
        let first = if is_list { json!({ "type": "array", "items": text }) } else { text.clone() };
        let mut properties = Map::from_iter([(key.to_owned(), first)]);
        properties.extend(rule.optional.map(|key| (key.to_owned(), text)));
        json!({
            "name": rule.name,
            "description": rule.description,
            "resourceType": RESOURCE,
            "paramsSchema": {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "type": "object",
                "properties": properties,
                "required": [key],
                "additionalProperties": false,
            },
        })
    };
    RULES.iter().map(told).collect()
}

/// A value at a dotted path, where a key may have dots itself.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    let (head, rest) = path.split_once('.')?;
    at(value.get(head)?, rest)
}

/// Whether entities satisfy conditions.
#[utoipa::path(
    post,
    path = "/api/catalog/.well-known/backstage/permissions/apply-conditions",
    operation_id = "apply_conditions",
    tag = "permission",
    request_body = ApplyBody,
    responses(
        (status = 200, description = "`{items: [{id, result}]}`, where a result is `ALLOW`, `DENY` or a list of them"),
        (status = 400, description = "Refused body", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn post(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let body = typed(body)?;
    let items = body.get("items").ok_or_else(|| lacks("", "items"))?;
    let items = items.as_array().ok_or_else(|| must("/items", "be array"))?;
    let asked: Vec<Asked<'_>> =
        items.iter().enumerate().map(|(n, item)| Asked::of(item, n)).collect::<Result<_, _>>()?;
    if asked.iter().map(|one| one.references.len()).sum::<usize>() > MOST {
        return Err(must("/items", &format!("NOT ask about more than {MOST} things")));
    }
    let view = portal.view(&viewer)?;
    let decided: Vec<Value> = asked.iter().map(|one| one.decide(&view)).collect();
    Ok(answer::json(json!({ "items": decided }).to_string()))
}

/// One question.
struct Asked<'b> {
    id: &'b str,
    references: Vec<String>,
    is_list: bool,
    criteria: Criteria<'b>,
}

impl<'b> Asked<'b> {
    fn of(item: &'b Value, n: usize) -> Result<Self, ApiError> {
        let at = format!("/items/{n}");
        let item = item.as_object().ok_or_else(|| must(&at, "be object"))?;
        let text = |key: &str| body::text(item, &at, key)?.ok_or_else(|| lacks(&at, key));
        let (id, kind) = (text("id")?, text("resourceType")?);
        if kind != RESOURCE {
            return Err(ApiError::input(format!("Unexpected resource types: {kind}.")));
        }
        let (references, is_list) = match item.get("resourceRef") {
            None => return Err(lacks(&at, "resourceRef")),
            Some(Value::String(one)) => (vec![one.clone()], false),
            Some(_) => (body::texts(item, &at, "resourceRef")?.unwrap_or_default(), true),
        };
        let conditions = item.get("conditions").ok_or_else(|| lacks(&at, "conditions"))?;
        let criteria = Criteria::of(conditions, &format!("{at}/conditions"))?;
        Ok(Self { id, references, is_list, criteria })
    }

    fn decide(&self, view: &View) -> Value {
        let one = |reference: &String| {
            let node = view.by_ref(&reference.to_lowercase()).filter(|node| view.in_backstage(*node));
            let holds = node.is_some_and(|node| self.criteria.holds(&view.backstage_value(node)));
            Value::from(if holds { "ALLOW" } else { "DENY" })
        };
        let mut results: Vec<Value> = self.references.iter().map(one).collect();
        let result = if self.is_list { Value::Array(results) } else { results.pop().unwrap_or_default() };
        json!({ "id": self.id, "result": result })
    }
}

/// Conditions and how they are joined.
enum Criteria<'b> {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Rule(&'static Rule, Params<'b>),
}

impl<'b> Criteria<'b> {
    fn of(value: &'b Value, at: &str) -> Result<Self, ApiError> {
        let map = value.as_object().ok_or_else(|| must(at, "be object"))?;
        let list = |key: &str| {
            let at = format!("{at}/{key}");
            let list = map.get(key).and_then(Value::as_array).ok_or_else(|| must(&at, "be array"))?;
            if list.is_empty() {
                return Err(must(&at, "NOT be empty"));
            }
            list.iter()
                .enumerate()
                .map(|(n, one)| Self::of(one, &format!("{at}/{n}")))
                .collect::<Result<_, _>>()
        };
        if map.contains_key("allOf") {
            return list("allOf").map(Self::All);
        }
        if map.contains_key("anyOf") {
            return list("anyOf").map(Self::Any);
        }
        if let Some(inner) = map.get("not") {
            return Self::of(inner, &format!("{at}/not")).map(|inner| Self::Not(Box::new(inner)));
        }
        let name = body::text(map, at, "rule")?.ok_or_else(|| lacks(at, "rule"))?;
        let rule = RULES.iter().find(|rule| rule.name == name);
        let rule = rule.ok_or_else(|| ApiError::input(format!("Unexpected permission rule: {name}")))?;
        let at = format!("{at}/params");
        let params = match map.get("params") {
            None => return Err(lacks(&at, rule.required.0)),
            Some(params) => params.as_object().ok_or_else(|| must(&at, "be object"))?,
        };
        Ok(Self::Rule(rule, params_of(rule, params, &at)?))
    }

    fn holds(&self, entity: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(entity)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(entity)),
            Self::Not(inner) => !inner.holds(entity),
            Self::Rule(rule, params) => (rule.holds)(entity, params),
        }
    }
}

fn params_of<'b>(rule: &Rule, map: &'b Map<String, Value>, at: &str) -> Result<Params<'b>, ApiError> {
    let (key, is_list) = rule.required;
    if !map.contains_key(key) {
        return Err(lacks(at, key));
    }
    let required = if is_list {
        body::texts(map, at, key)?;
        map[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    } else {
        body::text(map, at, key)?.into_iter().collect()
    };
    let optional = rule.optional.map(|key| body::text(map, at, key)).transpose()?.flatten();
    if let Some(unknown) = map.keys().find(|k| *k != key && Some(k.as_str()) != rule.optional) {
        return Err(must(at, &format!("NOT have the property '{unknown}'")));
    }
    Ok(Params { required, optional })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Criteria;

    fn holds(conditions: &Value) -> bool {
        let entity = json!({
            "kind": "Component",
            "metadata": {
                "name": "a", "tags": ["java"], "labels": {"tier": ""},
                "annotations": {"larkfell.example/zone": "north"}, "deep": {"er": 1},
            },
            "spec": {"type": "service", "none": null, "empty": [], "dotted.key": "x"},
            "relations": [{"type": "ownedBy", "targetRef": "group:default/a"}, {"type": "partOf", "targetRef": "system:default/s"}],
        });
        Criteria::of(conditions, "").unwrap().holds(&entity)
    }

    fn rule(name: &str, params: Value) -> Value {
        json!({"rule": name, "resourceType": "catalog-entity", "params": params})
    }

    #[test]
    fn every_rule_and_every_joint() {
        for (name, params, expected) in [
            ("HAS_ANNOTATION", json!({"annotation": "larkfell.example/zone"}), true),
            ("HAS_ANNOTATION", json!({"annotation": "larkfell.example/zone", "value": "north"}), true),
            ("HAS_ANNOTATION", json!({"annotation": "larkfell.example/zone", "value": "south"}), false),
            ("HAS_ANNOTATION", json!({"annotation": "zone"}), false),
            ("HAS_LABEL", json!({"label": "tier"}), true),
            ("HAS_LABEL", json!({"label": "tier", "value": ""}), true),
            ("HAS_METADATA", json!({"key": "tags", "value": "java"}), true),
            ("HAS_METADATA", json!({"key": "tags", "value": "go"}), false),
            ("HAS_METADATA", json!({"key": "deep.er"}), true),
            ("HAS_METADATA", json!({"key": "title"}), false),
            ("HAS_SPEC", json!({"key": "type", "value": "service"}), true),
            ("HAS_SPEC", json!({"key": "none"}), false),
            ("HAS_SPEC", json!({"key": "empty"}), false),
            ("HAS_SPEC", json!({"key": "dotted.key"}), true),
            ("IS_ENTITY_KIND", json!({"kinds": ["api", "COMPONENT"]}), true),
            ("IS_ENTITY_KIND", json!({"kinds": []}), false),
            ("IS_ENTITY_OWNER", json!({"claims": ["user:default/x", "group:default/a"]}), true),
            ("IS_ENTITY_OWNER", json!({"claims": ["system:default/s"]}), false),
        ] {
            let one = rule(name, params);
            assert_eq!(holds(&one), expected, "{one}");
            assert_eq!(holds(&json!({"not": one})), !expected, "{one}");
            assert_eq!(
                holds(&json!({"anyOf": [one, rule("IS_ENTITY_KIND", json!({"kinds": []}))]})),
                expected
            );
            assert_eq!(
                holds(&json!({"allOf": [one, rule("IS_ENTITY_KIND", json!({"kinds": ["component"]}))]})),
                expected
            );
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_by_its_place() {
        for (conditions, message) in [
            (json!([]), "request/body/c must be object"),
            (json!({}), "request/body/c must have required property 'rule'"),
            (json!({"anyOf": []}), "request/body/c/anyOf must NOT be empty"),
            (json!({"allOf": [1]}), "request/body/c/allOf/0 must be object"),
            (rule("IS_ADMIN", json!({})), "Unexpected permission rule: IS_ADMIN"),
            (rule("HAS_LABEL", json!({})), "request/body/c/params must have required property 'label'"),
            (rule("HAS_LABEL", json!({"label": 1})), "request/body/c/params/label must be string"),
            (
                rule("IS_ENTITY_KIND", json!({"kinds": ["a"], "x": 1})),
                "request/body/c/params must NOT have the property 'x'",
            ),
        ] {
            let error = Criteria::of(&conditions, "/c").err().map(|error| error.message);
            assert_eq!(error.as_deref(), Some(message));
        }
    }
}
