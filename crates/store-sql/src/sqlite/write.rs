//! One transaction per commit: the state, and the same changes in the log.

use std::collections::HashMap;

use rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use stagedoor_model::{
    Blueprint, Change, ChangeSet, EntityRecord, Record, Revision, SourceRecord, WaitingClaim,
};
use stagedoor_store::StoreError;
use uuid::Uuid;

use crate::codec::{self, Logged};
use crate::error::Outcome;

/// Stores the sets as revisions `base` + 1 and on; returns the new head.
pub(super) fn commit(connection: &Connection, base: Revision, sets: &[ChangeSet]) -> Outcome<Revision> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut next_change: i64 =
        transaction.query_row("SELECT coalesce(max(id), 0) + 1 FROM changes", [], |row| row.get(0))?;
    let mut revision = base;
    for set in sets {
        revision += 1;
        log_commit(&transaction, revision, set, next_change)?;
        let mut displaced = Displaced::default();
        for change in &set.changes {
            apply(&transaction, change, &mut displaced)?;
            log_change(&transaction, next_change, revision, &codec::encode(change))?;
            next_change += 1;
        }
        displaced.settle(&transaction)?;
    }
    transaction.commit()?;
    Ok(revision)
}

fn log_commit(
    transaction: &Connection,
    revision: Revision,
    set: &ChangeSet,
    first_change: i64,
) -> Outcome<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO commits (revision, at, actor, through, first_change, changes, origin)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let (name, through) = (&set.actor.name, &set.actor.through);
    insert.execute(params![
        revision.cast_signed(),
        set.at.0,
        name,
        through,
        first_change,
        set.changes.len().cast_signed(),
        set.actor.from
    ])?;
    Ok(())
}

fn log_change(transaction: &Connection, id: i64, revision: Revision, logged: &Logged<'_>) -> Outcome<()> {
    let mut insert = transaction
        .prepare_cached("INSERT INTO changes (id, revision, kind, key, after) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    insert.execute(params![id, revision.cast_signed(), logged.kind, logged.key, logged.after])?;
    Ok(())
}

fn apply(transaction: &Connection, change: &Change, displaced: &mut Displaced) -> Outcome<()> {
    let delete = |sql: &str, key: &dyn rusqlite::ToSql| transaction.prepare_cached(sql)?.execute([key]);
    match change {
        Change::PutBlueprint(blueprint) => put_blueprint(transaction, blueprint)?,
        Change::DeleteBlueprint(identifier) => {
            delete("DELETE FROM blueprints WHERE identifier = ?1", identifier)?;
        }
        Change::PutEntity(entity) => displaced.put_entity(transaction, entity)?,
        Change::DeleteEntity(uid) => {
            displaced.0.remove(uid);
            delete("DELETE FROM entities WHERE uid = ?1", &uid.as_bytes().as_slice())?;
        }
        Change::PutSource(source) => put_source(transaction, source)?,
        Change::DeleteSource(id) => {
            delete("DELETE FROM sources WHERE name = ?1", id)?;
        }
        Change::PutWaitingClaim(claim) => put_waiting_claim(transaction, claim)?,
        Change::DeleteWaitingClaim(source, item) => {
            transaction
                .prepare_cached("DELETE FROM waiting_claims WHERE source = ?1 AND item = ?2")?
                .execute([source, item])?;
        }
        Change::PutRecord(record) => put_record(transaction, record)?,
        Change::DeleteRecord(collection, key) => {
            transaction
                .prepare_cached("DELETE FROM records WHERE collection = ?1 AND key = ?2")?
                .execute([collection, key])?;
        }
    }
    Ok(())
}

/// Entities whose reference another one has taken earlier in the same set. SQLite checks uniqueness at
/// once; within a set, references may pass from entity to entity in any order. So the holder stands in
/// the table under a stand-in until the set says what becomes of it.
#[derive(Default)]
struct Displaced(HashMap<Uuid, String>);

impl Displaced {
    fn put_entity(&mut self, transaction: &Connection, entity: &EntityRecord) -> Outcome<()> {
        self.0.remove(&entity.uid);
        match upsert_entity(transaction, entity) {
            Err(error) if is_taken(&error) => {
                let holder: [u8; 16] = transaction
                    .prepare_cached("SELECT uid FROM entities WHERE entity_ref = ?1")?
                    .query_row([entity.entity_ref.as_str()], |row| row.get(0))?;
                let holder = Uuid::from_bytes(holder);
                rename(transaction, holder, &format!("\u{0}{holder}"))?;
                self.0.insert(holder, entity.entity_ref.to_string());
                Ok(upsert_entity(transaction, entity)?)
            }
            outcome => Ok(outcome?),
        }
    }

    /// Those that the set says nothing about get their references back, if nobody has them now.
    fn settle(self, transaction: &Connection) -> Outcome<()> {
        for (uid, reference) in self.0 {
            match rename(transaction, uid, &reference) {
                Err(error) if is_taken(&error) => return Err(StoreError::Taken(reference).into()),
                outcome => outcome?,
            }
        }
        Ok(())
    }
}

fn rename(transaction: &Connection, uid: Uuid, reference: &str) -> rusqlite::Result<()> {
    let mut update = transaction.prepare_cached("UPDATE entities SET entity_ref = ?1 WHERE uid = ?2")?;
    update.execute(params![reference, uid.as_bytes().as_slice()])?;
    Ok(())
}

fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|e| e.extended_code == SQLITE_CONSTRAINT_UNIQUE)
}

