//! What placeholders of documents at addresses name.

use serde_json::json;
use stagedoor_testkit::TestPortal;

use super::source;
use crate::support::{Ask as _, component_with};
use crate::url::Files;

#[tokio::test]
async fn placeholders_read_files_beside_the_document() {
    let files = Files::default();
    let document = component_with("a", "text: {$text: ./doc.md}\nn: {$json: ../n.json}");
    files.put("/org/x/a.yaml", 200, &document);
    files.put("/org/x/doc.md", 200, "hello");
    files.put("/org/n.json", 200, "{\"deep\": 1}");
    let base = files.serve().await;
    let portal = TestPortal::builder().url_location(&format!("{base}/org/x/a.yaml")).start().await;
    let spec = async || portal.backstage("component:default/a").await["spec"].clone();
    assert_eq!((&spec().await["text"], &spec().await["n"]), (&json!("hello"), &json!({ "deep": 1 })));
    files.put("/org/x/doc.md", 200, "changed");
    portal.sync().await;
    assert_eq!(spec().await["text"], "changed", "the document itself has not changed");
    files.put("/org/x/doc.md", 404, "");
    portal.sync().await;
    assert_eq!(spec().await["text"], "changed", "the last good one stays");
    let problems = source(&portal, &format!("url:{base}/org/x/a.yaml")).await["problems"].clone();
    assert!(
        problems[0]["message"].as_str().unwrap().contains("could not read location ./doc.md"),
        "{problems}"
    );
}

/// A document may not have the portal read for it what its writer may not read.
#[tokio::test]
async fn placeholders_reach_no_further_than_the_documents_own_repository() {
    let (files, other) = (Files::default(), Files::default());
    other.put("/secret", 200, "s3cret");
    let elsewhere = other.serve().await;
    files.put("/acme/secret/blob/main/secret", 200, "s3cret");
    let base = files.serve().await;
    let mut builder = TestPortal::builder();
    let targets = [
        format!("{elsewhere}/secret"),
        format!("{base}/acme/secret/blob/main/secret"),
        "../../../secret/blob/main/secret".to_owned(),
        "file:///etc/passwd".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
    ];
    for (n, target) in targets.iter().enumerate() {
        let path = format!("/acme/shop/blob/main/{n}.yaml");
        files.put(&path, 200, &component_with(&format!("c{n}"), &format!("text: {{$text: '{target}'}}")));
        builder = builder.url_location(&format!("{base}{path}"));
    }
    let portal = builder.start().await;
    assert_eq!(portal.filtered("kind=component").await, Vec::<String>::new());
    for source in portal.sources().await {
        let message = source["problems"][0]["message"].as_str().unwrap();
        assert!(message.contains("same repository"), "{message}");
    }
    assert_eq!((other.asked(), files.asked().iter().any(|path| path.contains("secret"))), (vec![], false));
}
