//! Rows as columns: one statement stores thousands of rows from one array per column.

use std::borrow::Cow;

use stagedoor_model::{Blueprint, EntityRecord, Record, SourceRecord, Stamps, WaitingClaim};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::text;
use crate::codec::{self, Logged};

/// A column of a statement.
pub(super) type Column<'a> = Box<dyn ToSql + Sync + 'a>;

/// Something that has a table.
pub(super) trait Rows: Sized {
    /// Stores rows: the first parameter is their ids, the others are as [`Rows::columns`] has them.
    const UPSERT: &'static str;
    fn columns<'a>(rows: &[&'a Self]) -> Vec<Column<'a>>;
    /// About how many bytes a row is.
    fn size(&self) -> usize;
}

fn column<'a, R, T: ToSql + Sync + 'a>(rows: &[&'a R], value: impl Fn(&'a R) -> T) -> Column<'a>
where
    Vec<T>: ToSql,
{
    Box::new(rows.iter().map(|row| value(row)).collect::<Vec<T>>())
}

fn maybe(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.map(text::put)
}

fn stamps<'a, R>(rows: &[&'a R], of: impl Fn(&'a R) -> &'a Stamps) -> [Column<'a>; 5] {
    [
        column(rows, |r| of(r).created_at.0),
        column(rows, |r| text::put(&of(r).created_by)),
        column(rows, |r| of(r).updated_at.0),
        column(rows, |r| text::put(&of(r).updated_by)),
        column(rows, |r| maybe(of(r).datasource.as_deref())),
    ]
}

impl Rows for EntityRecord {
    const UPSERT: &'static str = "INSERT INTO entities (id, uid, entity_ref, blueprint, identifier,
            created_at, created_by, updated_at, updated_by, datasource,
            claim_source, claim_item, claim_line, claim_adopted, fields, document)
        SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[],
            $6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::text[],
            $11::text[], $12::text[], $13::bigint[], $14::boolean[], $15::text[], $16::text[])
        ON CONFLICT (uid) DO UPDATE SET entity_ref = EXCLUDED.entity_ref, blueprint = EXCLUDED.blueprint,
            identifier = EXCLUDED.identifier, created_at = EXCLUDED.created_at, created_by = EXCLUDED.created_by,
            updated_at = EXCLUDED.updated_at, updated_by = EXCLUDED.updated_by, datasource = EXCLUDED.datasource,
            claim_source = EXCLUDED.claim_source, claim_item = EXCLUDED.claim_item, claim_line = EXCLUDED.claim_line,
            claim_adopted = EXCLUDED.claim_adopted, fields = EXCLUDED.fields, document = EXCLUDED.document";

    fn columns<'a>(rows: &[&'a Self]) -> Vec<Column<'a>> {
        let mut columns = vec![
            column(rows, |e| e.uid),
            column(rows, |e| text::put(&e.entity_ref)),
            column(rows, |e| text::put(&e.blueprint)),
            column(rows, |e| text::put(&e.identifier)),
        ];
        columns.extend(stamps(rows, |e| &e.stamps));
        columns.extend([
            column(rows, |e| e.claim.as_ref().map(|c| text::put(&c.source))),
            column(rows, |e| e.claim.as_ref().map(|c| text::put(&c.item))),
            column(rows, |e| e.claim.as_ref().map(|c| i64::from(c.line))),
            column(rows, |e| e.claim.as_ref().map(|c| c.adopted)),
            column(rows, |e| e.fields.as_ref().map(|text| text.as_str())),
            column(rows, |e| e.document.as_ref().map(|text| text.as_str())),
        ]);
        columns
    }

    fn size(&self) -> usize {
        let length = |text: &Option<stagedoor_model::JsonText>| text.as_ref().map_or(0, |t| t.as_str().len());
        length(&self.document) + length(&self.fields) + 300
    }
}

impl Rows for Blueprint {
    const UPSERT: &'static str = "INSERT INTO blueprints (id, identifier, shipped_kind,
            created_at, created_by, updated_at, updated_by, datasource, body)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[],
            $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[])
        ON CONFLICT (identifier) DO UPDATE SET shipped_kind = EXCLUDED.shipped_kind,
            created_at = EXCLUDED.created_at, created_by = EXCLUDED.created_by, updated_at = EXCLUDED.updated_at,
            updated_by = EXCLUDED.updated_by, datasource = EXCLUDED.datasource, body = EXCLUDED.body";

    fn columns<'a>(rows: &[&'a Self]) -> Vec<Column<'a>> {
        let mut columns = vec![
            column(rows, |b| text::put(&b.identifier)),
            column(rows, |b| maybe(b.shipped_kind.as_deref())),
        ];
        columns.extend(stamps(rows, |b| &b.stamps));
        columns.push(column(rows, |b| b.body.as_str()));
        columns
    }

    fn size(&self) -> usize {
        self.body.as_str().len() + 200
    }
}

