/* SPDX-License-Identifier: Apache-2.0 */
#include "extract/parts.h"

#include <stdatomic.h>

#include "sql/build.h"

enum { FILE_NO, PATH, SIZE, RECORDS, REJECTED, DETECTED, SHAPE, COLUMNS };

struct parts {
    const struct extract_driver *driver;
    struct extract_source *source;
    size_t n;
    int64_t *rows;         /* by part, where the driver does not count; or NULL */
    size_t asked[COLUMNS]; /* of the columns that a statement wants: by column of the batch */
    size_t next;
};

/* ---- the parts as rows ---- */

static enum q_code open_parts(void *self, const bool *wanted, void **worker, struct q_err *err)
{
    struct parts *p = self;
    size_t k = 0;
    (void)err;
    for (size_t c = 0; c < COLUMNS; c++)
        if (wanted[c])
            p->asked[k++] = c;
    p->next = 0;
    *worker = p;
    return Q_OK;
}

static void put_text(struct batch_col *col, size_t row, const char *text)
{
    if (text)
        batch_put_text(col, row, text, strlen(text));
    else
        batch_put_null(col, row);
}

static void put_part(struct parts *p, size_t part, struct batch *out)
{
    struct extract_stats s = p->driver->stats(p->source, part);
    const int64_t numbers[COLUMNS] = {
        [FILE_NO] = (int64_t)part,
        [SIZE] = s.size,
        [RECORDS] = s.records < 0 && p->rows ? p->rows[part] : s.records,
        [REJECTED] = s.rejected,
    };
    for (size_t k = 0; k < out->n_cols; k++) {
        struct batch_col *col = &out->cols[k];
        size_t c = p->asked[k];
        if (c == PATH)
            put_text(col, out->rows, s.path);
        else if (c == DETECTED)
            put_text(col, out->rows, s.detected);
        else if (c == SHAPE)
            put_text(col, out->rows,
                     s.rejected && p->driver->shape ? p->driver->shape(p->source, part) : NULL);
        else if (c == SIZE && s.size < 0)
            batch_put_null(col, out->rows);
        else
            ((int64_t *)col->data)[out->rows] = numbers[c];
    }
    out->rows++;
}

static enum q_code fill_parts(void *worker, struct batch *out, struct q_err *err)
{
    struct parts *p = worker;
    (void)err;
    while (p->next < p->n && out->rows < BATCH_ROWS)
        put_part(p, p->next++, out);
    return Q_OK;
}

static void close_parts(void *worker)
{
    (void)worker;
}

static void add_source_columns(struct q_arena *arena, struct q_schema *schema)
{
    static const struct {
        const char *name;
        enum q_tid type;
    } columns[COLUMNS] = {
        [FILE_NO] = {"file_no", Q_T_INT64},   [PATH] = {"path", Q_T_TEXT},
        [SIZE] = {"size", Q_T_INT64},         [RECORDS] = {"records", Q_T_INT64},
        [REJECTED] = {"rejected", Q_T_INT64}, [DETECTED] = {"detected", Q_T_TEXT},
        [SHAPE] = {"shape", Q_T_TEXT},
    };
    for (size_t c = 0; c < COLUMNS; c++)
        (void)q_schema_add(arena, schema, columns[c].name, Q_TYPE(columns[c].type));
}

/* The parts as a table function; *name is one that no other source of the process has. */
static enum q_code make_function(struct q_arena *arena, struct db_conn *db, struct parts *p,
                                 const char **name, struct q_err *err)
{
    static atomic_int number; /* of all threads: sources are read in parallel */
    struct q_schema *schema = q_new(arena, struct q_schema);
    struct db_source *f = q_new(arena, struct db_source);
    add_source_columns(arena, schema);
    *name = q_printf(arena, "q_parts_%d", atomic_fetch_add(&number, 1));
    *f = (struct db_source){.name = *name,
                            .schema = schema,
                            .self = p,
                            .max_workers = 1,
                            .estimated_rows = (int64_t)p->n,
                            .open = open_parts,
                            .fill = fill_parts,
                            .close = close_parts};
    return db_add_source(db, f, err);
}

