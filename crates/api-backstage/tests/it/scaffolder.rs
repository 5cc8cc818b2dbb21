//! The scaffolder: templates executed and tried, tasks and what they tell, to whom.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use crate::scaffolder_steps::{create, events, portal, task, until_ended};

const ELSA: &str = "elsa@larkfell.example";
const MILO: &str = "milo@larkfell.example";

async fn ask(portal: &TestPortal, person: &Person, method: &str, path: &str) -> (u16, String) {
    let answer = portal.request_as(person, method, &format!("/api/scaffolder{path}"), Some(&json!({}))).await;
    (answer.status, answer.text())
}

#[tokio::test]
async fn a_template_becomes_an_entity() {
    let portal = portal().await;
    let made = create(&portal, None, "template:default/thing", json!({ "name": "lamp" }), json!({})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let ended = until_ended(&portal, &id).await;
    assert_eq!(ended["status"], "completed", "{ended}: {:#?}", events(&portal, &id).await);
    assert_eq!(ended["spec"]["parameters"], json!({ "name": "lamp" }));
    assert_eq!(ended["spec"]["templateInfo"]["entityRef"], "template:default/thing");
    assert_eq!(ended["spec"]["steps"][0]["name"], "fetch:template");
    let lamp = portal.get("/api/catalog/entities/by-name/component/default/lamp").await;
    assert_eq!(lamp.status, 200, "{}", lamp.text());
    assert_eq!(lamp.json()["spec"]["owner"], "team-a");
    let all = events(&portal, &id).await;
    let last = all.last().unwrap();
    assert_eq!(last["type"], "completion");
    assert_eq!(last["body"]["message"], "Run completed with status: completed");
    assert_eq!(last["body"]["output"]["links"][0]["entityRef"], "component:default/lamp");
    let message = |event: &Value| event["body"]["message"].as_str().unwrap().to_owned();
    let messages: Vec<String> = all.iter().map(message).collect();
    assert_eq!(messages[0], "Starting up task with 4 steps");
    for wanted in [
        "Beginning step fetch:template",
        "Finished step fetch:template",
        "Skipping step never because its if condition was false",
    ] {
        assert!(messages.iter().any(|message| message == wanted), "{wanted}: {messages:#?}");
    }
    let stream = portal.get(&format!("/api/scaffolder/v2/tasks/{id}/eventstream")).await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    let text = stream.text();
    assert!(text.starts_with("event: log\ndata: {"), "{text}");
    assert!(text.contains("event: completion\ndata: {") && text.ends_with("}\n\n"), "{text}");
}

#[tokio::test]
async fn values_are_checked_before_anything_is_done() {
    let portal = portal().await;
    let refused = create(&portal, None, "thing", json!({ "name": "Lamp!" }), json!({})).await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.json()["errors"][0],
        json!({
            "path": ["name"], "property": "instance.name", "message": "does not match pattern \"^[a-z]+$\"",
            "schema": { "type": "string", "pattern": "^[a-z]+$" }, "instance": "Lamp!", "name": "pattern",
            "argument": "^[a-z]+$", "stack": "instance.name does not match pattern \"^[a-z]+$\"",
        })
    );
    let missing = create(&portal, None, "thing", json!({}), json!({})).await;
    assert_eq!(missing.json()["errors"][0]["stack"], "instance requires property \"name\"");
    for (template, status) in [("none", 404), ("component:default/thing", 400), (":", 400)] {
        let answer = create(&portal, None, template, json!({}), json!({})).await;
        assert_eq!(answer.status, status, "{template}: {}", answer.text());
    }
    assert_eq!(portal.get("/api/scaffolder/v2/tasks").await.json()["totalTasks"], 0);
}

