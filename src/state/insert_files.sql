INSERT INTO wh.quern.files SELECT $run_id, relation, file_no, path, size, records, rejected, detected FROM q_sources
