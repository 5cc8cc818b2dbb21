//! Bitbucket Cloud against a fake that follows developer.atlassian.com/cloud/bitbucket/rest (groups Source, Refs,
//! Commits, Repositories, Search) and .../rest/intro (pages, OAuth).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use stagedoor_hosts::{HostError, Hosts, Priority, ProviderEvent, Providers};
use stagedoor_outbound::AllowList;

use crate::bitbucket_fake::{Answer, Asked, Fake, hosts};

const HEAD: &str = "1111111111111111111111111111111111111111";

fn config(host: &str, credential: &Value) -> Value {
    let mut entry = json!({ "host": host, "apiBaseUrl": format!("http://{host}/2.0") });
    entry.as_object_mut().unwrap().extend(credential.as_object().unwrap().clone());
    json!({ "bitbucketCloud": [entry] })
}

fn found(found: &[stagedoor_hosts::Found]) -> Vec<(String, String, bool)> {
    let mut all: Vec<_> = found
        .iter()
        .map(|f| (f.url.clone(), String::from_utf8(f.body.to_vec()).unwrap(), f.unchanged))
        .collect();
    all.sort();
    all
}

/// One repository, in which a branch has a slash in its name.
fn repository(asked: &Asked, next: &str) -> Answer {
    let base = "/2.0/repositories/acme/web";
    match asked.path.strip_prefix(base).unwrap_or("elsewhere") {
        "" => Answer::json(&json!({ "mainbranch": { "name": "main" } })),
        "/refs" if asked.value("q") == "name = \"rel/1\"" => {
            Answer::json(&json!({ "values": [{ "name": "rel/1", "target": { "hash": HEAD } }] }))
        }
        "/refs" => Answer::json(&json!({ "values": [] })),
        "/commits/main" => Answer::json(&json!({ "values": [{ "hash": HEAD }], "next": "not followed" })),
        "/src/main/a%20b.yaml" => Answer::text("main").tagged(asked, "\"m1\""),
        path => match path.strip_prefix(&format!("/src/{HEAD}/")).unwrap_or("elsewhere") {
            "" if asked.value("page").is_empty() => {
                assert_eq!(asked.value("max_depth"), "10");
                Answer::json(&json!({ "next": next, "values": [
                    { "type": "commit_directory", "path": "a" },
                    { "type": "commit_file", "path": "a/catalog-info.yaml" },
                    { "type": "commit_directory", "path": "a/deep" },
                ] }))
            }
            "" => {
                Answer::json(&json!({ "values": [{ "type": "commit_file", "path": "catalog-info.yaml" }] }))
            }
            "a/deep/" => Answer::json(&json!({ "values": [
                { "type": "commit_file", "path": "a/deep/catalog-info.yaml" },
                { "type": "commit_file", "path": "a/deep/other.yaml" },
            ] })),
            file if file.ends_with(".yaml") => Answer::text(file).tagged(asked, &format!("\"{file}\"")),
            _ => Answer::status(404),
        },
    }
}

#[tokio::test]
async fn reads_a_file_of_a_branch() {
    let fake = Fake::start(|asked| repository(asked, "")).await;
    let hosts = hosts(&config(&fake.host, &json!({ "username": "ada", "appPassword": "s3cret" })));
    let url = format!("https://{}/acme/web/src/main/a%20b.yaml", fake.host);
    let first = hosts.read(&url, Priority::Poll).await.unwrap();
    assert_eq!(found(&first), [(url.clone(), "main".into(), false)]);
    assert_eq!(fake.asked()[0].header("authorization"), "Basic YWRhOnMzY3JldA==");
    let again = hosts.read(&url, Priority::Poll).await.unwrap();
    assert_eq!(found(&again), [(url, "main".into(), true)]);
    assert_eq!(fake.asked()[0].header("if-none-match"), "\"m1\"");
    let budget = &hosts.budgets()[0];
    assert_eq!((budget.sent, budget.unchanged), (2, 1));
    for (name, end) in [("rel%2F1", "catalog-info.yaml"), ("HEAD", "a/catalog-info.yaml")] {
        let url = format!("https://{}/acme/web/src/{name}/{end}", fake.host);
        assert_eq!(hosts.read(&url, Priority::Poll).await.unwrap()[0].body, end, "{name}");
    }
    let url = format!("https://{}/acme/web/src/rel%2F2/catalog-info.yaml", fake.host);
    let gone = hosts.read(&url, Priority::Poll).await.unwrap_err();
    assert!(matches!(&gone, HostError::NotFound(text) if text.contains("\"rel/2\"")), "{gone}");
}

