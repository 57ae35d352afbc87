CREATE TABLE q_profile (
    ord INTEGER, "column" VARCHAR, "type" VARCHAR, "rows" BIGINT, nulls BIGINT, "distinct" BIGINT, least VARCHAR,
    greatest VARCHAR, mean DOUBLE, deviation DOUBLE, median VARCHAR, shortest BIGINT, longest BIGINT, empty BIGINT,
    padded BIGINT, most_frequent VARCHAR, patterns VARCHAR)
