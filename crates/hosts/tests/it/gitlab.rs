//! GitLab as a code host.

use serde_json::json;
use stagedoor_hosts::{Found, HostError, Hosts, Priority};
use stagedoor_outbound::AllowList;
use url::Url;

use crate::answering::{Answer, Answering, Meaning};
use crate::gitlab_fake::{CATALOG, TOKEN, gitlab, over};

async fn read(hosts: &Hosts, target: &str) -> Result<Vec<Found>, HostError> {
    hosts.read(target, Priority::Person).await
}

async fn started(prefix: &'static str) -> (Answering, Hosts, String) {
    let fake = gitlab(prefix).await;
    let (hosts, _, problems) = over(&fake, prefix, &json!({}));
    assert_eq!(problems, []);
    let web = format!("http://{}{prefix}/acme/platform/web", fake.host);
    (fake, hosts, web)
}

#[tokio::test]
async fn a_file_is_read_by_every_form_of_its_address() {
    for prefix in ["", "/git/lab"] {
        let (fake, hosts, web) = started(prefix).await;
        for form in ["-/blob", "-/raw", "-/tree", "-/edit", "blob", "raw"] {
            let found =
                read(&hosts, &format!("{web}/{form}/main/catalog-info.yaml?ref_type=heads")).await.unwrap();
            assert_eq!(found[0].body, format!("{CATALOG} # main"), "{form}");
            let asked = fake.asked();
            let path = "projects/acme%2Fplatform%2Fweb/repository/files/catalog-info.yaml/raw";
            assert_eq!(asked[0].path, format!("{prefix}/api/v4/{path}"));
            assert_eq!((asked.len(), asked[0].query("ref")), (1, "main"), "{form}");
        }
    }
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let (fake, hosts, web) = started("").await;
    let target = format!("{web}/-/blob/main/catalog-info.yaml");
    assert!(!read(&hosts, &target).await.unwrap()[0].unchanged);
    let again = &read(&hosts, &target).await.unwrap()[0];
    assert!(again.unchanged && again.body == format!("{CATALOG} # main"));
    assert_eq!(fake.asked()[1].header("if-none-match"), "W/\"blob\"");
    let budget = &hosts.budgets()[0];
    assert_eq!((budget.limit, budget.sent, budget.unchanged), (Some(2000), 2, 1));
}

#[tokio::test]
async fn a_branch_may_have_a_slash() {
    let (fake, hosts, web) = started("").await;
    let target = format!("{web}/-/blob/feature/x/catalog-info.yaml");
    assert_eq!(read(&hosts, &target).await.unwrap()[0].body, format!("{CATALOG} # feature/x"));
    assert_eq!(fake.asked().len(), 4, "the file, two names for a branch, the file");
    read(&hosts, &target).await.unwrap();
    assert_eq!(fake.asked().len(), 1, "the second time it is known");
    let none = read(&hosts, &format!("{web}/-/blob/main/services/catalog-info.yaml")).await.unwrap_err();
    assert!(matches!(none, HostError::NotFound(_)), "{none}");
    assert_eq!(fake.asked().len(), 2, "main is a branch, so the file is not there");
    let none = read(&hosts, &format!("{web}/-/blob/no/such/branch/c.yaml")).await.unwrap_err();
    assert!(matches!(none, HostError::NotFound(_)), "{none}");
}

#[tokio::test]
async fn a_pattern_reads_what_changed_in_a_listing_of_many_pages() {
    let (fake, hosts, web) = started("").await;
    let target = format!("{web}/-/blob/main/services/**/catalog-info.yaml");
    let found = read(&hosts, &target).await.unwrap();
    let urls: Vec<&str> = found.iter().map(|found| found.url.as_str()).collect();
    let file = |name: &str| format!("{web}/-/blob/main/services/{name}/catalog-info.yaml");
    assert_eq!(urls, [file("a"), file("b%20%231")]);
    let asked = fake.asked();
    let pages: Vec<&str> =
        asked.iter().filter(|a| a.path.ends_with("/tree")).map(|a| a.query("page")).collect();
    assert_eq!(pages, ["", "2"]);
    assert!(asked.iter().all(|a| a.path.starts_with("/api/v4/") && !a.path.contains("link")));
    assert!(asked.iter().filter(|a| a.path.ends_with("/tree")).all(|a| a.query("ref").len() == 6));
    // The commit is the same, and so are the blobs.
    let again = read(&hosts, &target).await.unwrap();
    assert!(again.len() == 2 && again.iter().all(|found| found.unchanged));
    assert_eq!(fake.paths(), ["/api/v4/projects/acme%2Fplatform%2Fweb/repository/commits/main"]);
}

