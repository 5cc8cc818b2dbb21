//! The log newest first, change by change. Every part of it has an index, so a page costs what it shows.

use futures_util::TryStreamExt as _;
use stagedoor_model::{Actor, Timestamp};
use stagedoor_store::{LogQuery, LoggedChange, Only};
use tokio_postgres::types::ToSql;

use super::failure::Outcome;
use super::link::Link;
use super::read::{change_of, get, maybe, string};
use super::text;
use crate::codec;

macro_rules! part {
    ($from:literal) => {
        concat!(
            "SELECT h.id, h.revision, c.at, c.actor, c.through, c.origin, h.kind, h.key, h.after FROM ",
            $from
        )
    };
}

const ALL: &str =
    part!("changes h JOIN commits c ON c.revision = h.revision WHERE h.id < $1 ORDER BY h.id DESC LIMIT $2");
// The condition is that of the index, to the letter.
const THINGS: &str = part!(
    "changes h JOIN commits c ON c.revision = h.revision
     WHERE h.kind IN ('blueprint', 'record') AND h.id < $1 ORDER BY h.id DESC LIMIT $2"
);
const BY: &str = part!(
    "commits c CROSS JOIN LATERAL (
         SELECT * FROM changes WHERE id >= c.first_change AND id < least(c.first_change + c.changes, $1) ORDER BY id DESC
     ) h
     WHERE c.actor = $3
         AND c.revision <= coalesce((SELECT revision FROM changes WHERE id < $1 ORDER BY id DESC LIMIT 1), 0)
     ORDER BY c.revision DESC, h.id DESC LIMIT $2"
);
const OF: &str = part!(
    "changes h JOIN commits c ON c.revision = h.revision
     WHERE h.key = $3 AND h.kind = $4 AND h.id < $1 ORDER BY h.id DESC LIMIT $2"
);

pub(super) async fn changes_before(link: &mut Link, query: &LogQuery<'_>) -> Outcome<Vec<LoggedChange>> {
    let before = query.before.unwrap_or(i64::MAX);
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let (kind, key) = match query.only {
        Only::Of(thing) => codec::logged_as(thing),
        Only::By(actor) => ("", actor.to_owned()),
        Only::All | Only::Things => ("", String::new()),
    };
    let key = text::put(&key);
    let (sql, parameters): (&'static str, Vec<&(dyn ToSql + Sync)>) = match query.only {
        Only::All => (ALL, vec![&before, &limit]),
        Only::Things => (THINGS, vec![&before, &limit]),
        Only::By(_) => (BY, vec![&before, &limit, &key]),
        Only::Of(_) => (OF, vec![&before, &limit, &key, &kind]),
    };
    let statement = link.statement(sql).await?;
    let mut rows = std::pin::pin!(link.client.query_raw(&statement, parameters).await?);
    let mut changes = Vec::new();
    while let Some(row) = rows.try_next().await? {
        changes.push(LoggedChange {
            id: get(&row, 0)?,
            revision: get::<i64>(&row, 1)?.cast_unsigned(),
            at: Timestamp(get(&row, 2)?),
            actor: Actor { name: string(&row, 3)?, through: string(&row, 4)?, from: maybe(&row, 5)? },
            change: change_of(&row, 6)?,
        });
    }
    Ok(changes)
}
