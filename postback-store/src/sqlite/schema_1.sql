CREATE TABLE postback_claims (
    namespace TEXT NOT NULL,
    -- Empty where the verifier has no scope.
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    final INTEGER NOT NULL CHECK (final IN (0, 1)),
    -- Null in the place of a pending notice whose final one came first.
    digest BLOB CHECK (length(digest) = 32),
    -- Null once it was pruned.
    event TEXT,
    -- Unix seconds.
    claimed_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, scope, id, final)
) STRICT, WITHOUT ROWID;

CREATE INDEX postback_claims_to_prune
    ON postback_claims (claimed_at) WHERE event IS NOT NULL;

-- Which payment a transfer on the chain was counted for.
CREATE TABLE postback_transfers (
    namespace TEXT NOT NULL,
    scope TEXT NOT NULL,
    transfer BLOB NOT NULL CHECK (length(transfer) = 32),
    id TEXT NOT NULL,
    PRIMARY KEY (namespace, scope, transfer)
) STRICT, WITHOUT ROWID;
