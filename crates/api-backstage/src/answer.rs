//! Answers: JSON as Backstage labels it, with an HTTP `ETag` where Backstage gives one.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha1::{Digest, Sha1};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Bytes that most entities stay below: a body that has room for them is not moved while it grows.
pub(crate) const USUAL_ENTITY: usize = 3 * 1024;

/// A JSON body, complete or a stream.
pub(crate) fn json(body: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, JSON)], body.into()).into_response()
}

/// A JSON body with a weak `ETag`, or 304 when the caller has it already.
pub(crate) fn tagged(body: Vec<u8>, request: &HeaderMap) -> Response {
    let tag = weak_tag(&body);
    let mut response =
        if known(request, &tag) { StatusCode::NOT_MODIFIED.into_response() } else { json(body) };
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Length and digest.
fn weak_tag(body: &[u8]) -> String {
    format!("W/\"{:x}-{}\"", body.len(), STANDARD_NO_PAD.encode(Sha1::digest(body)))
}

/// Whether `If-None-Match` names the tag. The comparison is the weak one.
fn known(request: &HeaderMap, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let sought = bare(tag);
    let lists = request.get_all(IF_NONE_MATCH).into_iter().filter_map(|v| v.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .any(|candidate| candidate.trim() == "*" || bare(candidate) == sought)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_tag_is_not_sent_again() {
        let first = tagged(b"{}".to_vec(), &HeaderMap::new());
        assert_eq!(first.status(), 200);
        assert_eq!(first.headers()[CONTENT_TYPE], "application/json; charset=utf-8");
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        assert!(tag.starts_with("W/\"2-"), "{tag}");
        for (sent, status) in [
            (tag.clone(), 304),
            (tag.trim_start_matches("W/").to_owned(), 304),
            (format!("\"x\", {tag}"), 304),
            ("*".to_owned(), 304),
            ("W/\"2-x\"".to_owned(), 200),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, sent.parse().unwrap());
            assert_eq!(tagged(b"{}".to_vec(), &headers).status(), status, "{sent}");
        }
    }
}
