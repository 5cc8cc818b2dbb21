//! Sources that are no longer in the configuration.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::{Actor, Change, ChangeSet, SourceRecord, Timestamp};
use stagedoor_store::{MemoryStore, Store};

use super::{FAKE, Fake, components, group, source};
use crate::support::{Ask as _, Folder, component, encode};

/// Two files, each a location, and a provider; started once.
async fn once() -> (Folder, Arc<dyn Store>) {
    let (folder, store) = (Folder::new(), Arc::new(MemoryStore::new()) as Arc<dyn Store>);
    folder.write("a.yaml", &component("a")).write("b.yaml", &component("b"));
    let builder = folder.builder(&["a.yaml", "b.yaml"]).store(Arc::clone(&store));
    drop(builder.provider(Fake::finding([group("crew")])).start().await);
    (folder, store)
}

#[tokio::test]
async fn what_they_said_stays_until_a_person_confirms_or_a_day_is_over() {
    let (folder, store) = once().await;
    let portal = folder.builder(&["a.yaml"]).store(Arc::clone(&store)).start().await;
    assert_eq!(components(&portal).await, ["a", "b"]);
    for id in ["file:b.yaml", FAKE] {
        let shown = source(&portal, id).await;
        assert_eq!(shown["state"], "gone", "{id}");
        assert!(shown["reason"].as_str().unwrap().contains("no longer in the configuration"), "{shown}");
    }
    let path = format!("/api/stagedoor/v1/sources/confirm?id={}", encode("file:b.yaml"));
    assert_eq!(portal.post(&path, &Value::Null).await.status, 200);
    assert_eq!(components(&portal).await, ["a"]);
    assert!(source(&portal, "file:b.yaml").await.is_null());
    drop(portal);

    // A day later the provider's time is up.
    let record = SourceRecord {
        id: FAKE.into(),
        state: stagedoor_model::SourceState::Gone,
        since: Timestamp(0),
        reason: None,
    };
    let changes = vec![Change::PutSource(Arc::new(record))];
    let set = ChangeSet { actor: Actor::new("clock", "test"), at: Timestamp(0), changes };
    store.commit(store.head().unwrap(), &[set]).unwrap();
    let portal = folder.builder(&["a.yaml"]).store(store).start().await;
    assert_eq!(portal.filtered("kind=group").await, Vec::<String>::new());
    assert_eq!(portal.sources().await.len(), 1);
}

#[tokio::test]
async fn one_that_returns_is_as_it_was() {
    let (folder, store) = once().await;
    drop(folder.builder(&["a.yaml"]).store(Arc::clone(&store)).start().await);
    let builder = folder.builder(&["a.yaml", "b.yaml"]).store(store);
    let portal = builder.provider(Fake::finding([group("crew")])).start().await;
    assert_eq!(components(&portal).await, ["a", "b"]);
    for source in portal.sources().await {
        assert_eq!(source["state"], "fresh", "{source}");
    }
}

#[tokio::test]
async fn what_providers_said_stays_for_good_where_the_configuration_says_so() {
    let (folder, store) = once().await;
    let config = stagedoor_server::config::Config {
        outside: stagedoor_server::config::Outside { keeps_abandoned: true, ..Default::default() },
        ..Default::default()
    };
    let portal = folder.builder(&["a.yaml"]).store(store).config(config).start().await;
    assert!(source(&portal, FAKE).await.is_null());
    assert_eq!(source(&portal, "file:b.yaml").await["state"], json!("gone"));
    assert_eq!(portal.filtered("kind=group").await, ["group:default/crew"]);
}
