-- What gateways have noted of each other in this ledger, by name, so that one
-- which starts with something else is told: "secret" is a check of the gateway's
-- secret, from which the secret itself cannot be had, "timeline" is the one of
-- PostgreSQL's that was written on last.
CREATE TABLE marks (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
