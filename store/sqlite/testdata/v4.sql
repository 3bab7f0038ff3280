PRAGMA application_id = 1936223334;
PRAGMA user_version = 4;

CREATE TABLE entry (
  seq            INTEGER PRIMARY KEY, -- place in the ledger, from 1 without gaps
  kind           INTEGER NOT NULL,    -- 1 movement, 2 hold, 3 document, 4 event
  item           INTEGER,             -- number of the item of a movement, hold or item document
  change         INTEGER,             -- of the quantity by a movement, of the reserved by a hold
  after          INTEGER,             -- the item's quantity after it
  reserved_after INTEGER,             -- the item's reserved quantity after it
  recorded_at    INTEGER NOT NULL,    -- never decreases
  occurred_at    INTEGER,             -- NULL when equal to recorded_at
  prev_seq       INTEGER,             -- the item's entry before
  late           INTEGER,             -- of movements and holds: delay in [2^(late-1), 2^late) quarter hours
  source         TEXT,                -- NULL without external_id
  external_id    TEXT,                -- the fact's name at its source
  line           INTEGER,             -- NULL without external_id
  reverses       INTEGER,             -- seq of the movement it takes back
  transfer       BLOB,                -- id, 16 bytes
  reservation    BLOB,                -- id, 16 bytes
  hash           BLOB NOT NULL,       -- SHA-256(hash before || body)
  body           TEXT NOT NULL,       -- canonical JSON, the exact bytes that were hashed
  salt           BLOB,                -- 16 bytes; the body has SHA-256(salt || notes)
  notes          TEXT                 -- free text, not hashed: it may be erased
) STRICT;

CREATE UNIQUE INDEX entry_external ON entry (source, external_id, line) WHERE external_id IS NOT NULL;

CREATE UNIQUE INDEX entry_reverses ON entry (reverses) WHERE reverses IS NOT NULL;

CREATE INDEX entry_transfer ON entry (transfer) WHERE transfer IS NOT NULL;

CREATE INDEX entry_reservation ON entry (reservation) WHERE reservation IS NOT NULL;

CREATE INDEX entry_late ON entry (late, occurred_at, seq, item, kind, change, after, reserved_after, recorded_at)
  WHERE late IS NOT NULL;

CREATE TRIGGER entry_no_update BEFORE UPDATE OF seq, kind, item, change, after, reserved_after,
  recorded_at, occurred_at, prev_seq, late, source, external_id, line, reverses, transfer,
  reservation, hash, body ON entry
BEGIN SELECT RAISE(ABORT, 'an entry of the ledger cannot be changed'); END;

CREATE TRIGGER entry_notes_no_update BEFORE UPDATE OF salt, notes ON entry
WHEN NEW.salt IS NOT NULL OR NEW.notes IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'notes can be erased but not changed'); END;

CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry of the ledger cannot be deleted'); END;

