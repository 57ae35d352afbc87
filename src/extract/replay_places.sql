INSERT INTO q_places SELECT $relation, pos, record_no, line FROM memory.replay.records
