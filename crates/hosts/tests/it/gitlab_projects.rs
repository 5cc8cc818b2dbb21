//! GitLab's projects as Locations.

use serde_json::{Value, json};
use stagedoor_hosts::{ConfigProblem, Discovery, HostError, Hosts, Priority, ProviderEvent, Providers};

use crate::answering::{Answer, Answering};
use crate::gitlab_fake::{gitlab, over};

async fn discover(hosts: &Hosts, providers: &Providers) -> Result<Discovery, HostError> {
    providers.0[0].discover(hosts, Priority::Poll).await
}

/// What follows the host in the targets, in order.
fn targets(fake: &Answering, discovery: &Discovery) -> Vec<String> {
    let host = format!("http://{}/", fake.host);
    let target = |document: &Value| document["spec"]["target"].as_str().unwrap().replace(&host, "");
    let mut targets: Vec<String> = discovery.found.iter().map(|found| target(&found.document)).collect();
    targets.sort();
    targets
}

async fn with(entry: Value) -> (Answering, Hosts, Providers) {
    let fake = gitlab("").await;
    let (hosts, providers, problems) = over(&fake, "", &json!({ "acme": entry }));
    assert_eq!(problems, []);
    (fake, hosts, providers)
}

#[tokio::test]
async fn the_projects_of_a_group_that_have_the_file() {
    let (fake, hosts, providers) = with(json!({
        "host": "HOST", "group": "Acme", "skipForkedRepos": true, "excludeRepos": ["acme/left-out"],
    }))
    .await;
    fake.fault("groups/Acme", Answer::status(404));
    let error = discover(&hosts, &providers).await.unwrap_err();
    assert!(
        matches!(error, HostError::NotFound(_)),
        "a group that is not there is not an empty one: {error}"
    );
    let (fake, hosts, providers) = with(json!({
        "host": "HOST", "group": "acme", "skipForkedRepos": true, "excludeRepos": ["acme/left-out"],
    }))
    .await;
    let provider = &providers.0[0];
    assert_eq!((provider.id(), provider.kind()), ("GitlabDiscoveryEntityProvider:acme", "gitlab"));
    assert_eq!(provider.target(), format!("projects of acme on {}", fake.host));
    let discovery = discover(&hosts, &providers).await.unwrap();
    assert_eq!(discovery.missed, None);
    assert_eq!(targets(&fake, &discovery), ["acme/platform/web/-/blob/main/catalog-info.yaml"]);
    let document = &discovery.found[0].document;
    let target = document["spec"]["target"].as_str().unwrap();
    assert_eq!((&document["kind"], &document["spec"]["presence"]), (&json!("Location"), &json!("optional")));
    assert_eq!(
        document["metadata"]["annotations"]["backstage.io/managed-by-location"],
        format!("url:{target}")
    );
    let asked = fake.asked();
    let lists: Vec<_> = asked.iter().filter(|a| a.path.ends_with("/groups/acme/projects")).collect();
    assert_eq!(lists.len(), 3, "all pages");
    assert!(lists.iter().all(|a| a.query("archived") == "false" && a.query("include_subgroups") == "true"));
}

#[tokio::test]
async fn the_projects_of_the_whole_host_and_of_patterns() {
    let (fake, hosts, providers) = with(json!({ "host": "HOST", "includeArchivedRepos": true })).await;
    let discovery = discover(&hosts, &providers).await.unwrap();
    let all = [
        "acme/fork/-/blob/main/catalog-info.yaml",
        "acme/left-out/-/blob/main/catalog-info.yaml",
        "acme/old/-/blob/main/catalog-info.yaml",
        "acme/platform/web/-/blob/main/catalog-info.yaml",
        "other/tool/-/blob/trunk/catalog-info.yaml",
    ];
    assert_eq!(targets(&fake, &discovery), all);
    let pages: Vec<String> = fake
        .asked()
        .iter()
        .filter(|a| a.path.ends_with("/projects"))
        .map(|a| a.query("page").into())
        .collect();
    assert_eq!(pages, ["", "2", "3", "4"], "by the links, at the host of the configuration");

    let (fake, hosts, providers) =
        with(json!({ "host": "HOST", "projectPattern": "^other/", "branch": "trunk" })).await;
    assert_eq!(targets(&fake, &discover(&hosts, &providers).await.unwrap()), all[4..]);
    let (fake, hosts, providers) =
        with(json!({ "host": "HOST", "topics": ["catalog"], "membership": true })).await;
    assert_eq!(targets(&fake, &discover(&hosts, &providers).await.unwrap()), all[3..4]);
    let first = &fake.asked()[0];
    assert_eq!((first.query("topic"), first.query("membership")), ("catalog", "true"));
    let (fake, hosts, providers) =
        with(json!({ "host": "HOST", "groupPattern": ["^acme$", "^acme/plat"] })).await;
    assert_eq!(targets(&fake, &discover(&hosts, &providers).await.unwrap()), [all[0], all[1], all[3]]);
    let groups = fake.paths().into_iter().filter(|p| p.contains("/groups/")).collect::<Vec<_>>();
    assert_eq!(groups, ["/api/v4/groups/acme/projects"; 3], "a subgroup comes with its group");
}

#[tokio::test]
async fn an_empty_group_is_empty_and_a_broken_one_is_not() {
    let (fake, hosts, providers) = with(json!({ "host": "HOST", "group": "acme/empty" })).await;
    assert_eq!(discover(&hosts, &providers).await.unwrap(), Discovery::default());
    for broken in
        [Answer::status(401), Answer::status(500), Answer::text("[{}]").halved(), Answer::text("{}")]
    {
        fake.fault("/projects", broken);
        assert!(discover(&hosts, &providers).await.is_err());
        fake.heal();
    }
}

