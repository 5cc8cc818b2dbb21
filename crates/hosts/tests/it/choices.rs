//! What a form offers: owners, repositories and branches, by somebody's own token.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stagedoor_hosts::{Choice, HostError, Hosts, NoChoices};
use stagedoor_outbound::AllowList;

use crate::fake::{Fake, FakeReply, FakeRequest};
use crate::github::message;

const OWN: &str = "Bearer personal";

fn hosts(kind: &str, fake: &Fake) -> Hosts {
    let mut integrations = json!({});
    integrations[kind] =
        json!([{ "host": fake.host, "apiBaseUrl": fake.url("/api"), "token": "the-portals" }]);
    let (hosts, problems) = Hosts::new(Some(&integrations), AllowList::default());
    assert_eq!(problems, []);
    hosts
}

/// A list that its host shows in pages.
fn page(request: &FakeRequest, all: &[Value]) -> FakeReply {
    let number = |key: &str| request.parameter(key).and_then(|text| text.parse::<usize>().ok()).unwrap();
    let (page, each) = (number("page"), number("per_page"));
    FakeReply::json(&all.iter().skip((page - 1) * each).take(each).cloned().collect())
}

async fn ask(
    hosts: &Hosts,
    fake: &Fake,
    (provider, resource): (&str, &str),
    context: Value,
) -> Result<Vec<String>, NoChoices> {
    let mut asked: BTreeMap<String, String> = serde_json::from_value(context).unwrap();
    asked.insert("host".into(), fake.host.clone());
    let shown = |choice: Choice| match choice.title {
        Some(title) => format!("{}={title}", choice.id),
        None => choice.id,
    };
    let found = hosts.choices(provider, resource, "personal", &asked).await?;
    Ok(found.into_iter().map(shown).collect())
}

#[tokio::test]
async fn github_tells_all_pages_of_what_the_person_sees() {
    let fake = Fake::start(|request| {
        if request.header("authorization") != Some(OWN) {
            return message(401, "not this one");
        }
        match request.path.as_str() {
            "/api/user/repos" => {
                let all: Vec<_> = (0..230).map(|n| json!({ "full_name": format!("acme/r{n}") })).collect();
                page(request, &all)
            }
            "/api/user/orgs" => page(request, &[json!({ "login": "acme" }), json!({ "id": 1 })]),
            "/api/repos/acme/a%2Fb/branches" => page(request, &[json!({ "name": "main" })]),
            other => panic!("{other}"),
        }
    })
    .await;
    let hosts = hosts("github", &fake);
    let all = ask(&hosts, &fake, ("github", "repositoriesWithOwner"), json!({})).await.unwrap();
    assert_eq!((all.len(), all[229].as_str(), fake.take().len()), (230, "acme/r229", 3));
    assert_eq!(ask(&hosts, &fake, ("github", "owners"), json!({})).await.unwrap(), ["acme"]);
    let branch = json!({ "owner": "acme", "repository": "a/b" });
    assert_eq!(ask(&hosts, &fake, ("github", "branches"), branch).await.unwrap(), ["main"]);
}

#[tokio::test]
async fn gitlab_tells_groups_and_the_person_and_projects_of_each() {
    let fake = Fake::start(|request| {
        assert_eq!(request.header("authorization"), Some(OWN));
        match request.path.as_str() {
            "/api/groups" => page(request, &[json!({ "id": 5, "full_path": "acme/web" })]),
            "/api/user" => FakeReply::json(&json!({ "id": 7, "username": "elsa" })),
            "/api/groups/5/projects" => page(request, &[json!({ "name": " Shop ", "path": "shop" })]),
            "/api/users/7/projects" => page(request, &[json!({ "name": "Own", "path": "own" })]),
            other => panic!("{other}"),
        }
    })
    .await;
    let hosts = hosts("gitlab", &fake);
    let groups = ask(&hosts, &fake, ("gitlab", "groups"), json!({})).await.unwrap();
    assert_eq!(groups, ["5=acme/web", "7=elsa"]);
    let of = async |id: &str| ask(&hosts, &fake, ("gitlab", "repositories"), json!({ "id": id })).await;
    assert_eq!(of("5").await.unwrap(), ["shop=Shop"]);
    assert_eq!(of("7").await.unwrap(), ["own=Own"]);
    let none = NoChoices::Question("Missing groupId and userId context parameter".into());
    assert_eq!(of("").await.unwrap_err(), none);
}

