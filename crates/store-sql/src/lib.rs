//! The persistence port on SQL databases. So far on SQLite; nothing outside this crate knows which.
//!
//! What is guaranteed, and how:
//! - *Durable*: a commit is synced to disk before [`stagedoor_store::Store::commit`] returns (`WAL`, `synchronous=FULL`;
//!   new files are synced into their folders when they are made).
//! - *One process*: a lock on `<database>.lock`, which the system lets go of when the process ends, however it ends.
//! - *Readers don't wait for the writer*, nor it for them: each has a connection of its own.
//! - *Nothing runs when nothing happens*: no timer, no background thread.

mod codec;
mod error;
mod sqlite;

pub use sqlite::SqliteStore;
