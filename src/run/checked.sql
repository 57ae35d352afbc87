-- What was left out before the load stage audits: a held run is audited again.
CREATE TABLE q_skips_checked AS SELECT * FROM q_skips;
CREATE TABLE q_skipped_checked AS SELECT * FROM q_skipped
