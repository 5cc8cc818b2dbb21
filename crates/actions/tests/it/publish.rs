//! Publishing: to a real git server, and through fakes of hosts' APIs that answer as they are documented to.

use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_actions::Probe;

use crate::fake::{Fake, FakeReply};
use crate::git_server::{GitServer, Repo, git, has_git};
use crate::steps_stage::Steps;

/// An answer of a fake: method, path, status, body.
pub(crate) type Route = (&'static str, String, u16, Value);

/// An API that answers these, and 404 to all else.
pub(crate) async fn api(routes: Vec<Route>) -> Fake {
    Fake::start(move |request| {
        let found =
            routes.iter().find(|(method, path, ..)| *method == request.method && *path == request.path);
        match found {
            Some((_, _, status, body)) => FakeReply::json(body).and_status(*status),
            None => FakeReply::json(&json!({ "message": "Not Found" })).and_status(404),
        }
    })
    .await
}

/// A git server with an empty repository that may be pushed to, by whoever shows this.
pub(crate) async fn server(demands: Option<&str>) -> (GitServer, Repo) {
    let server = GitServer::start().await;
    let repo = server.repo("acme/shop.git");
    git(&repo.bare, &["config", "http.receivepack", "true"]);
    server.mood.lock().demands = demands.map(str::to_owned);
    (server, repo)
}

/// A portal with these integrations and a git server that it may reach, and files to publish.
pub(crate) fn portal(git: &GitServer, mut integrations: Value) -> Steps {
    integrations["git"] = json!([{ "host": git.fake.host }]);
    let steps = Steps::hosted(&integrations);
    steps.put("workspace/README.md", "# Shop\n");
    steps.put("workspace/catalog-info.yaml", "kind: Component\n");
    steps
}

#[tokio::test]
async fn files_are_published_to_a_git_server_once() {
    if !has_git() {
        return;
    }
    let (server, repo) = server(None).await;
    let steps = portal(&server, json!({}));
    let remote = server.fake.url("/acme/shop.git");
    let input = json!({ "repoUrl": remote, "gitCommitMessage": "feat: begin", "gitAuthorName": "Ada" });
    let output = steps.done("publish:git", &input).await;
    let id = git(&repo.bare, &["rev-parse", "main"]);
    let contents = format!("git::{remote}//?ref=main");
    assert_eq!(output, json!({ "remoteUrl": remote, "repoContentsUrl": contents, "commitHash": id }));
    assert_eq!(git(&repo.bare, &["log", "--format=%an %at %s", "main"]), "Ada 1790000000 feat: begin");
    assert_eq!(git(&repo.bare, &["show", "main:README.md"]), "# Shop");
    // After a crash it is done again, which changes nothing.
    assert_eq!(steps.probe("publish:git", &input).await, Probe::Repeat);
    assert_eq!(steps.done("publish:git", &input).await, output);
    assert_eq!(git(&repo.bare, &["rev-parse", "main"]), id);
    // Another commit is not put over it.
    let other = json!({ "repoUrl": remote, "gitCommitMessage": "another" });
    let error = steps.fails("publish:git", &other).await;
    assert!(error.contains("exists already, and has refs/heads/main"), "{error}");
    steps.put("workspace/sub/only.txt", "x");
    steps
        .done(
            "publish:git",
            &json!({ "repoUrl": remote, "defaultBranch": "sub", "sourcePath": "sub", "existing": true }),
        )
        .await;
    assert_eq!(git(&repo.bare, &["ls-tree", "-r", "--name-only", "sub"]), "only.txt");
}

/// Attack cases 6 and 7: options, other protocols, settings of git, credentials in addresses.
#[tokio::test]
async fn an_address_or_a_file_becomes_no_command() {
    if !has_git() {
        return;
    }
    let (server, repo) = server(None).await;
    let steps = portal(&server, json!({}));
    let host = &server.fake.host;
    for address in [
        "ext::sh -c touch%20x".to_owned(),
        "file:///tmp/x.git".to_owned(),
        format!("http://u:secret@{host}/acme/shop.git"),
        "--upload-pack=x".to_owned(),
        format!("http://{host}/acme/shop.git//x?ref=y"),
        "ssh://-oProxyCommand=x/y".to_owned(),
    ] {
        let error = steps.fails("publish:git", &json!({ "repoUrl": address })).await;
        assert!(!error.contains("secret@") && !error.contains("u:secret"), "{error}");
    }
    let remote = server.fake.url("/acme/shop.git");
    for branch in ["--force", "a..b", "x y", "refs/../x"] {
        steps.fails("publish:git", &json!({ "repoUrl": remote, "defaultBranch": branch })).await;
    }
    // CVE-2024-53983: settings and hooks written by a template.
    steps.put("workspace/.git/config", "[core]\n\tfsmonitor = touch x\n");
    let error = steps.fails("publish:git", &json!({ "repoUrl": remote })).await;
    assert!(error.contains("no name that git has for a file"), "{error}");
    assert_eq!(git(&repo.bare, &["for-each-ref"]), "");
    let empty = Steps::hosted(&json!({}));
    std::fs::create_dir(empty.path("workspace")).unwrap();
    assert!(empty.fails("publish:git", &json!({ "repoUrl": remote })).await.contains("no files to publish"));
}

/// `x-access-token:ghs_1`
const LOGIN: &str = "Basic eC1hY2Nlc3MtdG9rZW46Z2hzXzE=";

fn repository(git: &GitServer) -> Value {
    json!({ "clone_url": git.fake.url("/acme/shop.git"), "html_url": "https://github.example.com/acme/shop", "default_branch": "main" })
}

#[tokio::test]
async fn a_repository_is_made_at_github_filled_and_protected() {
    if !has_git() {
        return;
    }
    let (server, repo) = server(Some(LOGIN)).await;
    let made = repository(&server);
    let fake = api(vec![
        ("GET", "/users/acme".into(), 200, json!({ "type": "Organization" })),
        ("POST", "/orgs/acme/repos".into(), 201, made.clone()),
        ("PUT", "/orgs/acme/teams/owners/repos/acme/shop".into(), 204, Value::Null),
        ("PUT", "/repos/acme/shop/collaborators/ada".into(), 201, json!({})),
        ("PUT", "/repos/acme/shop/topics".into(), 200, json!({})),
        ("POST", "/repos/acme/shop/actions/variables".into(), 201, json!({})),
        ("PUT", "/repos/acme/shop/branches/main/protection".into(), 200, json!({})),
    ])
    .await;
    let integrations =
        json!({ "github": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "ghs_1" }] });
    let steps = portal(&server, integrations);
    let input = json!({
        "repoUrl": format!("{}?owner=acme&repo=shop", fake.host), "description": "A shop", "defaultBranch": "main",
        "repoVisibility": "internal", "access": "acme/owners",
        "collaborators": [
            { "user": "user:default/ada", "access": "push" },
            { "team": "group:default/ghosts", "access": "pull" },
            { "username": "old", "access": "push" },
        ],
        "topics": ["Java"], "repoVariables": { "STAGE": "dev" }, "requiredStatusCheckContexts": ["ci"],
    });
    let output = steps.done("publish:github", &input).await;
    let id = git(&repo.bare, &["rev-parse", "main"]);
    let remote = server.fake.url("/acme/shop.git");
    let contents = "https://github.example.com/acme/shop/blob/main";
    assert_eq!(output, json!({ "remoteUrl": remote, "repoContentsUrl": contents, "commitHash": id }));
    let asked = fake.take();
    assert!(asked.iter().all(|request| request.header("authorization") == Some("Bearer ghs_1")));
    let body =
        |path: &str| asked.iter().find(|request| request.path == path).map(|request| request.json()).unwrap();
    let create = body("/orgs/acme/repos");
    assert_eq!(
        (&create["name"], &create["visibility"], &create["private"]),
        (&json!("shop"), &json!("internal"), &json!(true))
    );
    assert_eq!(body("/repos/acme/shop/topics"), json!({ "names": ["java"] }));
    let protection = body("/repos/acme/shop/branches/main/protection");
    assert_eq!(protection["required_status_checks"], json!({ "strict": true, "contexts": ["ci"] }));
    assert_eq!((&protection["enforce_admins"], &protection["restrictions"]), (&json!(true), &Value::Null));
    // Whom GitHub does not know is left out.
    let told = steps.log().join("\n");
    assert!(told.contains("Warn: Skipping pull access for group:default/ghosts"), "{told}");
    assert!(told.contains("Warn: Skipping push access for nobody") && !told.contains("ghs_1"), "{told}");
}

