//! Single entities by name and by uid, and `GET /entities`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::LINK;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use stagedoor_portal::{Portal, Scope, View};
use stagedoor_query::NodeId;

use crate::caller::Caller;
use crate::cursor::{After, Direction, OrderField, Search};
use crate::error::ApiError;
use crate::fields::Fields;
use crate::items::Items;
use crate::openapi::{EntityDocument, ListParams, Refusal};
use crate::query::{Kind, Parameter, Query, encode, pairs, segments};
use crate::{answer, stream, walk};

const LIST: &[Parameter] = &[
    Parameter::optional("filter", Kind::Texts),
    Parameter::optional("fields", Kind::Texts),
    Parameter::optional("order", Kind::Texts),
    Parameter::optional("limit", Kind::Integer),
    Parameter::optional("offset", Kind::Integer),
    Parameter::optional("after", Kind::Text),
];

/// All entities, or a page of them when `limit`, `offset` or `after` is given.
#[utoipa::path(
    get,
    path = "/api/catalog/entities",
    operation_id = "list_entities",
    tag = "entities",
    params(ListParams),
    responses(
        (status = 200, description = "Entities; the header `Link` leads to the next page", body = Vec<EntityDocument>),
        (status = 304, description = "Not changed"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let request = List::of(&uri)?;
    match request.paging {
        Some(paging) => request.page(&portal.view(&viewer)?, paging, &uri, &headers),
        None => stream::all(portal, viewer, &request.search(), request.fields),
    }
}

/// A request for a list.
struct List {
    filter: Vec<String>,
    fields: Option<Fields>,
    order: Vec<OrderField>,
    paging: Option<After>,
}

impl List {
    fn of(uri: &Uri) -> Result<Self, ApiError> {
        let query = Query::of(uri, LIST)?;
        Ok(Self {
            filter: query.texts("filter"),
            fields: Fields::parse(&query.all("fields"))?,
            order: query.all("order").into_iter().map(order).collect::<Result<_, _>>()?,
            paging: paging(&query)?,
        })
    }

    /// Without paging only the first order field counts.
    fn search(&self) -> Search {
        let order_fields = self.order.iter().take(1).cloned().collect();
        Search { filter: self.filter.clone(), order_fields, ..Search::default() }
    }

    fn page(&self, view: &View, paging: After, uri: &Uri, headers: &HeaderMap) -> Result<Response, ApiError> {
        let offset = paging.offset.unwrap_or(0);
        let limit = paging.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let selection = view.select(&walk::condition(&self.filter, None)?, Scope::Backstage);
        let nodes =
            walk::ordered(&selection, &self.order).skip(usize::try_from(offset).unwrap_or(usize::MAX));
        let mut nodes: Vec<NodeId> = nodes.take(limit.saturating_add(1)).collect();
        let more = nodes.len() > limit;
        nodes.truncate(limit);
        let mut body = vec![b'['];
        Items::new(view, self.fields.as_ref()).append_all(nodes.into_iter(), &mut body);
        body.push(b']');
        let mut response =
            if self.fields.is_some() { answer::tagged(body, headers) } else { answer::json(body) };
        if more {
            let next = After { limit: paging.limit, offset: Some(offset.saturating_add(limit as u64)) };
            response.headers_mut().extend(link(uri, next).map(|link| (LINK, link)));
        }
        Ok(response)
    }
}

/// `asc:<field>` or `desc:<field>`.
fn order(text: &str) -> Result<OrderField, ApiError> {
    let parts = text.split_once(':').filter(|(_, field)| !field.is_empty());
    let parts = parts.and_then(|(order, field)| Some((Direction::parse(order)?, field.to_owned())));
    let (order, field) = parts.ok_or_else(|| {
        ApiError::input(format!(
            "Invalid order parameter \"{text}\", expected \"<asc or desc>:<field name>\""
        ))
    })?;
    Ok(OrderField { field, order })
}

/// What `limit`, `offset` and `after` say together; `after` wins.
fn paging(query: &Query) -> Result<Option<After>, ApiError> {
    let (limit, offset) = (query.integer("limit"), query.integer("offset"));
    let after = query.one("after").map(After::decode).transpose()?;
    if limit == Some(0) || after.is_some_and(|after| after.limit == Some(0)) {
        return Err(ApiError::input("Invalid limit, must be greater than zero"));
    }
    if limit.is_none() && offset.is_none() && after.is_none() {
        return Ok(None);
    }
    let after = after.unwrap_or(After { limit: None, offset: None });
    Ok(Some(After { limit: after.limit.or(limit), offset: after.offset.or(offset) }))
}

/// The same request with another `after`, relative to the mount.
fn link(uri: &Uri, next: After) -> Option<HeaderValue> {
    let mut query = pairs(uri.query().unwrap_or_default());
    query.retain(|(name, _)| name != "offset");
    let at = query.iter().position(|(name, _)| name == "after").unwrap_or(query.len());
    query.retain(|(name, _)| name != "after");
    query.insert(at, ("after".into(), next.encode()));
    HeaderValue::try_from(format!("<{}?{}>; rel=\"next\"", uri.path(), encode(&query))).ok()
}

/// The entity of a kind, namespace and name, in any case.
#[utoipa::path(
    get,
    path = "/api/catalog/entities/by-name/{kind}/{namespace}/{name}",
    operation_id = "entity_by_name",
    tag = "entities",
    params(
        ("kind" = String, Path, description = "Kind, such as `Component`", min_length = 1),
        ("namespace" = String, Path, description = "Namespace, such as `default`", min_length = 1),
        ("name" = String, Path, description = "Name", min_length = 1),
    ),
    responses(
        (status = 200, description = "The entity", body = EntityDocument),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 404, description = "No such entity", body = Refusal),
    )
)]
pub(crate) async fn by_name(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let view = portal.view(&viewer)?;
    let segments = segments(&uri);
    let [_, _, kind, namespace, name] = segments.as_slice() else { return Err(ApiError::not_found("")) };
    let node = view.by_name(kind, namespace, name);
    single(&view, node).ok_or_else(|| {
        let message =
            format!("No entity named '{name}' found, with kind '{kind}' in namespace '{namespace}'");
        ApiError::not_found(message)
    })
}

