//! Backups: everything of one moment into an SQLite file of our schema, and back. So a portal also moves from one
//! kind of database to the other.

use std::path::Path;

use futures_util::TryStreamExt as _;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};
use stagedoor_store::StoreError;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::failure::{Failure, Outcome};
use super::link::{Link, Slot};
use super::target::Target;
use super::{migrate, text};
use crate::database::{Copied, Schema};
use crate::error::damaged;
use crate::sqlite;
use crate::tables::{Kind, TABLES, Table};

/// Does something over a connection of its own.
fn with<T>(url: &str, work: impl AsyncFnOnce(&mut Link, &Target) -> Outcome<T>) -> Result<T, StoreError> {
    let target = Target::parse(url)?;
    let run = || Slot::new()?.run(&target, async |link| work(link, &target).await);
    run().map_err(|failure| failure.explain(&target.name))
}

/// Which version the schema has.
pub(crate) fn schema(url: &str) -> Result<Schema, StoreError> {
    with(url, async |link, target| {
        let found = migrate::version(link, &target.name).await?;
        let known = migrate::MIGRATIONS.len() as i64;
        let pending = migrate::MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0));
        let pending = pending.map(|(name, _)| *name).collect();
        Ok(Schema { database: target.name.display().to_string(), found, known, pending })
    })
}

/// Copies the database into a new file, as it is at one moment.
pub(crate) fn backup(url: &str, file: &Path) -> Result<(), StoreError> {
    sqlite::write_new(file, |part| {
        let copy = sqlite::prepare(part)?;
        with(url, async |link, target| {
            if migrate::version(link, &target.name).await? < migrate::MIGRATIONS.len() as i64 {
                let why = "its schema is older than this program: run stagedoor migrate first".to_owned();
                return Err(StoreError::Refused(format!("{}: {why}", target.name.display())).into());
            }
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            link.client.batch_execute(begin).await?;
            copy.execute_batch("BEGIN").map_err(failed)?;
            for table in TABLES {
                out(&link.client, &copy, table).await?;
            }
            copy.execute_batch("COMMIT").map_err(failed)?;
            Ok(link.client.batch_execute("ROLLBACK").await?)
        })
    })
}

fn failed(error: rusqlite::Error) -> Failure {
    StoreError::Failed(Box::new(error)).into()
}

async fn out(client: &Client, copy: &Connection, table: &Table) -> Outcome<()> {
    let marks = vec!["?"; table.columns.len()].join(", ");
    let insert = format!("INSERT INTO {} ({}) VALUES ({marks})", table.name, table.list());
    let mut insert = copy.prepare(&insert).map_err(failed)?;
    let nothing: [&(dyn ToSql + Sync); 0] = [];
    let mut rows = std::pin::pin!(client.query_raw(&table.select(), nothing).await?);
    while let Some(row) = rows.try_next().await? {
        let values: Outcome<Vec<Value>> =
            table.columns.iter().enumerate().map(|(n, (_, kind))| value(&row, n, *kind)).collect();
        insert.execute(params_from_iter(values?)).map_err(failed)?;
    }
    Ok(())
}

fn value(row: &Row, column: usize, kind: Kind) -> Outcome<Value> {
    let wrong =
        |e: tokio_postgres::Error| Failure::Store(damaged("a column has another type than it should", e));
    Ok(match kind {
        Kind::Int => row.try_get::<_, Option<i64>>(column).map_err(wrong)?.into(),
        Kind::Text => row.try_get::<_, Option<&str>>(column).map_err(wrong)?.map(text::get).into(),
        Kind::Uid => {
            row.try_get::<_, Option<Uuid>>(column).map_err(wrong)?.map(|u| u.as_bytes().to_vec()).into()
        }
        Kind::Bool => row.try_get::<_, Option<bool>>(column).map_err(wrong)?.into(),
    })
}

/// Makes the database what a backup holds, in one transaction.
pub(crate) fn restore(file: &Path, url: &str, replace: bool) -> Result<(), StoreError> {
    let scratch = Scratch::new()?;
    let backup = sqlite::unpack(file, &scratch.0)?;
    with(url, async |link, target| {
        migrate::run(link, &target.name).await?;
        link.client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?;
        let restored = fill(link, target, &backup, replace).await;
        let end = if restored.is_ok() { "COMMIT" } else { "ROLLBACK" };
        link.client.batch_execute(end).await?;
        restored
    })
}

