//! The persistence port on SQL databases: SQLite for one process, PostgreSQL for any number of them.
//!
//! What is guaranteed on SQLite, and how:
//! - *Durable*: a commit is synced to disk before [`stagedoor_store::Store::commit`] returns (`WAL`, `synchronous=FULL`;
//!   new files are synced into their folders when they are made).
//! - *One process*: a lock on `<database>.lock`, which the system lets go of when the process ends, however it ends.
//! - *Readers don't wait for the writer*, nor it for them: each has a connection of its own.
//! - *Nothing runs when nothing happens*: no timer, no background thread.
//!
//! And on PostgreSQL:
//! - *Durable*: `synchronous_commit` is on. A connection that breaks during a commit is made again, and the new one
//!   asked whether the commit is there.
//! - *Any number of processes*: each commit locks the one row of `head`, so that revisions have no gap and one order.
//! - *News at once*: a commit notifies; the head is also asked for four times a second.

mod chunks;
mod codec;
mod database;
mod error;
mod inspect;
mod postgres;
mod sqlite;
mod tables;

pub use database::{Copied, Database, Schema};
pub use inspect::{Inspection, inspect_file, inspect_url};
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;
