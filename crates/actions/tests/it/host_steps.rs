//! Steps at GitLab and Bitbucket that publish nothing, through fakes of their APIs.

use serde_json::{Value, json};
use stagedoor_actions::Probe;

use crate::publish::api;
use crate::steps_stage::Steps;

#[tokio::test]
async fn users_and_issues_of_gitlab() {
    let user =
        json!({ "id": 7, "username": "ada", "web_url": "https://u", "state": "active", "email": null });
    let issue = json!({ "id": 1, "iid": 2, "project_id": 9, "web_url": "https://i", "state": "closed", "title": "T" });
    let fake = api(vec![
        ("GET", "/user".into(), 200, user.clone()),
        ("GET", "/users/8".into(), 200, json!({ "id": 8, "username": "eve" })),
        ("PUT", "/projects/9/issues/2".into(), 200, issue),
        ("PUT", "/projects/9/issues/3".into(), 403, json!({ "message": "403 Forbidden" })),
        ("PUT", "/projects/9/issues/4".into(), 429, json!({})),
    ])
    .await;
    let integrations =
        json!({ "gitlab": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "glpat-1" }] });
    let steps = Steps::hosted(&integrations);
    let url = format!("{}?owner=acme&repo=shop", fake.host);
    let own = steps.done("gitlab:user:info", &json!({ "repoUrl": url })).await;
    assert_eq!(own, json!({ "id": 7, "username": "ada", "webUrl": "https://u", "state": "active" }));
    let other = steps.done("gitlab:user:info", &json!({ "repoUrl": url, "userId": 8 })).await;
    assert_eq!(other["username"], "eve");
    assert!(steps.fails("gitlab:user:info", &json!({ "repoUrl": url, "userId": 9 })).await.contains("404"));
    fake.take();
    let edit = |iid: u32| json!({ "repoUrl": url, "projectId": 9, "issueIid": iid, "stateEvent": "close", "addLabels": "a,b" });
    let edited = steps.done("gitlab:issue:edit", &edit(2)).await;
    assert_eq!(
        (&edited["issueIid"], &edited["state"], &edited["issueUrl"]),
        (&json!(2), &json!("closed"), &json!("https://i"))
    );
    // Only what is said is changed.
    assert_eq!(fake.take()[0].json(), json!({ "state_event": "close", "add_labels": "a,b" }));
    assert!(steps.fails("gitlab:issue:edit", &edit(3)).await.contains("403"));
    assert!(steps.perform("gitlab:issue:edit", &edit(4)).await.unwrap_err().retry.is_some());
    assert_eq!(steps.probe("gitlab:issue:edit", &edit(2)).await, Probe::Repeat);
}

