/* SPDX-License-Identifier: Apache-2.0 */
#include "support/files.h"

#include "unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "batch/cell.h"
#include "db/db.h"
#include "extract/file/file.h"

static char dir[] = "/tmp/quern-files-XXXXXX";
static struct q_arena *process; /* the engine keeps its sources as long as it lives */
static struct db_conn *conn;

static pthread_mutex_t reject_lock = PTHREAD_MUTEX_INITIALIZER;
struct rejects {
    struct q_arena *arena;
    Q_VEC(struct kept {
        int64_t pos;
        int seq;
        const char *text;
    })
    all;
};

static enum q_code put_reject(void *self, const struct reject *r, struct q_err *err)
{
    struct rejects *rejects = self;
    (void)err;
    pthread_mutex_lock(&reject_lock);
    struct kept *k = q_vec_push(rejects->arena, &rejects->all);
    k->pos = r->pos;
    k->seq = (int)rejects->all.n;
    k->text = q_printf(rejects->arena, "%s %s <%.*s>", r->reason, r->column ? r->column : "-",
                       (int)r->value.n, r->value.p ? r->value.p : "");
    pthread_mutex_unlock(&reject_lock);
    return Q_OK;
}

static int by_pos(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    return x->pos != y->pos ? (x->pos > y->pos) - (x->pos < y->pos) : x->seq - y->seq;
}

static void set_options(struct q_arena *arena, struct extract_file_options *o, const char *text)
{
    assert_int_equal(q_opt_defaults(extract_file_opts, arena, o, NULL), Q_OK);
    for (char *word = q_strdup(arena, text ? text : ""), *next; *word; word = next) {
        next = word + strcspn(word, " ");
        if (*next)
            *next++ = 0;
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value++ = 0;
        const struct q_opt *opt = q_opt_find(extract_file_opts, word);
        assert_non_null(opt);
        assert_int_equal(q_opt_set(opt, arena, word, value, o, NULL), Q_OK);
    }
}

static void declare(struct q_arena *arena, struct q_schema *schema, const char *text)
{
    for (char *word = q_strdup(arena, text ? text : ""), *next; *word; word = next) {
        next = strstr(word, "; ");
        next = next ? next : word + strlen(word);
        if (*next) {
            *next = 0;
            next += 2;
        }
        char *type = strchr(word, ' ');
        struct q_type t = {0};
        if (type) {
            *type++ = 0;
            assert_int_equal(q_type_parse(type, &t, NULL), Q_OK);
        }
        (void)q_schema_add(arena, schema, word, t);
    }
}

/* The columns as a pipeline declares them, with their places. */
static const struct cfg_source *source_of(struct q_arena *arena, const struct q_schema *declared,
                                          const char *places)
{
    struct cfg_source *cfg = q_new(arena, struct cfg_source);
    char *word = q_strdup(arena, places ? places : ""), *next;
    for (size_t i = 0; i < declared->n; i++, word = next) {
        struct cfg_column *c = q_vec_push(arena, &cfg->columns);
        c->name.s = declared->v[i].name;
        c->name.pos = c->width.pos = c->at.pos = (struct cfg_pos){"pipelines/p.yaml", 1, 1};
        next = word + strcspn(word, " ");
        if (*next)
            *next++ = 0;
        char *colon = strchr(word, ':');
        if (*word == '$' || *word == '#' || *word == '.') {
            c->path.s = word;
        } else if (colon) {
            *colon = 0;
            c->at.s = *word ? word : NULL;
            c->width.s = colon + 1;
        } else if (*word) {
            ((struct cfg_text *)q_vec_push(arena, &c->from))->s = word;
        }
    }
    return cfg;
}

/* Rows in order of position, values separated by |, NULL as ~. */
static enum q_code show_rows(const struct extract_file *s, struct q_arena *arena, struct q_buf *out,
                             struct q_err *err)
{
    struct db_result *r = NULL;
    const struct batch *b;
    const char *select = q_printf(arena, "FROM (%s) ORDER BY _q_pos", extract_file_select(s));
    enum q_code code = db_query(conn, select, NULL, 0, &r, err);
    while (!code && !(code = db_next(r, &b, err)) && b)
        for (size_t i = 0; i < b->rows; i++) {
            for (size_t c = 0; c + 1 < b->n_cols; c++) {
                q_buf_adds(out, c ? "|" : "");
                if (batch_is_null(&b->cols[c], i))
                    q_buf_adds(out, "~");
                else
                    batch_cell_text(&b->cols[c], i, out);
            }
            q_buf_addc(out, '\n');
        }
    db_close(r);
    return code;
}

static enum q_code show_rejects(struct extract_file *s, struct rejects *rejects,
                                struct q_arena *arena, struct q_buf *out, struct q_err *err)
{
    size_t n = rejects->all.n;
    struct extract_place *places = q_alloc_array(arena, n + 1, sizeof *places);
    if (n)
        qsort(rejects->all.v, n, sizeof *rejects->all.v, by_pos);
    for (size_t i = 0; i < n; i++)
        places[i].pos = rejects->all.v[i].pos;
    enum q_code code = extract_file_locate(s, places, n, arena, err);
    for (size_t i = 0; i < n; i++)
        q_buf_printf(out, "%s #%lld line %lld: %s [%.*s]\n", q_path_base(places[i].path),
                     (long long)places[i].ordinal, (long long)places[i].line,
                     rejects->all.v[i].text, (int)places[i].raw.n, places[i].raw.p);
    return code;
}

