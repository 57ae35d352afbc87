INSERT INTO wh.quern.reject_edits VALUES ($run_id, $relation, $pos, $edit_no, $at, $by, $raw, $fields)
