SELECT value FROM wh.quern.meta WHERE key = $key
