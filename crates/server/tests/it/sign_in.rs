//! Signing in without a provider: links, passwords, cookies, and how all of it ends.

mod browser;
mod cross_site;
mod links;
mod sessions;

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use self::browser::{Browser, NATIVE};

const PASSWORD: &str = "violet lamp over nine";
const ADA: &str = "ada@larkfell.example";
const ELSA: &str = "elsa@larkfell.example";

/// A portal with its first administrator, who is signed in.
async fn set_up(portal: &TestPortal) -> Browser<'_> {
    let link = portal.portal.setup_link().await.unwrap().unwrap();
    let mut ada = Browser::of(portal);
    let body = json!({
        "token": link.secret.reveal(), "email": ADA, "firstName": "Ada", "lastName": "Stone", "password": PASSWORD
    });
    assert_eq!(ada.post("/links/accept", body).await.status, 200);
    ada
}

/// The token of an invitation.
async fn invited(by: &mut Browser<'_>, email: &str, more: Value) -> String {
    let mut body = json!({ "email": email, "role": "Member" });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    let answer = by.post("/invitations", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    token_of(&answer.json())
}

fn token_of(answer: &Value) -> String {
    let link = answer["link"].as_str().unwrap();
    link.strip_prefix("http://portal.example:7007/welcome#").unwrap().to_owned()
}

/// A second person, who is signed in.
async fn member<'p>(by: &mut Browser<'p>, email: &str) -> Browser<'p> {
    let token = invited(by, email, json!({})).await;
    let mut browser = Browser::of(by.portal);
    let answer = browser.post("/links/accept", json!({ "token": token, "password": PASSWORD })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    browser
}