#[tokio::test]
async fn what_github_refuses_is_told_and_what_is_there_is_gone_on_with() {
    if !has_git() {
        return;
    }
    let (server, repo) = server(None).await;
    let exists = json!({ "message": "Repository creation failed.", "errors": [{ "message": "name already exists on this account" }] });
    let fake = api(vec![
        ("GET", "/users/acme".into(), 200, json!({ "type": "User" })),
        ("POST", "/user/repos".into(), 422, exists),
        ("GET", "/repos/acme/shop".into(), 200, repository(&server)),
        ("PUT", "/repos/acme/shop/branches/main/protection".into(), 403, json!({ "message": "Upgrade to GitHub Pro or make this repository public to enable this feature." })),
        ("GET", "/repos/acme/old".into(), 200, json!({ "created_at": "2020-01-01T00:00:00Z", "clone_url": "x", "html_url": "y" })),
        ("GET", "/users/denied".into(), 200, json!({ "type": "User" })),
        ("POST", "/user/repos/x".into(), 403, json!({})),
        ("GET", "/users/limited".into(), 429, json!({ "message": "slow down" })),
    ])
    .await;
    let integrations =
        json!({ "github": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "ghs_1" }] });
    let steps = portal(&server, integrations);
    let of = |owner: &str| json!({ "repoUrl": format!("{}?owner={owner}&repo=shop", fake.host), "defaultBranch": "main" });
    // An attempt that was cut off has made the repository.
    assert_eq!(steps.probe("publish:github", &of("acme")).await, Probe::Repeat);
    let output = steps.done("publish:github", &of("acme")).await;
    assert_eq!(output["commitHash"], git(&repo.bare, &["rev-parse", "main"]));
    assert!(steps.log().iter().any(|line| line.starts_with("Warn: Branch protection was not enabled")));
    assert_eq!(steps.done("publish:github", &of("acme")).await, output);
    steps.put("workspace/more.txt", "x");
    let error = steps.fails("publish:github", &of("acme")).await;
    assert!(error.contains("exists already, and has refs/heads/main"), "{error}");
    // What was there before the run is somebody else's: nobody is let into it, nothing is put there.
    fake.take();
    let error = steps.fails("publish:github", &json!({
        "repoUrl": format!("{}?owner=acme&repo=old", fake.host), "collaborators": [{ "user": "mallory", "access": "admin" }],
    })).await;
    assert!(error.contains("it exists already"), "{error}");
    let asked = fake.asked();
    assert_eq!(asked, ["GET /users/acme", "POST /user/repos", "GET /repos/acme/old"]);
    // A limit is waited for.
    let failure = steps.perform("publish:github", &of("limited")).await.unwrap_err();
    assert!(
        failure.retry.is_some_and(|after| after >= Duration::from_secs(1)) && !failure.unclear,
        "{failure:?}"
    );
    let error = steps.fails("publish:github", &of("nobody")).await;
    assert!(error.contains("was not found"), "{error}");
    for (url, says) in [
        (
            "elsewhere.example.com?owner=a&repo=b".to_owned(),
            "No matching integration configuration for host elsewhere.example.com",
        ),
        (format!("{}?repo=b", fake.host), "missing owner"),
        (format!("{}?owner=b", fake.host), "missing repo"),
        (format!("{}?owner=a&repo=b", server.fake.host), "No matching integration"),
    ] {
        let error = steps.fails("publish:github", &json!({ "repoUrl": url })).await;
        assert!(error.contains(says), "{url}: {error}");
    }
    // A token of the input takes the place of the configuration's.
    fake.take();
    let token = json!({ "repoUrl": format!("{}?owner=acme&repo=shop", fake.host), "token": "user-token" });
    let _ = steps.perform("github:repo:create", &token).await;
    assert!(fake.take().iter().all(|request| request.header("authorization") == Some("Bearer user-token")));
}

