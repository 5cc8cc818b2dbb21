//! What Backstage's stock frontend asks besides the catalog.

mod notifications;
mod search;
mod settings;
mod sign_in;
mod signals;
mod tokens;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use stagedoor_server::config::{Config, GuestAccess};
use stagedoor_testkit::{Answer, Person, TestPortal};

use crate::route_table::callers::{Headers, ask, signed_in};

const REFRESH: &str = "/api/auth/guest/refresh";

/// Elsa and Otto, a group that has Elsa in it by way of another, and something that the group owns.
const PEOPLE: &str = "
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: elsa}
spec: {memberOf: [riders], profile: {displayName: Elsa Lark, email: Elsa@larkfell.example, picture: 'https://larkfell.example/elsa.png'}}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: otto}
spec: {memberOf: [], profile: {email: otto@larkfell.example}}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: riders}
spec: {type: team, children: [], parent: everyone}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: everyone}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: tickets}
spec: {type: service, lifecycle: production, owner: everyone}
";

async fn with_guests(guests: Option<GuestAccess>) -> TestPortal {
    let config = Config { guests, backend_url: Some("https://portal.example".into()), ..Config::default() };
    TestPortal::builder().config(config).start().await
}

/// Guests may come in, and the people are there.
async fn open_portal() -> TestPortal {
    let portal = with_guests(Some(GuestAccess { anywhere: true, ..GuestAccess::default() })).await;
    let answer = portal.documents(PEOPLE).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    portal
}

/// Whoever is signed in by a cookie asks for a token.
async fn refreshed(portal: &TestPortal, cookie: &Headers) -> Answer {
    let script = ("x-requested-with", "XMLHttpRequest".to_owned());
    ask(portal, "GET", REFRESH, &[cookie.as_slice(), &[script]].concat(), None).await
}

fn token_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["backstageIdentity"]["token"].as_str().unwrap().to_owned()
}

/// Elsa with the token that her frontend has, and her cookie.
async fn elsa(portal: &TestPortal) -> (Person, Headers) {
    let cookie = signed_in(portal, "elsa@larkfell.example", "Member").await;
    let token = token_of(&refreshed(portal, &cookie).await);
    (with_token(portal, &token), cookie)
}

async fn guest(portal: &TestPortal) -> Person {
    let token = token_of(&portal.anonymous("GET", REFRESH, None).await);
    with_token(portal, &token)
}

fn with_token(portal: &TestPortal, token: &str) -> Person {
    Person { viewer: portal.viewer(), token: token.to_owned() }
}

/// What a token says, unverified.
fn claims(token: &str, part: usize) -> Value {
    let part = token.split('.').nth(part).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn notification(to: Value, title: &str) -> Value {
    json!({ "recipients": to, "payload": { "title": title } })
}
