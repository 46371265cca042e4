//! Our own tables, step by step of the schema's history (`schema.rs`). A published step never changes.

/// A study's folder: step 1, only ever taken in files.
pub(super) const FOLDER: &str = "
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
";

/// Searches: step 2.
pub(super) const SEARCHES: &str = "
CREATE TABLE toile_search (
    study_id          INTEGER PRIMARY KEY REFERENCES studies (study_id) ON DELETE CASCADE,
    study             TEXT NOT NULL,      -- the study in whose file the search stands
    name              TEXT NOT NULL,      -- in the study file; Optuna's name may differ where that was taken
    position          INTEGER NOT NULL,
    fingerprint       TEXT NOT NULL,
    record            TEXT NOT NULL,      -- JSON: what the study file says
    retired           INTEGER NOT NULL,   -- 1: put aside, for its trials cannot be compared with the present settings'
    stopped           TEXT,               -- why no new trials are begun
    chosen_run        TEXT                -- the run in which the chosen configuration was tested
);
CREATE UNIQUE INDEX toile_ix_search ON toile_search (study, name) WHERE retired = 0;
CREATE TABLE toile_search_change (        -- what the study file said earlier
    study_id          INTEGER NOT NULL REFERENCES studies (study_id) ON DELETE CASCADE,
    n_trials          INTEGER NOT NULL,   -- trials there were when it changed
    record            TEXT NOT NULL,      -- JSON
    changed           {time} NOT NULL
);
CREATE TABLE toile_trial (                -- a trial that some worker of ours had
    trial_id          INTEGER PRIMARY KEY REFERENCES trials (trial_id) ON DELETE CASCADE,
    attempt           INTEGER NOT NULL,   -- fencing token: each claim raises it
    worker            TEXT,               -- who has it; none while it waits
    heartbeat         {double},           -- seconds since 1970 by the database's clock
    ended             INTEGER,            -- the attempt that ended it
    seed              BIGINT,
    wall_seconds      {double},
    cpu_seconds       {double},
    parameters        BIGINT,
    reason            TEXT,
    weights_sha256    TEXT,
    reported          {bytes}             -- of a finished trial: its intermediate values, to be read at once
);
CREATE TABLE toile_trial_epoch (
    trial_id          INTEGER NOT NULL REFERENCES trials (trial_id) ON DELETE CASCADE,
    step              INTEGER NOT NULL,   -- from 1, over all repetitions
    epoch             INTEGER NOT NULL,
    loss              {double},
    accuracy          {double},
    train_loss        {double},
    train_accuracy    {double},
    val_loss          {double},
    val_accuracy      {double},
    learning_rate     {double},
    seconds           {double},
    PRIMARY KEY (trial_id, step)
){without_rowid};
CREATE TABLE toile_checkpoint (
    trial_id          INTEGER PRIMARY KEY REFERENCES trials (trial_id) ON DELETE CASCADE,
    data              {bytes} NOT NULL
);
CREATE TABLE toile_run_trial (            -- declared runs as trials of an Optuna study
    run_id            TEXT PRIMARY KEY,
    trial_id          INTEGER NOT NULL REFERENCES trials (trial_id) ON DELETE CASCADE
);
CREATE TABLE toile_runs_study (           -- the Optuna study that shows a study's declared runs
    study             TEXT PRIMARY KEY,
    study_id          INTEGER NOT NULL REFERENCES studies (study_id) ON DELETE CASCADE,
    metric            TEXT NOT NULL,
    space             TEXT NOT NULL       -- JSON: the ranges of the runs' settings
);
CREATE TABLE toile_test_opening (
    opening_id        {id} NOT NULL,
    run_id            TEXT NOT NULL,
    why               TEXT NOT NULL,
    time              TEXT NOT NULL,      -- RFC 3339
    PRIMARY KEY (opening_id),
    UNIQUE (run_id, why)
);
CREATE TABLE toile_study_file (           -- study files, for workers that have none
    study             TEXT PRIMARY KEY,
    file_name         TEXT NOT NULL,
    file              TEXT NOT NULL
);
CREATE INDEX toile_ix_trials ON trials (study_id, state);
";

