/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MySQL and MariaDB as a source: a table, a view or a query, one part each.
 *
 * Positions: the primary key of a table when it is one integer whose values are all from 0 to 2^40 - 1, else the row's number
 * in the order of the primary key, or of the result. All sources of a connection see one consistent snapshot. With `readers`
 * ranges of the primary key are read in parallel, each reader on a connection of its own, and with a snapshot of its own.
 */
#ifndef Q_EXTRACT_MYSQL_MYSQL_H
#define Q_EXTRACT_MYSQL_MYSQL_H

#include "extract/driver.h"

extern const struct extract_driver extract_mysql;

#endif
