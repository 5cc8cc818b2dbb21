//! The kinds of callers, each with every credential that makes one.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use stagedoor_auth::{Principal, Scopes, Via, Viewer};
use stagedoor_testkit::{Answer, Person, TestPortal};

/// As `tests/compat/rights.yaml` names them. Those who are let in come last, for they may change things.
pub(super) const CALLERS: [&str; 9] = [
    "anonymous",
    "forged",
    "expired",
    "revoked",
    "disabled",
    "unscoped",
    "member",
    "moderator",
    "administrator",
];

/// Seconds that an access token is good for, and a few more.
const LONG_AGO: i64 = 4 * 60 * 60 * 1000;

/// What a request of a caller carries besides.
pub(crate) type Headers = Vec<(&'static str, String)>;

/// The callers of one portal.
pub(super) struct Callers(Vec<(&'static str, String, Headers)>);

fn bearer(token: &str) -> Headers {
    vec![("authorization", format!("Bearer {token}"))]
}

impl Callers {
    pub(super) async fn new(portal: &TestPortal) -> Self {
        let mut all = vec![
            ("anonymous", "anonymous".to_owned(), Headers::new()),
            ("forged", "forged".to_owned(), bearer("eyJhbGciOiJub25lIn0.e30.")),
        ];
        let mut add = |caller: &'static str, person: &Person| {
            all.push((caller, caller.to_owned(), bearer(&person.token)));
        };
        add("administrator", &portal.administrator("administrator@larkfell.example").await);
        add("member", &portal.member("member@larkfell.example").await);
        add("moderator", &portal.moderator("moderator@larkfell.example", &["service", "component"]).await);
        add(
            "disabled",
            &portal
                .person(
                    "disabled@larkfell.example",
                    json!({ "status": "Disabled", "port_role": "Admin" }),
                    &[],
                )
                .await,
        );
        let bot = json!({ "port_type": "Service Account", "port_role": "Admin" });
        portal.person("bot@larkfell.example", bot, &[]).await;
        let none = Scopes::parse(Vec::<String>::new()).unwrap();
        let bot = Principal::ServiceAccount("bot@larkfell.example".into());
        add("unscoped", &portal.caller(Viewer::new(bot, Via::AccessToken("bot".into()), Some(none))));
        portal.administrator("expired@larkfell.example").await;
        // Another credential than the one at hand, or that one's token would be handed out again.
        let expired = Principal::Person("expired@larkfell.example".into());
        let expired = Viewer::new(expired, Via::AccessToken("old".into()), None);
        add("expired", &portal.caller_ago(expired, LONG_AGO));
        let revoked = portal.administrator("revoked@larkfell.example").await;
        portal.revoke(&revoked);
        add("revoked", &revoked);
        all.push(("revoked", "a revoked token".to_owned(), bearer(&revoked_token(portal).await)));
        let ended = signed_in(portal, "ended@larkfell.example", "Admin").await;
        let out = ask(portal, "DELETE", "/api/stagedoor/v1/session", &ended, None).await;
        assert!(out.status < 300, "{}", out.text());
        all.push(("revoked", "an ended session".to_owned(), ended));
        Self(all)
    }

    /// Every credential of a kind of caller: what it is called, and what it sends.
    pub(super) fn of(&self, caller: &str) -> Vec<(String, Headers)> {
        let of = self.0.iter().filter(|(kind, ..)| *kind == caller);
        let all: Vec<_> = of.map(|(_, name, headers)| (name.clone(), headers.clone())).collect();
        assert!(!all.is_empty(), "nobody is {caller}");
        all
    }
}

/// A personal token of an administrator that was good and is not any more.
async fn revoked_token(portal: &TestPortal) -> String {
    let owner = portal.administrator("owner@larkfell.example").await;
    let made = made_token(portal, &owner).await;
    let token = made["token"].as_str().unwrap().to_owned();
    let path = format!("/api/stagedoor/v1/tokens/{}", made["id"].as_str().unwrap());
    let good = ask(portal, "GET", "/v1/apps", &bearer(&token), None).await;
    assert_eq!(good.status, 200, "{}", good.text());
    let gone = portal.request_as(&owner, "DELETE", &path, None).await;
    assert!(gone.status < 300, "{}", gone.text());
    token
}

/// A personal token, as the answer that made it.
pub(super) async fn made_token(portal: &TestPortal, owner: &Person) -> Value {
    let body = json!({ "name": "laptop", "scopes": null, "expiresInDays": 30 });
    let made = portal.request_as(owner, "POST", "/api/stagedoor/v1/tokens", Some(&body)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()
}

/// The cookie of somebody who has accepted an invitation.
pub(crate) async fn signed_in(portal: &TestPortal, email: &str, role: &str) -> Headers {
    let body = json!({ "email": email, "role": role });
    let invited = portal.post("/api/stagedoor/v1/invitations", &body).await;
    assert_eq!(invited.status, 201, "{}", invited.text());
    let link = invited.json()["link"].as_str().unwrap_or_default().to_owned();
    let (_, token) = link.split_once('#').unwrap();
    let body = json!({ "token": token, "password": "violet lamp over nine" });
    let accepted = ask(portal, "POST", "/api/stagedoor/v1/links/accept", &[], Some(&body)).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    let (cookie, _) = accepted.header("set-cookie").split_once(';').unwrap();
    vec![("cookie", cookie.to_owned())]
}

/// A request with these headers.
pub(crate) async fn ask(
    portal: &TestPortal,
    method: &str,
    path: &str,
    headers: &[(&'static str, String)],
    body: Option<&Value>,
) -> Answer {
    // As a page of the portal's own: what others may not do with a cookie is another test.
    let mut request = Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let body = match body {
        Some(Value::String(text)) => Body::from(text.clone()),
        Some(body) => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    portal.send(request.body(body).unwrap()).await
}
