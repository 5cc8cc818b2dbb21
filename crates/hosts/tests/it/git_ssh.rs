//! Plain git over SSH, against a real sshd: keys, who is believed, and what a path cannot do.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stagedoor_hosts::{HostError, Hosts};
use stagedoor_outbound::AllowList;

use crate::git_server::{Repo, error, git, has_git, one, read};

/// A server on a free port, with a host key and one key that it lets in.
pub(crate) struct Sshd {
    port: u16,
    server: Child,
    pub(crate) folder: tempfile::TempDir,
}

/// `None`, with the reason printed, where OpenSSH is not installed; in continuous integration that is a failure.
pub(crate) fn sshd(takes_version: bool) -> Option<Sshd> {
    static TOLD: OnceLock<()> = OnceLock::new();
    let program =
        ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].into_iter().find(|path| Path::new(path).exists());
    let has_client = Command::new("ssh").arg("-V").stderr(Stdio::null()).status().is_ok();
    let (Some(program), true, true) = (program, has_client, has_git()) else {
        let reason = "OpenSSH is not installed: no /usr/sbin/sshd or no ssh; scripts/ensure-sshd installs it";
        assert!(std::env::var_os("CI").is_none(), "{reason}");
        TOLD.get_or_init(|| drop(writeln!(std::io::stderr(), "skipped: {reason}")));
        return None;
    };
    Some(Sshd::start(program, takes_version))
}

