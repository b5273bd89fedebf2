-- A gateway of the version before refuses this schema when it starts, and loses the
-- accounts of bank payments when it runs on: see "Upgrading" in docs/operating.md.
-- A bank payment has ended when it is returned, or approved: nothing shows it as
-- settled. Its id tells it from a card payment, which is approved for a day or two.
DROP INDEX payments_finished;
CREATE INDEX payments_finished ON payments (updated_at, id)
    WHERE (status IN ('declined', 'failed', 'voided', 'expired', 'verified', 'settled', 'partially_refunded', 'refunded', 'returned')
            OR (status = 'approved' AND substr(transaction_id, 1, 4) = 'chk_'))
        AND NOT needs_attention AND substr(body, 1, 1) = '{';