#[tokio::test]
async fn who_is_let_into_a_group_of_gitlab() {
    let fake = api(vec![
        ("POST", "/groups/acme%2Fweb/members".into(), 409, json!({ "message": "Member already exists" })),
        ("PUT", "/groups/acme%2Fweb/members/4".into(), 200, json!({})),
        ("POST", "/groups/acme%2Fweb/share".into(), 201, json!({})),
        ("DELETE", "/groups/acme%2Fweb/members/4".into(), 204, Value::Null),
        ("POST", "/groups/closed/members".into(), 403, json!({ "message": "403 Forbidden" })),
    ])
    .await;
    let integrations =
        json!({ "gitlab": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "glpat-1" }] });
    let mut steps = Steps::hosted(&integrations);
    let input = json!({ "repoUrl": fake.host, "path": "acme/web", "userIds": [4], "groupIds": [5], "accessLevel": "Maintainer" });
    let output = steps.done("gitlab:group:access", &input).await;
    assert_eq!(output, json!({ "path": "acme/web", "userIds": [4], "groupIds": [5], "accessLevel": 40 }));
    let asked = fake.take();
    assert_eq!(asked[0].json(), json!({ "user_id": 4, "access_level": 40 }));
    assert_eq!(asked[1].json(), json!({ "access_level": 40 }));
    assert_eq!(asked[2].json(), json!({ "group_id": 5, "group_access": 40 }));
    // What is gone already is gone.
    let remove = json!({ "repoUrl": fake.host, "path": "acme/web", "userIds": [4, 6], "groupIds": [5], "action": "remove" });
    let output = steps.done("gitlab:group:access", &remove).await;
    assert_eq!(output, json!({ "path": "acme/web", "userIds": [4, 6], "groupIds": [5] }));
    let of = |more: Value| {
        let mut input = json!({ "repoUrl": fake.host, "path": "closed" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    for (more, says) in [
        (json!({ "userIds": [1] }), "403"),
        (json!({}), "At least one of userIds or groupIds"),
        (json!({ "userIds": [1], "accessLevel": "king" }), "Invalid access level: \"king\""),
        (json!({ "userIds": [1], "path": ".." }), "path is expected to be a name"),
        (json!({ "userIds": [1], "repoUrl": "u:p@gitlab.com" }), "no credential"),
        (json!({ "userIds": [1], "repoUrl": "elsewhere.example" }), "No matching integration"),
    ] {
        let error = steps.fails("gitlab:group:access", &of(more)).await;
        assert!(error.contains(says), "{says}: {error}");
    }
    fake.take();
    steps.dry_run = true;
    steps.done("gitlab:group:access", &input).await;
    assert_eq!(fake.take().len(), 0);
}

#[tokio::test]
async fn restrictions_and_pipelines_of_bitbucket() {
    let page =
        json!({ "build_number": 3, "repository": { "links": { "html": { "href": "https://b/w/r" } } } });
    let fake = api(vec![
        ("POST", "/repositories/w/r/branch-restrictions".into(), 201, json!({ "id": 1 })),
        ("POST", "/repositories/w/r/pipelines".into(), 201, page),
        ("POST", "/repositories/w/down/pipelines".into(), 500, json!({})),
    ])
    .await;
    let integrations =
        json!({ "bitbucketCloud": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "t" }] });
    let steps = Steps::hosted(&integrations);
    let url = format!("{}?workspace=w&project=P&repo=r", fake.host);
    let input = json!({ "repoUrl": url, "kind": "push", "branchMatchKind": "glob", "pattern": "main", "users": [{ "uuid": "{a}" }] });
    let output = steps.done("bitbucketCloud:branchRestriction:create", &input).await;
    assert_eq!(output, json!({ "json": "{\"id\":1}", "statusCode": 201 }));
    let sent = json!({
        "kind": "push", "branch_match_kind": "glob", "pattern": "main", "value": null, "type": "branchrestriction",
        "users": [{ "uuid": "{a}" }],
    });
    assert_eq!(fake.take()[0].json(), sent);
    let body = json!({ "target": { "ref_type": "branch" } });
    let run = json!({ "workspace": "w", "repo_slug": "r", "body": body });
    let output = steps.done("bitbucket:pipelines:run", &run).await;
    assert_eq!(
        output,
        json!({ "buildNumber": 3, "repoUrl": "https://b/w/r", "pipelinesUrl": "https://b/w/r/pipelines" })
    );
    assert_eq!(fake.take()[0].json(), body);
    // Whether it runs all the same nobody knows.
    let lost =
        steps.perform("bitbucket:pipelines:run", &json!({ "workspace": "w", "repo_slug": "down" })).await;
    assert!(lost.unwrap_err().unclear);
    assert_eq!(steps.probe("bitbucket:pipelines:run", &run).await, Probe::Unknown);
    let error = steps.fails("bitbucket:pipelines:run", &json!({ "workspace": "..", "repo_slug": "r" })).await;
    assert!(error.contains("workspace is expected to be a name"), "{error}");
}