async fn fill(link: &mut Link, target: &Target, backup: &Connection, replace: bool) -> Outcome<()> {
    let client = &link.client;
    let name = target.name.display().to_string();
    let head: i64 = client.query_one("SELECT revision FROM head FOR UPDATE", &[]).await?.get(0);
    let living = "SELECT count(*) FROM replicas WHERE seen > clock_timestamp() - interval '5 s'";
    if client.query_one(living, &[]).await?.get::<_, i64>(0) > 0 {
        return Err(StoreError::Refused(format!("{name} is in use: stop every replica first")).into());
    }
    if head > 0 && !replace {
        let entities: i64 = client.query_one("SELECT count(*) FROM entities", &[]).await?.get(0);
        let held = Copied { revision: head.cast_unsigned(), entities: entities.cast_unsigned(), bytes: 0 };
        return Err(sqlite::occupied(&name, &held).into());
    }
    let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
    client.batch_execute(&format!("TRUNCATE {}", names.join(", "))).await?;
    for table in TABLES {
        back(client, backup, table).await?;
    }
    let rows = ["blueprints", "sources", "entities", "waiting_claims", "records"];
    let rows = rows.map(|table| format!("SELECT max(id) AS id FROM {table}")).join(" UNION ALL ");
    let counters = format!(
        "UPDATE head SET revision = (SELECT coalesce(max(revision), 0) FROM commits),
             next_change = (SELECT coalesce(max(id), 0) + 1 FROM changes),
             next_row = (SELECT coalesce(max(id), 0) + 1 FROM ({rows}) AS rows);
         SELECT setval(pg_get_serial_sequence('journal', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM journal), false)"
    );
    client.batch_execute(&counters).await?;
    Ok(())
}

async fn back(client: &Client, backup: &Connection, table: &Table) -> Outcome<()> {
    let types: Vec<Type> = table
        .columns
        .iter()
        .map(|(_, kind)| match kind {
            Kind::Int => Type::INT8,
            Kind::Text => Type::TEXT,
            Kind::Uid => Type::UUID,
            Kind::Bool => Type::BOOL,
        })
        .collect();
    let copy = format!("COPY {} ({}) FROM STDIN BINARY", table.name, table.list());
    let mut writer = std::pin::pin!(BinaryCopyInWriter::new(client.copy_in(&copy).await?, &types));
    let mut select = backup.prepare(&table.select()).map_err(failed)?;
    let mut rows = select.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let mut cells: Vec<Box<dyn ToSql + Sync>> = Vec::with_capacity(types.len());
        for (n, (_, kind)) in table.columns.iter().enumerate() {
            cells.push(cell(row.get_ref(n).map_err(failed)?, *kind)?);
        }
        writer.as_mut().write(&cells.iter().map(|c| &**c as _).collect::<Vec<_>>()).await?;
    }
    writer.finish().await?;
    Ok(())
}

fn cell(value: ValueRef<'_>, kind: Kind) -> Outcome<Box<dyn ToSql + Sync>> {
    let wrong =
        |e: &dyn std::fmt::Display| damaged("a column of the backup has another type than it should", e);
    Ok(match kind {
        Kind::Int => Box::new(value.as_i64_or_null().map_err(|e| wrong(&e))?),
        Kind::Bool => Box::new(value.as_i64_or_null().map_err(|e| wrong(&e))?.map(|n| n != 0)),
        Kind::Text => {
            let stored = value.as_str_or_null().map_err(|e| wrong(&e))?;
            Box::new(stored.map(|t| text::put(t).into_owned()))
        }
        Kind::Uid => {
            let bytes = value.as_blob_or_null().map_err(|e| wrong(&e))?;
            Box::new(bytes.map(Uuid::from_slice).transpose().map_err(|e| wrong(&e))?)
        }
    })
}

/// A folder for the unpacked backup, which holds secrets; it goes when the restore is over.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new() -> Result<Self, StoreError> {
        let path = std::env::temp_dir().join(format!("stagedoor-restore-{}", Uuid::new_v4().simple()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let made = builder.create(&path);
        made.map_err(|e| StoreError::Unusable { path: path.clone(), reason: e.to_string() })?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind is private, and the system clears its folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
