//! The first start without try-out mode: from the printed link to a signed-in administrator, and the way back in.

use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::stagedoor;

struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    address: String,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut command = stagedoor(folder);
        command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let ready = line(&mut out);
        let address = ready.split("http://").nth(1).unwrap().to_owned();
        Self { child, out, address }
    }

    /// Status, headers and body of a request by a page of the server itself.
    fn ask(&self, method: &str, path: &str, cookie: &str, body: &Value) -> (u16, String, Value) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (host, body) = (&self.address, body.to_string());
        let length = body.len();
        write!(
            stream,
            "{method} /api/stagedoor/v1{path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {cookie}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn is_known(&self, cookie: &str) -> bool {
        !self.ask("GET", "/session", cookie, &Value::Null).2["viewer"].is_null()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(out: &mut impl std::io::BufRead) -> String {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    line.trim().to_owned()
}

fn token(link: &str) -> String {
    link.split_once("/welcome#").unwrap().1.to_owned()
}

fn accept(token: &str) -> Value {
    json!({ "token": token, "email": "ada@larkfell.example", "password": "violet lamp over nine" })
}

/// `name=value` of the cookie that a head sets.
fn cookie(head: &str) -> String {
    let set = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(set.ends_with("; HttpOnly; SameSite=Lax"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

#[test]
fn the_first_start_prints_the_way_in_and_a_command_the_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path());
    assert!(line(&mut server.out).starts_with("No administrator can sign in yet."));
    let link = line(&mut server.out);
    assert!(link.starts_with(&format!("http://{}/welcome#", server.address)), "{link}");
    assert_eq!(server.ask("GET", "/session", "", &Value::Null).2["setup"], true);
    let (status, head, body) = server.ask("POST", "/links/accept", "", &accept(&token(&link)));
    assert_eq!(status, 200, "{body}");
    let first = cookie(&head);
    assert!(server.is_known(&first));
    // Beside the running portal.
    let output = stagedoor(folder.path()).arg("admin-link").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let link = String::from_utf8(output.stdout).unwrap();
    let (status, head, body) = server.ask("POST", "/links/accept", "", &accept(&token(link.trim())));
    assert_eq!(status, 200, "{body}");
    let second = cookie(&head);
    assert!(server.is_known(&second) && !server.is_known(&first));
    assert_eq!(server.ask("POST", "/links/accept", "", &accept(&token(link.trim()))).0, 404, "once");
    drop(server);
    // And without it: what the command leaves is there when the portal starts.
    let output = stagedoor(folder.path()).arg("admin-link").output().unwrap();
    let link = String::from_utf8(output.stdout).unwrap();
    let mut server = Server::start(folder.path());
    assert!(server.is_known(&second), "sessions outlive a restart");
    assert_eq!(server.ask("POST", "/links/check", "", &json!({ "token": token(link.trim()) })).0, 200);
    server.child.kill().unwrap();
    let mut rest = String::new();
    server.out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "no link is printed any more");
    for name in ["stagedoor.db", "stagedoor.db-wal"] {
        let bytes = std::fs::read(folder.path().join(".stagedoor").join(name)).unwrap_or_default();
        for secret in [token(link.trim()), "violet lamp over nine".into()] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{name} holds a secret in clear");
        }
    }
}

#[test]
fn the_command_makes_no_link_to_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let output = stagedoor(folder.path()).args(["admin-link", "--data-dir", "elsewhere"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("there is no database at elsewhere"), "{error}");
    assert!(output.stdout.is_empty() && !folder.path().join("elsewhere").exists());
}
