//! Names, links, archives and addresses that mean harm: attack cases 2 to 7, as steps of a template meet them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use serde_json::{Value, json};

use crate::fake::{Fake, FakeReply};
use crate::git_server::{git, has_git};
use crate::publish::{portal, server};
use crate::steps_stage::Steps;

/// What lies in the folder of a test besides the workspace: path and content.
fn outside(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            match path.symlink_metadata().unwrap().is_dir() {
                true if name == "workspace" => {}
                true => folders.push(path),
                false => drop(found.insert(name, fs::read(&path).unwrap_or_default())),
            }
        }
    }
    found
}

/// Case 2: what is a way out only where somebody decodes, normalises or is another system, is a name here, or none.
#[tokio::test]
async fn a_name_is_a_name_however_it_is_written() {
    let steps = Steps::new();
    steps.put("templates/service/k/one.txt", "one");
    steps.put("templates/service/n/${{ values.name }}", "two");
    steps.put("beside", "untouched");
    let before = outside(steps.folder.path());
    let long = "n".repeat(300);
    for name in [
        "..\\..\\beside",
        "..%2f..%2fbeside",
        "%2e%2e%2f%2e%2e%2fbeside",
        "%252e%252e%252fbeside",
        "\u{2024}\u{2024}/beside",
        "\u{ff0e}\u{ff0e}\u{ff0f}beside",
        "..\u{200b}/beside",
        ".../beside",
        "CON",
        "aux.txt",
        "C:\\beside",
        "a:b",
        "~/beside",
        "$HOME/beside",
        "`id`",
        "-rf",
        long.as_str(),
        "../beside",
        "a/../../beside",
        "/etc/beside",
        "a\0b",
        "a\nb",
        "a\u{1b}[2Jb",
    ] {
        for (action, input) in [
            ("fetch:plain:file", json!({ "url": "./k/one.txt", "targetPath": name })),
            ("fetch:plain", json!({ "url": "./k", "targetPath": name })),
            ("fetch:template:file", json!({ "url": "./k/one.txt", "targetPath": name, "replace": true })),
            ("fetch:template", json!({ "url": "./n", "values": { "name": name }, "replace": true })),
            ("fs:rename", json!({ "files": [{ "from": "one.txt", "to": name, "overwrite": true }] })),
            ("catalog:write", json!({ "filePath": name, "entity": { "kind": "x" } })),
            ("fs:delete", json!({ "files": [name] })),
            ("fs:readdir", json!({ "paths": [name] })),
            ("debug:log", json!({ "message": name, "listWorkspace": "with-contents" })),
        ] {
            steps.put("workspace/one.txt", "one");
            let done = steps.perform(action, &input).await;
            assert!(outside(steps.folder.path()) == before, "{action} {name:?}: something lies outside");
            let leads_out = name.split('/').any(|part| part == "..") && action != "debug:log";
            assert!(!(leads_out && done.is_ok()), "{action} {name:?} led out");
            if let Err(failure) = done {
                assert!(!failure.unclear && failure.retry.is_none(), "{action} {name:?}: {failure:?}");
                assert!(
                    !failure.message.contains('\u{1b}') && !failure.message.contains('\0'),
                    "{failure:?}"
                );
            }
        }
    }
    let log = steps.log().join("\n");
    assert!(!log.contains("untouched"));
}

/// Case 4: a hard link in the workspace is the file outside itself.
#[tokio::test]
async fn a_hard_link_is_cut_and_never_written_through() {
    let steps = Steps::new();
    steps.put("templates/service/k/linked", "new");
    steps.put("secret", "the secret");
    steps.put("workspace/other", "x");
    let linked = steps.path("workspace/linked");
    fs::hard_link(steps.path("secret"), &linked).unwrap();
    steps.done("fetch:plain", &json!({ "url": "./k" })).await;
    assert_eq!(fs::read_to_string(steps.path("secret")).unwrap(), "the secret");
    assert_eq!((steps.text("linked").as_str(), linked.metadata().unwrap().nlink()), ("new", 1));
    fs::remove_file(&linked).unwrap();
    fs::hard_link(steps.path("secret"), &linked).unwrap();
    for (action, input) in [
        ("fs:rename", json!({ "files": [{ "from": "other", "to": "linked", "overwrite": true }] })),
        ("catalog:write", json!({ "filePath": "linked", "entity": { "kind": "x" } })),
        ("fs:delete", json!({ "files": ["linked"] })),
    ] {
        steps.done(action, &input).await;
        assert_eq!(fs::read_to_string(steps.path("secret")).unwrap(), "the secret", "{action}");
    }
}

