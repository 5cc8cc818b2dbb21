//! Table pages: rows, total, groups and facet counts of a query in one call.

mod cells;
pub(crate) mod export;
mod facets;
mod field;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stagedoor_portal::{Portal, View};
use stagedoor_query::dialect::port::containing;
use stagedoor_query::page::By;
use stagedoor_query::{Expr, NodeId, Selection};
use utoipa::ToSchema;

use self::cells::Row;
use self::facets::{Facet, Group};
use self::field::TableField;
use crate::Api;
use crate::computed::view_for;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::queries::{Asked, Asking, QueryInput, QueryNote, aside, known_blueprint};

/// The longest name of a field that is looked for, in bytes: a relation's and a property's.
const LONGEST_NAME: usize = 4096;
/// Columns, facets and the like, at most of each.
const MOST_FIELDS: usize = 200;
/// Columns that an order has, at most.
const MOST_SORTS: usize = 10;
/// Rows of one answer, at most.
const MOST_ROWS: usize = 1_000;

/// What a table shows. Fields are named as in the query language: `$title`, `tier`, `owner`, `owner.size`.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TableRequest {
    /// Identifier of the blueprint; all blueprints when absent.
    pub(crate) blueprint: Option<String>,
    /// Which entities: text, or Port's search rules. All when absent.
    pub(crate) query: Option<QueryInput>,
    /// Besides, only those with this text in their title, name, identifier, description or a tag, in any case.
    #[serde(default)]
    pub(crate) search: String,
    /// Besides, only those with these values: the rows of a group.
    #[serde(default)]
    pub(crate) within: Vec<Within>,
    /// By title when absent.
    pub(crate) sort: Option<Vec<SortRequest>>,
    #[serde(default)]
    pub(crate) offset: u64,
    /// 0..1000, 50 when absent.
    pub(crate) limit: Option<usize>,
    /// Fields whose values the rows have.
    pub(crate) columns: Option<Vec<String>>,
    /// Where it is not said which: those of some fields, the first so many, for which one entity in five or more has a value.
    pub(crate) usual: Option<UsualColumns>,
    /// Fields to count values of. The query's own conditions on a field do not count for its facet.
    #[serde(default)]
    pub(crate) facets: Vec<String>,
    /// Groups instead of rows.
    pub(crate) group: Option<GroupRequest>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsualColumns {
    /// The most telling first. The first is always shown.
    pub(crate) fields: Vec<String>,
    pub(crate) most: usize,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Within {
    field: String,
    /// Null means that there is none.
    value: Value,
}

#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SortRequest {
    pub(crate) field: String,
    pub(crate) order: SortOrder,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SortOrder {
    Asc,
    Desc,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupRequest {
    field: String,
    /// The largest first instead of by value.
    #[serde(default)]
    by_count: bool,
    #[serde(default)]
    offset: usize,
    /// 1..1000, 100 when absent.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Table {
    /// Entities that the query finds, on all pages.
    pub(crate) total: u64,
    /// The commit that the page shows.
    revision: u64,
    /// The query as the language writes it.
    query: String,
    /// The same as Port's search rules.
    #[schema(value_type = Object)]
    rules: Value,
    /// The columns that the rows have values for.
    columns: Vec<String>,
    rows: Vec<Row>,
    /// By field.
    #[schema(value_type = std::collections::HashMap<String, Facet>)]
    facets: IndexMap<String, Facet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Groups>,
    /// Names in the query that nothing has.
    notes: Vec<QueryNote>,
    /// Fields that were asked for and that nothing has.
    unknown_fields: Vec<String>,
    /// Of the fields that are levels of a scorecard: these levels, the base first.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    #[schema(value_type = std::collections::HashMap<String, Vec<LevelLook>>)]
    levels: IndexMap<String, Vec<LevelLook>>,
}

/// A level as it is shown.
#[derive(Serialize, ToSchema)]
struct LevelLook {
    title: String,
    color: String,
}

#[derive(Serialize, ToSchema)]
struct Groups {
    /// How many groups there are on all pages.
    total: usize,
    values: Vec<Group>,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/tables", post(tables)).merge(export::routes())
}

/// One page of a table: of one blueprint, or across all.
#[utoipa::path(
    post, path = "/tables", request_body = TableRequest,
    responses(
        (status = 200, body = Table), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn tables(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<TableRequest>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<Table>, ApiError> {
    let Json(request) = body?;
    let view = api.portal.view(&viewer)?;
    aside(move || {
        let view = with_computed(&api.portal, view, &request)?;
        table(&view, &request).map(Json)
    })
    .await
}

/// The view with what is computed from scorecards in it, where the table is of that. Facets and columns look at more than
/// the query finds: at all there is, as long as that is not too much.
pub(crate) fn with_computed(portal: &Portal, view: View, request: &TableRequest) -> Result<View, ApiError> {
    view_for(portal, view, request.blueprint.as_deref(), |base| {
        let asking = Asking::new(base);
        let narrow = Question::new(&asking, request)?.expr();
        let wide = request.usual.is_some() || !request.facets.is_empty();
        Ok(if wide { vec![Expr::All, narrow] } else { vec![narrow] })
    })
}

/// One page of a table, for whoever the view is.
pub(crate) fn table(view: &View, request: &TableRequest) -> Result<Table, ApiError> {
    let asking = Asking::new(view);
    let mut asked = Question::new(&asking, request)?;
    let selection = asking.select(&asked.expr());
    let columns = match (&request.columns, &request.usual) {
        (Some(columns), _) => asked.fields(columns)?,
        (None, Some(usual)) => asked.usual(usual)?,
        (None, None) => Vec::new(),
    };
    let facets = asked.facets(&request.facets, &selection)?;
    let (mut rows, mut groups) = (Vec::new(), None);
    match &request.group {
        Some(group) => groups = asked.groups(group, &selection)?,
        None => {
            let nodes = asked.page(&selection, request)?;
            let wanted = |key: &str| columns.iter().any(|c| c.is_derived(key));
            view.prepare_derived(&nodes, &wanted);
            rows.extend(nodes.into_iter().filter_map(|n| Row::of(view, n, &columns)));
        }
    }
    let columns = columns.into_iter().map(|c| c.name).collect();
    let Question { asked, unknown_fields, levels, .. } = asked;
    let (query, rules, notes) = (asked.text, asked.rules, asked.notes);
    let (total, revision) = (selection.len(), view.revision());
    Ok(Table { total, revision, query, rules, columns, rows, facets, groups, notes, unknown_fields, levels })
}

/// A request, understood.
pub(crate) struct Question<'q, 'v> {
    asking: &'q Asking<'v>,
    only: Option<&'q str>,
    pub(crate) asked: Asked,
    /// The conditions of `within`.
    within: Vec<Expr>,
    pub(crate) unknown_fields: Vec<String>,
    levels: IndexMap<String, Vec<LevelLook>>,
}

impl<'q, 'v> Question<'q, 'v> {
    pub(crate) fn new(asking: &'q Asking<'v>, request: &'q TableRequest) -> Result<Self, ApiError> {
        let only = request.blueprint.as_deref();
        known_blueprint(asking.view, only)?;
        let columns = request.columns.as_ref().map_or(0, Vec::len);
        for (what, list) in [("columns", columns), ("facets", request.facets.len())] {
            at_most(what, list, MOST_FIELDS)?;
        }
        let named = request.columns.iter().flatten().chain(&request.facets);
        if named.into_iter().any(|name| name.len() > LONGEST_NAME) {
            return Err(ApiError::invalid(format!("a field's name has at most {LONGEST_NAME} bytes")));
        }
        at_most("sort", request.sort.as_ref().map_or(0, Vec::len), MOST_SORTS)?;
        at_most("within", request.within.len(), MOST_SORTS)?;
        let asked = asking.read(request.query.as_ref().unwrap_or(&everything()), only)?;
        let (within, unknown_fields, levels) = (Vec::new(), Vec::new(), IndexMap::new());
        let mut question = Self { asking, only, asked, within, unknown_fields, levels };
        if !request.search.trim().is_empty() {
            question.within.push(containing(&request.search));
        }
        for within in &request.within {
            let field = TableField::read(asking, only, &within.field)?;
            let expr = question.having(&field, &within.value)?;
            question.within.push(expr);
        }
        Ok(question)
    }

    /// The entities whose field has a value.
    fn having(&self, field: &TableField, value: &Value) -> Result<Expr, ApiError> {
        let rules = json!({"combinator": "and", "rules": [field.equals(value)]});
        let compiled = self.asking.compile(&rules, self.only);
        compiled.map_err(|e| ApiError::invalid(format!("within, field \"{}\": {}", field.name, e.message)))
    }

    /// What the query finds within the groups that are asked for.
    pub(crate) fn expr(&self) -> Expr {
        let mut parts = vec![self.asked.expr.clone()];
        parts.extend(self.within.iter().cloned());
        if parts.len() == 1 { parts.remove(0) } else { Expr::And(parts) }
    }

    /// The fields of some names. One that nothing has is told apart and has no values.
    pub(crate) fn fields(&mut self, names: &[String]) -> Result<Vec<TableField>, ApiError> {
        names.iter().map(|name| self.field(name)).collect()
    }

    /// The fields that have something to say. Not of the query but of all there is, so that a column neither comes nor
    /// goes while one narrows down.
    fn usual(&mut self, usual: &UsualColumns) -> Result<Vec<TableField>, ApiError> {
        at_most("usual", usual.fields.len(), MOST_FIELDS)?;
        let all = self.asking.select(&self.only.map_or(Expr::All, Expr::of_blueprint));
        let mut columns: Vec<TableField> = Vec::new();
        for name in &usual.fields {
            if columns.len() >= usual.most {
                break;
            }
            let field = self.field(name)?;
            let told = || facets::missing(&all, &field).is_none_or(|n| n * 5 <= all.len() * 4);
            if columns.is_empty() || all.is_empty() || told() {
                columns.push(field);
            }
        }
        Ok(columns)
    }

    fn field(&mut self, name: &str) -> Result<TableField, ApiError> {
        let field = TableField::read(self.asking, self.only, name)?;
        if field.columns.is_empty() && !self.unknown_fields.iter().any(|f| f == name) {
            self.unknown_fields.push(name.to_owned());
        }
        if let Some(scorecard) = field.level_of().filter(|_| !self.levels.contains_key(name)) {
            let levels = self.asking.view.scorecard_levels(self.only, scorecard).into_iter();
            let look =
                |level: stagedoor_portal::ScoreLevel| LevelLook { title: level.title, color: level.color };
            self.levels.insert(name.to_owned(), levels.map(look).collect());
        }
        Ok(field)
    }

    fn facets(
        &mut self,
        names: &[String],
        selection: &Selection<'v>,
    ) -> Result<IndexMap<String, Facet>, ApiError> {
        let mut facets = IndexMap::new();
        for name in names {
            let field = self.field(name)?;
            let facet = match facets::without(&self.asked.rules, &field.rule) {
                None => facets::facet(self.asking, selection, &field),
                Some(rules) => {
                    let others = self.asking.compile(&rules, self.only);
                    let mut parts = vec![others.map_err(|e| ApiError::invalid(e.message))?];
                    parts.extend(self.within.iter().cloned());
                    facets::facet(self.asking, &self.asking.select(&Expr::And(parts)), &field)
                }
            };
            facets.insert(name.clone(), facet);
        }
        Ok(facets)
    }

    fn groups(
        &mut self,
        request: &GroupRequest,
        selection: &Selection<'v>,
    ) -> Result<Option<Groups>, ApiError> {
        let field = self.field(&request.field)?;
        let mut all = facets::groups(self.asking, selection, &field, request.by_count);
        let total = all.len();
        let limit = request.limit.unwrap_or(100).clamp(1, MOST_ROWS);
        let values = all.drain(..).skip(request.offset).take(limit).collect();
        Ok(Some(Groups { total, values }))
    }

    fn page(&mut self, selection: &Selection<'_>, request: &TableRequest) -> Result<Vec<NodeId>, ApiError> {
        let limit = request.limit.unwrap_or(50).min(MOST_ROWS);
        let order = self.order(request.sort.as_deref().unwrap_or_default())?;
        Ok(selection.positions(&by(&order), request.offset, limit))
    }

    /// The fields that rows are ordered by, and whether downwards.
    pub(crate) fn order(&mut self, sort: &[SortRequest]) -> Result<Vec<(TableField, bool)>, ApiError> {
        let mut order = Vec::with_capacity(sort.len());
        for one in sort {
            order.push((self.field(&one.field)?, one.order == SortOrder::Desc));
        }
        if order.is_empty() {
            order.push((self.field("$title")?, false));
        }
        Ok(order)
    }
}

fn everything() -> QueryInput {
    QueryInput::Text(String::new())
}

/// An order as the catalog takes it.
pub(crate) fn by(order: &[(TableField, bool)]) -> Vec<By<'_>> {
    let one = |(field, descending): &'_ (TableField, bool)| (*descending, field.numeric);
    let flags: Vec<(bool, bool)> = order.iter().map(one).collect();
    let columns = order.iter().map(|(field, _)| field.sorted.as_slice());
    columns.zip(flags).map(|(columns, (descending, numeric))| By { columns, descending, numeric }).collect()
}

fn at_most(what: &str, found: usize, most: usize) -> Result<(), ApiError> {
    match found > most {
        true => Err(ApiError::invalid(format!("\"{what}\" has {found} items, and at most {most} may be"))),
        false => Ok(()),
    }
}

/// The keys of a rule that say what it looks at.
fn subject_of(rule: &Map<String, Value>) -> Map<String, Value> {
    let keys = ["property", "relation", "targetProperty", "propertySchema", "scorecard", "scorecardRule"];
    rule.iter().filter(|(key, _)| keys.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
}
