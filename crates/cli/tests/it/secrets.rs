//! The key for secrets, as operators have it: made, given, wrong, missing, changed; and where no value ever lies.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::stagedoor;

const VALUE: &str = "gh0st-of/the+opera~\"42\"";
const CLIENT: [(&str, &str); 2] =
    [("STAGEDOOR_CLIENT_ID", "admin"), ("STAGEDOOR_CLIENT_SECRET", "s3cret-of-the-client")];
const OTHER_KEY: &str = "6d1f0c3b5a79e8d4c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0918273645f";

struct Server {
    child: Child,
    address: String,
    log: Option<JoinHandle<String>>,
}

fn serve(folder: &Path, variables: &[(&str, &str)]) -> Server {
    let mut command: Command = stagedoor(folder);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.join("data"));
    command.envs(CLIENT).envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        text
    });
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.next().map(Result::unwrap).unwrap_or_default();
    let address = ready.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
    let address = address.unwrap_or_else(|| panic!("it did not start: {ready}")).to_owned();
    // What comes later on standard output is read, or the program would wait for it.
    std::thread::spawn(move || lines.count());
    Server { child, address, log: Some(log) }
}

impl Server {
    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let (host, length) = (&self.address, body.len());
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}");
        write!(stream, "{head}content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    fn get(&self, path: &str, headers: &str) -> String {
        self.send("GET", path, headers, "")
    }

    fn post(&self, path: &str, headers: &str, body: &Value) -> Value {
        let text = self.send("POST", path, headers, &body.to_string());
        let start = text.find("\r\n\r\n").unwrap();
        let json = text[start..].trim();
        serde_json::from_str(json).unwrap_or_else(|_| panic!("{text}"))
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
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn token(server: &Server) -> String {
    let body = json!({ "clientId": "admin", "clientSecret": "s3cret-of-the-client" });
    let reply = server.post("/v1/auth/access_token", "", &body);
    reply["accessToken"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
}

fn keep(server: &Server, name: &str) -> Value {
    let headers = format!("authorization: Bearer {}\r\n", token(server));
    server.post("/v1/organization/secrets", &headers, &json!({ "secretName": name, "secretValue": VALUE }))
}

/// A start that is refused; its words.
fn refused(folder: &Path, variables: &[(&str, &str)]) -> String {
    let mut command: Command = stagedoor(folder);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.join("data"));
    said(&command.envs(variables.iter().copied()).output().unwrap(), false)
}

fn said(output: &Output, success: bool) -> String {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.success(), success, "{text}");
    assert!(!text.contains("gh0st") && !text.contains(OTHER_KEY), "{text}");
    text
}