/// CVE-2026-106501: whoever may read another's task reads what he was given.
#[tokio::test]
async fn a_task_is_its_makers_and_administrators() {
    let portal = portal().await;
    let (elsa, milo) = (portal.member(ELSA).await, portal.member(MILO).await);
    let made = create(&portal, Some(&elsa), "thing", json!({ "name": "lamp" }), json!({})).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    until_ended(&portal, &id).await;
    for (method, path) in [
        ("GET", format!("/v2/tasks/{id}")),
        ("GET", format!("/v2/tasks/{id}/events")),
        ("GET", format!("/v2/tasks/{id}/eventstream")),
        ("POST", format!("/v2/tasks/{id}/cancel")),
        ("POST", format!("/v2/tasks/{id}/retry")),
    ] {
        let (status, text) = ask(&portal, &milo, method, &path).await;
        assert_eq!(status, 404, "{path}");
        let (_, absent) = ask(&portal, &milo, method, &path.replace(&id, "none")).await;
        assert_eq!(text.replace(&id, "none"), absent, "as if it were not there");
        assert_ne!(ask(&portal, &elsa, method, &path).await.0, 404, "{path}");
    }
    let total = async |person: &Person, query: &str| {
        let (status, text) = ask(&portal, person, "GET", &format!("/v2/tasks{query}")).await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()["totalTasks"].clone()
    };
    assert_eq!((total(&milo, "").await, total(&elsa, "").await), (json!(0), json!(1)));
    let by = task(&portal, &id).await["createdBy"].as_str().unwrap().to_owned();
    assert_eq!(total(&elsa, &format!("?createdBy={by}")).await, json!(1));
    assert_eq!(total(&milo, &format!("?createdBy={by}")).await, json!(0));
    assert_eq!(total(&elsa, "?createdBy=user:default/milo").await, json!(0));
    assert_eq!(total(&elsa, "?status=failed&status=processing").await, json!(0));
}

/// CVE-2026-106506: an order by a column that is not shown tells what is in it.
#[tokio::test]
async fn tasks_are_ordered_by_what_everybody_knows() {
    let portal = portal().await;
    for name in ["b", "a"] {
        let made = create(&portal, None, "thing", json!({ "name": name }), json!({})).await;
        until_ended(&portal, made.json()["id"].as_str().unwrap()).await;
    }
    let names = async |query: &str| {
        let list = portal.get(&format!("/api/scaffolder/v2/tasks{query}")).await.json();
        let name = |task: &Value| task["spec"]["parameters"]["name"].as_str().unwrap().to_owned();
        list["tasks"].as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["a", "b"]);
    assert_eq!(names("?order=asc:created_at").await, ["b", "a"]);
    assert_eq!(names("?order=desc:status&order=asc:created_at&limit=1&offset=1").await, ["a"]);
    for wrong in
        ["order=asc:secrets", "order=asc:spec", "order=secrets", "limit=-1", "limit=x", "status=odd", "x=1"]
    {
        let answer = portal.get(&format!("/api/scaffolder/v2/tasks?{wrong}")).await;
        assert_eq!((answer.status, &answer.json()["error"]["name"]), (400, &json!("InputError")), "{wrong}");
    }
}

