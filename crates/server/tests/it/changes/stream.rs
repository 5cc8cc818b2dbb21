//! The feed as server-sent events.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt as _;
use http::Request;
use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use super::{CHANGES, all_told, page, told};
use crate::support::{Ask as _, component, database, stream as documents};

/// A reader of the stream, as a browser reads it.
pub(super) struct Reader {
    body: BodyDataStream,
    text: String,
    /// What a browser would send as `Last-Event-ID`.
    last: String,
}

impl Reader {
    async fn open(portal: &TestPortal, query: &str, headers: &[(&str, &str)]) -> Self {
        Self::open_as(portal, portal.token(), query, headers).await
    }

    pub(super) async fn open_as(
        portal: &TestPortal,
        token: &str,
        query: &str,
        headers: &[(&str, &str)],
    ) -> Self {
        let mut request = Request::get(format!("{CHANGES}{query}"))
            .header("authorization", format!("Bearer {token}"))
            .header("accept", "text/event-stream")
            .header("accept-encoding", "gzip");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = portal.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(response.headers().get("content-encoding").is_none(), "a packed stream is held back");
        let body = response.into_body().into_data_stream();
        Self { body, text: String::new(), last: String::new() }
    }

    /// The next block: its data, null where it has none. `None` at the end.
    pub(super) async fn block(&mut self) -> Option<Value> {
        while !self.text.contains("\n\n") {
            let next = tokio::time::timeout(Duration::from_secs(10), self.body.next()).await;
            let bytes = next.unwrap()?.unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        let (block, rest) = self.text.split_once("\n\n").unwrap();
        let (block, rest) = (block.to_owned(), rest.to_owned());
        self.text = rest;
        let mut data = Value::Null;
        for line in block.lines() {
            match line.split_once(": ") {
                Some(("id", id)) => id.clone_into(&mut self.last),
                Some(("data", text)) => data = serde_json::from_str(text).unwrap(),
                Some(("retry", _)) | Some(("", _)) => {}
                _ => panic!("{line:?}"),
            }
        }
        Some(data)
    }

    /// The next event, wherever its place.
    pub(super) async fn data(&mut self) -> Value {
        loop {
            let data = self.block().await.unwrap();
            if !data.is_null() {
                return data;
            }
        }
    }

    async fn event(&mut self) -> Value {
        let data = self.data().await;
        assert_eq!(data["id"], self.last.as_str());
        data
    }

    async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.event().await);
        }
        events
    }
}

#[tokio::test]
async fn a_stream_tells_what_happens_from_now_on() {
    let portal = TestPortal::new().await;
    portal.accept(&component("before")).await;
    let mut reader = Reader::open(&portal, "", &[]).await;
    reader.block().await.unwrap();
    assert_eq!(reader.last, "1");
    portal.accept(&component("after")).await;
    let event = reader.event().await;
    assert_eq!(told(&event), "entity created component component:default/after");
    // What it tells can be read.
    assert_eq!(portal.port("component", "component:default/after").await, event["after"]);
    portal.patch("component", "component:default/after", json!({ "title": "x" })).await;
    let event = reader.event().await;
    assert_eq!(
        (&event["action"], &event["before"]["title"], &event["after"]["title"]),
        (&json!("updated"), &json!("after"), &json!("x"))
    );
}

#[tokio::test]
async fn a_reader_that_comes_again_misses_nothing_and_hears_nothing_twice() {
    let portal = TestPortal::new().await;
    portal.accept(&documents(&(0..70).map(|i| component(&format!("c{i}"))).collect::<Vec<_>>())).await;
    let all = page(&portal, "?limit=1000").await["events"].as_array().unwrap().clone();
    for cut in [1, 33, 64, 70] {
        let mut reader = Reader::open(&portal, "?since=0", &[]).await;
        let mut events = reader.events(cut).await;
        let last = reader.last.clone();
        drop(reader);
        // The header is newer than the address, which a browser does not change.
        let mut reader = Reader::open(&portal, "?since=0", &[("last-event-id", &last)]).await;
        events.extend(reader.events(all.len() - cut).await);
        assert_eq!(events, all, "cut after {cut}");
    }
}

