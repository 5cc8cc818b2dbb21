//! `POST /locations/by-query`: registered locations by their fields.

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stagedoor_portal::Portal;
use utoipa::ToSchema;

use super::{Location, made};
use crate::body::{self, JsonBody};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::{PageInfo, Refusal};
use crate::query::Query;

const DEFAULT_LIMIT: u64 = 1000;

/// A search for locations.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only described")]
pub(crate) struct LocationsQuery {
    /// A predicate over `id`, `type`, `target` and `entityRef`.
    #[schema(value_type = Object, nullable = false)]
    query: Option<Value>,
    #[schema(nullable = false, minimum = 1, default = 1000)]
    limit: Option<u64>,
    /// Wins over both.
    #[schema(nullable = false)]
    cursor: Option<String>,
}

/// A page of locations, by id.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LocationsPage {
    items: Vec<Location>,
    /// Of all pages.
    total_items: u64,
    page_info: PageInfo,
}

/// Registered locations that satisfy a predicate, by id.
#[utoipa::path(
    post,
    path = "/api/catalog/locations/by-query",
    operation_id = "query_locations",
    tag = "locations",
    request_body = LocationsQuery,
    responses(
        (status = 200, description = "A page", body = LocationsPage),
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
    let search = Search::of(&body.unwrap_or_default())?;
    let all = portal.locations(&viewer)?;
    let found: Vec<Location> =
        all.into_iter().map(Location::from).filter(|one| search.predicate.holds(one)).collect();
    Ok(made(http::StatusCode::OK, &search.page(found)))
}

/// What is sought, and where to go on.
#[derive(Debug)]
struct Search {
    predicate: Predicate,
    place: Place,
}

/// What a cursor carries.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<Value>,
    limit: u64,
    /// The id of the last location of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl Search {
    fn of(map: &Map<String, Value>) -> Result<Self, ApiError> {
        let (query, limit) = (body::query(map)?, body::integer(map, "limit")?);
        let place = match body::text(map, "", "cursor")? {
            Some(cursor) => Place::decode(cursor)?,
            None => Place { query, limit: limit.unwrap_or(DEFAULT_LIMIT), after: None },
        };
        if place.limit == 0 {
            return Err(ApiError::input("Limit must be a positive integer >= 1"));
        }
        let predicate = place.query.as_ref().map_or(Ok(Predicate::All(Vec::new())), Predicate::of)?;
        Ok(Self { predicate, place })
    }

    fn page(self, found: Vec<Location>) -> LocationsPage {
        let total_items = found.len() as u64;
        let limit = usize::try_from(self.place.limit).unwrap_or(usize::MAX);
        let after = self.place.after.clone().unwrap_or_default();
        let mut items: Vec<Location> =
            found.into_iter().filter(|one| one.id > after).take(limit.saturating_add(1)).collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more).map(|one| one.id.clone());
        let next_cursor = last.map(|id| Place { after: Some(id), ..self.place }.encode());
        LocationsPage { items, total_items, page_info: PageInfo::forward(next_cursor) }
    }
}

impl Place {
    fn encode(&self) -> String {
        STANDARD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn decode(text: &str) -> Result<Self, ApiError> {
        let bytes = STANDARD.decode(text.trim()).ok();
        let place = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        place.ok_or_else(|| ApiError::input("Malformed cursor: it is none of this route"))
    }
}

/// A predicate over the fields of a location, compared without case.
#[derive(Debug)]
enum Predicate {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
    Field(Field, Test),
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Id,
    Type,
    Target,
    EntityRef,
}

#[derive(Debug)]
enum Test {
    In(Vec<String>),
    Prefix(String),
    Exists(bool),
    Never,
}

impl Predicate {
    fn of(query: &Value) -> Result<Self, ApiError> {
        let map = query.as_object().ok_or_else(|| invalid("a predicate must be an object"))?;
        let Some((operator, operand)) = map.iter().find(|(key, _)| key.starts_with('$')) else {
            return map.iter().map(field).collect::<Result<_, _>>().map(Self::All);
        };
        if map.len() > 1 {
            return Err(invalid(&format!("\"{operator}\" must be the only key of the predicate")));
        }
        let list = || {
            let list =
                operand.as_array().ok_or_else(|| invalid(&format!("\"{operator}\" must be an array")))?;
            list.iter().map(Self::of).collect::<Result<Vec<_>, _>>()
        };
        match operator.as_str() {
            "$all" => list().map(Self::All),
            "$any" => list().map(Self::Any),
            "$not" => Self::of(operand).map(|inner| Self::Not(Box::new(inner))),
            unknown => Err(invalid(&format!("unknown operator \"{unknown}\""))),
        }
    }

