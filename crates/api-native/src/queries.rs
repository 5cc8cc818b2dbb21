//! Queries as people write them and as rules: translated, checked and completed.

mod known;

pub(crate) use self::known::json_of;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_model::Timestamp;
use stagedoor_portal::{PortalError, Scope, View};
use stagedoor_query::dialect::port;
use stagedoor_query::text::{self, Completion, Problem};
use stagedoor_query::{Expr, Selection, budget};
use utoipa::ToSchema;

use self::known::OfView;
use crate::Api;
use crate::error::{ApiError, Caller as SignedIn, ErrorBody};

/// A query that takes longer is stopped.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// A query: its text, or Port's search rules.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum QueryInput {
    /// `tier = gold and $team in @myTeams`
    Text(String),
    /// `{"combinator", "rules"}`
    #[schema(value_type = Object)]
    Rules(Value),
}

impl Default for QueryInput {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// What is wrong with a query, or hardly meant, and where it stands in the text.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct QueryNote {
    pub(crate) message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
    /// In UTF-16 units, as browsers count.
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// A query that can be asked.
pub(crate) struct Asked {
    /// As the language writes it.
    pub(crate) text: String,
    /// As Port's search rules.
    pub(crate) rules: Value,
    pub(crate) expr: Expr,
    /// Names that nothing has.
    pub(crate) notes: Vec<QueryNote>,
}

/// Why a query cannot be asked.
pub(crate) enum Refused {
    /// Its text is wrong.
    Text(QueryNote),
    /// Its rules are.
    Rules(String),
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Rules(message) => Self::invalid(message),
            Refused::Text(note) => {
                let hint = note.hint.map(|h| format!(" ({h})")).unwrap_or_default();
                Self::invalid(format!("query, character {}: {}{hint}", note.from + 1, note.message))
            }
        }
    }
}

/// One caller's questions to one snapshot.
pub(crate) struct Asking<'v> {
    pub(crate) view: &'v View,
    caller: port::Caller<'v>,
    now: Timestamp,
}

impl<'v> Asking<'v> {
    pub(crate) fn new(view: &'v View) -> Self {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
        Self { view, caller: view.caller(), now }
    }

    /// What queries over one blueprint, or over all, are compiled against.
    pub(crate) fn scope<'s>(&'s self, only: Option<&'s str>) -> port::Scope<'s> {
        port::Scope { blueprints: self.view.blueprints(), only, now: self.now, caller: Some(&self.caller) }
    }

    /// Understands a query over one blueprint, or over all.
    pub(crate) fn read(&self, query: &QueryInput, only: Option<&str>) -> Result<Asked, Refused> {
        match query {
            QueryInput::Text(text) => self.read_text(text, only),
            QueryInput::Rules(rules) => self.read_rules(rules, only),
        }
    }

    fn read_text(&self, text: &str, only: Option<&str>) -> Result<Asked, Refused> {
        let wrong = |problem: Problem| Refused::Text(note(text, problem));
        let parsed = text::parse(text).map_err(wrong)?;
        let expr = self.compile(&parsed.rules, only).map_err(|e| wrong(parsed.problem(&e)))?;
        let scorecards = || known::scorecards(self, only);
        let unknown = text::check(&parsed.rules, &self.scope(only), &scorecards).into_iter().map(|unknown| {
            let (from, to) = parsed.place(&unknown.place);
            note(text, Problem { message: unknown.message, hint: unknown.hint, from, to })
        });
        let notes = unknown.collect();
        let text = text::print(&parsed.rules).unwrap_or_else(|_| text.to_owned());
        Ok(Asked { text, rules: parsed.rules, expr, notes })
    }

    fn read_rules(&self, rules: &Value, only: Option<&str>) -> Result<Asked, Refused> {
        let expr = self.compile(rules, only).map_err(|e| Refused::Rules(e.message))?;
        // What is legal has a text, and the text has places.
        match text::print(rules) {
            Ok(text) => Ok(Asked { expr, ..self.read_text(&text, only)? }),
            Err(error) => Err(Refused::Rules(error.to_string())),
        }
    }

    /// Compiles rules.
    pub(crate) fn compile(
        &self,
        rules: &Value,
        only: Option<&str>,
    ) -> Result<Expr, stagedoor_model::blueprint::Invalid> {
        port::compile(rules, "", &self.scope(only))
    }

    /// What a query finds.
    pub(crate) fn select(&self, expr: &Expr) -> Selection<'v> {
        self.view.select(expr, Scope::Everything)
    }
}

/// Places count UTF-16 units outside.
fn note(text: &str, problem: Problem) -> QueryNote {
    let units = |at: usize| text.get(..at).map_or(0, |t| t.encode_utf16().count());
    let (from, to) = (units(problem.from), units(problem.to));
    QueryNote { message: problem.message, hint: problem.hint, from, to }
}

