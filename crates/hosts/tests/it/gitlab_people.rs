//! GitLab's users and groups.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stagedoor_hosts::{Discovery, HostError, Hosts, Priority, Providers};
use stagedoor_outbound::AllowList;

use crate::answering::{Answer, Answering};
use crate::gitlab_fake::{TOKEN, gitlab, over};

async fn with(mut entry: Value) -> (Answering, Hosts, Providers) {
    entry["host"] = json!("HOST");
    entry["orgEnabled"] = json!(true);
    let fake = gitlab("").await;
    let (hosts, providers, problems) = over(&fake, "", &json!({ "acme": entry }));
    assert_eq!(problems, []);
    (fake, hosts, providers)
}

async fn discover(hosts: &Hosts, providers: &Providers) -> Result<Discovery, HostError> {
    providers.0[0].discover(hosts, Priority::Poll).await
}

/// Documents by kind and name.
fn documents(discovery: &Discovery) -> BTreeMap<String, &Value> {
    let name =
        |d: &Value| format!("{}:{}", d["kind"].as_str().unwrap(), d["metadata"]["name"].as_str().unwrap());
    discovery.found.iter().map(|found| (name(&found.document), &found.document)).collect()
}

fn names(discovery: &Discovery) -> Vec<String> {
    documents(discovery).into_keys().collect()
}

#[tokio::test]
async fn users_and_groups_are_named_as_in_backstage() {
    let (fake, hosts, providers) = with(json!({ "group": "acme" })).await;
    assert_eq!(providers.0[0].id(), "GitlabOrgDiscoveryEntityProvider:acme");
    let discovery = discover(&hosts, &providers).await.unwrap();
    let all = documents(&discovery);
    let expected =
        ["Group:acme", "Group:platform", "Group:platform-web", "User:ana", "User:bo", "User:guest"];
    assert_eq!(names(&discovery), expected);
    let (host, base) = (&fake.host, format!("http://{}", fake.host));
    assert_eq!(
        all["User:ana"],
        &json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "User",
            "metadata": { "name": "ana", "annotations": {
                "backstage.io/managed-by-location": format!("url:{base}/ana"),
                "backstage.io/managed-by-origin-location": format!("url:{base}/ana"),
                (format!("{host}/user-id")): "11",
                (format!("{host}/user-login")): "https://pages.example.com/ana",
                (format!("{host}/saml-external-uid")): "s-1",
            } },
            "spec": { "profile": { "displayName": "ANA", "email": "ana@acme.example" }, "memberOf": ["acme", "platform"] },
        })
    );
    assert_eq!(
        all["Group:platform-web"],
        &json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Group",
            "metadata": { "name": "platform-web", "annotations": {
                "backstage.io/managed-by-location": format!("url:{base}/acme/platform/web"),
                "backstage.io/managed-by-origin-location": format!("url:{base}/acme/platform/web"),
                (format!("{host}/group-id")): "3",
                (format!("{host}/team-path")): "acme/platform/web",
                (format!("{host}/visibility")): "private",
            } },
            "spec": { "type": "team", "children": [], "profile": { "displayName": "Web" }, "parent": "platform" },
        })
    );
    assert_eq!(all["User:bo"]["spec"]["profile"]["email"], "bo@acme.example");
    // CVE-2026-106463: whoever makes a group that comes out with the name of another joins it with nobody.
    assert_eq!(all["User:guest"]["spec"]["memberOf"], json!([]));
    let members = fake.asked().iter().filter(|a| a.path == "/api/graphql").count();
    assert_eq!(members, 6, "three pages for the group with three members");
}

#[tokio::test]
async fn patterns_choose_users_and_groups() {
    let (fake, hosts, providers) = with(json!({
        "userPattern": "@acme\\.example$", "groupPattern": "^acme/platform$", "relations": ["INHERITED", "DIRECT"],
    }))
    .await;
    let discovery = discover(&hosts, &providers).await.unwrap();
    assert_eq!(names(&discovery), ["Group:acme-platform", "User:ana", "User:bo"]);
    let asked = fake.asked();
    let variables = &asked.iter().find(|a| a.path == "/api/graphql").unwrap().json()["variables"];
    assert_eq!(variables["relations"], json!(["DIRECT", "INHERITED"]));
    assert!(asked.iter().any(|a| a.path == "/api/v4/users" && a.query("without_project_bots") == "true"));

    let (fake, hosts, providers) = with(json!({ "group": "acme", "restrictUsersToGroup": true })).await;
    discover(&hosts, &providers).await.unwrap();
    let paths = fake.paths();
    assert!(paths.contains(&"/api/v4/groups/acme/members/all".to_owned()));
    assert!(!paths.contains(&"/api/v4/users".to_owned()));
}

#[tokio::test]
async fn nobody_is_lost_to_a_failure() {
    let (fake, hosts, providers) = with(json!({ "group": "acme" })).await;
    let unseen = json!({ "data": { "group": { "groupMembers": null } } });
    for (part, broken) in [
        ("groups/acme", Answer::not_found()),
        ("descendant_groups", Answer::status(500)),
        ("groups/acme", Answer::json(&json!({ "id": 1, "full_path": "newname", "name": "New" }))),
        ("/users", Answer::text("[]").halved()),
        ("/users", Answer::json(&json!([{ "state": "active" }]))),
        ("graphql", Answer::json(&unseen)),
        ("graphql", Answer::json(&json!({ "errors": [{ "message": "timeout" }], "data": null }))),
        ("graphql", Answer::json(&json!([]))),
        ("graphql", Answer::status(401)),
    ] {
        fake.fault(part, broken.clone());
        assert!(discover(&hosts, &providers).await.is_err(), "{part}: {broken:?}");
        fake.heal();
    }
    assert_eq!(discover(&hosts, &providers).await.unwrap().found.len(), 6);
}

/// gitlab.com as the configuration sees it, its API at the fake.
#[tokio::test]
async fn on_gitlab_com_a_seat_makes_a_user() {
    let fake = gitlab("").await;
    let api = format!("http://{}/api/v4", fake.host);
    let integrations = json!({ "gitlab": [{ "host": "gitlab.com", "token": TOKEN, "apiBaseUrl": api }] });
    let (hosts, _) = Hosts::new(Some(&integrations), AllowList::default());
    let providers = |more: Value| {
        let mut entry = json!({ "host": "gitlab.com", "group": "acme", "orgEnabled": true });
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (providers, problems) = Providers::new(Some(&json!({ "gitlab": { "acme": entry } })), &hosts);
        assert_eq!(problems, []);
        providers
    };
    let seated = discover(&hosts, &providers(json!({}))).await.unwrap();
    assert_eq!(documents(&seated)["User:ana"]["metadata"]["annotations"]["gitlab.com/user-id"], "11");
    let people: Vec<String> = names(&seated).into_iter().filter(|name| name.starts_with("User:")).collect();
    assert_eq!(people, ["User:ana", "User:below", "User:bo"], "also who is only in a group below");
    let all = discover(&hosts, &providers(json!({ "includeUsersWithoutSeat": true }))).await.unwrap();
    assert!(names(&all).contains(&"User:guest".to_owned()));
    // A token that is no longer an owner's is told no seats.
    fake.fault("members/all", Answer::json(&json!([{ "id": 11, "username": "ana", "state": "active" }])));
    let error = discover(&hosts, &providers(json!({}))).await.unwrap_err();
    assert!(matches!(error, HostError::Denied(_)), "{error}");
}
