//! A repository at a git server that is only that, from its first commit to entities: git's own `http-backend` serves it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::{HeaderMap, Method, Response, Uri};
use serde_json::json;
use stagedoor_hosts::ProviderEvent;
use stagedoor_testkit::TestPortal;

use super::{PATIENCE, components, source};
use crate::support::{Ask as _, component, component_with, eventually};

/// The server, a repository `team/repo.git`, and a working copy of it.
struct GitServer {
    folder: tempfile::TempDir,
    base: String,
    asked: Arc<Mutex<Vec<&'static str>>>,
}

type Shared = (PathBuf, Arc<Mutex<Vec<&'static str>>>);

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env_remove("GIT_DIR").envs([
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "larkfell"),
        ("GIT_AUTHOR_EMAIL", "robot@larkfell.example"),
        ("GIT_COMMITTER_NAME", "larkfell"),
        ("GIT_COMMITTER_EMAIL", "robot@larkfell.example"),
    ]);
    command
}

/// `None`, with the reason printed, where git is not installed; in continuous integration that is a failure.
async fn server() -> Option<GitServer> {
    if Command::new("git").arg("--version").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI").is_none(), "git is not installed");
        let _ = writeln!(std::io::stderr(), "skipped: git is not installed");
        return None;
    }
    let folder = tempfile::Builder::new().prefix("stagedoor-git-").tempdir().unwrap();
    let asked: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer).with_state((folder.path().to_owned(), Arc::clone(&asked)));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let server = GitServer { folder, base, asked };
    for (name, bare) in [("team/repo.git", true), ("work", false)] {
        let at = server.folder.path().join(name);
        fs::create_dir_all(&at).unwrap();
        run(git(&at).args(["init", "-q", "-b", "main"]).args(bare.then_some("--bare")));
    }
    Some(server)
}

