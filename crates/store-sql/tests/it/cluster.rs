//! A real PostgreSQL server for the tests of this binary: in a temporary folder, on a socket in it, as an
//! unprivileged user. It ends with the process that started it, however that ends.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The one server of this test binary. `None`, with the reason printed, where PostgreSQL is not installed; in
/// continuous integration that is a failure.
pub(crate) fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| match programs() {
        Some(programs) => Some(Cluster::start(&programs)),
        None => {
            let reason = "PostgreSQL is not installed: no initdb in PATH or /usr/lib/postgresql/*/bin";
            assert!(std::env::var_os("CI").is_none(), "{reason}");
            let _ = writeln!(std::io::stderr(), "skipped: {reason}");
            None
        }
    });
    cluster.as_ref()
}

/// The folder of PostgreSQL's programs, the newest where there are several.
fn programs() -> Option<PathBuf> {
    let in_path = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let mut packaged: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    packaged.sort();
    let found = packaged.into_iter().rev().chain(in_path).find(|folder| folder.join("initdb").exists())?;
    // What is in PATH may be a link; its neighbours are where it leads.
    Some(found.join("initdb").canonicalize().ok()?.parent()?.to_owned())
}

pub(crate) struct Cluster {
    folder: PathBuf,
    databases: AtomicU32,
    /// The server ends when this is closed.
    _alive: std::process::Child,
}

const PORT: u16 = 5432;

impl Cluster {
    fn start(programs: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("stagedoor-pg-").tempdir().unwrap().keep();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut command = unprivileged(&folder);
        // Durability is not what these tests are about, and the server is thrown away.
        let script = r#"set -e
            cd "$1"
            "$2/initdb" -D data -U stagedoor -A trust -E UTF8 --no-locale --no-sync >initdb.log 2>&1
            "$2/postgres" -D data -k "$1" -p "$3" -c listen_addresses= -c fsync=off >server.log 2>&1 &
            cat >/dev/null || true
            kill -QUIT $! || true
            wait || true
            rm -rf "$1""#;
        let child = command
            .args(["sh", "-c", script, "sh"])
            .arg(&folder)
            .arg(programs)
            .arg(PORT.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let cluster = Self { folder, databases: AtomicU32::new(0), _alive: child };
        let started = Instant::now();
        while cluster.execute("postgres", "SELECT 1").is_err() {
            let log = || std::fs::read_to_string(cluster.folder.join("server.log")).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(60), "PostgreSQL does not start:\n{}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        cluster
    }

    /// The URL of a new, empty database.
    pub(crate) fn database(&self) -> String {
        let name = format!("case_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name}")).unwrap();
        self.url(&name)
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://stagedoor@/{database}?host={}&port={PORT}", self.folder.display())
    }

    /// Runs statements in a database, given by name or by URL.
    pub(crate) fn execute(&self, database: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
        let url = if database.contains(':') { database.to_owned() } else { self.url(database) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            let answers = client.simple_query(sql).await?;
            let first = |message: tokio_postgres::SimpleQueryMessage| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            };
            Ok(answers.into_iter().filter_map(first).collect())
        })
    }
}

/// A command that runs another one as somebody without rights: PostgreSQL refuses to run as root.
fn unprivileged(folder: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    if !is_root {
        return Command::new("env");
    }
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let nobody = passwd.lines().find(|line| line.starts_with("nobody:")).unwrap();
    let ids: Vec<u32> = nobody.split(':').skip(2).take(2).map(|id| id.parse().unwrap()).collect();
    std::os::unix::fs::chown(folder, Some(ids[0]), Some(ids[1])).unwrap();
    let exists = |name: &str| Command::new("sh").args(["-c", &format!("command -v {name}")]).output();
    let exists = |name: &str| exists(name).is_ok_and(|o| o.status.success());
    if exists("setpriv") {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &ids[0].to_string(), "--regid", &ids[1].to_string(), "--clear-groups"]);
        return command;
    }
    assert!(exists("runuser"), "neither setpriv nor runuser is there to become somebody without rights");
    let mut command = Command::new("runuser");
    command.args(["-u", "nobody", "--"]);
    command
}
