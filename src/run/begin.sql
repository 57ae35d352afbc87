-- The tables that all stages of a run share; see plan/step.h.
CREATE SCHEMA ws;
USE ws;
CREATE TABLE q_run (run_id BIGINT, clock TIMESTAMP);
CREATE TABLE q_rejects (
    relation VARCHAR, pos BIGINT, ord INTEGER, rule VARCHAR, reason VARCHAR, col VARCHAR, value VARCHAR, detail VARCHAR,
    raw BLOB, record VARCHAR);
CREATE TABLE q_skips (relation VARCHAR, pos BIGINT, reason VARCHAR);
CREATE TABLE q_skipped (relation VARCHAR, reason VARCHAR, records BIGINT);
CREATE TABLE q_joins (
    step VARCHAR, left_rows BIGINT, right_rows BIGINT, matched_left BIGINT, unmatched_left BIGINT, matched_right BIGINT,
    unmatched_right BIGINT, multiplied BIGINT);
CREATE TABLE q_rules (
    ord INTEGER, name VARCHAR, rows BIGINT, evaluated BIGINT, failed BIGINT, severity VARCHAR, state VARCHAR,
    vacuous BOOLEAN, seconds DOUBLE, message VARCHAR, samples VARCHAR, removes BOOLEAN);
CREATE TABLE q_sources (
    relation VARCHAR, file_no INTEGER, path VARCHAR, size BIGINT, records BIGINT, rejected BIGINT, detected VARCHAR);
CREATE TABLE q_shapes (relation VARCHAR, file_no INTEGER, shape VARCHAR);
CREATE TABLE q_counts (name VARCHAR, n BIGINT);
CREATE TABLE q_holds (reason VARCHAR, message VARCHAR);
CREATE TABLE q_keys (pos BIGINT, key VARCHAR);
CREATE TABLE q_places (relation VARCHAR, pos BIGINT, record_no BIGINT, line BIGINT);
CREATE TABLE q_relations (relation VARCHAR, read BIGINT, loaded BIGINT, rejected BIGINT, skipped BIGINT)
