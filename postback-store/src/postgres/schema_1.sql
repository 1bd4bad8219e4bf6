CREATE TABLE postback_claims (
    namespace TEXT NOT NULL,
    -- Empty where the verifier has no scope.
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    final BOOLEAN NOT NULL,
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    transfer BYTEA CHECK (length(transfer) = 32),
    -- Null once it was pruned.
    event TEXT,
    -- Unix seconds.
    claimed_at BIGINT NOT NULL,
    PRIMARY KEY (namespace, scope, id, final)
);

CREATE INDEX postback_claims_by_transfer
    ON postback_claims (namespace, scope, transfer) WHERE transfer IS NOT NULL;

CREATE INDEX postback_claims_to_prune
    ON postback_claims (claimed_at) WHERE event IS NOT NULL;
