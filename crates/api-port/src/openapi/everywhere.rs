//! What every operation may answer, so that none has to repeat it.

use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};

const TOO_LARGE: (&str, &str) = ("413", "The body is over 1 MiB");
const NOT_LEGAL: (&str, &str) = ("422", "The body is not legal, or not JSON");
const ENCODED: (&str, &str) = ("415", "The body is compressed");
const TOO_MANY: (&str, &str) = ("429", "Too many requests; `Retry-After` says when to come again");
const UNAVAILABLE: (&str, &str) = ("503", "Not now; `Retry-After` says when");

/// Adds what is missing; what an operation says itself stays.
pub(super) fn complete(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        let all = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in all.into_iter().flatten() {
            let with_body = operation.request_body.is_some();
            let of_bodies: &[_] = if with_body { &[TOO_LARGE, ENCODED, NOT_LEGAL] } else { &[] };
            for (status, description) in of_bodies.iter().chain([&TOO_MANY, &UNAVAILABLE]) {
                operation.responses.responses.entry((*status).to_owned()).or_insert_with(|| {
                    let refusal = Content::new(Some(Ref::from_schema_name("Refusal")));
                    let response = ResponseBuilder::new().description(*description);
                    RefOr::T(response.content("application/json", refusal).build())
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::openapi::openapi;

    #[test]
    fn bodies_may_be_too_large_everywhere() {
        for (path, item) in openapi().paths.paths {
            let all = [item.get, item.put, item.post, item.patch, item.delete];
            for operation in all.into_iter().flatten() {
                let answers = operation.responses.responses;
                assert!(answers.contains_key("503") && answers.contains_key("429"), "{path}");
                assert!(operation.request_body.is_none() || answers.contains_key("413"), "{path}");
            }
        }
    }
}
