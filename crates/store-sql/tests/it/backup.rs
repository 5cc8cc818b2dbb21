//! Backups and restores in every direction, and databases of every earlier schema.

use std::fs;
use std::path::{Path, PathBuf};

use stagedoor_model::Timestamp;
use stagedoor_store::conformance::samples::{one_of_each, put_document, put_entity, set};
use stagedoor_store::conformance::{log, state};
use stagedoor_store::{Store, StoreError};
use stagedoor_store_sql::Database;
use tempfile::TempDir;

use super::cluster::cluster;

/// Everything that a store tells of what it holds.
fn everything(store: &dyn Store) -> Vec<String> {
    let (revision, mut lines) = state(store);
    lines.push(revision.to_string());
    lines.extend(log(store));
    for name in ["signing_key", "awkward\u{0}name"] {
        lines.push(format!("{:?}", store.setting(name).unwrap()));
    }
    lines.push(format!("{:?}", store.journal("logs", None, 100).unwrap()));
    lines
}

fn fill(database: &Database) -> Vec<String> {
    let store = database.open().unwrap();
    store.put_setting_if_absent("signing_key", "5ec4e7").unwrap();
    store.put_setting_if_absent("awkward\u{0}name", "\u{1a}\u{0}value").unwrap();
    let sets = [set(one_of_each()), set(Vec::new()), set(vec![put_entity(2), put_entity(3)])];
    store.commit(0, &sets).unwrap();
    let line = |n: u32| stagedoor_model::JsonText::of(&serde_json::json!({ "line": n }));
    store.append_journal("logs", Timestamp(5), &[line(1), line(2)], 10).unwrap();
    everything(store.as_ref())
}

/// A fresh database of each kind that is there to test.
fn databases(folder: &Path) -> Vec<Database> {
    let mut databases = vec![Database::Sqlite(folder.join("data").join("stagedoor.db"))];
    databases.extend(cluster().map(|cluster| Database::Postgres(cluster.database())));
    databases
}

