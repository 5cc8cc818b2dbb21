//! Searching by rules, and what can be asked of the entities found: one file per family of endpoints.

mod aggregate;
pub(crate) mod computed;
mod count;
mod everywhere;
mod fields;
mod history;
mod of_blueprint;
mod over_time;
pub(crate) mod schemas;
mod series;
mod top;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::routing::post;
use http::StatusCode;
use serde_json::{Number, Value};
use stagedoor_model::{Timestamp, Zone};
use stagedoor_portal::{Scope as Entities, View};
use stagedoor_query::dialect::port;
use stagedoor_query::{Expr, Scalar, Selection, budget};

use crate::App;
use crate::error::Failure;
use crate::stream::aside;

pub(crate) use aggregate::*;
pub(crate) use count::*;
pub(crate) use everywhere::*;
pub(crate) use history::*;
pub(crate) use of_blueprint::*;
pub(crate) use over_time::*;
pub(crate) use top::*;

/// A search that takes longer is stopped.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The routes that name no blueprint in their path.
pub(crate) fn routes() -> Router<App> {
    let routes = [
        ("/entities/search", post(everywhere)),
        ("/entities/aggregate", post(aggregate)),
        ("/entities/aggregate-over-time", post(aggregate_over_time)),
        ("/entities/properties-history", post(properties_history)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// Runs a search aside, and not for ever.
async fn searching<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    aside(move || limited(TIME_LIMIT, work)).await
}

fn limited<T>(limit: Duration, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let end = Instant::now() + limit;
    budget::limited(move || Instant::now() >= end, work).unwrap_or_else(|_| Err(too_long(limit)))
}

/// 422, not 503: clients repeat what is unavailable, and a repeated search would take as long.
fn too_long(limit: Duration) -> Failure {
    let text = format!("the search took longer than {} seconds and was stopped", limit.as_secs());
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "query_too_long", text)
}

/// What queries of one request are compiled against.
struct Ask<'v> {
    view: &'v View,
    caller: port::Caller<'v>,
    now: Timestamp,
}

impl<'v> Ask<'v> {
    fn new(view: &'v View) -> Self {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
        Self { view, caller: view.caller(), now }
    }

    fn scope<'s>(&'s self, only: Option<&'s str>) -> port::Scope<'s> {
        port::Scope { blueprints: self.view.blueprints(), only, now: self.now, caller: Some(&self.caller) }
    }

    /// Compiles a query that stands at `place`.
    fn compile(&self, query: &Value, place: &str, only: Option<&str>) -> Result<Expr, Failure> {
        Ok(port::compile(query, place, &self.scope(only))?)
    }

    /// The entities that the `query` of a body finds; all where it has none.
    fn select(&self, query: Option<&Value>, only: Option<&str>) -> Result<Selection<'v>, Failure> {
        Ok(self.view.select(&self.expr(query, only)?, Entities::Everything))
    }

    /// The `query` of a body, compiled.
    fn expr(&self, query: Option<&Value>, only: Option<&str>) -> Result<Expr, Failure> {
        Ok(match (query, only) {
            (None | Some(Value::Null), Some(blueprint)) => Expr::of_blueprint(blueprint),
            (None | Some(Value::Null), None) => Expr::All,
            (Some(query), _) => self.compile(query, "query", only)?,
        })
    }

    /// A named range of time, counted from now.
    fn preset(&self, name: &str, zone: &Zone) -> Option<(Timestamp, Timestamp)> {
        port::preset_range(name, self.now, zone)
    }
}

/// A scalar as JSON.
fn json_of(scalar: &Scalar) -> Value {
    match (scalar.is_text, scalar.text.parse::<Number>()) {
        (true, _) => scalar.text.clone().into(),
        (false, Ok(number)) => number.into(),
        (false, Err(_)) => (scalar.text == "true").into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stagedoor_query::budget::spend;

    use super::limited;

    #[test]
    fn a_search_without_end_is_stopped_and_refused() {
        let endless = || {
            while spend(1) {}
            Ok(())
        };
        let refused = limited(Duration::ZERO, endless).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.code.as_ref()), (422, "query_too_long"));
        assert_eq!(refused.message, "the search took longer than 0 seconds and was stopped");
        assert!(limited(Duration::from_secs(60), || Ok(spend(1))).unwrap());
    }
}
