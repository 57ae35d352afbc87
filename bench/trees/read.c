/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads an XML file or a workbook into vectors, or parses the XML alone, on one thread:
 *
 *     read xml FILE | read parse FILE | read xlsx FILE | read unzip FILE
 *
 * prints seconds of the processor, bytes of XML and rows. unzip: the sheet and the shared strings of a workbook, with nothing
 * behind their events. bench/trees/run starts it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "format/read/xlsx.h"
#include "format/read/xlsx_zip.h"
#include "format/read/xml.h"
#include "format/read/xml_push.h"

enum { COLUMNS = 8 };

struct column {
    char data[BATCH_ROWS * 16] __attribute__((aligned(16)));
    uint64_t valid[BATCH_ROWS / 64];
    char far[1 << 16];
    size_t used;
};
static struct column memory[COLUMNS + 1];
static struct batch_col cols[COLUMNS + 1];
static struct q_err why;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put_far(struct batch_col *col, size_t row, const char *p, size_t n)
{
    struct column *c = col->vector;
    if (c->used + n > sizeof c->far)
        c->used = 0;
    memcpy(c->far + c->used, p, n);
    ((struct batch_text *)col->data)[row] =
        (struct batch_text){.far_n = (uint32_t)n, .far = c->far + c->used};
    c->used += n;
}

static void need_valid(struct batch_col *col)
{
    struct column *c = col->vector;
    memset(c->valid, 0xFF, sizeof c->valid);
    col->valid = c->valid;
}

static enum q_code put_reject(void *self, const struct reject *r, struct q_err *err)
{
    (void)self;
    return q_fail(err, Q_SOURCE, "a value of column \"%s\" was rejected", r->column);
}

static struct batch fresh(const struct read_target *t)
{
    for (size_t c = 0; c <= t->n_cols; c++)
        cols[c] =
            (struct batch_col){.type = c < t->n_cols ? t->cols[c].cast.type : Q_TYPE(Q_T_INT64),
                               .data = memory[c].data,
                               .vector = &memory[c],
                               .put_far = put_far,
                               .need_valid = need_valid};
    return (struct batch){cols, t->n_cols + 1, 0};
}

static void start(void *self, const struct xml_tag *tag)
{
    (void)tag;
    ++*(int64_t *)self;
}
static void end(void *self, const char *name)
{
    (void)self;
    (void)name;
}
static void text(void *self, const char *p, size_t n)
{
    (void)self;
    (void)p;
    (void)n;
}

static const struct xml_events nothing = {start, end, text};

static enum q_code parse(struct q_arena *arena, const char *path, int64_t *bytes, int64_t *rows)
{
    static char piece[1 << 14];
    const struct decode_options options = {0};
    struct decode *d;
    struct xml_push *push;
    size_t got = sizeof piece;
    enum q_code code = decode_open(arena, path, &options, &d, &why);
    if (!code)
        code = xml_push_open(arena, path, NULL, &nothing, rows, 1 << 24, &push, &why);
    while (!code && got == sizeof piece) {
        code = decode_read(d, piece, sizeof piece, &got, &why);
        if (!code)
            code = xml_push_feed(push, piece, got, &why);
        *bytes += (int64_t)got;
    }
    return code ? code : xml_push_end(push, &why);
}

static enum q_code unzip(struct q_arena *arena, const char *path, int64_t *rows)
{
    const struct xlsx_limits limits = {0};
    struct xlsx_zip *zip;
    enum q_code code = xlsx_zip_open(arena, path, &limits, &zip, &why);
    if (!code)
        code = xlsx_part_parse(zip, "xl/worksheets/sheet1.xml", &nothing, rows, &why);
    return code ? code : xlsx_part_parse(zip, "xl/sharedStrings.xml", &nothing, rows, &why);
}

static void columns(struct read_column *out, const char *const *names, const struct q_type *types)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        out[c].name = names[c];
        out[c].expected = names[c];
        out[c].cast.type = types[c];
        out[c].field = (ptrdiff_t)c;
    }
}

