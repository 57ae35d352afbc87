INSERT INTO q_reasons VALUES ($relation, $kind, $reason, $records)