#[tokio::test]
async fn concurrent_writers_are_told_gapless_and_in_order() {
    let portal = std::sync::Arc::new(TestPortal::new().await);
    portal.blueprint(database()).await;
    let mut reader = Reader::open(&portal, "?kind=entity", &[]).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let portal = portal.clone();
        writers.spawn(async move {
            for i in 0..10 {
                let answer = portal.merge("database", json!({ "identifier": format!("{writer}-{i}") })).await;
                assert_eq!(answer.status, 201);
            }
        });
    }
    let events = reader.events(80).await;
    while writers.join_next().await.is_some() {}
    let revisions: Vec<u64> = events.iter().map(|e| e["revision"].as_u64().unwrap()).collect();
    assert_eq!(revisions, (2..=81).collect::<Vec<_>>());
    assert_eq!(all_told(&page(&portal, "?kind=entity&limit=1000").await).len(), 80);
}

#[tokio::test]
async fn a_filter_moves_the_place_on_without_an_event() {
    let portal = TestPortal::new().await;
    let mut reader = Reader::open(&portal, "?blueprint=database", &[]).await;
    reader.block().await.unwrap();
    portal.accept(&component("a")).await;
    assert_eq!(reader.block().await.unwrap(), Value::Null);
    assert_eq!(reader.last, portal.revision().to_string());
}

#[tokio::test]
async fn a_slow_reader_holds_nothing_and_still_gets_everything() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    let mut reader = Reader::open(&portal, "?kind=entity", &[]).await;
    reader.block().await.unwrap();
    for i in 0..300 {
        portal.merge("database", json!({ "identifier": format!("d{i}") })).await;
    }
    let first = reader.body.next().await.unwrap().unwrap();
    // No more than a chunk has been made for it.
    assert!(first.windows(6).filter(|w| w == b"data: ").count() <= 64);
    reader.text.push_str(std::str::from_utf8(&first).unwrap());
    let events = reader.events(300).await;
    assert_eq!(events[299]["identifier"], "d299");
}

#[tokio::test]
async fn what_another_process_wrote_is_told_once_reads_show_it() {
    let store: std::sync::Arc<dyn stagedoor_store::Store> =
        std::sync::Arc::new(stagedoor_store::MemoryStore::new());
    let here = TestPortal::builder().store(store.clone()).start().await;
    let there = TestPortal::builder().store(store).start().await;
    let mut reader = Reader::open(&here, "?kind=entity", &[]).await;
    there.accept(&component("theirs")).await;
    // Writing makes this process see what the other one wrote.
    here.accept(&component("ours")).await;
    let names = reader.events(2).await;
    let names: Vec<&str> = names.iter().map(|e| e["identifier"].as_str().unwrap()).collect();
    assert_eq!(names, ["component:default/theirs", "component:default/ours"]);
    // A place that this process has not seen yet is a place all the same.
    there.accept(&component("more")).await;
    let since = there.revision().to_string();
    let mut reader = Reader::open(&here, &format!("?since={since}"), &[]).await;
    here.accept(&component("last")).await;
    assert_eq!(reader.event().await["identifier"], "component:default/last");
}

#[tokio::test]
async fn going_down_ends_streams() {
    let portal = TestPortal::new().await;
    let mut reader = Reader::open(&portal, "", &[]).await;
    reader.block().await.unwrap();
    portal.portal.end_feeds();
    assert!(reader.block().await.is_none());
    let answer = portal.get(CHANGES).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
}

#[tokio::test]
async fn streams_are_counted_and_not_without_end() {
    let portal = TestPortal::new().await;
    let mut open = Vec::new();
    for _ in 0..1000 {
        open.push(Reader::open(&portal, "", &[]).await);
    }
    assert_eq!(portal.portal.stats().feeds, 1000);
    assert_eq!(portal.get(CHANGES).await.status, 503);
    open.clear();
    assert_eq!(portal.get(CHANGES).await.status, 200);
    assert_eq!(portal.portal.stats().feeds, 0);
}
