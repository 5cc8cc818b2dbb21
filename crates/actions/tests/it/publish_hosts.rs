//! Publishing at hosts other than GitHub, and what else is done at GitLab, through fakes of their APIs.

use serde_json::json;
use stagedoor_actions::{Outcome, Probe};

use crate::git_server::{git, has_git};
use crate::publish::{api, portal, server};
use crate::steps_stage::Steps;

#[tokio::test]
async fn other_hosts_make_repositories_in_their_own_ways() {
    if !has_git() {
        return;
    }
    // Tokens as each host takes them from git.
    let cases = [
        (
            "gitlab",
            "publish:gitlab",
            "owner=acme/web&repo=shop",
            "Basic b2F1dGgyOnQ=",
            json!({ "token": "t" }),
        ),
        ("gitea", "publish:gitea", "owner=acme&repo=shop", "Basic Z2l0OnQ=", json!({ "password": "t" })),
        (
            "azure",
            "publish:azure",
            "organization=org&project=p&repo=shop",
            "Basic OnQ=",
            json!({ "credentials": [{ "personalAccessToken": "t" }] }),
        ),
        (
            "bitbucketCloud",
            "publish:bitbucketCloud",
            "workspace=w&project=P&repo=shop",
            "Basic eC10b2tlbi1hdXRoOnQ=",
            json!({ "token": "t" }),
        ),
        (
            "bitbucketServer",
            "publish:bitbucketServer",
            "project=P&repo=shop",
            "Basic eC10b2tlbi1hdXRoOnQ=",
            json!({ "token": "t" }),
        ),
    ];
    for (kind, action, query, login, credential) in cases {
        let (server, repo) = server(Some(login)).await;
        let clone = server.fake.url("/acme/shop.git");
        let links = json!({ "clone": [{ "name": "ssh", "href": "ssh://x" }, { "name": "https", "href": clone }], "html": { "href": "https://page" }, "self": [{ "href": "https://page/browse" }] });
        let fake = api(vec![
            ("GET", "/namespaces/acme%2Fweb".into(), 200, json!({ "id": 5 })),
            ("POST", "/projects".into(), 201, json!({ "id": 9, "http_url_to_repo": clone })),
            (
                "POST",
                "/api/v1/orgs/acme/repos".into(),
                201,
                json!({ "clone_url": clone, "html_url": "https://page" }),
            ),
            ("GET", "/api/v1/orgs/acme".into(), 200, json!({})),
            ("POST", "/org/p/_apis/git/repositories".into(), 201, json!({ "id": "i", "remoteUrl": clone })),
            ("POST", "/repositories/w/shop".into(), 200, json!({ "links": links })),
            ("POST", "/projects/P/repos".into(), 201, json!({ "links": links })),
        ])
        .await;
        let mut entry = json!({ "host": fake.host, "apiBaseUrl": fake.url("/"), "baseUrl": fake.url("/") });
        entry.as_object_mut().unwrap().extend(credential.as_object().unwrap().clone());
        if kind != "gitea" && kind != "gitlab" {
            entry.as_object_mut().unwrap().remove("baseUrl");
        }
        let mut integrations = json!({});
        integrations[kind] = json!([entry]);
        let steps = portal(&server, integrations);
        let input = json!({ "repoUrl": format!("{}?{query}", fake.host), "defaultBranch": "main", "description": "A shop" });
        let output = steps.done(action, &input).await;
        assert_eq!(output["commitHash"], git(&repo.bare, &["rev-parse", "main"]), "{action}");
        let contents = output["repoContentsUrl"].as_str().unwrap();
        let wanted = match kind {
            "gitlab" => format!("{}/-/blob/main", clone.trim_end_matches(".git")),
            "gitea" => "https://page/src/branch/main/".to_owned(),
            "azure" => clone.clone(),
            "bitbucketCloud" => "https://page/src/main".to_owned(),
            _ => "https://page/browse".to_owned(),
        };
        assert_eq!(contents, wanted, "{action}");
        assert_eq!(steps.probe(action, &input).await, Probe::Repeat);
        let again = steps.perform(action, &input).await;
        assert!(matches!(again, Ok(Outcome::Done { .. })), "{action}: {again:?}");
    }
}

