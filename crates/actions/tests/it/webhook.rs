//! WEBHOOK over a real server of this machine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use stagedoor_actions::{Outcome, Probe, Report, signature, signed_message};

use crate::fake::{Fake, FakeReply};
use crate::stage::{KEY, SECRET, Stage};

fn webhook(url: &str, more: Value) -> Value {
    let mut input = json!({ "type": "WEBHOOK", "url": url });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

/// Computed with OpenSSL: `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac signing-secret -binary | base64`.
#[test]
fn a_signature_is_the_one_that_others_compute() {
    assert_eq!(
        signature(SECRET, 1_700_000_000, "{\"a\":1}"),
        "v1,jKUiFCjEuT1K5FRNoDFzUyL6VTQByp++fL6wyuG4tVs="
    );
}

#[test]
fn a_message_is_signed_without_the_headers_of_the_signature() {
    let message = json!({ "action": "deploy", "headers": { "x-own": "1" } });
    let signed = signed_message(SECRET, 17, message.as_object().unwrap().clone());
    assert_eq!(signed["headers"]["X-Port-Timestamp"], "17");
    assert_eq!(signed["headers"]["x-own"], "1");
    assert_eq!(signed["headers"]["X-Port-Signature"], signature(SECRET, 17, &message.to_string()));
    let without = signed_message(SECRET, 17, json!({ "a": 1 }).as_object().unwrap().clone());
    assert_eq!(
        without["headers"]["X-Port-Signature"],
        signature(SECRET, 17, r#"{"a":1,"headers":{}}"#),
        "the empty headers are signed"
    );
}

#[tokio::test]
async fn what_is_sent_is_signed_as_javascript_would_write_it() {
    let fake = Fake::start(|_| FakeReply::json(&json!({ "ok": 1 }))).await;
    let body = json!({
        "b": "é\u{2028}\"\n", "10": 1.0, "2": 0.1, "a": [1e21, 1e-7, 100_000_000_000_000_000_000.0, -0.0, null, true],
    });
    let input = webhook(
        &fake.url("/hook?x=1"),
        json!({ "synchronized": true, "headers": { "RUN_ID": "r", "X-N": 5 }, "body": body }),
    );
    let stage = Stage::new();
    assert_eq!(stage.done(&input).await, json!({ "status": 200, "response": { "ok": 1 } }));
    let requests = fake.take();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.line(), "POST /hook?x=1");
    let sent = std::str::from_utf8(&request.body).unwrap();
    // What node prints for JSON.stringify(JSON.parse(sent)).
    assert_eq!(
        sent,
        "{\"2\":0.1,\"10\":1,\"b\":\"é\u{2028}\\\"\\n\",\"a\":[1e+21,1e-7,100000000000000000000,0,null,true]}"
    );
    let at = request.header("x-port-timestamp").unwrap();
    let expected = signature(SECRET, at.parse().unwrap(), sent);
    assert_eq!(request.header("x-port-signature"), Some(expected.as_str()));
    assert_eq!(request.header("idempotency-key"), Some(KEY));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!((request.header("run_id"), request.header("x-n")), (Some("r"), Some("5")));
}

#[tokio::test]
async fn a_status_decides_where_the_answer_is_waited_for() {
    let fake = Fake::start(|request| {
        let status = request.path.trim_start_matches('/').parse().unwrap();
        let reply = FakeReply::json(&json!({ "message": "so it is" })).and_status(status);
        if status == 429 { reply.with("retry-after", "7") } else { reply }
    })
    .await;
    let stage = Stage::new();
    for (status, method, retry, unclear, said) in [
        (401, "POST", None, false, "credential is missing"),
        (403, "POST", None, false, "may not do this"),
        (404, "POST", None, false, "not there"),
        (422, "POST", None, false, "so it is"),
        (500, "POST", None, false, "status 500"),
        (302, "POST", None, false, "redirect"),
        (429, "POST", Some(7), false, "status 429"),
        (503, "POST", Some(5), false, "status 503"),
        (502, "POST", None, false, "may have been carried out"),
        (504, "PATCH", None, false, "may have been carried out"),
        (502, "PUT", Some(5), false, "status 502"),
        (504, "delete", Some(5), false, "status 504"),
    ] {
        let input =
            webhook(&fake.url(&format!("/{status}")), json!({ "synchronized": "true", "method": method }));
        let failure = stage.perform(&input).await.unwrap_err();
        assert_eq!(failure.retry, retry.map(Duration::from_secs), "{status} {method}");
        assert_eq!(failure.unclear, unclear, "{status} {method}");
        assert!(failure.message.contains(said), "{status}: {}", failure.message);
        assert_eq!(failure.report.response, Some(json!({ "message": "so it is" })));
        // Whether or not the answer is waited for, a refusal is one.
        let input = webhook(&fake.url(&format!("/{status}")), json!({ "method": method }));
        assert_eq!(stage.perform(&input).await.unwrap_err().retry, failure.retry);
    }
}

#[tokio::test]
async fn without_synchronized_somebody_reports_the_end() {
    let fake = Fake::start(|_| FakeReply::status(202)).await;
    let stage = Stage::new();
    let outcome = stage.perform(&webhook(&fake.url("/"), json!({}))).await.unwrap();
    assert_eq!(outcome, Outcome::Reported { report: Report::default() });
    assert_eq!(fake.take()[0].json(), json!({}), "no body is an empty object");
}

#[tokio::test]
async fn what_was_lost_on_the_way_is_not_sent_again_blindly() {
    let (stage, mute) = (Stage::new(), Fake::mute().await);
    let lost = |method: &str| webhook(&mute.url("/"), json!({ "synchronized": true, "method": method }));
    let failure = stage.perform(&lost("POST")).await.unwrap_err();
    assert!(failure.unclear && failure.retry.is_none(), "{failure:?}");
    let failure = stage.perform(&lost("PUT")).await.unwrap_err();
    assert!(!failure.unclear && failure.retry.is_some(), "{failure:?}");

    // Nobody listens there: nothing was sent.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let failure = stage.perform(&webhook(&format!("http://{free}/"), json!({}))).await.unwrap_err();
    assert!(!failure.unclear && failure.retry.is_some(), "{failure:?}");

    // Where the rules forbid it, trying again is of no use.
    let failure = stage.perform(&webhook("http://169.254.169.254/", json!({}))).await.unwrap_err();
    assert!(!failure.unclear && failure.retry.is_none(), "{failure:?}");
    assert!(failure.message.contains("STAGEDOOR_OUTBOUND_ALLOW"), "{}", failure.message);
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_is_too_large_still_has_its_status() {
    let fake = Fake::start(|request| match request.path.as_str() {
        "/cut" => FakeReply::ok("x".repeat(1_600_000)).cut(),
        _ => FakeReply::ok(Bytes::from(vec![b'y'; 3 * 1024 * 1024])),
    })
    .await;
    let stage = Stage::new();
    for path in ["/cut", "/large"] {
        let output = stage.done(&webhook(&fake.url(path), json!({ "synchronized": true }))).await;
        let kept = output["response"].as_str().unwrap();
        assert!(kept.ends_with("... (cut)") && kept.len() < 70_000, "{path}: {}", kept.len());
        assert!(stage.log().iter().any(|line| line.starts_with("Warn: the answer broke off")), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_given_up() {
    let fake = Fake::start(|_| FakeReply::silence()).await;
    let failure = Stage::new().perform(&webhook(&fake.url("/"), json!({}))).await.unwrap_err();
    assert!(failure.unclear && failure.message.contains("within 60000 ms"), "{failure:?}");
}

#[tokio::test]
async fn an_agent_is_handed_what_it_asks_for() {
    let stage = Stage::new();
    let input = webhook(
        "http://inside.example.com/hook",
        json!({ "agent": true, "body": { "a": 1 }, "headers": { "X-Port-Signature": "kept as it is" } }),
    );
    let outcome = stage.perform(&input).await.unwrap();
    let Outcome::Reported { report } = outcome else { panic!("{outcome:?}") };
    assert_eq!(
        report.payload.unwrap(),
        json!({
            "type": "WEBHOOK", "url": "http://inside.example.com/hook", "agent": true, "synchronized": false,
            "method": "POST", "headers": { "X-Port-Signature": "kept as it is" }, "body": { "a": 1 },
        })
    );
    assert_eq!(stage.probe(&input).await, Probe::DidNot);
}

#[tokio::test]
async fn after_a_crash_only_what_is_the_same_twice_is_repeated() {
    let stage = Stage::new();
    for (method, expected) in [
        ("POST", Probe::Unknown),
        ("PATCH", Probe::Unknown),
        ("PUT", Probe::Repeat),
        ("DELETE", Probe::Repeat),
    ] {
        let input = webhook("https://example.com/", json!({ "method": method }));
        assert_eq!(stage.probe(&input).await, expected, "{method}");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_by_its_place() {
    let sent = std::sync::Arc::new(AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&sent);
    let fake = Fake::start(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        FakeReply::status(200)
    })
    .await;
    let stage = Stage::new();
    for (more, said) in [
        (json!({ "url": "" }), "invocationMethod.url: this is required"),
        (json!({ "url": "not an address" }), "invocationMethod.url: an address is expected"),
        (json!({ "method": "TRACE" }), "invocationMethod.method"),
        (json!({ "synchronized": "perhaps" }), "invocationMethod.synchronized"),
        (json!({ "headers": [] }), "invocationMethod.headers: an object is expected"),
        (json!({ "headers": { "Host": "other" } }), "it is ours to send"),
        (json!({ "headers": { "Transfer-Encoding": "chunked" } }), "it is ours to send"),
        (json!({ "headers": { "x-port-signature": "v1,forged" } }), "it is ours to send"),
        (json!({ "headers": { "a\r\nb": "c" } }), "cannot be sent"),
        (json!({ "headers": { "a": "c\r\nb: d" } }), "cannot be sent"),
        (json!({ "url": "https://portal.example.com/v1/entities" }), "lets nobody in without a credential"),
        (json!({ "url": "https://user:pass@example.com/" }), "user name or password"),
        (json!({ "url": "file:///etc/passwd" }), "only http and https"),
    ] {
        let failure = stage.perform(&webhook(&fake.url("/"), more.clone())).await.unwrap_err();
        assert!(failure.message.contains(said), "{more}: {}", failure.message);
        assert!(failure.retry.is_none() && !failure.unclear, "{more}");
    }
    assert_eq!(sent.load(Ordering::SeqCst), 0);
}
