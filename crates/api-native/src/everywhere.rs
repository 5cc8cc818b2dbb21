//! What every operation that takes a body may answer, so that none has to repeat it.

use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};

const REFUSALS: [(&str, &str); 4] = [
    ("400", "The body is not JSON"),
    ("413", "The body is too large"),
    ("415", "The body is compressed, or of another type"),
    ("422", "The body is not legal"),
];

/// Adds what is missing; what an operation says itself stays.
pub(crate) fn complete(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        let all = [&mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in all.into_iter().flatten().filter(|operation| operation.request_body.is_some()) {
            for (status, description) in REFUSALS {
                operation.responses.responses.entry(status.to_owned()).or_insert_with(|| {
                    let refusal = Content::new(Some(Ref::from_schema_name("ErrorBody")));
                    let response = ResponseBuilder::new().description(description);
                    RefOr::T(response.content("application/json", refusal).build())
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn bodies_may_be_refused_everywhere() {
        for (path, item) in crate::openapi().paths.paths {
            let all = [item.put, item.post, item.patch, item.delete];
            for operation in all.into_iter().flatten().filter(|o| o.request_body.is_some()) {
                for status in ["400", "413", "415", "422"] {
                    assert!(operation.responses.responses.contains_key(status), "{path}: {status}");
                }
            }
        }
    }
}
