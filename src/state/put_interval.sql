INSERT INTO wh.quern.intervals VALUES ($run_id, $pipeline, $source, $cursor_column, $type, $lo, $hi, NULL)