#[tokio::test]
async fn a_project_is_brought_from_one_gitlab_into_another() {
    let entity = |slug: &str, at: &str| {
        json!({
            "id": 5, "bulk_import_id": 3, "source_full_path": "old/shop", "destination_slug": slug,
            "destination_namespace": "acme/web", "created_at": at,
        })
    };
    let integrations = |fake: &crate::fake::Fake| json!({ "gitlab": [{ "host": fake.host, "apiBaseUrl": fake.url("/"), "token": "own" }] });
    let input = |fake: &crate::fake::Fake| {
        json!({
            "destinationAccessToken": "glpat-to", "sourceAccessToken": "glpat-from", "sourceFullPath": "old/shop",
            "destinationUrl": format!("{}?owner=acme%2Fweb&repo=shop", fake.host), "sourceUrl": "https://gitlab.com/",
        })
    };
    let action = "gitlab:group:migrate";
    let fake = api(vec![
        ("POST", "/bulk_imports".into(), 201, json!({ "id": 3, "status": "created" })),
        (
            "GET",
            "/bulk_imports/entities".into(),
            200,
            json!([entity("shop", "2020-01-01T00:00:00Z"), entity("other", "2099-01-01T00:00:00Z")]),
        ),
    ])
    .await;
    let steps = Steps::hosted(&integrations(&fake));
    // One of another day, and one of another name.
    assert_eq!(steps.probe(action, &input(&fake)).await, Probe::DidNot);
    fake.take();
    let output = steps.done(action, &input(&fake)).await;
    assert_eq!(
        output,
        json!({ "importedRepoUrl": format!("{}/acme/web/shop", fake.host), "migrationId": 3 })
    );
    let asked = fake.take().remove(0);
    assert_eq!(asked.header("authorization"), Some("Bearer glpat-to"));
    let wanted = json!({
        "configuration": { "url": "https://gitlab.com/", "access_token": "glpat-from" },
        "entities": [{ "source_type": "project_entity", "source_full_path": "old/shop", "destination_slug": "shop", "destination_namespace": "acme/web" }],
    });
    assert_eq!(asked.json(), wanted);
    let fake = api(vec![(
        "GET",
        "/bulk_imports/entities".into(),
        200,
        json!([entity("shop", "2099-01-01T00:00:00Z")]),
    )])
    .await;
    let Probe::Happened(found) = Steps::hosted(&integrations(&fake)).probe(action, &input(&fake)).await
    else {
        panic!("it is not found")
    };
    assert!(format!("{found:?}").contains("migrationId"));
    for (status, retry, unclear) in [
        (401, false, false),
        (403, false, false),
        (404, false, false),
        (409, false, false),
        (422, false, false),
        (429, true, false),
        (500, false, true),
    ] {
        let fake = api(vec![("POST", "/bulk_imports".into(), status, json!({ "message": "no" }))]).await;
        let steps = Steps::hosted(&integrations(&fake));
        let failure = steps.perform(action, &input(&fake)).await.unwrap_err();
        assert_eq!((failure.retry.is_some(), failure.unclear), (retry, unclear), "{failure:?}");
        assert!(
            failure.message.starts_with("Failed to transfer repo old/shop")
                && !failure.message.contains("glpat")
        );
        assert!(failure.message.contains(&status.to_string()));
        assert_eq!(steps.probe(action, &input(&fake)).await, Probe::Unknown);
    }
    for (key, value, says) in [
        ("destinationUrl", json!("x?repo=shop"), "missing owner"),
        ("destinationUrl", json!("x.example?owner=a&repo=shop"), "No matching integration"),
        ("sourceUrl", json!("https://u:secret@gitlab.com"), "without a credential"),
        ("sourceUrl", json!("file:///etc/passwd"), "sourceUrl is expected to be a URL"),
        ("sourceAccessToken", json!(""), "a token for each"),
        ("sourceFullPath", json!(7), "is not of a type(s) string"),
    ] {
        let mut wrong = input(&fake);
        wrong[key] = value;
        let error = steps.fails(action, &wrong).await;
        assert!(error.contains(says) && !error.contains("secret@"), "{says}: {error}");
    }
}
