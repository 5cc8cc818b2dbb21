//! Backstage's own filters.

use serde_json::{Value, json};
use stagedoor_expressions::backstage::{Hosts, filters};
use stagedoor_expressions::{Options, Registry, Template};

use crate::object;

fn value(expression: &str, context: Value) -> Result<Option<Value>, String> {
    let hosts = [
        ("github.com", "github"),
        ("gitlab.com", "gitlab"),
        ("dev.azure.com", "azure"),
        ("bitbucket.org", "bitbucketCloud"),
        ("git.example.org:8443", "gitea"),
    ];
    let hosts: Hosts = hosts.iter().map(|(host, kind)| ((*host).to_owned(), (*kind).to_owned())).collect();
    let mut registry = Registry::new();
    filters(&mut registry, hosts);
    let options = Options { registry: Some(&registry), ..Options::default() };
    let template = Template::parse(&format!("${{{{ {expression} }}}}"), options.syntax, &options.limits);
    let rendered = template.and_then(|template| template.value(&object(context), &options));
    rendered.map(|rendered| rendered.value).map_err(|error| error.message)
}

#[test]
fn parse_repo_url() {
    let parse = |url: &str| value("url | parseRepoUrl", json!({ "url": url }));
    assert_eq!(
        parse("github.com?owner=backstage&repo=backstage"),
        Ok(Some(json!({ "host": "github.com", "owner": "backstage", "repo": "backstage" })))
    );
    assert_eq!(
        parse("dev.azure.com?organization=o&project=p%20q&repo=/r/"),
        Ok(Some(json!({ "host": "dev.azure.com", "repo": "r", "organization": "o", "project": "p q" })))
    );
    assert_eq!(
        parse("git.example.org:8443?repo=r&owner=o").map(|value| value.expect("defined")["host"].clone()),
        Ok(json!("git.example.org:8443"))
    );
    assert_eq!(
        parse("gitlab.com?project=1").map(|value| value.expect("defined")["project"].clone()),
        Ok(json!("1"))
    );
    let refused = parse("github.com?repo=r").expect_err("no owner");
    assert!(
        refused.ends_with("Invalid repo URL passed to publisher: https://github.com/?repo=r, missing owner"),
        "{refused}"
    );
    let refused = parse("example.org?owner=o&repo=r").expect_err("unknown");
    assert!(refused.contains("No matching integration configuration for host example.org"), "{refused}");
    assert!(parse("bitbucket.org?repo=r&project=p").is_err());
    assert!(parse("").is_err());
    assert!(value("missing | parseRepoUrl", json!({})).is_err());
    assert!(
        value("'github.com@evil.example?owner=o&repo=r' | parseRepoUrl", json!({})).is_err(),
        "the host is evil.example"
    );
    assert_eq!(value("'github.com?owner=o&repo=r' | projectSlug", json!({})), Ok(Some(json!("o/r"))));
    assert_eq!(value("('github.com?owner=o&repo=r' | parseRepoUrl).owner", json!({})), Ok(Some(json!("o"))));
}

#[test]
fn parse_entity_ref() {
    let parsed = |kind: &str, namespace: &str, name: &str| {
        Ok(Some(json!({ "kind": kind, "namespace": namespace, "name": name })))
    };
    let parse = |expression: &str| value(expression, json!({}));
    assert_eq!(parse("'group:org/team-a' | parseEntityRef"), parsed("group", "org", "team-a"));
    assert_eq!(parse("'group:team-a' | parseEntityRef"), parsed("group", "default", "team-a"));
    assert_eq!(
        parse("'team-a' | parseEntityRef({defaultKind: 'group', defaultNamespace: 'x'})"),
        parsed("group", "x", "team-a")
    );
    assert_eq!(parse("{kind: 'a', name: 'b'} | parseEntityRef"), parsed("a", "default", "b"));
    assert!(parse("'team-a' | parseEntityRef").expect_err("no kind").contains("missing or empty kind"));
    assert!(parse("'a:/b' | parseEntityRef").expect_err("no namespace").contains("was not on the form"));
    assert!(parse("'' | parseEntityRef").expect_err("empty").contains("must not be empty"));
    assert_eq!(parse("'a:b' | parseEntityRef | pick('name')"), Ok(Some(json!("b"))));
}

#[test]
fn pick() {
    let context = || json!({ "o": { "a": { "b": [{ "c": 1 }] }, "x.y": 2 } });
    let pick = |path: &str| value(&format!("o | pick({path})"), context());
    assert_eq!(pick("'a.b[0].c'"), Ok(Some(json!(1))));
    assert_eq!(pick("'a.b.0.c'"), Ok(Some(json!(1))));
    assert_eq!(pick("['a', 'b']"), Ok(Some(json!([{ "c": 1 }]))));
    assert_eq!(pick("'x.y'"), Ok(Some(json!(2))));
    assert_eq!(pick("'a.z.q'"), Ok(None));
    assert_eq!(value("missing | pick('a')", json!({})), Ok(None));
}
