INSERT INTO q_shapes VALUES ($relation, $file_no, $shape)
