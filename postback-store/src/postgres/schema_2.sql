-- Events whose effect is outside the database. Times are in Unix milliseconds.
CREATE TABLE postback_effects (
    namespace TEXT NOT NULL,
    -- Empty where the verifier has no scope.
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    final BOOLEAN NOT NULL,
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    -- Null once it was pruned.
    event TEXT,
    recorded_at BIGINT NOT NULL,
    -- Rises with each lease; zero before the first.
    token BIGINT NOT NULL,
    leased_at BIGINT NOT NULL,
    -- Zero where nobody holds it.
    leased_until BIGINT NOT NULL,
    done_at BIGINT,
    -- The other id of its transfer, until a person has looked.
    duplicate_of TEXT,
    PRIMARY KEY (namespace, scope, id, final)
);

CREATE INDEX postback_effects_unfinished
    ON postback_effects ((duplicate_of IS NOT NULL), leased_at, namespace, scope, id, final)
    WHERE done_at IS NULL;

CREATE INDEX postback_effects_to_prune
    ON postback_effects (recorded_at) WHERE event IS NOT NULL;
