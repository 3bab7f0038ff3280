-- All times are milliseconds since 1970 UTC, all quantities ten-thousandths of a
-- unit, all amounts of money ten-thousandths. What a store wrote is kept as the
-- bytes that came: it need not be text that PostgreSQL accepts.

-- Which stores there are and how far each has come. One row is locked by
-- whoever changes anything of that store.
CREATE TABLE store (
  id            uuid PRIMARY KEY,
  name          text NOT NULL,
  key_hash      bytea NOT NULL UNIQUE,        -- SHA-256 of the store's key
  enrolled_at   bigint NOT NULL,
  revoked_at    bigint,
  epoch         bigint NOT NULL DEFAULT 1,    -- of the stream that is taken now
  branch_epoch  bigint,                       -- where it left the one before; NULL in epoch 1
  branch_seq    bigint,
  acked_seq     bigint NOT NULL DEFAULT 0,    -- everything up to here is stored
  acked_hash    bytea NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000',
  folded_seq    bigint NOT NULL DEFAULT 0,    -- stock is the fold up to here
  folds         bigint NOT NULL DEFAULT 0,    -- how often it was folded anew
  items         bigint NOT NULL DEFAULT 0,    -- number of the newest item
  recorded_at   bigint NOT NULL DEFAULT 0,    -- of the newest entry that was folded
  synced_at     bigint NOT NULL DEFAULT 0,    -- when it was last known to be complete
  last_contact  bigint NOT NULL DEFAULT 0,
  head_seq      bigint NOT NULL DEFAULT 0,    -- the newest entry the store itself has
  clock_skew_ms bigint NOT NULL DEFAULT 0,    -- its clock minus ours
  version       text NOT NULL DEFAULT '',     -- its program
  low_stock     bigint NOT NULL DEFAULT 0,
  fork_at       bigint,                       -- when it last pushed another past; NULL once settled
  fork_epoch    bigint,
  fork_seq      bigint,
  fork_hash     bytea                         -- what it has at fork_seq
) WITH (fillfactor = 50);

-- One-time codes for new stores.
CREATE TABLE enrolment (
  code_hash  bytea PRIMARY KEY,               -- SHA-256 of the code
  name       text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  used_at    bigint,
  store      uuid
);

-- Streams after the first: where each left the one before.
CREATE TABLE stream (
  store        uuid NOT NULL,
  epoch        bigint NOT NULL,
  closed_epoch bigint NOT NULL,               -- the stream that it took over from
  branch_epoch bigint NOT NULL,               -- as the store named it
  branch_seq   bigint NOT NULL,
  opened_at    bigint NOT NULL,
  PRIMARY KEY (store, epoch)
);

-- Every fact of every store: its current line, the first stream up to its
-- branch, then the next. kind and what follows it are NULL or 0 for an entry
-- that is stored but not folded yet.
CREATE TABLE entry (
  store          uuid NOT NULL,
  seq            bigint NOT NULL,
  recorded_at    bigint,
  occurred_at    bigint,                      -- NULL when equal to recorded_at
  change         bigint,                      -- of the quantity by a movement, of the reserved by a hold
  after          bigint,                      -- the item's quantity after it
  reserved_after bigint,                      -- the item's reserved quantity after it
  prev_seq       bigint,                      -- the item's entry before
  item           integer,                     -- stock.no of a movement, hold or item document
  kind           smallint NOT NULL,           -- 0 not folded, 1 movement, 2 hold, 3 document, 4 event
  late           smallint,                    -- of movements and holds: delay in [2^(late-1), 2^late) quarter hours
  hash           bytea NOT NULL,              -- SHA-256(hash before || body)
  body           bytea NOT NULL,              -- canonical JSON, the exact bytes that were hashed
  salt           bytea,                       -- the body has SHA-256(salt || notes)
  notes          bytea,                       -- erasable text
  key            bytea,                       -- idempotency key of the command that begins here: 16 bytes hash, 16 of the request
  key_count      bigint,                      -- how many entries that command made
  key_at         bigint,
  key_outcome    bytea,
  PRIMARY KEY (store, seq)
) PARTITION BY HASH (store);

DO $$ BEGIN
  FOR n IN 0..31 LOOP
    EXECUTE format('CREATE TABLE entry_%s PARTITION OF entry FOR VALUES WITH (MODULUS 32, REMAINDER %s)', n, n);
  END LOOP;
END $$;

-- Point-in-time reads ask for thousands of late rows that lie far apart.
CREATE INDEX entry_late ON entry (store, late, occurred_at, seq) WHERE late IS NOT NULL;

