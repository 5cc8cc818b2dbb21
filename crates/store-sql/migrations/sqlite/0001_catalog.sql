-- The current state and the change log. The live catalog in memory answers queries, so there is no
-- index but what identity needs. Every table is read in the order of its integer key, which is the
-- order of first appearance; a replaced row keeps its place.

CREATE TABLE blueprints (
    id           INTEGER PRIMARY KEY,
    identifier   TEXT    NOT NULL UNIQUE,
    shipped_kind TEXT,
    created_at   INTEGER NOT NULL, -- milliseconds since 1970, as all times here
    created_by   TEXT    NOT NULL,
    updated_at   INTEGER NOT NULL,
    updated_by   TEXT    NOT NULL,
    datasource   TEXT,
    body         TEXT    NOT NULL  -- JSON
) STRICT;

CREATE TABLE sources (
    id     INTEGER PRIMARY KEY,
    name   TEXT    NOT NULL UNIQUE,
    state  TEXT    NOT NULL,
    since  INTEGER NOT NULL,
    reason TEXT
) STRICT;

-- The long columns come last: what stands before them is found without following overflow pages.
CREATE TABLE entities (
    id            INTEGER PRIMARY KEY,
    uid           BLOB    NOT NULL UNIQUE,
    entity_ref    TEXT    NOT NULL UNIQUE,
    blueprint     TEXT    NOT NULL,
    identifier    TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    created_by    TEXT    NOT NULL,
    updated_at    INTEGER NOT NULL,
    updated_by    TEXT    NOT NULL,
    datasource    TEXT,
    claim_source  TEXT,             -- null: nobody claims it, and so are the next three
    claim_item    TEXT,
    claim_line    INTEGER,
    claim_adopted INTEGER,
    fields        TEXT,             -- JSON
    document      TEXT              -- JSON
) STRICT;

CREATE TABLE waiting_claims (
    id         INTEGER PRIMARY KEY,
    source     TEXT    NOT NULL,
    item       TEXT    NOT NULL,
    line       INTEGER NOT NULL,
    entity_ref TEXT    NOT NULL,
    since      INTEGER NOT NULL,
    document   TEXT    NOT NULL,    -- JSON
    UNIQUE (source, item)
) STRICT;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A commit's changes have the ids first_change, first_change + 1 and so on: appending needs no index.
CREATE TABLE commits (
    revision     INTEGER PRIMARY KEY,
    at           INTEGER NOT NULL,
    actor        TEXT    NOT NULL,
    through      TEXT    NOT NULL,
    first_change INTEGER NOT NULL,
    changes      INTEGER NOT NULL
) STRICT;

CREATE TABLE changes (
    id       INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    kind     TEXT    NOT NULL,      -- blueprint, entity, source, waiting_claim
    key      TEXT    NOT NULL,
    after    TEXT                   -- JSON; null: deleted
) STRICT;
