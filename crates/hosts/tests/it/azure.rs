//! Azure DevOps against a fake that follows learn.microsoft.com/rest/api/azure/devops (Git: Items, Commits,
//! Repositories; Search: Code Search Results), its page on rate limits, and Entra ID's on client credentials.

use serde_json::{Value, json};
use stagedoor_hosts::{HostError, Hosts, Priority, ProviderEvent, Providers};
use stagedoor_outbound::AllowList;

use crate::bitbucket_fake::{Answer, Asked, Fake, hosts};

fn config(host: &str, more: &Value) -> Value {
    let mut entry = json!({ "host": host, "apiBaseUrl": format!("http://{host}") });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "azure": [entry] })
}

fn token() -> Value {
    json!({ "credentials": [{ "personalAccessToken": "s3cret" }] })
}

fn repository(asked: &Asked) -> Answer {
    let version =
        |key: &str| (asked.value(&format!("{key}.version")), asked.value(&format!("{key}.versionType")));
    let path = asked.path.strip_prefix("/acme/shop%20one/_apis/git/repositories/web/").unwrap_or("elsewhere");
    match (path, asked.value("path"), asked.value("recursionLevel")) {
        ("items", path, "") if path.ends_with("info.yaml") => {
            let (name, kind) = version("versionDescriptor");
            Answer::text(format!("{path} {kind} {name}")).tagged(asked, &format!("\"{path}\""))
        }
        ("commits", ..) => {
            assert_eq!(version("searchCriteria.itemVersion"), ("main", "branch"));
            assert_eq!(asked.value("searchCriteria.$top"), "1");
            Answer::json(&json!({ "count": 1, "value": [{ "commitId": "c1" }] }))
        }
        ("items", "", "full") => {
            assert_eq!((asked.value("scopePath"), version("versionDescriptor")), ("/svc", ("c1", "commit")));
            let item = |kind: &str, id: &str, path: &str| json!({ "gitObjectType": kind, "objectId": id, "path": path });
            Answer::json(&json!({ "count": 5, "value": [
                { "gitObjectType": "tree", "objectId": "t", "path": "/svc", "isFolder": true },
                item("blob", "b1", "/svc/a b/info.yaml"), item("blob", "b2", "/svc/info.yaml"),
                item("commit", "m", "/svc/module/info.yaml"), item("blob", "b3", "/svc/readme.md"),
            ] }))
        }
        _ => Answer::status(404),
    }
}

#[tokio::test]
async fn reads_the_addresses_of_its_pages() {
    let fake = Fake::start(repository).await;
    let hosts = hosts(&config(&fake.host, &token()));
    for (end, want) in [
        ("path=/info.yaml&version=GBrel%2F1", "/info.yaml branch rel/1"),
        ("path=%2Fa%20b%2Finfo.yaml&version=GTv1&_a=contents", "/a b/info.yaml tag v1"),
        ("path=info.yaml&version=GC12ab", "/info.yaml commit 12ab"),
        ("path=/x/info.yaml", "/x/info.yaml  "),
    ] {
        let url = format!("https://{}/acme/shop%20one/_git/web?{end}", fake.host);
        assert_eq!(hosts.read(&url, Priority::Poll).await.unwrap()[0].body, want);
        assert!(hosts.read(&url, Priority::Poll).await.unwrap()[0].unchanged, "{end}");
    }
    let asked = &fake.asked()[0];
    assert_eq!((asked.header("authorization"), asked.value("api-version")), ("Basic OnMzY3JldA==", "6.0"));
    for end in ["path=/", "path=/../x", "path=/x&version=main", "x=1"] {
        let url = format!("https://{}/acme/shop%20one/_git/web?{end}", fake.host);
        let error = hosts.read(&url, Priority::Poll).await.unwrap_err();
        assert!(matches!(error, HostError::NotFound(_)), "{end}: {error}");
    }
    assert_eq!(fake.paths(), [""; 0]);
}

#[tokio::test]
async fn lists_a_whole_tree_once() {
    let fake = Fake::start(repository).await;
    let hosts = hosts(&config(&fake.host, &token()));
    let page = format!("https://{}/acme/shop%20one/_git/web", fake.host);
    let target = format!("{page}?path=/svc/**/info.yaml&version=GBmain");
    let mut found = hosts.read(&target, Priority::Poll).await.unwrap();
    found.sort_by(|a, b| a.url.cmp(&b.url));
    let urls: Vec<&str> = found.iter().map(|found| found.url.as_str()).collect();
    let want =
        ["svc/a%20b/info.yaml", "svc/info.yaml"].map(|path| format!("{page}?path=/{path}&version=GBmain"));
    assert_eq!(urls, want);
    assert_eq!(found[0].body, "/svc/a b/info.yaml branch main");
    fake.asked();
    assert!(hosts.read(&target, Priority::Poll).await.unwrap().iter().all(|found| found.unchanged));
    assert_eq!(fake.paths().len(), 1, "one look at the branch is all");
}

