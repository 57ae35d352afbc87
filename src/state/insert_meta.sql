INSERT INTO wh.quern.meta VALUES ($key, $value)