/// Case 5: an archive is a file like any other, as nothing here unpacks any; what stands in a folder that is no file,
/// folder or link is none of ours; too much of anything is refused.
#[tokio::test]
async fn nothing_is_unpacked_and_nothing_comes_without_end() {
    let steps = Steps::new();
    let archive =
        b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x0a\0\0\0../escaped";
    steps.put("templates/service/k/bomb.zip", archive);
    steps.put("templates/service/k/bomb.tar", b"../escaped\0\0\0");
    steps.put("templates/service/k/run", "#!/bin/sh\n");
    let run = steps.path("templates/service/k/run");
    fs::set_permissions(run, fs::Permissions::from_mode(0o6755)).unwrap();
    steps.done("fetch:template", &json!({ "url": "./k" })).await;
    assert_eq!(steps.files(), ["bomb.tar", "bomb.zip", "run"]);
    assert_eq!(fs::read(steps.path("workspace/bomb.zip")).unwrap(), archive);
    let mode = fs::metadata(steps.path("workspace/run")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7000, 0, "no set-user-id");
    assert!(!steps.path("escaped").exists());

    fs::create_dir_all(steps.path("templates/service/odd")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(steps.path("templates/service/odd/pipe")).status();
    assert!(pipe.unwrap().success());
    let odd = json!({ "url": "./odd", "targetPath": "odd" });
    let fetched = steps.perform("fetch:plain", &odd);
    let fetched = tokio::time::timeout(std::time::Duration::from_secs(10), fetched).await;
    assert!(fetched.is_ok(), "a pipe was waited for");
    assert!(!steps.path("workspace/odd/pipe").exists());

    for number in 0..10_001 {
        let folder = steps.path(&format!("templates/service/many/{}", number % 50));
        if number < 50 {
            fs::create_dir_all(&folder).unwrap();
        }
        fs::write(folder.join(number.to_string()), "").unwrap();
    }
    let error = steps.fails("fetch:plain", &json!({ "url": "./many", "targetPath": "many" })).await;
    assert!(error.contains("10000") || error.contains("10,000"), "{error}");
    let deep = (0..70).fold("templates/service/deep".to_owned(), |path, _| path + "/d");
    steps.put(&format!("{deep}/f"), "x");
    steps.fails("fetch:plain", &json!({ "url": "./deep", "targetPath": "deep" })).await;
    let large = fs::File::create(steps.path("templates/service/large")).unwrap();
    // It says that it is large and takes no room.
    large.set_len(1 << 40).unwrap();
    steps.fails("fetch:plain:file", &json!({ "url": "./large", "targetPath": "large" })).await;
}

/// Case 6, CVE-2024-53983: nothing that a template writes is a setting of git, and no text of a form is a line of a commit.
#[tokio::test]
async fn no_file_and_no_text_says_anything_to_git() {
    if !has_git() {
        return;
    }
    for name in [
        ".git/config",
        ".GIT/config",
        ".Git/hooks/pre-receive",
        "sub/.git/config",
        "sub/.GIT/HEAD",
        ".git",
        "git~1/config",
        ".git /config",
        ".git./config",
        ".git::$INDEX_ALLOCATION/config",
        ".g\u{200c}it/config",
    ] {
        let (server, repo) = server(None).await;
        let steps = portal(&server, json!({}));
        steps.put(&format!("workspace/{name}"), "[core]\n\tfsmonitor = touch pwned\n");
        let input = json!({ "repoUrl": server.fake.url("/acme/shop.git") });
        let error = steps.fails("publish:git", &input).await;
        assert!(error.contains("no name that git has for a file"), "{name}: {error}");
        assert_eq!(git(&repo.bare, &["for-each-ref"]), "", "{name}");
    }
    let (server, repo) = server(None).await;
    let steps = portal(&server, json!({}));
    // Which is content like any other: nobody here follows it.
    steps.put("workspace/.gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c touch%20pwned\n");
    let input = json!({
        "repoUrl": server.fake.url("/acme/shop.git"),
        "gitAuthorName": "Mallory <m@x>\ncommitter Evil <e@x> 0 +0000\ngpgsig x",
        "gitAuthorEmail": "m@x>\nparent 0000000000000000000000000000000000000000",
        "gitCommitMessage": "one\0two\ntree 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    });
    match steps.perform("publish:git", &input).await {
        Err(_) => assert_eq!(git(&repo.bare, &["for-each-ref"]), ""),
        Ok(_) => {
            let commit = git(&repo.bare, &["cat-file", "commit", "main"]);
            let head = commit.split("\n\n").next().unwrap().to_owned();
            let lines: Vec<&str> = head.lines().map(|line| line.split(' ').next().unwrap()).collect();
            assert_eq!(lines, ["tree", "author", "committer"], "{commit}");
            git(&repo.bare, &["fsck", "--strict"]);
        }
    }
}

/// Case 7, CVE-2026-29185 and -106560: an owner or a name that leads elsewhere at the host is asked for nowhere.
#[tokio::test]
async fn a_name_at_a_host_is_one_part_of_an_address() {
    let fake = Fake::start(|_| {
        FakeReply::json(&json!({ "id": 1, "name": "x", "clone_url": "http://127.0.0.1:9/x" }))
    })
    .await;
    let entry =
        json!([{ "host": fake.host, "apiBaseUrl": fake.url("/"), "baseUrl": fake.url("/"), "token": "t" }]);
    let azure = json!([{ "host": fake.host, "credentials": [{ "personalAccessToken": "t" }] }]);
    let hostile = [
        "../../admin",
        "..",
        ".",
        "a/../../b",
        "..%2f..%2fadmin",
        "%2e%2e",
        "x?admin=1",
        "x#y",
        "x\ny",
        "x\\..\\y",
        "x\0",
        "/x",
        "x/",
        "a//b",
    ];
    let actions: [(&str, &str, Value, &str); 12] = [
        ("publish:github", "github", json!({}), "owner"),
        ("github:repo:create", "github", json!({}), "owner"),
        (
            "publish:github:pull-request",
            "github",
            json!({ "branchName": "b", "title": "t", "description": "d" }),
            "owner",
        ),
        (
            "github:webhook",
            "github",
            json!({ "webhookUrl": "https://example.com", "events": ["push"] }),
            "owner",
        ),
        (
            "github:actions:dispatch",
            "github",
            json!({ "workflowId": "w", "branchOrTagName": "main" }),
            "owner",
        ),
        ("github:issues:create", "github", json!({ "title": "t" }), "owner"),
        ("publish:gitlab", "gitlab", json!({}), "owner"),
        (
            "publish:gitlab:merge-request",
            "gitlab",
            json!({ "branchName": "b", "title": "t", "description": "d" }),
            "owner",
        ),
        ("publish:gitea", "gitea", json!({}), "owner"),
        ("publish:azure", "azure", json!({}), "organization"),
        ("publish:bitbucketCloud", "bitbucketCloud", json!({}), "workspace"),
        ("publish:bitbucketServer", "bitbucketServer", json!({}), "project"),
    ];
    for (action, kind, more, owner) in actions {
        let mut integrations = json!({});
        integrations[kind] = if kind == "azure" { azure.clone() } else { entry.clone() };
        let steps = Steps::hosted(&integrations);
        steps.put("workspace/README.md", "x");
        for (part, bad) in [owner, "repo"].into_iter().flat_map(|part| hostile.map(|bad| (part, bad))) {
            let mut parts = BTreeMap::from([(owner, "acme"), ("repo", "shop")]);
            if owner != "owner" {
                parts.entry("project").or_insert("p");
                parts.entry("workspace").or_insert("w");
            }
            parts.insert(part, bad);
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parts).finish();
            let mut input = json!({ "repoUrl": format!("{}?{query}", fake.host) });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let error = steps.fails(action, &input).await;
            assert_eq!(fake.asked(), Vec::<String>::new(), "{action}, {part} = {bad:?}: {error}");
            assert!(error.contains(part), "{action}, {part} = {bad:?}: {error}");
        }
    }
}