#[tokio::test]
async fn a_page_to_sign_in_is_no_file() {
    let other = Fake::start(|_| Answer::text("<html>sign in</html>")).await;
    let elsewhere = format!("http://{}/_signin", other.host);
    for answer in [
        Answer::status(203),
        Answer::status(302).with("location", elsewhere),
        Answer::status(302).with("location", "/_signin?x"),
    ] {
        let fake = Fake::start(move |asked| match asked.path.as_str() {
            "/_signin" => Answer::text("<html>sign in</html>"),
            _ => answer.clone(),
        })
        .await;
        let mut config = config(&fake.host, &token());
        config["azure"].as_array_mut().unwrap().push(json!({ "host": other.host }));
        let hosts = hosts(&config);
        let url = format!("https://{}/acme/p/_git/web?path=/info.yaml", fake.host);
        let error = hosts.read(&url, Priority::Poll).await.unwrap_err();
        assert!(matches!(&error, HostError::Denied(text) if text.contains("sign in")), "{error}");
    }
    assert!(other.asked().iter().all(|asked| asked.header("authorization").is_empty()));
}

#[tokio::test]
async fn half_a_tree_is_no_tree() {
    let fake = Fake::start(|asked| match asked.value("recursionLevel") {
        "full" => Answer::json(&json!({ "count": 2, "value": [{ "path": "/svc/info.yaml" }] })),
        _ => repository(asked),
    })
    .await;
    let hosts = hosts(&config(&fake.host, &token()));
    let target = format!("https://{}/acme/shop%20one/_git/web?path=/svc/*.yaml&version=GBmain", fake.host);
    let error = hosts.read(&target, Priority::Poll).await.unwrap_err();
    assert!(matches!(&error, HostError::Unreachable(text) if text.contains("half")), "{error}");
}

#[tokio::test]
async fn an_application_asks_for_a_token_of_its_tenant() {
    let fake = Fake::start(|asked| match asked.path.as_str() {
        "/tenant/oauth2/v2.0/token" => {
            let form: Vec<(String, String)> =
                url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
            let form: Vec<(&str, &str)> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            assert_eq!(
                form[..3],
                [("grant_type", "client_credentials"), ("client_id", "id"), ("client_secret", "s3cret")]
            );
            assert_eq!(form[3], ("scope", "499b84ac-1321-427f-aa17-267ca6975798/.default"));
            Answer::json(&json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "granted" }))
        }
        "/wrong/oauth2/v2.0/token" => Answer::status(400),
        _ => Answer::text(asked.header("authorization")),
    })
    .await;
    let application = |tenant: &str, organizations: Value| {
        json!({ "organizations": organizations, "tenantId": tenant, "clientId": "id", "clientSecret": "s3cret",
            "authority": format!("http://{}", fake.host) })
    };
    let credentials = json!([
        application("tenant", json!(["Acme"])), application("wrong", json!(["bad"])), { "personalAccessToken": "t" },
    ]);
    let hosts = hosts(&config(&fake.host, &json!({ "credentials": credentials })));
    let url = |owner: &str| format!("https://{}/{owner}/p/_git/web?path=/info.yaml", fake.host);
    for (owner, header) in [("acme", "Bearer granted"), ("ACME", "Bearer granted"), ("other", "Basic OnQ=")] {
        assert_eq!(hosts.read(&url(owner), Priority::Poll).await.unwrap()[0].body, header);
    }
    assert_eq!(fake.paths().iter().filter(|path| path.contains("token")).count(), 1);
    let refused = hosts.read(&url("bad"), Priority::Poll).await.unwrap_err();
    assert!(matches!(&refused, HostError::Denied(text) if !text.contains("s3cret")), "{refused}");
}

