/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of a source. The first byte chooses how it is read, the others are the file. It never crashes, and
 * what comes out, rows, rejects and the error alike, does not depend on the size of the blocks or on how many workers
 * take turns. tests/fuzz/read builds and runs it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../unit/support/column.h"
#include "batch/cell.h"
#include "extract/file/file.h"

/* Four, by the two low bits of the first byte. */
#ifndef FUZZ_FORMATS
#define FUZZ_FORMATS "csv", "csv", "json", "ndjson"
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Parquet is the engine's, and not read here: the one function that its description calls, instead of an engine. */
enum q_code db_describe(struct db_conn *conn, const char *sql, struct q_arena *arena,
                        struct q_schema *columns, struct q_err *err)
{
    (void)conn;
    (void)sql;
    (void)arena;
    (void)columns;
    return q_fail(err, Q_INTERNAL, "cannot describe: there is no engine");
}

enum { COLUMNS_MAX = 64 };

/* What a read gave: an order-independent sum of hashes of rows and rejects. */
struct outcome {
    uint64_t sum, count;
    enum q_code code;
    int64_t last_pos;
};

static uint64_t hash(const char *p, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * UINT64_C(1099511628211);
    return h;
}

static enum q_code put_reject(void *self, const struct reject *r, struct q_err *err)
{
    struct outcome *o = self;
    (void)err;
    o->sum += hash(r->raw.p, r->raw.n) * 31 + hash(r->reason, strlen(r->reason)) +
              (uint64_t)r->pos + hash(r->value.p, r->value.n) * 7;
    o->count++;
    return Q_OK;
}

static void add_rows(struct outcome *o, const struct batch *b)
{
    struct q_buf text;
    q_buf_init(&text, 1 << 26);
    for (size_t r = 0; r < b->rows; r++) {
        q_buf_clear(&text);
        for (size_t c = 0; c < b->n_cols; c++) {
            q_buf_addc(&text, batch_is_null(&b->cols[c], r) ? 'N' : 'V');
            batch_cell_text(&b->cols[c], r, &text);
        }
        o->sum += hash(q_buf_text(&text), text.n) * 131;
        o->count++;
    }
    q_buf_release(&text);
}

/* The workers take turns, a batch each. */
static void scan(const struct db_source *rows, struct outcome *o, size_t workers)
{
    static struct column columns[COLUMNS_MAX];
    struct batch_col cols[COLUMNS_MAX];
    bool wanted[COLUMNS_MAX];
    void *worker[4] = {0};
    bool ended[4] = {0};
    size_t n = rows->schema->n;
    memset(wanted, 1, sizeof wanted);
    for (size_t w = 0; w < workers && !o->code; w++)
        o->code = rows->open(rows->self, wanted, &worker[w], NULL);
    for (size_t left = workers, w = 0; left && !o->code; w = (w + 1) % workers) {
        if (ended[w])
            continue;
        struct q_arena *arena = q_arena_new(NULL, "texts");
        for (size_t c = 0; c < n; c++) {
            columns[c].arena = arena;
            cols[c] = (struct batch_col){.type = rows->schema->v[c].type,
                                         .data = columns[c].data,
                                         .vector = &columns[c],
                                         .put_far = put_far,
                                         .need_valid = need_valid};
        }
        struct batch b = {cols, n, 0};
        o->code = rows->fill(worker[w], &b, NULL);
        if (!o->code)
            add_rows(o, &b);
        ended[w] = b.rows == 0;
        left -= ended[w];
        q_arena_free(arena);
    }
    for (size_t w = 0; w < workers; w++)
        if (worker[w])
            rows->close(worker[w]);
}

/* What only some formats know. */
static void set_format_options(struct extract_file_options *o, unsigned how)
{
    bool json = strstr(o->format, "json") != NULL;
    o->records = how & 16 ? "//i" : "/r/i"; /* of XML */
    if (json)
        o->records = how & 8 ? how & 16 ? "$.r[*].i[*]" : "r.i" : NULL;
    if (json || !(how & 64) || how & 32)
        return;
    o->comment = "#";
    o->footer_lines = 1;
    o->too_few_fields = "null";
    o->too_many_fields = "cut";
    o->delimiter = how & 8 ? "||" : "auto";
}

/* Read it in one way and sum up what came. */
static struct outcome read_file(const char *path, unsigned how, size_t block_size, size_t workers)
{
    static const char *const formats[] = {FUZZ_FORMATS};
    struct q_arena *arena = q_arena_new(NULL, "fuzz");
    struct outcome o = {0};
    struct extract_file_options options = {0};
    struct q_schema declared = {0};
    struct reject_sink sink = {&o, put_reject};
    if (q_opt_defaults(extract_file_opts, arena, &options, NULL))
        abort();
    options.path = path;
    options.format = formats[how & 3];
    options.max_record = how & 128 ? 1 << 20 : 64;
    options.trim = how & 4;
    options.escape = how & 8 ? "\\" : NULL;
    options.header = how & 16 ? "false" : "true";
    set_format_options(&options, how);
    options.repeated = how & 8 ? "join" : "reject";
    options.missing_columns = "null";
    options.extra_columns = "ignore";
    if (how & 32) {
        (void)q_schema_add(arena, &declared, "a", Q_TYPE(Q_T_INT32));
        (void)q_schema_add(arena, &declared, "b", Q_DECIMAL(9, 2));
        (void)q_schema_add(arena, &declared, "c", Q_TYPE(how & 64 ? Q_T_JSON : Q_T_TIMESTAMP));
    }
    static const char *const paths[] = {"../a", "#", "$.c.d"};
    struct cfg_source cfg = {0};
    for (size_t i = 0; i < declared.n && how & 8 && how & 16; i++) { /* of nested records of JSON */
        struct cfg_column *c = q_vec_push(arena, &cfg.columns);
        c->name.s = declared.v[i].name;
        c->path.s = paths[i];
    }
    struct extract_file_input in = {.name = "f",
                                    .cfg = &cfg,
                                    .options = &options,
                                    .declared = &declared,
                                    .sink = &sink,
                                    .workers = workers,
                                    .block_size = block_size};
    struct extract_file *s;
    const struct db_source *rows;
    o.code = extract_file_describe(arena, &in, &s, NULL);
    if (!o.code && extract_file_columns(s)->n < COLUMNS_MAX) {
        o.code = extract_file_open(s, &rows, NULL);
        if (!o.code)
            scan(rows, &o, workers);
    }
    q_arena_free(arena);
    if (o.code) /* how far a broken file was read is nobody's promise */
        o.sum = o.count = 0;
    return o;
}

static void same(struct outcome a, struct outcome b)
{
    if (a.code != b.code || a.sum != b.sum || a.count != b.count) {
        (void)fprintf(stderr, "differs: code %d and %d, %llu and %llu records\n", (int)a.code,
                      (int)b.code, (unsigned long long)a.count, (unsigned long long)b.count);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    if (size < 2)
        return 0;
    int fd = memfd_create("input", 0);
    if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct outcome whole = read_file(path, data[0], 0, 1);
    same(whole, read_file(path, data[0], 1, 1));
    same(whole, read_file(path, data[0], 7, 2));
    same(whole, read_file(path, data[0], 31, 3));
    (void)close(fd);
    return 0;
}
