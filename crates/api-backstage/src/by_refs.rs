//! `POST /entities/by-refs`: many entities at once, in the order asked for.

use axum::extract::State;
use axum::response::Response;
use http::Uri;
use serde_json::{Map, Value};
use stagedoor_portal::{Portal, Scope, View};
use stagedoor_query::Expr;

use crate::answer;
use crate::body::{self, JsonBody};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::items::Items;
use crate::openapi::{ByRefsBody, EntitiesByRefs, FilterParams, Refusal};
use crate::query::{Kind, Parameter, Query};
use crate::walk;

const KNOWN: &[Parameter] = &[Parameter::optional("filter", Kind::Texts)];

/// The entities of these references, `null` where there is none that satisfies filter and query. References
/// are compared as they stand, so they must be lower-case.
#[utoipa::path(
    post,
    path = "/api/catalog/entities/by-refs",
    operation_id = "entities_by_refs",
    tag = "entities",
    params(FilterParams),
    request_body = ByRefsBody,
    responses(
        (status = 200, description = "As many items as references", body = EntitiesByRefs),
        (status = 400, description = "Refused body or parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn post(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let query = Query::of(&uri, KNOWN)?;
    let request = ByRefs::of(&query, body)?;
    Ok(answer::json(request.answer(&portal.view(&viewer)?)))
}

#[derive(Debug)]
struct ByRefs {
    references: Vec<String>,
    condition: Expr,
    fields: Option<Fields>,
}

impl ByRefs {
    fn of(query: &Query, body: Option<Map<String, Value>>) -> Result<Self, ApiError> {
        let body = body.ok_or_else(|| {
            ApiError::input(
                "Malformed request body (did you remember to specify an application/json content type?), \
                 Validation error: Required",
            )
        })?;
        let references =
            body::texts(&body, "", "entityRefs")?.ok_or_else(|| body::lacks("", "entityRefs"))?;
        let fields = Fields::parse(&body::texts(&body, "", "fields")?.unwrap_or_default())?;
        let condition = walk::condition(&query.texts("filter"), body::query(&body)?.as_ref())?;
        Ok(Self { references, condition, fields })
    }

    fn answer(&self, view: &View) -> Vec<u8> {
        let wanted = (self.condition != Expr::All).then(|| view.select(&self.condition, Scope::Backstage));
        let mut items = Items::new(view, self.fields.as_ref());
        let mut out = Vec::with_capacity(64 + self.references.len().min(1000) * answer::USUAL_ENTITY);
        out.extend_from_slice(b"{\"items\":[");
        for (i, reference) in self.references.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            let node = view.by_ref(reference).filter(|node| view.in_backstage(*node));
            match node.filter(|node| wanted.as_ref().is_none_or(|wanted| wanted.contains(*node))) {
                Some(node) => items.append(node, &mut out),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(b"]}");
        out
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn malformed_bodies() {
        let refusal = |body: Option<Value>| {
            let body = body.and_then(|body| body.as_object().cloned());
            ByRefs::of(&Query::default(), body).map_err(|e| e.message).err().unwrap_or_default()
        };
        assert!(
            refusal(None)
                .starts_with("Malformed request body (did you remember to specify an application/json")
        );
        for (body, message) in [
            (json!({}), "request/body must have required property 'entityRefs'"),
            (json!({"unknown": 7}), "request/body must have required property 'entityRefs'"),
            (json!({"entityRefs": 7}), "request/body/entityRefs must be array"),
            (json!({"entityRefs": [7]}), "request/body/entityRefs/0 must be string"),
            (json!({"entityRefs": [], "fields": 7}), "request/body/fields must be array"),
            (json!({"entityRefs": [], "query": []}), "request/body/query must be object"),
            (json!({"entityRefs": [], "unknown": 7}), ""),
        ] {
            assert_eq!(refusal(Some(body)), message);
        }
    }
}
