/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameterised reports: typed parameters bound to SQL, written in any format of format/write.
 *
 *     struct report_values values;
 *     code = report_bind(arena, report, &given, &values, err);   // "year=2024" ...
 *     code = report_run(arena, conn, report, &values, "html", sink, err);
 */
#ifndef Q_REPORT_REPORT_H
#define Q_REPORT_REPORT_H

#include "base/opt.h"
#include "config/config.h"
#include "db/db.h"
#include "format/write/write.h"

struct report_values {
    struct db_param *params;
    struct write_value *shown; /* name and text, for the head of a page */
    size_t n;
};

/* Values of all parameters: `given` ("name=value"), else the default. Unknown or missing ones and wrong types are Q_USAGE
 * naming the report's parameters. */
Q_MUST_CHECK enum q_code report_bind(struct q_arena *arena, const struct cfg_report *report,
                                     const q_texts *given, struct report_values *out,
                                     struct q_err *err);
/* `sql` runs on `conn`, whose default database is the warehouse. */
Q_MUST_CHECK enum q_code report_run(struct q_arena *arena, struct db_conn *conn,
                                    const struct cfg_report *report,
                                    const struct report_values *values, const char *format,
                                    struct write_sink sink, struct q_err *err);
/* Any statement, for `quern query`: `options` may be NULL. */
Q_MUST_CHECK enum q_code report_sql(struct q_arena *arena, struct db_conn *conn, const char *sql,
                                    const struct report_values *values, const char *format,
                                    const struct write_options *options, struct write_sink sink,
                                    int64_t *rows, struct q_err *err);

#endif
