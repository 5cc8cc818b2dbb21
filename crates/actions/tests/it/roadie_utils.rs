//! Actions of Roadie's module of utilities.

use serde_json::json;

use crate::steps_stage::Steps;

#[tokio::test]
async fn files_are_written_added_to_and_changed() {
    let steps = Steps::new();
    let written =
        steps.done("roadiehq:utils:fs:write", &json!({ "path": "a/b.md", "content": "# NAME\n" })).await;
    assert_eq!(written, json!({ "path": "a/b.md" }));
    steps.done("roadiehq:utils:fs:append", &json!({ "path": "a/b.md", "content": "NAME again\n" })).await;
    steps.done("roadiehq:utils:fs:append", &json!({ "path": "new.md", "content": "NAME" })).await;
    steps.done("roadiehq:utils:fs:write", &json!({ "path": ".hidden.md", "content": "NAME" })).await;
    let files = json!([{ "file": "**/*.md", "find": "NAME", "replaceWith": "shop" }]);
    steps.done("roadiehq:utils:fs:replace", &json!({ "files": files })).await;
    assert_eq!(
        (steps.text("a/b.md").as_str(), steps.text("new.md").as_str()),
        ("# shop\nshop again\n", "shop")
    );
    assert_eq!(steps.text(".hidden.md"), "NAME", "patterns leave out what is hidden");
    let files = json!([{ "file": "./.hidden.md", "find": "NAME", "replaceWith": "shop" }]);
    steps.done("roadiehq:utils:fs:replace", &json!({ "files": files })).await;
    assert_eq!(steps.text(".hidden.md"), "shop");
    let json =
        json!({ "path": "p.json", "content": "{\"a\":[1],\"b\":{\"c\":1}}", "preserveFormatting": true });
    steps.done("roadiehq:utils:fs:write", &json).await;
    assert_eq!(steps.text("p.json"), "{\n  \"a\": [\n    1\n  ],\n  \"b\": {\n    \"c\": 1\n  }\n}");
    let merge = json!({ "path": "p.json", "content": { "a": [1, 2], "b": { "d": 2 } }, "mergeArrays": true });
    steps.done("roadiehq:utils:json:merge", &merge).await;
    let now: serde_json::Value = serde_json::from_str(&steps.text("p.json")).unwrap();
    assert_eq!(now, json!({ "a": [1, 2], "b": { "c": 1, "d": 2 } }));
    steps.done("roadiehq:utils:json:merge", &json!({ "path": "p.json", "content": "{\"a\":[3]}" })).await;
    let now: serde_json::Value = serde_json::from_str(&steps.text("p.json")).unwrap();
    assert_eq!(now["a"], json!([3]));
}

#[tokio::test]
async fn objects_become_texts() {
    let steps = Steps::new();
    let data = json!({ "b": 1, "a": { "b": 2, "c": 3 } });
    let done = async |action: &str, input| steps.done(action, &input).await["serialized"].clone();
    assert_eq!(done("roadiehq:utils:serialize:json", json!({ "data": data })).await, data.to_string());
    let kept = json!({ "data": data, "replacer": ["b"], "space": " " });
    assert_eq!(done("roadiehq:utils:serialize:json", kept).await, "{\n \"b\": 1\n}");
    assert_eq!(
        done("roadiehq:utils:serialize:yaml", json!({ "data": data })).await,
        "b: 1\na:\n  b: 2\n  c: 3\n"
    );
    steps.done("roadiehq:utils:sleep", &json!({ "amount": 0 })).await;
    assert!(steps.fails("roadiehq:utils:sleep", &json!({ "amount": 1e6 })).await.contains("maxSleep: 300"));
}

/// Attack case 2: paths of a template stay in the workspace.
#[tokio::test]
async fn no_file_outside_is_touched() {
    let steps = Steps::new();
    steps.put("outside.txt", "mine");
    for path in ["../outside.txt", "/outside.txt", "a/../../outside.txt", "a\u{0}b"] {
        for (action, input) in [
            ("roadiehq:utils:fs:write", json!({ "path": path, "content": "x" })),
            ("roadiehq:utils:fs:append", json!({ "path": path, "content": "x" })),
            ("roadiehq:utils:json:merge", json!({ "path": path, "content": {} })),
        ] {
            steps.fails(action, &input).await;
        }
        let files = json!([{ "file": path, "find": "mine", "replaceWith": "x" }]);
        let _ = steps.perform("roadiehq:utils:fs:replace", &json!({ "files": files })).await;
    }
    assert_eq!(std::fs::read_to_string(steps.path("outside.txt")).unwrap(), "mine");
    for input in [
        json!({ "files": [{ "file": "a", "find": "b" }] }),
        json!({ "files": [{ "find": "b", "replaceWith": "c" }] }),
        json!({ "files": [{ "file": "a", "find": "b", "replaceWith": "c", "matchRegex": true }] }),
    ] {
        steps.fails("roadiehq:utils:fs:replace", &input).await;
    }
}
