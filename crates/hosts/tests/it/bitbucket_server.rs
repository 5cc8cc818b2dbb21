//! Bitbucket Data Center against a fake that follows developer.atlassian.com/server/bitbucket/rest/v819 (groups
//! Repository, Project) and its pages on paging and rate limiting.

use serde_json::{Value, json};
use stagedoor_hosts::{HostError, Hosts, Priority, ProviderEvent, Providers};
use stagedoor_outbound::AllowList;

use crate::bitbucket_fake::{Answer, Asked, Fake, hosts};

fn config(host: &str, credential: &Value) -> Value {
    let mut entry = json!({ "host": host, "apiBaseUrl": format!("http://{host}/rest/api/1.0") });
    entry.as_object_mut().unwrap().extend(credential.as_object().unwrap().clone());
    json!({ "bitbucketServer": [entry] })
}

/// A list in pages of two, as the server cuts them whatever it is asked for.
fn paged(asked: &Asked, values: &[Value]) -> Answer {
    let start: usize = asked.value("start").parse().unwrap_or(0);
    let end = (start + 2).min(values.len());
    let mut page = json!({
        "size": end - start, "limit": 2, "start": start, "values": values[start..end], "isLastPage": end == values.len(),
    });
    if end < values.len() {
        page["nextPageStart"] = json!(end);
    }
    Answer::json(&page)
}

fn repository(asked: &Asked) -> Answer {
    let path = asked.path.strip_prefix("/rest/api/1.0/projects/").unwrap_or("elsewhere");
    match path.split_once("/repos/web").unwrap_or(("", "")) {
        ("TEAM" | "~ada", "/raw/a%20b/info.yaml") => {
            Answer::text(asked.value("at")).tagged(asked, &format!("\"{}\"", asked.value("at")))
        }
        ("TEAM", "/commits") => {
            assert_eq!((asked.value("until"), asked.value("limit")), ("refs/heads/main", "1"));
            Answer::json(&json!({ "values": [{ "id": "c1" }], "isLastPage": false, "nextPageStart": 1 }))
        }
        ("TEAM", "/files/svc") => {
            assert_eq!(asked.value("at"), "c1");
            paged(
                asked,
                &["a/info.yaml", "b/info.yaml", "readme.md", "c/d/info.yaml", "x.yaml"].map(Value::from),
            )
        }
        ("TEAM", path) if path.starts_with("/raw/svc/") => {
            assert_eq!(asked.value("at"), "refs/heads/main");
            Answer::text(path)
        }
        _ => Answer::status(404),
    }
}

#[tokio::test]
async fn reads_the_addresses_of_its_pages() {
    let fake = Fake::start(repository).await;
    let hosts = hosts(&config(&fake.host, &json!({ "token": "s3cret" })));
    for (page, at) in [
        ("projects/TEAM/repos/web/browse/a%20b/info.yaml?at=refs%2Fheads%2Fmain", "refs/heads/main"),
        ("projects/TEAM/repos/web/raw/a%20b/info.yaml?at=v1", "v1"),
        ("context/projects/TEAM/repos/web/browse/a%20b/info.yaml", ""),
        ("users/ada/repos/web/browse/a%20b/info.yaml", ""),
    ] {
        let url = format!("https://{}/{page}", fake.host);
        assert_eq!(hosts.read(&url, Priority::Poll).await.unwrap()[0].body, at, "{page}");
        assert!(hosts.read(&url, Priority::Poll).await.unwrap()[0].unchanged, "{page}");
        assert!(fake.asked().iter().all(|asked| asked.header("authorization") == "Bearer s3cret"));
    }
    for page in
        ["projects/TEAM/repos/web", "projects/TEAM", "scm/team/web.git", "projects/..%2f/repos/web/browse/x"]
    {
        let error = hosts.read(&format!("https://{}/{page}", fake.host), Priority::Poll).await.unwrap_err();
        assert!(matches!(error, HostError::NotFound(_)), "{page}: {error}");
    }
    assert_eq!(fake.paths(), [""; 0]);
}

