-- The key whose answer the body is, as long as it is: the answer is then kept
-- there alone. Whoever changes the body writes it to the key first. PostgreSQL
-- keeps every answer with its key, where a gateway of the version before looks
-- for it that has not been stopped yet. Started again, it refuses this schema, on
-- PostgreSQL too: see "Upgrading" in docs/operating.md.
/*sqlite
ALTER TABLE payments ADD COLUMN answers TEXT NOT NULL DEFAULT '';

CREATE TRIGGER payments_keep_answer AFTER UPDATE OF body ON payments WHEN OLD.answers <> ''
BEGIN
    UPDATE idempotency_keys SET reply = OLD.body WHERE merchant_id = OLD.merchant_id AND key = OLD.answers;
END;
sqlite*/
