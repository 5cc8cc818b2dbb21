//! The search of Backstage's frontend.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use super::open_portal;

const THINGS: &str = "
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: ticket-desk, title: Ticket desk, description: Where Tickets are sold}
spec: {type: website, lifecycle: experimental, owner: riders}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: rates, namespace: sales}
spec: {type: openapi, lifecycle: production, owner: riders, definition: 'openapi: 3.1.0'}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: long, description: 'LONG lantern'}
spec: {type: service, lifecycle: production, owner: riders}
";

async fn portal() -> TestPortal {
    let portal = open_portal().await;
    let long = THINGS.replace("LONG", &"so it goes on and on ".repeat(20));
    let answer = portal.documents(&long).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    portal
}

async fn search(portal: &TestPortal, who: &Person, query: &str) -> Value {
    let answer = portal.request_as(who, "GET", &format!("/api/search/query?{query}"), None).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

/// The last parts of the locations found.
fn names(page: &Value) -> Vec<&str> {
    let results = page["results"].as_array().unwrap().iter();
    results.map(|one| one["document"]["location"].as_str().unwrap().rsplit('/').next().unwrap()).collect()
}

#[tokio::test]
async fn entities_are_found_by_their_words() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let page = search(&portal, &elsa, "term=tickets&types[0]=software-catalog").await;
    assert_eq!(names(&page), ["tickets", "ticket-desk"], "a name before a text");
    assert_eq!(page["numberOfResults"], 2);
    let second = &page["results"][1];
    assert_eq!((&second["type"], &second["rank"]), (&json!("software-catalog"), &json!(2)));
    assert_eq!(
        second["document"],
        json!({
            "title": "Ticket desk", "text": "Where Tickets are sold", "componentType": "website", "type": "website",
            "namespace": "default", "kind": "Component", "lifecycle": "experimental", "owner": "riders",
            "location": "/catalog/default/component/ticket-desk",
        })
    );
    let highlight = &second["highlight"];
    let (before, after) = (highlight["preTag"].as_str().unwrap(), highlight["postTag"].as_str().unwrap());
    assert_eq!(highlight["fields"], json!({ "text": format!("Where {before}Tickets{after} are sold") }));
    for (query, found) in [
        ("term=desk+TICKET", vec!["ticket-desk"]),
        ("term=tikets", vec!["tickets", "ticket-desk"]),
        ("term=lantern", vec!["long"]),
        ("term=elsa", vec!["elsa"]),
        ("term=elsa@larkfell.example", vec!["elsa"]),
        ("term=nowhere", vec![]),
        ("filters[kind]=api", vec!["rates"]),
        ("filters[kind][0]=API&filters[kind][1]=User", vec!["rates", "elsa", "otto"]),
        ("filters[lifecycle]=production&filters[namespace]=sales", vec!["rates"]),
        ("filters[type]=other", vec!["elsa", "otto"]),
        ("filters[name]=rates", vec![]),
        ("types[0]=techdocs", vec![]),
    ] {
        assert_eq!(names(&search(&portal, &elsa, query).await), found, "{query}");
    }
}

#[tokio::test]
async fn pages_lead_to_the_next_and_back() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let all = search(&portal, &elsa, "term=&pageLimit=100").await;
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = search(&portal, &elsa, &format!("term=&pageLimit=2&pageCursor={cursor}")).await;
        assert_eq!(page["numberOfResults"], all["numberOfResults"]);
        assert_eq!(page.get("previousPageCursor").is_some(), !walked.is_empty());
        walked.extend(names(&page).into_iter().map(str::to_owned));
        let Some(next) = page["nextPageCursor"].as_str() else { break };
        cursor = next.replace('=', "%3D");
    }
    assert_eq!(walked, names(&all));
    let counted = search(&portal, &elsa, "term=&pageLimit=0").await;
    assert_eq!((names(&counted), &counted["numberOfResults"]), (vec![], &all["numberOfResults"]));
}

#[tokio::test]
async fn what_is_no_search_is_refused() {
    let portal = portal().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    for query in
        ["pageLimit=101", "pageLimit=x", "pageCursor=x", "types[0]=adr", &format!("term={}", "x".repeat(101))]
    {
        let answer = portal.request_as(&elsa, "GET", &format!("/api/search/query?{query}"), None).await;
        assert_eq!((answer.status, &answer.json()["error"]["name"]), (400, &json!("InputError")), "{query}");
    }
    let odd: String = std::iter::repeat_n("%25+", 50).collect();
    search(&portal, &elsa, &format!("term={odd}")).await;
    assert_eq!(portal.request_as(&elsa, "POST", "/api/search/query", None).await.status, 404);
}