fn scratch() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_backup_restores_into_either_kind() {
    let folder = scratch();
    for (n, source) in databases(folder.path()).into_iter().enumerate() {
        let expected = fill(&source);
        let file = folder.path().join(format!("backup-{n}"));
        let copied = source.backup(&file).unwrap();
        assert_eq!((copied.revision, copied.entities), (3, 3));
        for target in databases(scratch().path()) {
            let copied_back = target.restore(&file, false).unwrap();
            assert_eq!(copied_back, copied);
            let store = target.open().unwrap();
            assert_eq!(everything(store.as_ref()), expected);
            // And it goes on from there.
            assert_eq!(store.commit(3, &[set(vec![put_entity(9)])]).unwrap(), 4);
            store.append_journal("logs", Timestamp(6), &[], 10).unwrap();
            assert_eq!(state(store.as_ref()).1.len(), one_of_each().len() + 3);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_backup_is_private_and_overwrites_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let folder = scratch();
    for (n, source) in databases(folder.path()).into_iter().enumerate() {
        fill(&source);
        let file = folder.path().join(format!("backup-{n}"));
        source.backup(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let before = fs::read(&file).unwrap();
        let refused = source.backup(&file).unwrap_err().to_string();
        assert!(refused.ends_with("exists already"), "{refused}");
        assert_eq!(fs::read(&file).unwrap(), before);
        let nowhere = source.backup(&folder.path().join("absent").join("file"));
        assert!(matches!(nowhere, Err(StoreError::Unusable { .. })), "{nowhere:?}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains(".part")), "{left:?}");
    let nothing = Database::Sqlite(folder.path().join("absent.db")).backup(&folder.path().join("b"));
    assert!(nothing.unwrap_err().to_string().contains("no database"));
}

/// Each set adds one entity, so a backup is of one moment when it has as many as its revision says.
#[test]
fn a_backup_beside_a_writer_is_of_one_moment() {
    let folder = scratch();
    for (n, source) in databases(folder.path()).into_iter().enumerate() {
        let store = source.open().unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut head = 0;
                while !done.load(std::sync::atomic::Ordering::Acquire) {
                    let more: Vec<_> = (0..3).map(|n| set(vec![put_entity(u128::from(head) + n)])).collect();
                    head = store.commit(head, &more).unwrap();
                }
                head
            });
            let mut last = 0;
            for round in 0..5 {
                let file = folder.path().join(format!("backup-{n}-{round}"));
                let copied = source.backup(&file).unwrap();
                assert_eq!((copied.revision % 3, copied.entities), (0, copied.revision));
                assert!(copied.revision >= last, "a backup goes back in time");
                last = copied.revision;
            }
            done.store(true, std::sync::atomic::Ordering::Release);
            assert!(writer.join().unwrap() >= last);
        });
    }
}

#[test]
fn a_catalog_is_not_overwritten_unasked() {
    let folder = scratch();
    for (n, database) in databases(folder.path()).into_iter().enumerate() {
        let before = fill(&database);
        let file = folder.path().join(format!("backup-{n}"));
        database.backup(&file).unwrap();
        database.open().unwrap().commit(3, &[set(vec![put_document(2, &serde_json::json!(1))])]).unwrap();
        let after = everything(database.open().unwrap().as_ref());
        let refused = database.restore(&file, false).unwrap_err().to_string();
        assert!(refused.contains("holds a catalog already (3 entities, revision 4)"), "{refused}");
        assert!(refused.contains("--replace"), "{refused}");
        assert_eq!(everything(database.open().unwrap().as_ref()), after);
        database.restore(&file, true).unwrap();
        assert_eq!(everything(database.open().unwrap().as_ref()), before);
    }
}

#[test]
fn a_database_in_use_is_not_replaced() {
    let folder = scratch();
    for (n, database) in databases(folder.path()).into_iter().enumerate() {
        let before = fill(&database);
        let file = folder.path().join(format!("backup-{n}"));
        database.backup(&file).unwrap();
        let store = database.open().unwrap();
        if let Some(peers) = store.peers() {
            peers.join(3).unwrap();
        }
        let refused = database.restore(&file, true).unwrap_err().to_string();
        assert!(refused.contains("in use"), "{refused}");
        assert_eq!(everything(store.as_ref()), before);
    }
}

#[test]
fn what_is_no_whole_backup_is_refused() {
    let folder = scratch();
    let source = Database::Sqlite(folder.path().join("stagedoor.db"));
    fill(&source);
    let file = folder.path().join("backup");
    source.backup(&file).unwrap();
    let bytes = fs::read(&file).unwrap();
    let torn = folder.path().join("torn");
    fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
    let (text, empty) = (folder.path().join("text"), folder.path().join("empty"));
    fs::write(&text, "no backup at all, but a text that is long enough".repeat(50)).unwrap();
    fs::write(&empty, "").unwrap();
    for target in databases(scratch().path()) {
        for wrong in [&torn, &text, &empty, &folder.path().join("absent")] {
            let refused = target.restore(wrong, true).unwrap_err().to_string();
            assert!(refused.contains(wrong.to_str().unwrap()), "{refused}");
        }
        assert_eq!(target.open().unwrap().head().unwrap(), 0, "and nothing has happened");
    }
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files
}

/// A database as a program of an earlier schema left it.
fn earlier(fixture: &Path, folder: &Path) -> Option<Database> {
    let sql = fs::read_to_string(fixture).unwrap();
    if fixture.file_name().unwrap().to_str().unwrap().starts_with("postgres") {
        let cluster = cluster()?;
        let url = cluster.database();
        cluster.execute(&url, &sql).unwrap();
        return Some(Database::Postgres(url));
    }
    let path = folder.join(format!("{}.db", fixture.file_stem().unwrap().to_str().unwrap()));
    rusqlite::Connection::open(&path).unwrap().execute_batch(&sql).unwrap();
    Some(Database::Sqlite(path))
}

/// Every fixture is a portal of its time with the same content; today's program shows it, and goes on with it.
#[test]
fn every_earlier_schema_is_brought_up_to_date() {
    let folder = scratch();
    let fixtures = fixtures();
    let version =
        |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().split_once("-v").unwrap().1.parse();
    let newest = |kind: &str| {
        let of_kind = fixtures.iter().filter(|f| f.file_name().unwrap().to_str().unwrap().starts_with(kind));
        of_kind.map(|f| version(f).unwrap()).collect::<Vec<i64>>()
    };
    for database in databases(folder.path()) {
        let kind = if matches!(database, Database::Sqlite(_)) { "sqlite" } else { "postgres" };
        let known = database.schema().unwrap().known;
        assert_eq!(newest(kind), (1..=known).collect::<Vec<_>>(), "a fixture of each schema of {kind}");
    }
    for fixture in &fixtures {
        let Some(database) = earlier(fixture, folder.path()) else { continue };
        let before = database.schema().unwrap();
        assert_eq!(before.found, version(fixture).unwrap());
        assert_eq!(before.pending.len() as i64, before.known - before.found);
        assert_eq!(database.schema().unwrap(), before, "looking changes nothing");
        let store = database.open().unwrap();
        assert!(database.schema().unwrap().pending.is_empty());
        let (revision, lines) = state(store.as_ref());
        let without_records = &one_of_each()[..4];
        assert_eq!((revision, lines.len() >= without_records.len()), (2, true), "{fixture:?}");
        for (line, change) in lines.iter().zip(without_records) {
            assert_eq!(*line, format!("{change:?}"), "{fixture:?}");
        }
        assert_eq!(log(store.as_ref()).len(), 2);
        assert_eq!(store.setting("signing_key").unwrap().as_deref(), Some("5ec4e7"));
        assert_eq!(store.commit(2, &[set(one_of_each())]).unwrap(), 3);
        let now: Vec<_> = one_of_each().iter().map(|change| format!("{change:?}")).collect();
        assert_eq!(state(store.as_ref()).1, now, "{fixture:?}");
    }
}

/// A backup of an earlier schema restores too.
#[test]
fn an_earlier_backup_restores() {
    let folder = scratch();
    let fixture = fixtures().into_iter().find(|f| f.ends_with("sqlite-v1.sql")).unwrap();
    let Some(Database::Sqlite(file)) = earlier(&fixture, folder.path()) else { return };
    for target in databases(folder.path()) {
        target.restore(&file, false).unwrap();
        assert_eq!(state(target.open().unwrap().as_ref()).0, 2);
    }
    let untouched = Database::Sqlite(file).schema().unwrap();
    assert_eq!(untouched.found, 1, "the backup stays as it is");
}

/// Makes the content of the fixtures with today's schema, to be dumped as SQL: `STAGEDOOR_WRITE_FIXTURES` names a
/// folder. Say it before a migration is added.
#[test]
fn fixtures_are_written_on_demand() {
    let Some(folder) = std::env::var_os("STAGEDOOR_WRITE_FIXTURES").map(PathBuf::from) else { return };
    let scratch = scratch();
    let database = Database::Sqlite(scratch.path().join("stagedoor.db"));
    let store = database.open().unwrap();
    store.put_setting_if_absent("signing_key", "5ec4e7").unwrap();
    store.commit(0, &[set(one_of_each()), set(Vec::new())]).unwrap();
    database.backup(&folder.join("fixture.db")).unwrap();
}
