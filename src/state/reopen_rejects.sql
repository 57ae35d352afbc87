-- What an undone run had replayed is to be looked at again.
UPDATE wh.quern.rejects SET status = 'open', resolved_by = NULL WHERE resolved_by = $run_id AND status = 'replayed'
