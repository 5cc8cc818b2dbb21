//! A process that is killed, and a power cut: what was acknowledged is there, and nothing by half.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use stagedoor_model::{Change, ChangeSet};
use stagedoor_store::conformance::samples::{put_document, set, uid};
use stagedoor_store::conformance::{log, state};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_store_sql::SqliteStore;

use super::database;

const FOLDER: &str = "STAGEDOOR_TEST_CRASH_FOLDER";

/// The nth batch of a fixed stream: three sets that overwrite, add and delete.
fn batch(n: u64) -> Vec<ChangeSet> {
    let n = u128::from(n);
    let filler = "x".repeat(3000);
    vec![
        set(vec![put_document(n, &json!({"batch": n, "filler": filler}))]),
        set(vec![
            put_document(n / 2, &json!({"batch": n, "again": true})),
            put_document(n + 1_000_000, &json!(n)),
        ]),
        set(vec![Change::DeleteEntity(uid(n / 3))]),
    ]
}

/// The store holds the first commits of the stream, whole ones, and at least `acknowledged` of them.
fn expect_prefix(store: &dyn Store, acknowledged: u64) {
    let head = store.head().unwrap();
    assert!(head >= acknowledged, "revision {acknowledged} was acknowledged, {head} is the last one there");
    assert_eq!(head % 3, 0, "sets of one commit are stored together");
    let expected = MemoryStore::new();
    for n in 0..head / 3 {
        expected.commit(n * 3, &batch(n)).unwrap();
    }
    assert_eq!(log(store), log(&expected));
    assert_eq!(state(store), state(&expected));
}

/// Not a test by itself: what the child process of the next one does until it is killed.
#[test]
fn child_writes_until_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = SqliteStore::open(&database(Path::new(&folder))).unwrap();
    for n in 0_u64.. {
        let head = store.commit(n * 3, &batch(n)).unwrap();
        println!("\nacknowledged {head}");
    }
}

#[test]
fn a_killed_process_leaves_every_acknowledged_commit() {
    for kill_after in [1, 20, 200] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child_writes_until_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut acknowledged = 0;
        let mut line = String::new();
        for _ in 0..kill_after {
            while {
                line.clear();
                output.read_line(&mut line).unwrap() > 0
            } {
                if let Some(revision) = line.strip_prefix("acknowledged ") {
                    acknowledged = revision.trim().parse().unwrap();
                    break;
                }
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        // The last line may be cut off in the middle of its number.
        let complete = &rest[..rest.rfind('\n').map_or(0, |end| end + 1)];
        let last = complete.lines().filter_map(|l| l.strip_prefix("acknowledged ")?.parse().ok()).next_back();
        let acknowledged = last.unwrap_or(acknowledged);
        assert!(acknowledged >= 3 * kill_after);
        // The lock has gone with the process, and writing goes on where it stopped.
        let store = SqliteStore::open(&database(folder.path())).unwrap();
        expect_prefix(&store, acknowledged);
        let head = store.head().unwrap();
        store.commit(head, &batch(head / 3)).unwrap();
        expect_prefix(&store, head + 3);
    }
}

/// What a power cut can leave of the write-ahead log is any first part of what was not synced yet, so
/// every cut at or behind the end of a commit must give that commit.
#[test]
fn a_log_cut_anywhere_gives_whole_commits() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let store = SqliteStore::open(&path).unwrap();
    let wal = folder.path().join("stagedoor.db-wal");
    let mut ends = vec![(0, fs::metadata(&wal).unwrap().len())];
    for n in 0..12 {
        let head = store.commit(n * 3, &batch(n)).unwrap();
        ends.push((head, fs::metadata(&wal).unwrap().len()));
    }
    let (main, log) = (fs::read(&path).unwrap(), fs::read(&wal).unwrap());
    let start = usize::try_from(ends[0].1).unwrap();
    for cut in (start..=log.len()).step_by(12_289).chain([log.len()]) {
        let after = tempfile::tempdir().unwrap();
        fs::write(database(after.path()), &main).unwrap();
        fs::write(after.path().join("stagedoor.db-wal"), &log[..cut]).unwrap();
        let durable = ends.iter().filter(|(_, end)| *end <= cut as u64).map(|(head, _)| *head).max().unwrap();
        let reopened = SqliteStore::open(&database(after.path())).unwrap();
        expect_prefix(&reopened, durable);
        assert_eq!(reopened.head().unwrap(), durable);
    }
}
