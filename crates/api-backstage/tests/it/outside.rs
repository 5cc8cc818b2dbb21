//! Addresses and files that mean harm: by a location, by what it leads to, by placeholders.

use std::fmt::Write as _;

use serde_json::{Value, json};
use stagedoor_testkit::{Answer, TestPortal};

use crate::files::Files;
use crate::locations::component;

async fn trial(portal: &TestPortal, target: &str) -> Answer {
    let body = json!({ "type": "url", "target": target });
    portal.post("/api/catalog/locations?dryRun=true", &body).await
}

/// A trial that must be refused; its message.
async fn refused(portal: &TestPortal, target: &str) -> String {
    let answer = trial(portal, target).await;
    assert_eq!(answer.status, 400, "{target}: {}", answer.text());
    answer.json()["error"]["message"].as_str().unwrap().to_owned()
}

/// A file with an entity whose definition is a placeholder.
fn api(placeholder: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{name: a}}\n\
         spec: {{type: openapi, lifecycle: production, owner: x, definition: {placeholder}}}\n"
    )
}

fn leading_to(spec: &str) -> String {
    format!("apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: way}}\nspec: {spec}\n")
}

#[tokio::test]
async fn addresses_inside_the_network_are_not_asked() {
    let portal = TestPortal::new().await;
    for target in [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "https://github.com@10.0.0.1/o/r/blob/main/a.yaml",
    ] {
        let message = refused(&portal, target).await;
        let expected = if target.contains('@') { "user name" } else { "STAGEDOOR_OUTBOUND_ALLOW" };
        assert!(message.contains(expected), "{target}: {message}");
    }
    // Registered all the same, it brings nothing, and says why.
    let body = json!({ "type": "url", "target": "http://169.254.169.254/latest" });
    assert_eq!(portal.post("/api/catalog/locations", &body).await.status, 201);
    let sources = portal.get("/api/stagedoor/v1/sources").await.json();
    assert!(sources["sources"][0]["problems"][0]["message"].is_string(), "{sources}");
}

#[tokio::test]
async fn redirects_lead_to_nothing_inside_either() {
    let files = Files::default();
    files.lead("/meta.yaml", "http://169.254.169.254/latest/meta-data");
    files.lead("/loop.yaml", "/loop.yaml");
    files.lead("/file.yaml", "file:///etc/passwd");
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    for path in ["meta", "loop", "file"] {
        refused(&portal, &format!("{base}/{path}.yaml")).await;
    }
}

#[tokio::test]
async fn what_a_location_leads_to_is_of_its_own_type() {
    let files = Files::default();
    for (path, spec) in [
        ("/typed.yaml", "{type: file, target: /etc/passwd}"),
        ("/scheme.yaml", "{target: 'file:///etc/passwd'}"),
        ("/script.yaml", "{targets: ['java\\tscript:alert(1)']}"),
        ("/inside.yaml", "{targets: ['http://169.254.169.254/']}"),
    ] {
        files.put(path, leading_to(spec));
    }
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    for path in ["typed", "scheme", "script", "inside"] {
        let target = format!("{base}/{path}.yaml");
        let message = refused(&portal, &target).await;
        assert!(!message.contains("root:"), "{message}");
        let body = json!({ "type": "url", "target": target });
        assert_eq!(portal.post("/api/catalog/locations", &body).await.status, 201);
    }
    let kinds = portal.get("/api/catalog/entity-facets?facet=kind").await.json();
    assert_eq!(kinds["facets"]["kind"].as_array().unwrap().len(), 1, "only locations: {kinds}");
    let entity: Value = serde_json::from_str(
        r#"{"apiVersion": "backstage.io/v1alpha1", "kind": "Location", "metadata": {"name": "x"},
            "spec": {"type": "file", "target": "/etc/passwd"}}"#,
    )
    .unwrap();
    let body = json!({ "entity": entity, "location": format!("url:{base}/typed.yaml") });
    let answer = portal.post("/api/catalog/validate-entity", &body).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("allowed type"), "{}", answer.text());
}

