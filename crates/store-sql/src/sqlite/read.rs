//! Loading the state and reading the log, each in one read transaction.

use std::sync::Arc;

use rusqlite::{Connection, Row, Transaction, TransactionBehavior};
use stagedoor_model::{
    Actor, Change, ChangeSet, Claim, Commit, EntityRecord, JsonText, Record, Revision, SourceRecord, Stamps,
    Text, Timestamp, WaitingClaim,
};
use stagedoor_store::{StoreError, Thing};
use uuid::Uuid;

use crate::chunks::{Chunks, read_ahead};
use crate::codec;
use crate::error::{Outcome, damaged};

pub(super) fn head(connection: &Connection) -> Outcome<Revision> {
    let head: i64 = connection
        .prepare_cached("SELECT coalesce(max(revision), 0) FROM commits")?
        .query_row([], |row| row.get(0))?;
    Ok(head.cast_unsigned())
}

pub(super) fn load(connection: &mut Connection, sink: &mut dyn FnMut(Change)) -> Outcome<Revision> {
    read_ahead(sink, move |out| read_state(connection, out))
}

fn read_state(connection: &mut Connection, out: &mut Chunks) -> Outcome<Revision> {
    let snapshot = connection.transaction()?;
    let revision = head(&snapshot)?;
    each(&snapshot, BLUEPRINTS, blueprint, out)?;
    each(&snapshot, SOURCES, source, out)?;
    each(&snapshot, ENTITIES, entity, out)?;
    each(&snapshot, WAITING_CLAIMS, waiting_claim, out)?;
    each(&snapshot, RECORDS, record, out)?;
    snapshot.commit()?;
    // Pages that nobody will ask for again.
    connection.execute_batch("PRAGMA shrink_memory")?;
    Ok(revision)
}

fn each(
    connection: &Connection,
    sql: &str,
    read: fn(&Row<'_>) -> Outcome<Change>,
    out: &mut Chunks,
) -> Outcome<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(())
}

const BLUEPRINTS: &str = "SELECT identifier, shipped_kind, body,
    created_at, created_by, updated_at, updated_by, datasource FROM blueprints ORDER BY id";

fn blueprint(row: &Row<'_>) -> Outcome<Change> {
    let blueprint =
        codec::parse_blueprint(row.get_ref(2)?.as_str().map_err(from_sql)?, stamps(row, 3)?, row.get(1)?);
    match blueprint {
        Ok(blueprint) => Ok(Change::PutBlueprint(blueprint)),
        Err(why) => Err(damaged(&format!("the blueprint {}", row.get::<_, String>(0)?), why).into()),
    }
}

const SOURCES: &str = "SELECT name, state, since, reason FROM sources ORDER BY id";

fn source(row: &Row<'_>) -> Outcome<Change> {
    let (id, state): (String, String) = (row.get(0)?, row.get(1)?);
    let Some(state) = codec::read_state(&state) else {
        return Err(damaged(&format!("the source {id}"), format!("unknown state {state}")).into());
    };
    Ok(Change::PutSource(Arc::new(SourceRecord {
        id,
        state,
        since: Timestamp(row.get(2)?),
        reason: row.get(3)?,
    })))
}

const ENTITIES: &str = "SELECT uid, entity_ref, blueprint, identifier, created_at, created_by, updated_at,
    updated_by, datasource, claim_source, claim_item, claim_line, claim_adopted, fields, document
    FROM entities ORDER BY id";

fn entity(row: &Row<'_>) -> Outcome<Change> {
    let claim = match row.get::<_, Option<Arc<str>>>(9)? {
        Some(source) => {
            let (item, line, adopted) = (row.get(10)?, row.get(11)?, row.get(12)?);
            Some(Claim { source: source.into(), item, line, adopted })
        }
        None => None,
    };
    Ok(Change::PutEntity(Arc::new(EntityRecord {
        uid: Uuid::from_bytes(row.get(0)?),
        entity_ref: text(row, 1)?,
        blueprint: text(row, 2)?,
        identifier: text(row, 3)?,
        stamps: stamps(row, 4)?,
        claim,
        fields: json(row, 13)?,
        document: json(row, 14)?,
    })))
}

const WAITING_CLAIMS: &str =
    "SELECT source, item, line, entity_ref, since, document FROM waiting_claims ORDER BY id";

fn waiting_claim(row: &Row<'_>) -> Outcome<Change> {
    let (source, item): (String, String) = (row.get(0)?, row.get(1)?);
    let Some(document) = json(row, 5)? else {
        return Err(damaged(&format!("the waiting claim of {source} for {item}"), "no document").into());
    };
    Ok(Change::PutWaitingClaim(Arc::new(WaitingClaim {
        source,
        item,
        line: row.get(2)?,
        entity_ref: row.get(3)?,
        since: Timestamp(row.get(4)?),
        document,
    })))
}

const RECORDS: &str =
    "SELECT collection, key, body, created_at, created_by, updated_at, updated_by, datasource
    FROM records ORDER BY id";