impl Rows for SourceRecord {
    const UPSERT: &'static str = "INSERT INTO sources (id, name, state, since, reason)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[])
        ON CONFLICT (name) DO UPDATE SET state = EXCLUDED.state, since = EXCLUDED.since, reason = EXCLUDED.reason";

    fn columns<'a>(rows: &[&'a Self]) -> Vec<Column<'a>> {
        vec![
            column(rows, |s| text::put(&s.id)),
            column(rows, |s| codec::state_name(s.state)),
            column(rows, |s| s.since.0),
            column(rows, |s| maybe(s.reason.as_deref())),
        ]
    }

    fn size(&self) -> usize {
        200
    }
}

impl Rows for WaitingClaim {
    const UPSERT: &'static str = "INSERT INTO waiting_claims (id, source, item, line, entity_ref, since, document)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::text[])
        ON CONFLICT (source, item) DO UPDATE SET line = EXCLUDED.line, entity_ref = EXCLUDED.entity_ref,
            since = EXCLUDED.since, document = EXCLUDED.document";

    fn columns<'a>(rows: &[&'a Self]) -> Vec<Column<'a>> {
        vec![
            column(rows, |w| text::put(&w.source)),
            column(rows, |w| text::put(&w.item)),
            column(rows, |w| i64::from(w.line)),
            column(rows, |w| text::put(&w.entity_ref)),
            column(rows, |w| w.since.0),
            column(rows, |w| w.document.as_str()),
        ]
    }

    fn size(&self) -> usize {
        self.document.as_str().len() + 200
    }
}

impl Rows for Record {
    const UPSERT: &'static str = "INSERT INTO records (id, collection, key,
            created_at, created_by, updated_at, updated_by, datasource, body)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[],
            $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[])
        ON CONFLICT (collection, key) DO UPDATE SET created_at = EXCLUDED.created_at, created_by = EXCLUDED.created_by,
            updated_at = EXCLUDED.updated_at, updated_by = EXCLUDED.updated_by, datasource = EXCLUDED.datasource,
            body = EXCLUDED.body";

    fn columns<'a>(rows: &[&'a Self]) -> Vec<Column<'a>> {
        let mut columns =
            vec![column(rows, |r| text::put(&r.collection)), column(rows, |r| text::put(&r.key))];
        columns.extend(stamps(rows, |r| &r.stamps));
        columns.push(column(rows, |r| r.body.as_str()));
        columns
    }

    fn size(&self) -> usize {
        self.body.as_str().len() + 200
    }
}

/// A change on its way into the log.
pub(super) struct LogRow<'a> {
    pub(super) revision: i64,
    pub(super) logged: Logged<'a>,
}

pub(super) const LOG: &str = "INSERT INTO changes (id, revision, kind, key, after)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[])";

pub(super) fn log_columns<'a>(rows: &'a [LogRow<'_>]) -> Vec<Column<'a>> {
    let rows: Vec<&LogRow<'_>> = rows.iter().collect();
    vec![
        column(&rows, |r| r.revision),
        column(&rows, |r| r.logged.kind),
        column(&rows, |r| text::put(&r.logged.key)),
        column(&rows, |r| r.logged.after.as_deref()),
    ]
}

/// A commit on its way into the log.
pub(super) struct CommitRow<'a> {
    pub(super) revision: i64,
    pub(super) at: i64,
    pub(super) actor: Cow<'a, str>,
    pub(super) through: Cow<'a, str>,
    pub(super) origin: Option<Cow<'a, str>>,
    pub(super) first_change: i64,
    pub(super) changes: i64,
    pub(super) transaction: Uuid,
}

pub(super) const COMMITS: &str =
    "INSERT INTO commits (revision, at, actor, through, first_change, changes, transaction, origin)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::uuid[], $8::text[])";

pub(super) fn commit_columns<'a>(rows: &'a [CommitRow<'_>]) -> Vec<Column<'a>> {
    let rows: Vec<&CommitRow<'_>> = rows.iter().collect();
    vec![
        column(&rows, |r| r.revision),
        column(&rows, |r| r.at),
        column(&rows, |r| r.actor.as_ref()),
        column(&rows, |r| r.through.as_ref()),
        column(&rows, |r| r.first_change),
        column(&rows, |r| r.changes),
        column(&rows, |r| r.transaction),
        column(&rows, |r| r.origin.as_deref()),
    ]
}
