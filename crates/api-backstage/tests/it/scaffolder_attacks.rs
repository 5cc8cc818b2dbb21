//! What a form's values, a failing step and somebody else may make of a template: attack cases 3, 8 and 9 through the
//! whole portal.

use serde_json::json;
use stagedoor_testkit::TestPortal;

use crate::scaffolder_steps::{create, events, portal, until_ended};

const SECRET: &str = "violet-lamp-over-nine";

/// A harmless template that puts a file where its form says.
const PLACE: &str = r#"
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: place}
spec:
  type: service
  parameters: {required: [name], properties: {name: {type: string}}}
  steps:
    - {id: get, action: 'fetch:plain:file', input: {url: ./template.txt, targetPath: 'out/${{ parameters.name }}'}}
    - {id: move, action: 'fs:rename', input: {files: [{from: 'out/${{ parameters.name }}', to: '${{ parameters.name }}'}]}}
    - {id: show, action: 'debug:log', input: {listWorkspace: with-contents}}
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: spill}
spec:
  type: service
  secrets: {schema: {type: object, required: [token], properties: {token: {type: string}}}}
  steps:
    - {id: say, action: 'debug:log', input: {message: "${{ secrets.token | replace('-', '\n') }} ${{ { t: secrets.token } | dump }} ${{ secrets.token | list | join(' ') }}"}}
    - {id: fail, action: 'fetch:plain:file', input: {url: 'https://127.0.0.1:1/${{ secrets.token }}?t=${{ secrets.token | reverse }}', targetPath: 'x/${{ secrets.token }}'}}
  output:
    links: [{title: '${{ secrets.token }}', url: 'https://example.com/${{ secrets.token }}'}]
"#;

/// Case 3, the second half of CVE-2021-43783: a template that means no harm, and a form that does.
#[tokio::test]
async fn a_form_chooses_no_place_outside() {
    let builder = TestPortal::builder().file("t.yaml", PLACE);
    let folder = builder.folder().to_owned();
    let portal = builder
        .file("template.txt", "harmless")
        .file("secret.txt", "the secret")
        .location("t.yaml")
        .start()
        .await;
    for name in [
        "../../../../../secret.txt",
        "../../../../../../../../../../opt/stagedoor-escaped",
        "/opt/stagedoor-escaped",
        "a/../../../b",
        "..",
        "%2e%2e/%2e%2e/secret.txt",
        "..\\..\\secret.txt",
        "x\u{0}y",
        "\u{ff0e}\u{ff0e}/secret.txt",
    ] {
        let made = create(&portal, None, "place", json!({ "name": name }), json!({})).await;
        assert_eq!(made.status, 201, "{name:?}: {}", made.text());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let ended = until_ended(&portal, &id).await;
        let leads_out = name.split('/').any(|part| part == "..") || name.contains('\0');
        assert!(!leads_out || ended["status"] == "failed", "{name:?}: {ended}");
        let told = json!(events(&portal, &id).await).to_string();
        assert!(!told.contains("the secret"), "{name:?}: {told}");
        assert_eq!(std::fs::read_to_string(folder.join("secret.txt")).unwrap(), "the secret", "{name:?}");
        assert!(!std::path::Path::new("/opt/stagedoor-escaped").exists(), "{name:?}");
    }
}