    fn holds(&self, location: &Location) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(location)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(location)),
            Self::Not(inner) => !inner.holds(location),
            Self::Field(field, test) => {
                let value = match field {
                    Field::Id => &location.id,
                    Field::Type => &location.r#type,
                    Field::Target => &location.target,
                    Field::EntityRef => &location.entity_ref,
                };
                test.holds(&value.to_lowercase())
            }
        }
    }
}

impl Test {
    fn of(field: &str, value: &Value) -> Result<Self, ApiError> {
        let expected = || {
            invalid(&format!(
                "the value of \"{field}\" must be a string, number or boolean, or an object with one operator"
            ))
        };
        if let Some(text) = scalar(value) {
            return Ok(Self::In(vec![text]));
        }
        let map = value.as_object().filter(|map| map.len() == 1).ok_or_else(expected)?;
        match map.iter().next() {
            Some((operator, Value::Bool(there))) if operator == "$exists" => Ok(Self::Exists(*there)),
            Some((operator, Value::Array(list))) if operator == "$in" => {
                list.iter().map(scalar).collect::<Option<_>>().map(Self::In).ok_or_else(expected)
            }
            Some((operator, Value::String(prefix))) if operator == "$hasPrefix" => {
                Ok(Self::Prefix(prefix.to_lowercase()))
            }
            // No field is a list.
            Some((operator, _)) if operator == "$contains" => Ok(Self::Never),
            _ => Err(expected()),
        }
    }

    fn holds(&self, value: &str) -> bool {
        match self {
            Self::In(values) => values.iter().any(|one| one == value),
            Self::Prefix(prefix) => value.starts_with(prefix.as_str()),
            Self::Exists(there) => *there,
            Self::Never => false,
        }
    }
}

fn field((key, value): (&String, &Value)) -> Result<Predicate, ApiError> {
    let field = match key.as_str() {
        "id" => Field::Id,
        "type" => Field::Type,
        "target" => Field::Target,
        "entityRef" => Field::EntityRef,
        other => {
            return Err(ApiError::input(format!(
                "Invalid filter predicate, expected key to be 'id', 'type', 'target', or 'entityRef', got '{other}'"
            )));
        }
    };
    Ok(Predicate::Field(field, Test::of(key, value)?))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn invalid(message: &str) -> ApiError {
    ApiError::input(format!("Invalid query: Validation error: {message}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Location, Predicate, Search};

    fn location(id: &str) -> Location {
        Location {
            id: id.into(),
            r#type: "url".into(),
            target: format!("https://Larkfell.example/{id}.yaml"),
            entity_ref: format!("location:default/generated-{id}"),
        }
    }

    #[test]
    fn predicates_compare_without_case() {
        let holds = |query| Predicate::of(&query).unwrap().holds(&location("a1"));
        for query in [
            json!({}),
            json!({"type": "URL", "id": "A1"}),
            json!({"target": {"$hasPrefix": "https://LARKFELL"}}),
            json!({"entityRef": {"$in": ["x", "location:default/generated-A1"]}}),
            json!({"id": {"$exists": true}}),
            json!({"$not": {"type": "file"}}),
            json!({"$any": [{"type": "file"}, {"$all": []}]}),
        ] {
            assert!(holds(query.clone()), "{query}");
        }
        for query in [
            json!({"type": "file"}),
            json!({"id": {"$in": []}}),
            json!({"target": {"$contains": "https"}}),
            json!({"id": {"$exists": false}}),
            json!({"$any": []}),
        ] {
            assert!(!holds(query.clone()), "{query}");
        }
        for query in [
            json!([]),
            json!({"foo": 1}),
            json!({"id": null}),
            json!({"id": {}}),
            json!({"id": {"$in": 1}}),
            json!({"id": {"$like": "a"}}),
            json!({"$all": {}}),
            json!({"$nor": []}),
            json!({"$all": [], "id": 1}),
        ] {
            assert!(Predicate::of(&query).is_err(), "{query}");
        }
    }

    #[test]
    fn a_cursor_goes_on_with_the_same_search() {
        let found = || ["a", "b", "c"].map(location).into_iter().collect::<Vec<_>>();
        let search = |body: serde_json::Value| Search::of(body.as_object().unwrap()).unwrap();
        let first = search(json!({"limit": 2, "query": {"type": "url"}})).page(found());
        assert_eq!((first.items.len(), first.total_items), (2, 3));
        let info = serde_json::to_value(&first.page_info).unwrap();
        let second = search(json!({"cursor": info["nextCursor"], "limit": 1})).page(found());
        assert_eq!(second.items[0].id, "c");
        assert_eq!(serde_json::to_value(&second.page_info).unwrap(), json!({}));
        for bad in [json!({"cursor": "x"}), json!({"limit": 0}), json!({"limit": -1}), json!({"query": 1})] {
            assert!(Search::of(bad.as_object().unwrap()).is_err(), "{bad}");
        }
    }
}