#[tokio::test]
async fn bitbucket_says_itself_whether_there_is_more() {
    let fake = Fake::start(|request| {
        assert_eq!(request.header("authorization"), Some(OWN));
        let first = request.parameter("page").as_deref() == Some("1");
        match (request.path.as_str(), first) {
            ("/api/workspaces", true) => FakeReply::json(
                &json!({ "values": [{ "slug": "a" }], "next": "https://elsewhere.example/2" }),
            ),
            ("/api/workspaces", false) => FakeReply::json(&json!({ "values": [{ "slug": "b" }] })),
            ("/api/workspaces/a/projects", _) => FakeReply::json(&json!({ "values": [{ "key": "P" }] })),
            ("/api/repositories/a", _) => {
                assert_eq!(request.parameter("q").as_deref(), Some("project.key=\"P\""));
                FakeReply::json(&json!({ "values": [{ "slug": "shop" }] }))
            }
            ("/api/repositories/a/shop/refs/branches", _) => {
                FakeReply::json(&json!({ "values": [{ "name": "main" }] }))
            }
            (other, _) => panic!("{other}"),
        }
    })
    .await;
    let hosts = hosts("bitbucketCloud", &fake);
    let of = async |resource: &str, context: Value| {
        ask(&hosts, &fake, ("bitbucket-cloud", resource), context).await
    };
    assert_eq!(of("workspaces", json!({})).await.unwrap(), ["a", "b"]);
    assert_eq!(of("projects", json!({ "workspace": "a" })).await.unwrap(), ["P"]);
    assert_eq!(of("repositories", json!({ "workspace": "a", "project": "P" })).await.unwrap(), ["shop"]);
    assert_eq!(of("branches", json!({ "workspace": "a", "repository": "shop" })).await.unwrap(), ["main"]);
    let hostile = json!({ "workspace": "a", "project": "P\" OR name~\"" });
    assert!(matches!(of("repositories", hostile).await, Err(NoChoices::Question(_))));
    for dots in ["", ".", "..", "a\nb"] {
        let wrong = of("projects", json!({ "workspace": dots })).await.unwrap_err();
        assert_eq!(wrong, NoChoices::Question("Missing workspace context parameter".into()), "{dots:?}");
    }
}

/// Whoever fills in a form brings a token, and it goes to hosts of the configuration only.
#[tokio::test]
async fn a_wrong_question_is_not_sent() {
    let fake = Fake::start(|request| match request.path.as_str() {
        "/api/user/orgs" => message(401, "Bad credentials"),
        "/api/user/repos" => FakeReply::json(&json!({ "no": "list" })),
        _ => FakeReply::status(500),
    })
    .await;
    let hosts = hosts("github", &fake);
    let context = |host: &str| BTreeMap::from([("host".to_owned(), host.to_owned())]);
    for (provider, resource, token, host, expected) in [
        ("azure", "projects", "t", fake.host.as_str(), "Unsupported provider: azure"),
        ("github", "people", "t", fake.host.as_str(), "Invalid resource: people"),
        ("github", "branches", "t", fake.host.as_str(), "Missing owner and/or repository context parameter"),
        ("github", "owners", "", fake.host.as_str(), "a token of the person who fills in the form is needed"),
        ("gitlab", "groups", "t", fake.host.as_str(), "stands under integrations.github, not gitlab"),
        ("github", "owners", "t", "169.254.169.254", "No matching integration configuration"),
    ] {
        let error = hosts.choices(provider, resource, token, &context(host)).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{provider} {resource}: {error}");
    }
    assert_eq!(fake.take().len(), 0);
    for (resource, expected) in
        [("owners", "401: the token is not good"), ("repositoriesWithOwner", "is no list")]
    {
        let error = hosts.choices("github", resource, "t", &context(&fake.host)).await.unwrap_err();
        assert!(matches!(error, NoChoices::Refused(_)) && error.to_string().contains(expected), "{error}");
    }
    let gone = Fake::start(|_| FakeReply::json(&json!([])).cut()).await;
    let cut = ask(&self::hosts("github", &gone), &gone, ("github", "owners"), json!({})).await;
    assert!(
        matches!(cut, Err(NoChoices::Host(HostError::Unreachable(_)) | NoChoices::Refused(_))),
        "{cut:?}"
    );
}