/// Case 8: the secret in an error, an address, a name, split over lines, in the list, the audit log, the native run.
#[tokio::test]
async fn no_error_and_no_log_spills_a_secret() {
    let portal = TestPortal::builder()
        .file("t.yaml", PLACE)
        .file("template.txt", "x")
        .location("t.yaml")
        .start()
        .await;
    let made = create(&portal, None, "spill", json!({}), json!({ "token": SECRET })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let ended = until_ended(&portal, &id).await;
    assert_eq!(ended["status"], "failed", "{ended}");
    let mut all = vec![ended.to_string(), json!(events(&portal, &id).await).to_string()];
    for path in [
        format!("/api/scaffolder/v2/tasks/{id}/eventstream"),
        "/api/scaffolder/v2/tasks".to_owned(),
        format!("/api/stagedoor/v1/runs/{id}"),
        "/api/stagedoor/v1/runs".to_owned(),
        format!("/v1/actions/runs/{id}"),
        format!("/v1/actions/runs/{id}/logs?limit=100&offset=0"),
        "/v1/audit-log?limit=1000".to_owned(),
        format!("/v1/audit-log?run_id={id}"),
    ] {
        let answer = portal.get(&path).await;
        assert!(answer.status < 500, "{path}: {}", answer.text());
        all.push(format!("{path}\n{}", answer.text()));
    }
    let reversed: String = SECRET.chars().rev().collect();
    let spaced = SECRET.chars().map(String::from).collect::<Vec<_>>().join(" ");
    for text in &all {
        for form in [SECRET, &reversed, &spaced, "violet\\nlamp", "violet\nlamp", "violet-lamp"] {
            assert!(!text.contains(form), "{form}: {text}");
        }
    }
    assert!(all[1].contains("[redacted]"), "{}", all[1]);
}

/// Case 9, CVE-2026-106501: another's task by every other door.
#[tokio::test]
async fn a_task_of_another_is_behind_no_other_door() {
    let portal = portal().await;
    let (elsa, milo) =
        (portal.member("elsa@larkfell.example").await, portal.member("milo@larkfell.example").await);
    let made = create(&portal, Some(&elsa), "thing", json!({ "name": "lamp" }), json!({})).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    until_ended(&portal, &id).await;
    for (method, path) in [
        ("GET", format!("/api/stagedoor/v1/runs/{id}")),
        ("GET", format!("/api/stagedoor/v1/runs/{id}/events")),
        ("POST", format!("/api/stagedoor/v1/runs/{id}/cancel")),
        ("POST", format!("/api/stagedoor/v1/runs/{id}/retry")),
        ("POST", format!("/api/stagedoor/v1/runs/{id}/rerun")),
        ("GET", format!("/v1/actions/runs/{id}")),
        ("GET", format!("/v1/actions/runs/{id}/logs")),
        ("GET", format!("/v1/actions/runs/{id}/approvers")),
        ("PATCH", format!("/v1/actions/runs/{id}")),
        ("POST", format!("/v1/actions/runs/{id}/logs")),
    ] {
        let report =
            if path.ends_with("/logs") { json!({ "message": "x" }) } else { json!({ "summary": "x" }) };
        let report = if path.starts_with("/api") { json!({}) } else { report };
        let body = (method != "GET").then_some(report);
        let theirs = portal.request_as(&milo, method, &path, body.as_ref()).await;
        let none = path.replace(&id, "00000000-0000-4000-8000-000000000000");
        let absent = portal.request_as(&milo, method, &none, body.as_ref()).await;
        assert_eq!(theirs.status, absent.status, "{method} {path}: {}", theirs.text());
        assert!(matches!(theirs.status, 403 | 404), "{method} {path}: {}", theirs.text());
        let told = theirs.text().replace(&id, "00000000-0000-4000-8000-000000000000");
        assert_eq!(told, absent.text(), "{method} {path}");
    }
    for path in
        ["/api/stagedoor/v1/runs?limit=100", "/v1/actions/runs?limit=100", "/api/stagedoor/v1/runs?q=lamp"]
    {
        let listed = portal.request_as(&milo, "GET", path, None).await.text();
        assert!(!listed.contains(&id) && !listed.contains("lamp"), "{path}: {listed}");
    }
    let after = portal.get(&format!("/api/scaffolder/v2/tasks/{id}")).await.json();
    assert_eq!(after["status"], "completed", "nothing that was tried did anything");
}

const TELL: &str = r#"
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: tell}
spec:
  type: service
  steps:
    - {id: tell, action: 'notification:send', input: {recipients: entity, entityRefs: ['user:default/milo'], title: 'It is there', link: /catalog}}
    - {id: bad, action: 'notification:send', input: {recipients: entity, entityRefs: ['user:default/milo'], title: x, link: 'javascript:alert(1)', optional: true}}
    - {id: none, action: 'notification:send', input: {recipients: entity, title: x}}
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: foreign}
spec: {type: service, steps: [{id: a, action: 'roadiehq:utils:zip', input: {path: x, outputPath: y}}]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: milo}
spec: {profile: {email: milo@larkfell.example}, memberOf: []}
"#;

#[tokio::test]
async fn a_step_sends_a_notification_and_no_link_that_runs() {
    let portal = TestPortal::builder().file("t.yaml", TELL).location("t.yaml").start().await;
    let milo = portal.member("milo@larkfell.example").await;
    let made = create(&portal, None, "tell", json!({}), json!({})).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let ended = until_ended(&portal, &id).await;
    let told = json!(events(&portal, &id).await).to_string();
    assert_eq!(ended["status"], "failed", "{told}");
    assert!(
        told.contains("Invalid link provided") && told.contains("Entity references must be provided"),
        "{told}"
    );
    let inbox = portal.request_as(&milo, "GET", "/api/notifications/notifications", None).await.json();
    assert_eq!(
        (&inbox["totalCount"], &inbox["notifications"][0]["payload"]["title"]),
        (&json!(1), &json!("It is there"))
    );
    // An action of a plugin that is not here is named, with the way out.
    let made = create(&portal, None, "foreign", json!({}), json!({})).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    until_ended(&portal, &id).await;
    let told = json!(events(&portal, &id).await).to_string();
    assert!(
        told.contains("'roadiehq:utils:zip' is not registered") && told.contains("fetch:template"),
        "{told}"
    );
}