#[tokio::test]
async fn a_pull_request_has_the_files_of_the_workspace() {
    let sha = |name: &str| json!({ "sha": name });
    let fake = api(vec![
        ("GET", "/repos/acme/shop".into(), 200, json!({ "default_branch": "main" })),
        ("GET", "/repos/acme/shop/git/ref/heads/main".into(), 200, json!({ "object": { "sha": "base" } })),
        ("GET", "/repos/acme/shop/git/commits/base".into(), 200, json!({ "tree": { "sha": "tree0" } })),
        ("POST", "/repos/acme/shop/git/blobs".into(), 201, sha("blob")),
        ("POST", "/repos/acme/shop/git/trees".into(), 201, sha("tree1")),
        ("POST", "/repos/acme/shop/git/commits".into(), 201, sha("commit")),
        ("POST", "/repos/acme/shop/git/refs".into(), 201, json!({})),
        (
            "POST",
            "/repos/acme/shop/pulls".into(),
            201,
            json!({ "html_url": "https://github.example.com/acme/shop/pull/7", "number": 7 }),
        ),
        ("POST", "/repos/acme/shop/pulls/7/requested_reviewers".into(), 201, json!({})),
        ("GET", "/repos/acme/shop/pulls".into(), 200, json!([])),
    ])
    .await;
    let integrations =
        json!({ "github": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "t" }] });
    let mut steps = Steps::hosted(&integrations);
    steps.put("workspace/a.txt", "a");
    let input = json!({
        "repoUrl": format!("{}?owner=acme&repo=shop", fake.host), "branchName": "feature/x", "title": "T", "description": "D",
        "targetPath": "./services/new", "reviewers": ["ada"], "filesToDelete": ["old.txt"],
    });
    assert_eq!(steps.probe("publish:github:pull-request", &input).await, Probe::DidNot);
    let output = steps.done("publish:github:pull-request", &input).await;
    let wanted = json!({ "targetBranchName": "main", "remoteUrl": "https://github.example.com/acme/shop/pull/7", "pullRequestNumber": 7 });
    assert_eq!(output, wanted);
    let asked = fake.take();
    let body = |path: &str| {
        asked
            .iter()
            .rfind(|request| request.path.ends_with(path) && request.method == "POST")
            .map(|r| r.json())
            .unwrap()
    };
    assert_eq!(
        body("/git/trees")["tree"],
        json!([
            { "path": "services/new/a.txt", "mode": "100644", "type": "blob", "sha": "blob" },
            { "path": "services/new/old.txt", "mode": "100644", "type": "blob", "sha": null },
        ])
    );
    assert_eq!(body("/git/refs"), json!({ "ref": "refs/heads/feature/x", "sha": "commit" }));
    // A trial touches nothing.
    steps.dry_run = true;
    steps.done("publish:github:pull-request", &input).await;
    assert!(fake.take().is_empty());
}

