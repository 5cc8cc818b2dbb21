//! Discovery of repositories on a fake GitHub. The fake follows docs.github.com/graphql: `repositoryOwner`,
//! `RepositoryConnection`, and "Rate limits and query limits for the GraphQL API" for what goes wrong.

use serde_json::{Value, json};
use stagedoor_hosts::{Discovery, HostError, Hosts, Priority, ProviderEvent, Providers};

use crate::fake::{Fake, FakeReply, FakeRequest};
use crate::github::{hosts, message, with_token};

/// The only provider of a configuration.
pub(crate) fn provider(
    hosts: &Hosts,
    key: &str,
    entry: &Value,
) -> std::sync::Arc<dyn stagedoor_hosts::Provider> {
    let (providers, problems) = Providers::new(Some(&json!({ key: entry })), hosts);
    assert_eq!(problems, []);
    assert_eq!(providers.0.len(), 1);
    providers.0[0].clone()
}

async fn discover(hosts: &Hosts, entry: &Value) -> Result<Discovery, HostError> {
    provider(hosts, "github", entry).discover(hosts, Priority::Poll).await
}

fn targets(discovery: &Discovery) -> Vec<&str> {
    discovery.found.iter().map(|found| found.document["spec"]["target"].as_str().unwrap()).collect()
}

/// A page of repositories; `next` is the cursor of the next.
fn page(nodes: &[Value], next: Option<&str>) -> FakeReply {
    let info = json!({ "hasNextPage": next.is_some(), "endCursor": next });
    FakeReply::json(&json!({
        "data": { "repositoryOwner": { "repositories": { "pageInfo": info, "nodes": nodes } } },
    }))
}

fn repository(request: &FakeRequest, name: &str, more: &Value) -> Value {
    let host = request.header("host").unwrap();
    let mut node = json!({
        "name": name,
        "url": format!("http://{host}/acme/{name}"),
        "isArchived": false,
        "isFork": false,
        "visibility": "PRIVATE",
        "defaultBranchRef": { "name": "main" },
        "repositoryTopics": { "nodes": [] },
    });
    for (key, value) in more.as_object().unwrap() {
        node[key] = value.clone();
    }
    node
}

#[tokio::test]
async fn every_page_becomes_locations_as_backstage_makes_them() {
    let fake = Fake::start(|request| {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/api/graphql"));
        assert_eq!(request.header("authorization"), Some("Bearer ghp_not-a-real-token"));
        let body = request.json();
        let variables = &body["variables"];
        assert_eq!(variables["owner"], "acme");
        assert_eq!(variables["first"], 2);
        let one = |name: &str| repository(request, name, &json!({}));
        match variables["cursor"].as_str() {
            None => page(&[one("a"), one("b")], Some("c1")),
            Some("c1") => page(
                &[one("c"), repository(request, "empty", &json!({ "defaultBranchRef": null }))],
                Some("c2"),
            ),
            Some("c2") => page(&[one("d")], None),
            Some(other) => panic!("{other}"),
        }
        .with("x-ratelimit-limit", 5000)
        .with("x-ratelimit-remaining", 4321)
    })
    .await;
    let hosts = with_token(&fake);
    let entry =
        json!({ "acme": { "host": fake.host, "organization": "acme", "pageSizes": { "repositories": 2 } } });
    let found = discover(&hosts, &entry).await.unwrap();
    let expected: Vec<String> = ["a", "b", "c", "d"]
        .map(|name| fake.url(&format!("/acme/{name}/blob/main/catalog-info.yaml")))
        .to_vec();
    assert_eq!(targets(&found), expected);
    assert_eq!(found.missed, None);
    let document = &found.found[0].document;
    let place = format!("url:{}", expected[0]);
    assert_eq!(document["spec"], json!({ "type": "url", "target": expected[0], "presence": "optional" }));
    assert_eq!(document["metadata"]["annotations"]["backstage.io/managed-by-location"], place.as_str());
    assert!(document["metadata"]["name"].as_str().unwrap().starts_with("generated-"));
    let provider = provider(&hosts, "github", &entry);
    assert_eq!((provider.id(), provider.kind()), ("github-provider:acme", "github"));
    assert_eq!(provider.target(), format!("acme on {}", fake.host));
    let push = |repository: &str| ProviderEvent::Push {
        host: fake.host.clone(),
        repository: repository.into(),
        branch: "main".into(),
        paths: Some(vec!["catalog-info.yaml".into()]),
    };
    assert!(provider.concerns(&push("acme/a")), "it has not been asked yet");
    provider.discover(&hosts, Priority::Poll).await.unwrap();
    assert!(!provider.concerns(&push("Acme/a")), "what its Location leads to is read, and no more");
    assert!(provider.concerns(&push("acme/empty")), "it may have its first branch now");
    let budgets = hosts.budgets();
    assert_eq!(
        (budgets[0].host.as_str(), budgets[0].remaining),
        (format!("{} graphql", fake.host).as_str(), Some(4321))
    );
}