#[tokio::test]
async fn circles_of_locations_end() {
    let files = Files::default();
    files.put("/a.yaml", leading_to("{targets: [./b.yaml, ./a.yaml]}"));
    files.put("/b.yaml", leading_to("{targets: [./a.yaml]}").replace("way", "back"));
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    let body = json!({ "type": "url", "target": format!("{base}/a.yaml") });
    assert_eq!(portal.post("/api/catalog/locations", &body).await.status, 201);
    let ancestry = portal.get("/api/catalog/entities/by-name/location/default/back/ancestry").await.json();
    let refs: Vec<_> = ancestry["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["entity"]["metadata"]["name"].clone())
        .collect();
    assert_eq!(refs[..2], [json!("back"), json!("way")], "{ancestry}");
    assert_eq!(refs.len(), 3);
}

#[tokio::test]
async fn texts_that_mean_harm_are_refused() {
    let files = Files::default();
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let all = vec![format!("*a{}", n - 1); 9].join(", ");
        let _ = writeln!(bomb, "a{n}: &a{n} [{all}]");
    }
    files.put("/bomb.yaml", bomb);
    files.put("/bytes.yaml", [0xff, 0xfe, 0x00, 0x41]);
    files.put("/scalar.yaml", "just a text");
    files.put("/deep.yaml", format!("a: {}{}", "[".repeat(20_000), "]".repeat(20_000)));
    files.put("/python.yaml", "!!python/object/apply:os.system [id]\n");
    files.put("/foreign.yaml", component("a") + "status: {}\n");
    files.fail("/broken.yaml", 500);
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    for path in ["bomb", "bytes", "scalar", "deep", "python", "foreign", "broken", "none"] {
        refused(&portal, &format!("{base}/{path}.yaml")).await;
    }
}

#[tokio::test]
async fn placeholders_stay_with_their_document() {
    let other = Files::default();
    other.put("/secret.txt", "secret");
    let other = other.serve().await;
    let files = Files::default();
    let base = files.serve().await;
    files.put("/a/text.txt", "fine");
    files.put("/a/api.yaml", "openapi: 3.1.0\nx: {$ref: './more.yaml#/y'}\n");
    files.put("/a/more.yaml", "y: {z: 1}\n");
    let portal = TestPortal::new().await;
    let target = format!("{base}/a/catalog-info.yaml");
    let bad = [
        "{$text: 'http://169.254.169.254/latest'}".to_owned(),
        "{$text: 'file:///etc/passwd'}".to_owned(),
        "{$json: '../../../../etc/passwd'}".to_owned(),
        "{$text: 'javascript:alert(1)'}".to_owned(),
        "{$text: ./none.txt}".to_owned(),
        "{$openapi: ./none.yaml}".to_owned(),
    ];
    for placeholder in bad {
        files.put("/a/catalog-info.yaml", api(&placeholder));
        let message = refused(&portal, &target).await;
        assert!(message.contains("Placeholder $"), "{placeholder}: {message}");
    }
    // A server of its own is another repository.
    files.put("/a/catalog-info.yaml", api(&format!("{{$text: '{other}/secret.txt'}}")));
    let message = refused(&portal, &target).await;
    assert!(message.contains("same repository"), "{message}");
    for (placeholder, expected) in [
        ("{$text: ./text.txt}", "fine"),
        ("{$openapi: ./api.yaml}", "{\n  \"openapi\": \"3.1.0\",\n  \"x\": {\n    \"z\": 1\n  }\n}"),
    ] {
        files.put("/a/catalog-info.yaml", api(placeholder));
        let answer = trial(&portal, &target).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["entities"][1]["spec"]["definition"], expected);
    }
}

#[tokio::test]
async fn a_location_brings_only_kinds_that_the_rules_allow() {
    let files = Files::default();
    files.put(
        "/a.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: admins}\nspec: {type: team, children: []}\n",
    );
    files.put("/c.yaml", component("c"));
    let base = files.serve().await;
    let portal = TestPortal::builder().default_rules().start().await;
    let message = refused(&portal, &format!("{base}/a.yaml")).await;
    let text = format!(
        "Entity group:default/admins at url:{base}/a.yaml, originated at url:{base}/a.yaml, is not of an allowed kind for that location"
    );
    assert!(message.contains(&text), "{message}");
    let body = json!({ "type": "url", "target": format!("{base}/a.yaml") });
    assert_eq!(portal.post("/api/catalog/locations", &body).await.status, 201);
    assert_eq!(portal.get("/api/catalog/entities/by-name/group/default/admins").await.status, 404);
    assert_eq!(trial(&portal, &format!("{base}/c.yaml")).await.status, 201);
}

#[tokio::test]
async fn an_analysis_asks_nobody_where_there_is_no_list_of_files() {
    let files = Files::default();
    files.put("/catalog-info.yaml", component("a"));
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    for target in [format!("{base}/teams/shop"), "http://169.254.169.254/a/b".to_owned()] {
        let body = json!({ "location": { "type": "url", "target": target } });
        let answer = portal.post("/api/catalog/analyze-location", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["existingEntityFiles"], json!([]));
    }
    assert!(files.asked().is_empty());
}
