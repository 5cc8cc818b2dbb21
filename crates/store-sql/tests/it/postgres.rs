//! The store on PostgreSQL: the suite that every store passes, and what only a server can go wrong at.

use stagedoor_store::conformance::samples::{put_entity, set};
use stagedoor_store::conformance::{self, Fixture, state};
use stagedoor_store::{Store, StoreError};
use stagedoor_store_sql::PostgresStore;

use super::cluster::{Cluster, cluster};

struct Postgres {
    url: String,
    store: Option<PostgresStore>,
}

impl Postgres {
    fn new(cluster: &Cluster) -> Self {
        let url = cluster.database();
        let store = Some(PostgresStore::open(&url).unwrap());
        Self { url, store }
    }
}

impl Fixture for Postgres {
    fn store(&self) -> &dyn Store {
        self.store.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(PostgresStore::open(&self.url).unwrap());
    }
}

fn refusal(url: &str) -> StoreError {
    PostgresStore::open(url).err().unwrap()
}

#[test]
fn conformance() {
    let Some(cluster) = cluster() else { return };
    conformance::run(&mut || Box::new(Postgres::new(cluster)));
}

#[test]
fn work_is_shared() {
    let Some(cluster) = cluster() else { return };
    conformance::leases::run(&mut || {
        let url = cluster.database();
        Box::new(move || Box::new(PostgresStore::open(&url).unwrap()))
    });
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    PostgresStore::open(&url).unwrap().commit(0, &[set(vec![put_entity(1)])]).unwrap();
    cluster.execute(&url, "UPDATE stagedoor_schema SET version = version + 1").unwrap();
    let refused = refusal(&url);
    assert!(
        matches!(refused, StoreError::NewerSchema { found, known, .. } if found == known + 1),
        "{refused:?}"
    );
    cluster.execute(&url, "UPDATE stagedoor_schema SET version = version - 1").unwrap();
    assert_eq!(state(&PostgresStore::open(&url).unwrap()).1.len(), 1);
}

#[test]
fn other_databases_are_refused_and_left_alone() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    cluster.execute(&url, "CREATE TABLE notes (text TEXT)").unwrap();
    let refused = refusal(&url).to_string();
    assert!(refused.ends_with("is not a Stagedoor database") && refused.contains("\"case_"), "{refused}");
    let tables =
        cluster.execute(&url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'").unwrap();
    assert_eq!(tables, ["notes"]);
}

#[test]
fn what_cannot_be_reached_is_named_without_its_password() {
    let refused = refusal("postgres://portal:hush-hush@127.0.0.1:1/portal");
    assert!(matches!(refused, StoreError::Unreachable { .. }), "{refused:?}");
    let message = format!("{refused} {refused:?}");
    assert!(message.contains("127.0.0.1:1") && !message.contains("hush"), "{message}");
}

/// Many replicas start at once on an empty database.
#[test]
fn migrations_take_turns() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| assert_eq!(PostgresStore::open(&url).unwrap().head().unwrap(), 0));
        }
    });
}

/// Every connection is cut again and again while two replicas write: each write is there exactly once.
#[test]
fn cut_connections_lose_nothing_and_repeat_nothing() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let stores = [PostgresStore::open(&url).unwrap(), PostgresStore::open(&url).unwrap()];
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    // Cut as often as something is stored: between two writes of the one who has stored it, who waits for that, and in
    // the middle of whatever the other one is at. Nobody is starved, and a writer that fails ends the cutter too.
    let (stored, seen) = std::sync::mpsc::channel::<std::sync::mpsc::Sender<()>>();
    let cuts = std::thread::scope(|scope| {
        let cutter = scope.spawn(|| {
            let cut = |done: std::sync::mpsc::Sender<()>| {
                let count = cluster.execute(&url, cut).unwrap().len();
                done.send(()).unwrap();
                count
            };
            seen.into_iter().map(cut).sum::<usize>()
        });
        let writers: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(writer, store)| {
                let stored = stored.clone();
                scope.spawn(move || {
                    let mut head = 0;
                    for n in 0..25 {
                        let set = [set(vec![put_entity((writer * 1000 + n) as u128)])];
                        head = loop {
                            match store.commit(head, &set) {
                                Ok(head) => break head,
                                Err(StoreError::Behind { head: ahead }) => head = ahead,
                                Err(error) => panic!("{error:?}"),
                            }
                        };
                        let (done, is_cut) = std::sync::mpsc::channel();
                        stored.send(done).unwrap();
                        is_cut.recv().unwrap();
                    }
                })
            })
            .collect();
        drop(stored);
        for writer in writers {
            writer.join().unwrap();
        }
        cutter.join().unwrap()
    });
    assert!(cuts >= 50, "each write's connection was cut after it: {cuts}");
    let (revision, entities) = state(&stores[0]);
    assert_eq!((revision, entities.len()), (50, 50));
    assert_eq!(conformance::log(&stores[1]).len(), 50);
}

/// A replica that was behind gets its turn, however busy the other one is.
#[test]
fn whoever_was_behind_comes_next() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let (slow, quick) = (PostgresStore::open(&url).unwrap(), PostgresStore::open(&url).unwrap());
    let put = |n| [set(vec![put_entity(n)])];
    quick.commit(0, &put(1)).unwrap();
    assert!(matches!(slow.commit(0, &put(2)), Err(StoreError::Behind { head: 1 })));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| quick.commit(1, &put(3)));
        assert_eq!(slow.commits_since(0, 10).unwrap().len(), 1);
        assert_eq!(slow.commit(1, &put(2)).unwrap(), 2);
        assert!(matches!(waiting.join().unwrap(), Err(StoreError::Behind { head: 2 })));
    });
    // With nothing left to write the turn is given back.
    assert_eq!(quick.commit(2, &[]).unwrap(), 2);
    assert_eq!(slow.commit(2, &put(4)).unwrap(), 3);
}
