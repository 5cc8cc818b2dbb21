//! `/entities/by-query`: pages of a search, forwards and backwards.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use serde_json::{Map, Value};
use stagedoor_portal::{Portal, View};

use crate::answer;
use crate::body::{self, JsonBody};
use crate::caller::Caller;
use crate::cursor::{Cursor, Direction, FullText, OrderField, Place, Search};
use crate::error::ApiError;
use crate::fields::Fields;
use crate::items::Items;
use crate::openapi::{ByQueryBody, ByQueryParams, EntitiesPage, Refusal};
use crate::query::{Kind, Parameter, Query};
use crate::walk::{Row, Walk};

const DEFAULT_LIMIT: u64 = 200;

const TOTAL_ITEMS: &[&str] = &["include", "exclude"];

const KNOWN: &[Parameter] = &[
    Parameter::optional("fields", Kind::Texts),
    Parameter::optional("limit", Kind::Integer),
    Parameter::optional("offset", Kind::Integer),
    Parameter::optional("orderField", Kind::Texts),
    Parameter::optional("cursor", Kind::Text),
    Parameter::optional("filter", Kind::Texts),
    Parameter::optional("totalItems", Kind::Word(TOTAL_ITEMS)),
    Parameter::optional("fullTextFilterTerm", Kind::Text),
    Parameter::optional("fullTextFilterFields", Kind::Texts),
];

