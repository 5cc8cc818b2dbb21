//! A real git server: git's own `http-backend` behind a web server of the test, and repositories in a temporary folder.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use serde_json::{Value, json};
use stagedoor_hosts::{Found, HostError, Hosts, Priority};
use stagedoor_outbound::AllowList;

use crate::fake::{Fake, FakeReply, FakeRequest};

/// What becomes of an answer.
pub(crate) type Spoil = fn(&mut Vec<u8>);

/// What can be wrong with the server.
#[derive(Clone, Default)]
pub(crate) struct Mood {
    /// It speaks only version 0.
    pub(crate) old: bool,
    /// `Authorization` that it demands.
    pub(crate) demands: Option<String>,
    /// Answers instead of git's, by what the path contains.
    pub(crate) faults: Vec<(String, FakeReply)>,
    /// The bytes of an answer to a POST are changed before they are sent.
    pub(crate) spoil: Option<Spoil>,
}

/// The server and its repositories.
pub(crate) struct GitServer {
    pub(crate) fake: Fake,
    pub(crate) mood: Arc<Mutex<Mood>>,
    /// Bytes that were answered.
    pub(crate) sent: Arc<Mutex<usize>>,
    pub(crate) folder: tempfile::TempDir,
}

/// `None`, with the reason printed, where git is not installed; in continuous integration that is a failure.
pub(crate) fn has_git() -> bool {
    static TOLD: OnceLock<bool> = OnceLock::new();
    *TOLD.get_or_init(|| {
        let there = Command::new("git").args(["http-backend"]).stdin(Stdio::null()).output();
        let there =
            there.is_ok_and(|out| !String::from_utf8_lossy(&out.stderr).contains("is not a git command"));
        if !there {
            let reason = "git with its http-backend is not installed";
            assert!(std::env::var_os("CI").is_none(), "{reason}");
            let _ = writeln!(std::io::stderr(), "skipped: {reason}");
        }
        there
    })
}

/// Runs git in a folder, without the settings of whoever runs the tests.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    git_with(folder, arguments, &[])
}

pub(crate) fn git_with(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    let mut child = clean(Command::new("git").current_dir(folder).args(arguments))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

fn clean(command: &mut Command) -> &mut Command {
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    command.envs([
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "larkfell"),
        ("GIT_AUTHOR_EMAIL", "robot@larkfell.example"),
        ("GIT_COMMITTER_NAME", "larkfell"),
        ("GIT_COMMITTER_EMAIL", "robot@larkfell.example"),
    ])
}

/// A repository with a working copy beside it.
pub(crate) struct Repo {
    pub(crate) bare: PathBuf,
    pub(crate) work: PathBuf,
}

impl Repo {
    /// `<folder>/<name>`, and `<folder>/work-<name>`.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let (bare, work) = (folder.join(name), folder.join(format!("work-{}", name.replace('/', "-"))));
        fs::create_dir_all(&bare).unwrap();
        git(&bare, &["init", "-q", "--bare", "-b", "main"]);
        fs::create_dir_all(&work).unwrap();
        git(&work, &["init", "-q", "-b", "main"]);
        Self { bare, work }
    }

    pub(crate) fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let file = self.work.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    /// Commits everything and pushes it to `main`. The commit.
    pub(crate) fn push(&self) -> String {
        self.push_to("refs/heads/main")
    }

    pub(crate) fn push_to(&self, reference: &str) -> String {
        git(&self.work, &["add", "-A"]);
        git(&self.work, &["commit", "-q", "--allow-empty", "-m", "a change"]);
        git(&self.work, &["push", "-q", "-f", self.bare.to_str().unwrap(), &format!("HEAD:{reference}")]);
        git(&self.work, &["rev-parse", "HEAD"])
    }
}

