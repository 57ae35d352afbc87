/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict casts from text as functions of the engine: q_cast_date(text) and so on (see sql/expr/expr.h). NULL gives
 * NULL; what does not spell a value exactly, the empty text among it, gives NULL too, so that
 * "x IS NOT NULL AND q_cast_date(x) IS NULL" is a failure.
 */
#ifndef Q_DB_CAST_H
#define Q_DB_CAST_H

#include "batch/cast.h"
#include "db/db.h"

struct db_cast {
    const char *name; /* of the function */
    struct batch_cast how;
};

/* A cast without leniency. The name belongs to the arena. */
struct db_cast db_cast_plain(struct q_arena *arena, struct q_type type);
/* A lenient one: the name is made of the type and what is declared. */
struct db_cast db_cast_lenient(struct q_arena *arena, const struct batch_cast *how);
/* Make the functions known to the connection's database; known ones stay. Everything is copied. No
 * transaction may be open. */
Q_MUST_CHECK enum q_code db_add_casts(struct db_conn *conn, const struct db_cast *casts, size_t n,
                                      struct q_err *err);

#endif
