//! Loading the state and reading the log. Rows stream in: what is not taken yet waits in the server.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use stagedoor_model::{
    Actor, Change, ChangeSet, Claim, Commit, EntityRecord, JsonText, Record, Revision, SourceRecord, Stamps,
    Timestamp, WaitingClaim,
};
use stagedoor_store::Thing;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql};
use uuid::Uuid;

use super::failure::{Failure, Outcome};
use super::link::{Boxed, Link, in_order};
use super::text;
use crate::chunks::Chunks;
use crate::codec;
use crate::error::damaged;

pub(super) const HEAD: &str = "SELECT revision FROM head";

pub(super) async fn head(link: &mut Link) -> Outcome<Revision> {
    let statement = link.statement(HEAD).await?;
    Ok(link.client.query_one(&statement, &[]).await?.get::<_, i64>(0).cast_unsigned())
}

/// Reads the state in one snapshot.
pub(super) async fn load(link: &mut Link, out: &mut Chunks) -> Outcome<Revision> {
    link.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let loaded = tables(link, out).await;
    if loaded.as_ref().is_err_and(Failure::is_lost) {
        return loaded;
    }
    link.client.batch_execute("ROLLBACK").await?;
    loaded
}

async fn tables(link: &mut Link, out: &mut Chunks) -> Outcome<Revision> {
    let revision = head(link).await?;
    each(link, BLUEPRINTS, blueprint, out).await?;
    each(link, SOURCES, source, out).await?;
    each(link, ENTITIES, entity, out).await?;
    each(link, WAITING_CLAIMS, waiting_claim, out).await?;
    each(link, RECORDS, record, out).await?;
    Ok(revision)
}

async fn each(
    link: &mut Link,
    sql: &'static str,
    read: fn(&Row) -> Outcome<Change>,
    out: &mut Chunks,
) -> Outcome<()> {
    let statement = link.statement(sql).await?;
    let nothing: [&(dyn ToSql + Sync); 0] = [];
    let mut rows = std::pin::pin!(link.client.query_raw(&statement, nothing).await?);
    while let Some(row) = rows.try_next().await? {
        out.push(read(&row)?);
    }
    Ok(())
}

pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Outcome<T> {
    row.try_get(column).map_err(|e| damaged("a column has another type than it should", e).into())
}

pub(super) fn string(row: &Row, column: usize) -> Outcome<String> {
    Ok(text::get(get(row, column)?))
}

pub(super) fn maybe(row: &Row, column: usize) -> Outcome<Option<String>> {
    Ok(get::<Option<&str>>(row, column)?.map(text::get))
}

const BLUEPRINTS: &str = "SELECT identifier, shipped_kind, body,
    created_at, created_by, updated_at, updated_by, datasource FROM blueprints ORDER BY id";

fn blueprint(row: &Row) -> Outcome<Change> {
    match codec::parse_blueprint(get(row, 2)?, stamps(row, 3)?, maybe(row, 1)?) {
        Ok(blueprint) => Ok(Change::PutBlueprint(blueprint)),
        Err(why) => Err(damaged(&format!("the blueprint {}", string(row, 0)?), why).into()),
    }
}

const SOURCES: &str = "SELECT name, state, since, reason FROM sources ORDER BY id";

fn source(row: &Row) -> Outcome<Change> {
    let (id, state): (String, &str) = (string(row, 0)?, get(row, 1)?);
    let Some(state) = codec::read_state(state) else {
        return Err(damaged(&format!("the source {id}"), format!("unknown state {state}")).into());
    };
    let since = Timestamp(get(row, 2)?);
    Ok(Change::PutSource(Arc::new(SourceRecord { id, state, since, reason: maybe(row, 3)? })))
}

const ENTITIES: &str = "SELECT uid, entity_ref, blueprint, identifier, created_at, created_by, updated_at,
    updated_by, datasource, claim_source, claim_item, claim_line, claim_adopted, fields, document
    FROM entities ORDER BY id";

fn entity(row: &Row) -> Outcome<Change> {
    let claim = match maybe(row, 9)? {
        Some(source) => Some(Claim {
            source: source.into(),
            item: string(row, 10)?,
            line: number(get(row, 11)?),
            adopted: get(row, 12)?,
        }),
        None => None,
    };
    Ok(Change::PutEntity(Arc::new(EntityRecord {
        uid: get::<Uuid>(row, 0)?,
        entity_ref: string(row, 1)?.into(),
        blueprint: string(row, 2)?.into(),
        identifier: string(row, 3)?.into(),
        stamps: stamps(row, 4)?,
        claim,
        fields: json(row, 13)?,
        document: json(row, 14)?,
    })))
}

const WAITING_CLAIMS: &str =
    "SELECT source, item, line, entity_ref, since, document FROM waiting_claims ORDER BY id";

fn waiting_claim(row: &Row) -> Outcome<Change> {
    let (source, item) = (string(row, 0)?, string(row, 1)?);
    let Some(document) = json(row, 5)? else {
        return Err(damaged(&format!("the waiting claim of {source} for {item}"), "no document").into());
    };
    Ok(Change::PutWaitingClaim(Arc::new(WaitingClaim {
        source,
        item,
        line: number(get(row, 2)?),
        entity_ref: string(row, 3)?,
        since: Timestamp(get(row, 4)?),
        document,
    })))
}

const RECORDS: &str =
    "SELECT collection, key, body, created_at, created_by, updated_at, updated_by, datasource
    FROM records ORDER BY id";

