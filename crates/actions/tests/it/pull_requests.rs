//! Pull requests at Bitbucket Cloud and Bitbucket Server: a real git server, and fakes made from their API's descriptions.

use serde_json::{Value, json};
use stagedoor_actions::{Outcome, Probe};

use crate::fake::Fake;
use crate::git_server::{GitServer, Repo, git, has_git};
use crate::publish::{Route, api, portal, server};
use crate::steps_stage::Steps;

const CLOUD: &str = "publish:bitbucketCloud:pull-request";
const SERVER: &str = "publish:bitbucketServer:pull-request";
/// `x-token-auth:t`
const LOGIN: &str = "Basic eC10b2tlbi1hdXRoOnQ=";

/// A git server whose repository has files.
async fn filled() -> (GitServer, Repo) {
    let (server, repo) = server(Some(LOGIN)).await;
    repo.put("src/old.txt", "old\n");
    repo.put("README.md", "# Old\n");
    repo.put("docs", "a file\n");
    repo.push();
    (server, repo)
}

fn steps(git: &GitServer, kind: &str, fake: &Fake) -> Steps {
    let mut integrations = json!({});
    integrations[kind] = json!([{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "t" }]);
    let steps = portal(git, integrations);
    steps.put("workspace/src/new.txt", "new\n");
    steps.put("workspace/docs/index.md", "a folder now\n");
    steps
}

fn links(git: &GitServer) -> Value {
    json!({ "clone": [{ "name": "https", "href": git.fake.url("/acme/shop.git") }] })
}

fn cloud_routes(git: &GitServer, branches: &Value, pulls: &Value) -> Vec<Route> {
    let made =
        json!({ "id": 7, "links": { "html": { "href": "https://bitbucket.org/w/shop/pull-requests/7" } } });
    vec![
        (
            "GET",
            "/repositories/w/shop".into(),
            200,
            json!({ "mainbranch": { "name": "main" }, "links": links(git) }),
        ),
        ("GET", "/repositories/w/shop/refs/branches".into(), 200, json!({ "values": branches })),
        ("GET", "/repositories/w/shop/pullrequests".into(), 200, json!({ "values": pulls })),
        ("POST", "/repositories/w/shop/pullrequests".into(), 201, made),
    ]
}

fn cloud_pull(from: &str) -> Value {
    json!({
        "id": 3, "source": { "branch": { "name": "feature/x" }, "repository": { "full_name": from } },
        "destination": { "branch": { "name": "main" } },
        "links": { "html": { "href": "https://bitbucket.org/w/shop/pull-requests/3" } },
    })
}

#[tokio::test]
async fn a_pull_request_at_bitbucket_cloud_has_the_files_over_those_of_the_branch() {
    if !has_git() {
        return;
    }
    let (server, repo) = filled().await;
    // A fork has a branch of that name, and a request of its own.
    let fake = api(cloud_routes(&server, &json!([]), &json!([cloud_pull("mallory/shop")]))).await;
    let steps = steps(&server, "bitbucketCloud", &fake);
    let input = json!({
        "repoUrl": format!("{}?workspace=w&project=P&repo=shop", fake.host), "title": "T", "description": "Add it",
        "sourceBranch": "feature/x", "gitAuthorName": "Ada", "gitAuthorEmail": "ada@example.com",
    });
    assert_eq!(steps.probe(CLOUD, &input).await, Probe::Repeat);
    fake.take();
    let output = steps.done(CLOUD, &input).await;
    assert_eq!(output, json!({ "pullRequestUrl": "https://bitbucket.org/w/shop/pull-requests/7" }));
    let asked = fake.take();
    assert!(asked.iter().all(|request| request.header("authorization") == Some("Bearer t")));
    let wanted = json!({
        "title": "T", "summary": { "raw": "Add it" }, "state": "OPEN",
        "source": { "branch": { "name": "feature/x" } }, "destination": { "branch": { "name": "main" } },
    });
    assert_eq!(asked.last().unwrap().json(), wanted);
    let branch = asked.iter().find(|request| request.path.ends_with("/branches")).unwrap();
    assert_eq!(branch.parameter("q").unwrap(), "name = \"feature/x\"");
    // One commit on top of the branch: what it does not name is still there.
    git(&repo.bare, &["fsck", "--strict"]);
    assert_eq!(
        git(&repo.bare, &["log", "--format=%an <%ae> %at %s", "main..feature/x"]),
        "Ada <ada@example.com> 1790000000 Add it"
    );
    assert_eq!(git(&repo.bare, &["rev-parse", "feature/x^"]), git(&repo.bare, &["rev-parse", "main"]));
    assert_eq!(
        git(&repo.bare, &["ls-tree", "-r", "--name-only", "feature/x"]),
        "README.md\ncatalog-info.yaml\ndocs/index.md\nsrc/new.txt\nsrc/old.txt"
    );
    assert_eq!(git(&repo.bare, &["show", "feature/x:README.md"]), "# Shop");
}

