//! Answers in the place of what is not there yet, so that clients which ask for it in passing go on working.
//!
//! A list is answered empty where it is empty in truth: nobody can have made such a thing. Whoever would make one
//! is told that nothing was stored. A feature that arrives takes its lines out of the table.

use axum::response::IntoResponse as _;
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::Caller;

/// What is said.
#[derive(Clone, Copy)]
enum Quiet {
    /// `{"ok": true}` and an empty list under each of these keys.
    Nothing(&'static [&'static str]),
    /// 404: none can exist.
    NoSuch(&'static str),
    /// 422 `not_supported`: nothing was stored.
    NotYet(&'static str),
}

use Quiet::{NoSuch, NotYet, Nothing};

const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;

/// Method, path, answer. The reason is the same in every line: it is not there yet.
const TABLE: [(MethodFilter, &str, Quiet); 4] = [
    // One client reads one key, another the other.
    (GET, "/webhooks", Nothing(&["integrations", "webhooks"])),
    (POST, "/webhooks", NotYet("webhooks")),
    (GET, "/webhooks/{webhook}", NoSuch("Webhook")),
    (GET, "/kafka-credentials", NotYet("Kafka credentials")),
];

/// The routes of the table.
pub(crate) fn routes() -> Router<App> {
    TABLE.into_iter().fold(Router::new(), |router, (method, path, quiet)| {
        let one: MethodRouter<App> = on(method, move |_: Caller| async move { quiet.answer() });
        router.route(&format!("{path}/"), one.clone()).route(path, one)
    })
}

impl Quiet {
    fn answer(self) -> Answer {
        match self {
            Nothing(keys) => {
                let mut body = Map::from_iter([("ok".to_owned(), Value::Bool(true))]);
                body.extend(keys.iter().map(|key| ((*key).to_owned(), json!([]))));
                Ok(Json(body).into_response())
            }
            NoSuch(what) => {
                let message = format!("{what} was not found: there are none here yet");
                Err(Failure::new(StatusCode::NOT_FOUND, "not_found", message))
            }
            NotYet(what) => {
                let message = format!("{what} are not supported yet: nothing was stored");
                Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "not_supported", message))
            }
        }
    }
}
