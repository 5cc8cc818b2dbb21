//! Journals: the newest lines that clients reported.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use stagedoor_model::{JournalLine, JsonText, Timestamp};

use crate::error::{Outcome, damaged};

pub(super) fn append(
    connection: &Connection,
    journal: &str,
    at: Timestamp,
    bodies: &[JsonText],
    keep: usize,
) -> Outcome<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    {
        let mut insert =
            transaction.prepare_cached("INSERT INTO journal (journal, at, body) VALUES (?1, ?2, ?3)")?;
        for body in bodies {
            insert.execute(params![journal, at.0, body.as_str()])?;
        }
        // A journal that forgets nothing is not counted through.
        if keep < usize::MAX {
            forget(&transaction, journal, keep)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Lines of several journals, synced once.
pub(super) fn append_all(
    connection: &Connection,
    at: Timestamp,
    lines: &[(String, Vec<JsonText>)],
) -> Outcome<()> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    {
        let mut insert =
            transaction.prepare_cached("INSERT INTO journal (journal, at, body) VALUES (?1, ?2, ?3)")?;
        for (journal, bodies) in lines {
            for body in bodies {
                insert.execute(params![journal, at.0, body.as_str()])?;
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

fn forget(transaction: &Transaction<'_>, journal: &str, keep: usize) -> Outcome<()> {
    let mut delete = transaction.prepare_cached(
        "DELETE FROM journal WHERE journal = ?1 AND id <=
             (SELECT id FROM journal WHERE journal = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?;
    delete.execute(params![journal, i64::try_from(keep).unwrap_or(i64::MAX)])?;
    Ok(())
}

pub(super) fn read(
    connection: &Connection,
    journal: &str,
    before: Option<i64>,
    limit: usize,
) -> Outcome<Vec<JournalLine>> {
    let mut select = connection.prepare_cached(
        "SELECT id, at, body FROM journal WHERE journal = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = select.query(params![journal, before.unwrap_or(i64::MAX), limit])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let body: String = row.get(2)?;
        let body = JsonText::from_stored(&body).map_err(|why| damaged("a line of a journal", why))?;
        lines.push(JournalLine { id: row.get(0)?, at: Timestamp(row.get(1)?), body });
    }
    Ok(lines)
}