/// The entity of a uid.
#[utoipa::path(
    get,
    path = "/api/catalog/entities/by-uid/{uid}",
    operation_id = "entity_by_uid",
    tag = "entities",
    params(("uid" = String, Path, description = "`metadata.uid`", min_length = 1)),
    responses(
        (status = 200, description = "The entity", body = EntityDocument),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 404, description = "No such entity", body = Refusal),
    )
)]
pub(crate) async fn by_uid(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let view = portal.view(&viewer)?;
    let uid = segments(&uri).pop().unwrap_or_default();
    single(&view, view.by_uid(&uid)).ok_or_else(|| ApiError::not_found(format!("No entity with uid {uid}")))
}

/// Deletes the entity of a uid. One that a source still states comes back.
#[utoipa::path(
    delete,
    path = "/api/catalog/entities/by-uid/{uid}",
    operation_id = "delete_entity_by_uid",
    tag = "entities",
    params(("uid" = String, Path, description = "`metadata.uid`", min_length = 1)),
    responses(
        (status = 204, description = "Deleted, or was not there"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn delete_by_uid(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let uid = segments(&uri).pop().unwrap_or_default();
    portal.delete_by_uid(&viewer, &uid).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// One entity, if this dialect shows it.
fn single(view: &View, node: Option<NodeId>) -> Option<Response> {
    let node = node.filter(|node| view.in_backstage(*node))?;
    let mut body = Vec::with_capacity(4096);
    view.append_backstage(node, &mut body);
    Some(answer::json(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(query: &str) -> Result<List, String> {
        List::of(&format!("/entities?{query}").parse().unwrap()).map_err(|e| e.message)
    }

    #[test]
    fn orders_name_direction_and_field() {
        let order = list("order=desc:metadata.annotations.a:b&order=asc:kind").unwrap().order;
        let field = |field: &str, order| OrderField { field: field.into(), order };
        assert_eq!(
            order,
            [field("metadata.annotations.a:b", Direction::Desc), field("kind", Direction::Asc)]
        );
        for bad in ["up:kind", "asc:", "kind", "ASC:kind"] {
            let message =
                format!("Invalid order parameter \"{bad}\", expected \"<asc or desc>:<field name>\"");
            assert_eq!(list(&format!("order={bad}")).err(), Some(message));
        }
    }

    #[test]
    fn paging_begins_with_any_of_its_parameters() {
        let paging = |query: &str| list(query).map(|l| l.paging);
        let after = After { limit: Some(2), offset: Some(4) };
        assert_eq!(paging("filter=kind"), Ok(None));
        assert_eq!(paging("limit=5"), Ok(Some(After { limit: Some(5), offset: None })));
        assert_eq!(paging("offset=0"), Ok(Some(After { limit: None, offset: Some(0) })));
        assert_eq!(paging(&format!("limit=9&offset=9&after={}", after.encode())), Ok(Some(after)));
        for zero in
            ["limit=0".to_owned(), format!("after={}", After { limit: Some(0), offset: None }.encode())]
        {
            assert_eq!(paging(&zero), Err("Invalid limit, must be greater than zero".into()));
        }
        assert_eq!(paging("after=x"), Err("Malformed after cursor, could not be parsed".into()));
    }

    #[test]
    fn the_link_is_the_request_with_another_after() {
        let next = After { limit: Some(2), offset: Some(4) };
        let link = |uri: &str| link(&uri.parse().unwrap(), next).unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            link("/entities?filter=kind=a,b&limit=2&offset=2"),
            "</entities?filter=kind%3Da%2Cb&limit=2&after=eyJsaW1pdCI6Miwib2Zmc2V0Ijo0fQ%3D%3D>; rel=\"next\""
        );
        assert_eq!(
            link("/entities?after=x&fields=kind"),
            "</entities?after=eyJsaW1pdCI6Miwib2Zmc2V0Ijo0fQ%3D%3D&fields=kind>; rel=\"next\""
        );
    }
}