#[tokio::test]
async fn a_pause_that_an_answer_asks_for_is_kept() {
    let fake =
        Fake::start(|_| Answer::text("x").with("retry-after", 40).with("x-ratelimit-remaining", 0)).await;
    let hosts = hosts(&config(&fake.host, &token()));
    let url = format!("https://{}/acme/p/_git/web?path=/info.yaml", fake.host);
    assert_eq!(hosts.read(&url, Priority::Poll).await.unwrap()[0].body, "x");
    let error = hosts.read(&url, Priority::Person).await.unwrap_err();
    let HostError::Exhausted { until, .. } = error else { panic!("{error}") };
    assert!((38..=40).contains(&(until - crate::bitbucket_fake::now())));
}

#[test]
fn the_configuration_is_checked() {
    let problems = |entry: Value| {
        let (_, problems) = Hosts::new(Some(&json!({ "azure": [entry] })), AllowList::default());
        problems.into_iter().map(|p| format!("{}: {}", p.path.join("."), p.message)).collect::<Vec<_>>()
    };
    let both = json!({ "token": "x", "credentials": [{ "personalAccessToken": "y" }] });
    for (entry, place, word) in [
        (json!({ "credentials": [{ "clientId": "x" }] }), "credentials.0", "managed identities"),
        (json!({ "credentials": [{ "clientId": "x", "clientSecret": "y" }] }), "credentials.0", "tenantId"),
        (json!({ "credentials": [{ "organizations": ["a"] }] }), "credentials.0", "personalAccessToken"),
        (
            json!({ "credentials": [{ "personalAccessToken": "a" }, { "personalAccessToken": "b" }] }),
            "credentials",
            "two",
        ),
        (both, "credentials", "only one"),
    ] {
        let found = problems(entry);
        let start = format!("integrations.azure.0.{place}: ");
        assert!(
            found.iter().any(|problem| problem.starts_with(&start) && problem.contains(word)),
            "{found:?}"
        );
    }
    assert_eq!(problems(json!({ "token": "x" })), [""; 0]);
    assert_eq!(problems(json!({ "credential": { "personalAccessToken": "x" } })), [""; 0]);
}

fn organization(asked: &Asked) -> Answer {
    if asked.path != "/acme/_apis/search/codesearchresults" {
        return Answer::status(404);
    }
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["searchText"], "path:/info.yaml repo:web* proj:*");
    assert_eq!(body["filters"], json!({ "Branch": ["main"] }));
    let hit = |project: &str, name: &str| json!({ "path": "/info.yaml", "project": { "name": project }, "repository": { "name": name } });
    match body["$skip"].as_u64().unwrap() {
        0 => Answer::json(
            &json!({ "count": 3, "infoCode": 0, "results": [hit("shop one", "web"), hit("b", "web2")] }),
        ),
        2 => Answer::json(&json!({ "count": 3, "infoCode": 0, "results": [hit("shop one", "web")] })),
        _ => Answer::json(&json!({ "count": 3, "results": [] })),
    }
}

fn provider(fake: &Fake, project: &str) -> (Hosts, Providers) {
    let hosts = hosts(&config(&fake.host, &token()));
    let entry = json!({ "mine": {
        "host": fake.host, "organization": "acme", "project": project, "repository": "web*", "path": "/info.yaml",
        "branch": "main",
    } });
    let (providers, problems) = Providers::new(Some(&json!({ "azureDevOps": entry })), &hosts);
    assert_eq!((problems, providers.0[0].id()), (vec![], "AzureDevOpsEntityProvider:mine"));
    (hosts, providers)
}

