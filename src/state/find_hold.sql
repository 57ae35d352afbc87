SELECT digest FROM wh.quern.holds WHERE run_id = $run_id
