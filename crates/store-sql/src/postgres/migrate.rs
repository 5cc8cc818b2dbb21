//! Versions of the schema. The table `stagedoor_schema` marks a schema as ours and counts the migrations seen.

use std::path::Path;

use stagedoor_store::StoreError;

use super::failure::Outcome;
use super::link::Link;

/// In order; one that has been released is never changed.
pub(super) const MIGRATIONS: [(&str, &str); 3] = [
    ("0001_catalog", include_str!("../../migrations/postgres/0001_catalog.sql")),
    ("0002_origin", include_str!("../../migrations/postgres/0002_origin.sql")),
    ("0003_audit", include_str!("../../migrations/postgres/0003_audit.sql")),
];

/// Held while migrating, so that replicas that start together take turns: "STGD".
const LOCK: i64 = 0x5354_4744;

/// The version of the schema, 0 when it is empty. Refuses what this program must not touch; changes nothing.
pub(super) async fn version(link: &mut Link, database: &Path) -> Outcome<i64> {
    let path = || database.to_owned();
    let row = link
        .client
        .query_one(
            "SELECT current_schema()::text, current_setting('server_encoding'),
                 EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'stagedoor_schema'),
                 EXISTS (SELECT FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
                     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'))",
            &[],
        )
        .await?;
    let unusable = |reason: &str| StoreError::Unusable { path: path(), reason: reason.to_owned() };
    if row.get::<_, Option<&str>>(0).is_none() {
        return Err(unusable("the schema that the search path names does not exist").into());
    }
    if row.get::<_, &str>(1) != "UTF8" {
        return Err(unusable("its encoding has to be UTF8").into());
    }
    match (row.get(2), row.get(3)) {
        (true, _) => {}
        (false, false) => return Ok(0),
        (false, true) => return Err(StoreError::Foreign { path: path() }.into()),
    }
    let found: i64 = link.client.query_one("SELECT max(version) FROM stagedoor_schema", &[]).await?.get(0);
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::NewerSchema { path: path(), found, known }.into());
    }
    Ok(found)
}

/// Brings the schema up to date: all of it, or nothing.
pub(super) async fn run(link: &mut Link, database: &Path) -> Outcome<()> {
    if version(link, database).await? == MIGRATIONS.len() as i64 {
        return Ok(());
    }
    link.client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?;
    let migrated = locked(link, database).await;
    let end = if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" };
    link.client.batch_execute(end).await?;
    migrated
}

async fn locked(link: &mut Link, database: &Path) -> Outcome<()> {
    link.client.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    // Another replica may have done it meanwhile.
    let version = version(link, database).await?;
    let missing = MIGRATIONS.get(usize::try_from(version).unwrap_or(0)..).unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    tracing::info!(from = version, to = MIGRATIONS.len(), "migrating the database");
    if version == 0 {
        link.client.batch_execute("CREATE TABLE stagedoor_schema (version BIGINT NOT NULL)").await?;
    }
    for (_, migration) in missing {
        link.client.batch_execute(migration).await?;
    }
    let known = MIGRATIONS.len() as i64;
    link.client.batch_execute("DELETE FROM stagedoor_schema").await?;
    link.client.execute("INSERT INTO stagedoor_schema (version) VALUES ($1)", &[&known]).await?;
    Ok(())
}
