CREATE TABLE postback_claims (
    namespace TEXT NOT NULL,
    -- Empty where the verifier has no scope.
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    final INTEGER NOT NULL CHECK (final IN (0, 1)),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    transfer BLOB CHECK (length(transfer) = 32),
    -- Null once it was pruned.
    event TEXT,
    -- Unix seconds.
    claimed_at INTEGER NOT NULL,
    PRIMARY KEY (namespace, scope, id, final)
) STRICT, WITHOUT ROWID;

CREATE INDEX postback_claims_by_transfer
    ON postback_claims (namespace, scope, transfer) WHERE transfer IS NOT NULL;

CREATE INDEX postback_claims_to_prune
    ON postback_claims (claimed_at) WHERE event IS NOT NULL;