/// CVE-2026-106499 and -32237: a secret, and what is made of it, in a log, an output, a list, a dry run.
#[tokio::test]
async fn no_answer_holds_a_secret() {
    let portal = portal().await;
    let secrets = json!({ "token": "violet-lamp-over-nine" });
    let made = create(&portal, None, "leak", json!({}), secrets.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let ended = until_ended(&portal, &id).await;
    assert_eq!(ended["status"], "completed", "{:#?}", events(&portal, &id).await);
    let template = portal.get("/api/catalog/entities/by-name/template/default/leak").await.json();
    let dry = json!({ "template": template, "values": {}, "secrets": secrets, "directoryContents": [] });
    let dry = portal.post("/api/scaffolder/v2/dry-run", &dry).await;
    assert_eq!(dry.status, 200, "{}", dry.text());
    let list = portal.get("/api/scaffolder/v2/tasks").await.text();
    let stream = portal.get(&format!("/api/scaffolder/v2/tasks/{id}/eventstream")).await.text();
    let told = json!(events(&portal, &id).await).to_string();
    let all = [ended.to_string(), list, stream, told, dry.text()].join("\n");
    assert!(all.contains("[redacted]"), "{all}");
    for form in ["violet-lamp", "VIOLET-LAMP", "enin-revo", "dmlvbGV0LWxhbXA", "violet%2Dlamp", "vi0let"] {
        assert!(!all.contains(form), "{form}: {all}");
    }
    let missing = create(&portal, None, "leak", json!({}), json!({})).await;
    assert_eq!(missing.json()["errors"][0]["stack"], "secrets.token is required");
    let reserved = json!({ "token": "x", "environment.secrets": {} });
    assert_eq!(create(&portal, None, "leak", json!({}), reserved).await.status, 400);
}

#[tokio::test]
async fn a_dry_run_touches_nothing() {
    let portal = portal().await;
    let template = portal.get("/api/catalog/entities/by-name/template/default/thing").await.json();
    let file = |path: &str, text: &str| json!({ "path": path, "base64Content": base64(text) });
    let body = json!({
        "template": template, "values": { "name": "lamp" },
        "directoryContents": [file("skeleton/catalog-info.yaml", "kind: Component\nmetadata: {name: '${{ values.name }}'}\n")],
    });
    let tried = portal.post("/api/scaffolder/v2/dry-run", &body).await;
    assert_eq!(tried.status, 200, "{}", tried.text());
    let tried = tried.json();
    assert_eq!(tried["directoryContents"][0]["path"], "catalog-info.yaml");
    assert_eq!(tried["output"]["links"][0]["entityRef"], "component:default/lamp");
    assert_eq!(tried["log"][0]["body"]["message"], "Starting up task with 4 steps");
    assert_eq!(portal.get("/api/catalog/entities/by-name/component/default/lamp").await.status, 404);
    assert_eq!(portal.get("/api/scaffolder/v2/tasks").await.json()["totalTasks"], 0);
    for path in ["../out.txt", "/etc/out.txt", "a/../../out.txt"] {
        let mut outside = body.clone();
        outside["directoryContents"] = json!([file(path, "x")]);
        let answer = portal.post("/api/scaffolder/v2/dry-run", &outside).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    }
    // Files of this machine are out of its reach, wherever the document says that it lies.
    let mut elsewhere = body.clone();
    elsewhere["template"]["metadata"]["annotations"]["backstage.io/managed-by-location"] =
        json!("file:/etc/passwd");
    elsewhere["template"]["spec"]["steps"] =
        json!([{ "action": "fetch:plain:file", "input": { "url": "./passwd", "targetPath": "out" } }]);
    let answer = portal.post("/api/scaffolder/v2/dry-run", &elsewhere).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(!answer.text().contains("root:"), "{}", answer.text());
}

#[tokio::test]
async fn who_may_execute_is_what_the_template_says() {
    let portal = portal().await;
    let (elsa, milo) = (portal.member_of(ELSA, &["platform"]).await, portal.member(MILO).await);
    let made = create(&portal, Some(&elsa), "guarded", json!({}), json!({})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let refused = create(&portal, Some(&milo), "guarded", json!({}), json!({})).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert!(refused.text().contains("team platform"), "{}", refused.text());
    let limited = portal.limited(&elsa, &["read:entities", "read:templates"]);
    assert_eq!(create(&portal, Some(&limited), "guarded", json!({}), json!({})).await.status, 403);
    let asked = json!({ "items": [
        { "id": "1", "permission": { "type": "basic", "name": "scaffolder.task.create", "attributes": {} } },
        { "id": "2", "permission": { "type": "resource", "name": "scaffolder.task.read", "attributes": {}, "resourceType": "scaffolder-task" }, "resourceRef": made.json()["id"] },
    ] });
    for (person, expected) in
        [(&elsa, ["ALLOW", "ALLOW"]), (&milo, ["ALLOW", "DENY"]), (&limited, ["DENY", "DENY"])]
    {
        let answer =
            portal.request_as(person, "POST", "/api/permission/authorize", Some(&asked)).await.json();
        let results =
            [answer["items"][0]["result"].as_str().unwrap(), answer["items"][1]["result"].as_str().unwrap()];
        assert_eq!(results, expected);
    }
    let known = portal.get("/api/scaffolder/.well-known/backstage/permissions/metadata").await.json();
    let create =
        json!({ "type": "basic", "name": "scaffolder.task.create", "attributes": { "action": "create" } });
    assert!(known["permissions"].as_array().unwrap().contains(&create), "{known}");
}

#[tokio::test]
async fn what_stands_in_templates_is_listed() {
    let portal = portal().await;
    let actions = portal.get("/api/scaffolder/v2/actions").await.json();
    let ids: Vec<&str> = actions.as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted() && ids.contains(&"fetch:template") && !ids.contains(&"WEBHOOK"), "{ids:?}");
    assert!(actions[0]["schema"]["input"].is_object() && actions[0]["examples"].is_array());
    let extensions = portal.get("/api/scaffolder/v2/templating-extensions").await.json();
    assert!(extensions["filters"]["parseRepoUrl"]["description"].is_string());
    assert_eq!(extensions["globals"], json!({ "functions": {}, "values": {} }));
    let form =
        portal.get("/api/scaffolder/v2/templates/default/Template/thing/parameter-schema").await.json();
    assert_eq!(
        (&form["title"], &form["steps"][0]["title"]),
        (&json!("A thing"), &json!("Please enter the following information"))
    );
    let body = json!({ "token": "t", "context": {} });
    let complete = portal.post("/api/scaffolder/v2/autocomplete/github/x", &body).await;
    assert_eq!((complete.status, &complete.json()["error"]["message"]), (400, &json!("Invalid resource: x")));
    for (provider, body, expected) in [
        ("azure", body.clone(), "Unsupported provider: azure"),
        ("github", json!({ "context": {} }), "token"),
        ("github", json!({ "token": "t", "context": { "host": 1 } }), "context.host must be string"),
        ("github", json!({ "token": "t", "context": { "host": "10.0.0.1" } }), "No matching integration"),
    ] {
        let answer = portal.post(&format!("/api/scaffolder/v2/autocomplete/{provider}/owners"), &body).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["error"]["name"]), (400, &json!("InputError")), "{told}");
        assert!(told["error"]["message"].as_str().unwrap().contains(expected), "{told}");
    }
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// As somebody pastes it: without `spec.type`, with a slip of the pen.
const PASTED: &str = "apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: new-service
spec:
  parameters:
    - properties: {name: {type: string}}
  steps:
    - id: fetch
      action: fetch:template
      input: {url: ./skeleton, values: {name: '${{ parameters.nmae }}'}}
    - action: debug:lgo
    - id: say
      action: debug:log
      input: {message: '${{ parameters.name | shout }}'}
