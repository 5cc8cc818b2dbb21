//! Work that is shared among replicas, such as the sources: each piece is a row of `leases` that one replica holds.
//!
//! A lease is good while its holder is seen, so that keeping it writes nothing: the beat of every replica, which is
//! written anyway, renews all that it holds. Rows are written only where work changes hands. Every replica may hold an
//! equal part: the parts follow from how many there are and from the order of their ids, so that all reckon the same.
//!
//! Nobody holds a row whose holder is the nil UUID, or has not been seen for five seconds. The holder itself believes
//! in it for three ([`stagedoor_store::LEASE`]).

use std::collections::BTreeSet;

use tokio_postgres::Row;
use uuid::Uuid;

use super::failure::Outcome;
use super::link::Link;
use super::text;

/// What the names of this work begin with in the table. Behind it comes `!` in the order of the characters.
const PREFIX: &str = "source ";
/// Names up to so many bytes stand there as they are.
const LONGEST: usize = 1000;

/// How it is shared, for the statement that renews the lease of a replica `$1`: pieces; those of this replica; those
/// that nobody holds; those that nobody has taken for long; replicas that do such work; how many of them stand before
/// this one.
macro_rules! look {
    () => {
        "work AS (
        SELECT l.holder, l.until, r.seen FROM leases l LEFT JOIN replicas r ON r.id = l.holder
        WHERE l.name >= 'source ' AND l.name < 'source!'
    ), free AS (
        SELECT until, seen FROM work WHERE until < clock_timestamp() AND holder <> $1
            AND (seen IS NULL OR seen < clock_timestamp() - interval '5 s')
    ), readers AS (
        SELECT r.id FROM leases l JOIN replicas r ON r.id = l.holder
        WHERE l.name >= 'reader ' AND l.name < 'reader!'
            AND (r.seen > clock_timestamp() - interval '5 s' OR r.id = $1)
    )"
    };
}

/// The columns of it, for [`Look::of`].
macro_rules! looked {
    () => {
        "(SELECT count(*) FROM work), (SELECT count(*) FROM work WHERE holder = $1),
        (SELECT count(*) FROM free), (SELECT count(*) FROM free WHERE until < clock_timestamp() - interval '10 s'
            AND (seen IS NULL OR seen < clock_timestamp() - interval '15 s')),
        (SELECT count(*) FROM readers), (SELECT count(*) FROM readers WHERE id < $1)"
    };
}

pub(super) use {look, looked};

/// How work is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    all: i64,
    mine: i64,
    free: i64,
    stale: i64,
    readers: i64,
    before: i64,
}

impl Look {
    /// From its columns, which begin at a place.
    pub(super) fn of(row: &Row, from: usize) -> Self {
        let at = |n: usize| row.get(from + n);
        Self { all: at(0), mine: at(1), free: at(2), stale: at(3), readers: at(4), before: at(5) }
    }

    /// How many pieces this replica should hold.
    fn part(&self) -> i64 {
        let readers = self.readers.max(1);
        self.all / readers + i64::from(self.before < self.all % readers)
    }

    /// How many it should give up: none while there is something that others can take.
    fn surplus(&self) -> i64 {
        if self.free > 0 { 0 } else { (self.mine - self.part()).max(0) }
    }

    /// How many it should take, of those that are free.
    fn missing(&self) -> i64 {
        (self.part() - self.mine).max(0).min(self.free).max(self.stale)
    }

    /// Whether it holds what it believes to hold.
    pub(super) fn agrees(&self, held: usize) -> bool {
        usize::try_from(self.mine) == Ok(held)
    }

    /// Whether something should change hands, or a piece of `known` ones has no row.
    pub(super) fn asks_for_change(&self, known: usize) -> bool {
        self.surplus() > 0 || self.missing() > 0 || usize::try_from(self.all).is_ok_and(|all| all < known)
    }
}

const READER: &str = "INSERT INTO leases (name, holder, until)
    VALUES ('reader ' || $1::uuid::text, $1, clock_timestamp()) ON CONFLICT (name) DO NOTHING";
/// What this one does not know of any more, what nobody has wanted for a minute, and replicas that are gone.
const TIDY: &str = "DELETE FROM leases l WHERE
    l.name >= 'source ' AND l.name < 'source!' AND NOT l.name = ANY ($2::text[])
        AND (l.holder = $1 OR l.until < clock_timestamp() - interval '1 minute'
            AND NOT EXISTS (SELECT FROM replicas r WHERE r.id = l.holder))
    OR l.name >= 'reader ' AND l.name < 'reader!' AND l.holder <> $1
        AND NOT EXISTS (SELECT FROM replicas r WHERE r.id = l.holder)";
