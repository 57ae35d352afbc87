INSERT INTO q_sources VALUES ($relation, $file_no, $path, $size, $records, $rejected, $detected)