static enum q_code read_xml(struct q_arena *arena, const char *path, const struct read_target *t,
                            int64_t *bytes, int64_t *rows)
{
    const struct decode_options decode = {0};
    const struct xml_settings settings = {.records = "/catalog/product"};
    const char *paths[COLUMNS] = {"@id", NULL, NULL, "price/@currency", NULL, "address/city"};
    struct xml_dialect dialect;
    struct xml_file *f = NULL;
    bool wanted[COLUMNS + 1];
    memset(wanted, true, sizeof wanted);
    enum q_code code = xml_detect(arena, path, &decode, &settings, &dialect, &why);
    if (!code)
        code = xml_open(arena, path, &dialect, t, paths, &f, &why);
    for (bool more = true; !code && more;) {
        struct batch b = fresh(t);
        code = xml_fill(f, wanted, &b, &why);
        *rows += (int64_t)b.rows;
        more = b.rows > 0;
    }
    *bytes = f ? xml_file_read(f) : 0;
    return code;
}

static enum q_code read_xlsx(struct q_arena *arena, const char *path, const struct read_target *t,
                             int64_t *rows)
{
    const struct xlsx_settings settings = {.header = CSV_HEADER_YES};
    struct xlsx_dialect dialect;
    struct xlsx_file *f = NULL;
    bool wanted[COLUMNS + 1];
    memset(wanted, true, sizeof wanted);
    enum q_code code = xlsx_detect(arena, path, &settings, &dialect, &why);
    if (!code)
        code = xlsx_open(arena, path, &dialect, t, &f, &why);
    for (bool more = true; !code && more;) {
        struct batch b = fresh(t);
        code = xlsx_fill(f, wanted, &b, &why);
        *rows += (int64_t)b.rows;
        more = b.rows > 0;
    }
    return code;
}

int main(int argc, char **argv)
{
    static const char *const of_xml[] = {"id",    "name", "price",       "currency",
                                         "stock", "city", "address.zip", "created"};
    static const char *const of_book[] = {"id",   "code", "sold", "price",
                                          "city", "qty",  "ok",   "share"};
    const struct q_type xml_types[] = {Q_TYPE(Q_T_INT64), Q_TYPE(Q_T_TEXT),  Q_DECIMAL(12, 2),
                                       Q_TYPE(Q_T_TEXT),  Q_TYPE(Q_T_INT32), Q_TYPE(Q_T_TEXT),
                                       Q_TYPE(Q_T_TEXT),  Q_TYPE(Q_T_DATE)};
    const struct q_type book_types[] = {Q_TYPE(Q_T_INT64), Q_TYPE(Q_T_TEXT),  Q_TYPE(Q_T_DATE),
                                        Q_DECIMAL(12, 2),  Q_TYPE(Q_T_TEXT),  Q_TYPE(Q_T_INT32),
                                        Q_TYPE(Q_T_BOOL),  Q_TYPE(Q_T_DOUBLE)};
    if (argc != 3)
        return 2;
    struct q_arena *arena = q_arena_new(NULL, "bench");
    struct read_counts counts = {0};
    const struct reject_sink sink = {NULL, put_reject};
    struct read_column of[COLUMNS] = {0};
    const struct read_target target = {
        .cols = of, .n_cols = COLUMNS, .sink = &sink, .counts = &counts};
    int64_t bytes = 0, rows = 0;
    bool book = strcmp(argv[1], "xlsx") == 0;
    columns(of, book ? of_book : of_xml, book ? book_types : xml_types);
    double began = now();
    enum q_code code = book                            ? read_xlsx(arena, argv[2], &target, &rows)
                       : strcmp(argv[1], "parse") == 0 ? parse(arena, argv[2], &bytes, &rows)
                       : strcmp(argv[1], "unzip") == 0
                           ? unzip(arena, argv[2], &rows)
                           : read_xml(arena, argv[2], &target, &bytes, &rows);
    if (code) {
        (void)fprintf(stderr, "%s\n", why.message);
        return 1;
    }
    printf("%.3f %lld %lld\n", now() - began, (long long)bytes, (long long)rows);
    q_arena_free(arena);
    return 0;
}
