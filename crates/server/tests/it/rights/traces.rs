//! What is written down of who did what and who was refused, and what is shown to nobody.

use std::sync::Arc;

use serde_json::json;
use stagedoor_model::{Actor, Change, ChangeSet, JsonText, Record, Stamps, Timestamp};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::TestPortal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{over, status};

/// What proves who somebody is stays out of everything that shows the log.
#[tokio::test]
async fn private_records_are_in_no_feed() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let at = Timestamp(0);
    let stamps = Stamps {
        created_at: at,
        created_by: "x".into(),
        updated_at: at,
        updated_by: "x".into(),
        datasource: None,
    };
    let record = |collection: &&str| {
        let body = JsonText::of(&json!({ "hash": "5ec4e7" }));
        Change::PutRecord(Arc::new(Record {
            collection: (*collection).into(),
            key: "k".into(),
            body,
            stamps: stamps.clone(),
        }))
    };
    let changes = stagedoor_model::record::PRIVATE.iter().map(record).collect();
    store.commit(0, &[ChangeSet { actor: Actor::new("x", "system"), at, changes }]).unwrap();
    let portal = over(TestPortal::builder().store(store).start().await).await;
    for path in ["/api/stagedoor/v1/changes?since=0", "/v1/integration", "/v1/migrations", "/v1/organization"]
    {
        let answer = portal.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(!answer.text().contains("5ec4e7"), "{path}");
    }
}

#[tokio::test]
async fn refusals_and_origins_are_written_down() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let portal = over(TestPortal::builder().store(Arc::clone(&store)).start().await).await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let body = json!({ "identifier": "b", "title": "B" });
    assert_eq!(status(&portal, &elsa, "POST", "/v1/blueprints", body).await, 403);
    assert_eq!(
        status(&portal, &elsa, "DELETE", "/v1/blueprints/service/entities/orders", json!({})).await,
        403
    );
    portal.portal.flush().await;
    let lines = store.journal("audit", None, 10).unwrap();
    let line = |at: usize| lines[at].body.value();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&line(1)["action"], &line(1)["actor"], &line(1)["status"], &line(1)["via"]),
        (
            &json!("CreateBlueprint"),
            &json!("elsa@larkfell.example"),
            &json!("FAILURE"),
            &json!("access_token")
        )
    );
    assert_eq!((&line(0)["action"], &line(0)["resource"]), (&json!("UnregisterEntity"), &json!("service")));
    let last = store.commits_since(store.head().unwrap() - 1, 1).unwrap();
    assert_eq!(last[0].change_set.actor.from.as_deref(), Some("access_token"));
}

/// Over a real connection the log says from which address; nobody can say another one.
#[tokio::test]
async fn the_log_has_the_address_of_the_other_end() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let portal = TestPortal::builder().store(Arc::clone(&store)).start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = portal.router().into_make_service_with_connect_info::<stagedoor_server::Peer>();
    let server = tokio::spawn(async move { axum::serve(listener, service).await });
    let body = r#"{"identifier":"b","title":"B"}"#;
    let request = format!(
        "POST /v1/blueprints HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nx-forwarded-for: 203.0.113.9\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        portal.token(),
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let last = store.commits_since(store.head().unwrap() - 1, 1).unwrap();
    assert_eq!(last[0].change_set.actor.from.as_deref(), Some("access_token 127.0.0.1"));
    server.abort();
}
