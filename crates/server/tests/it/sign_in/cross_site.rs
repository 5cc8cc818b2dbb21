//! Pages of other sites, opened in the same browser, cannot act for its owner.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use super::browser::{Browser, NATIVE};
use super::{ADA, PASSWORD, set_up};

const ELSEWHERE: [&[(&str, &str)]; 4] = [
    &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
    &[("sec-fetch-site", "same-site"), ("origin", "http://docs.portal.example")],
    &[("origin", "null")],
    &[("origin", "http://portal.example:7007.evil.example")],
];

#[tokio::test]
async fn no_route_that_changes_something_serves_another_site() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let before = portal.portal.newest_revision();
    let mut count = 0;
    for (_, text) in stagedoor_server::openapi().unwrap() {
        let document: Value = serde_json::from_str(&text).unwrap();
        let base = document["servers"][0]["url"].as_str().unwrap_or_default().to_owned();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let parts: Vec<&str> =
                path.split('/').map(|p| if p.starts_with('{') { "x" } else { p }).collect();
            let path = parts.join("/");
            let path = if path.starts_with(&base) { path } else { base.clone() + &path };
            for method in methods.as_object().unwrap().keys().filter(|method| *method != "get") {
                let method = method.to_uppercase();
                for headers in ELSEWHERE {
                    let answer = ada.ask_with(&method, &path, Some(json!({ "email": ADA })), headers).await;
                    assert_eq!(answer.status, 403, "{method} {path} {headers:?}: {}", answer.text());
                    assert!(
                        answer.text().contains("page of this portal"),
                        "{method} {path}: {}",
                        answer.text()
                    );
                }
                count += 1;
            }
        }
    }
    assert!(count > 50, "{count}");
    assert_eq!(portal.portal.newest_revision(), before);
    assert!(ada.is_in().await);
}

#[tokio::test]
async fn nobody_is_signed_in_to_an_account_of_somebody_else() {
    let portal = TestPortal::new().await;
    set_up(&portal).await;
    for headers in ELSEWHERE {
        let mut victim = Browser::of(&portal);
        let body = json!({ "email": ADA, "password": PASSWORD });
        let answer = victim.ask_with("POST", &format!("{NATIVE}/session"), Some(body), headers).await;
        assert_eq!((answer.status, answer.headers.get("set-cookie")), (403, None), "{headers:?}");
    }
    // A form of another page cannot even say that it is JSON.
    let mut victim = Browser::of(&portal);
    let own = [("origin", "http://portal.example:7007"), ("content-type", "text/plain")];
    let request = victim.request("POST", &format!("{NATIVE}/session"), &own);
    let body = json!({ "email": ADA, "password": PASSWORD }).to_string();
    assert_eq!(portal.send(request.body(body.into()).unwrap()).await.status, 415);
    assert_eq!(victim.sign_in(ADA, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn reading_and_tokens_need_no_page() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    for headers in ELSEWHERE {
        let answer = ada.ask_with("GET", "/v1/blueprints", None, headers).await;
        assert_eq!(answer.status, 200, "links from elsewhere lead here: {headers:?}");
        assert!(answer.headers.get("access-control-allow-origin").is_none());
    }
    let blueprint = json!({ "identifier": "service", "title": "Service" });
    assert_eq!(portal.post("/v1/blueprints", &blueprint).await.status, 201, "a program with a token");
    // A token beside a cookie: the token is who calls.
    let nora = portal.member("nora@larkfell.example").await;
    let headers = [("authorization", &*format!("Bearer {}", nora.token))];
    let session = ada.ask_with("GET", &format!("{NATIVE}/session"), None, &headers).await.json();
    assert_eq!(session["viewer"]["email"], "nora@larkfell.example");
}
