//! A running server: its log, its metrics, its end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::stagedoor;

pub(super) struct Server {
    child: Child,
    pub(super) address: String,
    log: Option<JoinHandle<String>>,
    #[expect(dead_code, reason = "its folder lives as long as it")]
    folder: tempfile::TempDir,
}

impl Server {
    pub(super) fn start(args: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command: Command = stagedoor(folder.path());
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(args).envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.next().unwrap().unwrap();
        let address = ready.split("http://").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        Self { child, address, log: Some(log), folder }
    }

    /// A connection on which a request has been sent.
    fn ask(&self, path: &str, headers: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let host = &self.address;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\n{headers}connection: close\r\n\r\n").unwrap();
        stream
    }

    fn get(&self, path: &str, headers: &str) -> String {
        let mut text = String::new();
        self.ask(path, headers).read_to_string(&mut text).unwrap();
        text
    }

    /// Asks it to stop; its log.
    fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        self.log.take().unwrap().join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SECRETS: [(&str, &str); 4] = [
    ("STAGEDOOR_CLIENT_ID", "admin"),
    ("STAGEDOOR_CLIENT_SECRET", "s3cret-of-the-client"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=s3cret-of-the-collector"),
];

#[test]
fn json_lines_name_their_request_and_no_secret() {
    let mut variables = SECRETS.to_vec();
    variables.extend([("STAGEDOOR_LOG", "debug"), ("STAGEDOOR_LOG_FORMAT", "json")]);
    let server = Server::start(&[], &variables);
    let headers = "x-request-id: my-request\r\nauthorization: Bearer s3cret-of-a-token\r\n";
    let answer = server.get("/v1/blueprints?token=s3cret-of-the-address", headers);
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("x-request-id: my-request"), "{answer}");
    let log = server.stop();
    let mut found = false;
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
        found |=
            line["request_id"] == "my-request" && line["path"] == "/v1/blueprints" && line["status"] == 401;
    }
    assert!(found, "{log}");
    assert!(!log.contains("s3cret"), "{log}");
}

#[test]
fn text_lines_are_lines_whatever_a_caller_sends() {
    let server = Server::start(&["--dev"], &[("STAGEDOOR_LOG", "debug")]);
    for path in ["/v1/%0aforged%0d", "/v1/blueprints/%1b[31m", "/x%0a2026-01-01T00:00:00Z%20ERROR"] {
        server.get(path, "x-request-id: forged request_id=1\r\nuser-agent: a\tb\r\n");
    }
    let log = server.stop();
    let stamp = |line: &str| line.len() > 20 && line.as_bytes()[4] == b'-' && line.as_bytes()[10] == b'T';
    assert!(log.lines().count() > 3 && log.lines().all(stamp), "{log}");
    assert!(!log.contains('\u{1b}') && !log.contains("forged request_id"), "{log}");
}

#[test]
fn reads_write_no_line_unasked() {
    let server = Server::start(&["--dev"], &[]);
    for _ in 0..5 {
        server.get("/v1/blueprints", "");
        server.get("/nothing", "");
    }
    let log = server.stop();
    assert!(!log.contains("/v1/blueprints"), "{log}");
}

#[test]
fn metrics_have_an_address_of_their_own_when_told_to() {
    // A free port: taken and given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = format!(":{}", free.port());
    let mut variables = SECRETS[..2].to_vec();
    variables.push(("STAGEDOOR_METRICS_LISTEN", &port));
    let mut server = Server::start(&[], &variables);
    assert!(server.get("/metrics", "").starts_with("HTTP/1.1 401"));
    let main = std::mem::replace(&mut server.address, free.to_string());
    let text = server.get("/metrics", "");
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("\nstagedoor_revision "), "{text}");
    assert!(
        text.contains("stagedoor_http_requests_total{route=\"/metrics\",method=\"GET\",status=\"401\"} 1"),
        "{text}"
    );
    // Nothing else is there.
    assert!(server.get("/v1/blueprints", "").starts_with("HTTP/1.1 404"));
    server.address = main;
    server.stop();
}

#[test]
fn a_stop_ends_streams() {
    let server = Server::start(&["--dev"], &[]);
    let stream = server.ask("/api/stagedoor/v1/changes", "accept: text/event-stream\r\n");
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("id: ")));
    let started = Instant::now();
    server.stop();
    // Its grace for requests under way is eight seconds.
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
}

#[test]
fn the_data_folder_remembers_which_files_were_read() {
    let folder = tempfile::tempdir().unwrap();
    let (data, config) = (folder.path().join("data"), folder.path().join("app-config.yaml"));
    let locations = "catalog: {locations: [{type: file, target: ./a.yaml}]}\n";
    std::fs::write(&config, locations).unwrap();
    let component = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\n\
                     spec: {type: service, lifecycle: production, owner: b}\n";
    std::fs::write(folder.path().join("a.yaml"), component).unwrap();
    let args = ["--data-dir", data.to_str().unwrap(), "--config", config.to_str().unwrap()];
    Server::start(&args, &SECRETS).stop();
    let remembered = std::fs::read(data.join("readings")).unwrap();
    assert_eq!(remembered.len(), 21 + 64, "one file");
    Server::start(&args, &SECRETS).stop();
    assert_eq!(std::fs::read(data.join("readings")).unwrap(), remembered);
}
