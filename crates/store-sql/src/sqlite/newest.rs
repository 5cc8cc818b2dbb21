//! The log newest first, change by change. Every part of it has an index, so a page costs what it shows.

use rusqlite::{Connection, ToSql};
use stagedoor_model::{Actor, Timestamp};
use stagedoor_store::{LogQuery, LoggedChange, Only};

use super::read::from_sql;
use crate::codec;
use crate::error::Outcome;

const COLUMNS: &str =
    "SELECT h.id, h.revision, c.at, c.actor, c.through, c.origin, h.kind, h.key, h.after FROM";
const ALL: &str = "changes h CROSS JOIN commits c ON c.revision = h.revision
    WHERE h.id < ?1 ORDER BY h.id DESC LIMIT ?2";
// The condition is that of the index, to the letter.
const THINGS: &str = "changes h INDEXED BY changes_of_things CROSS JOIN commits c ON c.revision = h.revision
    WHERE h.kind IN ('blueprint', 'record') AND h.id < ?1 ORDER BY h.id DESC LIMIT ?2";
// One bound at each end: of two, the database would seek by either.
const BY: &str = "commits c INDEXED BY commits_by_actor
    CROSS JOIN changes h ON h.id >= c.first_change AND h.id < min(c.first_change + c.changes, ?1)
    WHERE c.actor = ?3
        AND c.revision <= coalesce((SELECT revision FROM changes WHERE id < ?1 ORDER BY id DESC LIMIT 1), 0)
    ORDER BY c.revision DESC, h.id DESC LIMIT ?2";
const OF: &str = "changes h INDEXED BY changes_by_key CROSS JOIN commits c ON c.revision = h.revision
    WHERE h.key = ?3 AND h.kind = ?4 AND h.id < ?1 ORDER BY h.id DESC LIMIT ?2";

pub(super) fn changes_before(connection: &Connection, query: &LogQuery<'_>) -> Outcome<Vec<LoggedChange>> {
    let before = query.before.unwrap_or(i64::MAX);
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let thing = if let Only::Of(thing) = query.only { codec::logged_as(thing) } else { ("", String::new()) };
    let (part, parameters): (&str, Vec<&dyn ToSql>) = match &query.only {
        Only::All => (ALL, vec![&before, &limit]),
        Only::Things => (THINGS, vec![&before, &limit]),
        Only::By(actor) => (BY, vec![&before, &limit, actor]),
        Only::Of(_) => (OF, vec![&before, &limit, &thing.1, &thing.0]),
    };
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} {part}"))?;
    let mut rows = statement.query(parameters.as_slice())?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let text = |column| -> Outcome<&str> { Ok(row.get_ref(column)?.as_str().map_err(from_sql)?) };
        let after = row.get_ref(8)?.as_str_or_null().map_err(from_sql)?;
        changes.push(LoggedChange {
            id: row.get(0)?,
            revision: row.get::<_, i64>(1)?.cast_unsigned(),
            at: Timestamp(row.get(2)?),
            actor: Actor { name: row.get(3)?, through: row.get(4)?, from: row.get(5)? },
            change: codec::decode(text(6)?, text(7)?, after)?,
        });
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::{ALL, BY, COLUMNS, OF, THINGS};
    use crate::SqliteStore;

    /// What makes a page cost what it shows: no query sorts, and none goes through a table.
    #[test]
    fn no_part_of_the_log_is_sorted_or_scanned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stagedoor.db");
        drop(SqliteStore::open(&path).unwrap());
        let connection = rusqlite::Connection::open(&path).unwrap();
        for part in [ALL, THINGS, BY, OF] {
            let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {COLUMNS} {part}")).unwrap();
            let mut rows = explain.raw_query();
            let mut plan = String::new();
            while let Some(row) = rows.next().unwrap() {
                plan += &format!("{}\n", row.get::<_, String>(3).unwrap());
            }
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{part}:\n{plan}");
        }
    }
}
