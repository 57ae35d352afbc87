/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL as a source: tables, views and queries.
 *
 * A row comes as the server's binary COPY and is decoded straight into the engine's vectors. All sources of a connection in
 * a run read one snapshot; large tables are read by several connections, ranges of blocks each.
 */
#ifndef Q_EXTRACT_POSTGRES_POSTGRES_H
#define Q_EXTRACT_POSTGRES_POSTGRES_H

#include "extract/driver.h"

extern const struct extract_driver extract_postgres;

#endif