/// What step 3 makes: runs and trials are the same, on both engines. A training is one seed of a trial; a declared run
/// is a trial with one training, a search's trial of several seeds has one for each.
pub(super) const TRAININGS: &str = "
CREATE TABLE toile_study (
    name              TEXT PRIMARY KEY,
    question          TEXT,
    file              TEXT NOT NULL,
    toile_version     TEXT NOT NULL,
    data_fingerprint  TEXT NOT NULL,
    data              TEXT NOT NULL,      -- JSON
    test_labels       {bytes} NOT NULL,   -- one byte per test image
    checksum          TEXT NOT NULL       -- of all of it
);
CREATE TABLE toile_run (                  -- a declared run, or one of a chosen configuration
    study             TEXT NOT NULL,
    id                TEXT NOT NULL,
    trial_id          INTEGER NOT NULL UNIQUE REFERENCES trials (trial_id) ON DELETE CASCADE,
    planned           INTEGER NOT NULL,   -- 0: recorded earlier, no longer part of the study file
    position          INTEGER NOT NULL,
    name              TEXT NOT NULL,
    seed              BIGINT NOT NULL,
    model             TEXT NOT NULL,
    plan              TEXT NOT NULL,      -- JSON
    summary           TEXT NOT NULL,      -- JSON
    published         TEXT,               -- JSON
    note              TEXT,
    folder            TEXT NOT NULL,
    toile_version     TEXT NOT NULL,
    instruction_set   TEXT NOT NULL,
    threads           INTEGER NOT NULL,
    machine           TEXT NOT NULL,
    started           TEXT NOT NULL,
    checksum          TEXT,               -- of a run that has ended, over all that it came to
    PRIMARY KEY (study, id)
);
CREATE TABLE toile_training (
    trial_id          INTEGER NOT NULL REFERENCES trials (trial_id) ON DELETE CASCADE,
    repetition        INTEGER NOT NULL,   -- from 0
    seed              BIGINT NOT NULL,
    wall_seconds      {double},           -- none of these until it has ended
    cpu_seconds       {double},
    parameters        BIGINT,
    ended             TEXT,               -- JSON: how it ended, the epoch of its weights, its layers
    weights_sha256    TEXT,
    PRIMARY KEY (trial_id, repetition)
){without_rowid};
CREATE TABLE toile_epoch (                -- and a column per metric of an epoch
    trial_id          INTEGER NOT NULL REFERENCES trials (trial_id) ON DELETE CASCADE,
    repetition        INTEGER NOT NULL,
    epoch             INTEGER NOT NULL,   -- from 1
    learning_rate     {double},
    seconds           {double},
    PRIMARY KEY (trial_id, repetition, epoch)
){without_rowid};
CREATE TABLE toile_weights (              -- of runs on a server, which has no folder
    trial_id          INTEGER PRIMARY KEY REFERENCES trials (trial_id) ON DELETE CASCADE,
    data              {bytes} NOT NULL
);
CREATE TABLE toile_image (
    study             TEXT NOT NULL,
    id                INTEGER NOT NULL,   -- position in the test part
    pixels            {bytes} NOT NULL,   -- height x width x channels
    PRIMARY KEY (study, id)
){without_rowid};
CREATE TABLE toile_opening (              -- of the test part
    opening_id        {id} NOT NULL,
    study             TEXT NOT NULL,
    run_id            TEXT NOT NULL,
    why               TEXT NOT NULL,
    time              TEXT NOT NULL,      -- RFC 3339
    PRIMARY KEY (opening_id),
    UNIQUE (study, run_id, why)
);
";

/// What the weights of a run make of each image: of step 3 where it is taken now, of step 4 where it was taken before.
pub(super) const EVIDENCE: &str = "
CREATE TABLE IF NOT EXISTS toile_evidence (
    trial_id          INTEGER NOT NULL REFERENCES trials (trial_id) ON DELETE CASCADE,
    part              TEXT NOT NULL,      -- validation, test
    loss              {double},           -- the mean, with penalties
    accuracy          {double} NOT NULL,
    predictions       {bytes} NOT NULL,   -- one byte per image
    confidences       {bytes} NOT NULL,   -- one little-endian f32 per image
    losses            {bytes} NOT NULL,   -- the same; empty until they are made from the weights
    PRIMARY KEY (trial_id, part)
);
";

/// On SQLite: what Python's deletions take with them; and what Optuna asks for by `FOR UPDATE`, which SQLite does not
/// know, so that two of its workers find the same trial waiting and both take it. Optuna understands the refusal, and
/// goes on with the next trial.
pub(super) const TRIGGERS: &str = "
CREATE TRIGGER toile_claim_once BEFORE UPDATE OF state ON trials
WHEN new.state = 'RUNNING' AND old.state <> 'WAITING' BEGIN
    SELECT raise(ABORT, 'the trial is claimed already');
END;
CREATE TRIGGER toile_end_once BEFORE UPDATE OF state ON trials
WHEN old.state IN ('COMPLETE', 'PRUNED', 'FAIL') BEGIN
    SELECT raise(ABORT, 'a finished trial is never changed');
END;
CREATE TRIGGER toile_forget_trial AFTER DELETE ON trials BEGIN
    DELETE FROM toile_trial WHERE trial_id = old.trial_id;
    DELETE FROM toile_trial_epoch WHERE trial_id = old.trial_id;
    DELETE FROM toile_checkpoint WHERE trial_id = old.trial_id;
    DELETE FROM toile_run_trial WHERE trial_id = old.trial_id;
END;
CREATE TRIGGER toile_forget_study AFTER DELETE ON studies BEGIN
    DELETE FROM toile_search WHERE study_id = old.study_id;
    DELETE FROM toile_search_change WHERE study_id = old.study_id;
    DELETE FROM toile_runs_study WHERE study_id = old.study_id;
END;
";

/// The same of step 3's tables.
pub(super) const FORGET_TRIAL: &str = "
DROP TRIGGER IF EXISTS toile_forget_trial;
CREATE TRIGGER toile_forget_trial AFTER DELETE ON trials BEGIN
    DELETE FROM toile_trial WHERE trial_id = old.trial_id;
    DELETE FROM toile_training WHERE trial_id = old.trial_id;
    DELETE FROM toile_epoch WHERE trial_id = old.trial_id;
    DELETE FROM toile_checkpoint WHERE trial_id = old.trial_id;
    DELETE FROM toile_weights WHERE trial_id = old.trial_id;
    DELETE FROM toile_evidence WHERE trial_id = old.trial_id;
    DELETE FROM toile_run WHERE trial_id = old.trial_id;
END;
";