struct files_result files_read(struct q_arena *arena, const struct files_reading *how)
{
    struct files_result r = {0};
    struct rejects rejects = {.arena = arena};
    struct reject_sink sink = {&rejects, put_reject};
    struct extract_file_options *options = q_new(arena, struct extract_file_options);
    struct q_schema *declared = q_new(arena, struct q_schema);
    struct extract_file_input *in = q_new(arena, struct extract_file_input);
    static int scans;
    struct extract_file *s;
    const struct db_source *rows;
    struct q_buf *bufs[] = {&r.columns, &r.rows, &r.rejects, &r.detected, &r.skipped};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        q_buf_init(bufs[i], 1 << 20);
    set_options(arena, options, how->options);
    declare(arena, declared, how->columns);
    options->path = how->path;
    *in = (struct extract_file_input){.dir = dir,
                                      .name = q_printf(arena, "f%d", scans++),
                                      .options = options,
                                      .cfg = source_of(arena, declared, how->places),
                                      .declared = declared,
                                      .optional = how->optional,
                                      .sink = &sink,
                                      .db = conn,
                                      .workers = how->workers,
                                      .block_size = how->block_size};
    r.code = extract_file_describe(arena, in, &s, &r.err);
    if (r.code)
        return r;
    for (size_t i = 0; i < extract_file_columns(s)->n; i++) {
        char text[Q_TYPE_TEXT];
        const struct q_column *c = &extract_file_columns(s)->v[i];
        q_buf_printf(&r.columns, "%s%s %s", i ? "; " : "", c->name, q_type_text(c->type, text));
    }
    r.code = extract_file_open(s, &rows, &r.err);
    if (!r.code && rows)
        r.code = db_add_source(conn, rows, &r.err);
    if (!r.code)
        r.code = show_rows(s, arena, &r.rows, &r.err);
    if (!r.code)
        r.code = show_rejects(s, &rejects, arena, &r.rejects, &r.err);
    extract_file_close(s);
    for (size_t i = 0; i < extract_file_paths(s)->n; i++)
        q_buf_printf(&r.detected, "%s\n", extract_file_stats(s, i).detected);
    int64_t records = 0, loaded = 0;
    for (size_t i = 0; i < extract_file_paths(s)->n; i++) {
        struct extract_stats stats = extract_file_stats(s, i);
        records += stats.records - stats.rejected;
        for (size_t k = 0; k < stats.n_skips; k++) {
            records -= stats.skips[k].records;
            q_buf_printf(&r.skipped, "%s %lld\n", stats.skips[k].reason,
                         (long long)stats.skips[k].records);
        }
    }
    for (size_t i = 0; i < r.rows.n; i++)
        loaded += r.rows.p[i] == '\n';
    if (!r.code && rows && !strstr(q_buf_text(&r.rows), "two\nlines"))
        assert_int_equal(records, loaded);
    return r;
}

void files_write(struct q_arena *arena, const struct files_text *files)
{
    assert_int_equal(q_dir_remove(dir, NULL), Q_OK);
    assert_int_equal(q_dir_make(dir, NULL), Q_OK);
    for (; files->name; files++)
        assert_int_equal(
            q_file_write(q_path_join(arena, dir, files->name),
                         (struct q_str){files->text, files->n ? files->n : strlen(files->text)},
                         NULL),
            Q_OK);
}

void files_release(struct files_result *r)
{
    q_buf_release(&r->columns);
    q_buf_release(&r->rows);
    q_buf_release(&r->rejects);
    q_buf_release(&r->detected);
    q_buf_release(&r->skipped);
}

void files_expect(const struct files_text *files, struct files_reading how, const char *columns,
                  const char *rows, const char *rejects)
{
    static const size_t blocks[] = {0, 1, 5, 64};
    for (size_t workers = 1; workers <= 3; workers++)
        for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
            struct q_arena *arena = files_arena();
            how.workers = workers;
            how.block_size = blocks[b];
            files_write(arena, files);
            struct files_result r = files_read(arena, &how);
            assert_string_equal(r.err.message, "");
            assert_int_equal(r.code, Q_OK);
            if (columns)
                assert_string_equal(q_buf_text(&r.columns), columns);
            assert_string_equal(q_buf_text(&r.rows), rows);
            assert_string_equal(q_buf_text(&r.rejects), rejects);
            files_release(&r);
        }
}

void files_expect_told(const struct files_text *files, struct files_reading how, const char *part)
{
    struct q_arena *arena = files_arena();
    files_write(arena, files);
    struct files_result r = files_read(arena, &how);
    assert_string_equal(r.err.message, "");
    if (!strstr(q_buf_text(&r.detected), part))
        fail_msg("\"%s\" does not contain \"%s\"", q_buf_text(&r.detected), part);
    files_release(&r);
}

void files_expect_error(const struct files_text *files, struct files_reading how, enum q_code code,
                        const char *part)
{
    struct q_arena *arena = files_arena();
    files_write(arena, files);
    struct files_result r = files_read(arena, &how);
    assert_int_equal(r.code, code);
    if (!strstr(r.err.message, part))
        fail_msg("\"%s\" does not contain \"%s\"", r.err.message, part);
    files_release(&r);
}

int files_setup(void **state)
{
    const struct db_settings settings = {.threads = 2};
    struct db *db;
    (void)state;
    process = q_arena_new(NULL, "process");
    return !mkdtemp(dir) || db_open(process, &settings, &db, NULL) ||
           db_connect(db, process, &conn, NULL);
}

int files_teardown(void **state)
{
    (void)state;
    q_arena_free(process);
    return q_dir_remove(dir, NULL) != Q_OK;
}

struct q_arena *files_arena(void)
{
    return q_arena_new(process, "test");
}
