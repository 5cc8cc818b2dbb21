//! Long walks: every entity once, whatever the page size, the direction and what happens meanwhile.

use std::fmt::Write as _;

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

const MANY: usize = 2_100;

async fn portal(count: usize) -> TestPortal {
    let mut yaml = String::new();
    for i in 0..count {
        let (tier, owner) = (i % 7, i % 3);
        let _ = write!(
            yaml,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: c{i:04}, labels: {{tier: t{tier}}}}}\n\
             spec: {{type: service, lifecycle: production, owner: team-{owner}}}\n"
        );
    }
    let portal = TestPortal::new().await;
    let stored = portal.documents(&yaml).await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    portal
}

fn names(items: &Value) -> Vec<String> {
    items.as_array().unwrap().iter().map(|e| e["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

fn encoded(cursor: &str) -> String {
    cursor.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

#[tokio::test]
async fn a_list_longer_than_a_chunk_is_complete() {
    let portal = portal(MANY).await;
    let answer = portal.get("/api/catalog/entities?fields=metadata.name").await;
    let expected: Vec<String> = (0..MANY).map(|i| format!("c{i:04}")).collect();
    assert_eq!(names(&answer.json()), expected);
    let answer = portal.get("/api/catalog/entities?order=desc:metadata.labels.tier").await;
    let mut sorted: Vec<usize> = (0..MANY).collect();
    sorted.sort_by_key(|i| std::cmp::Reverse((i % 7, *i)));
    let expected: Vec<String> = sorted.iter().map(|i| format!("c{i:04}")).collect();
    assert_eq!(names(&answer.json()), expected);
    let exactly = portal.get("/api/catalog/entities?limit=1000&offset=1100").await;
    assert_eq!((names(&exactly.json()).len(), exactly.header("link")), (1000, ""));
}

#[tokio::test]
async fn cursors_lead_there_and_back() {
    let portal = portal(50).await;
    for (order, limit) in
        [("", 7), ("&orderField=metadata.labels.tier,desc", 6), ("&orderField=spec.owner,asc", 50)]
    {
        let mut path = format!("/api/catalog/entities/by-query?limit={limit}&fields=metadata.name{order}");
        let (mut pages, mut last) = (Vec::new(), None);
        loop {
            let page = portal.get(&path).await.json();
            pages.push(names(&page["items"]));
            last = page["pageInfo"]["prevCursor"].as_str().map(str::to_owned).or(last);
            let Some(next) = page["pageInfo"]["nextCursor"].as_str() else { break };
            path = format!(
                "/api/catalog/entities/by-query?limit={limit}&fields=metadata.name&cursor={}",
                encoded(next)
            );
        }
        let mut all = pages.concat();
        all.sort();
        all.dedup();
        assert_eq!((pages.concat().len(), all.len()), (50, 50), "{order}");
        pages.pop();
        while let Some(cursor) = last {
            let body = json!({"cursor": cursor, "limit": limit, "fields": ["metadata.name"]});
            let page = portal.post("/api/catalog/entities/by-query", &body).await.json();
            assert_eq!(Some(names(&page["items"])), pages.pop(), "{order}");
            assert_eq!(page["totalItems"], 50);
            last = page["pageInfo"]["prevCursor"].as_str().map(str::to_owned);
        }
        assert!(pages.is_empty(), "{order}: back at the first page");
    }
}

#[tokio::test]
async fn a_cursor_survives_what_happens_meanwhile() {
    let portal = portal(6).await;
    let first = portal.get("/api/catalog/entities/by-query?limit=2&orderField=metadata.name").await.json();
    assert_eq!(names(&first["items"]), ["c0000", "c0001"]);
    for name in ["c0001", "c0002"] {
        let entity =
            portal.get(&format!("/api/catalog/entities/by-name/component/default/{name}")).await.json();
        let uid = entity["metadata"]["uid"].as_str().unwrap();
        assert_eq!(
            portal.request("DELETE", &format!("/api/catalog/entities/by-uid/{uid}"), None).await.status,
            204
        );
    }
    let cursor = first["pageInfo"]["nextCursor"].as_str().unwrap();
    let second = portal
        .get(&format!("/api/catalog/entities/by-query?limit=2&cursor={}", encoded(cursor)))
        .await
        .json();
    assert_eq!(names(&second["items"]), ["c0003", "c0004"]);
    let back = second["pageInfo"]["prevCursor"].as_str().unwrap();
    let page =
        portal.get(&format!("/api/catalog/entities/by-query?limit=2&cursor={}", encoded(back))).await.json();
    assert_eq!(names(&page["items"]), ["c0000"]);
    let forth = page["pageInfo"]["nextCursor"].as_str().unwrap();
    let page =
        portal.get(&format!("/api/catalog/entities/by-query?limit=2&cursor={}", encoded(forth))).await.json();
    assert_eq!(names(&page["items"]), ["c0003", "c0004"]);
}

/// Spellings of one value are one group; a page may begin and end inside it, in either direction.
#[tokio::test]
async fn pages_may_part_equal_values() {
    const TITLES: [&str; 6] = ["ΟΔΟΣ ΛΟΓΟΙ", "Οδοσ λογοι", "Plain Title", "plain title", "Größe", "İstanbul"];
    let mut yaml = String::new();
    for i in 0..24 {
        let title = TITLES[i % 6];
        let _ = write!(
            yaml,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: c{i:02}, title: {title}}}\n\
             spec: {{type: service, lifecycle: production, owner: a}}\n"
        );
    }
    let portal = TestPortal::new().await;
    assert_eq!(portal.documents(&yaml).await.status, 200);
    for order in ["asc", "desc"] {
        let whole = portal
            .get(&format!("/api/catalog/entities/by-query?orderField=metadata.title,{order}"))
            .await
            .json();
        let expected = names(&whole["items"]);
        assert_eq!(expected.len(), 24);
        let first = format!("/api/catalog/entities/by-query?limit=23&orderField=metadata.title,{order}");
        let first = portal.get(&first).await.json();
        let last = first["pageInfo"]["nextCursor"].as_str().unwrap();
        let mut page = portal
            .get(&format!("/api/catalog/entities/by-query?limit=1&cursor={}", encoded(last)))
            .await
            .json();
        let mut found = names(&page["items"]);
        while let Some(cursor) = page["pageInfo"]["prevCursor"].as_str() {
            page = portal
                .get(&format!("/api/catalog/entities/by-query?limit=1&cursor={}", encoded(cursor)))
                .await
                .json();
            found.extend(names(&page["items"]));
            assert!(found.len() <= 24, "it never ends: {found:?}");
        }
        found.reverse();
        assert_eq!(found, expected, "{order}");
    }
}
