//! Doing something at a host: with which credential, and within which limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use stagedoor_hosts::{Act, HostError, Hosts, Undone};
use stagedoor_outbound::AllowList;

use crate::fake::{Fake, FakeReply};
use crate::github::{hosts, message};

const PKCS1: &str = include_str!("../data/github-app.pkcs1.pem");

fn dispatch() -> Act {
    Act::post(["repos", "acme", "a/b", "dispatches"], json!({ "ref": "main" })).asking("q", "a&b")
}

#[tokio::test]
async fn a_token_of_an_app_that_was_taken_back_is_replaced_once_and_a_slash_leads_nowhere() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let fake = Fake::start(move |request| match request.path.trim_start_matches("/api/v3") {
        "/app/installations" => FakeReply::json(&json!([{
            "id": 1, "account": { "login": "acme" }, "target_type": "Organization", "suspended_at": null,
        }])),
        "/app/installations/1/access_tokens" => {
            let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3600);
            let token = format!("ghs_{}", count.fetch_add(1, Ordering::SeqCst));
            FakeReply::json(&json!({ "token": token, "expires_at": ends.to_string() })).and_status(201)
        }
        "/repos/acme/a%2Fb/dispatches" => match request.header("authorization") {
            Some("Bearer ghs_0") => message(401, "Bad credentials"),
            _ => FakeReply::status(204),
        },
        other => panic!("{other}"),
    })
    .await;
    let hosts = hosts(&fake, &json!({ "apps": [{ "appId": 1, "privateKey": PKCS1 }] }));
    let answer = hosts.act("github", None, "acme", &dispatch()).await.unwrap();
    assert_eq!((answer.status, made.load(Ordering::SeqCst)), (204, 2));
    let last = fake.take().pop().unwrap();
    assert_eq!(last.line(), "POST /api/v3/repos/acme/a%2Fb/dispatches?q=a%26b");
    assert_eq!(last.json(), json!({ "ref": "main" }));
}

#[tokio::test]
async fn a_limit_that_is_used_up_is_kept_to() {
    let fake = Fake::start(|_| {
        FakeReply::status(204)
            .with("x-ratelimit-limit", 5000)
            .with("x-ratelimit-remaining", 0)
            .with("x-ratelimit-reset", jiff::Timestamp::now().as_second() + 600)
    })
    .await;
    let hosts = hosts(&fake, &json!({ "token": "ghp_x" }));
    assert_eq!(hosts.act("github", None, "acme", &dispatch()).await.unwrap().status, 204);
    let held = hosts.act("github", None, "acme", &dispatch()).await.unwrap_err();
    assert!(matches!(held, Undone::Host(HostError::Exhausted { .. })), "{held}");
    assert_eq!(fake.take().len(), 1);
}

#[tokio::test]
async fn without_a_credential_nothing_is_done() {
    let (hosts, _) = Hosts::new(None, AllowList::default());
    for kind in ["github", "gitlab", "azure", "gitea", "nothing"] {
        let refused = hosts.act(kind, None, "acme", &dispatch()).await.unwrap_err();
        let Undone::Host(HostError::Denied(text)) = refused else { panic!("{kind}: {refused}") };
        assert_eq!(text, format!("there is no credential in integrations.{kind}"));
    }
    let public = hosts.act("github", Some("github.com"), "acme", &dispatch()).await.unwrap_err();
    assert!(public.to_string().contains("no credential of github.com for acme"), "{public}");
    let elsewhere = hosts.act("github", Some("ghe.example"), "acme", &dispatch()).await.unwrap_err();
    assert!(elsewhere.to_string().contains("no host ghe.example"), "{elsewhere}");
}
