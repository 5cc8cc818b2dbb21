//! What tests of the scaffolder begin with.

use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_testkit::{Answer, Person, TestPortal};

const TEMPLATES: &str = r#"
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: thing, title: A thing}
spec:
  type: service
  parameters:
    required: [name]
    properties:
      name: {type: string, pattern: '^[a-z]+$'}
  steps:
    - action: fetch:template
      input: {url: ./skeleton, values: {name: '${{ parameters.name }}'}}
    - {id: say, action: debug:log, each: [one, two], input: {message: 'made ${{ each.value }}'}}
    - {id: never, action: debug:log, if: false, input: {message: 'no'}}
    - {id: apply, action: 'catalog:apply'}
  output:
    links: [{title: Open, entityRef: '${{ steps.apply.output.entityRef }}'}]
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: leak}
spec:
  type: service
  secrets: {schema: {type: object, required: [token], properties: {token: {type: string}}}}
  steps:
    - {id: a, action: debug:log, input: {message: 'plain ${{ secrets.token }} ${{ secrets.token | upper }} ${{ secrets.token | reverse }}'}}
    - {id: b, action: debug:log, input: {message: "${{ secrets.token | replace('o', '0') }} ${{ secrets.token | urlencode }}"}}
    - {id: c, action: debug:log, each: ['${{ secrets.token }}'], input: {message: 'each ${{ each.value }}'}}
  output:
    token: '${{ secrets.token }}'
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: guarded, annotations: {stagedoor.io/execute: 'team:platform'}}
spec:
  type: service
  steps: [{id: a, action: debug:log, input: {message: hello}}]
"#;
const SKELETON: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: '${{ values.name }}'}\n\
    spec: {type: service, lifecycle: production, owner: team-a}\n";

/// A portal with three templates.
pub(crate) async fn portal() -> TestPortal {
    let portal = TestPortal::builder()
        .file("templates.yaml", TEMPLATES)
        .file("skeleton/catalog-info.yaml", SKELETON)
        .location("templates.yaml")
        .start()
        .await;
    // Members may add components.
    let permissions = json!({ "entities": { "register": { "roles": ["Admin", "Member"] } } });
    portal.documents("{apiVersion: backstage.io/v1alpha1, kind: Component, metadata: {name: first}, spec: {type: service, lifecycle: production, owner: team-a}}").await;
    let changed = portal.request("PATCH", "/v1/blueprints/component/permissions", Some(&permissions)).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    portal
}

/// Executes a template.
pub(crate) async fn create(
    portal: &TestPortal,
    person: Option<&Person>,
    template: &str,
    values: Value,
    secrets: Value,
) -> Answer {
    let body = json!({ "templateRef": template, "values": values, "secrets": secrets });
    let path = "/api/scaffolder/v2/tasks";
    match person {
        Some(person) => portal.request_as(person, "POST", path, Some(&body)).await,
        None => portal.post(path, &body).await,
    }
}

/// A task, by an administrator.
pub(crate) async fn task(portal: &TestPortal, id: &str) -> Value {
    portal.get(&format!("/api/scaffolder/v2/tasks/{id}")).await.json()
}

/// All events of a task that has ended.
pub(crate) async fn events(portal: &TestPortal, id: &str) -> Vec<Value> {
    let list = portal.get(&format!("/api/scaffolder/v2/tasks/{id}/events")).await.json();
    list.as_array().cloned().unwrap_or_default()
}

/// The task once it has ended: its stream tells when.
pub(crate) async fn until_ended(portal: &TestPortal, id: &str) -> Value {
    let path = format!("/api/scaffolder/v2/tasks/{id}/eventstream");
    let stream = portal.get(&path);
    let stream = tokio::time::timeout(Duration::from_secs(60), stream).await.unwrap();
    assert_eq!(stream.status, 200, "{}", stream.text());
    task(portal, id).await
}
