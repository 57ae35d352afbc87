DELETE FROM wh.quern.meta WHERE key = $key