#[tokio::test]
async fn filters_are_those_of_backstage() {
    let fake = Fake::start(|request| {
        let one = |name: &str, more: Value| repository(request, name, &more);
        let topics = |names: &[&str]| {
            let nodes: Vec<Value> = names.iter().map(|name| json!({ "topic": { "name": name } })).collect();
            json!({ "repositoryTopics": { "nodes": nodes } })
        };
        let file = |size: u64| json!({ "file": { "__typename": "Blob", "byteSize": size } });
        page(
            &[
                one("plain", file(10)),
                one("fork", json!({ "isFork": true, "file": null })),
                one("old", json!({ "isArchived": true })),
                one(
                    "shown",
                    json!({ "visibility": "PUBLIC", "file": { "__typename": "Blob", "byteSize": 0 } }),
                ),
                one("tagged", topics(&["catalog"])),
                one("both", topics(&["catalog", "experiment"])),
            ],
            None,
        )
    })
    .await;
    let hosts = with_token(&fake);
    let names = async |more: Value| {
        let mut entry = json!({ "host": fake.host, "organization": "acme", "catalogPath": "c.yaml" });
        for (key, value) in more.as_object().unwrap() {
            entry[key] = value.clone();
        }
        let found = discover(&hosts, &entry).await.unwrap();
        let of = |target: &&str| target.rsplit('/').nth(3).unwrap().to_owned();
        targets(&found).iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(names(json!({})).await, ["plain", "fork", "shown", "tagged", "both"]);
    assert_eq!(
        names(json!({ "filters": { "allowForks": false, "allowArchived": true } })).await,
        ["plain", "old", "shown", "tagged", "both"]
    );
    assert_eq!(names(json!({ "filters": { "repository": "pl.*|shown" } })).await, ["plain", "shown"]);
    assert_eq!(names(json!({ "filters": { "repository": "lai" } })).await, [""; 0], "anchored");
    assert_eq!(names(json!({ "filters": { "visibility": ["public", "internal"] } })).await, ["shown"]);
    assert_eq!(
        names(json!({ "filters": { "topic": { "include": ["catalog"] } } })).await,
        ["tagged", "both"]
    );
    assert_eq!(
        names(json!({ "filters": { "topic": { "include": ["catalog"], "exclude": ["experiment"] } } })).await,
        ["tagged"]
    );
    fake.take();
    assert_eq!(names(json!({ "validateLocationsExist": true })).await, ["plain"]);
    let asked = fake.take();
    assert_eq!(asked[0].json()["variables"]["file"], "HEAD:c.yaml");
    assert_eq!(asked[0].json()["variables"]["look"], true);
    let entry = json!({
        "host": fake.host, "organization": "acme", "catalogPath": "/**/c.yaml",
        "filters": { "repository": "plain", "branch": "release/1" },
    });
    let found = discover(&hosts, &entry).await.unwrap();
    assert_eq!(targets(&found), [fake.url("/acme/plain/blob/release/1/**/c.yaml")]);
}

#[tokio::test]
async fn what_goes_wrong_is_never_an_end() {
    let errors = |errors: Value, data: Value| FakeReply::json(&json!({ "errors": errors, "data": data }));
    let fake = Fake::start(move |request| {
        let body = request.json();
        let variables = &body["variables"];
        let one = || repository(request, "a", &json!({}));
        let second = variables["cursor"].is_string();
        match variables["owner"].as_str().unwrap() {
            "none" => FakeReply::json(&json!({ "data": { "repositoryOwner": null } })),
            "unknown" => errors(json!([{ "type": "NOT_FOUND", "message": "Could not resolve", "path": ["repositoryOwner"] }]), json!({ "repositoryOwner": null })),
            "scopes" => errors(json!([{ "type": "INSUFFICIENT_SCOPES", "message": "needs read:org" }]), Value::Null),
            "limited" => errors(json!([{ "type": "RATE_LIMITED", "message": "API rate limit exceeded" }]), Value::Null)
                .with("x-ratelimit-remaining", 0)
                .with("x-ratelimit-reset", 9_999_999_999_u64),
            "expired" => message(401, "Bad credentials"),
            "cut" if second => page(&[one()], None).cut(),
            "half" if second => FakeReply::json(&json!({ "data": { "repositoryOwner": { "repositories": { "nodes": [one()] } } } })),
            "circle" | "cut" | "half" | "fails" if !second => page(&[one()], Some("c")),
            "circle" => page(&[one()], Some("c")),
            "fails" => FakeReply::status(500),
            "hidden" => {
                let error = json!([{ "type": "FORBIDDEN", "message": "SAML", "path": ["repositoryOwner", "repositories", "nodes", 1] }]);
                let list = json!({ "pageInfo": { "hasNextPage": false, "endCursor": null }, "nodes": [one(), null] });
                errors(error, json!({ "repositoryOwner": { "repositories": list } }))
            }
            other => panic!("{other}"),
        }
    })
    .await;
    let of = async |owner: &str| {
        let entry = json!({ "host": fake.host, "organization": owner });
        discover(&with_token(&fake), &entry).await
    };
    for owner in ["none", "unknown"] {
        assert!(matches!(of(owner).await, Err(HostError::NotFound(_))), "{owner}");
    }
    for owner in ["scopes", "expired"] {
        assert!(matches!(of(owner).await, Err(HostError::Denied(_))), "{owner}");
    }
    assert!(matches!(of("limited").await, Err(HostError::Exhausted { until: 9_999_999_999, .. })));
    for owner in ["cut", "half", "circle", "fails"] {
        assert!(matches!(of(owner).await, Err(HostError::Unreachable(_))), "{owner}");
    }
    let hidden = of("hidden").await.unwrap();
    assert_eq!(hidden.found.len(), 1);
    assert!(hidden.missed.unwrap().contains("SAML"));
    let fake = Fake::start(|request| panic!("{}", request.line())).await;
    let entry = json!({ "host": fake.host, "organization": "acme" });
    let denied = discover(&hosts(&fake, &json!({})), &entry).await.unwrap_err();
    assert!(matches!(&denied, HostError::Denied(text) if text.contains("token or GitHub App")), "{denied}");
}

#[tokio::test]
async fn a_question_that_is_too_much_is_asked_in_smaller_parts() {
    let fake = Fake::start(|request| match request.json()["variables"]["first"].as_u64().unwrap() {
        25 => FakeReply::status(502),
        6 => FakeReply::json(
            &json!({ "errors": [{ "type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much" }] }),
        ),
        1 => page(&[repository(request, "a", &json!({}))], None),
        other => panic!("{other}"),
    })
    .await;
    let entry = json!({ "host": fake.host, "organization": "acme" });
    assert_eq!(discover(&with_token(&fake), &entry).await.unwrap().found.len(), 1);
}

#[test]
fn events_concern_who_they_are_about() {
    let (hosts, _) = Hosts::new(None, stagedoor_outbound::AllowList::default());
    let provider =
        provider(&hosts, "github", &json!({ "organization": "acme", "catalogPath": "/**/catalog-*.yaml" }));
    assert_eq!(provider.id(), "github-provider:default");
    let push = |repository: &str, paths: Option<&[&str]>| ProviderEvent::Push {
        host: "github.com".into(),
        repository: repository.into(),
        branch: "main".into(),
        paths: paths.map(|paths| paths.iter().map(|path| (*path).to_owned()).collect()),
    };
    assert!(provider.concerns(&push("Acme/a", Some(&["src/x.rs", "a/catalog-info.yaml"]))));
    assert!(provider.concerns(&push("acme/a", None)));
    assert!(!provider.concerns(&push("acme/a", Some(&["src/x.rs"]))));
    assert!(!provider.concerns(&push("other/a", None)));
    let made = |owner: &str| ProviderEvent::Repositories { host: "github.com".into(), owner: owner.into() };
    assert!(provider.concerns(&made("acme")) && !provider.concerns(&made("other")));
    assert!(!provider.concerns(&ProviderEvent::People { host: "github.com".into(), owner: "acme".into() }));
}

#[test]
fn a_wrong_configuration_names_its_places() {
    let (hosts, _) = Hosts::new(None, stagedoor_outbound::AllowList::default());
    let entries = json!({ "github": {
        "a": { "host": "nowhere.example.com", "organization": "x" },
        "b": {},
        "c": { "organization": "x", "validateLocationsExist": true, "catalogPath": "*.yaml" },
        "d": { "organization": "x", "filters": { "repository": "(", "visibility": ["secret"] } },
        "e": { "app": 5 },
    } });
    let (_, problems) = Providers::new(Some(&entries), &hosts);
    let paths: Vec<String> = problems.iter().map(|problem| problem.path[3..].join(".")).collect();
    assert_eq!(
        paths,
        [
            "a.host",
            "b.organization",
            "c.validateLocationsExist",
            "d.filters.repository",
            "d.filters.visibility",
            "e.app"
        ],
        "{problems:?}"
    );
}
