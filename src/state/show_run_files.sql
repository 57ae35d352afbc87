SELECT relation, path, size, records, rejected, detected FROM quern.files WHERE run_id = $run_id ORDER BY relation, file_no
