//! The feed of somebody who may not see everything.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use super::stream::Reader;
use super::{CHANGES, all_told, told};
use crate::support::Ask as _;

async fn portal() -> (TestPortal, Person) {
    let portal = TestPortal::new().await;
    for blueprint in ["open", "secret"] {
        portal
            .blueprint(json!({ "identifier": blueprint, "title": blueprint,
                "schema": { "properties": { "stage": { "type": "string" } } } }))
            .await;
    }
    let own = json!({ "entities": { "read": { "ownedByTeam": true } } });
    let answer = portal.request("PATCH", "/v1/blueprints/secret/permissions", Some(&own)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    portal.merge("_team", json!({ "identifier": "alpha", "title": "alpha" })).await;
    let elsa = portal.member_of("elsa@larkfell.example", &["alpha"]).await;
    (portal, elsa)
}

async fn page(portal: &TestPortal, who: &Person, query: &str) -> Value {
    let answer = portal.request_as(who, "GET", &format!("{CHANGES}{query}"), None).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

fn secret(identifier: &str, team: &str, stage: &str) -> Value {
    json!({ "identifier": identifier, "team": [team], "properties": { "stage": stage } })
}

#[tokio::test]
async fn a_member_is_told_of_what_is_in_view_without_values() {
    let (portal, elsa) = portal().await;
    let since = portal.revision();
    portal.merge("open", json!({ "identifier": "o", "properties": { "stage": "a" } })).await;
    portal.merge("secret", secret("mine", "alpha", "a")).await;
    portal.merge("secret", secret("theirs", "beta", "a")).await;
    portal.merge("open", json!({ "identifier": "o", "properties": { "stage": "b" } })).await;
    let seen = page(&portal, &elsa, &format!("?since={since}")).await;
    assert_eq!(
        all_told(&seen),
        ["entity created open o", "entity created secret mine", "entity updated open o"]
    );
    let text = seen.to_string();
    assert!(!text.contains("theirs") && !text.contains("stage"), "{text}");
    for event in seen["events"].as_array().unwrap() {
        assert_eq!((&event["before"], &event["after"]), (&Value::Null, &Value::Null));
        // The number of a change within its commit would count those that are not told.
        assert_eq!(event["id"], event["revision"].to_string());
    }
    assert_eq!(seen["next"], portal.revision().to_string());
    // What is asked for by name is no more.
    let none = page(&portal, &elsa, &format!("?since={since}&blueprint=secret&kind=blueprint")).await;
    assert_eq!(none["events"], json!([]));
}

#[tokio::test]
async fn what_goes_out_of_view_is_told_by_its_blueprint() {
    let (portal, elsa) = portal().await;
    portal.merge("secret", secret("mine", "alpha", "a")).await;
    portal.merge("secret", secret("theirs", "beta", "a")).await;
    let mut reader = Reader::open_as(&portal, &elsa.token, "?values=false", &[]).await;
    reader.block().await.unwrap();
    // Nothing of another team's comings and goings: the next event is that of one's own.
    portal.merge("secret", secret("theirs", "beta", "b")).await;
    portal.merge("secret", secret("more", "beta", "b")).await;
    portal.delete("secret", "theirs").await;
    portal.merge("secret", secret("mine", "alpha", "b")).await;
    let event = reader.data().await;
    assert_eq!(told(&event), "entity updated secret mine");
    // It goes to another team: for elsa it is gone.
    portal.merge("secret", secret("mine", "beta", "b")).await;
    let event = reader.data().await;
    assert_eq!((told(&event), &event["identifier"]), ("entity deleted secret ".into(), &Value::Null));
    // And comes back, as something new.
    portal.merge("secret", secret("mine", "alpha", "b")).await;
    assert_eq!(told(&reader.data().await), "entity created secret mine");
    portal.delete("secret", "mine").await;
    assert_eq!(told(&reader.data().await), "entity deleted secret ");
}

#[tokio::test]
async fn a_member_who_comes_again_is_told_that_something_may_be_gone() {
    let (portal, elsa) = portal().await;
    portal.merge("open", json!({ "identifier": "o" })).await;
    let since = portal.revision();
    portal.delete("open", "o").await;
    let mut reader =
        Reader::open_as(&portal, &elsa.token, &format!("?since={since}&blueprint=open,secret"), &[]).await;
    let mut all = vec![told(&reader.data().await), told(&reader.data().await)];
    all.sort();
    assert_eq!(all, ["entity deleted open ", "entity deleted secret "]);
}

#[tokio::test]
async fn many_changes_at_once_are_told_by_blueprint() {
    let (portal, elsa) = portal().await;
    let since = portal.revision();
    let documents: Vec<String> = (0..300).map(|i| crate::support::component(&format!("c{i}"))).collect();
    portal.accept(&crate::support::stream(&documents)).await;
    let seen = page(&portal, &elsa, &format!("?since={since}&kind=entity")).await;
    assert_eq!(all_told(&seen), ["entity created component "]);
}

#[tokio::test]
async fn records_are_told_of_where_somebody_asks_and_private_ones_never() {
    let (portal, elsa) = portal().await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let since = portal.revision();
    let links = json!({ "links": [{ "title": "Wiki", "url": "https://wiki.larkfell.example" }] });
    for (who, path) in [(&ada, "organization-links"), (&elsa, "links")] {
        let path = format!("/api/stagedoor/v1/home/{path}");
        assert_eq!(portal.request_as(who, "PUT", &path, Some(&links)).await.status, 204);
    }
    assert_eq!(page(&portal, &ada, &format!("?since={since}")).await["events"], json!([]));
    let told = page(&portal, &ada, &format!("?since={since}&records=true")).await;
    assert_eq!(all_told(&told), ["record updated home links"]);
    assert!(!told.to_string().contains("wiki"), "{told}");
    let told = page(&portal, &elsa, &format!("?since={since}&kind=record")).await;
    assert_eq!(all_told(&told), ["record updated home "]);
}

#[tokio::test]
async fn a_feed_ends_with_the_account() {
    let (portal, elsa) = portal().await;
    let mut reader = Reader::open_as(&portal, &elsa.token, "?values=false", &[]).await;
    reader.block().await.unwrap();
    portal.person("elsa@larkfell.example", json!({ "status": "Disabled" }), &["alpha"]).await;
    assert_eq!(reader.block().await, None);
}
