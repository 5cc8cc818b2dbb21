//! How programs prove who they are: tokens, clients, and what other systems sign.

mod clients;
mod external;
mod tokens;

use serde_json::Value;
use stagedoor_auth::Viewer;
use stagedoor_testkit::{Answer, Person, TestPortal};

const TOKENS: &str = "/api/stagedoor/v1/tokens";

/// Somebody of whom only a token is known.
fn bearer(token: &str) -> Person {
    Person { viewer: Viewer::development(), token: token.to_owned() }
}

async fn ask(portal: &TestPortal, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
    portal.request_as(&bearer(token), method, path, body).await
}

/// What a read of each dialect answers to a token.
async fn reads(portal: &TestPortal, token: &str) -> [u16; 3] {
    let read = async |path| ask(portal, token, "GET", path, None).await.status;
    [read("/v1/blueprints").await, read("/api/catalog/entities").await, read(TOKENS).await]
}

/// A text of an answer that must be there.
fn text(answer: &Answer, pointer: &str) -> String {
    let body = answer.json();
    let found = body.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer} in {} {}", answer.status, answer.text())).to_owned()
}