fn rotate(folder: &Path, variables: &[(&str, &str)], success: bool) -> String {
    let mut command: Command = stagedoor(folder);
    command.args(["secrets", "rotate-key", "--data-dir"]).arg(folder.join("data"));
    said(&command.envs(variables.iter().copied()).output().unwrap(), success)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Nothing in the folder has the value, in any form that somebody might write it in.
fn holds_no_value(folder: &Path) {
    let hex: String = VALUE.bytes().map(|byte| format!("{byte:02x}")).collect();
    let forms =
        [VALUE.to_owned(), "gh0st".to_owned(), STANDARD.encode(VALUE), URL_SAFE_NO_PAD.encode(VALUE), hex];
    for file in files(folder) {
        let bytes = fs::read(&file).unwrap();
        for form in &forms {
            let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
            assert!(!found, "{} has {form}", file.display());
        }
    }
}

#[test]
fn the_embedded_database_makes_its_own_key_and_refuses_to_start_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/secrets.key");
    let server = serve(folder.path(), &[]);
    assert_eq!(keep(&server, "github")["ok"], true);
    server.stop();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    holds_no_value(folder.path());
    let backup = folder.path().join("backup.db");
    let done = stagedoor(folder.path())
        .arg("backup")
        .arg(&backup)
        .arg("--data-dir")
        .arg(folder.path().join("data"))
        .output();
    said(&done.unwrap(), true);
    holds_no_value(folder.path());
    let key = fs::read_to_string(&file).unwrap();
    let bytes = fs::read(&backup).unwrap();
    assert!(
        !bytes.windows(key.trim().len()).any(|window| window == key.trim().as_bytes()),
        "the key is in the backup"
    );
    // Missing: nothing is made in its place.
    let aside = folder.path().join("aside.key");
    fs::rename(&file, &aside).unwrap();
    let text = refused(folder.path(), &[]);
    assert!(text.contains("1 secret written with the key") && text.contains("secrets.key"), "{text}");
    assert!(!file.exists());
    // Wrong, by each way to give one.
    let other = folder.path().join("other.key");
    fs::write(&other, OTHER_KEY).unwrap();
    let command = format!("cat {}", other.display());
    for variable in [
        ("STAGEDOOR_SECRETS_KEY", OTHER_KEY),
        ("STAGEDOOR_SECRETS_KEY_FILE", other.to_str().unwrap()),
        ("STAGEDOOR_SECRETS_KEY_COMMAND", &command),
    ] {
        let text = refused(folder.path(), &[variable]);
        assert!(
            text.contains("1 secret written with the key") && text.contains("and this start has the key"),
            "{text}"
        );
    }
    for (variable, named) in [
        (("STAGEDOOR_SECRETS_KEY", "hunter2"), "openssl rand -base64 32"),
        (("STAGEDOOR_SECRETS_KEY_FILE", "/no/such/file"), "/no/such/file"),
        (("STAGEDOOR_SECRETS_KEY_COMMAND", "false"), "failed"),
    ] {
        let text = refused(folder.path(), &[variable]);
        assert!(text.contains(named) && !text.contains("hunter2"), "{text}");
    }
    // Right, from another place: a restored backup needs it too.
    let server = serve(folder.path(), &[("STAGEDOOR_SECRETS_KEY_FILE", aside.to_str().unwrap())]);
    assert_eq!(keep(&server, "github")["error"], "identifier_taken");
    server.stop();
}

#[test]
fn a_key_is_changed_and_tokens_stay_good() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/secrets.key");
    let server = serve(folder.path(), &[]);
    assert_eq!(keep(&server, "github")["ok"], true);
    let token = token(&server);
    let text = rotate(folder.path(), &[], false);
    assert!(text.contains("in use"), "{text}");
    server.stop();
    let old = fs::read_to_string(&file).unwrap();
    let text = rotate(folder.path(), &[("STAGEDOOR_NEW_SECRETS_KEY", OTHER_KEY)], false);
    assert!(text.contains("takes its place by itself"), "{text}");
    let text = rotate(folder.path(), &[], true);
    assert!(text.contains("1 secret is written with the key"), "{text}");
    let new = fs::read_to_string(&file).unwrap();
    assert_ne!(old, new);
    assert!(!folder.path().join("data/secrets.key.new").exists());
    refused(folder.path(), &[("STAGEDOOR_SECRETS_KEY", old.trim())]);
    let server = serve(folder.path(), &[]);
    let reply = server.get("/v1/organization/secrets", &format!("authorization: Bearer {token}\r\n"));
    assert!(reply.contains("github"), "{reply}");
    server.stop();
    // From the file to a key of one's own, and on to another.
    let given = [("STAGEDOOR_SECRETS_KEY", new.trim()), ("STAGEDOOR_NEW_SECRETS_KEY", OTHER_KEY)];
    rotate(folder.path(), &given, true);
    let server = serve(folder.path(), &[("STAGEDOOR_SECRETS_KEY", OTHER_KEY)]);
    assert_eq!(keep(&server, "second")["ok"], true);
    server.stop();
    holds_no_value(folder.path());
}

