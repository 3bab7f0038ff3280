-- Endpoints that are told what happens. Secrets are sealed under a key that is
-- not in here.
CREATE TABLE webhook (
  id            BLOB PRIMARY KEY,  -- 16 bytes, in order of age
  version       INTEGER NOT NULL,
  url           TEXT NOT NULL,
  events        TEXT NOT NULL,     -- types with commas between, empty for all
  description   TEXT NOT NULL,
  active        INTEGER NOT NULL,
  lan           INTEGER NOT NULL,
  location      BLOB,              -- 16 bytes, NULL for all
  legacy_header TEXT NOT NULL,     -- empty for none
  created_at    INTEGER NOT NULL,
  disabled_at   INTEGER,
  disabled_why  TEXT NOT NULL,
  secret        BLOB NOT NULL,     -- sealed
  old_secret    BLOB,              -- sealed, signs as well until old_until
  old_until     INTEGER
) STRICT, WITHOUT ROWID;

-- How delivery to an endpoint goes; apart, because it is not a person who
-- changes it.
CREATE TABLE webhook_progress (
  webhook       BLOB PRIMARY KEY,
  failing_since INTEGER,           -- NULL while it does not fail
  delivered_at  INTEGER,           -- the newest success, NULL for none
  news          TEXT NOT NULL,     -- what was tried last and not delivered
  attempt       INTEGER NOT NULL   -- how often
) STRICT, WITHOUT ROWID;

-- Every attempt, for a while.
CREATE TABLE delivery (
  id      BLOB PRIMARY KEY,        -- 16 bytes, in order of age
  webhook BLOB NOT NULL,
  news    TEXT NOT NULL,           -- the webhook-id it was sent with
  epoch   INTEGER NOT NULL,        -- epoch and seq of the entry, 0 for a test
  seq     INTEGER NOT NULL,
  type    TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  status  INTEGER NOT NULL,        -- of HTTP, 0 without an answer
  took    INTEGER NOT NULL,        -- in microseconds
  outcome TEXT NOT NULL,
  detail  TEXT NOT NULL,
  next_at INTEGER                  -- NULL when it is not tried again
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_webhook ON delivery (webhook, id);
