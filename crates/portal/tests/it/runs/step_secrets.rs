//! What a step gives to later ones in secret: they read it, nobody else does.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_actions::{Run, RunKind, RunOf, StepState};
use stagedoor_auth::SecretsKey;
use stagedoor_model::Change;
use stagedoor_portal::{NewLine, NewRun, RunStatus};

use super::scripted::{Stage, admin, done, new_run};

const TOKEN: &str = "glpat-m1nted/for+one";

/// A run of a template.
async fn start(stage: &Stage, steps: Value, output: Value) -> Arc<Run> {
    let new = NewRun {
        of: RunOf { kind: RunKind::Template, identifier: "template:default/x".into(), ..RunOf::default() },
        definition: json!({ "steps": steps, "output": output }),
        ..new_run(&[])
    };
    stage.portal.start_run(new).await.unwrap()
}

fn mint() -> Value {
    json!({ "id": "mint", "name": "Mint", "action": "mint", "input": {} })
}

fn using(input: Value) -> Value {
    json!({ "id": "use", "name": "Use", "action": "plain", "if": "${{ steps.mint.output.token }}", "input": input })
}

/// All that is stored, as text; and how many records of secrets there are.
fn stored(stage: &Stage) -> (String, usize) {
    let (mut text, mut sealed) = (String::new(), 0);
    stage
        .store
        .load(&mut |change| {
            if let Change::PutRecord(record) = change {
                text.push_str(record.body.as_str());
                sealed += usize::from(record.collection == "run_secret");
            }
        })
        .unwrap();
    for commit in stage.store.commits_since(0, 10_000).unwrap() {
        text.push_str(&format!("{:?}", commit.change_set));
    }
    (text, sealed)
}

