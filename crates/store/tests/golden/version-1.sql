-- A store as the first version of the tables left it.
CREATE TABLE toile_study (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    name             TEXT NOT NULL,
    question         TEXT,
    file             TEXT NOT NULL,
    toile_version    TEXT NOT NULL,
    data_fingerprint TEXT NOT NULL,
    data             TEXT NOT NULL,     -- JSON
    test_labels      BLOB NOT NULL      -- one byte per test image
) STRICT;

CREATE TABLE toile_run (
    id              TEXT PRIMARY KEY,
    planned         INTEGER NOT NULL,   -- 0: recorded earlier, no longer part of the study file
    position        INTEGER NOT NULL,
    name            TEXT NOT NULL,
    seed            INTEGER NOT NULL,
    model           TEXT NOT NULL,
    plan            TEXT NOT NULL,      -- JSON
    summary         TEXT NOT NULL,      -- JSON
    published       TEXT,               -- JSON
    note            TEXT,
    folder          TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'complete', 'pruned', 'failed')),
    failure         TEXT,
    test_loss       REAL,
    test_accuracy   REAL,
    predictions     BLOB,               -- one byte per test image
    confidences     BLOB,               -- one little-endian f32 per test image
    weights_sha256  TEXT,
    toile_version   TEXT NOT NULL,
    instruction_set TEXT NOT NULL,
    threads         INTEGER NOT NULL,
    machine         TEXT NOT NULL,
    started         TEXT NOT NULL,
    wall_seconds    REAL NOT NULL,
    cpu_seconds     REAL
) STRICT;

CREATE TABLE toile_epoch (
    run_id         TEXT NOT NULL REFERENCES toile_run (id) ON DELETE CASCADE,
    epoch          INTEGER NOT NULL,    -- from 1
    loss           REAL,
    accuracy       REAL,
    train_loss     REAL,
    train_accuracy REAL,
    val_loss       REAL,
    val_accuracy   REAL,
    learning_rate  REAL,
    seconds        REAL,
    PRIMARY KEY (run_id, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE toile_image (
    id     INTEGER PRIMARY KEY,         -- position in the test part
    pixels BLOB NOT NULL                -- height x width x channels
) STRICT;
CREATE TABLE toile_schema (version INTEGER PRIMARY KEY) STRICT;
INSERT INTO toile_schema VALUES (1);
INSERT INTO toile_study VALUES (1, 'quick', NULL, '[study]', '0.1.0', '00', '{"name":"d","title":"D","fingerprint":"00","source":"drawn","procedural":true,"shape":[28,28,1],"class_names":["a","b"],"n_train":60,"n_test":4,"split":{"how":"last","fraction":0.1,"fingerprint":"11","train_counts":[27,27],"validation_counts":[3,3],"test_counts":[2,2]}}', x'00010100');
INSERT INTO toile_run VALUES ('id-0-7', 1, 0, 'Model 0', 7, 'dense', '{"batch_size":32}', '{"rows":[],"trainable":1,"non_trainable":0,"forward_flops":1,"training_flops":2}', NULL, NULL, 'runs/a', 'complete', NULL, 0.5, 0.75, x'00010000', x'0000003f0000003f0000003f0000003f', '22', '0.1.0', 'avx2', 2, 'm', '2026-01-01T00:00:00Z', 1.5, NULL);
INSERT INTO toile_epoch VALUES ('id-0-7', 1, 0.5, 0.5, NULL, NULL, 0.5, 0.5, 0.1, 0.25), ('id-0-7', 2, 0.25, 0.5, NULL, NULL, 0.5, 0.5, 0.1, 0.25);
