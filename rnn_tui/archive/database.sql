-- The tables of version 1. Blank lines part the statements.
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    task TEXT NOT NULL,
    model TEXT NOT NULL,
    preset TEXT NOT NULL,
    config TEXT NOT NULL,             -- JSON, RunConfig.to_dict
    created REAL NOT NULL,            -- seconds since 1970
    updated REAL NOT NULL,
    status TEXT NOT NULL,             -- as last written; a killed process writes nothing
    step INTEGER NOT NULL DEFAULT 0,
    total_steps INTEGER NOT NULL DEFAULT 0,
    steps_per_epoch INTEGER NOT NULL DEFAULT 1,
    samples_per_epoch INTEGER NOT NULL DEFAULT 0,
    parameters INTEGER NOT NULL DEFAULT 0,
    device TEXT NOT NULL DEFAULT '',
    elapsed REAL NOT NULL DEFAULT 0,  -- seconds of training, pauses left out
    specs TEXT NOT NULL DEFAULT '[]', -- JSON, metric specs
    metric TEXT NOT NULL DEFAULT '',  -- which one `best` and `last` are of
    best REAL,
    last REAL,
    final_metric TEXT NOT NULL DEFAULT '',
    final REAL,
    message TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    deleted REAL                      -- when; NULL for runs that are shown
);

CREATE INDEX runs_by_age ON runs (created);

CREATE TABLE sessions (               -- one for each time that a process trained the run
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    started REAL NOT NULL,
    first_step INTEGER NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    process_started REAL NOT NULL,
    device TEXT NOT NULL,
    workers INTEGER NOT NULL,
    versions TEXT NOT NULL,           -- JSON, packages and system
    PRIMARY KEY (run_id, started)
) WITHOUT ROWID;

CREATE TABLE tags (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (run_id, tag)
) WITHOUT ROWID;

CREATE TABLE moments (                -- when something was logged
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('step', 'epoch', 'test')),
    step INTEGER NOT NULL,
    epoch INTEGER,
    elapsed REAL NOT NULL,
    rate REAL,                        -- samples a second
    seconds REAL,                     -- of the epoch
    PRIMARY KEY (run_id, kind, step)
) WITHOUT ROWID;

CREATE TABLE points (                 -- what was logged then
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('step', 'epoch', 'test')),
    metric TEXT NOT NULL,
    step INTEGER NOT NULL,
    value REAL,                       -- NULL for NaN, and where there are replicas
    replicas BLOB,                    -- a little-endian double for each
    PRIMARY KEY (run_id, kind, metric, step)
) WITHOUT ROWID;

CREATE TABLE lines (                  -- sentences for the log
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    at REAL NOT NULL,
    level TEXT NOT NULL,
    text TEXT NOT NULL
);

CREATE INDEX lines_of_run ON lines (run_id);
