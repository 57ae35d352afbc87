INSERT INTO q_watermarks
VALUES ($pipeline, $source, $cursor_column, $type, $before, $value, $anew, $nulls, $late, $late_from, $late_to)
