//! One transaction per commit: the state, and the same changes in the log. Two round trips where it is small.
//!
//! The row of `head` is locked first, so that commits of all replicas come one after another. A writer that was
//! behind keeps the lock for a moment ([`Turn`]): the one ahead, which needs not read anything before it writes
//! again, would otherwise always be faster.

use std::collections::HashMap;

use stagedoor_model::{Change, ChangeSet, Revision};
use stagedoor_store::{StoreError, check_references};
use tokio_postgres::Row;
use uuid::Uuid;

use super::columns::{self, Column, CommitRow, LogRow, Rows};
use super::failure::{Failure, Outcome};
use super::link::{Boxed, Link, in_order};
use super::net::Net;
use super::text;
use crate::codec;

/// Bytes that are under way at once, and in one statement.
const WAVE: usize = 16 << 20;
const STATEMENT: usize = 4 << 20;

const LOCK: &str = "SELECT revision, next_change, next_row FROM head FOR UPDATE";
const HOLDERS: &str = "SELECT entity_ref, uid FROM entities WHERE entity_ref = ANY($1::text[])";
const HEAD: &str = "UPDATE head SET revision = $1, next_change = $2, next_row = $3";
/// Who has to apply this before it is answered.
const LIVING: &str = "SELECT id, applied FROM replicas WHERE seen > clock_timestamp() - interval '5 s'";
const NOTIFY: &str = "SELECT pg_notify($1, 'head ' || $2)";
const SETTLE: &str = "SET CONSTRAINTS ALL IMMEDIATE";

/// Whether the transaction that this connection is in holds the head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Turn {
    #[default]
    None,
    Kept,
}

/// What a commit has to know besides its sets.
pub(super) struct Context<'a> {
    pub(super) channel: &'a str,
    pub(super) transaction: Uuid,
}

/// Replicas with a lease, and what they have applied.
pub(super) type Living = HashMap<Uuid, Revision>;

/// Stores the sets as revisions `base` + 1 and on.
pub(super) async fn commit(
    link: &mut Link,
    turn: &mut Turn,
    base: Revision,
    sets: &[ChangeSet],
    context: &Context<'_>,
    sent: &mut bool,
) -> Outcome<(Revision, Living)> {
    let begun = begin(link, turn, sets).await;
    let (counters, holders) = match begun {
        Ok(begun) => begun,
        Err(failure) => return Err(abandon(link, turn, failure).await),
    };
    let head = counters.revision.cast_unsigned();
    if head != base {
        // The lock stays: the caller comes back with what it has made of the tail.
        *turn = Turn::Kept;
        return Err(StoreError::Behind { head }.into());
    }
    if sets.is_empty() {
        *turn = Turn::None;
        link.client.batch_execute("ROLLBACK").await?;
        return Ok((head, Living::new()));
    }
    let checked = check_references(sets, &|reference| holders.get(text::put(reference).as_ref()).copied());
    if let Err(taken) = checked {
        return Err(abandon(link, turn, taken.into()).await);
    }
    *turn = Turn::None;
    match write(link, &counters, sets, context, sent).await {
        Ok(done) => Ok(done),
        Err(failure) => Err(abandon(link, turn, failure).await),
    }
}

/// Ends the transaction, whatever state it is in.
async fn abandon(link: &mut Link, turn: &mut Turn, failure: Failure) -> Failure {
    *turn = Turn::None;
    if failure.is_lost() {
        return failure;
    }
    match link.client.batch_execute("ROLLBACK").await {
        Ok(()) => failure,
        Err(error) => Failure::Lost(super::failure::words(&error)),
    }
}