#[tokio::test]
async fn a_pull_request_that_is_there_is_the_answer() {
    if !has_git() {
        return;
    }
    let (server, repo) = filled().await;
    let there = json!([{ "name": "feature/x" }]);
    let fake = api(cloud_routes(&server, &there, &json!([cloud_pull("W/Shop")]))).await;
    let steps = steps(&server, "bitbucketCloud", &fake);
    let input = json!({ "repoUrl": format!("{}?workspace=w&repo=shop", fake.host), "title": "T", "sourceBranch": "feature/x" });
    let wanted = json!({ "pullRequestUrl": "https://bitbucket.org/w/shop/pull-requests/3" });
    let Probe::Happened(outcome) = steps.probe(CLOUD, &input).await else { panic!("it is not found") };
    let Outcome::Done { output, .. } = *outcome else { panic!("it goes on") };
    assert_eq!(output, wanted);
    assert_eq!(steps.done(CLOUD, &input).await, wanted);
    assert!(fake.take().iter().all(|request| request.method == "GET"));
    assert_eq!(git(&repo.bare, &["for-each-ref", "--format=%(refname)"]), "refs/heads/main");
}

fn server_routes(git: &GitServer, branches: &Value, pulls: &Value, made: u16) -> Vec<Route> {
    let answer =
        if made == 201 { server_pull("feature/x") } else { json!({ "errors": [{ "message": "no" }] }) };
    vec![
        ("GET", "/projects/P/repos/shop".into(), 200, json!({ "slug": "shop", "links": links(git) })),
        (
            "GET",
            "/projects/P/repos/shop/default-branch".into(),
            200,
            json!({ "id": "refs/heads/main", "displayId": "main" }),
        ),
        ("GET", "/projects/P/repos/shop/branches".into(), 200, json!({ "values": branches })),
        ("GET", "/projects/P/repos/shop/pull-requests".into(), 200, json!({ "values": pulls })),
        ("POST", "/projects/P/repos/shop/pull-requests".into(), made, answer),
    ]
}

fn server_pull(source: &str) -> Value {
    let end = |branch: &str| json!({ "id": format!("refs/heads/{branch}"), "repository": { "slug": "shop", "project": { "key": "P" } } });
    json!({ "id": 4, "fromRef": end(source), "toRef": end("main"), "links": { "self": [{ "href": "https://b/pull-requests/4" }] } })
}

#[tokio::test]
async fn a_pull_request_at_bitbucket_server() {
    if !has_git() {
        return;
    }
    let (server, repo) = filled().await;
    // The filter finds parts of names.
    let branches = json!([{ "displayId": "feature/x2" }]);
    let fake = api(server_routes(&server, &branches, &json!([server_pull("other")]), 201)).await;
    let steps = steps(&server, "bitbucketServer", &fake);
    let input = json!({
        "repoUrl": format!("{}?project=P&repo=shop", fake.host), "title": "T", "sourceBranch": "feature/x",
        "targetBranch": "main", "reviewers": ["ada"],
    });
    let output = steps.done(SERVER, &input).await;
    assert_eq!(output, json!({ "pullRequestUrl": "https://b/pull-requests/4" }));
    assert_eq!(git(&repo.bare, &["log", "--format=%an %s", "main..feature/x"]), "Scaffolder T");
    let asked = fake.take();
    let sent = asked.last().unwrap().json();
    assert_eq!(
        (&sent["fromRef"]["id"], &sent["toRef"]["id"]),
        (&json!("refs/heads/feature/x"), &json!("refs/heads/main"))
    );
    assert_eq!(sent["reviewers"], json!([{ "user": { "name": "ada" } }]));
    assert!(asked.iter().all(|request| !request.path.ends_with("/default-branch")));
    let listed = asked.iter().find(|request| request.path.ends_with("/pull-requests")).unwrap();
    assert_eq!(listed.parameter("at").unwrap(), "refs/heads/feature/x");
    // Repeated, the branch is found by the host, and the request too.
    let again = json!([{ "displayId": "feature/x" }]);
    let fake = api(server_routes(&server, &again, &json!([server_pull("feature/x")]), 409)).await;
    let steps = self::steps(&server, "bitbucketServer", &fake);
    let input = json!({ "repoUrl": format!("{}?project=P&repo=shop", fake.host), "title": "T", "sourceBranch": "feature/x" });
    assert_eq!(steps.done(SERVER, &input).await, output);
    assert!(matches!(steps.probe(SERVER, &input).await, Probe::Happened(_)));
}

