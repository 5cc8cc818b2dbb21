//! Reading on a fake GitHub. The fake follows docs.github.com/rest: "Repository contents", "Git references", "Rate
//! limits for the REST API".

use serde_json::{Value, json};
use stagedoor_hosts::{HostError, Hosts, Priority};
use stagedoor_outbound::AllowList;

use crate::fake::{Fake, FakeReply};
use crate::github_trees::{blob, tree};

pub(crate) const TOKEN: &str = "ghp_not-a-real-token";

/// The hosts of a configuration with one GitHub, whose API is the fake.
pub(crate) fn hosts(fake: &Fake, more: &Value) -> Hosts {
    let mut entry = json!({ "host": fake.host, "apiBaseUrl": fake.url("/api/v3") });
    for (key, value) in more.as_object().unwrap() {
        entry[key] = value.clone();
    }
    let (hosts, problems) = Hosts::new(Some(&json!({ "github": [entry] })), AllowList::default());
    assert_eq!(problems, []);
    hosts
}

pub(crate) fn with_token(fake: &Fake) -> Hosts {
    hosts(fake, &json!({ "token": TOKEN }))
}

/// A file as the raw media type gives it.
pub(crate) fn raw(text: &str) -> FakeReply {
    FakeReply::ok(text.to_owned()).with("content-type", "application/vnd.github.v3.raw; charset=utf-8")
}

pub(crate) fn message(status: u16, text: &str) -> FakeReply {
    FakeReply::json(&json!({ "message": text, "documentation_url": "https://docs.github.com" }))
        .and_status(status)
}

async fn read(hosts: &Hosts, url: &str) -> Result<(String, bool), HostError> {
    let found = hosts.read(url, Priority::Poll).await?;
    assert_eq!(found.len(), 1);
    Ok((String::from_utf8(found[0].body.to_vec()).unwrap(), found[0].unchanged))
}

#[tokio::test]
async fn a_file_is_asked_for_once_and_then_whether_it_has_changed() {
    let fake = Fake::start(|request| {
        assert_eq!(request.header("authorization"), Some("Bearer ghp_not-a-real-token"));
        assert_eq!(request.header("accept"), Some("application/vnd.github.v3.raw"));
        let reply = match request.header("if-none-match") {
            Some("\"e1\"") => FakeReply::status(304),
            _ => raw("kind: Component").with("etag", "\"e1\""),
        };
        let left = if request.header("if-none-match").is_some() { 4999 } else { 4998 };
        reply
            .with("x-ratelimit-limit", 5000)
            .with("x-ratelimit-remaining", left)
            .with("x-ratelimit-reset", 9_999_999_999_u64)
    })
    .await;
    let hosts = with_token(&fake);
    for view in ["blob", "tree", "edit", "raw"] {
        let url = fake.url(&format!("/acme/shop/{view}/main/a%20b/catalog-info.yaml"));
        assert_eq!(read(&hosts, &url).await.unwrap(), ("kind: Component".to_owned(), false), "{view}");
        assert_eq!(fake.asked(), ["GET /api/v3/repos/acme/shop/contents/a%20b/catalog-info.yaml?ref=main"]);
        assert_eq!(read(&hosts, &url).await.unwrap(), ("kind: Component".to_owned(), true), "{view}");
        assert_eq!(fake.take()[0].header("if-none-match"), Some("\"e1\""));
    }
    let budgets = hosts.budgets();
    assert_eq!((budgets[0].host.as_str(), budgets[0].sent, budgets[0].unchanged), (fake.host.as_str(), 8, 4));
    assert_eq!((budgets[0].limit, budgets[0].remaining), (Some(5000), Some(4999)));
}

#[tokio::test]
async fn an_unchanged_file_costs_nothing() {
    let fake = Fake::start(|request| match request.header("if-none-match") {
        // GitHub leaves the headers of the limit out of some answers.
        Some(_) => FakeReply::status(304),
        None => {
            raw("x").with("etag", "\"e\"").with("x-ratelimit-limit", 60).with("x-ratelimit-remaining", 30)
        }
    })
    .await;
    let hosts = with_token(&fake);
    for _ in 0..5 {
        read(&hosts, &fake.url("/o/r/blob/main/c.yaml")).await.unwrap();
    }
    assert_eq!(hosts.budgets()[0].remaining, Some(30));
}

