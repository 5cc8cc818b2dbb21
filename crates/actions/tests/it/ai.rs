//! AI over a fake of the chat-completions API: no real model is asked here. The fake answers in the shape of OpenAI's
//! published description of `POST /v1/chat/completions`, and in the ways in which such servers fail.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_actions::{AiSettings, BackEndSettings, Failure};
use stagedoor_auth::Secret;

use crate::fake::{Fake, FakeReply};
use crate::stage::Stage;

const KEY: &str = "sk-of-the-test";

/// A fake that gives these answers, one after the other, and a portal that asks it.
async fn asking(answers: Vec<FakeReply>) -> (Fake, Stage) {
    let answers = Mutex::new(answers.into_iter());
    let fake =
        Fake::start(move |_| answers.lock().unwrap().next().unwrap_or_else(|| FakeReply::status(418))).await;
    let ai = AiSettings {
        base_url: fake.url("/v1"),
        api_key: Some(Secret::new(KEY)),
        model: Some("usual".into()),
        patience: Duration::from_secs(5),
    };
    let settings = BackEndSettings { ai: Some(ai), ..BackEndSettings::default() };
    (fake, Stage::with(None, settings))
}

/// A completion with this text.
fn says(text: &str) -> FakeReply {
    FakeReply::json(&json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "usual-2026",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12 },
    }))
}

fn node(more: Value) -> Value {
    let mut input = json!({ "type": "AI", "userPrompt": "Which team?" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

fn schema() -> Value {
    json!({ "type": "object", "required": ["team"], "properties": { "team": { "type": "string" } }, "additionalProperties": false })
}

async fn fails(answer: FakeReply) -> Failure {
    let (_fake, stage) = asking(vec![answer]).await;
    stage.perform(&node(json!({}))).await.unwrap_err()
}

#[tokio::test]
async fn a_model_is_asked_and_its_text_given_back() {
    let (fake, stage) = asking(vec![says("Payments"), says("Orders")]).await;
    let output = stage.done(&node(json!({ "systemPrompt": "Be brief." }))).await;
    let usage = json!({ "prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12 });
    assert_eq!(output, json!({ "response": "Payments", "model": "usual-2026", "usage": usage }));
    stage.done(&node(json!({ "model": "other" }))).await;
    let asked = fake.take();
    assert_eq!(asked[0].line(), "POST /v1/chat/completions");
    assert_eq!(asked[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    let messages =
        json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Which team?" }]);
    assert_eq!(asked[0].json(), json!({ "model": "usual", "messages": messages, "stream": false }));
    let second = asked[1].json();
    assert_eq!((&second["model"], second["messages"].as_array().unwrap().len()), (&json!("other"), 1));
    let log = stage.log().join("\n");
    assert!(log.contains("asks usual at 127.0.0.1") && !log.contains(KEY), "{log}");
}

#[tokio::test]
async fn an_answer_that_breaks_the_schema_is_asked_for_once_more() {
    let wanted = node(json!({ "outputSchema": schema() }));
    let fenced = "```json\n{\"team\": \"orders\"}\n```";
    let (fake, stage) = asking(vec![says("It is orders."), says(fenced)]).await;
    assert_eq!(stage.done(&wanted).await["response"], json!({ "team": "orders" }));
    let asked = fake.take();
    assert_eq!(asked[0].json()["response_format"], json!({ "type": "json_object" }));
    let system = asked[0].json()["messages"][0]["content"].as_str().unwrap().to_owned();
    assert!(system.contains("additionalProperties"), "{system}");
    let again = asked[1].json()["messages"].clone();
    assert_eq!(again[2], json!({ "role": "assistant", "content": "It is orders." }));
    assert!(again[3]["content"].as_str().unwrap().contains("it is no JSON"), "{again}");
    let (fake, stage) = asking(vec![says("{}"), says("{\"team\": 1}"), says("{\"team\": \"late\"}")]).await;
    let failure = stage.perform(&wanted).await.unwrap_err();
    assert!(failure.message.contains("/team must be string") && failure.retry.is_none(), "{failure:?}");
    assert_eq!(fake.take().len(), 2, "once more and not for ever");
}

#[tokio::test]
async fn what_may_go_away_is_tried_again_and_the_rest_is_said() {
    let busy = fails(FakeReply::status(429).with("retry-after", 7)).await;
    assert_eq!(busy.retry, Some(Duration::from_secs(7)), "{busy:?}");
    for reply in [FakeReply::status(500), FakeReply::status(503), says("half of it").cut()] {
        let failure = fails(reply).await;
        assert!(failure.retry.is_some() && !failure.unclear, "{failure:?}");
    }
    let refusal = json!({ "choices": [{ "message": { "content": null, "refusal": "I cannot" } }] });
    let short = json!({ "choices": [{ "message": { "content": "It" }, "finish_reason": "length" }] });
    let wrong_key = json!({ "error": { "message": "Incorrect API key" } });
    for (reply, says) in [
        (FakeReply::json(&wrong_key).and_status(401), "stagedoor.ai.apiKey"),
        (FakeReply::json(&json!({ "error": { "message": "no such model" } })).and_status(404), "404"),
        (FakeReply::ok("<html>"), "no JSON"),
        (FakeReply::json(&json!({ "choices": [] })), "choices[0].message.content"),
        (FakeReply::json(&refusal), "refused to answer: I cannot"),
        (FakeReply::json(&short), "cut off"),
        (says(&"x".repeat(1_100_000)), "more than 1024 KiB"),
    ] {
        let failure = fails(reply).await;
        assert!(failure.message.contains(says) && failure.retry.is_none(), "{says}: {failure:?}");
    }
}

#[tokio::test]
async fn what_is_not_set_is_named_and_addresses_inside_are_not_asked() {
    let failure = Stage::new().perform(&node(json!({}))).await.unwrap_err();
    assert!(failure.message.contains("stagedoor.ai"), "{failure:?}");
    let ai = |base_url: &str| AiSettings {
        base_url: base_url.into(),
        api_key: None,
        model: None,
        patience: Duration::from_secs(1),
    };
    let with = |ai| Stage::with(None, BackEndSettings { ai: Some(ai), ..BackEndSettings::default() });
    let failure = with(ai("http://127.0.0.1:1/v1")).perform(&node(json!({}))).await.unwrap_err();
    assert!(failure.message.contains("stagedoor.ai.model"), "{failure:?}");
    let inside = with(ai("http://169.254.169.254/v1"));
    let failure = inside.perform(&node(json!({ "model": "m" }))).await.unwrap_err();
    assert!(failure.retry.is_none(), "{failure:?}");
    let long = node(json!({ "model": "m", "userPrompt": "x".repeat(300_000) }));
    let failure = inside.perform(&long).await.unwrap_err();
    assert!(failure.message.contains("256 KiB"), "{failure:?}");
}