#[tokio::test]
async fn small_steps_at_github() {
    let at = "/repos/acme/shop";
    let fake = api(vec![
        ("POST", format!("{at}/hooks"), 422, json!({ "message": "Validation Failed", "errors": [{ "message": "Hook already exists on this repository" }] })),
        ("POST", format!("{at}/actions/workflows/ci.yml/dispatches"), 204, Value::Null),
        ("POST", format!("{at}/issues"), 201, json!({ "html_url": "https://x/1", "number": 1 })),
        ("POST", format!("{at}/issues/1/labels"), 200, json!([])),
        ("PUT", format!("{at}/environments/prod"), 200, json!({})),
        ("POST", format!("{at}/environments/prod/deployment-branch-policies"), 200, json!({})),
        ("POST", format!("{at}/environments/prod/variables"), 409, json!({})),
        ("POST", format!("{at}/pages"), 409, json!({ "message": "GitHub Pages is already enabled." })),
        ("POST", format!("{at}/autolinks"), 422, json!({ "message": "Validation Failed" })),
        ("GET", at.into(), 200, json!({ "default_branch": "trunk" })),
        ("PUT", format!("{at}/branches/trunk/protection"), 200, json!({})),
        ("POST", format!("{at}/branches/trunk/protection/required_signatures"), 200, json!({})),
    ])
    .await;
    let steps = Steps::hosted(
        &json!({ "github": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "t" }] }),
    );
    let with = |more: Value| {
        let mut input = json!({ "repoUrl": format!("{}?owner=acme&repo=shop", fake.host) });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    steps.done("github:webhook", &with(json!({ "webhookUrl": "https://x", "webhookSecret": "s" }))).await;
    let hook = fake.take()[0].json();
    assert_eq!(
        hook,
        json!({ "config": { "url": "https://x", "secret": "s", "content_type": "form", "insecure_ssl": "0" }, "events": ["push"], "active": true })
    );
    steps
        .done(
            "github:actions:dispatch",
            &with(
                json!({ "workflowId": "ci.yml", "branchOrTagName": "main", "workflowInputs": { "a": "b" } }),
            ),
        )
        .await;
    assert_eq!(fake.take()[0].json(), json!({ "ref": "main", "inputs": { "a": "b" } }));
    let issue = steps.done("github:issues:create", &with(json!({ "title": "T", "labels": ["x"] }))).await;
    assert_eq!(issue, json!({ "issueUrl": "https://x/1", "issueNumber": 1 }));
    steps.done("github:issues:label", &with(json!({ "number": 1, "labels": ["x"] }))).await;
    let environment = json!({ "name": "prod", "customBranchPolicyNames": ["main"], "environmentVariables": { "A": "b" }, "waitTimer": 3 });
    steps.done("github:environment:create", &with(environment)).await;
    steps.done("github:pages:enable", &with(json!({}))).await;
    steps.done("github:branch-protection:create", &with(json!({ "requiredCommitSigning": true }))).await;
    let error = steps
        .fails(
            "github:autolinks:create",
            &with(json!({ "keyPrefix": "T-", "urlTemplate": "https://x/<num>" })),
        )
        .await;
    assert!(error.contains("422") && error.contains("Validation Failed"), "{error}");
    // CVE-2026-29185: a name does not become another address.
    fake.take();
    for name in ["../../../user", ".."] {
        let _ = steps
            .perform(
                "github:actions:dispatch",
                &with(json!({ "workflowId": name, "branchOrTagName": "main" })),
            )
            .await;
    }
    assert!(
        fake.take()
            .iter()
            .all(|request| request.path.starts_with("/repos/acme/shop/actions/workflows/..%2F"))
    );
    let reviewed = with(json!({ "name": "prod", "reviewers": ["user:ada"] }));
    assert!(steps.fails("github:environment:create", &reviewed).await.contains("not there"));
}