CREATE TABLE document_version (
  id   BLOB NOT NULL,    -- 16 bytes
  seq  INTEGER NOT NULL,
  type TEXT NOT NULL,    -- product, location, lot, item or transfer
  PRIMARY KEY (id, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER document_version_no_update BEFORE UPDATE ON document_version
BEGIN SELECT RAISE(ABORT, 'a version of a document cannot be changed'); END;

CREATE TRIGGER document_version_no_delete BEFORE DELETE ON document_version
BEGIN SELECT RAISE(ABORT, 'a version of a document cannot be deleted'); END;

CREATE TABLE idempotency (
  seq     INTEGER PRIMARY KEY, -- the first entry of the command
  count   INTEGER NOT NULL,    -- how many entries it made
  key     BLOB NOT NULL,       -- 16 bytes of a hash of scope and key
  print   BLOB NOT NULL,       -- 16 bytes of a hash of the request
  at      INTEGER NOT NULL,
  outcome BLOB                 -- what the entries do not say about the answer
) STRICT;

CREATE TABLE token (
  id         BLOB PRIMARY KEY, -- 16 bytes
  name       TEXT NOT NULL,
  role       TEXT NOT NULL,
  hash       BLOB NOT NULL,    -- SHA-256 of the secret
  location   BLOB,             -- 16 bytes, NULL when bound to none
  terminal   TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT;

CREATE TABLE head (
  seq         INTEGER PRIMARY KEY,
  epoch       INTEGER NOT NULL,
  hash        BLOB NOT NULL,
  recorded_at INTEGER NOT NULL,
  note        TEXT NOT NULL -- the signed checkpoint, empty when not signed
) STRICT;

CREATE TABLE balances (
  seq         INTEGER PRIMARY KEY,
  base        INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  body        BLOB NOT NULL
) STRICT;

CREATE TABLE state (
  chunk       INTEGER PRIMARY KEY, -- from 0
  epoch       INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  hash        BLOB NOT NULL,
  recorded_at INTEGER NOT NULL,
  note        TEXT NOT NULL,
  body        BLOB NOT NULL
) STRICT;

CREATE TABLE destination (
  name      TEXT PRIMARY KEY,
  kind      TEXT NOT NULL,    -- central, or that of a POS connector
  location  BLOB,             -- 16 bytes, NULL when it takes all
  leads     INTEGER NOT NULL, -- 1 when last_sync of an item speaks of it
  epoch     INTEGER NOT NULL, -- epoch, seq and hash: the newest entry it has
  seq       INTEGER NOT NULL,
  hash      BLOB NOT NULL,
  state     TEXT NOT NULL,    -- idle, pushing, waiting or paused
  failures  INTEGER NOT NULL, -- since the last success
  next_try  INTEGER,
  code      TEXT NOT NULL,    -- why the last attempt failed, empty after a success
  detail    TEXT NOT NULL,
  synced_at INTEGER,
  command   INTEGER NOT NULL, -- number of the newest command taken from it
  verdicts  INTEGER NOT NULL, -- entries that it stored but could not use
  sending   INTEGER NOT NULL  -- seq up to which it is not known what arrived, 0 for none
) STRICT;

CREATE TABLE sync_run (
  id       BLOB PRIMARY KEY, -- 16 bytes
  body     TEXT NOT NULL,    -- JSON, as in the event it ends with
  forced   INTEGER NOT NULL, -- 1 when everything is sent, confirmed or not
  key      BLOB,             -- 16 bytes each, of the request that asked for it
  print    BLOB,
  actor    TEXT NOT NULL,
  terminal TEXT NOT NULL,
  source   TEXT NOT NULL
) STRICT;

CREATE TABLE work_item (
  id          BLOB PRIMARY KEY, -- 16 bytes, in order of age
  destination TEXT NOT NULL,
  item        BLOB,             -- 16 bytes
  code        TEXT NOT NULL,
  detail      TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  done_at     INTEGER,          -- NULL while it is open
  done_by     TEXT NOT NULL
) STRICT;

CREATE INDEX work_item_open ON work_item (id) WHERE done_at IS NULL;

CREATE TABLE quarantine (
  destination TEXT NOT NULL,
  epoch       INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  code        TEXT NOT NULL,
  detail      TEXT NOT NULL,
  tries       INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  PRIMARY KEY (destination, epoch, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE shadow (
  destination TEXT NOT NULL,
  item        BLOB NOT NULL, -- 16 bytes
  hash        BLOB NOT NULL, -- SHA-256
  PRIMARY KEY (destination, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
  key   TEXT PRIMARY KEY, -- store, machine, demo, clean, created_at, version
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schema_history (
  version    INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  program    TEXT NOT NULL,   -- the version of shelfd that did it
  applied_at INTEGER NOT NULL
) STRICT;

CREATE VIEW movements AS SELECT
  body ->> '$.id' AS id,
  seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(occurred_at, recorded_at) / 1000.0, 'unixepoch') AS occurred_at,
  strftime('%Y-%m-%dT%H:%M:%fZ', recorded_at / 1000.0, 'unixepoch') AS recorded_at,
  body ->> '$.item' AS item,
  body ->> '$.quantity_change' AS quantity_change,
  body ->> '$.quantity_after' AS quantity_after,
  body ->> '$.reserved_after' AS reserved_after,
  body ->> '$.reason_code' AS reason_code,
  body ->> '$.sub_reason' AS sub_reason,
  body ->> '$.value_change' AS value_change,
  body ->> '$.reference' AS reference,
  body ->> '$.reverses' AS reverses,
  body ->> '$.transfer' AS transfer,
  body ->> '$.reservation' AS reservation,
  body ->> '$.actor' AS actor,
  body ->> '$.terminal' AS terminal,
  body ->> '$.source' AS source,
  body ->> '$.external_id' AS external_id,
  notes
FROM entry WHERE kind = 1;

CREATE VIEW holds AS SELECT
  body ->> '$.id' AS id,
  seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', recorded_at / 1000.0, 'unixepoch') AS recorded_at,
  body ->> '$.item' AS item,
  body ->> '$.reserved_change' AS reserved_change,
  body ->> '$.quantity_after' AS quantity_after,
  body ->> '$.reserved_after' AS reserved_after,
  body ->> '$.reservation' AS reservation,
  strftime('%Y-%m-%dT%H:%M:%fZ', (body ->> '$.expires_at') / 1000.0, 'unixepoch') AS expires_at,
  body ->> '$.why' AS why,
  body ->> '$.reference' AS reference,
  body ->> '$.actor' AS actor,
  body ->> '$.terminal' AS terminal
FROM entry WHERE kind = 2;

CREATE VIEW documents AS SELECT
  e.body ->> '$.id' AS id,
  e.seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', e.recorded_at / 1000.0, 'unixepoch') AS recorded_at,
  e.body ->> '$.document' AS type,
  e.body ->> '$.of' AS document,
  e.body -> '$.body' AS body,
  e.body ->> '$.actor' AS actor,
  e.seq = (SELECT max(v.seq) FROM document_version v WHERE v.id = d.id) AS newest
FROM document_version d JOIN entry e ON e.seq = d.seq;

CREATE VIEW events AS SELECT
  body ->> '$.id' AS id,
  seq,
  strftime('%Y-%m-%dT%H:%M:%fZ', recorded_at / 1000.0, 'unixepoch') AS recorded_at,
  body ->> '$.event' AS type,
  body -> '$.body' AS body,
  body ->> '$.actor' AS actor,
  body ->> '$.terminal' AS terminal
FROM entry WHERE kind = 4;

CREATE VIEW stock AS
WITH
  newest AS MATERIALIZED (SELECT type, document, body FROM documents WHERE newest),
  balance AS MATERIALIZED (SELECT max(seq) AS seq, body, recorded_at FROM entry WHERE kind IN (1, 2) GROUP BY item)
SELECT
  i.document AS item,
  p.body ->> '$.sku' AS sku,
  p.body ->> '$.name' AS product,
  l.body ->> '$.name' AS location,
  i.body ->> '$.room_type' AS room_type,
  t.body ->> '$.batch_number' AS batch_number,
  t.body ->> '$.package_tag' AS package_tag,
  coalesce(b.body ->> '$.quantity_after', 0) AS quantity,
  coalesce(b.body ->> '$.reserved_after', 0) AS reserved_quantity,
  round(coalesce((b.body ->> '$.quantity_after') - (b.body ->> '$.reserved_after'), 0), 4) AS available_quantity,
  p.body ->> '$.unit' AS unit,
  strftime('%Y-%m-%dT%H:%M:%fZ', b.recorded_at / 1000.0, 'unixepoch') AS updated_at
FROM newest i
LEFT JOIN balance b ON b.body ->> '$.item' = i.document
LEFT JOIN newest p ON p.type = 'product' AND p.document = i.body ->> '$.product_id'
LEFT JOIN newest l ON l.type = 'location' AND l.document = i.body ->> '$.location_id'
LEFT JOIN newest t ON t.type = 'lot' AND t.document = i.body ->> '$.lot_id'
WHERE i.type = 'item';

CREATE TABLE link (
  destination TEXT NOT NULL,
  kind        TEXT NOT NULL,    -- product, lot, room or reason
  ours        TEXT NOT NULL,    -- id of a product or lot, a room type, or a reason code
  theirs      TEXT NOT NULL,    -- empty when it is left out there on purpose
  name        TEXT NOT NULL,    -- there, for people
  how         TEXT NOT NULL,    -- it was found: sku, barcode, tag, name, config or manual
  at          INTEGER NOT NULL,
  PRIMARY KEY (destination, kind, ours)
) STRICT, WITHOUT ROWID;

CREATE TABLE level (
  destination TEXT NOT NULL,
  product     TEXT NOT NULL,
  lot         TEXT NOT NULL,
  room        TEXT NOT NULL,
  seq         INTEGER NOT NULL, -- the newest entry whose change it has, 0 for none
  seen        INTEGER,          -- the quantity it said, NULL while it said none
  seen_at     INTEGER,
  PRIMARY KEY (destination, product, lot, room)
) STRICT, WITHOUT ROWID;

CREATE TABLE pulled_sale (
  destination    TEXT NOT NULL,
  external_id    TEXT NOT NULL,    -- of the sale there
  line           INTEGER NOT NULL,
  product        TEXT NOT NULL,    -- product, lot and room as in level
  lot            TEXT NOT NULL,
  room           TEXT NOT NULL,
  change         INTEGER NOT NULL, -- of the quantity there, below zero for a sale
  reason         TEXT NOT NULL,    -- the reason code, empty for none
  reference      TEXT NOT NULL,
  at             INTEGER NOT NULL,
  why            TEXT NOT NULL,    -- it is not booked: unmapped, refused or match
  movement_epoch INTEGER,          -- epoch and seq: the movement that it is the same as
  movement_seq   INTEGER,          -- NULL while there is none
  seen_at        INTEGER NOT NULL,
  PRIMARY KEY (destination, external_id, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX pulled_sale_open ON pulled_sale (destination, at) WHERE movement_seq IS NULL;

CREATE TABLE mark (
  destination TEXT NOT NULL,
  stream      TEXT NOT NULL,    -- what was read
  value       TEXT NOT NULL,    -- in its own terms
  at          INTEGER NOT NULL,
  PRIMARY KEY (destination, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE reconciliation_case (
  id          BLOB PRIMARY KEY, -- 16 bytes, in order of age
  destination TEXT NOT NULL,
  class       TEXT NOT NULL,    -- quantity, missing_package, mapping, timing, sale_not_arrived or unit
  product     TEXT NOT NULL,    -- product, lot and room as in level
  lot         TEXT NOT NULL,
  room        TEXT NOT NULL,
  location    BLOB,             -- 16 bytes each, ids of ours, NULL without a counterpart here
  our_product BLOB,
  our_lot     BLOB,
  sku         TEXT NOT NULL,    -- sku, name and tag are for people
  name        TEXT NOT NULL,
  tag         TEXT NOT NULL,
  shelf       INTEGER,          -- the ledger's quantity, NULL when it does not have it at all
  theirs      INTEGER,          -- the destination's quantity, NULL likewise
  detail      TEXT NOT NULL,
  opened_at   INTEGER NOT NULL,
  checked_at  INTEGER NOT NULL, -- by the newest check that found it still
  closed_at   INTEGER           -- by the check that did not, NULL while it is open
) STRICT;

CREATE INDEX reconciliation_case_open ON reconciliation_case (destination, id) WHERE closed_at IS NULL;

CREATE INDEX reconciliation_case_open_anywhere ON reconciliation_case (id) WHERE closed_at IS NULL;

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

CREATE TABLE webhook_progress (
  webhook       BLOB PRIMARY KEY,
  failing_since INTEGER,           -- NULL while it does not fail
  delivered_at  INTEGER,           -- the newest success, NULL for none
  news          TEXT NOT NULL,     -- what was tried last and not delivered
  attempt       INTEGER NOT NULL   -- how often
) STRICT, WITHOUT ROWID;

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
INSERT INTO entry (seq, kind, item, change, after, reserved_after, recorded_at, occurred_at, prev_seq, late, source, external_id, line, reverses, transfer, reservation, hash, body, salt, notes) VALUES (1, 3, NULL, NULL, NULL, NULL, 1750000001123, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, X'8DA6B5A5D115C572253F9D802860F12399ACE87B068B6057FC20BF010D8A791F', '{"v":1,"id":"1-1","kind":"document","occurred_at":1750000001123,"recorded_at":1750000001123,"source":"api","document":"location","of":"01000000-0000-0000-0000-0000000001f4","body":{"id":"01000000-0000-0000-0000-0000000001f4","name":"Main Street"}}', NULL, NULL);
INSERT INTO entry (seq, kind, item, change, after, reserved_after, recorded_at, occurred_at, prev_seq, late, source, external_id, line, reverses, transfer, reservation, hash, body, salt, notes) VALUES (2, 3, NULL, NULL, NULL, NULL, 1750000002123, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, X'BFEF4AD9874AABFFCB18C0AC028544D7E68E284717E5FD5FCAE32C1411023440', '{"v":1,"id":"1-2","kind":"document","occurred_at":1750000002123,"recorded_at":1750000002123,"source":"api","document":"product","of":"01000000-0000-0000-0000-000000000258","body":{"id":"01000000-0000-0000-0000-000000000258","sku":"BD-35","name":"Blue Dreem","unit":"g"}}', NULL, NULL);
INSERT INTO entry (seq, kind, item, change, after, reserved_after, recorded_at, occurred_at, prev_seq, late, source, external_id, line, reverses, transfer, reservation, hash, body, salt, notes) VALUES (3, 3, NULL, NULL, NULL, NULL, 1750000003123, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, X'C476A18AECEE61E37B49F557C8E264491E728730FE2EC7FAD54880B660D2A033', '{"v":1,"id":"1-3","kind":"document","occurred_at":1750000003123,"recorded_at":1750000003123,"source":"api","document":"item","of":"01000000-0000-0000-0000-0000000003e9","body":{"id":"01000000-0000-0000-0000-0000000003e9","no":1,"product_id":"01000000-0000-0000-0000-000000000258","location_id":"01000000-0000-0000-0000-0000000001f4","room_type":"vault"}}', NULL, NULL);
INSERT INTO entry (seq, kind, item, change, after, reserved_after, recorded_at, occurred_at, prev_seq, late, source, external_id, line, reverses, transfer, reservation, hash, body, salt, notes) VALUES (4, 3, NULL, NULL, NULL, NULL, 1750000004123, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, X'1A55DF2F8162B0311D6C8A1C6FFC412DC4511A7240F39E1CB85FBC00B64F1E4B', '{"v":1,"id":"1-4","kind":"document","occurred_at":1750000004123,"recorded_at":1750000004123,"source":"api","document":"product","of":"01000000-0000-0000-0000-000000000258","body":{"id":"01000000-0000-0000-0000-000000000258","sku":"BD-35","name":"Blue Dream","unit":"g"}}', NULL, NULL);
INSERT INTO entry (seq, kind, item, change, after, reserved_after, recorded_at, occurred_at, prev_seq, late, source, external_id, line, reverses, transfer, reservation, hash, body, salt, notes) VALUES (5, 1, 1, 60000, 60000, 0, 1750000005123, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, X'EE94329EBE3CCAA9C010AA48243A09C1B5F1019DB873159318B3EDA79E267A66', '{"v":1,"id":"1-5","kind":"movement","occurred_at":1750000005123,"recorded_at":1750000005123,"actor":"actor","terminal":"till-1","source":"api","item":"01000000-0000-0000-0000-0000000003e9","quantity_change":6,"quantity_after":6,"reserved_after":0,"reason_code":"SALE","value_change":0.00}', NULL, NULL);
INSERT INTO entry (seq, kind, item, change, after, reserved_after, recorded_at, occurred_at, prev_seq, late, source, external_id, line, reverses, transfer, reservation, hash, body, salt, notes) VALUES (6, 1, 1, -15000, 45000, 0, 1750000006123, 1749996400123, 5, 3, 'api', 'order-1', 0, NULL, NULL, NULL, X'8227B49AEAB3D58F69CC253F7885140CAE84A74F88926C714CE5ED531910DCB0', '{"v":1,"id":"1-6","kind":"movement","occurred_at":1749996400123,"recorded_at":1750000006123,"actor":"actor","terminal":"till-1","source":"api","external_id":"order-1","notes_digest":"JBZCAqYSr5GTkrUmlj4KYridMm4sXx7cQOKPcIo_bvE","item":"01000000-0000-0000-0000-0000000003e9","quantity_change":-1.5,"quantity_after":4.5,"reserved_after":0,"reason_code":"SALE","value_change":0.00}', X'01000000000000000000000000000000', 'a note');
INSERT INTO entry (seq, kind, item, change, after, reserved_after, recorded_at, occurred_at, prev_seq, late, source, external_id, line, reverses, transfer, reservation, hash, body, salt, notes) VALUES (7, 2, 1, 20000, 45000, 20000, 1750000007123, NULL, 6, NULL, NULL, NULL, NULL, NULL, NULL, X'0100000000000000000000000000004D', X'A388CEF5BF879BCE042A346C3C107B698DE1441F030D242C7639D303D40169A5', '{"v":1,"id":"1-7","kind":"hold","occurred_at":1750000007123,"recorded_at":1750000007123,"source":"api","item":"01000000-0000-0000-0000-0000000003e9","reserved_change":2,"quantity_after":4.5,"reserved_after":2,"reservation":"01000000-0000-0000-0000-00000000004d","expires_at":1750000900123,"why":"created"}', NULL, NULL);
INSERT INTO entry (seq, kind, item, change, after, reserved_after, recorded_at, occurred_at, prev_seq, late, source, external_id, line, reverses, transfer, reservation, hash, body, salt, notes) VALUES (8, 4, NULL, NULL, NULL, NULL, 1750000008123, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, X'66A3EEA461421621189BF3717A166B193F5913B32B6039CF745DB5EF8CA14524', '{"v":1,"id":"1-8","kind":"event","occurred_at":1750000008123,"recorded_at":1750000008123,"source":"api","event":"low_stock","body":{"level":1}}', NULL, NULL);
INSERT INTO document_version (id, seq, type) VALUES (X'010000000000000000000000000001F4', 1, 'location');
INSERT INTO document_version (id, seq, type) VALUES (X'01000000000000000000000000000258', 2, 'product');
INSERT INTO document_version (id, seq, type) VALUES (X'01000000000000000000000000000258', 4, 'product');
INSERT INTO document_version (id, seq, type) VALUES (X'010000000000000000000000000003E9', 3, 'item');
INSERT INTO idempotency (seq, count, key, print, at, outcome) VALUES (5, 2, X'01000000000000000000000000000000', X'02000000000000000000000000000000', 1750000000123, NULL);
INSERT INTO token (id, name, role, hash, location, terminal, created_at, expires_at, revoked_at) VALUES (X'01000000000000000000000000000003', 'boss', 'admin', X'CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB', NULL, '', 1750000000123, NULL, NULL);
INSERT INTO head (seq, epoch, hash, recorded_at, note) VALUES (8, 1, X'66A3EEA461421621189BF3717A166B193F5913B32B6039CF745DB5EF8CA14524', 1750000000123, '');
INSERT INTO balances (seq, base, recorded_at, body) VALUES (8, 0, 1750000000123, X'62616C616E636573');
INSERT INTO destination (name, kind, location, leads, epoch, seq, hash, state, failures, next_try, code, detail, synced_at, command, verdicts, sending) VALUES ('central', 'central', X'01000000000000000000000000000004', 1, 2, 400, X'0102000000000000000000000000000000000000000000000000000000000000', 'waiting', 3, 1750000000128, 'unavailable', 'no route', 1750000000123, 7, 8, 450);
INSERT INTO sync_run (id, body, forced, key, print, actor, terminal, source) VALUES (X'0100000000000000000000000000000B', '{"id":"01000000-0000-0000-0000-00000000000b","destination":"central","sync_type":"full","location_id":"01000000-0000-0000-0000-000000000004","status":"running","requested_at":1750000000123,"started_at":1750000000124,"counts":{"scanned":5,"sent":4,"skipped":1,"rejected":2,"work_items":3},"error":"timeout"}', 1, X'01000000000000000000000000000000', X'02000000000000000000000000000000', 'a', 'till', 'api');
INSERT INTO sync_run (id, body, forced, key, print, actor, terminal, source) VALUES (X'0100000000000000000000000000000C', '{"id":"01000000-0000-0000-0000-00000000000c","destination":"central","sync_type":"incremental","status":"queued","requested_at":0,"counts":{"scanned":0,"sent":0,"skipped":0,"rejected":0,"work_items":0}}', 0, NULL, NULL, '', '', 'system');
INSERT INTO work_item (id, destination, item, code, detail, created_at, done_at, done_by) VALUES (X'01000000000000000000000000000015', 'central', X'01000000000000000000000000000001', 'adjust', 'Take off 2.', 1750000000123, NULL, '');
INSERT INTO work_item (id, destination, item, code, detail, created_at, done_at, done_by) VALUES (X'01000000000000000000000000000016', 'central', NULL, 'count', 'Count it.', 1750000000124, 1750000000125, 'boss');
INSERT INTO quarantine (destination, epoch, seq, code, detail, tries, at) VALUES ('central', 1, 9, 'no_room', '?', 5, 1750000000123);
INSERT INTO quarantine (destination, epoch, seq, code, detail, tries, at) VALUES ('central', 2, 3, 'no_room', '!', 6, 1750000000124);
INSERT INTO shadow (destination, item, hash) VALUES ('central', X'01000000000000000000000000000001', X'0100000000000000000000000000000000000000000000000000000000000000');
INSERT INTO shadow (destination, item, hash) VALUES ('central', X'01000000000000000000000000000002', X'0200000000000000000000000000000000000000000000000000000000000000');
INSERT INTO meta (key, value) VALUES ('clean', '0');
INSERT INTO meta (key, value) VALUES ('created_at', '1750000000123');
INSERT INTO meta (key, value) VALUES ('demo', '0');
INSERT INTO meta (key, value) VALUES ('store', '01000000-0000-0000-0000-000000000001');
INSERT INTO meta (key, value) VALUES ('version', '1.2.3');
INSERT INTO schema_history (version, name, program, applied_at) VALUES (1, 'ledger', '1.2.3', 1750000000123);
INSERT INTO schema_history (version, name, program, applied_at) VALUES (2, 'pos', '1.2.3', 1750000000123);
INSERT INTO schema_history (version, name, program, applied_at) VALUES (3, 'webhook', '1.2.3', 1750000000123);
INSERT INTO schema_history (version, name, program, applied_at) VALUES (4, 'delivered', '1.2.3', 1750000000123);
INSERT INTO link (destination, kind, ours, theirs, name, how, at) VALUES ('pos', 'product', 'p600', 'p-1', 'Blue Dream', 'sku', 1750000000123);
INSERT INTO link (destination, kind, ours, theirs, name, how, at) VALUES ('pos', 'reason', 'DAMAGE', '', '', 'config', 1750000000124);
INSERT INTO link (destination, kind, ours, theirs, name, how, at) VALUES ('pos', 'room', 'sales_floor', '5', 'Front', 'manual', 1750000000125);
INSERT INTO level (destination, product, lot, room, seq, seen, seen_at) VALUES ('pos', 'p-0', '', '', 0, 0, NULL);
INSERT INTO level (destination, product, lot, room, seq, seen, seen_at) VALUES ('pos', 'p-1', 'l-1', 'floor', 9, 35000, 1750000000123);
INSERT INTO level (destination, product, lot, room, seq, seen, seen_at) VALUES ('pos', 'p-1', 'l-1', 'vault', 8, NULL, NULL);
INSERT INTO level (destination, product, lot, room, seq, seen, seen_at) VALUES ('pos', 'p-1', 'l-2', '', 0, NULL, 1750000000123);
INSERT INTO level (destination, product, lot, room, seq, seen, seen_at) VALUES ('pos', 'p-2', '', 'floor', 0, -1, 1750000000126);
INSERT INTO pulled_sale (destination, external_id, line, product, lot, room, change, reason, reference, at, why, movement_epoch, movement_seq, seen_at) VALUES ('pos', 'order-1', 0, 'p-9', '', '', 1, 'RETURN', '', 1750000000123, 'unmapped', NULL, NULL, 1750000000124);
INSERT INTO pulled_sale (destination, external_id, line, product, lot, room, change, reason, reference, at, why, movement_epoch, movement_seq, seen_at) VALUES ('pos', 'order-1', 1, '', '', '', 0, '', '', 1750000000123, 'refused', NULL, 1, 0);
INSERT INTO pulled_sale (destination, external_id, line, product, lot, room, change, reason, reference, at, why, movement_epoch, movement_seq, seen_at) VALUES ('pos', 'order-2', 3, 'p-1', 'l-1', 'floor', -35000, 'SALE', 'R-1', 1750000000118, 'match', 2, 7, 1750000000123);
INSERT INTO mark (destination, stream, value, at) VALUES ('pos', 'levels', '2025-06-15T15:06:40Z', 0);
INSERT INTO mark (destination, stream, value, at) VALUES ('pos', 'sales', 'cursor-1', 1750000000123);
INSERT INTO reconciliation_case (id, destination, class, product, lot, room, location, our_product, our_lot, sku, name, tag, shelf, theirs, detail, opened_at, checked_at, closed_at) VALUES (X'0100000000000000000000000000001F', 'pos', 'unit', 'p-1', 'l-1', 'floor', X'01000000000000000000000000000001', X'01000000000000000000000000000002', X'01000000000000000000000000000003', 'BD-35', 'Blue Dream', '1A4', 35000, -5000, 'g and each', 1750000000123, 1750000000124, NULL);
INSERT INTO reconciliation_case (id, destination, class, product, lot, room, location, our_product, our_lot, sku, name, tag, shelf, theirs, detail, opened_at, checked_at, closed_at) VALUES (X'01000000000000000000000000000020', 'pos', 'missing_package', '', '', '', NULL, NULL, X'01000000000000000000000000000003', '', '', '1A4', 0, NULL, '?', 1750000000123, 1750000000123, NULL);
INSERT INTO reconciliation_case (id, destination, class, product, lot, room, location, our_product, our_lot, sku, name, tag, shelf, theirs, detail, opened_at, checked_at, closed_at) VALUES (X'01000000000000000000000000000021', 'pos', 'quantity', 'p-1', 'l-1', 'floor', NULL, NULL, NULL, '', '', '', NULL, 0, '', 1750000000128, 1750000000129, 1750000000130);
INSERT INTO webhook (id, version, url, events, description, active, lan, location, legacy_header, created_at, disabled_at, disabled_why, secret, old_secret, old_until) VALUES (X'010000000000000000000000000002BC', 3, 'https://example.com/hook', 'inventory.updated,inventory.sync.completed', 'the menu', 1, 1, X'010000000000000000000000000001F4', 'X-Signature', 1750000000123, 1750000000124, 'gone', X'7365616C6564', X'6F6C646572', 1750000000125);
INSERT INTO webhook_progress (webhook, failing_since, delivered_at, news, attempt) VALUES (X'010000000000000000000000000002BC', 1750000000123, 1750000000122, '1-5.2', 4);
INSERT INTO delivery (id, webhook, news, epoch, seq, type, attempt, at, status, took, outcome, detail, next_at) VALUES (X'010000000000000000000000000002BD', X'010000000000000000000000000002BC', '1-5.2', 1, 5, 'inventory.updated', 4, 1750000000123, 503, 1500, 'bad_status', 'It answered 503.', 1750000000126);
INSERT INTO delivered (no, webhook, first, last, count, body) VALUES (1, X'010000000000000000000000000002BC', X'010000000000000000000000000002BF', X'010000000000000000000000000002BF', 1, X'010000000000000000000000000002BF020AF6F186C2EE6502089803B8170011696E76656E746F72792E75706461746564');
