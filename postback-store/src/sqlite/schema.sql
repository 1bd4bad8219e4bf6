CREATE TABLE postback_records (
    namespace TEXT NOT NULL,
    -- Empty if the project has no name.
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    -- False if the record is for review: a person has to look at it.
    credited INTEGER NOT NULL CHECK (credited IN (0, 1)),
    -- Name and hash of the value of each field that must not change.
    digest TEXT NOT NULL,
    -- Null after it was pruned.
    payload TEXT,
    -- Unix seconds.
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, project, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX postback_records_to_prune
    ON postback_records (recorded_at) WHERE payload IS NOT NULL AND credited;

-- Ids that transfers on the chain are counted under.
CREATE TABLE postback_transfers (
    namespace TEXT NOT NULL,
    project TEXT NOT NULL,
    transfer BLOB NOT NULL CHECK (length(transfer) = 32),
    id TEXT NOT NULL,
    PRIMARY KEY (namespace, project, transfer)
) STRICT, WITHOUT ROWID;

-- Effects of payments outside the database. Times are in Unix milliseconds.
CREATE TABLE postback_effects (
    namespace TEXT NOT NULL,
    -- Empty if the project has no name.
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    -- False if the effect was enqueued for a payment under review.
    credited INTEGER NOT NULL CHECK (credited IN (0, 1)),
    -- Name and hash of the value of each field that must not change.
    digest TEXT NOT NULL,
    -- Null after it was pruned.
    payload TEXT,
    recorded_at INTEGER NOT NULL,
    -- Rises with each lease; zero before the first.
    token INTEGER NOT NULL,
    leased_at INTEGER NOT NULL,
    -- Zero if no worker holds the effect.
    leased_until INTEGER NOT NULL,
    done_at INTEGER,
    -- The other id that the transfer is counted under, until a person approves the effect.
    duplicate_of TEXT,
    PRIMARY KEY (namespace, project, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX postback_effects_pending
    ON postback_effects ((duplicate_of IS NOT NULL), leased_at, namespace, project, id)
    WHERE done_at IS NULL;

CREATE INDEX postback_effects_to_prune
    ON postback_effects (recorded_at) WHERE payload IS NOT NULL;