/// Looks whether a transaction is stored. Its old connection may still be at it: then it holds the head, and this
/// waits for it.
pub(super) async fn find(link: &mut Link, base: Revision, transaction: Uuid) -> Outcome<Option<Living>> {
    let (lock, living) = (link.statement(LOCK).await?, link.statement(LIVING).await?);
    let find = link.statement("SELECT transaction FROM commits WHERE revision = $1").await?;
    link.client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?;
    link.client.query(&lock, &[]).await?;
    let found = link.client.query_opt(&find, &[&(base + 1).cast_signed()]).await?;
    let living = link.client.query(&living, &[]).await?;
    link.client.batch_execute("ROLLBACK").await?;
    let ours = found.is_some_and(|row| row.get::<_, Uuid>(0) == transaction);
    Ok(ours.then(|| living_of(&living)))
}

fn living_of(rows: &[Row]) -> Living {
    rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1).cast_unsigned())).collect()
}

struct Counters {
    revision: i64,
    next_change: i64,
    next_row: i64,
}

type Holders = HashMap<String, Uuid>;

/// Locks the head and asks who has the references that the sets give away.
async fn begin(link: &mut Link, turn: &Turn, sets: &[ChangeSet]) -> Outcome<(Counters, Holders)> {
    let references: Vec<_> = sets
        .iter()
        .flat_map(|set| &set.changes)
        .filter_map(|change| match change {
            Change::PutEntity(e) => Some(text::put(&e.entity_ref)),
            _ => None,
        })
        .collect();
    let (lock, holders) = (link.statement(LOCK).await?, link.statement(HOLDERS).await?);
    let client = &link.client;
    let mut requests: Vec<Boxed<'_, Result<Vec<Row>, tokio_postgres::Error>>> = Vec::new();
    if *turn == Turn::None {
        requests.push(Box::pin(async {
            client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await.map(|()| Vec::new())
        }));
    }
    requests.push(Box::pin(async { client.query(&lock, &[]).await }));
    if !references.is_empty() {
        requests.push(Box::pin(async { client.query(&holders, &[&references]).await }));
    }
    let mut answers = in_order(requests).await.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter();
    if *turn == Turn::None {
        answers.next();
    }
    let locked = answers.next().and_then(|rows| rows.into_iter().next());
    let Some(locked) = locked else { return Err(StoreError::Damaged("it has no head".to_owned()).into()) };
    let counters = Counters { revision: locked.get(0), next_change: locked.get(1), next_row: locked.get(2) };
    let holders = answers.next().unwrap_or_default().iter().map(|row| (row.get(0), row.get(1))).collect();
    Ok((counters, holders))
}

async fn write(
    link: &mut Link,
    counters: &Counters,
    sets: &[ChangeSet],
    context: &Context<'_>,
    sent: &mut bool,
) -> Outcome<(Revision, Living)> {
    let log = Log::of(counters, sets, context.transaction);
    let mut wave = Wave { link, requests: Vec::new(), bytes: 0 };
    let next_row = state(&mut wave, sets, counters.next_row).await?;
    let mut id = counters.next_change;
    for chunk in chunks(&log.changes, |row| row.logged.after.as_ref().map_or(100, |a| a.len() + 100)) {
        let ids: Vec<i64> = (id..).take(chunk.len()).collect();
        id += chunk.len().cast_signed() as i64;
        let size = chunk.iter().map(|row| row.logged.after.as_ref().map_or(0, String::len)).sum();
        wave.push(columns::LOG, with_ids(ids, columns::log_columns(chunk)), size).await?;
    }
    for chunk in log.commits.chunks(10_000) {
        wave.push(columns::COMMITS, columns::commit_columns(chunk), chunk.len() * 100).await?;
    }
    let head = counters.revision + sets.len().cast_signed() as i64;
    wave.push(HEAD, vec![Box::new(head), Box::new(id), Box::new(next_row)], 0).await?;
    let news = vec![Box::new(context.channel) as Column<'_>, Box::new(head.to_string())];
    wave.push(NOTIFY, news, 0).await?;
    let living = wave.commit(sent).await?;
    Ok((head.cast_unsigned(), living))
}

/// The log's rows.
struct Log<'a> {
    commits: Vec<CommitRow<'a>>,
    changes: Vec<LogRow<'a>>,
}

