SELECT relation, path, detected, size, records, rejected FROM q_sources ORDER BY relation, file_no