#[tokio::test]
async fn lists_every_page() {
    let fake = Fake::start(repository).await;
    let hosts = hosts(&config(&fake.host, &json!({ "username": "ada", "password": "s3cret" })));
    let target = format!(
        "https://{}/projects/TEAM/repos/web/browse/svc/**/info.yaml?at=refs%2Fheads%2Fmain",
        fake.host
    );
    let found = hosts.read(&target, Priority::Poll).await.unwrap();
    let mut bodies: Vec<_> =
        found.iter().map(|found| String::from_utf8(found.body.to_vec()).unwrap()).collect();
    bodies.sort();
    assert_eq!(bodies, ["/raw/svc/a/info.yaml", "/raw/svc/b/info.yaml", "/raw/svc/c/d/info.yaml"]);
    let url = format!(
        "https://{}/projects/TEAM/repos/web/browse/svc/a/info.yaml?at=refs%2Fheads%2Fmain",
        fake.host
    );
    assert!(found.iter().any(|found| found.url == url));
    assert_eq!(fake.asked()[0].header("authorization"), "Basic YWRhOnMzY3JldA==");
    let again = hosts.read(&target, Priority::Poll).await.unwrap();
    assert!(again.len() == 3 && again.iter().all(|found| found.unchanged));
    assert_eq!(fake.paths(), ["GET /rest/api/1.0/projects/TEAM/repos/web/commits"]);
}

#[tokio::test]
async fn half_a_list_is_no_list() {
    for page in [
        json!({ "values": ["info.yaml"] }),
        json!({ "values": ["info.yaml"], "isLastPage": false }),
        json!({ "values": ["info.yaml"], "isLastPage": false, "nextPageStart": 0 }),
        json!({ "isLastPage": true }),
    ] {
        let shown = page.to_string();
        let fake = Fake::start(move |asked| {
            let is_list = asked.path.ends_with("/files/svc");
            if is_list { Answer::json(&page) } else { repository(asked) }
        })
        .await;
        let hosts = hosts(&config(&fake.host, &json!({})));
        let target =
            format!("https://{}/projects/TEAM/repos/web/browse/svc/*.yaml?at=refs%2Fheads%2Fmain", fake.host);
        let error = hosts.read(&target, Priority::Poll).await.unwrap_err();
        assert!(matches!(error, HostError::Unreachable(_)), "{shown}: {error}");
        assert_eq!(fake.asked()[0].header("authorization"), "");
    }
}

#[tokio::test]
async fn a_bucket_of_requests_fills_again() {
    let fake = Fake::start(|_| {
        Answer::text("x")
            .with("x-ratelimit-limit", 60)
            .with("x-ratelimit-remaining", 3)
            .with("x-ratelimit-fillrate", 5)
    })
    .await;
    let hosts = hosts(&config(&fake.host, &json!({ "token": "s3cret" })));
    let url = format!("https://{}/projects/TEAM/repos/web/raw/x.yaml", fake.host);
    hosts.read(&url, Priority::Webhook).await.unwrap();
    let error = hosts.read(&url, Priority::Poll).await.unwrap_err();
    let HostError::Exhausted { until, .. } = error else { panic!("{error}") };
    assert!((57..=60).contains(&(until - crate::bitbucket_fake::now())), "it is asked again after a minute");
    hosts.read(&url, Priority::Person).await.unwrap();
}

#[test]
fn the_configuration_is_checked() {
    for (entry, place) in [
        (json!({ "token": "x" }), "integrations.bitbucketServer.0.host"),
        (json!({ "host": "git.example.com", "username": "x" }), "integrations.bitbucketServer.0"),
        (json!({ "host": "git.example.com", "token": ["x"] }), "integrations.bitbucketServer.0.token"),
    ] {
        let (_, problems) = Hosts::new(Some(&json!({ "bitbucketServer": [entry] })), AllowList::default());
        assert!(problems.len() == 1 && problems[0].path.join(".") == place, "{entry}: {problems:?}");
    }
    let (hosts, _) = Hosts::new(None, AllowList::default());
    let (_, problems) = Providers::new(
        Some(&json!({ "bitbucketServer": { "a": { "host": "x.example.com" }, "b": { "filters": {} } } })),
        &hosts,
    );
    let places: Vec<String> = problems.iter().map(|problem| problem.path.join(".")).collect();
    let at = "catalog.providers.bitbucketServer";
    assert_eq!(places, [format!("{at}.a.host"), format!("{at}.b.host")]);
}

fn installation(asked: &Asked) -> Answer {
    let host = asked.header("host").to_owned();
    let repository = |key: &str, slug: &str, archived: bool| {
        let href = format!("https://{host}/projects/{key}/repos/{slug}/browse");
        json!({ "slug": slug, "archived": archived, "links": { "self": [{ "href": href }] }, "defaultBranch": "main" })
    };
    match asked.path.strip_prefix("/rest/api/1.0/projects").unwrap_or("elsewhere") {
        "" => paged(asked, &["ONE", "TWO", "SHUT"].map(|key| json!({ "key": key }))),
        "/ONE/repos" => {
            paged(asked, &["web", "api", "old"].map(|slug| repository("ONE", slug, slug == "old")))
        }
        "/TWO/repos" => paged(asked, &[repository("TWO", "none", false)]),
        "/SHUT/repos" => Answer::status(401),
        path if path.ends_with("/raw/catalog-info.yaml") && !path.contains("none") => Answer::text("x"),
        _ => Answer::status(404),
    }
}