#[tokio::test]
async fn lists_every_page_and_every_depth() {
    let fake = Fake::start(|asked| {
        let host = asked.header("host");
        repository(asked, &format!("http://{host}/2.0/repositories/acme/web/src/{HEAD}/?max_depth=10&page=2"))
    })
    .await;
    let hosts = hosts(&config(&fake.host, &json!({ "token": "s3cret" })));
    for name in ["main", "rel%2F1"] {
        let base = format!("https://{}/acme/web/src/{name}", fake.host);
        let read = hosts.read(&format!("{base}/**/catalog-info.yaml"), Priority::Poll).await;
        // Of `main` the fake has only listings, so what was listed is gone.
        let wanted = ["a/catalog-info.yaml", "a/deep/catalog-info.yaml", "catalog-info.yaml"];
        let want: Vec<_> =
            wanted.iter().map(|path| (format!("{base}/{path}"), (*path).to_owned(), false)).collect();
        assert_eq!(found(&read.unwrap()), if name == "main" { Vec::new() } else { want });
    }
    assert!(fake.asked().iter().all(|asked| asked.header("authorization") == "Bearer s3cret"));
    let base = format!("https://{}/acme/web/src/rel%2F1", fake.host);
    let again = hosts.read(&format!("{base}/**/catalog-info.yaml"), Priority::Poll).await.unwrap();
    assert!(again.len() == 3 && again.iter().all(|found| found.unchanged));
    assert_eq!(fake.paths(), ["GET /2.0/repositories/acme/web/refs"], "one look at the branch is all");
}