#[tokio::test]
async fn half_a_listing_is_no_listing() {
    let (fake, hosts, web) = started("").await;
    let target = format!("{web}/-/blob/main/**/catalog-info.yaml");
    let whole = Answer::json(&json!([{ "type": "blob", "path": "catalog-info.yaml", "id": "b0" }]));
    for broken in [
        whole.clone().halved(),
        whole.clone().cut(),
        Answer::status(500),
        Answer::json(&json!({ "message": "no list" })),
        whole.with(
            "link",
            "<https://h/?ref=c0ffee&path=&recursive=true&pagination=keyset&per_page=100>; rel=\"next\"",
        ),
    ] {
        fake.fault("/tree", broken.clone());
        let error = read(&hosts, &target).await.unwrap_err();
        assert!(matches!(error, HostError::Unreachable(_)), "{broken:?}: {error}");
        fake.heal();
    }
    assert_eq!(read(&hosts, &target).await.unwrap().len(), 3);
}

#[tokio::test]
async fn every_failure_says_what_it_means() {
    let (fake, hosts, web) = started("").await;
    let target = format!("{web}/-/blob/main/catalog-info.yaml");
    let cases: [(Answer, Meaning); 7] = [
        (Answer::status(401), |e| matches!(e, HostError::Denied(_))),
        (Answer::status(403), |e| matches!(e, HostError::Denied(_))),
        (Answer::not_found(), |e| matches!(e, HostError::NotFound(_))),
        (Answer::status(500), |e| matches!(e, HostError::Unreachable(_))),
        (Answer::status(502), |e| matches!(e, HostError::Unreachable(_))),
        (Answer::text("kind: Component").cut(), |e| matches!(e, HostError::Unreachable(_))),
        (Answer::status(429).with("retry-after", "50"), |e| matches!(e, HostError::Exhausted { .. })),
    ];
    for (answer, is_right) in cases {
        fake.fault("/raw", answer.clone());
        let error = read(&hosts, &target).await.unwrap_err();
        assert!(is_right(&error), "{answer:?}: {error:?}");
        assert!(!error.to_string().contains(TOKEN), "{error}");
        fake.heal();
    }
    fake.asked();
    let held = read(&hosts, &target).await.unwrap_err();
    assert!(matches!(held, HostError::Exhausted { .. }) && fake.asked().is_empty(), "nothing is sent before");
    assert!(hosts.budgets()[0].blocked_until.is_some());
}

#[tokio::test]
async fn an_address_leads_to_no_other_endpoint() {
    let (fake, hosts, web) = started("/git").await;
    // CVE-2026-29185: an encoded slash in the address of a file.
    for bad in [
        format!("{web}/-/blob/main/..%2f..%2f..%2f..%2fuser/catalog-info.yaml"),
        format!("{web}/..%2f..%2fgroups/-/blob/main/catalog-info.yaml"),
        format!("{web}/-/blob/main/a%5c..%5cb.yaml"),
        format!("{web}/-/blob/"),
        format!("{web}/catalog-info.yaml"),
    ] {
        let error = read(&hosts, &bad).await.unwrap_err();
        assert!(matches!(error, HostError::NotFound(_)), "{bad}: {error}");
    }
    assert_eq!(fake.paths(), [""; 0]);
    // What lies beside its path belongs to somebody else, who gets no credential.
    let beside = Url::parse(&format!("http://{}/other/a/-/blob/main/c.yaml", fake.host)).unwrap();
    assert_eq!((hosts.of(&beside).kind(), hosts.of(&Url::parse(&web).unwrap()).kind()), ("url", "gitlab"));
}

#[test]
fn gitlab_com_needs_no_configuration() {
    let (hosts, problems) = Hosts::new(None, AllowList::default());
    let url = Url::parse("https://gitlab.com/gitlab-org/gitlab/-/blob/master/a.yaml").unwrap();
    assert_eq!((hosts.of(&url).kind(), problems), ("gitlab", vec![]));
    let wrong =
        json!({ "gitlab": [{ "token": "t" }, { "host": "https://h" }, { "host": "h", "apiBaseUrl": "x" }] });
    let (_, problems) = Hosts::new(Some(&wrong), AllowList::default());
    let places: Vec<String> = problems.iter().map(|problem| problem.path[1..].join(".")).collect();
    assert_eq!(places, ["gitlab.0.host", "gitlab.1.host", "gitlab.2.apiBaseUrl"]);
}
