//! Gerrit as a code host and as a provider, over a fake of its REST API (gerrit-review.googlesource.com,
//! rest-api-projects) and of Gitiles' JSON.

use serde_json::{Value, json};
use stagedoor_hosts::{Discovery, Found, HostError, Hosts, Priority, Providers};
use stagedoor_outbound::AllowList;

use crate::answering::{Answer, Answering, Asked, Meaning};

const COMMIT: &str = "c0ffee0000000000000000000000000000000000";

async fn gerrit() -> Answering {
    Answering::start(|asked| match (asked.header("authorization"), asked.path.strip_prefix("/r/a/")) {
        ("Basic dTpw", Some(path)) => usual(asked, path),
        ("", _) => Answer::text("<html>Sign in</html>"),
        _ => Answer::status(401),
    })
    .await
}

/// Gerrit's JSON, which no script can read.
fn guarded(value: &Value) -> Answer {
    Answer::text(format!(")]}}'\n{value}"))
}

fn usual(asked: &Asked, path: &str) -> Answer {
    let file = |name: &str| Answer::text(name).with("x-fyi-content-encoding", "base64");
    let tree = format!("plugins/gitiles/tools/web/+/{COMMIT}/");
    match path {
        "projects/" => projects(asked),
        "projects/tools%2Fweb/HEAD" | "projects/tools%2Fcli/HEAD" => guarded(&json!("refs/heads/main")),
        "projects/tools%2Fweb/branches/main" => {
            guarded(&json!({ "ref": "refs/heads/main", "revision": COMMIT }))
        }
        "projects/tools%2Fweb/branches/feature%2Fx" => guarded(&json!({ "revision": "f00d" })),
        "projects/tools%2Fweb/tags/v1" => guarded(&json!({ "revision": "7a9", "object": COMMIT })),
        // "kind: System" and "kind: Domain"
        "projects/tools%2Fweb/branches/main/files/catalog-info.yaml/content" => file("a2luZDogU3lzdGVt"),
        "projects/tools%2Fweb/branches/main/files/docs%2Fa%20b.yaml/content" => file("a2luZDogRG9tYWlu\n"),
        "projects/tools%2Fweb/branches/feature%2Fx/files/catalog-info.yaml/content" => {
            file("a2luZDogRG9tYWlu")
        }
        _ if path == format!("projects/tools%2Fweb/commits/{COMMIT}/files/catalog-info.yaml/content") => {
            file("a2luZDogU3lzdGVt")
        }
        _ if path == tree || path == format!("{tree}docs/") => listing(path.ends_with("docs/")),
        _ => Answer::status(404),
    }
}

fn listing(docs: bool) -> Answer {
    let item =
        |id: &str, mode: u64, name: &str| json!({ "mode": mode, "type": "blob", "id": id, "name": name });
    let entries = if docs {
        vec![item("b1", 33188, "a b.yaml")]
    } else {
        vec![
            item("b0", 33188, "catalog-info.yaml"),
            item("b1", 33188, "docs/a b.yaml"),
            item("b2", 40960, "link.yaml"),
        ]
    };
    guarded(&json!({ "id": "7ree", "entries": entries }))
}

/// One at a time, as a server with a limit does.
fn projects(asked: &Asked) -> Answer {
    match (asked.query("prefix"), asked.query("S")) {
        ("tools", "") => guarded(&json!({ "tools/cli": { "id": "tools%2Fcli", "_more_projects": true } })),
        ("tools", "1") => guarded(&json!({ "tools/web": { "id": "tools%2Fweb" } })),
        _ => guarded(&json!({})),
    }
}

fn hosts(fake: &Answering, more: &Value) -> Hosts {
    let base = format!("http://{}/r", fake.host);
    let mut entry =
        json!({ "host": fake.host, "baseUrl": base, "gitilesBaseUrl": format!("{base}/plugins/gitiles") });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (hosts, problems) = Hosts::new(Some(&json!({ "gerrit": [entry] })), AllowList::default());
    assert_eq!(problems, []);
    hosts
}

async fn started() -> (Answering, Hosts, String) {
    let fake = gerrit().await;
    let hosts = hosts(&fake, &json!({ "username": "u", "password": "p" }));
    let web = format!("http://{}/r/plugins/gitiles/tools/web/+", fake.host);
    (fake, hosts, web)
}

async fn read(hosts: &Hosts, target: &str) -> Result<Vec<Found>, HostError> {
    hosts.read(target, Priority::Person).await
}

#[tokio::test]
async fn a_file_is_read_by_every_form_of_its_address() {
    let (fake, hosts, web) = started().await;
    for (form, content) in [
        ("refs/heads/main", "kind: System"),
        ("main", "kind: System"),
        ("HEAD", "kind: System"),
        ("refs/tags/v1", "kind: System"),
        (COMMIT, "kind: System"),
        ("refs/heads/feature/x", "kind: Domain"),
    ] {
        let found = read(&hosts, &format!("{web}/{form}/catalog-info.yaml")).await.unwrap();
        assert_eq!(found[0].body, content, "{form}");
    }
    let signed_in = web.replace("/r/plugins", "/a/r/plugins");
    assert!(read(&hosts, &format!("{signed_in}/main/catalog-info.yaml")).await.is_ok());
    assert!(fake.paths().iter().all(|path| path.starts_with("/r/a/projects/")));
    for none in
        ["refs/heads/main/none.yaml", "refs/heads/none/catalog-info.yaml", "refs/tags/v2/catalog-info.yaml"]
    {
        let error = read(&hosts, &format!("{web}/{none}")).await.unwrap_err();
        assert!(matches!(error, HostError::NotFound(_)), "{none}: {error}");
    }
}

