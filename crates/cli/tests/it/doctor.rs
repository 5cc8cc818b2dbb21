//! `stagedoor doctor`: one look, every problem, and nothing is changed.

use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;

use crate::stagedoor;

struct Report {
    code: i32,
    checks: Vec<Value>,
}

impl Report {
    fn of(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = stagedoor(folder);
        command.arg("doctor").arg("--json").args(args).envs(variables.iter().copied());
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let report: Value = serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
        let code = output.status.code().unwrap();
        assert_eq!(report["ok"], code == 0);
        Self { code, checks: report["checks"].as_array().unwrap().clone() }
    }

    fn all(&self, name: &str) -> Vec<(&str, &str)> {
        let of = self.checks.iter().filter(|c| c["name"] == name);
        of.map(|c| (c["result"].as_str().unwrap(), c["message"].as_str().unwrap())).collect()
    }

    fn one(&self, name: &str) -> (&str, &str) {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name}: {:?}", self.checks);
        all[0]
    }
}

const SECRET: &str = "a-long-enough-secret";
const CREDENTIALS: [(&str, &str); 2] =
    [("STAGEDOOR_CLIENT_ID", "admin"), ("STAGEDOOR_CLIENT_SECRET", SECRET)];

#[test]
fn a_place_where_all_is_well() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("catalog-info.yaml"), "").unwrap();
    let config = "catalog:\n  locations:\n    - type: file\n      target: ./catalog-info.yaml\n";
    std::fs::write(folder.path().join("app-config.yaml"), config).unwrap();
    let report =
        Report::of(folder.path(), &["--config", "app-config.yaml", "--listen", "127.0.0.1:0"], &CREDENTIALS);
    assert_eq!(report.code, 0, "{:?}", report.checks);
    for name in ["configuration", "credentials", "data folder", "database", "address", "sources", "clock"] {
        assert_eq!(report.one(name).0, "ok", "{name}: {:?}", report.one(name));
    }
    assert!(report.all("disk").len() == 1 && report.all("files").len() == 1);
    assert!(report.all("metrics").is_empty() && report.all("traces").is_empty());
    // Nothing has been made.
    assert!(!folder.path().join(".stagedoor").exists());
    // For people: a line for each.
    let mut command = stagedoor(folder.path());
    let output = command.args(["doctor", "--dev", "--listen", "127.0.0.1:0"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.starts_with("ok    configuration "), "{text}");
}

#[test]
fn every_problem_at_once_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let config = "catalog:\n  locations:\n    - type: file\n      target: ./not-there.yaml\n    \
        - type: url\n      target: http://169.254.169.254/x\n    - type: url\n      target: ${SOME_URL}\n\
        stagedoor:\n  metrics:\n    listen: 127.0.0.1:1x\n  dataDirr: x\n";
    std::fs::write(folder.path().join("app-config.yaml"), config).unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(folder.path().join("data/stagedoor.db"), "not a database").unwrap();
    let variables = [
        ("STAGEDOOR_CLIENT_SECRET", SECRET),
        ("SOME_URL", "http://name:hunter2@127.0.0.1:1/x"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "nowhere"),
    ];
    let args = ["--config", "app-config.yaml", "--data-dir", "data", "--listen", &address];
    let report = Report::of(folder.path(), &args, &variables);
    assert_eq!(report.code, 1);
    assert_eq!(report.one("configuration").0, "warn");
    assert!(report.one("configuration").1.contains("dataDir"), "{:?}", report.one("configuration"));
    for (name, says) in [
        ("credentials", "STAGEDOOR_CLIENT_ID"),
        ("database", "not a Stagedoor database"),
        ("address", "taken"),
        ("metrics", "1x"),
        ("traces", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ] {
        let (result, message) = report.one(name);
        assert!(result == "fail" && message.contains(says), "{name}: {result} {message}");
    }
    let sources = report.all("sources");
    assert_eq!(sources.len(), 3, "{sources:?}");
    assert!(sources.iter().any(|(r, m)| *r == "warn" && m.contains("not-there.yaml")), "{sources:?}");
    assert!(
        sources.iter().any(|(r, m)| *r == "fail" && m.contains("STAGEDOOR_OUTBOUND_ALLOW")),
        "{sources:?}"
    );
    let text = format!("{:?}", report.checks);
    assert!(!text.contains(SECRET) && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_broken_configuration_is_told_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let config = "backend:\n  listen: nonsense:x\ncatalog:\n  locations:\n    - type: file\n  rules: none\n";
    std::fs::write(folder.path().join("app-config.yaml"), config).unwrap();
    let report = Report::of(folder.path(), &["--config", "app-config.yaml"], &CREDENTIALS);
    assert_eq!(report.code, 1);
    assert_eq!(
        report.all("configuration").iter().filter(|(r, _)| *r == "fail").count(),
        3,
        "{:?}",
        report.checks
    );
    assert_eq!(report.one("credentials").0, "ok");
}

#[test]
fn databases_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stagedoor.db");
    let here = ["--data-dir", ".", "--listen", "127.0.0.1:0", "--dev"];
    let database = || {
        let report = Report::of(folder.path(), &here, &[]);
        let (result, message) = report.one("database");
        format!("{result}: {message}")
    };
    assert!(database().starts_with("ok: there is none"), "{}", database());
    // The first page of a database with a schema of the future.
    let mut page = vec![0; 4096];
    page[..16].copy_from_slice(b"SQLite format 3\0");
    page[60..64].copy_from_slice(&9999_u32.to_be_bytes());
    page[68..72].copy_from_slice(b"STGD");
    std::fs::write(&path, &page).unwrap();
    assert!(database().starts_with("fail: ") && database().contains("newer"), "{}", database());
    page[60..64].copy_from_slice(&1_u32.to_be_bytes());
    std::fs::write(&path, &page).unwrap();
    assert!(database().starts_with("warn: schema 1"), "{}", database());
    page[68..72].copy_from_slice(b"ELSE");
    std::fs::write(&path, &page).unwrap();
    assert!(database().starts_with("fail: "), "{}", database());
    let (url, hidden) = ("postgres://stagedoor:hunter2@127.0.0.1:1/catalog", "hunter2");
    let report = Report::of(folder.path(), &["--dev", "--listen", "127.0.0.1:0", "--database-url", url], &[]);
    assert_eq!((report.code, report.one("database").0), (1, "fail"), "{:?}", report.checks);
    assert!(!format!("{:?}", report.checks).contains(hidden), "{:?}", report.checks);
}
