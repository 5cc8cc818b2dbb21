//! What hosts tell by themselves. Bodies are cut down from the examples of each host's documentation, which the module
//! of that host in `crates/hosts/src/events` names.

use std::collections::HashMap;

use ring::hmac;
use serde_json::{Value, json};
use stagedoor_hosts::{ProviderEvent, Refused, Taken, Webhooks};

const SECRET: &str = "It's a Secret to Everybody";

fn webhooks(events: &Value, integrations: &Value) -> Webhooks {
    let (webhooks, problems) = Webhooks::new(Some(events), Some(integrations));
    assert_eq!(problems, []);
    webhooks
}

fn all() -> Webhooks {
    let topics = ["github", "gitlab", "bitbucketCloud", "bitbucketServer", "gitea", "azureDevOps"];
    let modules: HashMap<&str, Value> =
        topics.iter().map(|topic| (*topic, json!({"webhookSecret": SECRET}))).collect();
    let integrations = json!({
        "bitbucketServer": [{"host": "bb.larkfell.example"}, {"host": "bb2.larkfell.example:7990"}],
        "gitlab": [{"host": "gitlab.larkfell.example"}],
    });
    webhooks(&json!({"modules": modules}), &integrations)
}

fn signature(body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn receive(hooks: &Webhooks, topic: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Taken, Refused> {
    let header =
        |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    hooks.receive(topic, &header, body)
}

/// A signed delivery, and what it means.
fn told(topic: &str, event: &str, body: &Value) -> Vec<ProviderEvent> {
    let bytes = body.to_string();
    let hex = signature(bytes.as_bytes());
    let prefixed = format!("sha256={hex}");
    let headers = [
        ("x-github-event", event),
        ("x-event-key", event),
        ("x-gitea-event", event),
        ("x-hub-signature-256", prefixed.as_str()),
        ("x-hub-signature", &prefixed),
        ("x-gitea-signature", &hex),
        ("x-gitlab-token", SECRET),
        ("x-ado-webhook-secret", SECRET),
    ];
    receive(&all(), topic, &headers, bytes.as_bytes()).unwrap().events
}

fn push(host: &str, repository: &str, branch: &str, paths: Option<&[&str]>) -> ProviderEvent {
    ProviderEvent::Push {
        host: host.into(),
        repository: repository.into(),
        branch: branch.into(),
        paths: paths.map(|paths| paths.iter().map(|path| (*path).to_owned()).collect()),
    }
}

fn repositories(host: &str, owner: &str) -> ProviderEvent {
    ProviderEvent::Repositories { host: host.into(), owner: owner.into() }
}

fn people(host: &str, owner: &str) -> ProviderEvent {
    ProviderEvent::People { host: host.into(), owner: owner.into() }
}

#[test]
fn github() {
    let repository = json!({"full_name": "acme/shop", "html_url": "https://github.com/acme/shop", "owner": {"login": "acme"}});
    let commits = json!([
        {"added": ["a/catalog-info.yaml"], "removed": [], "modified": ["b.md"]},
        {"added": [], "removed": ["old.yaml"], "modified": ["b.md"]},
    ]);
    let body = |over: Value| {
        let mut body = json!({"ref": "refs/heads/release/1", "commits": commits, "repository": repository});
        over.as_object().unwrap().iter().for_each(|(key, value)| body[key] = value.clone());
        body
    };
    let files: &[&str] = &["a/catalog-info.yaml", "b.md", "old.yaml"];
    assert_eq!(
        told("github", "push", &body(json!({}))),
        [push("github.com", "acme/shop", "release/1", Some(files))]
    );
    let unknown = [push("github.com", "acme/shop", "release/1", None)];
    for over in [
        json!({"forced": true}),
        json!({"created": true}),
        json!({"deleted": true, "commits": []}),
        json!({"commits": vec![commits[0].clone(); 2048]}),
        json!({"commits": [{}]}),
        json!({"commits": null}),
    ] {
        assert_eq!(told("github", "push", &body(over)), unknown);
    }
    assert_eq!(told("github", "push", &body(json!({"ref": "refs/tags/v1"}))), []);
    let own = json!({"full_name": "a/b", "html_url": "https://ghe.larkfell.example:8443/a/b"});
    let at_home = told("github", "push", &body(json!({"repository": own})));
    assert_eq!(at_home, [push("ghe.larkfell.example:8443", "a/b", "release/1", Some(files))]);

    let org = json!({"login": "acme", "html_url": "https://github.com/acme"});
    for action in ["created", "deleted", "renamed", "archived", "unarchived", "edited", "publicized"] {
        let body = json!({"action": action, "repository": repository, "organization": org});
        assert_eq!(told("github", "repository", &body), [repositories("github.com", "acme")], "{action}");
    }
    let moved = json!({"action": "transferred", "repository": repository,
        "changes": {"owner": {"from": {"organization": {"login": "before"}}}}});
    let both = [repositories("github.com", "acme"), repositories("github.com", "before")];
    assert_eq!(told("github", "repository", &moved), both);
    let installed =
        json!({"installation": {"account": {"login": "acme", "html_url": "https://github.com/acme"}}});
    assert_eq!(told("github", "installation_repositories", &installed), [repositories("github.com", "acme")]);
    for event in ["organization", "team", "membership"] {
        let body = json!({"action": "added", "organization": {"login": "acme"}, "sender": {"html_url": "https://github.com/ann"}});
        assert_eq!(told("github", event, &body), [people("github.com", "acme")], "{event}");
    }
    assert_eq!(told("github", "ping", &json!({"zen": "Keep it logically awesome.", "hook_id": 1})), []);
    assert_eq!(told("github", "star", &json!({"repository": repository})), []);
}

#[test]
fn gitlab() {
    let project =
        json!({"path_with_namespace": "g/sub/shop", "web_url": "https://gitlab.larkfell.example/g/sub/shop"});
    let body = |total: u64| {
        json!({"object_kind": "push", "event_name": "push", "ref": "refs/heads/main", "project": project,
        "before": "95790bf", "after": "da15608", "total_commits_count": total,
        "commits": [{"added": ["c.yaml"], "modified": ["app/x.rb"], "removed": []}]})
    };
    let host = "gitlab.larkfell.example";
    assert_eq!(
        told("gitlab", "", &body(1)),
        [push(host, "g/sub/shop", "main", Some(&["app/x.rb", "c.yaml"]))]
    );
    assert_eq!(told("gitlab", "", &body(21)), [push(host, "g/sub/shop", "main", None)], "more than it tells");
    let mut new = body(1);
    new["before"] = json!("0000000000000000000000000000000000000000");
    assert_eq!(told("gitlab", "", &new), [push(host, "g/sub/shop", "main", None)]);
    let update = json!({"event_name": "repository_update", "project": project,
        "changes": [{"ref": "refs/heads/main"}, {"ref": "refs/tags/v1"}, {"ref": "refs/heads/x"}]});
    let both = [push(host, "g/sub/shop", "main", None), push(host, "g/sub/shop", "x", None)];
    assert_eq!(told("gitlab", "", &update), both);
    let created = json!({"event_name": "project_create", "path_with_namespace": "g/sub/new"});
    assert_eq!(told("gitlab", "", &created), [repositories(host, "g/sub")], "the only GitLab there is");
    let moved = json!({"event_name": "project_transfer", "path_with_namespace": "new/shop", "old_path_with_namespace": "g/shop"});
    assert_eq!(told("gitlab", "", &moved), [repositories(host, "new"), repositories(host, "g")]);
    let member = json!({"event_name": "user_add_to_group", "group_path": "g"});
    assert_eq!(told("gitlab", "", &member), [people(host, "g")]);
    let subgroup = json!({"event_name": "subgroup_create", "full_path": "g/sub", "path": "sub"});
    assert_eq!(told("gitlab", "", &subgroup), [repositories(host, "g/sub"), people(host, "g/sub")]);
    assert_eq!(told("gitlab", "", &json!({"object_kind": "issue"})), []);
    let headers = [("x-gitlab-token", SECRET), ("x-gitlab-instance", "https://other.larkfell.example")];
    let taken = receive(&all(), "gitlab", &headers, created.to_string().as_bytes()).unwrap();
    assert_eq!(taken.events, [repositories("other.larkfell.example", "g/sub")]);
}

#[test]
fn bitbucket_cloud() {
    let repository = json!({"full_name": "acme/shop", "links": {"html": {"href": "https://bitbucket.org/acme/shop"}},
        "workspace": {"slug": "acme"}});
    let branch = |name: &str| json!({"type": "branch", "name": name});
    let body = json!({"repository": repository, "push": {"changes": [
        {"new": branch("main"), "old": branch("main")},
        {"new": null, "old": branch("gone")},
        {"new": {"type": "tag", "name": "v1"}, "old": null},
    ]}});
    let both =
        [push("bitbucket.org", "acme/shop", "gone", None), push("bitbucket.org", "acme/shop", "main", None)];
    assert_eq!(told("bitbucketCloud", "repo:push", &body), both);
    for event in ["repo:created", "repo:updated", "repo:deleted"] {
        let body = json!({"repository": repository});
        assert_eq!(told("bitbucketCloud", event, &body), [repositories("bitbucket.org", "acme")], "{event}");
    }
    assert_eq!(told("bitbucketCloud", "pullrequest:created", &json!({"repository": repository})), []);
}

#[test]
fn bitbucket_server() {
    let repository = json!({"slug": "shop", "name": "Shop", "project": {"key": "ACME"}});
    let change = |kind: &str, name: &str| json!({"ref": {"id": "refs/x", "displayId": name, "type": kind}, "type": "UPDATE"});
    let body = json!({"eventKey": "repo:refs_changed", "repository": repository,
        "changes": [change("BRANCH", "main"), change("TAG", "v1")]});
    let name = "projects/ACME/repos/shop";
    let each = [
        push("bb.larkfell.example", name, "main", None),
        push("bb2.larkfell.example:7990", name, "main", None),
    ];
    assert_eq!(told("bitbucketServer", "repo:refs_changed", &body), each, "it does not say which it is");
    let mut linked = body.clone();
    linked["repository"]["links"] =
        json!({"self": [{"href": "https://bb3.larkfell.example/projects/ACME/repos/shop/browse"}]});
    let one = [push("bb3.larkfell.example", name, "main", None)];
    assert_eq!(told("bitbucketServer", "repo:refs_changed", &linked), one);
    let moved = json!({"old": {"project": {"key": "OLD"}}, "new": {"project": {"key": "ACME"},
        "links": {"self": [{"href": "https://bb3.larkfell.example/projects/ACME/repos/shop/browse"}]}}});
    let both = [repositories("bb3.larkfell.example", "ACME"), repositories("bb3.larkfell.example", "OLD")];
    assert_eq!(told("bitbucketServer", "repo:modified", &moved), both);
    assert_eq!(told("bitbucketServer", "diagnostics:ping", &json!({"test": true})), []);
}

#[test]
fn gitea() {
    let repository = json!({"full_name": "acme/shop", "html_url": "https://git.larkfell.example:3000/acme/shop",
        "owner": {"login": "acme"}});
    let host = "git.larkfell.example:3000";
    let body = |total: u64| {
        json!({"ref": "refs/heads/main", "repository": repository, "total_commits": total,
        "commits": [{"added": ["c.yaml"], "removed": [], "modified": []}]})
    };
    assert_eq!(told("gitea", "push", &body(1)), [push(host, "acme/shop", "main", Some(&["c.yaml"]))]);
    assert_eq!(told("gitea", "push", &body(9)), [push(host, "acme/shop", "main", None)]);
    let edge = json!({"ref": "feature", "ref_type": "branch", "repository": repository});
    assert_eq!(told("gitea", "delete", &edge), [push(host, "acme/shop", "feature", None)]);
    assert_eq!(
        told("gitea", "repository", &json!({"action": "created", "repository": repository})),
        [repositories(host, "acme")]
    );
    assert_eq!(told("gitea", "issues", &json!({"repository": repository})), []);
}

#[test]
fn azure_devops() {
    let body = |address: &str| {
        json!({"eventType": "git.push", "resource": {
        "refUpdates": [{"name": "refs/heads/main"}, {"name": "refs/tags/v1"}], "repository": {"remoteUrl": address}}})
    };
    let name = "acme/shop/_git/web";
    let expected = [push("dev.azure.com", name, "main", None)];
    assert_eq!(told("azureDevOps", "", &body("https://dev.azure.com/acme/shop/_git/web")), expected);
    assert_eq!(told("azureDevOps", "", &body("https://acme@dev.azure.com/acme/shop/_git/web")), expected);
    let older = told("azureDevOps", "", &body("https://acme.visualstudio.com/shop/_git/web"));
    assert_eq!(older, [push("acme.visualstudio.com", "shop/_git/web", "main", None)]);
    let created = json!({"eventType": "git.repo.created", "resource": {"repository": {"remoteUrl": "https://dev.azure.com/acme/shop/_git/new"}}});
    assert_eq!(told("azureDevOps", "", &created), [repositories("dev.azure.com", "acme")]);
    assert_eq!(told("azureDevOps", "", &json!({"eventType": "build.complete", "resource": {}})), []);
}

/// Attack case 11: a wrong signature, none, of another body, of another secret, in another form.
#[test]
fn only_who_knows_the_secret_is_believed() {
    let hooks = all();
    let body = json!({"zen": "x"}).to_string();
    let body = body.as_bytes();
    let hex = signature(body);
    let good = format!("sha256={hex}");
    let forged = |topic: &str, headers: &[(&str, &str)], message: &'static str| {
        assert_eq!(
            receive(&hooks, topic, headers, body).unwrap_err(),
            Refused::Forged(message),
            "{topic} {headers:?}"
        );
    };
    assert!(
        receive(&hooks, "github", &[("x-github-event", "ping"), ("x-hub-signature-256", &good)], body)
            .is_ok()
    );
    let (other, upper) = (format!("sha256={}", signature(b"{}")), format!("SHA256={hex}"));
    let (short, long) = (format!("sha256={}", &hex[..62]), format!("sha256={hex}00"));
    for bad in
        ["", "sha256=", &hex, &other, &upper, &short, &long, "sha256=zz", "sha1=00", SECRET, "sha256=ä"]
    {
        forged("github", &[("x-hub-signature-256", bad)], "invalid signature");
        forged("bitbucketCloud", &[("x-hub-signature", bad)], "invalid signature");
        forged("bitbucketServer", &[("x-hub-signature", bad)], "invalid signature");
    }
    forged("github", &[], "invalid signature");
    forged("github", &[("x-hub-signature", &good)], "invalid signature");
    forged("gitea", &[("x-gitea-signature", &good)], "invalid signature");
    assert!(receive(&hooks, "gitea", &[("x-gitea-signature", &hex)], body).is_ok());
    for bad in ["", "It's a Secret", "It's a Secret to Everybody!", &good] {
        forged("gitlab", &[("x-gitlab-token", bad)], "invalid token");
        forged("azureDevOps", &[("x-ado-webhook-secret", bad)], "invalid webhook secret");
    }
    // base64 of `any:` and the secret, and of a wrong one.
    let basic = "Basic YW55Okl0J3MgYSBTZWNyZXQgdG8gRXZlcnlib2R5";
    assert!(receive(&hooks, "azureDevOps", &[("authorization", basic)], body).is_ok());
    for bad in ["Basic YW55Om5v", "Basic YW55", "Basic", "Bearer It's a Secret to Everybody", "Basic ä"] {
        forged("azureDevOps", &[("authorization", bad)], "invalid webhook secret");
    }
    assert_eq!(receive(&hooks, "gerrit", &[], body).unwrap_err(), Refused::Unknown);
    assert_eq!(receive(&hooks, "", &[], body).unwrap_err(), Refused::Unknown);
}

#[test]
fn what_is_no_json_is_refused_after_its_signature() {
    let hooks = all();
    for body in [&b"not json"[..], b"", b"\xff\xfe", b"{\"a\":"] {
        let good = format!("sha256={}", signature(body));
        let refused = receive(&hooks, "github", &[("x-hub-signature-256", &good)], body).unwrap_err();
        assert!(matches!(refused, Refused::Unreadable(_)), "{refused:?}");
        let forged = receive(&hooks, "github", &[("x-hub-signature-256", "sha256=00")], body).unwrap_err();
        assert_eq!(forged, Refused::Forged("invalid signature"));
    }
    // JSON of any other form means nothing, and does no harm.
    for body in [
        "[]",
        "7",
        "null",
        "\"x\"",
        r#"{"ref":7,"repository":[],"commits":{}}"#,
        r#"{"repository":{"owner":null}}"#,
    ] {
        for event in ["push", "repository", "organization", "installation", ""] {
            let good = format!("sha256={}", signature(body.as_bytes()));
            let headers = [("x-github-event", event), ("x-hub-signature-256", good.as_str())];
            assert_eq!(
                receive(&hooks, "github", &headers, body.as_bytes()).unwrap().events,
                [],
                "{event} {body}"
            );
        }
    }
}

/// Attack case 11: replayed, also under another id of delivery, which no signature is over.
#[test]
fn a_delivery_that_comes_twice_is_acted_on_once() {
    let hooks = all();
    let body = json!({"ref": "refs/heads/main", "repository": {"full_name": "a/b", "html_url": "https://github.com/a/b"}});
    let body = body.to_string();
    let good = format!("sha256={}", signature(body.as_bytes()));
    let send = |delivery: &str| {
        let headers = [
            ("x-github-event", "push"),
            ("x-hub-signature-256", good.as_str()),
            ("x-github-delivery", delivery),
        ];
        receive(&hooks, "github", &headers, body.as_bytes()).unwrap()
    };
    let first = send("1");
    assert_eq!((first.events.len(), first.repeated, first.event.as_str()), (1, false, "push"));
    for id in ["1", "2"] {
        let again = send(id);
        assert_eq!((again.events.len(), again.repeated), (0, true));
    }
}

#[test]
fn a_topic_without_a_secret_takes_nothing() {
    let none = webhooks(&json!({}), &json!({}));
    assert_eq!(none.topics().count(), 0);
    assert!(!none.knows("github"));
    assert_eq!(receive(&none, "github", &[], b"{}").unwrap_err(), Refused::Unknown);
    // Listed as for Backstage, and without a secret.
    let listed = webhooks(&json!({"http": {"topics": ["github", "other"]}}), &json!({}));
    assert!(listed.knows("github") && !listed.knows("other") && listed.topics().count() == 0);
    let empty = signature(b"");
    for headers in [vec![], vec![("x-hub-signature-256", empty.as_str())]] {
        assert_eq!(
            receive(&listed, "github", &headers, b"{}").unwrap_err(),
            Refused::Forged("invalid signature")
        );
    }
    // Said to be open, which a secret overrules.
    let open = |module: Value| webhooks(&json!({"modules": {"gitlab": module}}), &json!({}));
    let anybody = open(json!({"dangerouslyAllowUnauthenticatedEvents": true}));
    assert!(receive(&anybody, "gitlab", &[], b"{}").is_ok());
    let known = open(json!({"dangerouslyAllowUnauthenticatedEvents": true, "webhookSecret": "s"}));
    assert_eq!(receive(&known, "gitlab", &[], b"{}").unwrap_err(), Refused::Forged("invalid token"));
    assert!(receive(&known, "gitlab", &[("x-gitlab-token", "s")], b"{}").is_ok());
}

#[test]
fn every_app_of_github_has_a_secret_of_its_own() {
    let apps = json!({"github": [{"host": "github.com", "apps": [{"appId": 1, "webhookSecret": "one"}, {"appId": 2, "webhookSecret": SECRET}]}]});
    let hooks = webhooks(&json!({"modules": {"github": {"webhookSecret": "third"}}}), &apps);
    let good = format!("sha256={}", signature(b"{}"));
    assert!(receive(&hooks, "github", &[("x-hub-signature-256", &good)], b"{}").is_ok());
    assert_eq!(hooks.topics().collect::<Vec<_>>(), ["github"]);
    let (_, problems) = Webhooks::new(
        Some(&json!({"modules": {"github": {"webhookSecret": ["x"]}}, "http": {"topics": [{}]}})),
        None,
    );
    let places: Vec<String> = problems.iter().map(|p| p.path.join(".")).collect();
    assert_eq!(places, ["events.http.topics.0", "events.modules.github.webhookSecret"]);
}
