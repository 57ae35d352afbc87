SELECT source, cursor_column, type, before, value, nulls, late, late_from, late_to FROM q_watermarks
