//! Limits on requests (attack cases 27 and 35).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use stagedoor_server::TrustedProxies;
use stagedoor_server::config::{Rates, WireConfig};
use stagedoor_testkit::TestPortal;

use super::Served;
use crate::support::assert_shape;

fn wire(rates: Rates) -> WireConfig {
    WireConfig { rates, ..WireConfig::default() }
}

fn few() -> Rates {
    Rates {
        period: Duration::from_secs(1000),
        programs: Some(5),
        people: Some(3),
        addresses: Some(4),
        refusals: Some(2),
    }
}

#[tokio::test]
async fn a_program_that_asks_too_often_is_told_when_to_come_again() {
    let served = Served::new(wire(few())).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for left in (0..5).rev() {
        let reply = served.ask("GET /v1/blueprints", "", "").await;
        let number = |name: &str| reply.header(name).and_then(|v| v.parse::<u64>().ok()).unwrap();
        assert_eq!(reply.status(), 200);
        assert_eq!(
            (number("x-ratelimit-limit"), number("x-ratelimit-period"), number("x-ratelimit-remaining")),
            (5, 1000, left)
        );
        let reset = number("x-ratelimit-reset");
        assert!(
            (now + (5 - left) * 200 - 2..=now + (5 - left) * 200 + 5).contains(&reset),
            "{reset} at {now}"
        );
    }
    for path in ["/v1/blueprints", "/api/catalog/entities", "/api/stagedoor/v1/session"] {
        let reply = served.ask(&format!("GET {path}"), "", "").await;
        assert_eq!(reply.status(), 429, "{path}: {}", reply.0);
        let after: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((195..=200).contains(&after), "{after}");
        let body: Value = serde_json::from_str(reply.body()).unwrap();
        match path {
            "/v1/blueprints" => {
                assert_eq!((&body["ok"], &body["error"]), (&false.into(), &"rate_limit_exceeded".into()));
                assert_eq!(reply.header("x-ratelimit-remaining"), Some("0"));
            }
            "/api/catalog/entities" => {
                assert_eq!(body["error"]["name"], "TooManyRequestsError");
                assert_eq!(
                    (&body["request"]["url"], &body["response"]["statusCode"]),
                    (&"/entities".into(), &429.into())
                );
            }
            _ => assert_eq!(body["error"]["code"], "rate_limit_exceeded"),
        }
    }
}

#[tokio::test]
async fn everybody_has_a_bucket_of_their_own() {
    let config = stagedoor_server::config::Config { wire: wire(few()), ..Default::default() };
    // Made with the administrator's credential, of whose requests there are five: three people, two refusals.
    let portal = TestPortal::builder().config(config).start().await;
    let (ada, elsa) =
        (portal.administrator("ada@larkfell.example").await, portal.member("elsa@larkfell.example").await);
    for person in [&ada, &elsa] {
        for expected in [200, 200, 200, 429, 429] {
            let answer = portal.request_as(person, "GET", "/v1/blueprints", None).await;
            assert_eq!(answer.status, expected, "{}", answer.text());
        }
        let again = portal.limited(person, &["read:blueprints"]);
        let answer = portal.request_as(&again, "GET", "/v1/blueprints", None).await;
        assert_shape("/v1/blueprints", 429, &answer);
    }
    assert_eq!(portal.get("/v1/blueprints").await.status, 200);
}

#[tokio::test]
async fn guessing_is_slow() {
    let served = Served::new(wire(few())).await;
    let guess = "authorization: Bearer guess\r\n";
    for expected in [401, 401, 429, 429] {
        assert_eq!(served.ask_anonymous("GET /v1/blueprints", guess).await.status(), expected);
    }
    // Not even the right answer could be told now; but whoever is known is not kept out, and pages are shown.
    let body = "{\"clientId\":\"test-client\",\"clientSecret\":\"test-secret\"}";
    let length = body.len();
    let text = served
        .raw(format!(
            "POST /v1/auth/access_token HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await;
    assert_eq!(super::status_of(&text), 429, "{text}");
    served.answers().await;
    assert_eq!(served.ask_anonymous("GET /", "").await.status(), 200);
}

#[tokio::test]
async fn guessing_the_secret_of_a_webhook_is_slow() {
    let mut config = stagedoor_server::config::Config { wire: wire(few()), ..Default::default() };
    let events =
        serde_json::json!({ "modules": { "gitlab": { "webhookSecret": "a secret of sufficient length" } } });
    config.outside.events = Some(events.into());
    let portal = TestPortal::builder().config(config).start().await;
    let served = Served::of(portal, wire(few()), None).await;
    let knock = async |token: &str| {
        let head = "POST /api/events/http/gitlab HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
        let rest = format!(
            "content-type: application/json\r\nx-gitlab-token: {token}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        super::status_of(&served.raw(format!("{head}{rest}")).await)
    };
    assert_eq!(knock("a secret of sufficient length").await, 202, "who knows it is not counted");
    for expected in [403, 403, 429, 429] {
        assert_eq!(knock("guess").await, expected);
    }
    assert_eq!(knock("a secret of sufficient length").await, 429);
}

#[tokio::test]
async fn unknown_callers_are_counted_by_address() {
    let rates = Rates { refusals: None, ..few() };
    let proxies = TrustedProxies::parse(["127.0.0.1"]).unwrap();
    let served = Served::new(WireConfig { proxies, ..wire(rates) }).await;
    let from = |address: &str| format!("x-forwarded-for: {address}\r\n");
    for expected in [401, 401, 401, 401, 429] {
        let reply = served.ask_anonymous("GET /v1/blueprints", &from("192.0.2.1")).await;
        assert_eq!(reply.status(), expected);
    }
    assert_eq!(served.ask_anonymous("GET /v1/blueprints", &from("192.0.2.2")).await.status(), 401);
    // One network of IPv6 is one caller.
    for n in 1..=4 {
        let reply = served.ask_anonymous("GET /v1/blueprints", &from(&format!("2001:db8::{n}"))).await;
        assert_eq!(reply.status(), 401);
    }
    assert_eq!(served.ask_anonymous("GET /v1/blueprints", &from("2001:db8::ffff")).await.status(), 429);
    assert_eq!(served.ask_anonymous("GET /v1/blueprints", &from("2001:db8:0:1::1")).await.status(), 401);
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    let served = Served::new(wire(Rates::OFF)).await;
    for _ in 0..20 {
        let reply = served.ask("GET /v1/blueprints", "", "").await;
        assert_eq!((reply.status(), reply.header("x-ratelimit-limit")), (200, None));
    }
}
