SELECT count(*) FROM wh.quern.runs WHERE status <> 'published'
