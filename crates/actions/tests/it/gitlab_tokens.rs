//! Tokens of GitLab's projects, through a fake of docs.gitlab.com/api/project_access_tokens and .../deploy_tokens.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_actions::{Probe, performers};

use crate::fake::{Fake, FakeReply};
use crate::steps_stage::Steps;

const ACCESS: &str = "gitlab:projectAccessToken:create";
const DEPLOY: &str = "gitlab:projectDeployToken:create";

async fn gitlab() -> (Fake, Steps, Arc<Mutex<Option<FakeReply>>>) {
    let other = Arc::<Mutex<Option<FakeReply>>>::default();
    let shared = Arc::clone(&other);
    let fake = Fake::start(move |request| {
        if let Some(reply) = shared.lock().clone() {
            return reply;
        }
        let reply = match request.line().as_str() {
            "POST /projects/12/access_tokens" => json!({
                "id": 58, "name": "ci", "scopes": ["api"], "user_id": 166, "access_level": 40, "active": true,
                "revoked": false, "expires_at": "2027-01-31", "token": "D4y...Wzr-acc3ss",
            }),
            "POST /projects/acme%2Fshop/deploy_tokens" => json!({
                "id": 1, "name": "My deploy token", "username": "custom-user", "expires_at": null,
                "token": "jMRvtPNxrn3crTAGukpZ", "revoked": false, "expired": false, "scopes": ["read_repository"],
            }),
            _ => return FakeReply::json(&json!({ "message": "404 Project Not Found" })).and_status(404),
        };
        FakeReply::json(&reply).and_status(201)
    })
    .await;
    let steps = Steps::hosted(
        &json!({ "gitlab": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "glpat-1" }] }),
    );
    (fake, steps, other)
}

fn input(fake: &Fake, more: Value) -> Value {
    let mut input = json!({ "repoUrl": format!("{}?owner=acme&repo=shop", fake.host) });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

#[tokio::test]
async fn tokens_are_made_as_they_are_asked_for() {
    let (fake, steps, _) = gitlab().await;
    let output = steps.done(ACCESS, &input(&fake, json!({ "projectId": 12 }))).await;
    assert_eq!(output, json!({ "access_token": "D4y...Wzr-acc3ss" }));
    let asked = fake.take();
    assert_eq!(asked[0].header("authorization"), Some("Bearer glpat-1"));
    // A year after the run began, 2026-09-21: a day of its own for no repetition.
    let wanted = json!({ "name": "Scaffolder", "scopes": ["read_repository"], "access_level": 40, "expires_at": "2027-09-21" });
    assert_eq!(asked[0].json(), wanted);
    let more = json!({ "projectId": "12", "name": "ci", "accessLevel": 30, "scopes": ["api"], "expiresAt": "2027-01-31" });
    steps.done(ACCESS, &input(&fake, more)).await;
    let wanted = json!({ "name": "ci", "scopes": ["api"], "access_level": 30, "expires_at": "2027-01-31" });
    assert_eq!(fake.take()[0].json(), wanted);
    let more = json!({ "projectId": "acme/shop", "name": "My deploy token", "username": "custom-user", "scopes": ["read_registry"] });
    let output = steps.done(DEPLOY, &input(&fake, more)).await;
    assert_eq!(output, json!({ "deploy_token": "jMRvtPNxrn3crTAGukpZ", "user": "custom-user" }));
    let wanted = json!({ "name": "My deploy token", "scopes": ["read_registry"], "username": "custom-user" });
    assert_eq!(fake.take()[0].json(), wanted);
    let told = steps.log().join("\n");
    assert!(!told.contains("acc3ss") && !told.contains("jMRvtP"), "{told}");
    // The one that was made is not said a second time: nobody can tell, but a person.
    for action in [ACCESS, DEPLOY] {
        assert_eq!(steps.probe(action, &input(&fake, json!({ "projectId": 12 }))).await, Probe::Unknown);
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told() {
    let (fake, steps, other) = gitlab().await;
    for action in [ACCESS, DEPLOY] {
        let error = steps.fails(action, &input(&fake, json!({}))).await;
        assert!(error.contains("requires property \"projectId\""), "{error}");
        let error = steps.fails(action, &input(&fake, json!({ "projectId": ".." }))).await;
        assert!(error.contains("projectId is expected to be"), "{error}");
        assert!(fake.take().is_empty());
        let error = steps.fails(action, &input(&fake, json!({ "projectId": 13 }))).await;
        assert!(error.contains("404 Project Not Found"), "{error}");
        for (status, retry, unclear) in [
            (400, false, false),
            (403, false, false),
            (429, true, false),
            (500, false, true),
            (503, true, false),
        ] {
            *other.lock() = Some(FakeReply::json(&json!({ "message": "no" })).and_status(status));
            let failed = steps.perform(action, &input(&fake, json!({ "projectId": 12 }))).await.unwrap_err();
            assert_eq!((failed.retry.is_some(), failed.unclear), (retry, unclear), "{failed:?}");
        }
        *other.lock() = Some(FakeReply::json(&json!({ "id": 1 })).and_status(201));
        let error = steps.fails(action, &input(&fake, json!({ "projectId": 12 }))).await;
        assert!(error.contains("did not say which"), "{error}");
        *other.lock() = None;
        fake.take();
    }
}

#[test]
fn outputs_that_are_secret_are_in_their_schema() {
    let all = performers();
    for (action, outputs) in [(ACCESS, ["access_token"]), (DEPLOY, ["deploy_token"])] {
        let performer = all.get(action).unwrap();
        assert_eq!(performer.secret_outputs(), outputs);
        assert!(performer.describe().output["properties"].get(outputs[0]).is_some());
    }
}
