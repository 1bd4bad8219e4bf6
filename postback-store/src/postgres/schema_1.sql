CREATE TABLE postback_claims (
    namespace TEXT NOT NULL,
    -- Empty where the verifier has no scope.
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    final BOOLEAN NOT NULL,
    -- Null in the place of a pending notice whose final one came first.
    digest BYTEA CHECK (length(digest) = 32),
    -- Null once it was pruned.
    event TEXT,
    -- Unix seconds.
    claimed_at BIGINT NOT NULL,
    PRIMARY KEY (namespace, scope, id, final)
);

CREATE INDEX postback_claims_to_prune
    ON postback_claims (claimed_at) WHERE event IS NOT NULL;

-- Which payment a transfer on the chain was counted for.
CREATE TABLE postback_transfers (
    namespace TEXT NOT NULL,
    scope TEXT NOT NULL,
    transfer BYTEA NOT NULL CHECK (length(transfer) = 32),
    id TEXT NOT NULL,
    PRIMARY KEY (namespace, scope, transfer)
);
