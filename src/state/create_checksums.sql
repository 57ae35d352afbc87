-- Closed versions of a dimension: how many, and the sum of their hashes, carried forward by every load.
CREATE TABLE IF NOT EXISTS wh.quern.checksums (
    table_name VARCHAR NOT NULL, closed_rows BIGINT NOT NULL, checksum VARCHAR NOT NULL, run_id BIGINT NOT NULL)
