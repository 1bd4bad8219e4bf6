-- Events whose effect is outside the database. Times are in Unix milliseconds.
CREATE TABLE postback_effects (
    namespace TEXT NOT NULL,
    -- Empty where the verifier has no scope.
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    final INTEGER NOT NULL CHECK (final IN (0, 1)),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    -- Null once it was pruned.
    event TEXT,
    recorded_at INTEGER NOT NULL,
    -- Rises with each lease; zero before the first.
    token INTEGER NOT NULL,
    leased_at INTEGER NOT NULL,
    -- Zero where nobody holds it.
    leased_until INTEGER NOT NULL,
    done_at INTEGER,
    -- The other id of its transfer, until a person has looked.
    duplicate_of TEXT,
    PRIMARY KEY (namespace, scope, id, final)
) STRICT, WITHOUT ROWID;

CREATE INDEX postback_effects_unfinished
    ON postback_effects ((duplicate_of IS NOT NULL), leased_at, namespace, scope, id, final)
    WHERE done_at IS NULL;

CREATE INDEX postback_effects_to_prune
    ON postback_effects (recorded_at) WHERE event IS NOT NULL;