#[tokio::test]
async fn a_tree_too_large_for_one_answer_is_walked() {
    let fake = Fake::start(|asked| {
        let listed = |values: Value| Answer::json(&json!({ "values": values }));
        match (asked.path.rsplit_once(HEAD).map_or("elsewhere", |(_, path)| path), asked.value("max_depth")) {
            ("/", "10") => Answer::status(555),
            ("/", "1") => listed(json!([{ "type": "commit_directory", "path": "a" }])),
            ("/a/", "10") => listed(json!([{ "type": "commit_file", "path": "a/catalog-info.yaml" }])),
            ("/a/catalog-info.yaml", _) => Answer::text("x"),
            _ => Answer::status(404),
        }
    })
    .await;
    let hosts = hosts(&config(&fake.host, &json!({ "token": "s3cret" })));
    let target = format!("https://{}/acme/web/src/{HEAD}/**/catalog-info.yaml", fake.host);
    assert_eq!(hosts.read(&target, Priority::Poll).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_credential_stays_where_it_belongs() {
    let other = Fake::start(|_| Answer::json(&json!({ "values": [] }))).await;
    for next in [format!("http://{}/2.0/x", other.host), "https://127.0.0.1/2.0/x".to_owned(), "x".to_owned()]
    {
        let fake = Fake::start(move |asked| repository(asked, &next)).await;
        let hosts = hosts(&config(&fake.host, &json!({ "token": "s3cret" })));
        let url = format!("https://{}/acme/web/src/main/**/catalog-info.yaml", fake.host);
        let error = hosts.read(&url, Priority::Poll).await.unwrap_err();
        assert!(
            matches!(&error, HostError::Unreachable(text) if text.contains("outside its API")),
            "{error}"
        );
    }
    assert_eq!(other.paths(), [""; 0]);
    // Names that would lead to another endpoint of the API are no names.
    let fake = Fake::start(|_| Answer::text("secret")).await;
    let hosts = hosts(&config(&fake.host, &json!({ "token": "s3cret" })));
    for path in [
        "acme/web/src/main/..%2f..%2fuser",
        "acme/web/src/..%2f..%2fx/y",
        "acme%2Fx/web/src/main/y",
        "acme/web/z/main/y",
    ] {
        let url = format!("https://{}/{path}", fake.host);
        let error = hosts.read(&url, Priority::Poll).await.unwrap_err();
        assert!(matches!(error, HostError::NotFound(_)), "{path}: {error}");
    }
    assert_eq!(fake.paths(), [""; 0]);
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_again_when_it_is_refused() {
    let refusals = AtomicUsize::new(1);
    let fake = Fake::start(move |asked| {
        if asked.path == "/site/oauth2/access_token" {
            assert_eq!(asked.header("authorization"), "Basic a2V5OnMzY3JldA==");
            assert_eq!(
                (asked.method.as_str(), asked.body.as_str()),
                ("POST", "grant_type=client_credentials")
            );
            return Answer::json(&json!({ "access_token": "granted", "expires_in": 7200 }));
        }
        assert_eq!(asked.header("authorization"), "Bearer granted");
        let refuse = asked.path.ends_with("/c.yaml") && refusals.swap(0, Ordering::SeqCst) == 1;
        if refuse { Answer::status(401) } else { Answer::text("ok") }
    })
    .await;
    let hosts = hosts(&config(&fake.host, &json!({ "clientId": "key", "clientSecret": "s3cret" })));
    let url = |name: &str| format!("https://{}/acme/web/src/main/{name}.yaml", fake.host);
    for name in ["a", "b"] {
        hosts.read(&url(name), Priority::Poll).await.unwrap();
    }
    assert_eq!(fake.paths().len(), 3);
    let refused = hosts.read(&url("c"), Priority::Poll).await.unwrap_err();
    assert!(matches!(refused, HostError::Denied(_)), "{refused}");
    hosts.read(&url("c"), Priority::Poll).await.unwrap();
    assert_eq!(fake.paths().len(), 3, "refused, a new token, read");
}

#[tokio::test]
async fn little_is_left_for_schedules_near_the_limit() {
    let fake = Fake::start(|_| {
        Answer::text("x").with("x-ratelimit-limit", 1000).with("x-ratelimit-nearlimit", "true")
    })
    .await;
    let hosts = hosts(&config(&fake.host, &json!({ "token": "s3cret" })));
    let url = format!("https://{}/acme/web/src/main/a.yaml", fake.host);
    hosts.read(&url, Priority::Poll).await.unwrap();
    assert!(matches!(hosts.read(&url, Priority::Poll).await, Err(HostError::Exhausted { .. })));
    hosts.read(&url, Priority::Person).await.unwrap();
}

#[test]
fn the_configuration_is_checked() {
    let problems = |entry: Value| {
        let (_, problems) = Hosts::new(Some(&json!({ "bitbucketCloud": [entry] })), AllowList::default());
        problems.into_iter().map(|p| (p.path.join("."), p.message)).collect::<Vec<_>>()
    };
    for (entry, place) in [
        (json!({}), "integrations.bitbucketCloud.0"),
        (json!({ "username": "ada" }), "integrations.bitbucketCloud.0"),
        (json!({ "appPassword": "x" }), "integrations.bitbucketCloud.0"),
        (json!({ "clientId": "x" }), "integrations.bitbucketCloud.0"),
        (json!({ "host": "https://x/", "token": "x" }), "integrations.bitbucketCloud.0.host"),
        (json!({ "apiBaseUrl": "x", "token": "x" }), "integrations.bitbucketCloud.0.apiBaseUrl"),
    ] {
        let found = problems(entry.clone());
        assert!(found.len() == 1 && found[0].0 == place, "{entry}: {found:?}");
    }
    assert_eq!(problems(json!({ "username": "ada", "token": "x", "commitSigningKey": "y" })), []);
}

fn search(asked: &Asked, host: &str) -> Answer {
    let hit = |slug: &str, project: &str, path: &str, matches: Value| {
        json!({ "path_matches": matches, "file": { "path": path, "commit": { "repository": {
            "slug": slug, "project": { "key": project }, "mainbranch": { "name": "rel/1" },
            "links": { "html": { "href": format!("https://{host}/acme/{slug}") } },
        } } } })
    };
    match (asked.path.as_str(), asked.value("page")) {
        ("/2.0/workspaces/acme/projects", _) => {
            Answer::json(&json!({ "values": [{ "key": "ONE" }, { "key": "TWO" }, { "key": "ONETWO" }] }))
        }
        ("/2.0/workspaces/acme/search/code", "") => {
            assert_eq!(
                asked.value("search_query"),
                "\"catalog-info.yaml\" path:/catalog-info.yaml project:ONE"
            );
            let next = format!("http://{host}/2.0/workspaces/acme/search/code?page=2");
            Answer::json(&json!({ "next": next, "values": [
                hit("web", "ONE", "catalog-info.yaml", json!([{ "text": "catalog-info.yaml" }])),
                hit("named-only", "ONE", "readme.md", json!([])),
            ] }))
        }
        ("/2.0/workspaces/acme/search/code", _) => Answer::json(&json!({ "values": [
            hit("web-old", "ONE", "catalog-info.yaml", json!([{}])),
            hit("web", "ONE", "catalog-info.yaml", json!([{}])),
        ] })),
        _ => Answer::status(404),
    }
}

fn provider(integrations: &Value, entry: Value) -> (Hosts, Providers) {
    let hosts = hosts(integrations);
    let (providers, problems) = Providers::new(Some(&json!({ "bitbucketCloud": entry })), &hosts);
    assert_eq!(problems, []);
    (hosts, providers)
}

#[tokio::test]
async fn a_workspace_is_searched() {
    let fake = Fake::start(|asked| search(asked, asked.header("host"))).await;
    let entry =
        json!({ "mine": { "workspace": "acme", "filters": { "projectKey": "ONE", "repoSlug": "web" } } });
    let (hosts, providers) = provider(&config(&fake.host, &json!({ "token": "s3cret" })), entry);
    let provider = &providers.0[0];
    assert_eq!((provider.id(), provider.kind()), ("bitbucketCloud-provider:mine", "bitbucketCloud"));
    let push = |repository: &str, paths: Option<&str>| ProviderEvent::Push {
        host: fake.host.clone(),
        repository: repository.to_owned(),
        branch: "main".to_owned(),
        paths: paths.map(|path| vec![path.to_owned()]),
    };
    assert!(provider.concerns(&push("acme/web", None)));
    assert!(provider.concerns(&push("acme/web", Some("catalog-info.yaml"))));
    assert!(!provider.concerns(&push("acme/web", Some("readme.md"))));
    assert!(!provider.concerns(&push("acme/other", None)) && !provider.concerns(&push("other/web", None)));
    let owner = "acme".to_owned();
    assert!(
        provider.concerns(&ProviderEvent::Repositories { host: fake.host.clone(), owner: owner.clone() })
    );
    assert!(!provider.concerns(&ProviderEvent::Repositories { host: "bitbucket.org".into(), owner }));

    let found = provider.discover(&hosts, Priority::Poll).await.unwrap();
    assert_eq!(found.missed, None);
    let target = format!("https://{}/acme/web/src/rel%2F1/catalog-info.yaml", fake.host);
    let targets: Vec<&str> =
        found.found.iter().filter_map(|f| f.document["spec"]["target"].as_str()).collect();
    assert_eq!(targets, [target.as_str()]);
    let annotations = &found.found[0].document["metadata"]["annotations"];
    assert_eq!(annotations["bitbucket.org/repo-url"], format!("https://{}/acme/web", fake.host));
    assert_eq!(annotations["backstage.io/managed-by-location"], format!("url:{target}"));
}

#[tokio::test]
async fn a_push_costs_a_look_at_its_repository() {
    let there = Arc::new(AtomicBool::new(true));
    let is_there = Arc::clone(&there);
    let fake = Fake::start(move |asked| {
        let host = asked.header("host");
        match asked.path.as_str() {
            "/2.0/repositories/acme/new" => Answer::json(&json!({
                "slug": "new", "project": { "key": "ONE" }, "mainbranch": { "name": "main" },
                "links": { "html": { "href": format!("https://{host}/acme/new") } },
            })),
            "/2.0/repositories/acme/new/src/main/catalog-info.yaml" if is_there.load(Ordering::SeqCst) => {
                Answer::text("x")
            }
            _ => search(asked, host),
        }
    })
    .await;
    let entry = json!({ "workspace": "acme", "filters": { "projectKey": "ONE" } });
    let (hosts, providers) = provider(&config(&fake.host, &json!({ "token": "s3cret" })), entry);
    let provider = &providers.0[0];
    let push = |slug: &str| ProviderEvent::Push {
        host: fake.host.clone(),
        repository: format!("acme/{slug}"),
        branch: "main".to_owned(),
        paths: None,
    };
    assert_eq!(provider.discover(&hosts, Priority::Poll).await.unwrap().found.len(), 2);
    assert!(!provider.concerns(&push("web")), "its file is known and read by itself");
    fake.asked();
    assert!(provider.concerns(&push("new")) && provider.concerns(&push("gone")));
    assert_eq!(provider.discover(&hosts, Priority::Webhook).await.unwrap().found.len(), 3);
    assert_eq!(fake.paths().len(), 3, "two looks at the new one, one at what is not there");
    assert!(!provider.concerns(&push("new")));
    // A rename may touch anything.
    let owner = "acme".to_owned();
    assert!(provider.concerns(&ProviderEvent::Repositories { host: fake.host.clone(), owner }));
    assert_eq!(provider.discover(&hosts, Priority::Webhook).await.unwrap().found.len(), 3);
    assert!(
        fake.paths().iter().any(|path| path.ends_with("/search/code")),
        "which does not know the new one yet"
    );
    there.store(false, Ordering::SeqCst);
    assert_eq!(provider.discover(&hosts, Priority::Poll).await.unwrap().found.len(), 2);
    assert!(provider.concerns(&push("new")));
}

#[tokio::test]
async fn without_a_search_every_repository_is_looked_at() {
    let fake = Fake::start(|asked| match asked.path.as_str() {
        "/2.0/repositories/acme" => Answer::json(&json!({ "values": [
            { "slug": "web", "mainbranch": { "name": "main" } }, { "slug": "api", "mainbranch": null },
        ] })),
        _ => Answer::status(404),
    })
    .await;
    let entry = json!({ "workspace": "acme", "catalogPath": "/docs/info.yaml" });
    let (hosts, providers) = provider(&config(&fake.host, &json!({ "token": "s3cret" })), entry);
    assert_eq!(providers.0[0].id(), "bitbucketCloud-provider:default");
    let found = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap();
    let spec: Vec<Value> = found.found.iter().map(|f| f.document["spec"].clone()).collect();
    let of = |end: &str| json!({ "type": "url", "target": format!("https://{}/acme/{end}", fake.host), "presence": "optional" });
    assert_eq!(spec, [of("web/src/main/docs/info.yaml"), of("api/src/master/docs/info.yaml")]);
}

#[tokio::test]
async fn a_workspace_that_is_not_there_is_no_empty_one() {
    let fake = Fake::start(|_| Answer::status(404)).await;
    let (hosts, providers) =
        provider(&config(&fake.host, &json!({ "token": "x" })), json!({ "workspace": "acme" }));
    let gone = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap_err();
    assert!(matches!(gone, HostError::NotFound(_)), "{gone}");
    let fake = Fake::start(|asked| search(asked, asked.header("host")).cut()).await;
    let (hosts, providers) =
        provider(&config(&fake.host, &json!({ "token": "x" })), json!({ "workspace": "acme" }));
    let half = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap_err();
    assert!(matches!(half, HostError::Unreachable(_)), "{half}");
}