fn run(command: &mut Command) {
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// The program, as a web server runs it (RFC 3875).
async fn answer(
    State((root, asked)): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let text = String::from_utf8_lossy(&body);
    asked.lock().unwrap().push(match method {
        Method::GET => "refs",
        _ if text.contains("command=ls-refs") => "ls-refs",
        _ => "fetch",
    });
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut child = git(&root)
        .arg("http-backend")
        .envs([
            ("GIT_PROJECT_ROOT", root.to_str().unwrap()),
            ("GIT_HTTP_EXPORT_ALL", "1"),
            ("GIT_PROTOCOL", header("git-protocol")),
            ("PATH_INFO", uri.path()),
            ("QUERY_STRING", uri.query().unwrap_or_default()),
            ("REQUEST_METHOD", method.as_str()),
            ("CONTENT_TYPE", header("content-type")),
            ("CONTENT_LENGTH", &body.len().to_string()),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&body).unwrap();
    let out = child.wait_with_output().unwrap().stdout;
    let end = out.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let mut response = Response::builder();
    for (name, value) in
        std::str::from_utf8(&out[..end]).unwrap().lines().filter_map(|line| line.split_once(": "))
    {
        response = match name {
            "Status" => response.status(&value[..3]),
            _ => response.header(name, value),
        };
    }
    response.body(Body::from(out[end + 4..].to_vec())).unwrap()
}

impl GitServer {
    fn put(&self, path: &str, content: &str) {
        let file = self.folder.path().join("work").join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    fn push(&self) {
        let work = self.folder.path().join("work");
        run(git(&work).args(["add", "-A"]));
        run(git(&work).args(["commit", "-q", "-m", "a change"]));
        run(git(&work).args(["push", "-q", "../team/repo.git", "HEAD:main"]));
    }

    fn address(&self, rest: &str) -> String {
        format!("git::{}/team/repo.git{rest}", self.base)
    }

    fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

const LEADS: &str = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: leads\nspec:\n  targets: [../more/b.yaml, /deep/*.yaml]\n";

#[tokio::test]
async fn a_repository_becomes_entities_and_a_push_changes_them() {
    let Some(server) = server().await else { return };
    server.put("catalog/a.yaml", &component_with("a", "text: {$text: ../docs/about.md}\n"));
    server.put("catalog/leads.yaml", LEADS);
    server.put("docs/about.md", "about");
    server.put("more/b.yaml", &component("b"));
    server.put("deep/c.yaml", &component("c"));
    server.push();
    let target = server.address("//catalog/*.yaml");
    let portal = TestPortal::builder().url_location(&target).start().await;
    let shown = source(&portal, &format!("url:{target}")).await;
    assert_eq!(components(&portal).await, ["a", "b", "c"], "{shown}");
    let a = portal.backstage("component:default/a").await;
    assert_eq!(a["spec"]["text"], "about");
    let annotations = &a["metadata"]["annotations"];
    let place = format!("url:{}", server.address("//catalog/a.yaml"));
    assert_eq!(annotations["backstage.io/managed-by-location"], place);
    assert_eq!(annotations["backstage.io/source-location"], format!("url:{}", server.address("//catalog/")));
    assert!(annotations["backstage.io/view-url"].is_null(), "no browser opens it");
    assert_eq!(server.asked().iter().filter(|asked| **asked == "fetch").count(), 1, "one pack for all");

    let revision = async || portal.get("/api/stagedoor/v1/session").await.json()["revision"].clone();
    let before = revision().await;
    portal.sync().await;
    assert!(server.asked().iter().all(|asked| *asked == "ls-refs"));
    assert_eq!(revision().await, before);

    server.put("catalog/a.yaml", &component("a2"));
    server.put("deep/d.yaml", &component("d"));
    server.push();
    portal.sync().await;
    assert_eq!(components(&portal).await, ["a2", "b", "c", "d"]);
    // Told by a host's message, nobody has to ask.
    server.put("more/b.yaml", &component("b2"));
    server.push();
    portal.portal.host_event(ProviderEvent::Push {
        host: server.base.trim_start_matches("http://").to_owned(),
        repository: "team/repo".to_owned(),
        branch: "main".to_owned(),
        paths: Some(vec!["more/b.yaml".to_owned()]),
    });
    eventually("the push", PATIENCE, async || components(&portal).await == ["a2", "b2", "c", "d"]).await;
}

#[tokio::test]
async fn an_address_of_git_is_registered_and_looked_at() {
    let Some(server) = server().await else { return };
    server.put("catalog-info.yaml", &component("root"));
    server.put("deep/catalog-info.yaml", &component("deep"));
    server.push();
    let portal = TestPortal::new().await;
    let register = async |target: &str| {
        portal.post("/api/catalog/locations", &json!({ "type": "url", "target": target })).await
    };
    for (target, says) in [
        ("git::https://git.example.com/team/repo.git", "names no file"),
        ("git::git@git.example.com:team/repo.git//a.yaml", "no https://, http:// or ssh://"),
        ("git::file:///srv/repo.git//a.yaml", "only https, http and ssh"),
        ("git::https://robot:hunter2@git.example.com/r.git//a.yaml", "integrations.git"),
        ("git::https://git.example.com/r.git//../a.yaml", "no name"),
    ] {
        let answer = register(target).await;
        let text = answer.text();
        assert_eq!(answer.status, 400, "{text}");
        assert!(text.contains(says) && !text.contains("hunter2"), "{text}");
    }
    let target = server.address("//deep/catalog-info.yaml?ref=main");
    let answer = register(&target).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(components(&portal).await, ["deep"]);

    let analyze = async |target: &str| {
        let body = json!({ "location": { "type": "url", "target": target } });
        portal.post("/api/catalog/analyze-location", &body).await
    };
    let answer = analyze(&server.address("?ref=main")).await.json();
    let mut told: Vec<_> = answer["existingEntityFiles"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["entity"]["kind"] == "Component")
        .map(|one| (one["location"]["target"].as_str().unwrap(), one["isRegistered"].as_bool().unwrap()))
        .collect();
    told.sort_unstable();
    let file = |path: &str| server.address(&format!("//{path}?ref=main"));
    assert_eq!(
        told,
        [(file("catalog-info.yaml").as_str(), false), (file("deep/catalog-info.yaml").as_str(), true)]
    );
    let wrong = analyze("git::https:/x").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("git::https://git.example.com/team/repo.git//"), "{}", wrong.text());
}
