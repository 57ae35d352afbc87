CREATE OR REPLACE VIEW q_keyed AS
SELECT r.*, k.key FROM q_told AS r LEFT JOIN (SELECT pos, any_value(key) AS key FROM q_keys GROUP BY pos) AS k ON k.pos = r.pos
