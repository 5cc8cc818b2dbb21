//! Fetching from code hosts and git servers, by complete and by relative addresses.

use serde_json::json;

use crate::fake::{Fake, FakeReply};
use crate::git_server::{GitServer, git, has_git};
use crate::steps_stage::Steps;

#[tokio::test]
async fn a_skeleton_lies_beside_its_template_on_a_git_server() {
    if !has_git() {
        return;
    }
    let server = GitServer::start().await;
    let repo = server.repo("templates.git");
    repo.put("service/template.yaml", "x");
    repo.put("service/skeleton/${{ values.name }}.txt", "${{ values.name }}");
    repo.put("shared/run.sh", "#!/bin/sh\n");
    git(&repo.work, &["add", "-A"]);
    git(&repo.work, &["update-index", "--chmod=+x", "shared/run.sh"]);
    git(&repo.work, &["commit", "-q", "-m", "x"]);
    git(&repo.work, &["push", "-q", repo.bare.to_str().unwrap(), "HEAD:refs/heads/main"]);
    let mut steps = Steps::hosted(&json!({ "git": [{ "host": server.fake.host }] }));
    let base = server.address("templates.git//service/template.yaml?ref=main");
    steps.run.context["templateInfo"] = json!({ "baseUrl": base });
    steps.done("fetch:template", &json!({ "url": "./skeleton", "values": { "name": "shop" } })).await;
    steps.done("fetch:plain", &json!({ "url": "../shared", "targetPath": "tools" })).await;
    steps.done("fetch:plain:file", &json!({ "url": "/shared/run.sh", "targetPath": "one.sh" })).await;
    assert_eq!(steps.files(), ["one.sh", "shop.txt", "tools/run.sh"]);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(steps.path("workspace/tools/run.sh")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o100, 0o100, "it may be run there, too");
    // Nothing above the repository, and nothing that is not there.
    for url in ["../../../other.git//x", "./none", "file:///etc"] {
        steps.fails("fetch:plain", &json!({ "url": url, "targetPath": "x" })).await;
    }
    steps.run.context.remove("templateInfo");
    let error = steps.fails("fetch:plain", &json!({ "url": "./skeleton" })).await;
    assert!(error.starts_with("Failed to fetch, template location could not be determined"), "{error}");
}

#[tokio::test]
async fn a_folder_of_a_code_host_is_read() {
    let fake = Fake::start(|request| match request.path.as_str() {
        "/repos/acme/templates/git/trees/main" | "/repos/acme/templates/git/trees/HEAD" => {
            FakeReply::json(&json!({ "tree": [
            { "path": "service/skeleton/a.txt", "type": "blob", "mode": "100644", "sha": "1" },
            { "path": "service/skeleton/run.sh", "type": "blob", "mode": "100755", "sha": "2" },
            { "path": "other.txt", "type": "blob", "mode": "100644", "sha": "3" },
        ] }))
        }
        path if path.starts_with("/repos/acme/templates/contents/") => {
            FakeReply::ok(path.rsplit('/').next().unwrap_or_default().to_owned())
        }
        "/repos/acme/limited/git/trees/main" => {
            FakeReply::status(403).with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", "9999999999")
        }
        _ => FakeReply::status(404),
    })
    .await;
    let mut steps = Steps::hosted(
        &json!({ "github": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "t" }] }),
    );
    let page = format!("https://{}/acme", fake.host);
    steps.run.context["templateInfo"] =
        json!({ "baseUrl": format!("url:{page}/templates/blob/main/service/template.yaml") });
    steps.done("fetch:plain", &json!({ "url": "./skeleton" })).await;
    assert_eq!(steps.files(), ["a.txt", "run.sh"]);
    assert_eq!(steps.text("run.sh"), "run.sh");
    steps.done("fetch:plain", &json!({ "url": format!("{page}/templates"), "targetPath": "all" })).await;
    assert_eq!(steps.files().len(), 5, "the whole repository, at the branch that is its main one");
    // A limit is waited for; what is not there is told.
    let limited = json!({ "url": format!("{page}/limited/tree/main/x") });
    let failure = steps.perform("fetch:plain", &limited).await.unwrap_err();
    assert!(failure.retry.is_some(), "{failure:?}");
}
