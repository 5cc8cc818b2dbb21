//! Sharing work: every piece is done by one process at a time, and by another one when that goes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Peers, Store};

const LONG: Duration = Duration::from_secs(30);

/// One process: its store is kept, for its connections live as long.
struct Process {
    _store: Box<dyn Store>,
    peers: Arc<dyn Peers>,
    /// It has stopped without a word.
    dead: bool,
}

/// All processes of one database, and the work that there is.
struct Crew {
    all: Vec<Process>,
    work: BTreeSet<String>,
}

impl Crew {
    fn new(open: &dyn Fn() -> Box<dyn Store>, count: usize, work: &BTreeSet<String>) -> Option<Self> {
        let mut all = Vec::new();
        for _ in 0..count {
            let store = open();
            let peers = store.peers()?;
            all.push(Process { _store: store, peers, dead: false });
        }
        let crew = Self { all, work: work.clone() };
        for process in &crew.all {
            process.peers.join(0).unwrap();
            process.peers.share(&crew.work).unwrap();
        }
        Some(crew)
    }

    fn held(&self) -> Vec<BTreeSet<String>> {
        let of = |p: &Process| self.work.iter().filter(|w| p.peers.holds(w)).cloned().collect();
        self.all.iter().map(of).collect()
    }

    /// Everybody follows, as in its thread, until each holds as many as wanted. No piece is ever held twice.
    fn until(&self, wanted: &[usize]) {
        let started = Instant::now();
        loop {
            let held = self.held();
            let count: usize = held.iter().map(BTreeSet::len).sum();
            let distinct: BTreeSet<&String> = held.iter().flatten().collect();
            assert_eq!(distinct.len(), count, "held twice: {held:?}");
            let mut sizes: Vec<usize> = held.iter().map(BTreeSet::len).collect();
            sizes.sort_unstable();
            if sizes == wanted {
                return;
            }
            assert!(started.elapsed() < LONG, "{sizes:?} instead of {wanted:?}");
            for process in self.all.iter().filter(|p| !p.dead) {
                if process.peers.wait(0).unwrap().share {
                    process.peers.share(&self.work).unwrap();
                }
            }
        }
    }
}

/// Runs against stores of one fresh database each. A store for one process has nothing to share.
pub fn run(fresh: &mut dyn FnMut() -> Box<dyn Fn() -> Box<dyn Store>>) {
    equal_parts_that_follow_who_is_there(&*fresh());
    unlike_lists(&*fresh());
    taken_at_once_by_all(&*fresh());
}

/// Names as sources have them: any characters, and some of them very long.
fn named(range: std::ops::Range<usize>) -> BTreeSet<String> {
    let long = "a".repeat(20_000);
    let name = |n| format!("url:https://h/größe \u{0} {}{n}", if n % 2 == 0 { "" } else { &long });
    range.map(name).collect()
}

fn equal_parts_that_follow_who_is_there(open: &dyn Fn() -> Box<dyn Store>) {
    let Some(mut crew) = Crew::new(open, 1, &named(0..7)) else { return };
    crew.until(&[7]);
    // Two more come, and take their parts of what the first gives up; the rest stays where it is.
    let before = crew.held().remove(0);
    for _ in 0..2 {
        let store = open();
        let peers = store.peers().unwrap();
        peers.join(0).unwrap();
        peers.share(&crew.work).unwrap();
        crew.all.push(Process { _store: store, peers, dead: false });
    }
    crew.until(&[2, 2, 3]);
    assert!(crew.held()[0].is_subset(&before));
    // More work, less work.
    crew.work = named(0..10);
    crew.all[0].peers.share(&crew.work).unwrap();
    crew.until(&[3, 3, 4]);
    crew.work = named(0..4);
    crew.all.iter().for_each(|p| p.peers.share(&crew.work).unwrap());
    crew.until(&[1, 1, 2]);
    // One leaves in order: what it held is free at once.
    let started = Instant::now();
    crew.all[1].peers.leave();
    crew.all[1].dead = true;
    crew.until(&[0, 2, 2]);
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    // Another one is killed: what it held is free when its lease has ended, and not before.
    crew.all[2].dead = true;
    crew.until(&[0, 0, 4]);
    assert!(!crew.all[2].peers.is_current());
    // It was only asleep: it holds nothing of what others do now, and gets its part again.
    crew.all[2].dead = false;
    crew.until(&[0, 2, 2]);
}

/// During an upgrade two processes know of different work: nobody holds what it does not know, and all is done.
fn unlike_lists(open: &dyn Fn() -> Box<dyn Store>) {
    let Some(crew) = Crew::new(open, 1, &named(0..2)) else { return };
    let store = open();
    let newer = store.peers().unwrap();
    newer.join(0).unwrap();
    newer.share(&named(0..4)).unwrap();
    let started = Instant::now();
    loop {
        let older = named(0..4).iter().filter(|w| crew.all[0].peers.holds(w)).count();
        let held: BTreeSet<String> = named(0..4).into_iter().filter(|w| newer.holds(w)).collect();
        if older + held.len() == 4 && older > 0 {
            assert!(held.is_superset(&named(2..4)));
            return;
        }
        assert!(started.elapsed() < LONG, "{older} {held:?}");
        if crew.all[0].peers.wait(0).unwrap().share {
            crew.all[0].peers.share(&crew.work).unwrap();
        }
        if newer.wait(0).unwrap().share {
            newer.share(&named(0..4)).unwrap();
        }
    }
}

/// Many ask in the same moment: nobody waits for long, and nothing is given twice.
fn taken_at_once_by_all(open: &dyn Fn() -> Box<dyn Store>) {
    let Some(mut crew) = Crew::new(open, 4, &BTreeSet::new()) else { return };
    for round in 1..=5 {
        crew.work = named(0..round * 8);
        std::thread::scope(|scope| {
            for process in &crew.all {
                scope.spawn(|| process.peers.share(&crew.work));
            }
        });
        crew.until(&[round * 2; 4]);
    }
}
