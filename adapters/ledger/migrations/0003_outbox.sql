-- Who is told of an event becomes known after it was written: its deliveries are
-- made then, once, and it is spread. A gateway of the version before, which may
-- write beside this one for a while, writes events that are not.
ALTER TABLE events ADD COLUMN spread BOOLEAN NOT NULL DEFAULT FALSE;
-- These were written before anybody could subscribe, so nobody is told of them.
UPDATE events SET spread = TRUE;

-- What waits longest is found by the first, all that waits with it by the second.
CREATE INDEX events_unspread ON events (at, id) WHERE NOT spread;
CREATE INDEX events_unspread_queue ON events ((COALESCE(payment_id, id)), version, id) WHERE NOT spread;

-- An event on its way to one subscriber. The queue is the payment, or the event
-- where it tells of none; its order is that of position, which is the event's
-- version, then event. An empty lane is the queue's own. The log is JSON.
CREATE TABLE deliveries (
    id          TEXT    NOT NULL PRIMARY KEY,
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    subscriber  TEXT    NOT NULL,
    event_id    TEXT    NOT NULL REFERENCES events (id),
    queue       TEXT    NOT NULL,
    payment_id  TEXT,
    lane        TEXT    NOT NULL,
    position    BIGINT  NOT NULL,
    status      TEXT    NOT NULL,
    due         BIGINT  NOT NULL,
    attempts    BIGINT  NOT NULL,
    failures    BIGINT  NOT NULL,
    log         TEXT    NOT NULL,
    version     BIGINT  NOT NULL,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL
);

-- What is delivered leaves the indexes of what is not, so that the work of a
-- moment costs the same however long the history. The second answers the backlog
-- too, by itself.
CREATE INDEX deliveries_due ON deliveries (merchant_id, live_mode, subscriber, due, id) WHERE status = 'pending';
CREATE INDEX deliveries_order ON deliveries (merchant_id, live_mode, subscriber, queue, position, event_id, status, created_at)
    WHERE status IN ('pending', 'dead');
-- The others are for lists, as those of payments are.
CREATE INDEX deliveries_by_status ON deliveries (merchant_id, live_mode, status, id, subscriber);
CREATE INDEX deliveries_newest ON deliveries (merchant_id, live_mode, id);
CREATE INDEX deliveries_by_creation ON deliveries (merchant_id, live_mode, created_at);
CREATE INDEX deliveries_by_payment ON deliveries (merchant_id, live_mode, payment_id, id) WHERE payment_id IS NOT NULL;

-- What of the other side a delivery under way touches. A row stands while its
-- holder is under way; the holder may be dead, so it counts until a time.
CREATE TABLE delivery_lanes (
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    subscriber  TEXT    NOT NULL,
    lane        TEXT    NOT NULL,
    holder      TEXT    NOT NULL,
    until       BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, live_mode, subscriber, lane)
);

-- What is kept of a subscriber besides its configuration. disabled_at is 0 while
-- it is told of changes.
CREATE TABLE subscribers (
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    name        TEXT    NOT NULL,
    disabled_at BIGINT  NOT NULL,
    reason      TEXT    NOT NULL,
    version     BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, live_mode, name)
);
