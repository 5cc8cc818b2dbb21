//! Living standards: the past of scorecards, drafts, scorecards to begin with, what to fix next.

pub(crate) mod drafts;
pub(crate) mod history;
pub(crate) mod next;
pub(crate) mod starters;

use axum::Router;
use axum::routing::{get, post, put};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Api;

/// Something by its identifier, with what it is called.
#[derive(Serialize, ToSchema)]
pub(crate) struct Titled {
    identifier: String,
    title: String,
}

impl Titled {
    fn of((identifier, title): (String, String)) -> Self {
        Self { identifier, title }
    }
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/scorecards/{blueprint}/{scorecard}/history", get(history::history))
        .route("/scorecards/{blueprint}/{scorecard}/draft", put(drafts::put).delete(drafts::discard))
        .route("/scorecards/{blueprint}/{scorecard}/publish", post(drafts::publish))
        .route("/scorecards/next", get(next::next))
        .route("/scorecards/starters", get(starters::starters))
        .route("/scorecards/starters/{identifier}", post(starters::install))
}