async fn targets(fake: &Fake, more: Value) -> (Vec<String>, Option<String>) {
    let hosts = hosts(&config(&fake.host, &json!({ "token": "s3cret" })));
    let mut entry = json!({ "host": fake.host, "schedule": { "frequency": "PT30M", "timeout": "PT3M" } });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (providers, problems) = Providers::new(Some(&json!({ "bitbucketServer": entry })), &hosts);
    assert_eq!((problems, providers.0[0].id()), (vec![], "bitbucketServer-provider:default"));
    let found = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap();
    let target =
        |found: &stagedoor_hosts::Discovered| found.document["spec"]["target"].as_str().unwrap().to_owned();
    (found.found.iter().map(target).collect(), found.missed)
}

#[tokio::test]
async fn every_repository_may_have_the_file() {
    let fake = Fake::start(installation).await;
    let page = |end: &str| format!("https://{}/projects/{end}/browse/catalog-info.yaml", fake.host);
    let (found, missed) = targets(&fake, json!({})).await;
    let all = ["ONE/repos/web", "ONE/repos/api", "ONE/repos/old", "TWO/repos/none"].map(page);
    assert_eq!(found, all);
    assert!(missed.is_some_and(|why| why.contains("/projects/SHUT/repos")), "what is shut counts as missed");
    let filters = json!({ "projectKey": "^(ONE|TWO)$", "repoSlug": "^[wno]", "skipArchivedRepos": true });
    let (found, missed) =
        targets(&fake, json!({ "filters": filters, "catalogPath": "catalog-info.yaml" })).await;
    assert_eq!((found, missed), (vec![all[0].clone(), all[3].clone()], None));
    let filters = json!({ "projectKey": "ONE|TWO" });
    let (found, _) = targets(&fake, json!({ "filters": filters, "validateLocationsExist": true })).await;
    assert_eq!(found, all[..3]);
}

#[tokio::test]
async fn a_push_costs_a_look_at_its_repository() {
    let fake = Fake::start(|asked| match asked.path.as_str() {
        "/rest/api/1.0/projects/ONE/repos/new" => {
            let href = format!("https://{}/projects/ONE/repos/new/browse", asked.header("host"));
            Answer::json(&json!({ "slug": "new", "links": { "self": [{ "href": href }] } }))
        }
        _ => installation(asked),
    })
    .await;
    let hosts = hosts(&config(&fake.host, &json!({ "token": "s3cret" })));
    let entry = json!({ "host": fake.host, "filters": { "projectKey": "ONE" } });
    let (providers, _) = Providers::new(Some(&json!({ "bitbucketServer": entry })), &hosts);
    let push = |repository: &str| ProviderEvent::Push {
        host: fake.host.clone(),
        repository: format!("projects/ONE/repos/{repository}"),
        branch: "main".to_owned(),
        paths: None,
    };
    assert_eq!(providers.0[0].discover(&hosts, Priority::Poll).await.unwrap().found.len(), 3);
    assert!(!providers.0[0].concerns(&push("web")), "its file is known and read by itself");
    fake.asked();
    assert!(providers.0[0].concerns(&push("new")));
    assert_eq!(providers.0[0].discover(&hosts, Priority::Webhook).await.unwrap().found.len(), 4);
    assert_eq!(fake.paths(), ["GET /rest/api/1.0/projects/ONE/repos/new"]);
}

#[tokio::test]
async fn pushes_concern_it() {
    let hosts = hosts(&config("git.example.com", &json!({})));
    let entry = json!({ "host": "git.example.com", "filters": { "projectKey": "ONE" } });
    let (providers, _) = Providers::new(Some(&json!({ "bitbucketServer": entry })), &hosts);
    let push = |host: &str, repository: &str| ProviderEvent::Push {
        host: host.to_owned(),
        repository: repository.to_owned(),
        branch: "main".to_owned(),
        paths: None,
    };
    let concerns = |host, repository| providers.0[0].concerns(&push(host, repository));
    assert!(concerns("git.example.com", "ONE/web") && concerns("git.example.com", "projects/ONE/repos/web"));
    assert!(!concerns("git.example.com", "TWO/web") && !concerns("other.example.com", "ONE/web"));
}