-- What a branch cut off a line: it happened in a past that the store no longer
-- has, and came back, if at all, as new entries. epoch is the stream that was
-- closed then.
CREATE TABLE abandoned (
  store       uuid NOT NULL,
  epoch       bigint NOT NULL,
  seq         bigint NOT NULL,
  hash        bytea NOT NULL,
  body        bytea NOT NULL,
  salt        bytea,
  notes       bytea,
  key         bytea,
  key_count   bigint,
  key_at      bigint,
  key_outcome bytea,
  PRIMARY KEY (store, epoch, seq)
);

-- The newest version of every product, location, lot and transfer document.
CREATE TABLE document (
  store        uuid NOT NULL,
  id           uuid NOT NULL,
  seq          bigint NOT NULL,
  type         text NOT NULL,
  body         bytea NOT NULL,
  -- Of products, for stock; of lots only search: what is added to a product's.
  name_key     text COLLATE "C" NOT NULL DEFAULT '',
  category_key text COLLATE "C" NOT NULL DEFAULT '',
  sku_key      text COLLATE "C" NOT NULL DEFAULT '',
  search       text NOT NULL DEFAULT '',
  PRIMARY KEY (store, id)
);
CREATE INDEX document_sku ON document (sku_key) WHERE type = 'product';

-- Which entries describe a document, items too, for names and prices as they were.
CREATE TABLE document_version (
  store uuid NOT NULL,
  id    uuid NOT NULL,
  seq   bigint NOT NULL,
  PRIMARY KEY (store, id, seq)
);

-- The folded stock. Room on every page, and no index on what a movement
-- changes, so that a movement rewrites one row in place.
CREATE TABLE stock (
  store        uuid NOT NULL,
  item         uuid NOT NULL,
  product      uuid NOT NULL,
  location     uuid NOT NULL,
  lot          uuid,
  quantity     bigint NOT NULL,
  reserved     bigint NOT NULL,
  value        bigint NOT NULL,
  seq          bigint NOT NULL,               -- the newest entry about it
  opened       bigint NOT NULL,               -- the entry that made it
  edited       bigint NOT NULL,               -- its newest document
  lit          bigint NOT NULL,               -- the entry about another item that last changed low
  updated_at   bigint NOT NULL,
  counted_at   bigint NOT NULL,               -- 0 for never
  archived_at  bigint NOT NULL,               -- 0 for not archived
  threshold    bigint,                        -- its own low-stock threshold
  no           integer NOT NULL,              -- counts the store's items from 1
  room         smallint NOT NULL,
  low          boolean NOT NULL,
  name_key     text COLLATE "C" NOT NULL,     -- product name, lower case
  category_key text COLLATE "C" NOT NULL,
  sku_key      text COLLATE "C" NOT NULL,
  search       text NOT NULL,                 -- what free search looks in, lower case
  PRIMARY KEY (store, item)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX stock_item ON stock (item);
CREATE INDEX stock_location ON stock (location);
CREATE INDEX stock_product ON stock (product);
CREATE INDEX stock_name ON stock (name_key, item);

-- What was odd about an entry that is stored nevertheless.
CREATE TABLE verdict (
  store       uuid NOT NULL,
  seq         bigint NOT NULL,
  code        text NOT NULL,                  -- unparsed, inconsistent, command_refused
  detail      text NOT NULL,
  at          bigint NOT NULL,
  resolved_at bigint,
  PRIMARY KEY (store, seq, code)
);

-- What head office and other stores want of a store, numbered under the lock
-- of its mailbox.
CREATE TABLE mailbox (
  store  uuid PRIMARY KEY,
  newest bigint NOT NULL DEFAULT 0
);
CREATE TABLE command (
  store      uuid NOT NULL,
  n          bigint NOT NULL,
  kind       text NOT NULL,
  body       bytea NOT NULL,
  created_at bigint NOT NULL,
  status     text NOT NULL DEFAULT '',        -- applied or refused, once the store has said so
  code       text NOT NULL DEFAULT '',
  detail     text NOT NULL DEFAULT '',
  done_at    bigint,
  done_seq   bigint,                          -- the entry that says it
  once       bytea,                           -- names what it does, of one that must not come twice
  PRIMARY KEY (store, n)
);
CREATE UNIQUE INDEX command_once ON command (store, once) WHERE once IS NOT NULL;

-- Who may use head office's API, and the keys of its requests.
CREATE TABLE token (
  id         uuid PRIMARY KEY,
  name       text NOT NULL,
  role       text NOT NULL,
  hash       bytea NOT NULL UNIQUE,           -- SHA-256 of the secret
  location   uuid,
  terminal   text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint,
  revoked_at bigint
);
CREATE TABLE idempotency (
  hash    bytea PRIMARY KEY,
  print   bytea NOT NULL,
  outcome jsonb,
  at      bigint NOT NULL
);
