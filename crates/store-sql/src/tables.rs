//! What a backup holds: the tables that both kinds of database have, with the same names and columns.

/// A kind of column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Text,
    /// 16 bytes in SQLite, `uuid` in PostgreSQL.
    Uid,
    /// 0 or 1 in SQLite.
    Bool,
}

use Kind::{Bool, Int, Text, Uid};

/// A table, in the order of its first column.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
}

impl Table {
    /// Its columns, with commas.
    pub(crate) fn list(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// All of it.
    pub(crate) fn select(&self) -> String {
        format!("SELECT {} FROM {} ORDER BY {}", self.list(), self.name, self.columns[0].0)
    }
}

/// All but what only counts while processes run.
pub(crate) const TABLES: &[Table] = &[
    Table { name: "settings", columns: &[("name", Text), ("value", Text)] },
    Table {
        name: "blueprints",
        columns: &[
            ("id", Int),
            ("identifier", Text),
            ("shipped_kind", Text),
            ("created_at", Int),
            ("created_by", Text),
            ("updated_at", Int),
            ("updated_by", Text),
            ("datasource", Text),
            ("body", Text),
        ],
    },
    Table {
        name: "sources",
        columns: &[("id", Int), ("name", Text), ("state", Text), ("since", Int), ("reason", Text)],
    },
    Table {
        name: "entities",
        columns: &[
            ("id", Int),
            ("uid", Uid),
            ("entity_ref", Text),
            ("blueprint", Text),
            ("identifier", Text),
            ("created_at", Int),
            ("created_by", Text),
            ("updated_at", Int),
            ("updated_by", Text),
            ("datasource", Text),
            ("claim_source", Text),
            ("claim_item", Text),
            ("claim_line", Int),
            ("claim_adopted", Bool),
            ("fields", Text),
            ("document", Text),
        ],
    },
    Table {
        name: "waiting_claims",
        columns: &[
            ("id", Int),
            ("source", Text),
            ("item", Text),
            ("line", Int),
            ("entity_ref", Text),
            ("since", Int),
            ("document", Text),
        ],
    },
    Table {
        name: "records",
        columns: &[
            ("id", Int),
            ("collection", Text),
            ("key", Text),
            ("created_at", Int),
            ("created_by", Text),
            ("updated_at", Int),
            ("updated_by", Text),
            ("datasource", Text),
            ("body", Text),
        ],
    },
    Table {
        name: "commits",
        columns: &[
            ("revision", Int),
            ("at", Int),
            ("actor", Text),
            ("through", Text),
            ("first_change", Int),
            ("changes", Int),
            ("origin", Text),
        ],
    },
    Table {
        name: "changes",
        columns: &[("id", Int), ("revision", Int), ("kind", Text), ("key", Text), ("after", Text)],
    },
    Table { name: "journal", columns: &[("id", Int), ("journal", Text), ("at", Int), ("body", Text)] },
];