#[tokio::test]
async fn without_a_credential_the_raw_host_is_asked() {
    let fake = Fake::start(|request| {
        assert_eq!(request.header("authorization"), None);
        match request.path.as_str() {
            "/raw/o/r/feature/x/c.yaml" => FakeReply::ok("public"),
            _ => FakeReply::status(404),
        }
    })
    .await;
    let hosts = hosts(&fake, &json!({ "rawBaseUrl": fake.url("/raw") }));
    assert_eq!(read(&hosts, &fake.url("/o/r/blob/feature/x/c.yaml")).await.unwrap().0, "public");
    let missing = read(&hosts, &fake.url("/o/r/blob/main/c.yaml")).await.unwrap_err();
    assert!(
        matches!(&missing, HostError::NotFound(text) if text.contains("needs a credential")),
        "{missing}"
    );
    // Without a raw host the API answers strangers too.
    let fake = Fake::start(|_| raw("public")).await;
    let hosts = self::hosts(&fake, &json!({}));
    assert_eq!(read(&hosts, &fake.url("/o/r/blob/main/c.yaml")).await.unwrap().0, "public");
    assert_eq!(fake.take()[0].header("authorization"), None);
}

#[tokio::test]
async fn branches_may_have_slashes() {
    let fake = Fake::start(|request| {
        let refs = |names: &[&str]| {
            let list: Vec<Value> = names.iter().map(|name| json!({ "ref": name })).collect();
            FakeReply::json(&json!(list))
        };
        match (request.path.as_str(), request.parameter("ref").as_deref()) {
            ("/api/v3/repos/o/r/contents/c.yaml", Some("feature/x")) => raw("found"),
            ("/api/v3/repos/o/r/git/matching-refs/heads/feature/x", None) => {
                refs(&["refs/heads/feature/x", "refs/heads/feature/xyz"])
            }
            ("/api/v3/repos/o/r/git/matching-refs/tags/feature/x", None) => refs(&[]),
            ("/api/v3/repos/o/r/git/trees/feature%2Fx", None) => {
                tree(&[blob("c.yaml", "1"), blob("d/c.yaml", "2")], false)
            }
            _ => message(404, "Not Found"),
        }
    })
    .await;
    let hosts = with_token(&fake);
    let url = fake.url("/o/r/blob/feature/x/c.yaml");
    assert_eq!(read(&hosts, &url).await.unwrap().0, "found");
    assert_eq!(fake.take().len(), 4, "the first segment, both lists, the branch");
    assert_eq!(read(&hosts, &url).await.unwrap().0, "found");
    assert_eq!(fake.asked(), ["GET /api/v3/repos/o/r/contents/c.yaml?ref=feature%2Fx"], "remembered");
    assert!(matches!(read(&hosts, &fake.url("/o/r/blob/main/c.yaml")).await, Err(HostError::NotFound(_))));
    assert_eq!(fake.take().len(), 1, "no other reading is possible");
    let found =
        with_token(&fake).read(&fake.url("/o/r/blob/feature/x/*.yaml"), Priority::Poll).await.unwrap();
    assert_eq!(found.len(), 1, "a folder too");
}

#[tokio::test]
async fn every_refusal_has_its_meaning() {
    let fake = Fake::start(|request| match request.path.rsplit('/').next().unwrap() {
        "gone" => message(404, "Not Found"),
        "expired" => message(401, "Bad credentials"),
        "sso" => message(403, "Resource protected by organization SAML enforcement."),
        "broken" => FakeReply::status(500),
        "cut" => raw("kind: Component\nmetadata:").cut(),
        "folder" => FakeReply::json(&json!([{ "name": "x", "type": "file" }])),
        other => panic!("{other}"),
    })
    .await;
    let hosts = with_token(&fake);
    let error = async |name: &str| {
        let error = read(&hosts, &fake.url(&format!("/o/r/blob/main/{name}"))).await.unwrap_err();
        assert!(!error.to_string().contains(TOKEN), "{error}");
        error
    };
    let gone = error("gone").await;
    assert!(
        matches!(&gone, HostError::NotFound(text) if text.contains("may not be seen by the token of")),
        "{gone}"
    );
    let expired = error("expired").await;
    assert!(
        matches!(&expired, HostError::Denied(text) if text.contains("wrong or has expired")),
        "{expired}"
    );
    let sso = error("sso").await;
    assert!(matches!(&sso, HostError::Denied(text) if text.contains("SAML enforcement")), "{sso}");
    for name in ["broken", "cut"] {
        let error = error(name).await;
        assert!(matches!(error, HostError::Unreachable(_)), "{name}: {error}");
    }
    assert!(matches!(error("folder").await, HostError::NotFound(_)));
}

