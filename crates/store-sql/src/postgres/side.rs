//! Settings and journals, which are beside the log.

use stagedoor_model::{JournalLine, JsonText, Timestamp};

use super::failure::Outcome;
use super::link::Link;
use super::text;
use crate::error::damaged;

pub(super) async fn setting(link: &mut Link, name: &str) -> Outcome<Option<String>> {
    let select = link.statement("SELECT value FROM settings WHERE name = $1").await?;
    let row = link.client.query_opt(&select, &[&text::put(name)]).await?;
    Ok(row.map(|row| text::get(row.get(0))))
}

pub(super) async fn put_setting_if_absent(link: &mut Link, name: &str, value: &str) -> Outcome<String> {
    let insert =
        link.statement("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING").await?;
    link.client.execute(&insert, &[&text::put(name), &text::put(value)]).await?;
    Ok(setting(link, name).await?.unwrap_or_else(|| value.to_owned()))
}

pub(super) async fn put_setting(link: &mut Link, name: &str, value: Option<&str>) -> Outcome<()> {
    let Some(value) = value else {
        let delete = link.statement("DELETE FROM settings WHERE name = $1").await?;
        link.client.execute(&delete, &[&text::put(name)]).await?;
        return Ok(());
    };
    let upsert =
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
    let upsert = link.statement(upsert).await?;
    link.client.execute(&upsert, &[&text::put(name), &text::put(value)]).await?;
    Ok(())
}

const ADD: &str =
    "INSERT INTO journal (journal, at, body) SELECT $1, $2, body FROM unnest($3::text[]) AS line (body)";

/// One statement, so one transaction: the new lines in, the oldest out.
const APPEND: &str = "WITH added AS (
        INSERT INTO journal (journal, at, body) SELECT $1, $2, body FROM unnest($3::text[]) AS line (body) RETURNING id
    )
    DELETE FROM journal WHERE journal = $1 AND id <= (
        SELECT id FROM journal WHERE journal = $1 ORDER BY id DESC LIMIT 1 OFFSET greatest($4 - (SELECT count(*) FROM added), 0)
    )";

pub(super) async fn append(
    link: &mut Link,
    journal: &str,
    at: Timestamp,
    bodies: &[JsonText],
    keep: usize,
) -> Outcome<()> {
    if keep == usize::MAX {
        let bodies: Vec<&str> = bodies.iter().map(JsonText::as_str).collect();
        let statement = link.statement(ADD).await?;
        link.client.execute(&statement, &[&text::put(journal), &at.0, &bodies]).await?;
        return Ok(());
    }
    let keep = i64::try_from(keep).unwrap_or(i64::MAX);
    // What would be forgotten at once is not stored in the first place.
    let first = bodies.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
    let bodies: Vec<&str> = bodies[first..].iter().map(JsonText::as_str).collect();
    let statement = link.statement(APPEND).await?;
    link.client.execute(&statement, &[&text::put(journal), &at.0, &bodies, &keep]).await?;
    Ok(())
}

pub(super) async fn journal(
    link: &mut Link,
    journal: &str,
    before: Option<i64>,
    limit: usize,
) -> Outcome<Vec<JournalLine>> {
    let select = link
        .statement(
            "SELECT id, at, body FROM journal WHERE journal = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        )
        .await?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows =
        link.client.query(&select, &[&text::put(journal), &before.unwrap_or(i64::MAX), &limit]).await?;
    let line = |row: &tokio_postgres::Row| {
        let body = JsonText::from_stored(row.get(2)).map_err(|why| damaged("a line of a journal", why))?;
        Ok(JournalLine { id: row.get(0), at: Timestamp(row.get(1)), body })
    };
    rows.iter().map(line).collect()
}
