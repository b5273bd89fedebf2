-- How far each merchant's settlements have been written to files, by mode.
-- through is the last settlement day, as its midnight in UTC. Times that are not
-- set are 0.
CREATE TABLE settlement_filings (
    merchant_id TEXT    NOT NULL,
    live_mode   BOOLEAN NOT NULL,
    through     BIGINT  NOT NULL,
    due         BIGINT  NOT NULL,
    version     BIGINT  NOT NULL,
    PRIMARY KEY (merchant_id, live_mode)
);
