-- What connectors of points of sale remember. These rows change and go: a lost
-- one costs asking there again, never a fact. Ids of a destination's are text
-- as it writes them.

-- What of ours is what of theirs.
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

-- What a destination was last known to have of one place. Product, lot and
-- room are its own ids, lot and room empty where it keeps none.
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

-- Sales that a destination reported and that are not booked from there.
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

-- How far something was read from a destination.
CREATE TABLE mark (
  destination TEXT NOT NULL,
  stream      TEXT NOT NULL,    -- what was read
  value       TEXT NOT NULL,    -- in its own terms
  at          INTEGER NOT NULL,
  PRIMARY KEY (destination, stream)
) STRICT, WITHOUT ROWID;

-- Differences between the ledger and a destination.
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

-- Few are open and many closed: also those of all destinations are found so.
CREATE INDEX reconciliation_case_open ON reconciliation_case (destination, id) WHERE closed_at IS NULL;
CREATE INDEX reconciliation_case_open_anywhere ON reconciliation_case (id) WHERE closed_at IS NULL;
