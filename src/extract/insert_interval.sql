INSERT INTO q_intervals VALUES ($source, $lo, $hi)
