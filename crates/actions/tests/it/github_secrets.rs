//! Secrets at GitHub, through a fake of docs.github.com/rest/actions/secrets and .../deploy-keys that has a key of its own
//! and opens what it is sent, as GitHub does.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::SecretKey;
use crypto_box::aead::OsRng;
use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_actions::{Probe, performers};

use crate::fake::{Fake, FakeReply, FakeRequest};
use crate::steps_stage::Steps;

const PUBLIC: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample ada@example.com";
const PRIVATE: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----\n";

#[derive(Default)]
struct State {
    /// Secrets by the address that they were put at, opened.
    secrets: BTreeMap<String, String>,
    keys: Vec<String>,
    /// The answer to the question for the public key, where it is another.
    key: Option<FakeReply>,
    /// The answer to a secret, where it is another.
    put: Option<FakeReply>,
    /// The key is one of another repository.
    taken: bool,
}

struct GitHub {
    fake: Fake,
    state: Arc<Mutex<State>>,
    steps: Steps,
}

fn answer(own: &SecretKey, state: &mut State, request: &FakeRequest) -> FakeReply {
    let path = request.path.trim_start_matches("/repos/acme/shop");
    match (request.method.as_str(), path) {
        ("GET", path) if path.ends_with("/secrets/public-key") => state.key.clone().unwrap_or_else(|| {
            let key = STANDARD.encode(own.public_key().as_bytes());
            FakeReply::json(&json!({ "key_id": "568250167242549743", "key": key }))
        }),
        ("PUT", path) if path.contains("/secrets/") => {
            if let Some(reply) = &state.put {
                return reply.clone();
            }
            let body = request.json();
            assert_eq!(body["key_id"], "568250167242549743");
            let sealed = STANDARD.decode(body["encrypted_value"].as_str().unwrap()).unwrap();
            let opened = String::from_utf8(own.unseal(&sealed).unwrap()).unwrap();
            let new = state.secrets.insert(path.to_owned(), opened).is_none();
            if new { FakeReply::json(&json!({})).and_status(201) } else { FakeReply::status(204) }
        }
        ("POST", "/keys") => {
            let key = request.json()["key"].as_str().unwrap().rsplit_once(' ').unwrap().0.to_owned();
            if state.taken || state.keys.contains(&key) {
                let error = json!({ "resource": "PublicKey", "code": "custom", "field": "key", "message": "key is already in use" });
                let body = json!({ "message": "Validation Failed", "errors": [error] });
                return FakeReply::json(&body).and_status(422);
            }
            state.keys.push(key.clone());
            FakeReply::json(&json!({ "id": 1, "key": key, "title": request.json()["title"] })).and_status(201)
        }
        ("GET", "/keys") => {
            let keys: Vec<Value> = state.keys.iter().map(|key| json!({ "id": 1, "key": key })).collect();
            FakeReply::json(&keys.into())
        }
        ("PUT", "/environments/prod") => FakeReply::json(&json!({})),
        _ => match request.line().as_str() {
            "GET /users/acme" => FakeReply::json(&json!({ "type": "Organization" })),
            "POST /orgs/acme/repos" => {
                FakeReply::json(&json!({ "clone_url": "https://g/acme/shop.git" })).and_status(201)
            }
            _ => FakeReply::json(&json!({ "message": "Not Found" })).and_status(404),
        },
    }
}

impl GitHub {
    async fn start() -> Self {
        let (own, state) = (SecretKey::generate(&mut OsRng), Arc::<Mutex<State>>::default());
        let shared = Arc::clone(&state);
        let fake = Fake::start(move |request| answer(&own, &mut shared.lock(), request)).await;
        let steps = Steps::hosted(
            &json!({ "github": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "t" }] }),
        );
        Self { fake, state, steps }
    }

    fn input(&self, more: Value) -> Value {
        let mut input = json!({ "repoUrl": format!("{}?owner=acme&repo=shop", self.fake.host) });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    }

    fn secrets(&self) -> Value {
        json!(self.state.lock().secrets)
    }

    /// Nothing of a secret is in what was sent or told.
    fn kept_to_itself(&self, clear: &str) {
        let sent = self.fake.take();
        assert!(!sent.is_empty());
        let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        for request in sent {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let line = request.line();
            for form in [clear.to_owned(), STANDARD.encode(clear), hex(clear)] {
                assert!(!body.contains(&form) && !line.contains(&form), "{line}: {body}");
            }
        }
        let told = self.steps.log().join("\n");
        assert!(!told.contains(clear), "{told}");
    }
}