fn targets(found: &stagedoor_hosts::Discovery) -> Vec<&str> {
    found.found.iter().map(|found| found.document["spec"]["target"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_organization_is_searched() {
    let fake = Fake::start(organization).await;
    let (hosts, providers) = provider(&fake, "*");
    let found = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap();
    let url = |end: &str| format!("https://{}/acme/{end}?path=/info.yaml&version=GBmain", fake.host);
    assert_eq!(targets(&found), [url("shop%20one/_git/web"), url("b/_git/web2")]);
    assert_eq!(found.missed, None);
    let push = |repository: &str, branch: &str| ProviderEvent::Push {
        host: fake.host.clone(),
        repository: repository.to_owned(),
        branch: branch.to_owned(),
        paths: None,
    };
    let concerns = |repository, branch| providers.0[0].concerns(&push(repository, branch));
    assert!(
        concerns("acme/shop/_git/web2", "main")
            && concerns("acme/shop/web", "main")
            && concerns("acme/_git/web", "main")
    );
    assert!(
        !concerns("acme/shop/api", "main")
            && !concerns("acme/shop/web", "dev")
            && !concerns("acme2/shop/web", "main")
    );
}

#[tokio::test]
async fn a_push_costs_a_look_at_its_repository() {
    let fake = Fake::start(|asked| match asked.path.as_str() {
        "/acme/Shop/_apis/git/repositories/web-New/items" => Answer::text("x"),
        _ => organization(asked),
    })
    .await;
    let (hosts, providers) = provider(&fake, "*");
    let provider = &providers.0[0];
    let push = |repository: &str| ProviderEvent::Push {
        host: fake.host.clone(),
        repository: repository.to_owned(),
        branch: "main".to_owned(),
        paths: None,
    };
    assert_eq!(provider.discover(&hosts, Priority::Poll).await.unwrap().found.len(), 2);
    assert!(!provider.concerns(&push("acme/shop%20one/_git/web")), "its file is known and read by itself");
    fake.asked();
    assert!(
        provider.concerns(&push("acme/Shop/_git/web-New"))
            && provider.concerns(&push("acme/Shop/_git/web-none"))
    );
    let found = provider.discover(&hosts, Priority::Webhook).await.unwrap();
    let url = format!("https://{}/acme/Shop/_git/web-New?path=/info.yaml&version=GBmain", fake.host);
    assert_eq!(targets(&found)[2..], [url]);
    assert_eq!(fake.paths().len(), 2);
}

#[tokio::test]
async fn older_addresses_are_the_same_organization() {
    let hosts = hosts(&json!({}));
    let entry = json!({ "a": { "organization": "acme", "project": "shop one" } });
    let (providers, problems) = Providers::new(Some(&json!({ "azureDevOps": entry })), &hosts);
    assert_eq!(problems, []);
    let concerns = |host: &str, repository: &str| {
        providers.0[0].concerns(&ProviderEvent::Push {
            host: host.to_owned(),
            repository: repository.to_owned(),
            branch: "main".to_owned(),
            paths: None,
        })
    };
    assert!(concerns("dev.azure.com", "acme/shop%20one/_git/web"));
    assert!(concerns("acme.visualstudio.com", "shop%20one/_git/web"));
    assert!(concerns("acme.visualstudio.com", "DefaultCollection/shop%20one/_git/web"));
    assert!(!concerns("other.visualstudio.com", "shop%20one/_git/web"));
    assert!(
        !concerns("dev.azure.com", "acme/shop/_git/web")
            && !concerns("dev.azure.com", "acme2/shop%20one/_git/web")
    );
    let url = "https://acme.visualstudio.com/shop%20one/_git/web?path=/x".parse().unwrap();
    assert_eq!((hosts.of(&url).kind(), hosts.of(&url).host()), ("azure", "dev.azure.com"));
}

#[tokio::test]
async fn what_the_search_does_not_know_yet_is_missed() {
    for (answer, word) in [
        (
            json!({ "count": 1, "infoCode": 1, "results": [{ "path": "/info.yaml", "project": { "name": "p" }, "repository": { "name": "web" } }] }),
            "prepared",
        ),
        (json!({ "count": 7, "results": [] }), "7 files"),
    ] {
        let fake = Fake::start(move |_| Answer::json(&answer)).await;
        let (hosts, providers) = provider(&fake, "p");
        let found = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap();
        assert!(found.missed.as_ref().is_some_and(|why| why.contains(word)), "{found:?}");
    }
    let fake = Fake::start(|_| Answer::json(&json!({ "results": [] }))).await;
    let (hosts, providers) = provider(&fake, "p");
    assert!(providers.0[0].discover(&hosts, Priority::Poll).await.is_err());
}

#[tokio::test]
async fn without_a_search_every_repository_is_looked_at() {
    let fake = Fake::start(|asked| {
        let repository = |name: &str, more: Value| {
            let mut all = json!({ "name": name, "project": { "name": "p" }, "defaultBranch": "refs/heads/main" });
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        match asked.path.as_str() {
            "/acme/p/_apis/git/repositories" => Answer::json(&json!({ "count": 4, "value": [
                repository("web", json!({})), repository("api", json!({})),
                repository("web-off", json!({ "isDisabled": true })), repository("web-new", json!({ "defaultBranch": null })),
            ] })),
            _ => Answer::status(404),
        }
    })
    .await;
    let (hosts, providers) = provider(&fake, "p");
    let found = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap();
    assert_eq!(
        targets(&found),
        [format!("https://{}/acme/p/_git/web?path=/info.yaml&version=GBmain", fake.host)]
    );
    assert_eq!(found.found[0].document["spec"]["presence"], "optional");
}