#[tokio::test]
async fn a_search_finds_files_in_any_folder() {
    let entry = json!({ "host": "HOST", "group": "acme", "useSearch": true, "skipForkedRepos": true });
    let (fake, hosts, providers) = with(entry).await;
    let discovery = discover(&hosts, &providers).await.unwrap();
    let files = ["catalog-info.yaml", "services/a/catalog-info.yaml"];
    assert_eq!(targets(&fake, &discovery), files.map(|file| format!("acme/platform/web/-/blob/main/{file}")));
    let asked = fake.asked();
    assert_eq!((asked.len(), asked[0].query("search")), (6, "filename:catalog-info.yaml"));
    fake.fault("projects/1", Answer::status(500));
    assert!(discover(&hosts, &providers).await.is_err());
}

#[tokio::test]
async fn what_could_not_be_looked_at_is_told() {
    let (fake, hosts, providers) = with(json!({ "host": "HOST" })).await;
    for (broken, word) in [(Answer::status(500), "500"), (Answer::status(403), "excludeRepos")] {
        fake.fault("web/repository/files", broken);
        let discovery = discover(&hosts, &providers).await.unwrap();
        assert!(discovery.missed.as_deref().is_some_and(|missed| missed.contains(word)), "{discovery:?}");
        assert_eq!(discovery.found.len(), 3);
        fake.heal();
    }
}

#[tokio::test]
async fn a_discovery_that_the_limit_ends_goes_on_later() {
    let (fake, hosts, providers) = with(json!({ "host": "HOST" })).await;
    let heads = |fake: &Answering| fake.asked().iter().filter(|asked| asked.method == "HEAD").count();
    fake.fault("other%2Ftool/repository", Answer::status(429).with("retry-after", "0"));
    let error = discover(&hosts, &providers).await.unwrap_err();
    assert!(matches!(error, HostError::Exhausted { .. }), "{error}");
    let first = heads(&fake);
    fake.heal();
    let push = ProviderEvent::Push {
        host: fake.host.clone(),
        repository: "acme/bare".into(),
        branch: "main".into(),
        paths: None,
    };
    assert!(providers.0[0].concerns(&push));
    fake.fault("acme%2Fbare/repository", Answer::status(200));
    assert_eq!(discover(&hosts, &providers).await.unwrap().found.len(), 5, "with what came meanwhile");
    fake.heal();
    assert!(first > 1 && heads(&fake) < first, "only what was not answered is asked again");
    discover(&hosts, &providers).await.unwrap();
    assert_eq!(heads(&fake), 5, "and the next time everything");
}

#[tokio::test]
async fn events_that_concern_it() {
    let (fake, hosts, providers) = with(json!({ "host": "HOST", "group": "acme" })).await;
    let host = fake.host.clone();
    let push = |repository: &str, path: &str| ProviderEvent::Push {
        host: host.clone(),
        repository: repository.to_owned(),
        branch: "main".to_owned(),
        paths: Some(vec![path.to_owned()]),
    };
    let concerns = |event| providers.0[0].concerns(&event);
    assert!(concerns(push("acme/platform/web", "catalog-info.yaml")));
    discover(&hosts, &providers).await.unwrap();
    assert!(!concerns(push("acme/platform/web", "catalog-info.yaml")), "its Location is known");
    assert!(concerns(push("acme/bare", "catalog-info.yaml")));
    fake.asked();
    fake.fault("acme%2Fbare/repository/files", Answer::status(200));
    let told = providers.0[0].discover(&hosts, Priority::Webhook).await.unwrap();
    assert_eq!((told.found.len(), told.missed), (4, None));
    assert_eq!(fake.asked().len(), 2, "the project and its file, and nothing else");
    assert!(concerns(push("acme/new", "catalog-info.yaml")));
    assert!(!concerns(push("acme/new", "src/main.rs")) && !concerns(push("acmes/new", "catalog-info.yaml")));
    let changed =
        |host: &str, owner: &str| ProviderEvent::Repositories { host: host.into(), owner: owner.into() };
    assert!(concerns(changed(&host, "acme/platform")) && !concerns(changed(&host, "other")));
    assert!(!concerns(changed("gitlab.com", "acme")));
}

#[tokio::test]
async fn what_is_wrong_in_the_configuration_is_told_with_its_place() {
    let fake = gitlab("").await;
    let (_, providers, problems) = over(
        &fake,
        "",
        &json!({
            "a": { "host": "git.example.com" },
            "b": { "group": "x" },
            "c": { "host": "HOST", "projectPattern": "(", "skipForkedRepos": "perhaps", "schedule": { "frequency": 7 } },
            "d": { "host": "HOST", "orgEnabled": true, "restrictUsersToGroup": true },
            "e": { "host": "gitlab.com", "orgEnabled": true },
            "f": { "host": "HOST", "useSearch": true },
        }),
    );
    let place = |problem: &ConfigProblem| problem.path[3..].join(".");
    let places: Vec<String> = problems.iter().map(place).collect();
    assert_eq!(
        places,
        [
            "a.host",
            "b.host",
            "c.projectPattern",
            "c.skipForkedRepos",
            "c.schedule.frequency",
            "d.group",
            "e.group",
            "f.group",
        ]
    );
    assert_eq!(providers.0.len(), 3);
}
