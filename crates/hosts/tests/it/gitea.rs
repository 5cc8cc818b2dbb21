//! Gitea as a code host and as a provider, over a fake of its API (docs.gitea.com/api/1.24: raw, contents, branches,
//! tags, git/trees, orgs/repos).

use serde_json::{Value, json};
use stagedoor_hosts::{Discovery, Found, HostError, Hosts, Priority, ProviderEvent, Providers};
use stagedoor_outbound::AllowList;

use crate::answering::{Answer, Answering, Asked, Meaning};

const REPO: &str = "/git/api/v1/repos/acme/web/";

/// Below a path; lets in who has the token, or the password `p` of `u`.
async fn gitea() -> Answering {
    Answering::start(|asked| match asked.header("authorization") {
        "token secret" | "Basic dTpw" => usual(asked),
        _ => Answer::status(401),
    })
    .await
}

fn usual(asked: &Asked) -> Answer {
    let Some(path) = asked.path.strip_prefix(REPO) else { return organization(asked) };
    let known = matches!(
        asked.query("ref"),
        "main" | "feature/x" | "v1" | "c0ffee0000000000000000000000000000000000"
    );
    match path {
        "branches/main" => Answer::json(&json!({ "name": "main", "commit": { "id": "c0ffee" } })),
        "branches/feature/x" => Answer::json(&json!({ "name": "feature/x", "commit": { "id": "f00d" } })),
        "tags/v1" => Answer::json(&json!({ "name": "v1", "commit": { "sha": "0001" } })),
        "raw/catalog-info.yaml" | "raw/docs/a%20b.yaml" if known => {
            Answer::text(format!("kind: API # {}", asked.query("ref"))).tagged("\"blob\"", asked)
        }
        "contents/catalog-info.yaml" if asked.query("ref") == "main" => {
            Answer::json(&json!({ "type": "file" }))
        }
        "git/trees/c0ffee" => tree(asked),
        _ => Answer::not_found(),
    }
}

/// Two pages, the first of which says that it is cut.
fn tree(asked: &Asked) -> Answer {
    let item = |sha: &str, kind: &str, mode: &str, path: &str| json!({ "sha": sha, "type": kind, "mode": mode, "path": path });
    let first = [item("t", "tree", "040000", "docs"), item("b0", "blob", "100644", "catalog-info.yaml")];
    let second =
        [item("b1", "blob", "100644", "docs/a b.yaml"), item("b2", "blob", "120000", "docs/link.yaml")];
    let page = if asked.query("page") == "1" { &first } else { &second };
    let truncated = asked.query("page") == "1";
    Answer::json(
        &json!({ "sha": "c0ffee", "tree": page, "truncated": truncated, "page": 1, "total_count": 4 }),
    )
}

fn organization(asked: &Asked) -> Answer {
    let repo = |name: &str, empty: bool| json!({ "full_name": format!("acme/{name}"), "name": name, "empty": empty, "default_branch": "main" });
    match asked.path.as_str() {
        "/git/api/v1/orgs/acme/repos" => match asked.query("page") {
            "1" => Answer::json(&json!([repo("web", false), repo("void", true)])),
            "2" => Answer::json(&json!([repo("bare", false)])),
            _ => Answer::json(&json!([])),
        },
        "/git/api/v1/orgs/none/repos" => Answer::json(&json!([])),
        _ => Answer::not_found(),
    }
}

fn hosts(fake: &Answering, credential: &Value) -> Hosts {
    let mut entry = json!({ "host": fake.host, "baseUrl": format!("http://{}/git/", fake.host) });
    entry.as_object_mut().unwrap().extend(credential.as_object().unwrap().clone());
    let (hosts, problems) = Hosts::new(Some(&json!({ "gitea": [entry] })), AllowList::default());
    assert_eq!(problems, []);
    hosts
}

async fn started() -> (Answering, Hosts, String) {
    let fake = gitea().await;
    let hosts = hosts(&fake, &json!({ "password": "secret" }));
    let web = format!("http://{}/git/acme/web", fake.host);
    (fake, hosts, web)
}

async fn read(hosts: &Hosts, target: &str) -> Result<Vec<Found>, HostError> {
    hosts.read(target, Priority::Person).await
}

#[tokio::test]
async fn a_file_is_read_by_every_form_of_its_address() {
    let (fake, hosts, web) = started().await;
    let commit = "c0ffee0000000000000000000000000000000000";
    for (form, reference) in [
        ("src/branch/main", "main"),
        ("src/main", "main"),
        ("raw/branch/main", "main"),
        ("_edit/main", "main"),
        ("src/tag/v1", "v1"),
        ("src/branch/feature/x", "feature/x"),
        (&format!("src/commit/{commit}"), commit),
        (&format!("src/{commit}"), commit),
    ] {
        let found = read(&hosts, &format!("{web}/{form}/catalog-info.yaml")).await.unwrap();
        assert_eq!(found[0].body, format!("kind: API # {reference}"), "{form}");
    }
    fake.asked();
    let again = read(&hosts, &format!("{web}/src/branch/main/catalog-info.yaml")).await.unwrap();
    assert!(again[0].unchanged && fake.asked()[0].header("if-none-match") == "\"blob\"");
    let basic = self::hosts(&fake, &json!({ "username": "u", "password": "p" }));
    assert!(read(&basic, &format!("{web}/src/branch/main/catalog-info.yaml")).await.is_ok());
}