fn upsert_entity(transaction: &Connection, entity: &EntityRecord) -> rusqlite::Result<()> {
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO entities (uid, entity_ref, blueprint, identifier, created_at, created_by, updated_at, updated_by,
             datasource, claim_source, claim_item, claim_line, claim_adopted, fields, document)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (uid) DO UPDATE SET
             entity_ref = ?2, blueprint = ?3, identifier = ?4, created_at = ?5, created_by = ?6, updated_at = ?7,
             updated_by = ?8, datasource = ?9, claim_source = ?10, claim_item = ?11, claim_line = ?12,
             claim_adopted = ?13, fields = ?14, document = ?15",
    )?;
    let (stamps, claim) = (&entity.stamps, entity.claim.as_ref());
    upsert.execute(params![
        entity.uid.as_bytes().as_slice(),
        entity.entity_ref.as_str(),
        entity.blueprint.as_str(),
        entity.identifier.as_str(),
        stamps.created_at.0,
        stamps.created_by.as_str(),
        stamps.updated_at.0,
        stamps.updated_by.as_str(),
        stamps.datasource.as_deref(),
        claim.map(|c| c.source.as_str()),
        claim.map(|c| &c.item),
        claim.map(|c| c.line),
        claim.map(|c| c.adopted),
        entity.fields.as_ref().map(|text| text.as_str()),
        entity.document.as_ref().map(|text| text.as_str()),
    ])?;
    Ok(())
}

fn put_blueprint(transaction: &Connection, blueprint: &Blueprint) -> rusqlite::Result<()> {
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO blueprints
             (identifier, shipped_kind, created_at, created_by, updated_at, updated_by, datasource, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (identifier) DO UPDATE SET shipped_kind = ?2, created_at = ?3, created_by = ?4,
             updated_at = ?5, updated_by = ?6, datasource = ?7, body = ?8",
    )?;
    let stamps = &blueprint.stamps;
    upsert.execute(params![
        blueprint.identifier,
        blueprint.shipped_kind,
        stamps.created_at.0,
        stamps.created_by.as_str(),
        stamps.updated_at.0,
        stamps.updated_by.as_str(),
        stamps.datasource.as_deref(),
        blueprint.body.as_str(),
    ])?;
    Ok(())
}

fn put_source(transaction: &Connection, source: &SourceRecord) -> rusqlite::Result<()> {
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO sources (name, state, since, reason) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET state = ?2, since = ?3, reason = ?4",
    )?;
    upsert.execute(params![source.id, codec::state_name(source.state), source.since.0, source.reason])?;
    Ok(())
}

fn put_waiting_claim(transaction: &Connection, claim: &WaitingClaim) -> rusqlite::Result<()> {
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO waiting_claims (source, item, line, entity_ref, since, document) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (source, item) DO UPDATE SET line = ?3, entity_ref = ?4, since = ?5, document = ?6",
    )?;
    upsert.execute(params![
        claim.source,
        claim.item,
        claim.line,
        claim.entity_ref,
        claim.since.0,
        claim.document.as_str(),
    ])?;
    Ok(())
}

fn put_record(transaction: &Connection, record: &Record) -> rusqlite::Result<()> {
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO records
             (collection, key, created_at, created_by, updated_at, updated_by, datasource, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (collection, key) DO UPDATE SET created_at = ?3, created_by = ?4, updated_at = ?5,
             updated_by = ?6, datasource = ?7, body = ?8",
    )?;
    let stamps = &record.stamps;
    upsert.execute(params![
        record.collection,
        record.key,
        stamps.created_at.0,
        stamps.created_by.as_str(),
        stamps.updated_at.0,
        stamps.updated_by.as_str(),
        stamps.datasource.as_deref(),
        record.body.as_str(),
    ])?;
    Ok(())
}
