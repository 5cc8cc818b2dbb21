//! Which routes there are.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stagedoor_auth::{Principal, Scopes, Via, Viewer};
use stagedoor_testkit::{Person, TestPortal};

/// Routes that answer everybody, whether or not they bring a credential.
pub(super) const PUBLIC: [&str; 18] = [
    "GET /",
    "GET /.backstage/health/v1/liveness",
    "GET /.backstage/health/v1/readiness",
    "GET /api/permission/health",
    "GET /api/auth/guest/refresh",
    "POST /api/auth/guest/refresh",
    "GET /api/auth/guest/start",
    "GET /api/auth/guest/handler/frame",
    "POST /api/auth/guest/handler/frame",
    "GET /api/auth/.well-known/jwks.json",
    "GET /api/auth/.well-known/openid-configuration",
    "POST /v1/auth/access_token",
    "GET /api/stagedoor/v1/session",
    "POST /api/stagedoor/v1/session",
    "DELETE /api/stagedoor/v1/session",
    "POST /api/stagedoor/v1/links/check",
    "POST /api/stagedoor/v1/links/accept",
    "POST /api/events/http/{topic}",
];

/// Routes outside of every API, with the file that has them.
const OTHERS: [(&str, &str); 4] = [
    ("GET /", "assets.rs"),
    ("GET /metrics", "http_stack.rs"),
    ("GET /.backstage/health/v1/liveness", "gate.rs"),
    ("GET /.backstage/health/v1/readiness", "gate.rs"),
];
/// Where each dialect's routers hang, as `http_stack.rs` says.
const MOUNTS: [&str; 14] = [
    "/v1",
    "/api/catalog",
    "/api/permission",
    "/api/events",
    "/api/search",
    "/api/scaffolder",
    "/api/tech-insights",
    "/api/stagedoor/v1",
    "/api/auth",
    "/api/user-settings",
    "/api/notifications",
    "/api/signals",
    "/api/app",
    "/api/techdocs",
];
const CRATES: [(&str, &[&str]); 3] = [
    ("api-port", &["/v1"]),
    (
        "api-backstage",
        &[
            "/api/catalog",
            "/api/permission",
            "/api/events",
            "/api/search",
            "/api/scaffolder",
            "/api/tech-insights",
            "/api/auth",
            "/api/user-settings",
            "/api/notifications",
            "/api/signals",
            "/api/app",
            "/api/techdocs",
        ],
    ),
    ("api-native", &["/api/stagedoor/v1"]),
];
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Method and path of a route.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) method: String,
    pub(super) path: String,
}

impl Route {
    fn key(&self) -> (String, &str) {
        (shape(&self.path), &self.method)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Route {}

impl PartialOrd for Route {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Route {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// A path without the names of its parameters.
pub(super) fn shape(path: &str) -> String {
    let part = |part: &str| match part {
        _ if part.starts_with("{*") => "{*}".to_owned(),
        _ if part.starts_with('{') => "{}".to_owned(),
        part => part.to_owned(),
    };
    path.trim_end_matches('/').split('/').map(part).collect::<Vec<_>>().join("/")
}

/// All of them: those that the API descriptions have, and those that the sources of the routers name and that are
/// routed.
pub(super) async fn all(portal: &TestPortal) -> BTreeSet<Route> {
    let mut all = documented();
    // Whoever may do nothing can ask everything without changing anything.
    let nobody = Viewer::new(Principal::Person("nobody@larkfell.example".into()), Via::Nothing, Some(none()));
    let nobody = portal.caller(nobody);
    for path in named_in_sources() {
        for method in METHODS {
            if is_routed(portal, &nobody, method, &path).await {
                all.insert(Route { method: method.to_owned(), path: path.clone() });
            }
        }
    }
    let stack = source("server", "http_stack.rs");
    let mounts: Vec<&str> = literals(&stack).filter(|l| stack.contains(&format!(".nest(\"{l}\""))).collect();
    assert_eq!(mounts, MOUNTS, "a new mount needs its place in this test");
    for (route, file) in OTHERS {
        let (method, path) = route.split_once(' ').unwrap();
        assert!(path == "/" || source("server", file).contains(&format!("\"{path}\"")), "{route}");
        all.insert(Route { method: method.to_owned(), path: path.to_owned() });
    }
    for file in ["http_stack.rs", "gate.rs"] {
        let text = source("server", file);
        let known = |l: &str| MOUNTS.contains(&l) || l == "/x" || OTHERS.iter().any(|(r, _)| r.ends_with(l));
        let unknown: Vec<&str> = literals(&text).filter(|l| !known(l) && !l.ends_with('/')).collect();
        assert!(unknown.is_empty(), "{file} names routes that this test does not know: {unknown:?}");
    }
    all
}

fn none() -> Scopes {
    Scopes::parse(Vec::<String>::new()).unwrap()
}

fn documented() -> BTreeSet<Route> {
    let mut found = BTreeSet::new();
    for (_, text) in stagedoor_server::openapi().unwrap() {
        let document: Value = serde_json::from_str(&text).unwrap();
        let base =
            document["servers"][0]["url"].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let path = if path.starts_with(&base) { path.clone() } else { base.clone() + path };
            let known = |m: &&String| METHODS.contains(&m.to_uppercase().as_str());
            let route = |m: &String| Route { method: m.to_uppercase(), path: path.clone() };
            found.extend(methods.as_object().unwrap().keys().filter(known).map(route));
        }
    }
    found
}

/// Every path that a source of a dialect writes down, under each of its mounts.
fn named_in_sources() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, mounts) in CRATES {
        for file in files(&root(name)) {
            let text = std::fs::read_to_string(&file).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for literal in literals(text).filter(|l| l.len() > 1) {
                let literal = literal.trim_end_matches('/');
                if literal.starts_with("/api/") {
                    found.insert(literal.to_owned());
                }
                found.extend(mounts.iter().map(|mount| format!("{mount}{literal}")));
            }
        }
    }
    found
}

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src")
}

fn source(name: &str, file: &str) -> String {
    let text = std::fs::read_to_string(root(name).join(file)).unwrap();
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries.flat_map(of).collect()
}

/// The texts of a source that could be paths.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "/-_.{}*".contains(c);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| line.split('"').skip(1).step_by(2)).filter(move |literal| {
        literal.starts_with('/') && !literal.contains("//") && literal.chars().all(legal)
    })
}

/// Whether a router knows this method and path, whatever it answers.
async fn is_routed(portal: &TestPortal, nobody: &Person, method: &str, path: &str) -> bool {
    let filled: Vec<&str> =
        path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
    let answer = portal.request_as(nobody, method, &filled.join("/"), None).await;
    let body = answer.json();
    let unknown = match answer.status {
        404 if path.starts_with("/v1") => {
            body["message"].as_str().is_some_and(|text| text.starts_with("Route "))
        }
        404 if path.starts_with("/api/stagedoor") => {
            body["error"]["message"] == "there is nothing at this address"
        }
        // Every other path there names a provider first.
        404 if path.starts_with("/api/auth") => {
            let text = body["error"]["message"].as_str().unwrap_or_default();
            text.starts_with("Unknown auth provider") || text.starts_with("No auth provider")
        }
        404 => answer.body.is_empty(),
        405 => true,
        _ => false,
    };
    !unknown
}
