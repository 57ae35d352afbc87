-- Instants from which on a zone's clocks have another offset, the first one at the beginning: the days between which it
-- changes are halved until one second is left. Microseconds.
WITH RECURSIVE
instants AS (
    SELECT $first + i * 86400000000 AS usec FROM range($days) AS r(i)
),
probed AS (
    SELECT usec, epoch_us(timezone($zone, make_timestamptz(usec))) - usec AS local_minus_utc FROM instants
),
between AS (
    SELECT usec AS lo, lead(usec) OVER w AS hi, local_minus_utc AS before, lead(local_minus_utc) OVER w AS after FROM probed
    WINDOW w AS (ORDER BY usec)
),
halved(lo, hi, before, after) AS (
    SELECT lo, hi, before, after FROM between WHERE before <> after
    UNION ALL
    SELECT CASE WHEN there = before THEN mid ELSE lo END, CASE WHEN there = before THEN hi ELSE mid END, before, after
    FROM (
        SELECT *, epoch_us(timezone($zone, make_timestamptz(mid))) - mid AS there
        FROM (SELECT *, lo + (hi - lo) // 2000000 * 1000000 AS mid FROM halved WHERE hi - lo > 1000000)
    )
)
SELECT usec, local_minus_utc FROM probed WHERE usec = $first
UNION ALL
SELECT hi, after FROM halved WHERE hi - lo <= 1000000
ORDER BY 1