/// Runs a query where it holds up nobody, and not for ever.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let limited = move || {
        let end = Instant::now() + TIME_LIMIT;
        let result = budget::limited(move || Instant::now() >= end, work);
        result.unwrap_or_else(|_| {
            let text = format!("the query took longer than {} seconds and was stopped", TIME_LIMIT.as_secs());
            Err(PortalError::refused("query_too_long", text).into())
        })
    };
    match tokio::task::spawn_blocking(limited).await {
        Ok(result) => result,
        Err(error) => Err(PortalError::Internal(error.to_string()).into()),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryRequest {
    /// The query as a person writes it; this or `rules`.
    text: Option<String>,
    /// The query as Port's search rules.
    #[schema(value_type = Option<Object>)]
    rules: Option<Value>,
    /// The blueprint whose entities are meant; all when absent.
    blueprint: Option<String>,
    /// Where in `text` to say what may follow, in UTF-16 units.
    cursor: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct QueryAnswer {
    /// The query as the language writes it; as it was sent while something is wrong with it.
    text: String,
    /// The same as Port's search rules; absent while something is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    rules: Option<Value>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<QueryNote>,
    /// Names that nothing has.
    notes: Vec<QueryNote>,
    /// What may stand at the cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    completions: Option<QueryCompletions>,
}

#[derive(Serialize, ToSchema)]
struct QueryCompletions {
    /// What is replaced begins here, in UTF-16 units.
    from: usize,
    /// And ends in front of this.
    to: usize,
    items: Vec<QueryCompletion>,
}

#[derive(Serialize, ToSchema)]
struct QueryCompletion {
    /// What is inserted.
    insert: String,
    /// `property`, `relation`, `meta`, `operator`, `value`, `keyword`, `function`, `blueprint` or `entity`.
    kind: &'static str,
    /// A title, or the number of entities with the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/query", post(query))
}

/// A query from text to rules or back, with what is wrong with it and what may come next.
#[utoipa::path(
    post, path = "/query", request_body = QueryRequest,
    responses(
        (status = 200, body = QueryAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn query(
    State(api): State<Api>,
    SignedIn(viewer): SignedIn,
    body: Result<Json<QueryRequest>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<QueryAnswer>, ApiError> {
    let Json(request) = body?;
    let view = api.portal.view(&viewer)?;
    aside(move || answer(&view, request).map(Json)).await
}

fn answer(view: &View, request: QueryRequest) -> Result<QueryAnswer, ApiError> {
    let asking = Asking::new(view);
    let only = request.blueprint.as_deref();
    known_blueprint(view, only)?;
    let (input, sent) = match (request.text, request.rules) {
        (Some(text), None) => (QueryInput::Text(text.clone()), text),
        (None, Some(rules)) => (QueryInput::Rules(rules), String::new()),
        _ => return Err(ApiError::invalid("send either \"text\" or \"rules\"")),
    };
    let completions = request.cursor.map(|cursor| {
        let found = text::complete(&sent, bytes(&sent, cursor), &asking.scope(only), &OfView(&asking, only));
        let units = |at: usize| sent.get(..at).map_or(0, |t| t.encode_utf16().count());
        let items = found.items.into_iter().map(completion).collect();
        QueryCompletions { from: units(found.from), to: units(found.to), items }
    });
    Ok(match asking.read(&input, only) {
        Ok(asked) => {
            let (text, rules) = (asked.text, Some(asked.rules));
            QueryAnswer { text, rules, problem: None, notes: asked.notes, completions }
        }
        Err(Refused::Text(problem)) => {
            QueryAnswer { text: sent, rules: None, problem: Some(problem), notes: Vec::new(), completions }
        }
        Err(refused) => return Err(refused.into()),
    })
}

/// Refuses a blueprint that there is not.
pub(crate) fn known_blueprint(view: &View, only: Option<&str>) -> Result<(), ApiError> {
    match only {
        Some(name) if view.blueprints().get(name).is_none() => {
            Err(ApiError::not_found(format!("there is no blueprint \"{name}\"")))
        }
        _ => Ok(()),
    }
}

/// The byte at so many UTF-16 units.
fn bytes(text: &str, units: usize) -> usize {
    let mut left = units;
    for (at, c) in text.char_indices() {
        if left < c.len_utf16() {
            return at;
        }
        left -= c.len_utf16();
    }
    text.len()
}

fn completion(found: Completion) -> QueryCompletion {
    use stagedoor_query::text::CompletionKind as Kind;
    let kind = match found.kind {
        Kind::Property => "property",
        Kind::Relation => "relation",
        Kind::Meta => "meta",
        Kind::Operator => "operator",
        Kind::Value => "value",
        Kind::Keyword => "keyword",
        Kind::Function => "function",
        Kind::Blueprint => "blueprint",
        Kind::Entity => "entity",
    };
    QueryCompletion { insert: found.insert, kind, detail: found.detail }
}
