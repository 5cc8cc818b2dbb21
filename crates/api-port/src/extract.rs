//! What handlers take from a request: the caller, names in the path, the body.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, header};
use serde_json::Value;
use stagedoor_auth::Viewer;

use crate::error::Failure;

/// The viewer that authentication found, or 401.
pub(crate) struct Caller(pub(crate) Viewer);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Viewer>().cloned().map(Self).ok_or_else(Failure::unauthorized)
    }
}

/// The blueprint in `/blueprints/{blueprint}/...`.
pub(crate) struct OfBlueprint(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for OfBlueprint {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self(decode(split(parts.uri.path()).0, false)))
    }
}

/// The entity in `/blueprints/{blueprint}/entities/{identifier}`; a slash of the identifier may be encoded or not.
pub(crate) struct OfEntity {
    pub(crate) blueprint: String,
    pub(crate) identifier: String,
}

impl<S: Sync> FromRequestParts<S> for OfEntity {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let (blueprint, identifier) = split(parts.uri.path());
        Ok(Self { blueprint: decode(blueprint, false), identifier: decode(identifier, false) })
    }
}

/// What the path ends with: `/users/{user}`, `/teams/{team}`. A slash in the name has to be encoded.
pub(crate) struct OfName(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for OfName {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let path = parts.uri.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        Ok(Self(decode(path.rsplit('/').next().unwrap_or_default(), false)))
    }
}

/// Blueprint and identifier as the raw path has them. One slash at the end belongs to the path.
fn split(path: &str) -> (&str, &str) {
    let rest = path.split_once("/blueprints/").map_or("", |(_, rest)| rest);
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (blueprint, rest) = rest.split_once('/').unwrap_or((rest, ""));
    (blueprint, rest.strip_prefix("entities/").unwrap_or(""))
}

/// Undoes percent-encoding; in a query a plus is a space. What is no encoding stays as it is.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> String {
    let hex = |b: Option<&u8>| b.and_then(|b| (*b as char).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(byte) = bytes.get(i) {
        match (byte, hex(bytes.get(i + 1)), hex(bytes.get(i + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                i += 2;
            }
            (b'+', ..) if plus_is_space => out.push(b' '),
            _ => out.push(*byte),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A JSON body, whatever its content type says. Not JSON: 422, as Port's API describes no 400.
pub(crate) struct Body(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let text = "Request body is too large (limit is 1MiB)";
                return Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", text);
            }
            Failure::invalid("the body could not be read")
        })?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(Failure::invalid(format!("body must be valid JSON: {error}"))),
        }
    }
}

/// A reply whose JSON text is at hand.
pub(crate) fn json_text(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::{decode, split};

    #[test]
    fn paths_are_split_before_they_are_decoded() {
        for (path, blueprint, identifier) in [
            ("/blueprints/a", "a", ""),
            ("/blueprints/a/", "a", ""),
            ("/blueprints/a%2Fb/entities", "a/b", ""),
            ("/blueprints/a/entities-count", "a", ""),
            ("/blueprints/a/entities/x", "a", "x"),
            ("/blueprints/a/entities/x/", "a", "x"),
            ("/blueprints/a/entities/x%2F", "a", "x/"),
            (
                "/v1/blueprints/component/entities/component%3Adefault%2Forders",
                "component",
                "component:default/orders",
            ),
            (
                "/blueprints/component/entities/component:default/orders",
                "component",
                "component:default/orders",
            ),
            ("/blueprints/a/entities/gr%C3%B6%C3%9Fe%20%zz%4", "a", "größe %zz%4"),
            ("/blueprints/a/entities/a+b", "a", "a+b"),
            ("/blueprints/a/entities/%2E%2E%2Fx", "a", "../x"),
            ("/blueprints/a/entities//blueprints/b", "a", "/blueprints/b"),
        ] {
            let (b, i) = split(path);
            assert_eq!(
                (decode(b, false).as_str(), decode(i, false).as_str()),
                (blueprint, identifier),
                "{path}"
            );
        }
        assert_eq!(decode("a+b%2Bc", true), "a b+c");
    }
}
