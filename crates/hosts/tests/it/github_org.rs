//! People and teams on a fake GitHub. The fake follows docs.github.com/graphql: `Organization.membersWithRole`,
//! `Organization.teams`, `Team.members`.

use serde_json::{Value, json};
use stagedoor_hosts::{Discovery, HostError, Hosts, Priority, ProviderEvent, Providers};
use stagedoor_outbound::AllowList;

use crate::fake::{Fake, FakeReply};
use crate::github::{TOKEN, hosts};
use crate::github_discovery::provider;

fn list(nodes: &[Value], next: Option<&str>) -> Value {
    json!({ "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next }, "nodes": nodes })
}

fn organization(key: &str, value: &Value) -> FakeReply {
    FakeReply::json(&json!({ "data": { "organization": { key: value } } }))
}

/// A GitHub with two organizations: acme (ada, grace, lin; platform > runtime) and other (ada; platform).
async fn github() -> Fake {
    Fake::start(|request| {
        let body = request.json();
        let (query, variables) = (body["query"].as_str().unwrap(), &body["variables"]);
        let person = |login: &str| json!({ "id": format!("U_{login}"), "login": login, "name": login.to_uppercase(),
            "bio": "", "avatarUrl": format!("https://a.example.com/{login}"), "email": format!("{login}@home.example.com"),
            "organizationVerifiedDomainEmails": [format!("{login}@acme.example.com")] });
        let mut asleep = person("lin");
        asleep["suspendedAt"] = json!("2026-01-01T00:00:00Z");
        let team = |slug: &str, parent: Option<&str>, logins: &[&str], more: bool| {
            let nodes: Vec<Value> = logins.iter().map(|login| json!({ "login": login })).collect();
            json!({ "slug": slug, "combinedSlug": format!("acme/{slug}"), "name": slug, "description": "", "avatarUrl": null,
                "editTeamUrl": format!("https://x.example.com/{slug}/edit"), "parentTeam": parent.map(|slug| json!({ "slug": slug })),
                "members": { "pageInfo": { "hasNextPage": more }, "nodes": nodes } })
        };
        let cursor = variables["cursor"].as_str();
        match (variables["org"].as_str().unwrap(), cursor) {
            ("none", _) => FakeReply::json(&json!({ "data": { "organization": null } })),
            ("acme", None) if query.contains("membersWithRole") => {
                organization("membersWithRole", &list(&[person("ada"), person("grace")], Some("m")))
            }
            ("acme", Some("m")) => organization("membersWithRole", &list(&[asleep], None)),
            ("acme", None) if query.contains("teams(") => {
                let teams = [team("platform", None, &["ada"], true), team("runtime", Some("platform"), &["grace", "outsider"], false)];
                organization("teams", &list(&teams, None))
            }
            ("acme", cursor) => {
                assert_eq!(variables["team"], "platform");
                let (login, next) = if cursor.is_none() { ("ada", Some("t")) } else { ("lin", None) };
                organization("team", &json!({ "members": list(&[json!({ "login": login })], next) }))
            }
            ("other", _) if query.contains("membersWithRole") => {
                organization("membersWithRole", &list(&[person("ada")], None))
            }
            ("other", _) => organization("teams", &list(&[team("platform", None, &["ada"], false)], None)),
            other => panic!("{other:?}"),
        }
    })
    .await
}

async fn discover(fake: &Fake, more: &Value) -> Result<Discovery, HostError> {
    let hosts = hosts(fake, &json!({ "token": TOKEN }));
    let mut entry =
        json!({ "id": "people", "githubUrl": fake.url("/"), "schedule": { "frequency": "PT1H" } });
    for (key, value) in more.as_object().unwrap() {
        entry[key] = value.clone();
    }
    let provider = provider(&hosts, "githubOrg", &entry);
    assert_eq!((provider.id(), provider.kind()), ("github-org-provider:people", "githubOrg"));
    provider.discover(&hosts, Priority::Poll).await
}

fn one<'a>(discovery: &'a Discovery, kind: &str, name: &str) -> &'a Value {
    let mut found = discovery.found.iter().map(|found| &found.document);
    found.find(|document| document["kind"] == kind && document["metadata"]["name"] == name).unwrap()
}

