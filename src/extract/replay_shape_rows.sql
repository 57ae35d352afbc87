INSERT INTO q_shapes
SELECT $relation, file_no, any_value(shape) FROM memory.replay.records WHERE shape IS NOT NULL GROUP BY file_no
