-- Attempts that went well, many in one row: a busy endpoint has a thousand a
-- second. Those that failed, and tests, are in delivery.
CREATE TABLE delivered (
  no      INTEGER PRIMARY KEY,
  webhook BLOB NOT NULL,
  first   BLOB NOT NULL,           -- 16 bytes, the oldest id in body
  last    BLOB NOT NULL,           -- 16 bytes, the newest
  count   INTEGER NOT NULL,        -- how many are in body
  body    BLOB NOT NULL            -- see deliverypack.go
) STRICT;

CREATE INDEX delivered_last ON delivered (last);
CREATE INDEX delivered_webhook ON delivered (webhook, last);