fn record(row: &Row) -> Outcome<Change> {
    let (collection, key) = (string(row, 0)?, string(row, 1)?);
    let Some(body) = json(row, 2)? else {
        return Err(damaged(&format!("the {collection} {key}"), "no body").into());
    };
    Ok(Change::PutRecord(Arc::new(Record { collection, key, body, stamps: stamps(row, 3)? })))
}

/// The five columns of stamps, from `first` on.
fn stamps(row: &Row, first: usize) -> Outcome<Stamps> {
    Ok(Stamps {
        created_at: Timestamp(get(row, first)?),
        created_by: string(row, first + 1)?.into(),
        updated_at: Timestamp(get(row, first + 2)?),
        updated_by: string(row, first + 3)?.into(),
        datasource: maybe(row, first + 4)?.map(Into::into),
    })
}

fn json(row: &Row, column: usize) -> Outcome<Option<JsonText>> {
    let Some(text) = get::<Option<&str>>(row, column)? else { return Ok(None) };
    let name = || string(row, 1).unwrap_or_default();
    let text =
        JsonText::from_stored(text).map_err(|why| damaged(&format!("a document of {}", name()), why))?;
    Ok(Some(text))
}

/// A line number; it was one when it was stored.
fn number(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or_default()
}

fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const COMMITS: &str = "SELECT revision, at, actor, through, first_change, changes, origin FROM commits
    WHERE revision > $1 ORDER BY revision LIMIT $2";
/// The changes of one commit follow those of the one before, so both ends are known.
const CHANGES: &str = "SELECT id, kind, key, after FROM changes
    WHERE id >= coalesce((SELECT first_change FROM commits WHERE revision > $1 ORDER BY revision LIMIT 1), 9223372036854775807)
        AND id < coalesce((SELECT first_change FROM commits WHERE revision > $1 ORDER BY revision LIMIT 1 OFFSET $2), 9223372036854775807)
    ORDER BY id";

pub(super) async fn commits_since(link: &mut Link, after: Revision, limit: usize) -> Outcome<Vec<Commit>> {
    let (after, limit) = (bound(after), bound(limit as u64));
    let (commits, changes) = (link.statement(COMMITS).await?, link.statement(CHANGES).await?);
    let client = &link.client;
    let requests: Vec<Boxed<'_, Result<Vec<Row>, tokio_postgres::Error>>> = vec![
        Box::pin(async { client.query(&commits, &[&after, &limit]).await }),
        Box::pin(async { client.query(&changes, &[&after, &limit]).await }),
    ];
    let mut answers = in_order(requests).await.into_iter();
    let (Some(commits), Some(changes)) = (answers.next(), answers.next()) else { return Ok(Vec::new()) };
    let (commits, changes) = (commits?, changes?);
    // Between the two statements others may have written: what is behind the last commit is not asked for.
    let mut changes = changes.iter();
    let mut read = Vec::with_capacity(commits.len());
    for row in &commits {
        let (first, count): (i64, i64) = (get(row, 4)?, get(row, 5)?);
        let mut set = change_set(row, 1, 6)?;
        for (id, change) in (first..first + count).zip(changes.by_ref()) {
            if get::<i64>(change, 0)? != id {
                return Err(damaged("the log", format!("change {id} is missing")).into());
            }
            set.changes.push(change_of(change, 1)?);
        }
        if set.changes.len().cast_signed() as i64 != count {
            let what = format!("{count} changes from {first} on");
            return Err(damaged(&what, format!("only {} are there", set.changes.len())).into());
        }
        read.push(Commit { revision: get::<i64>(row, 0)?.cast_unsigned(), change_set: Arc::new(set) });
    }
    Ok(read)
}

/// Three columns of a commit and its origin, its changes still to come.
fn change_set(row: &Row, first: usize, origin: usize) -> Outcome<ChangeSet> {
    let actor =
        Actor { name: string(row, first + 1)?, through: string(row, first + 2)?, from: maybe(row, origin)? };
    Ok(ChangeSet { at: Timestamp(get(row, first)?), actor, changes: Vec::new() })
}

pub(super) fn change_of(row: &Row, first: usize) -> Outcome<Change> {
    Ok(codec::decode(get(row, first)?, &string(row, first + 1)?, get(row, first + 2)?)?)
}

const HISTORY: &str = "SELECT c.revision, c.at, c.actor, c.through, h.kind, h.key, h.after, c.origin
    FROM changes h JOIN commits c ON c.revision = h.revision
    WHERE h.key = $1 AND h.kind = $2 AND h.revision < $3 ORDER BY h.id DESC";

pub(super) async fn history(
    link: &mut Link,
    thing: Thing<'_>,
    before: Option<Revision>,
    limit: usize,
) -> Outcome<Vec<Commit>> {
    let (kind, key) = codec::logged_as(thing);
    let (key, before) = (text::put(&key), before.map_or(i64::MAX, bound));
    let statement = link.statement(HISTORY).await?;
    let parameters: [&(dyn ToSql + Sync); 3] = [&key, &kind, &before];
    let mut rows = std::pin::pin!(link.client.query_raw(&statement, parameters).await?);
    let mut commits: Vec<(Revision, ChangeSet)> = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let revision = get::<i64>(&row, 0)?.cast_unsigned();
        if commits.last().is_none_or(|(last, _)| *last != revision) {
            if commits.len() == limit {
                break;
            }
            commits.push((revision, change_set(&row, 1, 7)?));
        }
        let change = change_of(&row, 4)?;
        if let Some((_, set)) = commits.last_mut() {
            set.changes.insert(0, change);
        }
    }
    let commit = |(revision, set)| Commit { revision, change_set: Arc::new(set) };
    Ok(commits.into_iter().map(commit).collect())
}