#[test]
fn when_the_key_is_lost_secrets_are_forgotten_and_the_portal_starts() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &[]);
    assert_eq!(keep(&server, "github")["ok"], true);
    server.stop();
    fs::remove_file(folder.path().join("data/secrets.key")).unwrap();
    refused(folder.path(), &[]);
    let forget = |all: &[&str], success| {
        let mut command: Command = stagedoor(folder.path());
        command.args(["secrets", "forget"]).args(all).arg("--data-dir").arg(folder.path().join("data"));
        said(&command.output().unwrap(), success)
    };
    assert!(forget(&[], false).contains("--all"), "nothing is forgotten by mistake");
    assert!(forget(&["--all"], true).contains("1 secret is forgotten"));
    let server = serve(folder.path(), &[]);
    assert_eq!(keep(&server, "github")["ok"], true);
    let headers = format!("authorization: Bearer {}\r\n", token(&server));
    let told = server.get("/api/stagedoor/v1/audit?kind=secret&action=delete", &headers);
    assert!(told.contains("\"name\":\"secrets\",\"through\":\"command\""), "{told}");
    server.stop();
}

/// What is logged at the most talkative level, in both forms, has neither the value nor the key.
#[test]
fn no_line_of_the_log_has_a_secret_in_any_form() {
    for format in ["text", "json"] {
        let folder = tempfile::tempdir().unwrap();
        let variables = [
            ("STAGEDOOR_LOG", "trace"),
            ("STAGEDOOR_LOG_FORMAT", format),
            ("STAGEDOOR_SECRETS_KEY", OTHER_KEY),
        ];
        let server = serve(folder.path(), &variables);
        assert_eq!(keep(&server, "github")["ok"], true);
        let percent: String = VALUE.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let hex: String = VALUE.bytes().map(|byte| format!("{byte:02x}")).collect();
        let basic = STANDARD.encode(format!("user:{VALUE}"));
        let component = "gh0st-of%2Fthe%2Bopera~%2242%22";
        for form in [&URL_SAFE_NO_PAD.encode(VALUE), &percent, &hex, &basic, component] {
            // Paths stand in access lines.
            server.get(&format!("/v1/blueprints/{form}"), "");
            server.get(
                &format!("/nowhere/{form}?q={form}"),
                &format!("user-agent: {form}\r\nx-request-id: {form}\r\n"),
            );
        }
        #[cfg(target_os = "linux")]
        {
            let limits = fs::read_to_string(format!("/proc/{}/limits", server.child.id())).unwrap();
            let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
            assert_eq!(core.split_whitespace().nth(4), Some("0"), "a dump would have every secret: {core}");
        }
        let log = server.stop();
        assert!(log.contains("[redacted]"), "{log}");
        for form in [
            "gh0st",
            &STANDARD.encode(VALUE)[..20],
            &percent[..30],
            &hex[..20],
            &basic[8..28],
            OTHER_KEY,
            "s3cret-of-the-client",
        ] {
            assert!(!log.to_lowercase().contains(&form.to_lowercase()), "{format}: {form}");
        }
    }
}

#[test]
fn the_configuration_names_the_key_and_only_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), OTHER_KEY).unwrap();
    let write = |text: &str| fs::write(folder.path().join("app-config.yaml"), text).unwrap();
    write("stagedoor:\n  secrets:\n    keyFile: ./key\n");
    let config = [("STAGEDOOR_CONFIG", "app-config.yaml")];
    let server = serve(folder.path(), &config);
    assert_eq!(keep(&server, "github")["ok"], true);
    server.stop();
    assert!(!folder.path().join("data/secrets.key").exists());
    write("stagedoor:\n  secrets:\n    keyFile: ./key\n    keyCommand: cat key\n");
    let text = refused(folder.path(), &config);
    assert!(text.contains("stagedoor.secrets: expected one of key, keyFile and keyCommand"), "{text}");
    write("stagedoor:\n  secrets:\n    keyCommand: cat key\n");
    serve(folder.path(), &config).stop();
    let both = [("STAGEDOOR_SECRETS_KEY", OTHER_KEY), ("STAGEDOOR_SECRETS_KEY_FILE", "key")];
    assert!(refused(folder.path(), &both).contains("only one of STAGEDOOR_SECRETS_KEY"));
}
