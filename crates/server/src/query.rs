//! `stagedoor query`: what a query finds on a server that runs. The server reads the text, as it does everywhere else.

use std::io::Write as _;

use anyhow::bail;
use serde_json::{Value, json};

use crate::catalog_api::Door;

/// Rows of the table that is printed for people.
const MOST: u64 = 200;
/// Characters of a cell.
const WIDEST: usize = 48;

/// How the answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryFormat {
    /// A table for people, of the first 200 rows.
    Table,
    /// All rows as JSON.
    Json,
    /// All rows as CSV.
    Csv,
}

/// What is asked. It has no `Debug`: it holds a token.
pub struct QueryOptions {
    /// The query.
    pub text: String,
    /// The blueprint whose entities are meant; all when `None`.
    pub blueprint: Option<String>,
    /// Fields to print.
    pub columns: Vec<String>,
    /// Fields to sort by, with a `-` in front for descending.
    pub sort: Vec<String>,
    /// How.
    pub format: QueryFormat,
    /// Address of the server.
    pub url: String,
    /// A token for it.
    pub token: Option<String>,
}

/// Asks and prints.
///
/// # Errors
/// When the server cannot be reached or refuses the query: the message says what is wrong, and where in the text.
pub fn query(options: &QueryOptions) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = runtime.block_on(answer(options))?;
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

async fn answer(options: &QueryOptions) -> anyhow::Result<String> {
    let door = Door::far(&options.url, options.token.clone(), "--token or STAGEDOOR_TOKEN")?;
    check(&door, options).await?;
    let sort: Vec<Value> = options
        .sort
        .iter()
        .map(|field| match field.strip_prefix('-') {
            Some(field) => json!({"field": field, "order": "desc"}),
            None => json!({"field": field, "order": "asc"}),
        })
        .collect();
    let mut body = json!({"query": options.text, "blueprint": options.blueprint, "sort": sort});
    let columns = match options.columns.as_slice() {
        [] => vec!["$title".to_owned(), "$team".to_owned(), "$updatedAt".to_owned()],
        columns => columns.to_vec(),
    };
    body["columns"] = json!(columns);
    if options.format != QueryFormat::Table {
        body["format"] = if options.format == QueryFormat::Csv { "csv".into() } else { "json".into() };
        return ask(&door, "/api/stagedoor/v1/tables/export", &body).await;
    }
    body["limit"] = MOST.into();
    let table = ask(&door, "/api/stagedoor/v1/tables", &body).await?;
    Ok(printed(&serde_json::from_str(&table)?, &columns))
}

async fn ask(door: &Door, path: &str, body: &Value) -> anyhow::Result<String> {
    let answer = door.post(path, "application/json", body.to_string()).await?;
    match answer.status {
        200 => Ok(String::from_utf8_lossy(&answer.body).into_owned()),
        400 | 404 | 422 => bail!("{}", answer.words()),
        _ => Err(door
            .json(&answer, path)
            .err()
            .unwrap_or_else(|| anyhow::anyhow!("{} gives no answer", door.name()))),
    }
}

/// Says what is wrong with a text as compilers do: under it.
async fn check(door: &Door, options: &QueryOptions) -> anyhow::Result<()> {
    let body = json!({"text": options.text, "blueprint": options.blueprint});
    let answer = ask(door, "/api/stagedoor/v1/query", &body).await?;
    let answer: Value = serde_json::from_str(&answer)?;
    let shown = |note: &Value| {
        let text = |key: &str| note[key].as_str().unwrap_or_default().to_owned();
        let at = |key: &str| note[key].as_u64().unwrap_or_default() as usize;
        let (from, to) = (at("from"), at("to").max(at("from") + 1));
        let hint = if text("hint").is_empty() { String::new() } else { format!(" ({})", text("hint")) };
        let line = options.text.replace(['\n', '\t'], " ");
        format!("{}{hint}\n  {line}\n  {}{}", text("message"), " ".repeat(from), "^".repeat(to - from))
    };
    for note in answer["notes"].as_array().into_iter().flatten() {
        crate::catalog_api::progress(&format!("note: {}", shown(note)));
    }
    if !answer["problem"].is_null() {
        bail!("the query is wrong: {}", shown(&answer["problem"]));
    }
    Ok(())
}

fn printed(table: &Value, columns: &[String]) -> String {
    let rows = table["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    let head: Vec<String> = ["$blueprint", "$identifier"].iter().map(|c| (*c).to_owned()).collect();
    let mut lines: Vec<Vec<String>> = vec![head.into_iter().chain(columns.iter().cloned()).collect()];
    for row in rows {
        let own = [cell(&row["blueprint"]), cell(&row["identifier"])];
        let cells = columns.iter().map(|c| cell(&row["cells"][c.as_str()]));
        lines.push(own.into_iter().chain(cells).collect());
    }
    let width =
        |at: usize| lines.iter().filter_map(|l| l.get(at)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len() + 2).map(width).collect();
    let mut out = String::new();
    for line in &lines {
        let padded: Vec<String> = line.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}")).collect();
        out.push_str(padded.join("  ").trim_end());
        out.push('\n');
    }
    let total = table["total"].as_u64().unwrap_or_default();
    let shown = rows.len() as u64;
    let hidden = if total > shown {
        format!(", {} hidden: --csv and --json print all", total - shown)
    } else {
        String::new()
    };
    out.push_str(&format!("{}{hidden}\n", crate::catalog_api::counted(total as usize, "entity", "entities")));
    out
}

/// A value on one line, no longer than a column may be.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let part = |v: &Value| match v.get("identifier").and_then(Value::as_str) {
                Some(identifier) => identifier.to_owned(),
                None => v.as_str().map_or_else(|| v.to_string(), str::to_owned),
            };
            list.iter().map(part).collect::<Vec<_>>().join(", ")
        }
        value => value.to_string(),
    };
    // What is printed on a terminal must not steer it.
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match plain.char_indices().nth(WIDEST) {
        Some((at, _)) => format!("{}…", &plain[..at]),
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::printed;

    #[test]
    fn a_table_is_aligned_says_what_is_hidden_and_steers_no_terminal() {
        let table = json!({"total": 3, "rows": [
            {"blueprint": "service", "identifier": "cart", "cells": {"tier": "gold", "uses": [{"identifier": "pay", "exists": true}]}},
            {"blueprint": "service", "identifier": "checkout", "cells": {"tier": "\u{1b}[31m"}},
        ]});
        let text = printed(&table, &["tier".to_owned(), "uses".to_owned()]);
        let expected = "\
$blueprint  $identifier  tier   uses
service     cart         gold   pay
service     checkout      [31m
3 entities, 1 hidden: --csv and --json print all
";
        assert_eq!(text, expected);
    }
}
