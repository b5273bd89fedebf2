-- What was told, which is nearly all there is, is listed by deliveries_newest, and
-- so is what was made between two days, since ids tell the millisecond. What was
-- not told has an index of its own in the same order, which a delivery leaves when
-- it is told.
DROP INDEX deliveries_by_creation;
DROP INDEX deliveries_by_status;
CREATE INDEX deliveries_not_told ON deliveries (merchant_id, live_mode, id) WHERE status <> 'delivered';
