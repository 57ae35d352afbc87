/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/show_proof.h"

#include <stdio.h>

#include "base/str.h"

enum { WIDTH_MAX = 40 };

/* Characters, not bytes. */
static size_t width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* NULL and the empty text look different from what is said. */
static const char *cell(const char *text)
{
    return !text ? "NULL" : *text ? text : "\"\"";
}

static void widen(size_t *widths, const char *const *cells, size_t n, const bool *marked)
{
    for (size_t i = 0; i < n && cells; i++) {
        size_t w = width(cell(cells[i])) + (marked && marked[i] ? 2 : 0);
        if (w > widths[i] && w <= WIDTH_MAX)
            widths[i] = w;
    }
}

static void print_cells(const size_t *widths, const char *const *cells, const bool *marked,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool mark = marked && marked[i];
        size_t used = width(cell(cells[i])) + (mark ? 2 : 0);
        (void)printf("  %s%s%s", mark ? "[" : "", cell(cells[i]), mark ? "]" : "");
        for (; i + 1 < n && used < widths[i]; used++)
            (void)putchar(' ');
    }
}

static void print_row(const char *what, const size_t *widths, const char *const *cells,
                      const bool *marked, size_t n, int line)
{
    (void)printf("      %-8s", what);
    print_cells(widths, cells, marked, n);
    if (line)
        (void)printf("  (line %d)", line);
    (void)putchar('\n');
}

static void print_differences(const struct prove_failure *f)
{
    struct q_arena *scratch = q_arena_new(NULL, "differences");
    size_t n = f->columns.n;
    size_t *widths = q_alloc_array(scratch, n + 1, sizeof *widths);
    widen(widths, f->columns.v, n, NULL);
    for (size_t i = 0; i < f->differences.n; i++) {
        const struct prove_difference *d = &f->differences.v[i];
        widen(widths, d->expected, n, d->differs);
        widen(widths, d->found, n, d->differs);
    }
    print_row("", widths, f->columns.v, NULL, n, 0);
    for (size_t i = 0; i < f->differences.n; i++) {
        const struct prove_difference *d = &f->differences.v[i];
        if (d->expected)
            print_row(d->found ? "expected" : "missing", widths, d->expected, d->differs, n,
                      d->pos.line);
        if (d->found)
            print_row(d->expected ? "found" : "surplus", widths, d->found, d->differs, n, 0);
    }
    q_arena_free(scratch);
}

void show_proof_text(const struct prove_result *r)
{
    const struct cfg_test *t = r->test;
    (void)printf("%s  %s", r->failures.n ? "FAILED" : "passed", t->name.s);
    if (r->failures.n)
        (void)printf(" (%s:%d)", t->pos.file, t->pos.line);
    (void)putchar('\n');
    for (size_t i = 0; i < r->failures.n; i++) {
        const struct prove_failure *f = &r->failures.v[i];
        (void)printf("    %s:%d: after batch %zu: %s\n", f->pos.file, f->pos.line, f->batch,
                     f->message);
        if (f->differences.n)
            print_differences(f);
    }
}

/* ---- JSON ---- */

static void set_cells(struct q_json *o, const char *key, const q_texts *columns,
                      const char *const *cells)
{
    if (!cells) {
        q_json_set_null(o, key);
        return;
    }
    struct q_json *row = q_json_set_object(o, key);
    for (size_t i = 0; i < columns->n; i++)
        q_json_set_text(row, columns->v[i], cells[i]);
}

static void set_failure(struct q_json *o, const struct prove_failure *f)
{
    q_json_set_text(o, "file", f->pos.file);
    q_json_set_int(o, "line", f->pos.line);
    q_json_set_int(o, "batch", (int64_t)f->batch);
    q_json_set_text(o, "message", f->message);
    struct q_json *list = q_json_set_array(o, "differences");
    for (size_t i = 0; i < f->differences.n; i++) {
        struct q_json *d = q_json_push_object(list);
        if (f->differences.v[i].expected)
            q_json_set_int(d, "line", f->differences.v[i].pos.line);
        set_cells(d, "expected", &f->columns, f->differences.v[i].expected);
        set_cells(d, "found", &f->columns, f->differences.v[i].found);
    }
}

void show_proof_json(const struct prove_result *r, struct q_json *o)
{
    q_json_set_text(o, "test", r->test->name.s);
    q_json_set_text(o, "file", r->test->pos.file);
    q_json_set_int(o, "line", r->test->pos.line);
    struct q_json *rules = r->test->rules.n ? q_json_set_array(o, "rules") : NULL;
    for (size_t i = 0; i < r->test->rules.n; i++)
        q_json_push_text(rules, r->test->rules.v[i].s);
    q_json_set_bool(o, "passed", !r->failures.n);
    q_json_set_real(o, "seconds", r->seconds);
    struct q_json *list = q_json_set_array(o, "failures");
    for (size_t i = 0; i < r->failures.n; i++)
        set_failure(q_json_push_object(list), &r->failures.v[i]);
}