fn record(row: &Row<'_>) -> Outcome<Change> {
    let (collection, key): (String, String) = (row.get(0)?, row.get(1)?);
    let Some(body) = json(row, 2)? else {
        return Err(damaged(&format!("the {collection} {key}"), "no body").into());
    };
    Ok(Change::PutRecord(Arc::new(Record { collection, key, body, stamps: stamps(row, 3)? })))
}

/// The five columns of stamps, from `first` on.
fn stamps(row: &Row<'_>, first: usize) -> rusqlite::Result<Stamps> {
    Ok(Stamps {
        created_at: Timestamp(row.get(first)?),
        created_by: text(row, first + 1)?,
        updated_at: Timestamp(row.get(first + 2)?),
        updated_by: text(row, first + 3)?,
        datasource: row.get::<_, Option<Arc<str>>>(first + 4)?.map(Text::from),
    })
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Text> {
    Ok(row.get::<_, Arc<str>>(column)?.into())
}

fn json(row: &Row<'_>, column: usize) -> Outcome<Option<JsonText>> {
    let Some(text) = row.get_ref(column)?.as_str_or_null().map_err(from_sql)? else { return Ok(None) };
    let text = JsonText::from_stored(text).map_err(|why| {
        damaged(&format!("a document of {}", row.get::<_, String>(1).unwrap_or_default()), why)
    })?;
    Ok(Some(text))
}

pub(super) fn from_sql(error: rusqlite::types::FromSqlError) -> StoreError {
    damaged("a column has another type than it should", error)
}

pub(super) fn commits_since(connection: &Connection, after: Revision, limit: usize) -> Outcome<Vec<Commit>> {
    let snapshot = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
    let (after, limit) = (i64::try_from(after).unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
    let commits = {
        let mut statement = snapshot.prepare_cached(
            "SELECT revision, at, actor, through, first_change, changes, origin FROM commits
             WHERE revision > ?1 ORDER BY revision LIMIT ?2",
        )?;
        let mut rows = statement.query([after, limit])?;
        let mut commits = Vec::new();
        while let Some(row) = rows.next()? {
            let change_set = ChangeSet {
                at: Timestamp(row.get(1)?),
                actor: Actor { name: row.get(2)?, through: row.get(3)?, from: row.get(6)? },
                changes: changes(&snapshot, row.get(4)?, row.get(5)?)?,
            };
            commits.push(Commit {
                revision: row.get::<_, i64>(0)?.cast_unsigned(),
                change_set: Arc::new(change_set),
            });
        }
        commits
    };
    snapshot.commit()?;
    Ok(commits)
}

fn changes(connection: &Connection, first: i64, count: i64) -> Outcome<Vec<Change>> {
    let mut statement = connection
        .prepare_cached("SELECT kind, key, after FROM changes WHERE id >= ?1 AND id < ?1 + ?2 ORDER BY id")?;
    let mut rows = statement.query([first, count])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let text = |column| -> Outcome<&str> { Ok(row.get_ref(column)?.as_str().map_err(from_sql)?) };
        let after = row.get_ref(2)?.as_str_or_null().map_err(from_sql)?;
        changes.push(codec::decode(text(0)?, text(1)?, after)?);
    }
    if changes.len().cast_signed() as i64 != count {
        let what = format!("{count} changes from {first} on");
        return Err(damaged(&what, format!("only {} are there", changes.len())).into());
    }
    Ok(changes)
}

pub(super) fn history(
    connection: &Connection,
    thing: Thing<'_>,
    before: Option<Revision>,
    limit: usize,
) -> Outcome<Vec<Commit>> {
    let (kind, key) = codec::logged_as(thing);
    let before = before.map_or(i64::MAX, |b| i64::try_from(b).unwrap_or(i64::MAX));
    let mut statement = connection.prepare_cached(
        "SELECT c.revision, c.at, c.actor, c.through, h.kind, h.key, h.after, c.origin
         FROM changes h JOIN commits c ON c.revision = h.revision
         WHERE h.key = ?1 AND h.kind = ?2 AND h.revision < ?3 ORDER BY h.id DESC",
    )?;
    let mut rows = statement.query(rusqlite::params![key, kind, before])?;
    let mut commits: Vec<(Revision, ChangeSet)> = Vec::new();
    while let Some(row) = rows.next()? {
        let revision = row.get::<_, i64>(0)?.cast_unsigned();
        if commits.last().is_none_or(|(last, _)| *last != revision) {
            if commits.len() == limit {
                break;
            }
            let actor = Actor { name: row.get(2)?, through: row.get(3)?, from: row.get(7)? };
            commits.push((revision, ChangeSet { actor, at: Timestamp(row.get(1)?), changes: Vec::new() }));
        }
        let after = row.get_ref(6)?.as_str_or_null().map_err(from_sql)?;
        let change = codec::decode(kind, &key, after)?;
        if let Some((_, set)) = commits.last_mut() {
            set.changes.insert(0, change);
        }
    }
    let commit = |(revision, set)| Commit { revision, change_set: Arc::new(set) };
    Ok(commits.into_iter().map(commit).collect())
}