#[tokio::test]
async fn a_pattern_reads_the_whole_tree_or_nothing() {
    let (fake, hosts, web) = started().await;
    let target = format!("{web}/src/branch/main/docs/*.yaml");
    let found = read(&hosts, &target).await.unwrap();
    let urls: Vec<&str> = found.iter().map(|found| found.url.as_str()).collect();
    assert_eq!(urls, [format!("{web}/src/branch/main/docs/a%20b.yaml")]);
    fake.asked();
    assert!(read(&hosts, &target).await.unwrap()[0].unchanged);
    assert_eq!(fake.paths(), [format!("{REPO}branches/main")], "the branch has not moved");

    let missing = read(&hosts, &format!("{web}/src/branch/main/none/*.yaml")).await.unwrap_err();
    assert!(matches!(missing, HostError::NotFound(_)), "{missing}");
    let whole = json!({ "tree": [], "truncated": false, "total_count": 3 });
    for broken in [
        Answer::json(&json!({ "tree": [], "truncated": true })),
        Answer::json(&whole),
        Answer::json(&whole).halved(),
        Answer::json(&json!([])),
        Answer::status(500),
    ] {
        let (fake, hosts, web) = started().await;
        fake.fault("git/trees", broken.clone());
        let error = read(&hosts, &format!("{web}/src/branch/main/**/*.yaml")).await.unwrap_err();
        assert!(matches!(error, HostError::Unreachable(_)), "{broken:?}: {error}");
    }
}

#[tokio::test]
async fn every_failure_says_what_it_means() {
    let (fake, hosts, web) = started().await;
    let target = format!("{web}/src/branch/main/catalog-info.yaml");
    let cases: [(Answer, Meaning); 4] = [
        (Answer::status(403), |e| matches!(e, HostError::Denied(_))),
        (Answer::status(500), |e| matches!(e, HostError::Unreachable(_))),
        (Answer::text("kind: API").cut(), |e| matches!(e, HostError::Unreachable(_))),
        (Answer::status(429), |e| matches!(e, HostError::Exhausted { .. })),
    ];
    for (answer, is_right) in cases {
        fake.fault("raw/", answer.clone());
        let error = read(&hosts, &target).await.unwrap_err();
        assert!(is_right(&error) && !error.to_string().contains("secret"), "{answer:?}: {error:?}");
        fake.heal();
    }
    let fake = gitea().await;
    let (open, bad) = (self::hosts(&fake, &json!({})), format!("http://{}/git/acme/web", fake.host));
    let denied = read(&open, &format!("{bad}/src/branch/main/catalog-info.yaml")).await.unwrap_err();
    assert!(matches!(denied, HostError::Denied(_)), "{denied}");
    fake.asked();
    for target in ["src/branch/main/..%2f..%2f..%2fuser", "src/branch/main", "issues/1", ""] {
        let error = read(&open, &format!("{bad}/{target}")).await.unwrap_err();
        assert!(matches!(error, HostError::NotFound(_)), "{target}: {error}");
    }
    assert_eq!(fake.paths(), [""; 0]);
}

fn providers(hosts: &Hosts, entries: &Value) -> Providers {
    let (providers, problems) = Providers::new(Some(&json!({ "gitea": entries })), hosts);
    assert_eq!(problems, []);
    providers
}

#[tokio::test]
async fn the_repositories_of_an_organization_that_have_the_file() {
    let (fake, hosts, web) = started().await;
    let made = providers(&hosts, &json!({ "a": { "host": fake.host, "organization": "acme" } }));
    let provider = &made.0[0];
    assert_eq!(provider.id(), "gitea-provider:a");
    let push = ProviderEvent::Push {
        host: fake.host.clone(),
        repository: "acme/web".into(),
        branch: "main".into(),
        paths: None,
    };
    assert!(provider.concerns(&push));
    let discovery = provider.discover(&hosts, Priority::Poll).await.unwrap();
    let spec = &discovery.found[0].document["spec"];
    let target = format!("{web}/src/branch/main/catalog-info.yaml");
    assert_eq!((discovery.found.len(), spec), (1, &json!({ "type": "url", "target": target })));
    assert!(!provider.concerns(&push), "known now");
    fake.fault("web/contents", Answer::status(500));
    let discovery = provider.discover(&hosts, Priority::Poll).await.unwrap();
    assert!(discovery.found.is_empty() && discovery.missed.is_some(), "{discovery:?}");
    fake.fault("orgs/acme", Answer::text("[]").halved());
    assert!(provider.discover(&hosts, Priority::Poll).await.is_err());
    let none = providers(&hosts, &json!({ "a": { "host": fake.host, "organization": "none" } }));
    assert_eq!(none.0[0].discover(&hosts, Priority::Poll).await.unwrap(), Discovery::default());
    let gone = providers(&hosts, &json!({ "a": { "host": fake.host, "organization": "gone" } }));
    let error = gone.0[0].discover(&hosts, Priority::Poll).await.unwrap_err();
    assert!(matches!(error, HostError::NotFound(_)), "{error}");
}

#[tokio::test]
async fn what_is_wrong_in_the_configuration_is_told_with_its_place() {
    let (fake, hosts, _) = started().await;
    let entries = json!({ "a": { "host": "x" }, "b": { "host": fake.host }, "c": { "organization": "o" } });
    let (made, problems) = Providers::new(Some(&json!({ "gitea": entries })), &hosts);
    let places: Vec<String> = problems.iter().map(|problem| problem.path[3..].join(".")).collect();
    assert_eq!(places, ["a.host", "a.organization", "b.organization", "c.host"]);
    assert!(made.0.is_empty());
}
