//! Providers as sources.

use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_hosts::{Discovery, HostError, Schedule};
use stagedoor_testkit::TestPortal;

use super::{FAKE, Fake, PATIENCE, components, group, location, read, source};
use crate::support::{Ask as _, Folder, component, encode, eventually, stream};
use crate::url::Files;

#[tokio::test]
async fn what_a_provider_finds_is_there_and_so_is_what_its_locations_lead_to() {
    let files = Files::default();
    let group_document = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: smuggled}\nspec: {type: team, children: []}\n";
    files.put("/acme/shop/catalog-info.yaml", 200, &stream(&[component("shop"), group_document.into()]));
    let base = files.serve().await;
    let target = |repository: &str| format!("{base}/acme/{repository}/catalog-info.yaml");
    let fake =
        Fake::finding([group("crew"), location("shop", &target("shop")), location("none", &target("none"))]);
    let portal = TestPortal::builder().default_rules().provider(fake).start().await;

    assert_eq!(components(&portal).await, ["shop"]);
    let shop = portal.backstage("component:default/shop").await;
    let annotation =
        |entity: &Value, key: &str| entity["metadata"]["annotations"][format!("backstage.io/{key}")].clone();
    let place = json!(format!("url:{}", target("shop")));
    assert_eq!(
        (annotation(&shop, "managed-by-location"), annotation(&shop, "managed-by-origin-location")),
        (place.clone(), place)
    );
    // The configuration names the provider: its own documents need no rule. What its locations lead to does.
    let groups = portal.filtered("kind=group").await;
    assert_eq!(groups, ["group:default/crew"]);
    let crew = portal.backstage("group:default/crew").await;
    assert_eq!(annotation(&crew, "managed-by-location"), "url:https://fake.example/orgs/acme/teams/crew");
    assert_eq!(annotation(&crew, "view-url"), "https://fake.example/orgs/acme/teams/crew");

    let shown = source(&portal, FAKE).await;
    assert_eq!((&shown["type"], &shown["target"]), (&json!("provider:fake"), &json!("acme on fake.example")));
    assert_eq!((&shown["schedule"], &shown["state"]), (&json!("every 3 hours"), &json!("fresh")), "{shown}");
    assert_eq!(
        (&shown["entities"], &shown["running"], &shown["registered"]),
        (&json!(4), &json!(false), &json!(false))
    );
    assert!(shown["nextRun"].is_string());
    assert_eq!(shown["problems"].as_array().unwrap().len(), 1, "the smuggled group: {shown}");
}

#[tokio::test]
async fn a_second_reading_that_finds_the_same_writes_and_parses_nothing() {
    let files = Files::default();
    files.put("/a.yaml", 200, &component("a"));
    let base = files.serve().await;
    let fake = Fake::finding([group("crew"), location("a", &format!("{base}/a.yaml"))]);
    let portal = TestPortal::builder().provider(fake.clone()).start().await;
    let before = (portal.revision(), portal.portal.stats().files_parsed, portal.everything().await);
    read(&portal, FAKE).await;
    portal.sync().await;
    assert_eq!(fake.asked(), 3);
    assert_eq!((portal.revision(), portal.portal.stats().files_parsed), (before.0, before.1));
    assert_eq!(portal.everything().await, before.2);
}

#[tokio::test]
async fn what_is_no_longer_found_goes_and_what_could_not_be_looked_at_stays() {
    let files = Files::default();
    files.put("/a.yaml", 200, &component("a"));
    files.put("/b.yaml", 200, &component("b"));
    let base = files.serve().await;
    let all = || {
        [
            group("one"),
            group("two"),
            location("a", &format!("{base}/a.yaml")),
            location("b", &format!("{base}/b.yaml")),
        ]
    };
    let fake = Fake::finding(all());
    let portal = TestPortal::builder().provider(fake.clone()).start().await;
    let groups = async || portal.filtered("kind=group").await.len();

    let found = Discovery { missed: Some("page 2 answered with status 500".into()), ..Discovery::default() };
    *fake.answer.lock() = Ok(found);
    read(&portal, FAKE).await;
    let shown = source(&portal, FAKE).await;
    assert_eq!((groups().await, components(&portal).await), (2, vec!["a".to_owned(), "b".into()]));
    assert_eq!(
        (&shown["state"], &shown["reason"]),
        (&json!("stale"), &json!("page 2 answered with status 500"))
    );

    for error in [HostError::Denied("expired".into()), HostError::NotFound("no such organization".into())] {
        *fake.answer.lock() = Err(error);
        read(&portal, FAKE).await;
        assert_eq!((groups().await, components(&portal).await.len()), (2, 2));
        assert_eq!(source(&portal, FAKE).await["state"], "stale");
    }

    fake.finds(all().into_iter().skip(1).take(2));
    read(&portal, FAKE).await;
    assert_eq!((groups().await, components(&portal).await), (1, vec!["a".to_owned()]));
    assert_eq!(source(&portal, FAKE).await["state"], "fresh");
}