";

async fn check(portal: &TestPortal, text: &str) -> Value {
    let request = http::Request::post("/api/stagedoor/v1/templates/check")
        .header("authorization", format!("Bearer {}", portal.token()))
        .header("content-type", "application/yaml")
        .body(axum::body::Body::from(text.to_owned()));
    let answer = portal.send(request.unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn an_editor_is_told_what_is_wrong_and_where() {
    let portal = portal().await;
    let refused = portal.documents(PASTED).await;
    assert_eq!(refused.status, 422, "the catalog refuses what Backstage refuses: {}", refused.text());
    let told = check(&portal, PASTED).await;
    let problem = |problem: &Value| {
        let message = problem["message"].as_str().unwrap().chars().take(34).collect::<String>();
        (problem["line"].as_u64().unwrap(), problem["severity"].as_str().unwrap().to_owned(), message)
    };
    let problems: Vec<_> = told["problems"].as_array().unwrap().iter().map(problem).collect();
    let expected = [
        (6, "warning", "the catalog refuses a template wit"),
        (11, "warning", "no page asks for \"nmae\""),
        (12, "error", "there is no action \"debug:lgo\"; di"),
        (15, "error", "there is no filter \"shout\": this s"),
    ];
    assert_eq!(problems, expected.map(|(line, severity, text)| (line, severity.to_owned(), text.to_owned())));
    assert_eq!(told["template"]["spec"]["type"], "other");
    assert_eq!(told["form"]["title"], "new-service");
    let fix = &told["problems"][0]["fix"];
    assert_eq!((&fix["line"], &fix["text"]), (&json!(6), &json!("  type: other\n")));
    let mut lines: Vec<&str> = PASTED.split_inclusive('\n').collect();
    lines.insert(5, fix["text"].as_str().unwrap());
    let mended = lines.concat().replace("nmae", "name").replace("lgo", "log").replace(" | shout", "");
    assert_eq!(check(&portal, &mended).await["problems"], json!([]));
    let broken = check(&portal, "kind: Template\n  x: [").await;
    assert_eq!((&broken["problems"][0]["severity"], &broken["template"]), (&json!("error"), &Value::Null));
    let files = json!([{ "path": "skeleton/a.txt", "content": "hello ${{ values.name }}" }]);
    let body = json!({ "text": mended, "values": { "name": "lamp" }, "files": files });
    let tried = portal.post("/api/stagedoor/v1/templates/dry-run", &body).await;
    assert_eq!(tried.status, 200, "{}", tried.text());
    assert_eq!(tried.json()["error"], Value::Null, "{}", tried.text());
    assert_eq!(tried.json()["files"], json!([{ "path": "a.txt", "content": "hello lamp" }]));
    let text = portal.get("/api/stagedoor/v1/templates/text?ref=thing").await.json();
    assert!(text["text"].as_str().unwrap().contains("kind: Template"), "{text}");
    assert_eq!(text["execute"], Value::Null);
}
