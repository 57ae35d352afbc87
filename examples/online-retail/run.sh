#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Loads one day after the other. DATA=DIR: the folder of the daily files; QUERN: the program.
set -eu
cd "$(dirname "$0")"
data=${DATA:-../../../shared/data/online-retail}
quern=${QUERN:-quern}
found=0
for file in "$data"/*.csv; do
    [ -f "$file" ] || break
    found=1
    day=$(basename "$file" .csv)
    echo "== $day"
    "$quern" run customer product sales --var "data=$data" --var "day=$day"
done
[ "$found" = 1 ] || {
    echo "run.sh: no *.csv in \"$data\"; say where the files are: DATA=DIR ./run.sh" >&2
    exit 3
}
"$quern" report revenue_by_month
