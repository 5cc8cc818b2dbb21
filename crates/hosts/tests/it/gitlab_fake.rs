//! A fake GitLab, after docs.gitlab.com/api: projects, groups, members, users, repository files, tree and commits, and
//! the one GraphQL query that is asked. Lists come in pages of two.

use serde_json::{Value, json};
use stagedoor_hosts::{ConfigProblem, Hosts, Providers};
use stagedoor_outbound::AllowList;
use url::form_urlencoded::Serializer;

use crate::answering::{Answer, Answering, Asked};

pub(crate) const TOKEN: &str = "glpat-secret";
pub(crate) const CATALOG: &str = "kind: Component";

/// The server, its API below `prefix`.
pub(crate) async fn gitlab(prefix: &'static str) -> Answering {
    Answering::start(move |asked| {
        if asked.header("authorization") != format!("Bearer {TOKEN}") {
            return Answer::status(401);
        }
        let limits =
            |answer: Answer| answer.with("ratelimit-limit", "2000").with("ratelimit-remaining", "1900");
        let path = asked.path.strip_prefix(prefix).unwrap_or_default();
        limits(usual(asked, path))
    })
    .await
}

/// Hosts and providers over it; `entries` is `catalog.providers.gitlab`, with `HOST` for its host.
pub(crate) fn over(
    fake: &Answering,
    prefix: &str,
    entries: &Value,
) -> (Hosts, Providers, Vec<ConfigProblem>) {
    let base = format!("http://{}{prefix}", fake.host);
    let entry = json!({ "host": fake.host, "token": TOKEN, "baseUrl": base });
    let (hosts, mut problems) = Hosts::new(Some(&json!({ "gitlab": [entry] })), AllowList::default());
    let text = json!({ "gitlab": entries }).to_string().replace("HOST", &fake.host);
    let (providers, more) = Providers::new(serde_json::from_str(&text).ok().as_ref(), &hosts);
    problems.extend(more);
    (hosts, providers, problems)
}

fn usual(asked: &Asked, path: &str) -> Answer {
    if path == "/api/graphql" {
        return members(&asked.json()["variables"]);
    }
    let Some(path) = path.strip_prefix("/api/v4/") else { return Answer::not_found() };
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["projects"] => page(asked, &projects()),
        ["projects", path] => {
            let path = path.replace("%2F", "/");
            let is_it = |p: &Value| p["path_with_namespace"] == path || p["id"].as_u64() == path.parse().ok();
            let project = projects().into_iter().find(is_it);
            project.map_or_else(Answer::not_found, |project| Answer::json(&project))
        }
        ["projects", project, "repository", rest @ ..] => repository(asked, project, rest),
        ["groups", "acme%2Fempty", "projects"] => page(asked, &[]),
        ["groups", "acme", "projects"] => {
            let own = |p: &&Value| p["path_with_namespace"].as_str().is_some_and(|p| p.starts_with("acme/"));
            page(asked, &projects().iter().filter(own).cloned().collect::<Vec<_>>())
        }
        ["groups"] => page(asked, &groups()),
        ["groups", "acme"] => Answer::json(&groups()[0]),
        ["groups", "acme%2Fempty"] => Answer::json(&group(9, "acme/empty", "Empty", Some(1))),
        ["groups", "acme", "descendant_groups"] => page(asked, &groups()[1..]),
        ["groups", "acme", "members", "all"] => page(asked, &users()),
        ["groups", "acme", "search"] => page(asked, &hits()),
        ["groups", _, "members", "all"] => {
            page(asked, &[users().swap_remove(0), user(16, "below", &json!({}))])
        }
        ["users"] => page(asked, &users()),
        _ => Answer::not_found(),
    }
}

/// Two at a time, with links that name another host, as behind a careless proxy.
fn page(asked: &Asked, all: &[Value]) -> Answer {
    let number: usize = asked.query("page").parse().unwrap_or(1);
    let items: Vec<Value> = all.iter().skip((number - 1) * 2).take(2).cloned().collect();
    let answer = Answer::json(&json!(items));
    if number * 2 >= all.len() {
        return answer.with("x-next-page", "");
    }
    if asked.query("pagination") == "keyset" {
        let kept = asked.query.iter().filter(|(key, _)| *key != "page");
        let mut query = Serializer::new(String::new());
        query.extend_pairs(kept).append_pair("page", &(number + 1).to_string());
        let link = format!("<http://internal.invalid/api/v4/x?{}>; rel=\"next\"", query.finish());
        return answer.with("link", link);
    }
    answer.with("x-next-page", (number + 1).to_string())
}

fn project(id: u64, path: &str, more: &Value) -> Value {
    let mut project =
        json!({ "id": id, "path_with_namespace": path, "default_branch": "main", "archived": false });
    project.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    project
}

fn projects() -> Vec<Value> {
    vec![
        project(1, "acme/platform/web", &json!({ "topics": ["catalog", "ui"] })),
        project(2, "acme/fork", &json!({ "forked_from_project": { "id": 77 } })),
        project(3, "acme/void", &json!({ "empty_repo": true, "default_branch": null })),
        project(4, "acme/bare", &json!({})),
        project(5, "acme/left-out", &json!({})),
        project(6, "other/tool", &json!({ "default_branch": "trunk" })),
        project(7, "acme/old", &json!({ "archived": true })),
    ]
}

