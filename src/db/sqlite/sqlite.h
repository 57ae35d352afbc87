/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite databases, read only: sessions that hold one snapshot, statements, and scans that write typed values into
 * batches.
 *
 * SQLite types values, not columns. What a column is read as comes from its declaration (sqlite_declared_type), from the
 * pipeline, or from all of its values (sqlite_infer). A value of another storage class becomes the column's type exactly
 * or is rejected:
 *
 *     column      INTEGER            REAL                          TEXT          BLOB
 *     integers    the same in range  whole numbers                 strict cast   rejected
 *     decimal     scaled             shortest text, strict cast    strict cast   rejected
 *     double      exact ones         the same                      strict cast   rejected
 *     boolean     0 and 1            rejected                      strict cast   rejected
 *     text, json  its digits         shortest text                 valid UTF-8   rejected
 *     dates       by `dates`         by `dates`                    strict cast   rejected
 *     uuid        rejected           rejected                      strict cast   16 bytes
 *     blob        rejected           rejected                      \x and hex    the same
 *
 * A session belongs to its arena; it and its scans belong to one thread at a time.
 *
 *     code = sqlite_open(arena, &(struct sqlite_settings){.path = full, .shown = "shop.db", .busy_ms = 5000}, &s, err);
 *     code = sqlite_columns(s, "SELECT ...", arena, &columns, err);
 *     sqlite_hold(s);
 *     code = sqlite_scan_open(s, &spec, wanted, &scan, err);
 *     while (!(code = sqlite_scan_fill(scan, &batch, err)) && batch.rows) use(&batch);
 *     sqlite_scan_close(scan);
 *     sqlite_release(s);
 */
#ifndef Q_DB_SQLITE_SQLITE_H
#define Q_DB_SQLITE_SQLITE_H

#include "base/opt.h"
#include "batch/record.h"
#include "db/db.h"

struct sqlite;
struct sqlite_scan;

struct sqlite_settings {
    const char *path;  /* to open */
    const char *shown; /* in messages */
    int64_t busy_ms;   /* how long a lock of another process is waited for */
};

/* Open a file for reading; it is never created. Q_SOURCE when it is missing, no database or locked. */
Q_MUST_CHECK enum q_code sqlite_open(struct q_arena *arena, const struct sqlite_settings *settings,
                                     struct sqlite **out, struct q_err *err);
/* "3.40.1" */
const char *sqlite_version(void);

/* The snapshot that all statements see is taken by the first hold and given back with the last release; between sources of
 * a run it stays. Without a hold each statement sees what is committed. */
Q_MUST_CHECK enum q_code sqlite_hold(struct sqlite *s, struct q_err *err);
void sqlite_release(struct sqlite *s);

struct sqlite_column {
    const char *name;
    const char *declared; /* as CREATE TABLE says; NULL: an expression, or nothing is declared */
};
typedef Q_VEC(struct sqlite_column) sqlite_columns_of;

/* Columns of a statement, which must be one that only reads. Q_SQL with SQLite's reason. */
Q_MUST_CHECK enum q_code sqlite_columns(struct sqlite *s, const char *sql, struct q_arena *arena,
                                        sqlite_columns_of *out, struct q_err *err);
/* The first column of all rows as texts. */
Q_MUST_CHECK enum q_code sqlite_texts(struct sqlite *s, const char *sql,
                                      const struct db_param *params, size_t n,
                                      struct q_arena *arena, q_texts *out, struct q_err *err);

/* What a column of this declaration is read as. Q_T_NONE: it says nothing, the values decide; *number: they are exact
 * numbers (NUMERIC, DECIMAL without precision). */
struct q_type sqlite_declared_type(const char *declared, bool *number);

/* What numbers mean in columns of dates and times. */
enum sqlite_dates {
    SQLITE_DATES_TEXT, /* nothing */
    SQLITE_DATES_UNIX, /* seconds since 1970-01-01 */
    SQLITE_DATES_UNIX_MS,
    SQLITE_DATES_JULIAN, /* days since noon of -4713-11-24, to the millisecond */
};

/* A column whose type is to be found: value `from` of the statement's rows. */
struct sqlite_unknown {
    size_t from;
    const struct json_path *path; /* or NULL */
    bool number;                  /* REAL values are exact numbers, not doubles */
    struct q_type type;           /* out */
};
/* From all rows of a statement: bigint, the smallest decimal that holds every value, double (where there are REAL values),
 * date, timestamp, blob, json (objects at a path), text. */
Q_MUST_CHECK enum q_code sqlite_infer(struct sqlite *s, const char *sql,
                                      struct sqlite_unknown *columns, size_t n, struct q_err *err);

struct sqlite_scan_spec {
    const char *sql;
    const struct db_param *params; /* by name: $name */
    size_t n_params;
    struct record_target *target;
    enum sqlite_dates dates;
    ptrdiff_t pos_from; /* value of a row that is its position; -1: its number in the result */
};

Q_MUST_CHECK enum q_code sqlite_scan_open(struct sqlite *s, const struct sqlite_scan_spec *spec,
                                          const bool *wanted, struct sqlite_scan **out,
                                          struct q_err *err);
/* Up to BATCH_ROWS rows; none at the end. */
Q_MUST_CHECK enum q_code sqlite_scan_fill(struct sqlite_scan *scan, struct batch *out,
                                          struct q_err *err);
/* NULL is ignored. */
void sqlite_scan_close(struct sqlite_scan *scan);

#endif