impl Sshd {
    fn start(program: &str, takes_version: bool) -> Self {
        let folder = tempfile::Builder::new().prefix("stagedoor-sshd-").tempdir().unwrap();
        let at = folder.path();
        for key in ["host", "other-host", "user", "stranger"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(at.join(key))
                .status();
            assert!(made.unwrap().success());
        }
        fs::copy(at.join("user.pub"), at.join("authorized_keys")).unwrap();
        // As root it wants a folder of its own.
        let _ = fs::create_dir("/run/sshd");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let accepts = if takes_version { "AcceptEnv GIT_PROTOCOL" } else { "" };
        let path = at.display();
        let configuration = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {path}/host\nPidFile none\nStrictModes no\nUsePAM no\n\
             AuthorizedKeysFile {path}/authorized_keys\nPermitRootLogin prohibit-password\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\n{accepts}\n"
        );
        fs::write(at.join("config"), configuration).unwrap();
        let log = fs::File::create(at.join("log")).unwrap();
        let server = Command::new(program)
            .args(["-D", "-e", "-f"])
            .arg(at.join("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let sshd = Self { port, server, folder };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(30), "sshd does not start: {}", sshd.text("log"));
            std::thread::sleep(Duration::from_millis(10));
        }
        sshd
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `git::ssh://<user>@127.0.0.1:<port><folder>/<rest>`
    pub(crate) fn address(&self, rest: &str) -> String {
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap();
        format!("git::ssh://{}@{}{}/{rest}", user.trim(), self.host(), self.folder.path().display())
    }

    pub(crate) fn hosts(&self, more: &Value) -> Hosts {
        let mut entry =
            json!({ "host": self.host(), "sshKey": self.text("user"), "knownHosts": self.text("host.pub") });
        for (key, value) in more.as_object().into_iter().flatten() {
            entry[key] = value.clone();
        }
        let (hosts, problems) = Hosts::new(Some(&json!({ "git": [entry] })), AllowList::default());
        assert_eq!(problems, []);
        hosts
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[tokio::test]
async fn a_repository_is_read_over_ssh() {
    // Whether the server passes the wish for version 2 on is for its administrator to say.
    for takes_version in [false, true] {
        let Some(sshd) = sshd(takes_version) else { return };
        let repo = Repo::new(sshd.folder.path(), "it's a/repo.git");
        git(&repo.bare, &["config", "uploadpack.allowFilter", "true"]);
        repo.put("catalog/a.yaml", "a: 1\n");
        repo.put("catalog/b.yaml", "b: 1\n");
        repo.push();
        let hosts = sshd.hosts(&json!({}));
        let (file, all) = (
            sshd.address("it's%20a/repo.git//catalog/a.yaml"),
            sshd.address("it's%20a/repo.git//**/*.yaml?ref=main"),
        );
        assert_eq!(one(&hosts, &file).await, ("a: 1\n".to_owned(), false));
        let sent = || hosts.budgets()[0].sent;
        let before = sent();
        assert_eq!(one(&hosts, &file).await, ("a: 1\n".to_owned(), true));
        assert_eq!(sent() - before, 1, "where the branch stands, and nothing else");
        assert_eq!(read(&hosts, &all).await.unwrap().len(), 2);
        repo.put("catalog/a.yaml", "a: 2\n");
        repo.push();
        assert_eq!(one(&hosts, &file).await, ("a: 2\n".to_owned(), false));
        let missing = error(&hosts, &sshd.address("none.git//a.yaml")).await;
        assert!(
            matches!(&missing, HostError::NotFound(text) if text.contains("not appear to be a git repository")),
            "{missing:?}"
        );
        assert!(matches!(
            error(&hosts, &sshd.address("it's%20a/repo.git//x?ref=none")).await,
            HostError::NotFound(_)
        ));
    }
}

#[tokio::test]
async fn only_the_right_keys_open_and_only_the_right_host_is_believed() {
    let Some(sshd) = sshd(false) else { return };
    let repo = Repo::new(sshd.folder.path(), "r.git");
    repo.put("f", "x");
    repo.push();
    let target = sshd.address("r.git//f");
    let port = sshd.port;
    let other = sshd.text("other-host.pub");
    for (more, says) in [
        (json!({ "knownHosts": other.trim() }), "does not prove"),
        (json!({ "knownHosts": format!("[127.0.0.1]:{port} {other}") }), "does not prove"),
        (json!({ "knownHosts": format!("git.example.com {}", sshd.text("host.pub")) }), "does not prove"),
        (json!({ "sshKey": sshd.text("stranger") }), "does not let us in"),
        (
            json!({ "sshKey": "-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n-----END OPENSSH PRIVATE KEY-----" }),
            "does not let us in",
        ),
    ] {
        let error = error(&sshd.hosts(&more), &target).await;
        assert!(matches!(&error, HostError::Denied(text) if text.contains(says)), "{more}: {error:?}");
        assert!(!error.to_string().contains("PRIVATE") && !error.to_string().contains("nonsense"), "{error}");
    }
    // Keys in files, readable by all as a mounted secret is, and the host by its full line.
    let key = sshd.folder.path().join("user");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let known = sshd.folder.path().join("known_hosts");
    fs::write(&known, format!("# ours\n[127.0.0.1]:{port} {}", sshd.text("host.pub"))).unwrap();
    let entry = json!({ "host": sshd.host(), "sshKeyFile": key, "knownHostsFile": known });
    let (hosts, problems) = Hosts::new(Some(&json!({ "git": [entry] })), AllowList::default());
    assert_eq!((problems.len(), one(&hosts, &target).await.0), (0, "x".to_owned()));
    fs::remove_file(&key).unwrap();
    assert!(matches!(error(&hosts, &target).await, HostError::Denied(text) if text.contains("sshKeyFile")));
    // Without an entry there is nobody to be, and a private address is not reached with one of another host.
    let (none, _) = Hosts::new(None, AllowList::default());
    assert!(
        matches!(error(&none, &target).await, HostError::Denied(text) if text.contains("integrations.git"))
    );
}

/// Attack case 6: nothing in an address becomes an option or a command.
#[tokio::test]
async fn a_path_runs_nothing() {
    let Some(sshd) = sshd(false) else { return };
    let hosts = sshd.hosts(&json!({}));
    let mark = sshd.folder.path().join("mark");
    let shown = mark.display();
    for rest in [
        format!("x';touch$IFS{shown};'"),
        format!("$(touch%20{shown})"),
        format!("`touch%20{shown}`"),
        format!("x%22;touch%20{shown};%22"),
        "--upload-pack=x".to_owned(),
    ] {
        let error = error(&hosts, &sshd.address(&format!("{rest}//f"))).await;
        assert!(matches!(error, HostError::NotFound(_) | HostError::Unreachable(_)), "{rest}: {error:?}");
        assert!(!mark.exists(), "{rest}");
    }
    let user = sshd.address("r.git//f").replace("ssh://", "ssh://-oProxyCommand=touch");
    assert!(error(&hosts, &user).await.to_string().contains("user name"));
}