fn key(more: Value) -> Value {
    let mut input = json!({ "publicKey": PUBLIC, "privateKey": PRIVATE, "deployKeyName": "Push Tags" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

#[tokio::test]
async fn a_deploy_key_is_let_in_and_its_private_half_sealed() {
    let github = GitHub::start().await;
    let action = "github:deployKey:create";
    let input = github.input(key(json!({})));
    let output = github.steps.done(action, &input).await;
    assert_eq!(output, json!({ "privateKeySecretName": "PUSH_TAGS_PRIVATE_KEY" }));
    assert_eq!(github.secrets(), json!({ "/actions/secrets/PUSH_TAGS_PRIVATE_KEY": PRIVATE }));
    let asked: Vec<FakeRequest> = github.fake.take();
    assert_eq!(asked[0].json(), json!({ "title": "Push Tags", "key": PUBLIC }));
    assert!(asked.iter().all(|request| request.header("authorization") == Some("Bearer t")));
    assert!(!asked.iter().any(|request| String::from_utf8_lossy(&request.body).contains("PRIVATE KEY")));
    // After a crash it is done again: the key is found, the secret gets its value once more.
    assert_eq!(github.steps.probe(action, &input).await, Probe::Repeat);
    github.state.lock().secrets.clear();
    assert_eq!(github.steps.done(action, &input).await, output);
    assert_eq!(github.secrets(), json!({ "/actions/secrets/PUSH_TAGS_PRIVATE_KEY": PRIVATE }));
    github.kept_to_itself("b3BlbnNzaC1rZXktdjEAAAAABG5vbmU");
    let named = github.input(key(json!({ "privateKeySecretName": "DEPLOY", "token": "mine" })));
    assert_eq!(github.steps.done(action, &named).await, json!({ "privateKeySecretName": "DEPLOY" }));
    assert!(github.fake.take().iter().all(|request| request.header("authorization") == Some("Bearer mine")));
    for member in ["publicKey", "privateKey", "deployKeyName"] {
        let mut without = input.clone();
        without.as_object_mut().unwrap().remove(member);
        let error = github.steps.fails(action, &without).await;
        assert!(error.contains(&format!("requires property \"{member}\"")), "{error}");
    }
}

#[tokio::test]
async fn what_goes_wrong_with_a_deploy_key_tells_nothing_of_it() {
    let github = GitHub::start().await;
    let action = "github:deployKey:create";
    let input = github.input(key(json!({})));
    github.state.lock().taken = true;
    let error = github.steps.fails(action, &input).await;
    assert!(error.contains("in use elsewhere"), "{error}");
    github.state.lock().taken = false;
    for (reply, says) in [
        (FakeReply::json(&json!({ "message": "Not Found" })).and_status(404), "was not found"),
        (FakeReply::json(&json!({ "key_id": "1", "key": "AAAA" })), "no public key"),
        (FakeReply::json(&json!({ "key_id": "1", "key": "!" })), "no public key"),
        (FakeReply::json(&json!({ "key": "AAAA" })), "no public key"),
        (FakeReply::ok("<html>"), "no JSON"),
    ] {
        github.state.lock().key = Some(reply);
        let failure = github.steps.perform(action, &input).await.unwrap_err();
        assert!(failure.message.contains(says), "{failure:?}");
        assert!(!format!("{failure:?}").contains("b3BlbnNzaC1r"));
    }
    github.state.lock().key = None;
    for (status, retry, unclear) in
        [(403, false, false), (429, true, false), (500, false, true), (503, true, false)]
    {
        github.state.lock().put = Some(FakeReply::json(&json!({ "message": "no" })).and_status(status));
        let failure = github.steps.perform(action, &input).await.unwrap_err();
        assert_eq!((failure.retry.is_some(), failure.unclear), (retry, unclear), "{failure:?}");
        assert!(!format!("{failure:?}").contains("b3BlbnNzaC1r"));
    }
    assert_eq!(github.secrets(), json!({}));
    github.kept_to_itself("b3BlbnNzaC1rZXktdjEAAAAABG5vbmU");
    // A name does not become another address, and is looked at before anything is done.
    for name in ["../../../user", "1A", "a-b", "GITHUB_TOKEN", "github_x"] {
        let input = github.input(key(json!({ "privateKeySecretName": name })));
        let error = github.steps.fails(action, &input).await;
        assert!(error.contains("is no name for a secret"), "{error}");
    }
    assert!(github.fake.take().is_empty());
}

#[tokio::test]
async fn a_repository_and_an_environment_get_their_secrets_sealed() {
    let github = GitHub::start().await;
    let secrets = json!({ "secrets": { "NPM_TOKEN": "npm_hunter2hunter2", "PIN": 271_828 } });
    let input = github.input(secrets.clone());
    github.steps.done("github:repo:create", &input).await;
    assert_eq!(
        github.secrets(),
        json!({ "/actions/secrets/NPM_TOKEN": "npm_hunter2hunter2", "/actions/secrets/PIN": "271828" })
    );
    github.kept_to_itself("npm_hunter2hunter2");
    github.state.lock().secrets.clear();
    let mut input = github.input(secrets);
    input["name"] = "prod".into();
    github.steps.done("github:environment:create", &input).await;
    let at = "/environments/prod/secrets";
    assert_eq!(
        github.secrets(),
        json!({ format!("{at}/NPM_TOKEN"): "npm_hunter2hunter2", format!("{at}/PIN"): "271828" })
    );
    github.kept_to_itself("npm_hunter2hunter2");
    github.state.lock().put =
        Some(FakeReply::json(&json!({ "message": "Resource not accessible" })).and_status(403));
    for action in ["github:repo:create", "github:environment:create"] {
        let error = github.steps.fails(action, &input).await;
        assert!(error.contains("403") && !error.contains("hunter2"), "{error}");
    }
    github.fake.take();
    for action in ["publish:github", "github:repo:create", "github:environment:create"] {
        let bad = github.input(json!({ "name": "prod", "secrets": { "../x": "hunter2hunter2" } }));
        let error = github.steps.fails(action, &bad).await;
        assert!(error.contains("is no name for a secret") && !error.contains("hunter2"), "{error}");
    }
    // Nothing was made before its names were looked at.
    assert!(github.fake.take().iter().all(|request| request.method == "GET"));
}

/// What the engine masks wherever it comes from.
#[test]
fn inputs_that_are_secret_say_so() {
    let all = performers();
    for (action, inputs) in [
        ("github:deployKey:create", ["privateKey"]),
        ("publish:github", ["secrets"]),
        ("github:repo:create", ["secrets"]),
        ("github:environment:create", ["secrets"]),
    ] {
        let performer = all.get(action).unwrap();
        assert_eq!(performer.secret_inputs(), inputs);
        let schema = performer.describe().input;
        assert!(inputs.iter().all(|name| schema["properties"].get(name).is_some()), "{action}");
    }
}