#[tokio::test]
async fn gitea_makes_a_repository_of_whoever_the_credential_is() {
    if !has_git() {
        return;
    }
    let (server, repo) = server(None).await;
    let clone = server.fake.url("/acme/shop.git");
    let fake = api(vec![
        ("GET", "/api/v1/user".into(), 200, json!({ "login": "robot" })),
        (
            "POST",
            "/api/v1/user/repos".into(),
            201,
            json!({ "clone_url": clone, "html_url": "https://page/robot/shop" }),
        ),
    ])
    .await;
    let integrations = json!({ "gitea": [{ "host": fake.host, "baseUrl": fake.url("/"), "password": "t" }] });
    let steps = portal(&server, integrations);
    // Without a file it is an empty first commit.
    std::fs::remove_dir_all(steps.path("workspace")).unwrap();
    std::fs::create_dir(steps.path("workspace")).unwrap();
    let input = json!({ "repoUrl": format!("{}/gitea?repo=shop", fake.host), "defaultBranch": "main" });
    let output = steps.done("publish:gitea", &input).await;
    assert_eq!(output["commitHash"], git(&repo.bare, &["rev-parse", "main"]));
    assert_eq!(output["repoContentsUrl"], "https://page/robot/shop/src/branch/main/");
    assert_eq!(git(&repo.bare, &["ls-tree", "-r", "main"]), "");
}

#[tokio::test]
async fn steps_at_gitlab() {
    let fake = api(vec![
        ("GET", "/projects/acme%2Fshop".into(), 200, json!({ "id": 9, "default_branch": "main" })),
        ("POST", "/projects/acme%2Fshop/repository/commits".into(), 201, json!({ "id": "c0ffee" })),
        ("GET", "/projects/acme%2Fshop/repository/tree".into(), 200, json!([{ "path": "a.txt" }])),
        (
            "POST",
            "/projects/acme%2Fshop/merge_requests".into(),
            201,
            json!({ "iid": 3, "project_id": 9, "web_url": "https://mr" }),
        ),
        ("GET", "/projects/acme%2Fshop/merge_requests".into(), 200, json!([])),
        ("GET", "/users".into(), 200, json!([{ "id": 77 }])),
        ("POST", "/projects/9/issues".into(), 201, json!({ "web_url": "https://i", "id": 1, "iid": 2 })),
        ("POST", "/projects/9/pipeline".into(), 201, json!({ "web_url": "https://p" })),
        (
            "POST",
            "/projects/9/variables".into(),
            400,
            json!({ "message": { "key": ["has already been taken"] } }),
        ),
        ("GET", "/groups/a".into(), 200, json!({ "id": 1 })),
        ("POST", "/groups".into(), 201, json!({ "id": 2 })),
    ])
    .await;
    let steps = Steps::hosted(
        &json!({ "gitlab": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "baseUrl": fake.url("/"), "token": "t" }] }),
    );
    steps.put("workspace/a.txt", "a");
    steps.put("workspace/b.txt", "b");
    let url = format!("{}?owner=acme&repo=shop", fake.host);
    let request = json!({ "repoUrl": url, "branchName": "x", "title": "T", "description": "D", "commitAction": "auto", "assignee": "ada" });
    assert_eq!(steps.probe("publish:gitlab:merge-request", &request).await, Probe::DidNot);
    let output = steps.done("publish:gitlab:merge-request", &request).await;
    assert_eq!(
        output,
        json!({ "targetBranchName": "main", "projectid": 9, "projectPath": "acme/shop", "mergeRequestUrl": "https://mr", "mergeRequestIid": 3 })
    );
    let asked = fake.take();
    let commit = asked.iter().find(|request| request.path.ends_with("/commits")).unwrap().json();
    let actions: Vec<_> = commit["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (a["action"].clone(), a["file_path"].clone()))
        .collect();
    assert_eq!(actions, [(json!("update"), json!("a.txt")), (json!("create"), json!("b.txt"))]);
    assert_eq!((&commit["branch"], &commit["start_branch"]), (&json!("x"), &json!("main")));
    let pushed = steps
        .done("gitlab:repo:push", &json!({ "repoUrl": url, "branchName": "x", "commitMessage": "m" }))
        .await;
    assert_eq!(pushed["commitHash"], "c0ffee");
    let issue =
        steps.done("gitlab:issues:create", &json!({ "repoUrl": url, "projectId": 9, "title": "T" })).await;
    assert_eq!(issue["issueIid"], 2);
    let pipeline = json!({ "repoUrl": url, "projectId": 9, "branch": "main", "variables": { "A": 1 } });
    assert_eq!(steps.done("gitlab:pipeline:trigger", &pipeline).await, json!({ "pipelineUrl": "https://p" }));
    let variable = json!({ "repoUrl": url, "projectId": 9, "key": "A", "value": "b" });
    assert!(steps.fails("gitlab:projectVariable:create", &variable).await.contains("already been taken"));
    fake.take();
    let group = json!({ "repoUrl": url, "path": ["a", { "name": "B c", "slug": "b" }] });
    assert_eq!(steps.done("gitlab:group:ensureExists", &group).await, json!({ "groupId": 2 }));
    assert_eq!(fake.take().last().unwrap().json(), json!({ "name": "B c", "path": "b", "parent_id": 1 }));
}
