//! Projects and reviews at Gerrit: a real git server, and a fake made from the description of its REST API.

use serde_json::{Value, json};
use stagedoor_actions::{Outcome, Probe};

use crate::fake::{Fake, FakeReply};
use crate::git_server::{GitServer, Repo, git, has_git};
use crate::publish::portal;
use crate::steps_stage::Steps;

/// `u:p`
const LOGIN: &str = "Basic dTpw";

/// A Gerrit that answers the making of a project with a status, and a search for changes with these.
async fn gerrit(status: u16, changes: Value) -> Fake {
    let guarded =
        |body: &Value| FakeReply::ok(format!(")]}}'\n{body}")).with("content-type", "application/json");
    Fake::start(move |request| {
        assert_eq!(request.header("authorization"), Some(LOGIN));
        match (request.method.as_str(), request.path.as_str()) {
            ("PUT", "/r/a/projects/shop") if status == 201 => {
                guarded(&json!({ "id": "shop", "name": "shop", "parent": "All-Acme", "state": "ACTIVE" }))
                    .and_status(201)
            }
            // Errors are plain text.
            ("PUT", "/r/a/projects/shop") => FakeReply::ok("no").and_status(status),
            ("GET", "/r/a/changes/") => guarded(&changes),
            _ => FakeReply::status(404),
        }
    })
    .await
}

async fn server() -> (GitServer, Repo) {
    let server = GitServer::start().await;
    let repo = server.repo("a/shop");
    git(&repo.bare, &["config", "http.receivepack", "true"]);
    server.mood.lock().demands = Some(LOGIN.to_owned());
    (server, repo)
}

fn steps(git: &GitServer, fake: &Fake) -> Steps {
    let entry = json!({
        "host": fake.host, "baseUrl": fake.url("/r"), "gitilesBaseUrl": "https://gitiles.example.com/g",
        "cloneUrl": git.fake.url(""), "username": "u", "password": "p",
    });
    portal(git, json!({ "gerrit": [entry] }))
}

