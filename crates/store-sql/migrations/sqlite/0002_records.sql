-- Small things of the portal that are neither blueprints nor entities: integrations, migrations, permissions.
CREATE TABLE records (
    id         INTEGER PRIMARY KEY,
    collection TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT    NOT NULL,
    datasource TEXT,
    body       TEXT    NOT NULL, -- JSON
    UNIQUE (collection, key)
) STRICT;

-- What clients report and people read later: only the newest lines of each journal are kept, and the change
-- log knows nothing of them.
CREATE TABLE journal (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    journal TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    body    TEXT    NOT NULL     -- JSON
) STRICT;

CREATE INDEX journal_by_name ON journal (journal, id);

-- The history of one thing. The keys of entities ascend with time, so that appending stays cheap.
CREATE INDEX changes_by_key ON changes (key, id);
