SELECT source, cursor_column, previous, value AS watermark FROM quern.watermarks WHERE run_id = $run_id ORDER BY source
