/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite databases as a source: a table, a view or a query, one part each.
 *
 * Positions: the rowid of a table whose rowids are all from 0 to 2^40 - 1, else the row's number in the result. All sources of
 * a connection see one snapshot: it is taken when the first is described and given back when the last was read.
 * Incremental reading narrows the statement where SQLite compares as we do; what more it gives is left out behind it.
 */
#ifndef Q_EXTRACT_SQLITE_SQLITE_H
#define Q_EXTRACT_SQLITE_SQLITE_H

#include "extract/driver.h"

extern const struct extract_driver extract_sqlite;

#endif