/* ---- what the driver leaves open ---- */

static enum q_code take_count(void *arg, const struct batch *b, size_t row, struct q_err *err)
{
    struct parts *p = arg;
    int64_t part = db_cell_int(b, 0, row, -1);
    (void)err;
    if (part >= 0 && part < (int64_t)p->n)
        p->rows[part] = db_cell_int(b, 1, row, 0);
    return Q_OK;
}

/* Records that the driver does not count: each is a row. */
static enum q_code count_rows(struct q_arena *arena, struct db_conn *db, const char *table,
                              struct parts *p, struct q_err *err)
{
    p->rows = q_alloc_array(arena, p->n + 1, sizeof *p->rows);
    return db_each(db,
                   sql_make(arena, "SELECT _q_pos >> %d, count(*) FROM %I GROUP BY ALL",
                            (int64_t)Q_POS_FILE_SHIFT, table),
                   NULL, 0, take_count, p, err);
}

/* What all parts have together. */
struct sums {
    bool uncounted, rejected;
    Q_VEC(struct extract_skip) skips;
};

static void add_skip(struct q_arena *arena, struct sums *sums, const struct extract_skip *skip)
{
    for (size_t i = 0; i < sums->skips.n; i++)
        if (q_streq(sums->skips.v[i].reason, skip->reason)) {
            sums->skips.v[i].records += skip->records;
            return;
        }
    *q_vec_push(arena, &sums->skips) = *skip;
}

static struct sums sum_up(struct q_arena *arena, const struct parts *p)
{
    struct sums sums = {0};
    for (size_t i = 0; i < p->n; i++) {
        struct extract_stats s = p->driver->stats(p->source, i);
        sums.uncounted |= s.records < 0;
        sums.rejected |= s.rejected > 0;
        for (size_t k = 0; k < s.n_skips; k++)
            add_skip(arena, &sums, &s.skips[k]);
    }
    return sums;
}

static enum q_code note_skips(struct q_arena *arena, struct db_conn *db, const char *relation,
                              const struct sums *sums, struct q_err *err)
{
    enum q_code code = Q_OK;
    for (size_t i = 0; i < sums->skips.n && !code; i++)
        code = db_exec(db,
                       sql_make(arena, "INSERT INTO q_skipped SELECT %L, %L, %d", relation,
                                sums->skips.v[i].reason, sums->skips.v[i].records),
                       NULL, 0, NULL, err);
    return code;
}

enum q_code extract_note_parts(struct q_arena *arena, struct db_conn *db, const char *relation,
                               const struct extract_driver *driver, struct extract_source *source,
                               const char *table, struct q_err *err)
{
    struct parts *p = q_new(arena, struct parts);
    *p = (struct parts){.driver = driver, .source = source, .n = driver->n_parts(source)};
    const char *name = NULL;
    if (!p->n)
        return Q_OK;
    struct sums sums = sum_up(arena, p);
    enum q_code code = sums.uncounted && table ? count_rows(arena, db, table, p, err) : Q_OK;
    if (!code)
        code = make_function(arena, db, p, &name, err);
    if (!code)
        code = db_exec(db,
                       sql_make(arena,
                                "INSERT INTO q_sources SELECT %L, file_no, path, size, records, "
                                "rejected, detected FROM %I()",
                                relation, name),
                       NULL, 0, NULL, err);
    if (!code && table)
        code = note_skips(arena, db, relation, &sums, err);
    if (!code && table && sums.rejected)
        code = db_exec(db,
                       sql_make(arena,
                                "INSERT INTO q_shapes SELECT %L, file_no, shape FROM %I() WHERE "
                                "rejected > 0",
                                relation, name),
                       NULL, 0, NULL, err);
    return code;
}