const KNOW: &str = "INSERT INTO leases (name, holder, until)
    SELECT name, $2, clock_timestamp() - interval '1 s' FROM unnest($1::text[]) AS work (name)
    ON CONFLICT (name) DO NOTHING";
/// Those held for longest go first: they have been read for longest, too.
const GIVE_UP: &str =
    "UPDATE leases SET holder = $2, until = clock_timestamp() - interval '1 s' WHERE name IN (
        SELECT name FROM leases WHERE holder = $1 AND name >= 'source ' AND name < 'source!'
        ORDER BY until, name LIMIT $3 FOR UPDATE SKIP LOCKED
    )";
/// Whoever was faster has moved `until`, which is looked at again when the row is locked.
const TAKE: &str = "UPDATE leases SET holder = $1, until = clock_timestamp() + interval '5 s' WHERE name IN (
        SELECT l.name FROM leases l WHERE l.name = ANY ($2::text[]) AND l.until < clock_timestamp()
            AND NOT EXISTS (SELECT FROM replicas r
                WHERE r.id = l.holder AND (r.id = $1 OR r.seen > clock_timestamp() - interval '5 s'))
        ORDER BY l.name LIMIT $3 FOR UPDATE OF l SKIP LOCKED
    )";
const MINE: &str =
    "SELECT name FROM leases WHERE holder = $1 AND name >= 'source ' AND name < 'source!' ORDER BY name";

/// What a replica has after the sharing.
pub(super) struct Shared {
    /// The work that it holds.
    pub(super) held: BTreeSet<String>,
    /// The rows that stand for it.
    pub(super) rows: usize,
    /// The rows that stand for all work.
    pub(super) known: usize,
}

/// The name of the row that stands for a piece of work. An index holds no long texts: one that is long goes by its
/// beginning and a number made of it. Should two have the same, one replica does both.
fn key_of(work: &str) -> String {
    let stored = text::put(work);
    if stored.len() <= LONGEST {
        return format!("{PREFIX}{stored}");
    }
    let number = stored.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let beginning: String = stored.chars().take(LONGEST / 8).collect();
    format!("{PREFIX}{beginning} {} {number:016x}", stored.len())
}

/// Brings the rows of this work up to date, gives up what is too much, takes what is missing. Answers what this
/// replica holds then.
pub(super) async fn share(link: &mut Link, id: Uuid, work: &BTreeSet<String>) -> Outcome<Shared> {
    // What this replica takes must not be forgotten by a crash of the database while it believes to hold it.
    link.client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?;
    let shared = within_transaction(link, id, work).await;
    let end = if shared.is_ok() { "COMMIT" } else { "ROLLBACK" };
    link.client.batch_execute(end).await?;
    shared
}

async fn within_transaction(link: &mut Link, id: Uuid, work: &BTreeSet<String>) -> Outcome<Shared> {
    let names: BTreeSet<String> = work.iter().map(|name| key_of(name)).collect();
    let names: Vec<String> = names.into_iter().collect();
    let nobody = Uuid::nil();
    let reader = link.statement(READER).await?;
    link.client.execute(&reader, &[&id]).await?;
    let tidy = link.statement(TIDY).await?;
    link.client.execute(&tidy, &[&id, &names]).await?;
    let know = link.statement(KNOW).await?;
    link.client.execute(&know, &[&names, &nobody]).await?;
    let before = stand(link, id).await?;
    if before.surplus() > 0 {
        let give_up = link.statement(GIVE_UP).await?;
        link.client.execute(&give_up, &[&id, &nobody, &before.surplus()]).await?;
    } else if before.missing() > 0 {
        let take = link.statement(TAKE).await?;
        link.client.execute(&take, &[&id, &names, &before.missing()]).await?;
    }
    let mine = link.statement(MINE).await?;
    let rows = link.client.query(&mine, &[&id]).await?;
    let mine: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let held = work.iter().filter(|name| mine.contains(&key_of(name))).cloned().collect();
    Ok(Shared { held, rows: mine.len(), known: names.len() })
}

async fn stand(link: &mut Link, id: Uuid) -> Outcome<Look> {
    let look = link.statement(concat!("WITH ", look!(), " SELECT ", looked!())).await?;
    Ok(Look::of(&link.client.query_one(&look, &[&id]).await?, 0))
}
