CREATE TABLE postback_records (
    namespace TEXT NOT NULL,
    -- Empty if the project has no name.
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    -- False if the record is for review: a person has to look at it.
    credited INTEGER NOT NULL CHECK (credited IN (0, 1)),
    -- Name and hash of the value of each field that must not change.
    digest TEXT NOT NULL,
    -- Null after it was pruned, and for a payment that was imported.
    payload TEXT,
    -- Unix seconds.
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, project, id)
) STRICT;

CREATE INDEX postback_records_to_prune
    ON postback_records (recorded_at) WHERE payload IS NOT NULL;

-- Ids that transfers on the chain are counted under.
CREATE TABLE postback_transfers (
    namespace TEXT NOT NULL,
    project TEXT NOT NULL,
    transfer BLOB NOT NULL CHECK (length(transfer) = 32),
    id TEXT NOT NULL,
    PRIMARY KEY (namespace, project, transfer)
) STRICT, WITHOUT ROWID;

-- Deliveries that a person has to look at.
CREATE TABLE postback_reviews (
    namespace TEXT NOT NULL,
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    -- Code: conflict, not_paid or possible_duplicate.
    reason TEXT NOT NULL,
    -- Digest of the delivery.
    digest TEXT NOT NULL,
    -- Amount that was paid, if the outcome has one; empty otherwise. The digest may not cover it.
    amount TEXT NOT NULL,
    -- Names of the fields in conflict, the outcome, or the other id.
    details TEXT NOT NULL,
    -- Empty after it was pruned.
    payload TEXT NOT NULL,
    -- Unix seconds.
    recorded_at INTEGER NOT NULL,
    -- Unix seconds; null until a person has resolved it.
    resolved_at INTEGER,
    -- Transfer on the chain, if the provider identifies it.
    transfer BLOB CHECK (length(transfer) = 32),
    PRIMARY KEY (namespace, project, id, reason, digest, amount)
) STRICT;

CREATE INDEX postback_reviews_open
    ON postback_reviews (recorded_at, namespace, project, id, reason, digest, amount)
    WHERE resolved_at IS NULL;

CREATE INDEX postback_reviews_to_prune
    ON postback_reviews (recorded_at) WHERE payload <> '';

-- Effects of payments outside the database. Times are in Unix milliseconds.
CREATE TABLE postback_effects (
    namespace TEXT NOT NULL,
    -- Empty if the project has no name.
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    -- Name of the effect.
    name TEXT NOT NULL,
    -- False if the effect was enqueued for a payment under review.
    credited INTEGER NOT NULL CHECK (credited IN (0, 1)),
    -- Name and hash of the value of each field that must not change.
    digest TEXT NOT NULL,
    -- Null after it was pruned, and for an effect that was imported.
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
    PRIMARY KEY (namespace, project, id, name)
) STRICT;

CREATE INDEX postback_effects_pending
    ON postback_effects (
        (CASE WHEN duplicate_of IS NULL THEN 0 ELSE 1 END),
        leased_at, namespace, project, id, name
    )
    WHERE done_at IS NULL;

CREATE INDEX postback_effects_to_prune
    ON postback_effects (recorded_at) WHERE payload IS NOT NULL AND done_at IS NOT NULL;