impl GitServer {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("stagedoor-git-").tempdir().unwrap();
        let root = folder.path().to_owned();
        let (mood, sent) = (Arc::new(Mutex::new(Mood::default())), Arc::new(Mutex::new(0)));
        let (moods, counted) = (Arc::clone(&mood), Arc::clone(&sent));
        let fake = Fake::start(move |request| {
            let mood = moods.lock().clone();
            let (reply, size) = answer(&root, request, &mood);
            *counted.lock() += size;
            reply
        })
        .await;
        Self { fake, mood, sent, folder }
    }

    pub(crate) fn repo(&self, name: &str) -> Repo {
        Repo::new(self.folder.path(), name)
    }

    /// `git::http://<host>/<rest>`
    pub(crate) fn address(&self, rest: &str) -> String {
        format!("git::{}", self.fake.url(&format!("/{rest}")))
    }

    /// Hosts with this server in `integrations.git`, and more of its entry.
    pub(crate) fn hosts(&self, more: &Value) -> Hosts {
        let mut entry = json!({ "host": self.fake.host });
        for (key, value) in more.as_object().into_iter().flatten() {
            entry[key] = value.clone();
        }
        let (hosts, problems) = Hosts::new(Some(&json!({ "git": [entry] })), AllowList::default());
        assert_eq!(problems, []);
        hosts
    }

    /// What was asked since the last time: `refs`, `ls-refs`, `fetch`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.fake.take().iter().map(what).collect()
    }
}

fn what(request: &FakeRequest) -> String {
    let body = String::from_utf8_lossy(&request.body);
    let word = if request.method == "GET" {
        "refs"
    } else if body.contains("command=ls-refs") {
        "ls-refs"
    } else {
        "fetch"
    };
    word.to_owned()
}

/// The program, as a web server runs it (RFC 3875).
fn answer(root: &Path, request: &FakeRequest, mood: &Mood) -> (FakeReply, usize) {
    if let Some((_, reply)) = mood.faults.iter().find(|(part, _)| request.path.contains(part)) {
        return (reply.clone(), 0);
    }
    if mood.demands.as_deref().is_some_and(|wanted| request.header("authorization") != Some(wanted)) {
        return (FakeReply::status(401).with("www-authenticate", "Basic realm=\"git\""), 0);
    }
    let mut command = Command::new("git");
    clean(command.arg("http-backend")).envs([
        ("GIT_PROJECT_ROOT", root.to_str().unwrap()),
        ("GIT_HTTP_EXPORT_ALL", "1"),
        ("PATH_INFO", &request.path),
        ("QUERY_STRING", &request.query),
        ("REQUEST_METHOD", &request.method),
        ("CONTENT_TYPE", request.header("content-type").unwrap_or_default()),
        ("CONTENT_LENGTH", &request.body.len().to_string()),
    ]);
    if let Some(version) = request.header("git-protocol").filter(|_| !mood.old) {
        command.env("GIT_PROTOCOL", version);
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(&request.body);
    let out = child.wait_with_output().unwrap().stdout;
    let end = out.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(out.len().saturating_sub(4));
    let head = String::from_utf8_lossy(&out[..end]).into_owned();
    let headers: HashMap<String, String> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let status =
        headers.get("status").and_then(|status| status.split(' ').next()?.parse().ok()).unwrap_or(200);
    let mut body = out[end + 4..].to_vec();
    if let Some(spoil) = mood.spoil.filter(|_| request.method == "POST") {
        spoil(&mut body);
    }
    let size = body.len();
    let reply = FakeReply::ok(body).and_status(status);
    (reply.with("content-type", headers.get("content-type").cloned().unwrap_or_default()), size)
}

/// Reads a target as a schedule does.
pub(crate) async fn read(hosts: &Hosts, target: &str) -> Result<Vec<Found>, HostError> {
    hosts.read(target, Priority::Poll).await
}

/// The one file of a target, as text, and whether it is unchanged.
pub(crate) async fn one(hosts: &Hosts, target: &str) -> (String, bool) {
    let found = read(hosts, target).await.unwrap();
    assert_eq!(found.len(), 1, "{target}");
    (String::from_utf8(found[0].body.to_vec()).unwrap(), found[0].unchanged)
}

/// Why a target cannot be read.
pub(crate) async fn error(hosts: &Hosts, target: &str) -> HostError {
    match read(hosts, target).await {
        Ok(found) => panic!("{target} is read: {found:?}"),
        Err(error) => error,
    }
}