/// What the search of a group finds.
fn hits() -> Vec<Value> {
    let hit = |project: u64, path: &str, reference: &str| json!({ "project_id": project, "path": path, "ref": reference });
    vec![
        hit(1, "catalog-info.yaml", "main"),
        hit(1, "services/a/catalog-info.yaml", "c0ffee0000000000000000000000000000000000"),
        hit(1, "services/a/not-catalog-info.yaml", "main"),
        hit(2, "catalog-info.yaml", "main"),
        hit(88, "catalog-info.yaml", "main"),
    ]
}

/// Branches, tags and commits of `acme/platform/web`; all others have only `main` and `trunk`.
fn commit(project: &str, reference: &str) -> Option<&'static str> {
    match (project, reference) {
        (_, "main" | "c0ffee") => Some("c0ffee"),
        ("acme%2Fplatform%2Fweb", "feature%2Fx" | "feature/x" | "f00d") => Some("f00d"),
        ("other%2Ftool", "trunk") => Some("7001"),
        _ => None,
    }
}

fn repository(asked: &Asked, project: &str, rest: &[&str]) -> Answer {
    let reference = asked.query("ref");
    match rest {
        ["commits", reference] => match commit(project, reference) {
            Some(id) => Answer::json(&json!({ "id": id })),
            None => Answer::not_found(),
        },
        _ if commit(project, reference).is_none() => Answer::not_found(),
        ["files", path, "raw"] => file(asked, project, path),
        ["files", path] if asked.method == "HEAD" => match file(asked, project, path) {
            answer if has(project, path) => answer,
            _ => Answer::status(404),
        },
        ["tree"] => page(asked, &tree(asked.query("path"))),
        _ => Answer::not_found(),
    }
}

fn has(project: &str, path: &str) -> bool {
    let at_root = path == "catalog-info.yaml" && project != "acme%2Fbare";
    at_root || matches!(path, "services%2Fa%2Fcatalog-info.yaml" | "services%2Fb%20%231%2Fcatalog-info.yaml")
}

fn file(asked: &Asked, project: &str, path: &str) -> Answer {
    if !has(project, path) {
        return Answer::not_found();
    }
    Answer::text(format!("{CATALOG} # {}", asked.query("ref"))).tagged("W/\"blob\"", asked)
}

fn tree(folder: &str) -> Vec<Value> {
    let item = |id: &str, kind: &str, mode: &str, path: &str| json!({ "id": id, "type": kind, "mode": mode, "path": path });
    let all = [
        item("t1", "tree", "040000", "services"),
        item("b0", "blob", "100644", "catalog-info.yaml"),
        item("b1", "blob", "100644", "services/a/catalog-info.yaml"),
        item("b2", "blob", "100644", "services/b #1/catalog-info.yaml"),
        item("b3", "blob", "120000", "services/link/catalog-info.yaml"),
        item("c1", "commit", "160000", "services/module"),
    ];
    let below = |item: &Value| {
        folder.is_empty() || item["path"].as_str().is_some_and(|p| p.starts_with(&format!("{folder}/")))
    };
    all.into_iter().filter(below).collect()
}

fn group(id: u64, path: &str, name: &str, parent: Option<u64>) -> Value {
    json!({ "id": id, "full_path": path, "name": name, "description": "", "visibility": "private", "parent_id": parent })
}

fn groups() -> Vec<Value> {
    vec![
        group(1, "acme", "Acme", None),
        group(2, "acme/platform", "Platform", Some(1)),
        group(3, "acme/platform/web", "Web", Some(2)),
        // Gives the same name as the one before.
        group(4, "acme/platform-web", "Not web", Some(1)),
        group(5, "acme/nobody", "Nobody", Some(1)),
    ]
}

fn user(id: u64, username: &str, more: &Value) -> Value {
    let mut user = json!({
        "id": id, "username": username, "name": username.to_uppercase(), "state": "active",
        "web_url": format!("https://pages.example.com/{username}"), "avatar_url": null, "is_using_seat": true,
    });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

fn users() -> Vec<Value> {
    vec![
        user(
            11,
            "ana",
            &json!({ "email": "ana@acme.example", "group_saml_identity": { "extern_uid": "s-1" } }),
        ),
        user(
            12,
            "bo",
            &json!({ "public_email": "bo@acme.example", "avatar_url": "https://pages.example.com/bo.png" }),
        ),
        user(13, "gone", &json!({ "state": "blocked" })),
        user(14, "project_4_bot_77", &json!({})),
        user(15, "guest", &json!({ "email": "guest@elsewhere.example", "is_using_seat": false })),
    ]
}

/// `groupMembers`, one at a time.
fn members(variables: &Value) -> Answer {
    let ids: &[u64] = match variables["group"].as_str().unwrap_or_default() {
        "acme" => &[11],
        "acme/platform" => &[11, 12, 13],
        "acme/platform/web" => &[12],
        "acme/platform-web" => &[15],
        "acme/nobody" => &[],
        _ => return Answer::json(&json!({ "data": { "group": null } })),
    };
    let at: usize = variables["after"].as_str().map_or(0, |after| after.parse().unwrap());
    let nodes: Vec<Value> = ids
        .iter()
        .skip(at)
        .take(1)
        .map(|id| json!({ "user": { "id": format!("gid://gitlab/User/{id}") } }))
        .collect();
    let more = at + 1 < ids.len();
    let page = json!({ "endCursor": (at + 1).to_string(), "hasNextPage": more });
    Answer::json(&json!({ "data": { "group": { "groupMembers": { "nodes": nodes, "pageInfo": page } } } }))
}
