/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was read of a source's parts, for the tables q_sources, q_shapes and q_skipped of a run. A source may have tens of
 * thousands of them, so each table is written by one statement.
 */
#ifndef Q_EXTRACT_PARTS_H
#define Q_EXTRACT_PARTS_H

#include "extract/driver.h"

/* After the scan. The arena outlives the database. `table`: the rows that were staged, which are counted where the driver does not count its records; NULL:
 * that is left open, and only q_sources is written. */
Q_MUST_CHECK enum q_code extract_note_parts(struct q_arena *arena, struct db_conn *db,
                                            const char *relation,
                                            const struct extract_driver *driver,
                                            struct extract_source *source, const char *table,
                                            struct q_err *err);

#endif