#[tokio::test]
async fn a_project_is_made_at_gerrit_and_filled() {
    if !has_git() {
        return;
    }
    let ((server, repo), fake) = (server().await, gerrit(201, json!([])).await);
    let mut steps = steps(&server, &fake);
    let input = json!({
        "repoUrl": format!("{}?workspace=All-Acme&owner=owners&repo=shop", fake.host), "description": "A shop",
        "defaultBranch": "main", "gitAuthorName": "Ada",
    });
    steps.dry_run = true;
    let trial = steps.done("publish:gerrit", &input).await;
    assert!(fake.take().is_empty());
    steps.dry_run = false;
    let output = steps.done("publish:gerrit", &input).await;
    let wanted = json!({
        "remoteUrl": server.fake.url("/a/shop"), "commitHash": git(&repo.bare, &["rev-parse", "main"]),
        "repoContentsUrl": "https://gitiles.example.com/g/shop/+/refs/heads/main",
    });
    assert_eq!((&output, &trial), (&wanted, &wanted));
    let body = json!({
        "parent": "All-Acme", "description": "A shop", "owners": ["owners"], "create_empty_commit": false, "branches": ["main"],
    });
    assert_eq!(fake.take()[0].json(), body);
    let message = git(&repo.bare, &["log", "--format=%an %B", "main"]);
    let id = message.strip_prefix("Ada initial commit\n\nChange-Id: I").unwrap();
    assert!(id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    // A project that is there, with what an attempt before has put into it.
    let fake = gerrit(409, json!([])).await;
    let again = self::steps(&server, &fake);
    let input =
        json!({ "repoUrl": format!("{}?workspace=All-Acme&repo=shop", fake.host), "defaultBranch": "main" });
    assert_eq!(again.probe("publish:gerrit", &input).await, Probe::Repeat);
    let error = again.fails("publish:gerrit", &input).await;
    assert!(error.contains("exists already, and has refs/heads/main"), "{error}");
    assert_eq!(git(&repo.bare, &["rev-parse", "main"]), wanted["commitHash"]);
}

#[tokio::test]
async fn what_gerrit_refuses_is_told() {
    if !has_git() {
        return;
    }
    let (server, repo) = server().await;
    for (status, retry, unclear) in [
        (400, false, false),
        (401, false, false),
        (403, false, false),
        (404, false, false),
        (429, true, false),
        (500, false, true),
    ] {
        let fake = gerrit(status, json!([])).await;
        let input = json!({ "repoUrl": format!("{}?workspace=p&repo=shop", fake.host), "description": "D" });
        let failure = steps(&server, &fake).perform("publish:gerrit", &input).await.unwrap_err();
        assert_eq!((failure.retry.is_some(), failure.unclear), (retry, unclear), "{failure:?}");
        assert!(failure.message.contains(&status.to_string()), "{failure:?}");
    }
    assert_eq!(git(&repo.bare, &["for-each-ref"]), "");
    let fake = gerrit(201, json!([])).await;
    let steps = steps(&server, &fake);
    for (url, says) in [
        (format!("{}?repo=shop", fake.host), "missing workspace"),
        (format!("{}?workspace=p", fake.host), "missing repo"),
        (format!("{}?workspace=p&repo=..%2Fx", fake.host), "is a name"),
        (format!("u:p@{}?workspace=p&repo=shop", fake.host), "no credential"),
        ("x.example?workspace=p&repo=shop".to_owned(), "No matching integration"),
    ] {
        let error = steps.fails("publish:gerrit", &json!({ "repoUrl": url })).await;
        assert!(error.contains(says), "{says}: {error}");
    }
    let url = format!("{}?repo=shop", fake.host);
    for (input, says) in [
        (json!({ "repoUrl": url }), "requires property \"gitCommitMessage\""),
        (json!({ "repoUrl": url, "gitCommitMessage": " " }), "Missing gitCommitMessage"),
        (
            json!({ "repoUrl": url, "gitCommitMessage": "m", "branch": "main%submit" }),
            "no name of a branch for a review",
        ),
        (json!({ "repoUrl": url, "gitCommitMessage": "m", "branch": "../x" }), "no name of a branch"),
    ] {
        let error = steps.fails("publish:gerrit:review", &input).await;
        assert!(error.contains(says), "{says}: {error}");
    }
}

#[tokio::test]
async fn a_review_at_gerrit_stands_on_the_branch() {
    if !has_git() {
        return;
    }
    let ((server, repo), fake) = (server().await, gerrit(201, json!([])).await);
    repo.put("src/old.txt", "old\n");
    repo.push();
    let steps = steps(&server, &fake);
    let input = json!({ "repoUrl": format!("{}?repo=shop", fake.host), "branch": "main", "gitCommitMessage": "feat: new" });
    assert_eq!(steps.probe("publish:gerrit:review", &input).await, Probe::Repeat);
    let asked = fake.take().remove(0).parameter("q").unwrap();
    let output = steps.done("publish:gerrit:review", &input).await;
    let id = asked.strip_prefix("change:").unwrap();
    let wanted = json!({
        "reviewUrl": fake.url(&format!("/r/#/q/{id}")),
        "repoContentsUrl": "https://gitiles.example.com/g/shop/+/refs/heads/main",
    });
    assert_eq!(output, wanted);
    let message = git(&repo.bare, &["log", "--format=%B", "main..refs/for/main"]);
    assert_eq!(message, format!("feat: new\n\nChange-Id: {id}"));
    assert_eq!(
        git(&repo.bare, &["ls-tree", "-r", "--name-only", "refs/for/main"]),
        "README.md\ncatalog-info.yaml\nsrc/old.txt"
    );
    git(&repo.bare, &["fsck", "--strict"]);
    // As Gerrit does, it forgets the name, and says of the same commit that there is nothing new.
    git(&repo.bare, &["update-ref", "-d", "refs/for/main"]);
    let report = |line: &str| {
        let body = format!("000eunpack ok\n{:04x}{line}0000", line.len() + 4);
        FakeReply::ok(body).with("content-type", "application/x-git-receive-pack-result")
    };
    let fault = |line: &str| vec![("/git-receive-pack".to_owned(), report(line))];
    server.mood.lock().faults = fault("ng refs/for/main no new changes\n");
    assert_eq!(steps.done("publish:gerrit:review", &input).await, wanted);
    server.mood.lock().faults = fault("ng refs/for/main prohibited by Gerrit: not permitted: create\n");
    let error = steps.fails("publish:gerrit:review", &input).await;
    assert!(error.contains("not permitted: create"), "{error}");
    // After a crash the change is found.
    let fake = gerrit(201, json!([{ "_number": 7 }])).await;
    let steps = self::steps(&server, &fake);
    let input = json!({ "repoUrl": format!("{}?repo=shop", fake.host), "branch": "main", "gitCommitMessage": "feat: new" });
    let Probe::Happened(outcome) = steps.probe("publish:gerrit:review", &input).await else {
        panic!("not found")
    };
    assert!(
        matches!(*outcome, Outcome::Done { ref output, .. } if output["repoContentsUrl"] == wanted["repoContentsUrl"])
    );
}