#[tokio::test]
async fn limits_are_kept_to() {
    type Case = (&'static str, fn() -> FakeReply, i64);
    let cases: [Case; 4] = [
        (
            "primary",
            || {
                limited(403, "API rate limit exceeded")
                    .with("x-ratelimit-remaining", 0)
                    .with("x-ratelimit-reset", soon(500))
            },
            500,
        ),
        (
            "secondary",
            || {
                limited(403, "You have exceeded a secondary rate limit.")
                    .with("x-ratelimit-remaining", 4000)
                    .with("x-ratelimit-reset", soon(3000))
            },
            60,
        ),
        ("told", || limited(403, "You have exceeded a secondary rate limit.").with("retry-after", 7), 7),
        ("429", || limited(429, "Too many requests"), 60),
    ];
    for (name, reply, wait) in cases {
        let fake = Fake::start(move |_| reply()).await;
        let hosts = with_token(&fake);
        let refused = read(&hosts, &fake.url("/o/r/blob/main/c.yaml")).await.unwrap_err();
        let HostError::Exhausted { until, .. } = refused else { panic!("{name}: {refused}") };
        assert!((until - soon(wait)).abs() <= 2, "{name}: {until}");
        assert!(matches!(
            hosts.read(&fake.url("/o/r/blob/main/d.yaml"), Priority::Person).await,
            Err(HostError::Exhausted { .. })
        ));
        assert_eq!(fake.take().len(), 1, "{name}: nothing more is sent");
        assert_eq!(hosts.budgets()[0].blocked_until, Some(until));
    }
}

fn limited(status: u16, text: &str) -> FakeReply {
    message(status, text)
}

fn soon(seconds: i64) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + seconds
}

/// CVE-2026-29185, CVE-2026-106560: what a URL names never leads a credential to another endpoint.
#[tokio::test]
async fn no_name_leads_elsewhere() {
    let fake = Fake::start(|request| panic!("{}", request.line())).await;
    let hosts = with_token(&fake);
    for path in [
        "/o/r/blob/main/..%2f..%2f..%2fuser",
        "/o/r/blob/main/%2e%2e%2f%2e%2e",
        "/o/r/blob/..%5c..%5c/x",
        "/..%2fo/r/blob/main/c.yaml",
        "/o/r%3Fx=1/blob/main/c.yaml",
        "/o/r%23/blob/main/c.yaml",
        "/o/r%0d%0ax/blob/main/c.yaml",
        "/o/r",
        "/o/r/releases/download/v1/c.yaml",
    ] {
        let answer = read(&hosts, &fake.url(path)).await;
        assert!(matches!(answer, Err(HostError::NotFound(_))), "{path}: {answer:?}");
    }
    assert_eq!(fake.take().len(), 0);
}

/// A redirect to another origin, as of a repository that moved away, does not take the credential along.
#[tokio::test]
async fn the_credential_stays_with_the_api() {
    let other = Fake::start(|_| raw("elsewhere")).await;
    let to = other.url("/x");
    let fake = Fake::start(move |_| FakeReply::status(302).with("location", &to)).await;
    let hosts = with_token(&fake);
    let answer = read(&hosts, &fake.url("/o/r/blob/main/c.yaml")).await;
    // The other origin is a private address that no configuration names.
    assert!(matches!(answer, Err(HostError::Unreachable(_))), "{answer:?}");
    assert_eq!(other.take().len(), 0);
}

#[test]
fn the_configuration_is_read_with_every_problem() {
    let of = |github: Value| Hosts::new(Some(&json!({ "github": github })), AllowList::default());
    let (hosts, problems) =
        of(json!([{ "host": "ghe.example.com", "token": "a" }, { "host": "GHE.example.com" }]));
    assert_eq!(problems, []);
    let github: Vec<_> = hosts.kinds().filter(|(_, kind)| *kind == "github").collect();
    assert_eq!(github, [("ghe.example.com", "github"), ("github.com", "github")]);
    let (hosts, _) = Hosts::new(None, AllowList::default());
    assert!(hosts.kinds().any(|known| known == ("github.com", "github")), "it needs no configuration");
    let (_, problems) = of(json!([
        { "host": "https://x" },
        { "token": {} },
        { "apiBaseUrl": "ftp://x" },
        { "apps": [{ "appId": 1, "privateKey": "nonsense" }, {}] },
        "text",
    ]));
    let paths: Vec<String> = problems.iter().map(|problem| problem.path.join(".")).collect();
    assert_eq!(
        paths,
        [
            "integrations.github.0.host",
            "integrations.github.1.token",
            "integrations.github.2.apiBaseUrl",
            "integrations.github.3.apps.0.privateKey",
            "integrations.github.3.apps.1.appId",
            "integrations.github.3.apps.1.privateKey",
            "integrations.github.4",
        ],
        "{problems:?}"
    );
}
