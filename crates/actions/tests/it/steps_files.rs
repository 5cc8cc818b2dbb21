//! Steps that fetch, render and change files.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::json;
use stagedoor_actions::{Effect, performers};

use crate::steps_stage::Steps;

const SKELETON: &str = "templates/service/skeleton";

fn skeleton() -> Steps {
    let steps = Steps::new();
    steps.put(&format!("{SKELETON}/${{{{ values.name }}}}/README.md"), "# ${{ values.name | upper }}\n");
    steps.put(&format!("{SKELETON}/.github/ci.yaml"), "on: ${{ values.name }} {{ untouched }}\n");
    steps.put(&format!("{SKELETON}/logo.bin"), [0, 159, 146, 150]);
    steps.put(&format!("{SKELETON}/${{{{ 'docs' if values.docs }}}}/index.md"), "docs\n");
    steps.put(&format!("{SKELETON}/raw/${{{{ values.name }}}}.txt"), "${{ values.name }}\n");
    steps.put(&format!("{SKELETON}/run.sh"), "#!/bin/sh\necho ${{ values.name }}\n");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(steps.path(&format!("{SKELETON}/run.sh")), mode).unwrap();
    symlink("run.sh", steps.path(&format!("{SKELETON}/link"))).unwrap();
    steps
}

