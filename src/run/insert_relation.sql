INSERT INTO q_relations VALUES ($relation, $read, $loaded, $rejected, $skipped)