#[tokio::test]
async fn an_organization_gives_its_people_and_teams() {
    let fake = github().await;
    let found = discover(&fake, &json!({ "orgs": ["acme"] })).await.unwrap();
    assert_eq!((found.found.len(), &found.missed), (5, &None));
    let place = format!("url:https://{}/ada", fake.host);
    assert_eq!(
        *one(&found, "User", "ada"),
        json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "User",
            "metadata": {
                "name": "ada",
                "annotations": {
                    "backstage.io/managed-by-location": place,
                    "backstage.io/managed-by-origin-location": place,
                    "github.com/user-login": "ada",
                    "github.com/user-id": "U_ada",
                },
            },
            "spec": {
                "profile": { "displayName": "ADA", "email": "ada@home.example.com", "picture": "https://a.example.com/ada" },
                "memberOf": ["platform"],
            },
        })
    );
    let place = format!("url:https://{}/orgs/acme/teams/platform", fake.host);
    assert_eq!(
        *one(&found, "Group", "platform"),
        json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Group",
            "metadata": {
                "name": "platform",
                "annotations": {
                    "backstage.io/managed-by-location": place,
                    "backstage.io/managed-by-origin-location": place,
                    "github.com/team-slug": "acme/platform",
                    "backstage.io/edit-url": "https://x.example.com/platform/edit",
                },
            },
            "spec": {
                "type": "team",
                "profile": { "displayName": "platform" },
                "children": ["runtime"],
                "members": ["default/ada", "default/lin"],
            },
        })
    );
    let runtime = one(&found, "Group", "runtime");
    assert_eq!(runtime["spec"]["parent"], "platform");
    assert_eq!(runtime["spec"]["members"], json!(["default/grace", "default/outsider"]));
    assert_eq!(one(&found, "User", "lin")["spec"]["memberOf"], json!(["platform"]));
    let asked = fake.take();
    assert!(asked.iter().all(|request| !request.json()["query"].as_str().unwrap().contains("suspendedAt")));
    assert_eq!(
        asked[0].json()["variables"],
        json!({ "org": "acme", "email": true, "first": 50, "cursor": null })
    );
}

#[tokio::test]
async fn people_may_be_in_several_organizations() {
    let fake = github().await;
    let more = json!({ "orgs": ["acme", "other"], "excludeSuspendedUsers": true, "defaultUserTransformer": { "useVerifiedEmails": true } });
    let found = discover(&fake, &more).await.unwrap();
    assert_eq!(found.found.len(), 5, "two teams and one of another organization, two people of three");
    let ada = one(&found, "User", "ada");
    assert_eq!(ada["spec"]["memberOf"], json!(["acme/platform", "other/platform"]));
    assert_eq!(ada["spec"]["profile"]["email"], "ada@acme.example.com");
    let spaces: Vec<_> =
        found.found.iter().filter_map(|found| found.document["metadata"]["namespace"].as_str()).collect();
    assert_eq!(spaces, ["acme", "acme", "other"]);
}

#[tokio::test]
async fn an_organization_that_is_missing_is_not_an_empty_one() {
    let fake = github().await;
    assert!(matches!(discover(&fake, &json!({ "orgs": ["none"] })).await, Err(HostError::NotFound(_))));
    let found = discover(&fake, &json!({ "orgs": ["none", "other"] })).await.unwrap();
    assert_eq!(found.found.len(), 2);
    assert!(found.missed.unwrap().contains("none"));
}

#[test]
fn entries_have_several_forms() {
    let integrations = json!({ "github": [{ "token": "t" }] });
    let (hosts, _) = Hosts::new(Some(&integrations), AllowList::default());
    let entry = json!({ "githubUrl": "https://github.com", "orgs": ["acme"] });
    let of = |value: Value| {
        let (providers, problems) = Providers::new(Some(&json!({ "githubOrg": value })), &hosts);
        let paths: Vec<String> = problems.iter().map(|problem| problem.path[2..].join(".")).collect();
        (providers.0.iter().map(|provider| provider.id().to_owned()).collect::<Vec<_>>(), paths)
    };
    let mut named = entry.clone();
    named["id"] = json!("a");
    assert_eq!(of(named.clone()), (vec!["github-org-provider:a".to_owned()], vec![]));
    assert_eq!(of(json!([named])).0.len(), 1);
    assert_eq!(of(json!({ "b": entry })), (vec!["github-org-provider:b".to_owned()], vec![]));
    assert_eq!(of(json!([entry])).1, ["githubOrg.0.id"]);
    assert_eq!(of(json!({ "b": { "githubUrl": "https://github.com" } })).1, ["githubOrg.b.orgs"]);
    assert_eq!(
        of(json!({ "b": { "githubUrl": "https://x.example.com", "orgs": ["a"] } })).1,
        ["githubOrg.b.githubUrl"]
    );
    let (providers, _) = Providers::new(Some(&json!({ "githubOrg": { "b": entry } })), &hosts);
    let event = |owner: &str| ProviderEvent::People { host: "github.com".into(), owner: owner.into() };
    assert!(providers.0[0].concerns(&event("Acme")) && !providers.0[0].concerns(&event("other")));
}