#[tokio::test]
async fn a_skeleton_is_rendered_in_names_and_contents() {
    let steps = skeleton();
    let input = json!({ "url": "./skeleton", "values": { "name": "shop", "docs": false }, "copyWithoutTemplating": ["raw/**"] });
    steps.done("fetch:template", &input).await;
    assert_eq!(
        steps.files(),
        [".github/ci.yaml", "link", "logo.bin", "raw/shop.txt", "run.sh", "shop/README.md"]
    );
    assert_eq!(steps.text("shop/README.md"), "# SHOP\n");
    assert_eq!(steps.text(".github/ci.yaml"), "on: shop {{ untouched }}\n");
    assert_eq!(steps.text("raw/shop.txt"), "${{ values.name }}\n");
    let mode = std::fs::metadata(steps.path("workspace/run.sh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    assert_eq!(std::fs::read_link(steps.path("workspace/link")).unwrap().to_str(), Some("run.sh"));
    assert!(steps.log().iter().any(|line| line.ends_with("without processing.")));
    // What is there stays, unless it is to be replaced.
    let again = json!({ "url": "./skeleton", "values": { "name": "shop", "docs": true }, "replace": false });
    steps.done("fetch:template", &again).await;
    assert_eq!(
        (steps.text("raw/shop.txt").as_str(), steps.text("docs/index.md").as_str()),
        ("${{ values.name }}\n", "docs\n")
    );
    let again =
        json!({ "url": "./skeleton", "values": { "name": "shop" }, "replace": true, "targetPath": "./" });
    steps.done("fetch:template", &again).await;
    assert_eq!(steps.text("raw/shop.txt"), "shop\n");
}

#[tokio::test]
async fn other_ways_to_render() {
    let steps = Steps::new();
    steps.put("templates/service/k/{{cookiecutter.name}}.txt", "{{ cookiecutter.name }}\n");
    steps.put("templates/service/e/a.txt.njk", "${{ values.a }}");
    steps.put("templates/service/e/${{ values.a }}.txt", "${{ values.a }}");
    steps.put("templates/service/b/x", "{% if true %}\n  y\n{% endif %}\nz\n");
    let values = json!({ "name": "shop", "a": "1" });
    steps
        .done(
            "fetch:template",
            &json!({ "url": "./k", "values": values, "cookiecutterCompat": true, "targetPath": "k" }),
        )
        .await;
    assert_eq!(steps.text("k/shop.txt"), "shop\n");
    steps
        .done(
            "fetch:template",
            &json!({ "url": "e", "values": values, "templateFileExtension": true, "targetPath": "./e/" }),
        )
        .await;
    assert_eq!((steps.text("e/a.txt").as_str(), steps.text("e/1.txt").as_str()), ("1", "${{ values.a }}"));
    steps
        .done(
            "fetch:template",
            &json!({ "url": "b", "trimBlocks": true, "lstripBlocks": true, "targetPath": "b" }),
        )
        .await;
    assert_eq!(steps.text("b/x"), "  y\nz\n");
    steps
        .done(
            "fetch:template:file",
            &json!({ "url": "e/a.txt.njk", "targetPath": "f/one", "values": values }),
        )
        .await;
    assert_eq!(steps.text("f/one"), "1");
    steps.done("fetch:template:file", &json!({ "url": "b/x", "targetPath": "f/one" })).await;
    assert_eq!(steps.text("f/one"), "1", "it is there, and not to be replaced");
    steps.done("fetch:plain", &json!({ "url": "./e", "targetPath": "p" })).await;
    assert_eq!(steps.text("p/a.txt.njk"), "${{ values.a }}");
    steps.done("fetch:plain:file", &json!({ "url": "./e/a.txt.njk", "targetPath": "p/q/r" })).await;
    assert_eq!(steps.text("p/q/r"), "${{ values.a }}");
    steps
        .done("workspace:template", &json!({ "sourcePath": "p", "targetPath": "w", "values": values }))
        .await;
    assert_eq!(steps.text("w/a.txt.njk"), "1");
    for (input, says) in [
        (json!({ "url": "./e", "templateFileExtension": ".x", "cookiecutterCompat": true }), "incompatible"),
        (json!({ "url": "./e", "copyWithoutRender": [], "copyWithoutTemplating": [] }), "at the same time"),
        (json!({ "url": "./none" }), "does not exist"),
    ] {
        let error = steps.fails("fetch:template", &input).await;
        assert!(error.contains(says), "{input}: {error}");
    }
    steps.put("templates/service/bad/x", "a\n${{ values.a | nofilter }}");
    let error = steps.fails("fetch:template", &json!({ "url": "./bad", "values": values })).await;
    assert!(error.starts_with("x: line 2"), "{error}");
}

/// CVE-2026-106496, CVE-2021-43783, CVE-2026-24046: files of this machine are none of a template's business, and no name
/// that renders to something else leads out of the workspace.
#[tokio::test]
async fn nothing_leads_out_of_the_template_or_the_workspace() {
    let steps = skeleton();
    steps.put("secret", "the secret");
    steps.put("templates/other/secret", "the secret");
    symlink("../../secret", steps.path("templates/service/leak")).unwrap();
    symlink("../../../secret", steps.path(&format!("{SKELETON}/up"))).unwrap();
    symlink("..", steps.path("templates/service/parent")).unwrap();
    let absolute = steps.path("secret").display().to_string();
    for url in [
        "../../secret",
        "../other/secret",
        absolute.as_str(),
        "leak",
        "parent/other/secret",
        "./skeleton/../../../secret",
    ] {
        let error = steps.fails("fetch:plain:file", &json!({ "url": url, "targetPath": "x" })).await;
        assert!(error.contains("outside its parent"), "{url}: {error}");
    }
    for url in ["..", "../other", "parent", "/"] {
        let error = steps.fails("fetch:plain", &json!({ "url": url })).await;
        assert!(error.contains("outside its parent"), "{url}: {error}");
    }
    for url in [
        format!("file://{absolute}"),
        "file:/etc/passwd".to_owned(),
        "data:,x".to_owned(),
        "ext::sh -c id".to_owned(),
    ] {
        let error = steps.fails("fetch:plain:file", &json!({ "url": url, "targetPath": "x" })).await;
        assert!(error.contains("addresses are not fetched"), "{url}: {error}");
    }
    // A link that leads out is copied as a link, and then leads nowhere.
    steps.done("fetch:plain", &json!({ "url": "./skeleton" })).await;
    steps.done("debug:log", &json!({ "listWorkspace": "with-contents" })).await;
    assert!(!steps.log().join("\n").contains("the secret"));
    assert!(steps.fails("fs:readdir", &json!({ "paths": [".."] })).await.contains("outside its parent"));
    for name in ["../../escaped", "/escaped", "a/../../escaped"] {
        let input = json!({ "url": "./skeleton", "values": { "name": name }, "targetPath": "t" });
        // One that begins with a slash is left out, as Backstage does.
        let result = steps.perform("fetch:template", &input).await;
        assert_eq!(result.is_ok(), name.starts_with('/'), "{name}");
        assert!(!steps.path("escaped").exists() && !steps.path("workspace/escaped").exists());
    }
    for target in ["../x", "/var/x", "a/../../x"] {
        let error = steps.fails("fetch:plain", &json!({ "url": "./skeleton", "targetPath": target })).await;
        assert!(error.contains("outside its parent"), "{target}: {error}");
    }
    for (action, input) in [
        ("fs:delete", json!({ "files": ["../secret"] })),
        ("fs:rename", json!({ "files": [{ "from": "run.sh", "to": "../secret", "overwrite": true }] })),
        ("fs:rename", json!({ "files": [{ "from": "../secret", "to": "got" }] })),
        ("catalog:write", json!({ "filePath": "../secret", "entity": {} })),
        ("workspace:template", json!({ "sourcePath": "../templates", "targetPath": "t" })),
    ] {
        let error = steps.fails(action, &input).await;
        assert!(error.contains("outside its parent"), "{action}: {error}");
    }
    assert_eq!(std::fs::read_to_string(steps.path("secret")).unwrap(), "the secret");
}

#[tokio::test]
async fn files_are_deleted_renamed_and_listed() {
    let steps = Steps::new();
    for path in ["a.md", "b/c.md", "b/d/e.txt", "[id].tsx", "keep"] {
        steps.put(&format!("workspace/{path}"), path);
    }
    let listed = steps.done("fs:readdir", &json!({ "paths": ["b"], "recursive": true })).await;
    assert_eq!(
        listed["files"],
        json!([
            { "name": "c.md", "path": "b/c.md", "fullPath": "b/c.md" },
            { "name": "e.txt", "path": "b/d/e.txt", "fullPath": "b/d/e.txt" },
        ])
    );
    assert_eq!(listed["folders"][0]["path"], "b/d");
    let flat = steps.done("fs:readdir", &json!({ "paths": ["."] })).await;
    assert_eq!(
        (flat["files"].as_array().unwrap().len(), flat["folders"][0]["name"].as_str()),
        (3, Some("b"))
    );
    steps
        .done(
            "fs:rename",
            &json!({ "files": [{ "from": "b/d", "to": "x/y" }, { "from": "keep", "to": "kept" }] }),
        )
        .await;
    let taken = steps.fails("fs:rename", &json!({ "files": [{ "from": "kept", "to": "x" }] })).await;
    assert_eq!(taken, "dest already exists.");
    steps.done("fs:rename", &json!({ "files": [{ "from": "kept", "to": "a.md", "overwrite": true }] })).await;
    assert_eq!(steps.text("a.md"), "keep");
    steps
        .done("fs:delete", &json!({ "files": ["a.md/below/a/file", "[id].tsx", "**/*.md", "x", "none"] }))
        .await;
    assert_eq!(steps.files(), Vec::<String>::new());
    steps.done("debug:wait", &json!({ "milliseconds": 5 })).await;
    let error = steps.fails("debug:wait", &json!({ "minutes": 1 })).await;
    assert!(error.contains("maximum threshold"), "{error}");
}

#[tokio::test]
async fn inputs_are_judged_in_the_words_of_the_original() {
    let steps = Steps::new();
    for (action, input, says) in [
        (
            "fetch:plain",
            json!({}),
            "Invalid input passed to action fetch:plain, instance requires property \"url\"",
        ),
        (
            "fetch:plain",
            json!({ "url": 1 }),
            "Invalid input passed to action fetch:plain, instance.url is not of a type(s) string",
        ),
        (
            "fs:rename",
            json!({ "files": [{ "from": "a" }, { "from": 1, "to": "b" }] }),
            "Invalid input passed to action fs:rename, instance.files[0] requires property \"to\", instance.files[1].from is not of a type(s) string",
        ),
        (
            "debug:log",
            json!({ "listWorkspace": "everything" }),
            "Invalid input passed to action debug:log, instance.listWorkspace is not any of [subschema 0],[subschema 1]",
        ),
        (
            "publish:github",
            json!({ "repoUrl": "github.com?repo=a&owner=b", "repoVisibility": "open" }),
            "Invalid input passed to action publish:github, instance.repoVisibility is not one of enum values: private,public,internal",
        ),
    ] {
        assert_eq!(steps.fails(action, &input).await, says);
    }
}

/// Every action says of itself what a form and an editor need, and an example of it is good.
#[test]
fn every_action_describes_itself() {
    let all = performers();
    let steps: Vec<_> = all.iter().filter(|performer| performer.id().contains(':')).collect();
    assert!(steps.len() > 20, "{}", steps.len());
    for performer in steps {
        let description = performer.describe();
        assert!(!description.text.is_empty() && !description.examples.is_empty(), "{}", performer.id());
        assert_eq!(description.input["type"], "object", "{}", performer.id());
        assert!(description.output.is_object(), "{}", performer.id());
        for (_, text) in &description.examples {
            let documents = stagedoor_ingest::yaml::parse(text);
            let example = documents[0].root.as_ref().map(stagedoor_ingest::yaml::Node::to_value).unwrap();
            let steps = example["steps"].as_array().unwrap();
            let step = steps.iter().find(|step| step["action"] == performer.id()).unwrap();
            let input = step.get("input").cloned().unwrap_or_else(|| serde_json::json!({}));
            if performer.id() != "github:issues:label" {
                assert_eq!(
                    stagedoor_actions::steps::invalid_input(performer.as_ref(), &input),
                    None,
                    "{text}"
                );
            }
        }
        // What changes nothing outside works in a trial, too.
        assert!(description.dry_run || performer.effect() == Effect::Outside, "{}", performer.id());
    }
}

#[tokio::test]
async fn entities_are_registered_written_and_fetched() {
    let mut steps = Steps::new();
    let output = steps
        .done("catalog:register", &json!({ "catalogInfoUrl": "https://github.com/o/r/blob/main/c.yaml" }))
        .await;
    assert_eq!(
        output,
        json!({ "catalogInfoUrl": "https://github.com/o/r/blob/main/c.yaml", "entityRef": "component:default/new" })
    );
    let of_repository = json!({ "repoContentsUrl": "https://github.com/o/r/blob/main", "catalogInfoPath": "/x/catalog-info.yaml", "optional": true });
    steps.done("catalog:register", &of_repository).await;
    assert_eq!(
        steps.registered()[1],
        ("https://github.com/o/r/tree/main/x/catalog-info.yaml".to_owned(), true)
    );
    let error = steps.fails("catalog:register", &json!({})).await;
    assert!(error.contains("no step before it has published"), "{error}");
    // Without an input: what the last publishing step of this run made.
    let step = |id: &str, state: &str, url: &str| {
        let step = json!({ "id": id, "name": id, "performer": "publish:git", "state": { "state": state }, "output": { "repoContentsUrl": url } });
        serde_json::from_value(step).unwrap()
    };
    steps.run.steps = vec![
        step("a", "done", "https://github.com/o/old/blob/main"),
        step("b", "done", "git::https://git.example.com/team/new.git//?ref=main"),
        step("c", "failed", "https://github.com/o/failed/blob/main"),
    ];
    let output = steps.done("catalog:register", &json!(null)).await;
    assert_eq!(
        output["catalogInfoUrl"],
        "git::https://git.example.com/team/new.git//catalog-info.yaml?ref=main"
    );
    let entity = json!({ "apiVersion": "backstage.io/v1alpha1", "kind": "Component", "metadata": { "name": "a", "annotations": { "x": "y" } } });
    steps.done("catalog:write", &json!({ "entity": entity })).await;
    let written = steps.text("catalog-info.yaml");
    assert!(written.contains("backstage.io/source-template: template:default/service"), "{written}");
    assert!(written.contains("name: a\n"), "{written}");
    let found =
        steps.done("catalog:fetch", &json!({ "entityRef": "shop", "defaultKind": "Component" })).await;
    assert_eq!(found["entity"]["metadata"]["name"], "shop");
    let found = steps
        .done(
            "catalog:fetch",
            &json!({ "entityRefs": ["component:shop", "component:none"], "optional": true }),
        )
        .await;
    assert_eq!(found["entities"][1], json!(null));
    assert_eq!(
        steps.fails("catalog:fetch", &json!({ "entityRef": "component:none" })).await,
        "Entity component:none not found"
    );
    assert_eq!(steps.fails("catalog:fetch", &json!({})).await, "Missing entity reference or references");
}
