//! A catalog from one running portal to another, through Backstage's API, and to files and back.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::stagedoor;

/// A running portal in local try-out mode.
struct Portal {
    child: Child,
    url: String,
}

impl Portal {
    fn start(folder: &Path, data: &str, config: &str) -> Self {
        let mut command = stagedoor(folder);
        let file = format!("{data}.yaml");
        std::fs::write(folder.join(&file), config).unwrap();
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", data, "--config", &file]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let ready = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let url = ready.split("at ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        Self { child, url }
    }

    fn get(&self, path: &str) -> Value {
        let address = self.url.strip_prefix("http://").unwrap();
        let text =
            ask(address, &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"));
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{path}: {body}"))
    }

    /// Every entity by Backstage's API but those that stand for locations, without what differs from portal to portal.
    fn catalog(&self) -> Vec<Value> {
        let all = self
            .get("/api/catalog/entities?order=asc:metadata.name&order=asc:kind&order=asc:metadata.namespace");
        let mut all: Vec<Value> = all.as_array().unwrap().clone();
        all.retain(|entity| entity["kind"] != "Location");
        all.iter_mut().for_each(comparable);
        all
    }

    fn stop(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(address: &str, request: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn comparable(entity: &mut Value) {
    let metadata = entity["metadata"].as_object_mut().unwrap();
    metadata.remove("uid");
    metadata.remove("etag");
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|key, _| !key.starts_with("backstage.io/managed-by-"));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
}

/// Runs a command; its exit code, output and messages.
fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = stagedoor(folder).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn quickstart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/quickstart")
}

/// A configuration that reads these files, whatever kinds are in them.
fn reading(targets: &[&Path]) -> String {
    let locations: Vec<Value> = targets.iter().map(|t| json!({ "type": "file", "target": t })).collect();
    let kinds = ["Component", "API", "Resource", "System", "Domain", "Group", "User", "Template", "Location"];
    let custom = ["Database", "Deployment", "Environment"];
    let allow: Vec<&str> = kinds.into_iter().chain(custom).collect();
    json!({ "catalog": { "rules": [{ "allow": allow }], "locations": locations } }).to_string()
}

/// The quickstart, which has every shipped kind, kinds of its own, placeholders and contributed fields.
fn quickstart_config() -> String {
    let folder = quickstart();
    let all = "blueprints/*.json catalog-info.yaml org.yaml environments.yaml databases/*.yaml deployments.json \
        deployments-staging.yaml";
    let all: Vec<PathBuf> = all.split_whitespace().map(|name| folder.join(name)).collect();
    reading(&all.iter().map(PathBuf::as_path).collect::<Vec<_>>())
}

#[test]
fn an_export_reads_back_as_the_same_catalog() {
    let folder = tempfile::tempdir().unwrap();
    let portal = Portal::start(folder.path(), "first", &quickstart_config());
    // A contributed field, which no file says.
    let port = "/v1/blueprints/component/entities/component%3Adefault%2Forders-service";
    let body = json!({ "properties": { "reviewedBy": "platform", "since": 2021 } }).to_string();
    let address = portal.url.strip_prefix("http://").unwrap();
    let request = format!(
        "PATCH {port} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    let answer = ask(address, &request);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let catalog = portal.catalog();
    assert!(catalog.len() > 60, "{}", catalog.len());
    let (code, said, error) = run(folder.path(), &["export", "backstage", "out", "--data-dir", "first"]);
    assert_eq!(code, 0, "{error}");
    assert!(said.starts_with(&format!("Wrote {} entities to out", catalog.len())), "{said}");
    // What is there is not overwritten.
    let (code, _, error) = run(folder.path(), &["export", "backstage", "out", "--data-dir", "first"]);
    assert!(code == 1 && error.contains("--force"), "{error}");
    // From the running portal it is the same, to the letter.
    let (code, _, error) = run(folder.path(), &["export", "backstage", "live", "--from", &portal.url]);
    assert_eq!(code, 0, "{error}");
    let diff = |a: &str, b: &str| {
        let output =
            std::process::Command::new("diff").arg("-r").args([a, b]).current_dir(folder.path()).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert_eq!(diff("out", "live"), "");
    let (code, ..) = run(folder.path(), &["export", "backstage", "out", "--data-dir", "first", "--force"]);
    assert_eq!(code, 0);
    portal.stop();
    let out = folder.path().join("out");
    let second = reading(&[&out.join("blueprints.yaml"), &out.join("catalog-info.yaml")]);
    let second = Portal::start(folder.path(), "second", &second);
    assert_same(&catalog, &second.catalog());
}

fn assert_same(left: &[Value], right: &[Value]) {
    let name = |e: &Value| format!("{}:{}/{}", e["kind"], e["metadata"]["namespace"], e["metadata"]["name"]);
    let names = |all: &[Value]| all.iter().map(name).collect::<Vec<_>>();
    assert_eq!(names(left), names(right));
    for (left, right) in left.iter().zip(right) {
        assert_eq!(left, right, "{}", name(left));
    }
}

#[test]
fn an_import_copies_what_is_read_nowhere_and_does_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let from = Portal::start(folder.path(), "from", &quickstart_config());
    let catalog = from.catalog();
    let import = |more: &[&str]| {
        let mut args = vec!["import", "backstage", "--url", &from.url];
        args.extend(more);
        run(folder.path(), &args)
    };
    // Kinds that a portal has no blueprint of are told; the rest is there.
    let (code, said, _) = import(&["--data-dir", "to", "--dry-run"]);
    assert!(code == 1 && said.contains("nothing was written") && said.contains("foreign kind"), "{said}");
    assert!(!folder.path().join("to").exists());
    let blueprints = quickstart().join("blueprints/*.json");
    let to = Portal::start(folder.path(), "to", &reading(&[&blueprints]));
    // The database is in use: the running portal has to be named.
    let (code, _, error) = import(&["--data-dir", "to"]);
    assert!(code == 1 && error.contains("--to"), "{error}");
    let (code, said, error) = import(&["--to", &to.url, "--dry-run"]);
    assert_eq!((code, to.catalog().len()), (0, 0), "{said}{error}");
    assert!(said.contains(&format!("{:8}  entities copied\n", catalog.len())), "{said}");
    let (code, said, error) = import(&["--to", &to.url]);
    assert_eq!(code, 0, "{said}{error}");
    assert!(said.contains(&format!("{:8}  entities copied\n", catalog.len())), "{said}");
    assert_same(&catalog, &to.catalog());
    let revision = |portal: &Portal| portal.get("/api/stagedoor/v1/changes")["revision"].clone();
    let before = revision(&to);
    let (code, said, _) = import(&["--to", &to.url]);
    assert_eq!((code, revision(&to)), (0, before), "{said}");
    assert!(said.contains(&format!("{:8}  entities that are here already", catalog.len())), "{said}");
    to.stop();
    // The same without a server.
    let (code, said, error) = import(&["--data-dir", "to"]);
    assert_eq!(code, 0, "{said}{error}");
    assert!(said.contains(&format!("{:8}  entities that are here already", catalog.len())), "{said}");
    let (code, said, _) = import(&["--data-dir", "fresh"]);
    assert!(code == 1 && said.contains("foreign kind"), "{said}");
    let fresh = Portal::start(folder.path(), "fresh", "{}");
    let shipped = catalog.iter().filter(|e| e["apiVersion"].as_str().unwrap().contains("backstage.io"));
    assert_eq!(fresh.catalog().len(), shipped.count());
}

#[test]
fn wrong_addresses_and_tokens_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let secret = "s3cret-of-the-token";
    for (url, says) in [
        ("backstage", "address"),
        ("ftp://127.0.0.1/", "address"),
        ("http://me:s3cret-of-the-token@127.0.0.1/", "token"),
        (&format!("http://{free}"), "can't be reached"),
    ] {
        let (code, said, error) =
            run(folder.path(), &["import", "backstage", "--url", url, "--token", secret, "--data-dir", "to"]);
        assert!(code == 1 && error.contains(says), "{url}: {error}");
        assert!(!said.contains(secret) && !error.contains(secret), "{said}{error}");
        let (code, _, error) = run(folder.path(), &["export", "backstage", "out", "--from", url]);
        assert!(code == 1 && error.contains(says) && !folder.path().join("out").exists(), "{url}: {error}");
    }
    let (code, _, error) = run(folder.path(), &["export", "backstage", "out", "--data-dir", "nothing"]);
    assert!(code == 1 && error.contains("no database"), "{error}");
    // A portal that wants to know who asks.
    let mut command = stagedoor(folder.path());
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir", "closed"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let ready = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    let url = ready.split("at ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let closed = Portal { child, url };
    let (code, said, error) = run(
        folder.path(),
        &["import", "backstage", "--url", &closed.url, "--token", secret, "--data-dir", "to"],
    );
    assert!(code == 1 && error.contains("--token or BACKSTAGE_TOKEN"), "{error}");
    assert!(!said.contains(secret) && !error.contains(secret), "{said}{error}");
}