#[tokio::test]
async fn nobody_is_there_before_somebody_was_made() {
    let portal = TestPortal::new().await;
    for email in ["admin", "admin@localhost", "root", "stagedoor", "administrator", "test-client"] {
        for password in ["", "admin", "password", "stagedoor", "changeme", "test-secret", email] {
            let answer = Browser::of(&portal).at("203.0.113.9").sign_in(email, password).await;
            assert!(matches!(answer.status, 401 | 429), "{email} {password}");
        }
    }
    // An administrator by entity alone has nothing to sign in with.
    portal.administrator(ADA).await;
    assert_eq!(Browser::of(&portal).sign_in(ADA, "").await.status, 401);
    assert_eq!(Browser::of(&portal).get("/session").await.json()["setup"], true);
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_the_same() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    member(&mut ada, ELSA).await;
    invited(&mut ada, "nora@larkfell.example", json!({})).await;
    portal.person(ELSA, json!({ "status": "Disabled" }), &[]).await;
    let mut answers = Vec::new();
    for (email, password) in [
        (ADA, "violet lamp over ten"),
        (ADA, ""),
        ("nobody@larkfell.example", PASSWORD),
        (ELSA, PASSWORD),
        ("nora@larkfell.example", PASSWORD),
        ("", ""),
        ("ada@larkfell.example\u{0}", PASSWORD),
        ("ádа@larkfell.example", PASSWORD),
    ] {
        let answer = Browser::of(&portal).sign_in(email, password).await;
        assert_eq!(answer.headers.get("set-cookie"), None, "{email}");
        answers.push((answer.status, answer.text()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].0, 401);
    assert_eq!(Browser::of(&portal).sign_in(" ADA@Larkfell.example ", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn nobody_sends_more_than_it_takes_to_sign_in() {
    let portal = TestPortal::new().await;
    let long = "a".repeat(20_000);
    for path in ["/session", "/links/check", "/links/accept"] {
        let mut stranger = Browser::of(&portal);
        let body = json!({ "email": long, "password": long, "token": long });
        assert_eq!(stranger.post(path, body).await.status, 413, "{path}");
    }
    let mut stranger = Browser::of(&portal);
    assert_eq!(stranger.sign_in(&long[..10_000], PASSWORD).await.status, 401);
    assert_eq!(stranger.sign_in(ADA, &long[..10_000]).await.status, 401);
}

#[tokio::test]
async fn guessing_ends_and_the_owner_gets_in() {
    let portal = TestPortal::new().await;
    set_up(&portal).await;
    let mut guesser = Browser::of(&portal).at("203.0.113.9");
    let mut refused = None;
    for n in 0..20 {
        let answer = guesser.sign_in(ADA, &format!("violet lamp over {n}")).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 401);
    }
    let refused = refused.unwrap();
    assert!((1..=30).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    assert_eq!(guesser.sign_in(ADA, PASSWORD).await.status, 429, "not even with the right one, from there");
    let mut unknown = Browser::of(&portal).at("203.0.113.9");
    for _ in 0..10 {
        assert_eq!(unknown.sign_in("nobody@larkfell.example", PASSWORD).await.status, 401);
    }
    let same = unknown.sign_in("nobody@larkfell.example", PASSWORD).await;
    assert_eq!((same.status, same.text().len()), (429, refused.text().len()), "whether there is one or not");
    assert_eq!(Browser::of(&portal).sign_in(ADA, PASSWORD).await.status, 200, "from elsewhere");
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let portal = TestPortal::new().await;
    let mut here = set_up(&portal).await;
    let mut there = Browser::of(&portal);
    assert_eq!(there.sign_in(ADA, PASSWORD).await.status, 200);
    let link = here.post(&format!("/people/{ADA}/reset-link"), json!({})).await.json();
    let change = |current: &str, new: &str| json!({ "current": current, "new": new });
    for (body, code) in [
        (change("wrong", "grey boat under bridge"), "wrong_password"),
        (change(PASSWORD, "short"), "weak_password"),
        (change(PASSWORD, ADA), "weak_password"),
        (change(PASSWORD, "Password1234"), "weak_password"),
    ] {
        let answer = here.post("/password", body).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (422, &json!(code)),
            "{}",
            answer.text()
        );
    }
    assert!(there.is_in().await);
    assert_eq!(here.post("/password", change(PASSWORD, "grey boat under bridge")).await.status, 204);
    assert!(here.is_in().await && !there.is_in().await);
    assert_eq!(there.sign_in(ADA, PASSWORD).await.status, 401);
    assert_eq!(there.sign_in(ADA, "grey boat under bridge").await.status, 200);
    let stale = Browser::of(&portal).post("/links/check", json!({ "token": token_of(&link) })).await;
    assert_eq!(stale.status, 404, "links of before are void");
    let by_token = portal.administrator(ADA).await;
    let path = format!("{NATIVE}/password");
    let body = change("grey boat under bridge", PASSWORD);
    assert_eq!(portal.request_as(&by_token, "POST", &path, Some(&body)).await.status, 403, "not by a token");
}

#[tokio::test]
async fn no_answer_holds_what_proves_who_somebody_is() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    member(&mut ada, ELSA).await;
    let token = invited(&mut ada, "nora@larkfell.example", json!({})).await;
    portal.portal.flush().await;
    let secret = ada.secret().unwrap();
    let digests = [&secret, &token].map(|secret| stagedoor_auth::secret_digest(secret).unwrap());
    for path in [
        "/v1/blueprints/_user/entities",
        "/v1/users",
        "/v1/audit-log",
        "/api/stagedoor/v1/audit",
        "/api/stagedoor/v1/changes?limit=1000&since=0",
        "/api/stagedoor/v1/sessions?user=ada@larkfell.example",
        "/api/stagedoor/v1/invitations",
        "/api/stagedoor/v1/session",
        "/api/stagedoor/v1/entity?blueprint=_user&identifier=ada@larkfell.example",
        "/metrics",
    ] {
        let answer = ada.ask("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let text = answer.text();
        for hidden in ["argon2", &secret, &token, &digests[0], &digests[1], PASSWORD] {
            assert!(!text.contains(hidden), "{path} has {hidden}: {text}");
        }
    }
    let events = ada.ask("GET", "/api/stagedoor/v1/audit", None).await.text();
    for told in ["signed in by link", "made a link (invitation)", "used a link (setup)"] {
        assert!(events.contains(told), "{told}: {events}");
    }
}

#[tokio::test]
async fn two_thousand_sign_ins_at_once_are_answered() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let one = async |n: u32| {
        let address = format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
        let mut stranger = Browser::of(&portal).at(&address);
        stranger.sign_in(&format!("p{n}@larkfell.example"), PASSWORD).await.status
    };
    let flood = futures_util::future::join_all((0..2_000).map(one));
    let others = async {
        let mut asked = 0;
        for _ in 0..10 {
            asked += u32::from(ada.is_in().await);
        }
        asked
    };
    let (statuses, asked) = tokio::join!(flood, others);
    let count = |status: u16| statuses.iter().filter(|s| **s == status).count();
    assert_eq!(asked, 10);
    assert_eq!(count(401) + count(429), 2_000);
    // As many as may wait, and those whose turn it was: the others were sent away without any work.
    assert!((1..=200).contains(&count(401)), "{}", count(401));
    assert_eq!(Browser::of(&portal).sign_in(ADA, PASSWORD).await.status, 200, "and then it goes on");
}

#[test]
fn the_limits_of_sessions_are_configured_in_hours() {
    let folder = tempfile::tempdir().unwrap();
    let load = |text: &str| {
        let file = folder.path().join("app-config.yaml");
        std::fs::write(&file, format!("stagedoor:\n  sessions: {text}\n")).unwrap();
        let none = stagedoor_server::config::Environment::default();
        stagedoor_server::config::load(&[file], &none)
    };
    let hour = 3_600_000;
    for (text, idle, absolute) in [
        ("{}", 12, 168),
        ("{idleHours: 1}", 1, 168),
        ("{absoluteHours: 8}", 8, 8),
        ("{idleHours: '2', absoluteHours: 24}", 2, 24),
    ] {
        let limits = load(text).unwrap().stagedoor.sessions;
        assert_eq!((limits.idle, limits.absolute), (idle * hour, absolute * hour), "{text}");
    }
    for text in ["{idleHours: 0}", "{idleHours: -1}", "{absoluteHours: 9000}", "{idleHours: soon}", "[]"] {
        assert!(load(text).is_err(), "{text}");
    }
    let warned = load("{idelHours: 1}").unwrap().warnings;
    assert!(warned.iter().any(|w| w.to_string().contains("idleHours")), "{warned:?}");
}