impl<'a> Log<'a> {
    fn of(counters: &Counters, sets: &'a [ChangeSet], transaction: Uuid) -> Self {
        let mut log = Self { commits: Vec::with_capacity(sets.len()), changes: Vec::new() };
        for (revision, set) in (counters.revision + 1..).zip(sets) {
            log.commits.push(CommitRow {
                revision,
                at: set.at.0,
                actor: text::put(&set.actor.name),
                through: text::put(&set.actor.through),
                origin: set.actor.from.as_deref().map(text::put),
                first_change: counters.next_change + log.changes.len().cast_signed() as i64,
                changes: set.changes.len().cast_signed() as i64,
                transaction,
            });
            log.changes.extend(set.changes.iter().map(|c| LogRow { revision, logged: codec::encode(c) }));
        }
        log
    }
}

/// Brings the tables of the state to what the sets come to; returns the next free id of a row.
async fn state<'a>(wave: &mut Wave<'_, 'a>, sets: &'a [ChangeSet], mut next: i64) -> Outcome<i64> {
    let all = || sets.iter().flat_map(|set| &set.changes);
    let blueprints = Net::of(all().filter_map(|change| match change {
        Change::PutBlueprint(b) => Some((b.identifier.as_str(), Some(&**b))),
        Change::DeleteBlueprint(identifier) => Some((identifier.as_str(), None)),
        _ => None,
    }));
    wave.delete("DELETE FROM blueprints WHERE identifier = ANY($1::text[])", &blueprints.deleted).await?;
    wave.put(&blueprints.puts, &mut next).await?;
    let sources = Net::of(all().filter_map(|change| match change {
        Change::PutSource(s) => Some((s.id.as_str(), Some(&**s))),
        Change::DeleteSource(id) => Some((id.as_str(), None)),
        _ => None,
    }));
    wave.delete("DELETE FROM sources WHERE name = ANY($1::text[])", &sources.deleted).await?;
    wave.put(&sources.puts, &mut next).await?;
    let entities = Net::of(all().filter_map(|change| match change {
        Change::PutEntity(e) => Some((e.uid, Some(&**e))),
        Change::DeleteEntity(uid) => Some((*uid, None)),
        _ => None,
    }));
    if !entities.deleted.is_empty() {
        let gone = vec![Box::new(entities.deleted) as Column<'_>];
        wave.push("DELETE FROM entities WHERE uid = ANY($1::uuid[])", gone, 0).await?;
    }
    wave.put(&entities.puts, &mut next).await?;
    let waiting = Net::of(all().filter_map(|change| match change {
        Change::PutWaitingClaim(w) => Some(((w.source.as_str(), w.item.as_str()), Some(&**w))),
        Change::DeleteWaitingClaim(source, item) => Some(((source.as_str(), item.as_str()), None)),
        _ => None,
    }));
    let delete = "DELETE FROM waiting_claims USING unnest($1::text[], $2::text[]) AS gone (s, i)
        WHERE source = s AND item = i";
    wave.delete_pairs(delete, &waiting.deleted).await?;
    wave.put(&waiting.puts, &mut next).await?;
    let records = Net::of(all().filter_map(|change| match change {
        Change::PutRecord(r) => Some(((r.collection.as_str(), r.key.as_str()), Some(&**r))),
        Change::DeleteRecord(collection, key) => Some(((collection.as_str(), key.as_str()), None)),
        _ => None,
    }));
    let delete = "DELETE FROM records USING unnest($1::text[], $2::text[]) AS gone (c, k)
        WHERE collection = c AND key = k";
    wave.delete_pairs(delete, &records.deleted).await?;
    wave.put(&records.puts, &mut next).await?;
    Ok(next)
}

/// Statements that are sent together.
struct Wave<'l, 'a> {
    link: &'l mut Link,
    requests: Vec<(&'static str, Vec<Column<'a>>)>,
    bytes: usize,
}

impl<'a> Wave<'_, 'a> {
    async fn push(&mut self, sql: &'static str, columns: Vec<Column<'a>>, bytes: usize) -> Outcome<()> {
        if self.bytes > 0 && self.bytes + bytes > WAVE {
            self.send(Vec::new(), &mut false).await?;
        }
        self.requests.push((sql, columns));
        self.bytes += bytes;
        Ok(())
    }

    async fn put<R: Rows + 'a>(&mut self, rows: &[&'a R], next: &mut i64) -> Outcome<()> {
        for chunk in chunks(rows, |row| row.size()) {
            let ids: Vec<i64> = (*next..).take(chunk.len()).collect();
            *next += chunk.len().cast_signed() as i64;
            let size = chunk.iter().map(|row| row.size()).sum();
            self.push(R::UPSERT, with_ids(ids, R::columns(chunk)), size).await?;
        }
        Ok(())
    }

    async fn delete(&mut self, sql: &'static str, keys: &[&'a str]) -> Outcome<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let keys: Vec<_> = keys.iter().map(|key| text::put(key)).collect();
        self.push(sql, vec![Box::new(keys)], 0).await
    }

    async fn delete_pairs(&mut self, sql: &'static str, keys: &[(&'a str, &'a str)]) -> Outcome<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let first: Vec<_> = keys.iter().map(|(first, _)| text::put(first)).collect();
        let second: Vec<_> = keys.iter().map(|(_, second)| text::put(second)).collect();
        self.push(sql, vec![Box::new(first), Box::new(second)], 0).await
    }

    /// Sends the last wave, and the end of the transaction with it. `sent` tells whether it may have arrived.
    async fn commit(mut self, sent: &mut bool) -> Outcome<Living> {
        let rows = self.send(vec![LIVING, SETTLE, "COMMIT"], sent).await?;
        Ok(living_of(&rows))
    }

    async fn send(&mut self, last: Vec<&'static str>, sent: &mut bool) -> Outcome<Vec<Row>> {
        self.bytes = 0;
        let mut statements = Vec::new();
        for (sql, columns) in std::mem::take(&mut self.requests) {
            statements.push((self.link.statement(sql).await?, columns));
        }
        let living = self.link.statement(LIVING).await?;
        let client = &self.link.client;
        let mut requests: Vec<Boxed<'_, Result<Vec<Row>, tokio_postgres::Error>>> = Vec::new();
        for (statement, columns) in &statements {
            requests.push(Box::pin(async move {
                let parameters: Vec<_> = columns.iter().map(|c| &**c as _).collect();
                client.execute(statement, &parameters).await.map(|_| Vec::new())
            }));
        }
        *sent = last.contains(&"COMMIT");
        for sql in last {
            let living = &living;
            requests.push(Box::pin(async move {
                match sql {
                    LIVING => client.query(living, &[]).await,
                    sql => client.batch_execute(sql).await.map(|()| Vec::new()),
                }
            }));
        }
        let mut found = Vec::new();
        let mut failed = None;
        for answer in in_order(requests).await {
            match answer {
                Ok(rows) => found.extend(rows),
                // The first one says why; those behind it only that the transaction is over.
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        match failed.map(Failure::from) {
            None => Ok(found),
            Some(failure) => {
                // After any refusal the end was a rollback.
                *sent &= failure.is_lost();
                Err(failure)
            }
        }
    }
}

fn with_ids<'a>(ids: Vec<i64>, mut columns: Vec<Column<'a>>) -> Vec<Column<'a>> {
    columns.insert(0, Box::new(ids));
    columns
}

/// Cuts rows so that each statement is of a bearable size.
fn chunks<T>(rows: &[T], size: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut bytes = 0;
        let fits = rest.iter().take_while(|row| {
            bytes += size(row);
            bytes <= STATEMENT
        });
        let (chunk, after) = rest.split_at(fits.count().max(1));
        rest = after;
        Some(chunk)
    })
}
