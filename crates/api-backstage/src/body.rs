//! Request bodies, checked with the words of Backstage's request validation.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use crate::error::ApiError;

/// A JSON object, or nothing where the request has no content type.
pub(crate) struct JsonBody(pub(crate) Option<Map<String, Value>>);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Some(content_type) = request.headers().get(CONTENT_TYPE) else { return Ok(Self(None)) };
        let content_type = content_type.to_str().unwrap_or_default().to_owned();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::input(format!("unsupported media type {essence}")));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
            ApiError::input(if too_large { "request entity too large".into() } else { rejection.body_text() })
        })?;
        object(&bytes).map(Some).map(Self)
    }
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(must("", "be object")),
        Err(error) => Err(ApiError::input(error.to_string())),
    }
}

/// The refusal of the value at a path of the body.
pub(crate) fn must(path: &str, what: &str) -> ApiError {
    ApiError::input(format!("request/body{path} must {what}"))
}

/// A text, if the key is there.
pub(crate) fn text<'a>(
    body: &'a Map<String, Value>,
    at: &str,
    key: &str,
) -> Result<Option<&'a str>, ApiError> {
    let Some(value) = body.get(key) else { return Ok(None) };
    value.as_str().map(Some).ok_or_else(|| must(&format!("{at}/{key}"), "be string"))
}

/// One of some words, if the key is there.
pub(crate) fn word<'a>(
    body: &'a Map<String, Value>,
    at: &str,
    key: &str,
    words: &[&str],
) -> Result<Option<&'a str>, ApiError> {
    match text(body, at, key)? {
        Some(word) if !words.contains(&word) => {
            let what = format!("be equal to one of the allowed values: {}", words.join(", "));
            Err(must(&format!("{at}/{key}"), &what))
        }
        word => Ok(word),
    }
}

/// A list of texts, if the key is there.
pub(crate) fn texts(body: &Map<String, Value>, at: &str, key: &str) -> Result<Option<Vec<String>>, ApiError> {
    let Some(value) = body.get(key) else { return Ok(None) };
    let list = value.as_array().ok_or_else(|| must(&format!("{at}/{key}"), "be array"))?;
    let item = |(i, value): (usize, &Value)| {
        value.as_str().map(str::to_owned).ok_or_else(|| must(&format!("{at}/{key}/{i}"), "be string"))
    };
    list.iter().enumerate().map(item).collect::<Result<_, _>>().map(Some)
}

/// An integer from 0, if the key is there.
pub(crate) fn integer(body: &Map<String, Value>, key: &str) -> Result<Option<u64>, ApiError> {
    let Some(value) = body.get(key) else { return Ok(None) };
    let path = format!("/{key}");
    let number = value.as_f64().ok_or_else(|| must(&path, "be number"))?;
    if number < 0.0 {
        return Err(must(&path, "be >= 0"));
    }
    if number.fract() != 0.0 {
        return Err(must(&path, "be integer"));
    }
    Ok(Some(number as u64))
}

/// An object, if the key is there.
pub(crate) fn map<'a>(
    body: &'a Map<String, Value>,
    key: &str,
) -> Result<Option<&'a Map<String, Value>>, ApiError> {
    let Some(value) = body.get(key) else { return Ok(None) };
    value.as_object().map(Some).ok_or_else(|| must(&format!("/{key}"), "be object"))
}

/// The predicate query, if there is one.
pub(crate) fn query(body: &Map<String, Value>) -> Result<Option<Value>, ApiError> {
    Ok(map(body, "query")?.map(|query| Value::Object(query.clone())))
}

/// The refusal of a body that lacks a key.
pub(crate) fn lacks(at: &str, key: &str) -> ApiError {
    must(at, &format!("have required property '{key}'"))
}

/// Refuses keys that are not known here. The beginning is what clients have seen.
pub(crate) fn only(body: &Map<String, Value>, known: &[&str]) -> Result<(), ApiError> {
    match body.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            Err(ApiError::input(format!("Malformed request: Unrecognized key(s) in object: '{key}'")))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_objects_are_bodies() {
        assert_eq!(object(b""), Ok(Map::new()));
        assert_eq!(object(b"{\"a\":1}").unwrap()["a"], 1);
        assert_eq!(object(b"[]").unwrap_err().message, "request/body must be object");
        assert_eq!(object(b"not json").unwrap_err().status, 400);
        assert_eq!(object(b"[").unwrap_err().name, "InputError");
    }

    #[test]
    fn values_are_named_by_their_place() {
        let Value::Object(body) = json!({
            "cursor": 1, "limit": "5", "offset": -1, "half": 1.5, "fields": ["a", 2], "query": "x", "totalItems": "no",
            "whole": 5.0
        }) else {
            unreachable!("it is an object")
        };
        let message = |error: ApiError| error.message;
        assert_eq!(
            text(&body, "", "cursor").map_err(message),
            Err("request/body/cursor must be string".into())
        );
        assert_eq!(integer(&body, "limit").map_err(message), Err("request/body/limit must be number".into()));
        assert_eq!(integer(&body, "offset").map_err(message), Err("request/body/offset must be >= 0".into()));
        assert_eq!(integer(&body, "half").map_err(message), Err("request/body/half must be integer".into()));
        assert_eq!(integer(&body, "whole"), Ok(Some(5)));
        assert_eq!(
            texts(&body, "", "fields").map_err(message),
            Err("request/body/fields/1 must be string".into())
        );
        assert_eq!(
            texts(&body, "", "limit").map_err(message),
            Err("request/body/limit must be array".into())
        );
        assert_eq!(query(&body).map_err(message), Err("request/body/query must be object".into()));
        assert_eq!(
            word(&body, "", "totalItems", &["include", "exclude"]).map_err(message),
            Err("request/body/totalItems must be equal to one of the allowed values: include, exclude".into())
        );
    }
}