/// A page of the entities that a search finds. A cursor wins over everything but `limit` and `fields`.
#[utoipa::path(
    get,
    path = "/api/catalog/entities/by-query",
    operation_id = "query_entities",
    tag = "entities",
    params(ByQueryParams),
    responses(
        (status = 200, description = "A page", body = EntitiesPage),
        (status = 304, description = "Not changed"),
        (status = 400, description = "Refused parameters", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn get(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let request = ByQuery::of_query(&Query::of(&uri, KNOWN)?)?;
    let body = request.answer(&portal.view(&viewer)?)?;
    Ok(if request.fields.is_some() { answer::tagged(body, &headers) } else { answer::json(body) })
}

/// The same with a predicate query.
#[utoipa::path(
    post,
    path = "/api/catalog/entities/by-query",
    operation_id = "query_entities_by_predicate",
    tag = "entities",
    request_body = ByQueryBody,
    responses(
        (status = 200, description = "A page", body = EntitiesPage),
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
    let request = ByQuery::of_body(&body.unwrap_or_default())?;
    Ok(answer::json(request.answer(&portal.view(&viewer)?)?))
}

/// A request for a page.
#[derive(Debug)]
struct ByQuery {
    search: Search,
    from: Option<Cursor>,
    limit: u64,
    offset: u64,
    fields: Option<Fields>,
    count: bool,
}

impl ByQuery {
    fn of_query(query: &Query) -> Result<Self, ApiError> {
        let fields = Fields::parse(&query.all("fields"))?;
        let limit = query.integer("limit").unwrap_or(DEFAULT_LIMIT);
        if let Some(cursor) = query.one("cursor") {
            return Self::resume(cursor, limit, fields);
        }
        let text_fields: Vec<String> = query
            .all("fullTextFilterFields")
            .into_iter()
            .flat_map(|f| f.split(','))
            .map(str::to_owned)
            .collect();
        let full_text = query.one("fullTextFilterTerm").map(|term| FullText {
            term: term.to_owned(),
            fields: (!text_fields.is_empty()).then_some(text_fields),
        });
        let search = Search {
            filter: query.texts("filter"),
            query: None,
            order_fields: query.all("orderField").into_iter().map(order_field).collect::<Result<_, _>>()?,
            full_text_filter: full_text,
        };
        let (offset, count) =
            (query.integer("offset").unwrap_or(0), query.one("totalItems") != Some("exclude"));
        Ok(Self { search, from: None, limit, offset, fields, count })
    }

    fn of_body(map: &Map<String, Value>) -> Result<Self, ApiError> {
        let search = Search {
            filter: Vec::new(),
            query: body::query(map)?,
            order_fields: order_by(map)?,
            full_text_filter: full_text(map)?,
        };
        let fields = Fields::parse(&body::texts(map, "", "fields")?.unwrap_or_default())?;
        let limit = body::integer(map, "limit")?.unwrap_or(DEFAULT_LIMIT);
        let offset = body::integer(map, "offset")?.unwrap_or(0);
        let count = body::word(map, "", "totalItems", TOTAL_ITEMS)? != Some("exclude");
        match body::text(map, "", "cursor")? {
            Some("") => Err(ApiError::input("Cursor cannot be empty")),
            Some(cursor) => Self::resume(cursor, limit, fields),
            None => Ok(Self { search, from: None, limit, offset, fields, count }),
        }
    }

    fn resume(cursor: &str, limit: u64, fields: Option<Fields>) -> Result<Self, ApiError> {
        let cursor = Cursor::decode(cursor)?;
        Ok(Self { search: cursor.search.clone(), from: Some(cursor), limit, offset: 0, fields, count: false })
    }

    fn answer(&self, view: &View) -> Result<Vec<u8>, ApiError> {
        let page = self.page(view)?;
        let mut out = Vec::with_capacity(1024 + page.rows.len().min(1000) * answer::USUAL_ENTITY);
        out.extend_from_slice(b"{\"items\":[");
        Items::new(view, self.fields.as_ref()).append_all(page.rows.iter().map(|row| row.node), &mut out);
        let cursors = [("nextCursor", &page.next), ("prevCursor", &page.previous)];
        let info: Map<String, Value> = cursors
            .iter()
            .filter_map(|(key, c)| Some(((*key).to_owned(), c.as_ref()?.encode().into())))
            .collect();
        let tail = format!("],\"totalItems\":{},\"pageInfo\":{}}}", page.total, Value::Object(info));
        out.extend_from_slice(tail.as_bytes());
        Ok(out)
    }

    fn page(&self, view: &View) -> Result<Page, ApiError> {
        let walk = Walk::new(&self.search)?;
        let selection = walk.select(view);
        let total = match &self.from {
            Some(cursor) => cursor.total_items,
            None if self.count => walk.total(&selection),
            None => 0,
        };
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if limit == 0 {
            return Ok(Page { rows: Vec::new(), total, next: None, previous: None });
        }
        let backwards = self.from.as_ref().is_some_and(|cursor| cursor.is_previous);
        let place = self.from.as_ref().and_then(|cursor| cursor.order_field_values.as_ref());
        let rows = walk.rows(&selection, place, backwards);
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        // One more than asked for tells whether there is a next page; backwards there always is.
        let wanted = if backwards { limit } else { limit.saturating_add(1) };
        let mut rows: Vec<Row> = rows.skip(offset).take(wanted).collect();
        let more = backwards || rows.len() > limit;
        rows.truncate(limit);
        if backwards {
            rows.reverse();
        }
        let (next, previous) = self.cursors(view, &rows, total, more);
        Ok(Page { rows, total, next, previous })
    }

    /// The cursors to the pages behind and before these rows.
    fn cursors(&self, view: &View, rows: &[Row], total: u64, more: bool) -> (Option<Cursor>, Option<Cursor>) {
        let first = rows.first().map(|row| row.place(view));
        let begin = self.from.as_ref().map(|cursor| &cursor.first_sort_field_values).or(first.as_ref());
        let Some(begin) = begin else { return (None, None) };
        let cursor = |place: Option<Place>, is_previous| Cursor {
            search: self.search.clone(),
            order_field_values: place,
            first_sort_field_values: begin.clone(),
            is_previous,
            total_items: total,
        };
        let next = more.then(|| cursor(rows.last().map(|row| row.place(view)), false));
        let back = first.clone().filter(|first| self.from.is_some() && first != begin);
        (next, back.map(|first| cursor(Some(first), true)))
    }
}

struct Page {
    rows: Vec<Row>,
    total: u64,
    next: Option<Cursor>,
    previous: Option<Cursor>,
}

/// `<field>`, `<field>,asc` or `<field>,desc`.
fn order_field(text: &str) -> Result<OrderField, ApiError> {
    let mut parts = text.split(',');
    let field = parts.next().unwrap_or_default().to_owned();
    let order = parts.next().map_or(Some(Direction::Asc), Direction::parse);
    let order = order.ok_or_else(|| ApiError::input("Invalid order field order, must be asc or desc"))?;
    Ok(OrderField { field, order })
}

fn order_by(map: &Map<String, Value>) -> Result<Vec<OrderField>, ApiError> {
    let Some(value) = map.get("orderBy") else { return Ok(Vec::new()) };
    let list = value.as_array().ok_or_else(|| body::must("/orderBy", "be array"))?;
    let item = |(i, value): (usize, &Value)| {
        let at = format!("/orderBy/{i}");
        let map = value.as_object().ok_or_else(|| body::must(&at, "be object"))?;
        let field = body::text(map, &at, "field")?.ok_or_else(|| body::lacks(&at, "field"))?.to_owned();
        let order =
            body::word(map, &at, "order", &["asc", "desc"])?.ok_or_else(|| body::lacks(&at, "order"))?;
        Ok(OrderField { field, order: Direction::parse(order).unwrap_or_default() })
    };
    list.iter().enumerate().map(item).collect()
}

fn full_text(map: &Map<String, Value>) -> Result<Option<FullText>, ApiError> {
    let Some(filter) = body::map(map, "fullTextFilter")? else { return Ok(None) };
    let term = body::text(filter, "/fullTextFilter", "term")?.unwrap_or_default().to_owned();
    Ok(Some(FullText { term, fields: body::texts(filter, "/fullTextFilter", "fields")? }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_query(query: &str) -> Result<ByQuery, String> {
        let uri: Uri = format!("/entities/by-query?{query}").parse().unwrap();
        Query::of(&uri, KNOWN).and_then(|query| ByQuery::of_query(&query)).map_err(|e| e.message)
    }

    fn of_body(body: Value) -> Result<ByQuery, String> {
        let Value::Object(map) = body else { unreachable!("bodies are objects") };
        ByQuery::of_body(&map).map_err(|e| e.message)
    }

    #[test]
    fn both_methods_read_the_same_search() {
        let get = of_query(
            "orderField=metadata.name,desc&fullTextFilterTerm=a&fullTextFilterFields=b,c&limit=5&offset=2",
        );
        let post = of_body(json!({
            "orderBy": [{"field": "metadata.name", "order": "desc"}], "limit": 5, "offset": 2,
            "fullTextFilter": {"term": "a", "fields": ["b", "c"]},
        }));
        let (get, post) = (get.unwrap(), post.unwrap());
        assert_eq!(get.search, post.search);
        assert_eq!((get.limit, get.offset, get.count), (post.limit, post.offset, post.count));
    }

    #[test]
    fn defaults() {
        for request in [of_query("").unwrap(), of_body(json!({})).unwrap()] {
            assert_eq!((request.limit, request.offset, request.count), (200, 0, true));
            assert_eq!((request.search, request.fields), (Search::default(), None));
        }
        let sorted = of_query("orderField=metadata.name&totalItems=exclude").unwrap();
        assert_eq!((sorted.search.order_fields[0].order, sorted.count), (Direction::Asc, false));
    }

    #[test]
    fn refusals() {
        let order = "Invalid order field order, must be asc or desc";
        assert_eq!(of_query("orderField=metadata.name,up").unwrap_err(), order);
        assert!(of_query("cursor=badcursor").unwrap_err().starts_with("Malformed cursor: "));
        for (body, message) in [
            (json!({"query": "x"}), "request/body/query must be object"),
            (json!({"query": []}), "request/body/query must be object"),
            (
                json!({"orderBy": [{"field": "a"}]}),
                "request/body/orderBy/0 must have required property 'order'",
            ),
            (json!({"orderBy": {}}), "request/body/orderBy must be array"),
            (json!({"limit": "1"}), "request/body/limit must be number"),
            (json!({"limit": -1}), "request/body/limit must be >= 0"),
            (json!({"offset": 1.5}), "request/body/offset must be integer"),
            (json!({"cursor": ""}), "Cursor cannot be empty"),
            (json!({"fullTextFilter": {"term": 1}}), "request/body/fullTextFilter/term must be string"),
            (
                json!({"orderBy": [{"field": "a", "order": "up"}]}),
                "request/body/orderBy/0/order must be equal to one of the allowed values: asc, desc",
            ),
        ] {
            assert_eq!(of_body(body).unwrap_err(), message);
        }
        assert!(of_body(json!({"unknown": 1})).is_ok());
    }
}
