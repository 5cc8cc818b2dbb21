//! Notifications: whom they reach, and what becomes of them.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use super::{elsa, guest, notification, open_portal};

const ALL: &str = "/api/notifications/notifications";
const UPDATE: &str = "/api/notifications/notifications/update";

fn to(entity: &str) -> Value {
    json!({ "type": "entity", "entityRef": entity })
}

async fn send(portal: &TestPortal, body: &Value) -> Vec<Value> {
    let answer = portal.post(ALL, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().as_array().unwrap().clone()
}

async fn titles(portal: &TestPortal, who: &Person, query: &str) -> Vec<String> {
    let answer = portal.request_as(who, "GET", &format!("{ALL}{query}"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let all = answer.json()["notifications"].as_array().unwrap().clone();
    all.iter().map(|one| one["payload"]["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn they_reach_members_owners_and_everybody() {
    let portal = open_portal().await;
    let ((elsa, _), otto) = (elsa(&portal).await, portal.member("otto@larkfell.example").await);
    let guest = guest(&portal).await;
    for (recipients, users) in [
        (to("user:default/elsa"), json!(["user:default/elsa"])),
        (to("User:elsa"), json!(["user:default/elsa"])),
        (to("group:default/riders"), json!(["user:default/elsa"])),
        // By way of the group within it, and of the owner.
        (to("group:everyone"), json!(["user:default/elsa"])),
        (to("component:tickets"), json!(["user:default/elsa"])),
        (
            json!({ "type": "entity", "entityRef": ["user:elsa", "user:otto", "user:elsa"] }),
            json!(["user:default/elsa", "user:default/otto"]),
        ),
        (
            json!({ "type": "entity", "entityRef": ["user:elsa", "user:otto"], "excludeEntityRef": "user:elsa" }),
            json!(["user:default/otto"]),
        ),
        (
            json!({ "type": "entity", "entityRef": "group:everyone", "excludeEntityRef": ["group:riders"] }),
            json!([]),
        ),
        (to("component:missing"), json!([])),
        (json!({ "type": "broadcast" }), json!([null])),
    ] {
        let sent = send(&portal, &notification(recipients.clone(), "x")).await;
        let got: Vec<&Value> = sent.iter().map(|one| &one["user"]).collect();
        assert_eq!(json!(got), users, "{recipients}");
    }
    assert_eq!(titles(&portal, &elsa, "").await.len(), 7);
    assert_eq!(titles(&portal, &otto, "").await.len(), 3);
    assert_eq!(titles(&portal, &guest, "").await.len(), 1, "what is for everybody");
    let one = portal.request_as(&guest, "GET", ALL, None).await.json()["notifications"][0].clone();
    assert_eq!((&one["user"], &one["read"], &one["saved"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(
        (&one["origin"], &one["payload"]),
        (&json!("test-client"), &json!({ "title": "x", "severity": "normal" }))
    );
    for (who, status) in [(&elsa, 403), (&otto, 403), (&guest, 403)] {
        let body = notification(json!({ "type": "broadcast" }), "x");
        assert_eq!(portal.request_as(who, "POST", ALL, Some(&body)).await.status, status);
    }
    assert_eq!(portal.get(ALL).await.status, 403, "nobody sends anything to a program");
    let wrong =
        portal.post(ALL, &json!({ "recipients": to("no reference"), "payload": { "title": "x" } })).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text());
}

#[tokio::test]
async fn what_is_read_is_read_by_one() {
    let portal = open_portal().await;
    let ((elsa, _), otto) = (elsa(&portal).await, portal.member("otto@larkfell.example").await);
    let own = send(&portal, &notification(to("user:elsa"), "own")).await[0]["id"].clone();
    let all = send(&portal, &notification(json!({ "type": "broadcast" }), "all")).await[0]["id"].clone();
    let counts =
        async |who: &Person| portal.request_as(who, "GET", "/api/notifications/status", None).await.json();
    assert_eq!(counts(&elsa).await, json!({ "unread": 2, "read": 0 }));
    // What is somebody else's is passed over.
    let update = json!({ "ids": [own, all, "none"], "read": true, "saved": true });
    let marked = portal.request_as(&otto, "POST", UPDATE, Some(&update)).await.json();
    assert_eq!((marked.as_array().map(Vec::len), &marked[0]["id"]), (Some(1), &all));
    assert!(marked[0]["read"].is_string() && marked[0]["saved"].is_string());
    assert_eq!(counts(&elsa).await, json!({ "unread": 2, "read": 0 }));
    assert_eq!(counts(&otto).await, json!({ "unread": 0, "read": 1 }));
    portal.request_as(&elsa, "POST", UPDATE, Some(&json!({ "ids": [own, all], "read": true }))).await;
    assert_eq!(counts(&elsa).await, json!({ "unread": 0, "read": 2 }));
    portal.request_as(&elsa, "POST", UPDATE, Some(&json!({ "ids": [all], "read": false }))).await;
    assert_eq!(counts(&elsa).await, json!({ "unread": 1, "read": 1 }));
    let path = |id: &Value| format!("{ALL}/{}", id.as_str().unwrap());
    assert_eq!(portal.request_as(&elsa, "GET", &path(&own), None).await.json()["payload"]["title"], "own");
    let others = portal.request_as(&otto, "GET", &path(&own), None).await;
    let missing = portal.request_as(&otto, "GET", &path(&json!("none")), None).await;
    assert_eq!(
        (others.status, others.json()["error"].clone()),
        (missing.status, missing.json()["error"].clone())
    );
    assert_eq!(missing.status, 404);
    assert_eq!(portal.request_as(&otto, "POST", UPDATE, Some(&json!({ "read": true }))).await.status, 400);
}

/// Of the same sender and scope there is one, and it is unread again.
#[tokio::test]
async fn a_newer_one_takes_the_place_of_the_older() {
    let portal = open_portal().await;
    let (elsa, _) = elsa(&portal).await;
    for recipients in [to("user:elsa"), json!({ "type": "broadcast" })] {
        let scoped = |title: &str| json!({ "recipients": recipients, "payload": { "title": title, "scope": "build" } });
        let first = send(&portal, &scoped("failed")).await[0].clone();
        let ids = json!({ "ids": [first["id"]], "read": true });
        portal.request_as(&elsa, "POST", UPDATE, Some(&ids)).await;
        let second = send(&portal, &scoped("works")).await[0].clone();
        assert_eq!(second["id"], first["id"]);
        assert!(second["updated"].is_string());
        let shown = portal
            .request_as(&elsa, "GET", &format!("{ALL}/{}", first["id"].as_str().unwrap()), None)
            .await
            .json();
        assert_eq!((&shown["payload"]["title"], &shown["read"]), (&json!("works"), &Value::Null));
    }
    assert_eq!(titles(&portal, &elsa, "").await.len(), 2);
}

#[tokio::test]
async fn lists_are_filtered_and_sorted() {
    let portal = open_portal().await;
    let (elsa, _) = elsa(&portal).await;
    for (title, severity, topic) in
        [("b", "low", "builds"), ("a", "critical", "deploys"), ("c", "normal", "builds")]
    {
        let payload = json!({ "title": title, "description": format!("About {title}!"), "severity": severity, "topic": topic });
        send(&portal, &json!({ "recipients": to("user:elsa"), "payload": payload })).await;
    }
    for (query, found) in [
        ("", "c a b"),
        ("?limit=1", "c"),
        ("?limit=1&offset=1", "a"),
        ("?orderField=created,asc", "b a c"),
        ("?orderField=topic,desc", "a c b"),
        ("?topic=builds", "c b"),
        ("?search=ABOUT%20B", "b"),
        ("?minimumSeverity=high", "a"),
        ("?read=false&saved=false", "c a b"),
        ("?read=true", ""),
        ("?createdAfter=2999-01-01", ""),
        ("?createdAfter=2020-01-01T00:00:00Z&somethingNew=1", "c a b"),
    ] {
        assert_eq!(titles(&portal, &elsa, query).await.join(" "), found, "{query}");
    }
    let page = portal.request_as(&elsa, "GET", &format!("{ALL}?limit=1"), None).await.json();
    assert_eq!(page["totalCount"], 3);
    let topics = portal.request_as(&elsa, "GET", "/api/notifications/topics", None).await.json();
    assert_eq!(topics, json!({ "topics": ["builds", "deploys"] }));
    for wrong in ["limit=x", "orderField=secret", "createdAfter=soon"] {
        assert_eq!(portal.request_as(&elsa, "GET", &format!("{ALL}?{wrong}"), None).await.status, 400);
    }
}

#[tokio::test]
async fn what_nobody_wants_does_not_come() {
    let portal = open_portal().await;
    let (elsa, _) = elsa(&portal).await;
    let topic =
        |topic: &str| json!({ "recipients": to("user:elsa"), "payload": { "title": topic, "topic": topic } });
    send(&portal, &topic("builds")).await;
    let settings = "/api/notifications/settings";
    let shown = portal.request_as(&elsa, "GET", settings, None).await.json();
    let origin = |enabled: bool, topics: Value| {
        json!({ "channels": [{ "id": "Web", "origins": [
        { "id": "test-client", "enabled": enabled, "topics": topics }] }] })
    };
    assert_eq!(shown, origin(true, json!([{ "id": "builds", "enabled": true }])));
    let off = origin(true, json!([{ "id": "builds", "enabled": false }]));
    let kept = portal.request_as(&elsa, "POST", settings, Some(&off)).await;
    assert_eq!((kept.status, kept.json()), (200, off));
    assert_eq!(send(&portal, &topic("builds")).await.len(), 0);
    assert_eq!(send(&portal, &topic("deploys")).await.len(), 1);
    let none = origin(false, json!([]));
    portal.request_as(&elsa, "POST", settings, Some(&none)).await;
    assert_eq!(send(&portal, &topic("deploys")).await.len(), 0);
    for wrong in [
        json!({ "channels": [{ "id": "Smoke", "origins": [] }] }),
        json!({ "channels": 1 }),
        json!({ "channels": [{ "id": "Web", "origins": [{ "id": 1 }] }] }),
    ] {
        assert_eq!(portal.request_as(&elsa, "POST", settings, Some(&wrong)).await.status, 400, "{wrong}");
    }
}

/// Whoever never looks does not fill the portal.
#[tokio::test]
async fn the_oldest_go() {
    let portal = open_portal().await;
    let (elsa, _) = elsa(&portal).await;
    let first = send(&portal, &notification(to("user:elsa"), "saved")).await[0]["id"].clone();
    portal.request_as(&elsa, "POST", UPDATE, Some(&json!({ "ids": [first], "saved": true }))).await;
    for n in 0..205 {
        send(&portal, &notification(to("user:elsa"), &n.to_string())).await;
    }
    let left = titles(&portal, &elsa, "?orderField=created,asc").await;
    assert_eq!((left.len(), left[0].as_str(), left[1].as_str()), (200, "saved", "6"));
}