#[tokio::test]
async fn a_pattern_is_looked_up_in_gitiles() {
    let (fake, hosts, web) = started().await;
    let target = format!("{web}/refs/heads/main/**/*.yaml");
    let found = read(&hosts, &target).await.unwrap();
    let urls: Vec<String> = found.iter().map(|found| found.url.replace(&web, "")).collect();
    assert_eq!(urls, ["/refs/heads/main/catalog-info.yaml", "/refs/heads/main/docs/a%20b.yaml"]);
    let listing = fake.asked().into_iter().find(|asked| asked.path.contains("gitiles")).unwrap();
    assert_eq!((listing.query("format"), listing.query("recursive")), ("JSON", "1"));
    assert!(read(&hosts, &target).await.unwrap().iter().all(|found| found.unchanged));
    assert_eq!(fake.paths(), ["/r/a/projects/tools%2Fweb/branches/main"], "the branch has not moved");
    let docs = read(&hosts, &format!("{web}/main/docs/*.yaml")).await.unwrap();
    assert_eq!((docs.len(), &docs[0].body[..]), (1, &b"kind: Domain"[..]));
    for broken in [Answer::text("<html>"), guarded(&json!({})), guarded(&json!({ "entries": [] })).halved()] {
        let (fake, hosts, web) = started().await;
        fake.fault("gitiles", broken.clone());
        let error = read(&hosts, &format!("{web}/main/**/*.yaml")).await.unwrap_err();
        assert!(matches!(error, HostError::Unreachable(_)), "{broken:?}: {error}");
    }
}

#[tokio::test]
async fn every_failure_says_what_it_means() {
    let (fake, hosts, web) = started().await;
    let target = format!("{web}/refs/heads/main/catalog-info.yaml");
    let cases: [(Answer, Meaning); 6] = [
        (Answer::status(401), |e| matches!(e, HostError::Denied(_))),
        (Answer::status(500), |e| matches!(e, HostError::Unreachable(_))),
        (Answer::text("a2luZDogU3lzdGVt").cut(), |e| matches!(e, HostError::Unreachable(_))),
        (Answer::text("a2luZDogU3lzdGV"), |e| matches!(e, HostError::Unreachable(_))),
        (Answer::text("<html>"), |e| matches!(e, HostError::Unreachable(_))),
        (Answer::status(429).with("retry-after", "9"), |e| matches!(e, HostError::Exhausted { .. })),
    ];
    for (answer, is_right) in cases {
        fake.fault("content", answer.clone());
        let error = read(&hosts, &target).await.unwrap_err();
        assert!(is_right(&error) && !error.to_string().contains("dTpw"), "{answer:?}: {error:?}");
        fake.heal();
    }
    let (fake, hosts, web) = started().await;
    for bad in ["main/..%2f..%2faccounts", "refs/changes/1/1/a.yaml", "refs/heads/main", ""] {
        let error = read(&hosts, &format!("{web}/{bad}")).await.unwrap_err();
        assert!(matches!(error, HostError::NotFound(_)), "{bad}: {error}");
    }
    assert_eq!(fake.paths(), [""; 0]);
}

/// Gitiles on a host of its own is asked without Gerrit's password.
#[tokio::test]
async fn the_password_is_for_gerrit_only() {
    let fake = gerrit().await;
    let other = Answering::start(|asked| match asked.path.as_str() {
        _ if !asked.header("authorization").is_empty() => Answer::status(400),
        "/tools/web/+/c0ffee0000000000000000000000000000000000/" => listing(false),
        _ => Answer::not_found(),
    })
    .await;
    let gitiles = format!("http://{}", other.host);
    let hosts = hosts(&fake, &json!({ "username": "u", "password": "p", "gitilesBaseUrl": gitiles }));
    assert_eq!(read(&hosts, &format!("{gitiles}/tools/web/+/main/*.yaml")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_projects_of_a_query() {
    let (fake, hosts, web) = started().await;
    let made = |entry: Value| {
        let (providers, problems) = Providers::new(Some(&json!({ "gerrit": { "a": entry } })), &hosts);
        assert_eq!(problems, []);
        providers
    };
    let all =
        made(json!({ "host": fake.host, "query": "state=ACTIVE&prefix=tools", "catalogPath": "**/c*.yaml" }));
    let provider = &all.0[0];
    assert_eq!(provider.id(), "gerrit-provider:a");
    let targets = |discovery: &Discovery| {
        let target = |document: &Value| document["spec"]["target"].as_str().unwrap().to_owned();
        let mut targets: Vec<String> = discovery.found.iter().map(|found| target(&found.document)).collect();
        targets.sort();
        targets
    };
    let target = format!("{web}/refs/heads/main/**/c*.yaml");
    let discovery = provider.discover(&hosts, Priority::Poll).await.unwrap();
    assert_eq!(targets(&discovery), [target.replace("tools/web", "tools/cli"), target.clone()]);
    assert_eq!(read(&hosts, &target).await.unwrap().len(), 1, "and it can be read");
    fake.fault("web/HEAD", Answer::status(500));
    assert!(provider.discover(&hosts, Priority::Poll).await.unwrap().missed.is_some());
    fake.fault("/projects/", Answer::text("<html>Sign in</html>"));
    assert!(provider.discover(&hosts, Priority::Poll).await.is_err());
    fake.heal();
    let branch = made(json!({ "host": fake.host, "query": "prefix=tools&n=1", "branch": "b" }));
    let discovery = branch.0[0].discover(&hosts, Priority::Poll).await.unwrap();
    assert_eq!(discovery.found.len(), 1, "the query has its own limit");
    let none = made(json!({ "host": fake.host, "query": "prefix=none" }));
    assert_eq!(none.0[0].discover(&hosts, Priority::Poll).await.unwrap(), Discovery::default());
}