#[tokio::test]
async fn a_provider_that_suddenly_finds_far_less_waits_for_a_person() {
    let fake = Fake::finding((0..25).map(|n| group(&format!("g{n}"))));
    let portal = TestPortal::builder().provider(fake.clone()).start().await;
    fake.finds([group("g1")]);
    read(&portal, FAKE).await;
    assert_eq!(portal.filtered("kind=group").await.len(), 25);
    assert_eq!(source(&portal, FAKE).await["state"], "held");
    let confirmed =
        portal.post(&format!("/api/stagedoor/v1/sources/confirm?id={}", encode(FAKE)), &Value::Null).await;
    assert_eq!(confirmed.status, 200);
    assert_eq!(portal.filtered("kind=group").await, ["group:default/g1"]);
    assert_eq!(source(&portal, FAKE).await["state"], "fresh");
}

#[tokio::test]
async fn one_bad_document_does_not_hold_back_the_others() {
    let fake = Fake::finding([
        group("good"),
        group("bad name"),
        json!({ "kind": "Group" }),
        json!(7),
        group("good"),
    ]);
    let portal = TestPortal::builder().provider(fake.clone()).start().await;
    assert_eq!(portal.filtered("kind=group").await, ["group:default/good"]);
    let shown = source(&portal, FAKE).await;
    assert_eq!(
        (shown["problems"].as_array().unwrap().len(), &shown["state"]),
        (4, &json!("fresh")),
        "{shown}"
    );
    // A document that turns bad keeps what it said.
    let mut turned = group("good");
    turned["spec"] = json!({});
    fake.finds([turned, group("new")]);
    read(&portal, FAKE).await;
    assert_eq!(portal.filtered("kind=group").await, ["group:default/good", "group:default/new"]);
    assert_eq!(portal.backstage("group:default/good").await["status"]["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_waits_for_a_provider_that_does_not_answer() {
    let (folder, files) = (Folder::live(), Files::default());
    folder.write("f.yaml", &component("f"));
    files.put("/u.yaml", 200, &component("u"));
    let base = files.serve().await;
    let later =
        Schedule { initial_delay: Duration::from_secs(3600), ..Schedule::every(Duration::from_secs(3600)) };
    let fake = Fake::on(later, [group("crew")]);
    let closed = fake.gate.lock().await;
    let target = format!("{base}/u.yaml");
    let portal = folder.builder(&["*.yaml"]).url_location(&target).provider(fake.clone()).start().await;
    assert_eq!(fake.asked(), 0, "not before its first delay is over");
    let reading = read(&portal, FAKE);
    let meanwhile = async {
        eventually("it is asked", PATIENCE, async || {
            fake.asked.load(std::sync::atomic::Ordering::SeqCst) == 1
        })
        .await;
        assert_eq!(source(&portal, FAKE).await["running"], true);
        folder.write("f.yaml", &component("g"));
        eventually("the file", PATIENCE, async || components(&portal).await == ["g", "u"]).await;
        files.put("/u.yaml", 200, &component("v"));
        read(&portal, &format!("url:{target}")).await;
        assert_eq!(components(&portal).await, ["g", "v"]);
        drop(closed);
    };
    tokio::join!(reading, meanwhile);
    assert_eq!(portal.filtered("kind=group").await, ["group:default/crew"]);
}
