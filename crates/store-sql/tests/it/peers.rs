//! Two processes on one database, as they see each other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stagedoor_store::conformance::samples::{put_entity, set};
use stagedoor_store::{Peers, Store};
use stagedoor_store_sql::PostgresStore;

use super::cluster::cluster;

const LONG: Duration = Duration::from_secs(20);

fn open(url: &str) -> (PostgresStore, Arc<dyn Peers>) {
    let store = PostgresStore::open(url).unwrap();
    let peers = store.peers().unwrap();
    (store, peers)
}

/// Waits as the follower does, until it is told what it should be.
fn told<T>(peers: &dyn Peers, applied: u64, wanted: impl Fn(stagedoor_store::Notice) -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = wanted(peers.wait(applied).unwrap()) {
            return found;
        }
        assert!(started.elapsed() < LONG, "not told");
    }
}

fn put(n: u128) -> [stagedoor_model::ChangeSet; 1] {
    [set(vec![put_entity(n)])]
}

#[test]
fn a_writer_waits_for_every_living_replica() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let ((first, ours), (_second, theirs)) = (open(&url), open(&url));
    ours.join(0).unwrap();
    first.commit(0, &put(1)).unwrap();
    assert!(ours.wait_applied(1, Duration::ZERO), "alone there is nobody to wait for");
    theirs.join(1).unwrap();
    assert!(ours.is_current() && theirs.is_current());
    assert!(ours.leads() && !theirs.leads(), "one of them leads");

    first.commit(1, &put(2)).unwrap();
    assert!(!ours.wait_applied(2, Duration::from_millis(20)), "the other one has not applied it");
    assert_eq!(told(theirs.as_ref(), 1, |notice| (notice.head > 1).then_some(notice.head)), 2);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ours.wait_applied(2, LONG));
        theirs.report(2).unwrap();
        while !waiting.is_finished() {
            ours.wait(2).unwrap();
        }
        assert!(waiting.join().unwrap());
    });

    // What is asked for arrives at the others.
    theirs.ask("confirm file:/srv/my catalog").unwrap();
    let asked = told(ours.as_ref(), 2, |notice| notice.asked.into_iter().next());
    assert_eq!(asked, "confirm file:/srv/my catalog");

    // Whoever leaves is not waited for, and gives the lead away.
    theirs.leave();
    first.commit(2, &put(3)).unwrap();
    assert!(ours.wait_applied(3, Duration::ZERO));
    ours.leave();
    theirs.join(3).unwrap();
    assert!(theirs.leads());
}

#[test]
fn a_replica_that_died_is_waited_for_until_its_lease_ends() {
    let Some(cluster) = cluster() else { return };
    let url = cluster.database();
    let ((first, ours), (second, theirs)) = (open(&url), open(&url));
    theirs.join(0).unwrap();
    ours.join(0).unwrap();
    drop((second, theirs));
    first.commit(0, &put(1)).unwrap();
    assert!(!ours.wait_applied(1, Duration::from_millis(20)) && !ours.leads());
    cluster
        .execute(&url, "UPDATE replicas SET seen = seen - interval '1 hour'; UPDATE leases SET until = now()")
        .unwrap();
    first.commit(1, &put(2)).unwrap();
    assert!(ours.wait_applied(2, Duration::ZERO));
    told(ours.as_ref(), 2, |_| ours.leads().then_some(()));
}