async fn tells_nothing(stage: &Stage, run: &Run) {
    let all = [serde_json::to_string(run).unwrap(), stage.log(&run.id).await.join("\n"), stored(stage).0];
    for text in all {
        for form in [TOKEN.to_owned(), TOKEN.to_uppercase(), TOKEN.replace("glpat", "xx")] {
            assert!(!text.contains(&form), "{form}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_step_reads_it_and_nobody_else_does() {
    let stage = Stage::new().await;
    stage.mint.answers(done(json!({ "token": TOKEN, "user": "deploy-1" }))).await;
    stage.plain.hangs();
    let token = "${{ steps.mint.output.token }}";
    let changed =
        "${{ steps.mint.output.token | upper }} ${{ steps.mint.output.token | replace('glpat', 'xx') }}";
    let input = json!({ "say": format!("{token} {changed}"), "give": { "echo": token, "changed": changed } });
    let output =
        json!({ "token": token, "user": "${{ steps.mint.output.user }}", "all": "${{ steps.mint.output }}" });
    let run = start(&stage, json!([mint(), using(input)]), output).await;
    stage.plain.has_begun().await;
    let middle = stage.portal.run(&admin(), &run.id).unwrap();
    assert_eq!(middle.steps[0].output, json!({ "token": "[redacted]", "user": "deploy-1" }));
    tells_nothing(&stage, &middle).await;
    assert_eq!(stored(&stage).1, 1);
    stage.plain.goes_on();
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(stage.plain.inputs.lock().await[0]["give"]["echo"], TOKEN);
    assert_eq!((&run.output["token"], &run.output["user"]), (&json!("[redacted]"), &json!("deploy-1")));
    assert_eq!(run.steps[1].output["echo"], "[redacted]");
    // What a client says at the end goes the same way.
    let line = NewLine { message: format!("it was {TOKEN}"), ..NewLine::default() };
    stage.portal.log_run(&admin(), &run.id, vec![line]).await.unwrap();
    tells_nothing(&stage, &run).await;
    assert_eq!(stored(&stage).1, 0, "it went with the run's end");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_survives_a_crash_and_is_masked_after_it() {
    let stage = Stage::new().await;
    stage.mint.answers(done(json!({ "token": TOKEN }))).await;
    stage.plain.hangs();
    let input = json!({ "say": "${{ steps.mint.output.token }}", "give": "${{ steps.mint.output.token }}" });
    let steps = json!([mint(), using(input), { "id": "more", "name": "More", "action": "plain", "input": { "say": TOKEN } }]);
    let run = start(&stage, steps, json!({})).await;
    stage.plain.has_begun().await;
    let stage = stage.crash().await;
    let line = NewLine { message: format!("a client has {TOKEN}"), ..NewLine::default() };
    stage.portal.log_run(&admin(), &run.id, vec![line]).await.unwrap();
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(stage.mint.count(), 1, "another one would be another token");
    assert!(stage.plain.inputs.lock().await[..2].iter().all(|input| input["say"] == TOKEN));
    assert_eq!(run.steps[1].output, json!("[redacted]"));
    let log = stage.log(&run.id).await.join("\n");
    assert!(log.contains("a client has [redacted]") && !log.contains(TOKEN), "{log}");
    assert_eq!(stored(&stage).1, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_for_each_is_a_list_and_the_last_step_leaves_nothing() {
    let stage = Stage::new().await;
    let tokens = [TOKEN, "glpat-the-0ther"];
    for token in tokens {
        stage.mint.answers(done(json!({ "token": token }))).await;
    }
    let mut minting = mint();
    minting["each"] = json!(["a", "b"]);
    let input = json!({ "give": "${{ steps.mint.output.token }}" });
    let last = json!({ "id": "last", "name": "Last", "action": "mint", "input": {} });
    let run = start(
        &stage,
        json!([minting, using(input), last]),
        json!({ "all": "${{ steps.mint.output.token }}" }),
    )
    .await;
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!(stage.plain.inputs.lock().await[0]["give"], json!(tokens));
    assert_eq!(run.output["all"], json!(["[redacted]", "[redacted]"]));
    assert_eq!(run.steps[2].output, json!(["[redacted]", "[redacted]"]));
    tells_nothing(&stage, &run).await;
    assert_eq!(stored(&stage).1, 0);
    stage.mint.answers(done(json!({ "token": TOKEN }))).await;
    let run = start(&stage, json!([mint()]), json!({})).await;
    let run = stage.ends(&run.id, RunStatus::Success).await;
    tells_nothing(&stage, &run).await;
    assert_eq!(stored(&stage).1, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_begun_anew_makes_it_anew() {
    let stage = Stage::new().await;
    for token in [TOKEN, "glpat-the-0ther"] {
        stage.mint.answers(done(json!({ "token": token }))).await;
    }
    let failure = stagedoor_actions::Failure::new(format!("it did not like {TOKEN}"));
    stage.plain.answers(Err(failure)).await;
    let input = json!({ "give": "${{ steps.mint.output.token }}" });
    let before = json!({ "id": "before", "name": "Before", "action": "outside", "input": {} });
    let run = start(&stage, json!([before, mint(), using(input)]), json!({})).await;
    let run = stage.ends(&run.id, RunStatus::Failure).await;
    assert_eq!(run.error.as_deref(), Some("it did not like [redacted]"));
    assert_eq!(stored(&stage).1, 0);
    stage.portal.retry_run(&admin(), &run.id, &serde_json::Map::new()).await.unwrap();
    let run = stage.ends(&run.id, RunStatus::Success).await;
    assert_eq!((stage.outside.count(), stage.mint.count()), (1, 2));
    assert_eq!(stage.plain.inputs.lock().await[1]["give"], "glpat-the-0ther");
    assert!(!serde_json::to_string(&*run).unwrap().contains("0ther"));
    tells_nothing(&stage, &run).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_it_is_not_made() {
    let stage = Stage::without_key().await;
    let run = start(&stage, json!([mint()]), json!({})).await;
    let run = stage.ends(&run.id, RunStatus::Failure).await;
    assert_eq!((stage.mint.count(), &run.steps[0].state), (0, &StepState::Failed));
    assert!(run.error.as_ref().unwrap().contains("there is no key to keep it with"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_sealed_with_another_key_together_with_what_the_run_was_given() {
    let stage = Stage::new().await;
    stage.mint.answers(done(json!({ "token": TOKEN }))).await;
    stage.plain.hangs();
    let steps = json!([mint(), using(json!({ "say": "${{ secrets.own }}" }))]);
    let mut new = NewRun {
        of: RunOf { kind: RunKind::Template, identifier: "template:default/x".into(), ..RunOf::default() },
        definition: json!({ "steps": steps, "output": {} }),
        ..new_run(&[])
    };
    new.secrets.insert("own".into(), json!("0wn-secret"));
    let run = stage.portal.start_run(new).await.unwrap();
    stage.plain.has_begun().await;
    let other = Arc::new(SecretsKey::of(&std::array::from_fn(|i| 5 * (i as u8) + 3)).ok().unwrap());
    let sealed = |stage: &Stage| {
        let mut body = Value::Null;
        let mut read = |change| {
            if let Change::PutRecord(record) = change
                && record.collection == "run_secret"
            {
                body = record.body.value();
            }
        };
        stage.store.load(&mut read).unwrap();
        body
    };
    let open = |body: &Value, member: &str, purpose: &str| {
        let opened = other.open(purpose, &run.id, body[member].as_str().unwrap());
        opened.ok().map(|text| serde_json::from_str::<Value>(text.expose()).unwrap())
    };
    let before = sealed(&stage);
    assert_eq!((open(&before, "steps", "run steps"), open(&before, "sealed", "run")), (None, None));
    stage.portal.reseal_secrets(&admin(), Arc::clone(&other)).await.unwrap();
    let after = sealed(&stage);
    assert_eq!(open(&after, "steps", "run steps"), Some(json!({ "mint": { "token": TOKEN } })));
    assert_eq!(open(&after, "sealed", "run"), Some(json!({ "own": "0wn-secret" })));
    // One is not taken for the other, nor for another run's.
    assert_eq!(open(&after, "steps", "run"), None);
    assert!(other.open("run steps", "another", after["steps"].as_str().unwrap()).is_err());
}

/// Whatever an input of such a name is made of.
#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_is_secret_by_its_nature_is_masked() {
    let stage = Stage::new().await;
    let key = "-----BEGIN KEY-----\nbm90LWEta2V5LWF0LWFsbA\n-----END KEY-----";
    let input = json!({
        "repoUrl": "github.example.com?owner=acme&repo=shop", "publicKey": "ssh-ed25519 AAAA", "privateKey": key,
        "deployKeyName": "bm90LWEta2V5LWF0LWFsbA",
    });
    let run = stage.start(&[("github:deployKey:create", input)]).await;
    let run = stage.ends(&run.id, RunStatus::Failure).await;
    assert_eq!(run.steps[0].input["privateKey"], "[redacted]");
    assert!(!serde_json::to_string(&*run).unwrap().contains("bm90LWEta2V5"));
    assert!(!stage.log(&run.id).await.join("\n").contains("bm90LWEta2V5"));
}
