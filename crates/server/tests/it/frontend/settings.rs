//! User settings: everybody's own, and not without end.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use super::{guest, open_portal};
use crate::support::Ask;

const BUCKET: &str = "/api/user-settings/buckets/starredEntities/keys";

async fn put(portal: &TestPortal, who: &Person, path: &str, value: Value) -> u16 {
    portal.request_as(who, "PUT", path, Some(&json!({ "value": value }))).await.status
}

#[tokio::test]
async fn a_setting_is_its_owners() {
    let portal = open_portal().await;
    let (elsa, otto) =
        (portal.member("elsa@larkfell.example").await, portal.member("otto@larkfell.example").await);
    let path = format!("{BUCKET}/entityRefs");
    let missing = portal.request_as(&elsa, "GET", &path, None).await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["error"]["message"], "Unable to find 'entityRefs' in bucket 'starredEntities'");
    let stars = json!(["component:default/tickets"]);
    let set = portal.request_as(&elsa, "PUT", &path, Some(&json!({ "value": stars }))).await;
    let setting = json!({ "bucket": "starredEntities", "key": "entityRefs", "value": stars });
    assert_eq!((set.status, set.json()), (200, setting.clone()));
    assert_eq!(portal.request_as(&elsa, "GET", &path, None).await.json(), setting);
    let before = portal.revision();
    assert_eq!(put(&portal, &elsa, &path, stars).await, 200);
    assert_eq!(portal.revision(), before, "the same again writes nothing");
    // Nobody else's, not even an administrator's.
    for other in [&otto, &portal.administrator("ada@larkfell.example").await, &guest(&portal).await] {
        assert_eq!(portal.request_as(other, "GET", &path, None).await.status, 404);
        assert_eq!(portal.request_as(other, "DELETE", &path, None).await.status, 204);
    }
    assert_eq!(put(&portal, &otto, &path, json!([])).await, 200);
    assert_eq!(portal.request_as(&elsa, "GET", &path, None).await.json(), setting);
    assert_eq!(portal.request_as(&elsa, "DELETE", &path, None).await.status, 204);
    assert_eq!(portal.request_as(&elsa, "GET", &path, None).await.status, 404);
    // Null is a value; a key may have a slash; no value is none.
    let odd = format!("{BUCKET}/a%2Fb%20c");
    assert_eq!(put(&portal, &elsa, &odd, Value::Null).await, 200);
    assert_eq!(portal.request_as(&elsa, "GET", &odd, None).await.json()["key"], "a/b c");
    let none = portal.request_as(&elsa, "PUT", &path, Some(&json!({}))).await;
    assert_eq!(
        (none.status, &none.json()["error"]["message"]),
        (400, &json!("Missing required field \"value\""))
    );
    // The change feed and the audit log say nothing of it.
    let feed = portal.get("/api/stagedoor/v1/changes?since=0").await.text();
    assert!(!feed.contains("tickets\"]"), "{feed}");
}

/// Whoever has the address later is somebody else.
#[tokio::test]
async fn settings_go_with_their_person() {
    let portal = open_portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let path = format!("{BUCKET}/entityRefs");
    assert_eq!(put(&portal, &elsa, &path, json!(["secret"])).await, 200);
    assert_eq!(portal.request("DELETE", "/v1/users/elsa@larkfell.example", None).await.status, 200);
    let elsa = portal.member("elsa@larkfell.example").await;
    assert_eq!(portal.request_as(&elsa, "GET", &path, None).await.status, 404);
    let now = stagedoor_model::Timestamp(0);
    assert_eq!(portal.portal.sweep_sign_ins(now).await, Ok(1));
    assert_eq!(portal.portal.sweep_sign_ins(now).await, Ok(0));
}

#[tokio::test]
async fn several_come_at_once() {
    let portal = open_portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    assert_eq!(put(&portal, &elsa, &format!("{BUCKET}/a"), json!(1)).await, 200);
    assert_eq!(put(&portal, &elsa, &format!("{BUCKET}/b"), Value::Null).await, 200);
    let ask = async |body: Value| {
        portal.request_as(&elsa, "POST", "/api/user-settings/multiget", Some(&body)).await
    };
    let item = |key: &str| json!({ "bucket": "starredEntities", "key": key });
    let answer = ask(json!({ "items": [item("b"), item("missing"), item("a")] })).await.json();
    let value = |key: &str, value: Value| json!({ "bucket": "starredEntities", "key": key, "value": value });
    assert_eq!(answer, json!({ "items": [value("b", Value::Null), null, value("a", json!(1))] }));
    for (body, place) in [
        (json!({}), "request/body must have required property 'items'"),
        (json!({ "items": {} }), "request/body/items must be array"),
        (json!({ "items": [1] }), "request/body/items/0 must be object"),
        (json!({ "items": [{ "bucket": "x" }] }), "request/body/items/0 must have required property 'key'"),
        (json!({ "items": vec![item("a"); 1_001] }), "request/body/items must NOT have more than 1000 items"),
    ] {
        let answer = ask(body).await;
        assert_eq!((answer.status, &answer.json()["error"]["message"]), (400, &json!(place)));
    }
}

#[tokio::test]
async fn there_is_an_end_to_what_is_kept() {
    let portal = open_portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let path = |key: &str| format!("{BUCKET}/{key}");
    assert_eq!(put(&portal, &elsa, &path("large"), json!("x".repeat(65_000))).await, 200);
    assert_eq!(put(&portal, &elsa, &path("larger"), json!("x".repeat(65_600))).await, 400);
    assert_eq!(put(&portal, &elsa, &path(&"k".repeat(255)), json!(1)).await, 200);
    assert_eq!(put(&portal, &elsa, &path(&"k".repeat(256)), json!(1)).await, 400);
    assert_eq!(put(&portal, &elsa, &path("a%0Ab"), json!(1)).await, 400, "no name leads out of its place");
    assert_eq!(put(&portal, &elsa, "/api/user-settings/buckets/a%0Ab/keys/c", json!(1)).await, 400);
    for n in 0..14 {
        assert_eq!(put(&portal, &elsa, &path(&format!("l{n}")), json!("x".repeat(65_000))).await, 200, "{n}");
    }
    let last = put(&portal, &elsa, &path("l15"), json!("x".repeat(65_000))).await;
    let after = put(&portal, &elsa, &path("l16"), json!("x".repeat(65_000))).await;
    assert_eq!((last, after), (200, 400), "a MiB together");
    let otto = portal.member("otto@larkfell.example").await;
    for n in 0..500 {
        portal.portal.put_user_setting(&otto.viewer, "b", &n.to_string(), json!(n)).await.unwrap();
    }
    assert_eq!(put(&portal, &otto, &path("one-more"), json!(1)).await, 400);
    assert_eq!(put(&portal, &otto, "/api/user-settings/buckets/b/keys/7", json!("another")).await, 200);
}
