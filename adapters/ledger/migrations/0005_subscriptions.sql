-- Who is to be told of what, for those instances whose configuration lacks the
-- subscriber. The events are patterns as JSON. seen_at is when an instance that
-- has it was last heard of.
CREATE TABLE subscriptions (
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    name        TEXT    NOT NULL,
    events      TEXT    NOT NULL,
    seen_at     BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, live_mode, name)
);

-- The lane is the sink's to say. Where an instance without the sink made the
-- delivery, the first that takes it says so.
ALTER TABLE deliveries ADD COLUMN unlaned BOOLEAN NOT NULL DEFAULT FALSE;