#[tokio::test]
async fn what_bitbucket_refuses_is_told() {
    if !has_git() {
        return;
    }
    let (server, _repo) = filled().await;
    let there = json!([{ "displayId": "feature/x" }]);
    for (status, retry, unclear) in [
        (401, false, false),
        (403, false, false),
        (404, false, false),
        (409, false, false),
        (429, true, false),
        (500, false, true),
    ] {
        let fake = api(server_routes(&server, &there, &json!([]), status)).await;
        let steps = steps(&server, "bitbucketServer", &fake);
        let input = json!({ "repoUrl": format!("{}?project=P&repo=shop", fake.host), "title": "T", "sourceBranch": "feature/x" });
        let failure = steps.perform(SERVER, &input).await.unwrap_err();
        assert_eq!((failure.retry.is_some(), failure.unclear), (retry, unclear), "{status}: {failure:?}");
        assert!(failure.message.contains(&status.to_string()), "{failure:?}");
    }
    for status in [401, 403, 500] {
        let fake = api(vec![(
            "GET",
            "/repositories/w/shop".into(),
            status,
            json!({ "error": { "message": "no" } }),
        )])
        .await;
        let steps = steps(&server, "bitbucketCloud", &fake);
        let input = json!({ "repoUrl": format!("{}?workspace=w&repo=shop", fake.host), "title": "T", "sourceBranch": "x" });
        assert!(steps.fails(CLOUD, &input).await.contains(&status.to_string()));
        assert_eq!(steps.probe(CLOUD, &input).await, Probe::Unknown);
    }
    let fake = api(cloud_routes(&server, &json!([]), &json!([]))).await;
    let mut steps = steps(&server, "bitbucketCloud", &fake);
    let url = format!("{}?workspace=w&repo=shop", fake.host);
    // Attack cases 6 and 7 among them: options, queries and credentials in what a person writes.
    for (input, says) in [
        (json!({ "repoUrl": url, "title": "T" }), "requires property \"sourceBranch\""),
        (json!({ "repoUrl": url, "title": "T", "sourceBranch": "main" }), "cannot be merged into itself"),
        (
            json!({ "repoUrl": url, "title": "T", "sourceBranch": "x\" OR name != \"y" }),
            "no name of a branch",
        ),
        (
            json!({ "repoUrl": url, "title": "T", "sourceBranch": "x", "targetBranch": "a\"b" }),
            "no name of a branch",
        ),
        (json!({ "repoUrl": url, "title": "T", "sourceBranch": "--force" }), "no name of a branch"),
        (
            json!({ "repoUrl": url, "title": "T", "sourceBranch": "x", "targetBranch": "none" }),
            "has no branch none",
        ),
        (
            json!({ "repoUrl": format!("{}?project=w&repo=shop", fake.host), "title": "T", "sourceBranch": "x" }),
            "missing workspace",
        ),
        (
            json!({ "repoUrl": "u:p@x?workspace=w&repo=shop", "title": "T", "sourceBranch": "x" }),
            "no credential",
        ),
        (
            json!({ "repoUrl": "x.example?workspace=w&repo=shop", "title": "T", "sourceBranch": "x" }),
            "No matching integration",
        ),
    ] {
        let error = steps.fails(CLOUD, &input).await;
        assert!(error.contains(says), "{says}: {error}");
    }
    let same = json!({ "repoUrl": url, "title": "T", "sourceBranch": "same" });
    std::fs::remove_dir_all(steps.path("workspace")).unwrap();
    steps.put("workspace/README.md", "# Old\n");
    assert!(steps.fails(CLOUD, &same).await.contains("nothing changes"));
    // The git server wants to be shown something else.
    server.mood.lock().demands = Some("Basic b3RoZXI=".to_owned());
    steps.fails(CLOUD, &same).await;
    steps.dry_run = true;
    assert!(steps.fails(CLOUD, &same).await.contains("not performed in a dry run"));
}
